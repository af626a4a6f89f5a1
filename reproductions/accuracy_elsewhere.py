"""The error of a model elsewhere without labels: estimates, grades and intervals beside the truth, case by case.

    python reproductions/accuracy_elsewhere.py              # goes on where it stopped; a quarter of an hour
    python reproductions/accuracy_elsewhere.py --report     # the tables again, from the cases that are there

Fifty cases as those the thresholds of the grades were chosen on (rebuilt from their description: other draws, other
models), and twelve that were looked at only once the thresholds stood. `natural`: Adult, trained on one sex, age band,
sector or family status, used on the other. `covariate`, `label`: rows of the same place drawn with a tilt.
`corruption`: columns lost or noisy, pictures blurred, turned, moved. `concept`: labels changed at the same features,
which nothing without labels can show. Models: boosted trees (tables), a network with 256 and 64 hidden units
(Fashion-MNIST, whose rows are compared by 20 principal components of the 64), published probabilities (CIFAR-10,
MNIST).
"""

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from scipy import ndimage, stats
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from samplewise import shift
from samplewise.engine.statistics import share_interval
from samplewise.engine.statistics.guessed_shares import guessed_interval

HERE = Path(__file__).parent
DATA = Path(os.environ.get("SAMPLEWISE_DATA", HERE.parents[1] / "shared" / "data"))
RESULTS = HERE / "results" / "accuracy_elsewhere.json"
TRAINED, ASKED = 6_000, 4_000  # rows a model is trained on; rows of either place, most
Place = tuple[object, np.ndarray, np.ndarray]  # features, probabilities, codes
Case = tuple[str, str, Callable[[], tuple[Place, Place]]]  # name, kind, (source, target)


def cached(function):
    """The answer of a function without arguments, computed once."""
    kept: list = []
    return lambda: kept[0] if kept else kept.append(function()) or kept[0]


class Trees:
    """Boosted trees on a table whose texts become codes of categories."""

    def __init__(self, frame: pd.DataFrame, y: np.ndarray) -> None:
        self.levels = {name: np.unique(frame[name].dropna()) for name in frame if not is_numeric_dtype(frame[name])}
        self.model = HistGradientBoostingClassifier(
            categorical_features=[name in self.levels for name in frame], early_stopping=False, max_iter=60,
            random_state=0,
        ).fit(self.coded(frame), y)  # fmt: skip

    def coded(self, frame: pd.DataFrame) -> np.ndarray:
        found = frame.copy()
        for name, levels in self.levels.items():
            found[name] = found[name].map({level: float(code) for code, level in enumerate(levels)}).astype(float)
        return found.to_numpy(dtype=float)

    def __call__(self, frame: pd.DataFrame) -> np.ndarray:
        return self.model.predict_proba(self.coded(frame))


@cached
def adult() -> tuple[pd.DataFrame, np.ndarray]:
    frame = pd.read_csv(DATA / "groups" / "adult.csv.gz")
    y = (frame["income"] == ">50K").to_numpy().astype(int)
    features = frame.drop(columns=["income", "fnlwgt", "education"])
    order = np.random.default_rng(0).permutation(len(y))
    return features.iloc[order].reset_index(drop=True).astype({"age": float, "hours_per_week": float}), y[order]


def places(
    frame: pd.DataFrame, y: np.ndarray, here: np.ndarray, there: np.ndarray, most: int = TRAINED
) -> tuple[Place, Place]:
    """Trained on a part of the rows of one place; asked on the others of it and on those of another place."""
    rows = np.flatnonzero(here)
    trained = rows[: min(len(rows) // 2, most)]
    asked, elsewhere = rows[len(trained) :][:ASKED], np.flatnonzero(there)[:ASKED]
    model = Trees(frame.iloc[trained], y[trained])
    return tuple((frame.iloc[at].reset_index(drop=True), model(frame.iloc[at]), y[at]) for at in (asked, elsewhere))


def natural() -> Iterator[Case]:
    frame, _ = adult()
    single = frame["marital_status"].str.startswith("Married")
    private, own = frame["workclass"] == "Private", frame["workclass"].str.startswith("Self", na=False)
    state = frame["workclass"].str.contains("gov", na=False)
    office = frame["occupation"].isin(["Exec-managerial", "Prof-specialty", "Adm-clerical", "Sales", "Tech-support"])
    shop = frame["occupation"].notna() & ~office
    born = frame["native_country"] == "United-States"
    abroad = frame["native_country"].notna() & ~born
    young, old = frame["age"] < 35, frame["age"] >= 45
    pairs = {
        "men, women": (frame["sex"] == "Male", frame["sex"] == "Female"), "young, old": (young, old),
        "private, self-employed": (private, own), "private, state": (private, state),
        "married, unmarried": (single, ~single), "US-born, others": (born, abroad),
        "office, shop floor": (office, shop),
        "college, school": (frame["education_num"] >= 13, frame["education_num"] < 10),
    }  # fmt: skip
    for name, (first, second) in pairs.items():
        one, other = name.split(", ")
        yield f"{one} to {other}", "natural", lambda a=first, b=second: places(*adult(), a.to_numpy(), b.to_numpy())
        yield f"{other} to {one}", "natural", lambda a=first, b=second: places(*adult(), b.to_numpy(), a.to_numpy())
    full = frame["hours_per_week"] >= 40
    yield "full time to part time", "natural", lambda: places(*adult(), full.to_numpy(), ~full.to_numpy())


@cached
def adult_halves() -> tuple[Trees, pd.DataFrame, np.ndarray, pd.DataFrame, np.ndarray]:
    """A model, labeled rows it did not see, and a pool of others."""
    frame, y = adult()
    cut = TRAINED + ASKED
    model = Trees(frame.iloc[:TRAINED], y[:TRAINED])
    here, pool = frame.iloc[TRAINED:cut].reset_index(drop=True), frame.iloc[cut:].reset_index(drop=True)
    return model, here, y[TRAINED:cut], pool, y[cut:]


def from_pool(tilt=None, change=None, relabel=None) -> tuple[Place, Place]:
    """Adult rows drawn from the pool with a tilt, changed, or labeled by another rule."""
    model, here, known, pool, truth = adult_halves()
    draw = np.random.default_rng(1)
    keys = draw.gumbel(size=len(pool)) + (0.0 if tilt is None else np.asarray(tilt(pool, truth), dtype=float))
    chosen = np.argsort(-keys)[:ASKED]
    rows, labels = pool.iloc[chosen].reset_index(drop=True), truth[chosen]
    rows = rows if change is None else change(rows, draw)
    labels = labels if relabel is None else relabel(rows, labels, draw)
    return (here, model(here), known), (rows, model(rows), labels)


def standard(column: pd.Series) -> np.ndarray:
    return ((column - column.mean()) / column.std()).to_numpy()


def noisy(name: str, spread: float):
    return lambda rows, draw: rows.assign(**{name: rows[name] + spread * draw.normal(size=len(rows))})


def lost(*names: str):
    return lambda rows, draw: rows.assign(**{name: np.nan if is_numeric_dtype(rows[name]) else None for name in names})


def of_adult() -> Iterator[Case]:
    def raised(rows, labels, draw):
        educated = (rows["education_num"] >= 10).to_numpy() & (labels == 0)
        return np.where(educated & (draw.random(len(labels)) < 0.2), 1, labels)

    def women_lose(rows, labels, draw):
        struck = (rows["sex"] == "Female").to_numpy() & (draw.random(len(labels)) < 0.7)
        return np.where(struck, 0, labels)

    def flipped(rows, labels, draw):
        return np.where(draw.random(len(labels)) < 0.1, 1 - labels, labels)

    tilts = {
        "age": lambda rows, y: 0.8 * standard(rows["age"]),
        "education": lambda rows, y: 0.9 * standard(rows["education_num"]),
        "hours": lambda rows, y: -0.8 * standard(rows["hours_per_week"]),
        "age and sex": lambda rows, y: 0.6 * standard(rows["age"]) + 1.2 * (rows["sex"] == "Female"),
    }
    yield "Adult, no shift", "none", from_pool
    for name, tilt in tilts.items():
        yield f"Adult, {name} tilted", "covariate", lambda tilt=tilt: from_pool(tilt=tilt)
    for share, odds in ((50, 1.15), (10, -1.05)):
        yield f"Adult, positives to {share} %", "label", lambda odds=odds: from_pool(tilt=lambda rows, y: odds * y)
    changes = {
        "age noisy": noisy("age", 15.0), "hours noisy": noisy("hours_per_week", 20.0),
        "education lost": lost("education_num"), "occupation and sector lost": lost("occupation", "workclass"),
        "family lost": lost("marital_status", "relationship"),
    }  # fmt: skip
    for name, change in changes.items():
        yield f"Adult, {name}", "corruption", lambda change=change: from_pool(change=change)
    for name, rule in (("educated raised", raised), ("women lowered", women_lose), ("10 % flipped", flipped)):
        yield f"Adult, {name}", "concept", lambda rule=rule: from_pool(relabel=rule)


class Network:
    """A dense network on pictures, and its last hidden layer in 20 components."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # twelve epochs are meant
            self.model = MLPClassifier((256, 64), max_iter=12, batch_size=64, random_state=0).fit(X, y)
        self.components = PCA(20, random_state=0).fit(self.hidden(X))

    def hidden(self, X: np.ndarray) -> np.ndarray:
        for weights, bias in zip(self.model.coefs_[:-1], self.model.intercepts_[:-1], strict=True):
            X = np.maximum(X @ weights + bias, 0.0)
        return X

    def __call__(self, X: np.ndarray, y: np.ndarray) -> Place:
        return self.components.transform(self.hidden(X)), self.model.predict_proba(X), y


@cached
def fashion():
    """A network, its labeled place, and a pool of pictures with their labels."""
    with np.load(DATA / "fashion-mnist" / "train.npz") as stored:
        images, labels = stored["images"][:30_000].reshape(-1, 784) / 255.0, stored["labels"][:30_000].astype(int)
    network = Network(images[:12_000], labels[:12_000])
    return network, network(images[12_000:16_000], labels[12_000:16_000]), images[16_000:], labels[16_000:]


def of_pictures(odds=None, change=None, relabel=None) -> tuple[Place, Place]:
    network, here, images, labels = fashion()
    draw = np.random.default_rng(2)
    keys = draw.gumbel(size=len(labels)) + (0.0 if odds is None else np.asarray(odds)[labels])
    chosen = np.argsort(-keys)[:ASKED]
    pictures, truth = images[chosen].reshape(-1, 28, 28), labels[chosen]
    pictures = pictures if change is None else np.stack([change(picture, draw) for picture in pictures])
    truth = truth if relabel is None else relabel(truth, draw)
    return here, network(np.clip(pictures, 0.0, 1.0).reshape(-1, 784), truth)


def occluded(picture, draw):
    top, left = draw.integers(4, 14, 2)
    found = picture.copy()
    found[top : top + 10, left : left + 10] = 0.0
    return found


def of_fashion() -> Iterator[Case]:
    yield "Fashion-MNIST, no shift", "none", of_pictures
    tops = np.log(4.0) * np.isin(np.arange(10), [0, 2, 4, 6])
    shoes = np.log(4.0) * np.isin(np.arange(10), [5, 7, 9])
    for name, odds in (("tops x 4", tops), ("shoes x 4", shoes)):
        yield f"Fashion-MNIST, {name}", "label", lambda odds=odds: of_pictures(odds=odds)
    changes = {
        "noise 25": lambda one, draw: one + 25 / 255 * draw.normal(size=one.shape),
        "noise 50": lambda one, draw: one + 50 / 255 * draw.normal(size=one.shape),
        "blur 0.7": lambda one, draw: ndimage.gaussian_filter(one, 0.7),
        "blur 1.5": lambda one, draw: ndimage.gaussian_filter(one, 1.5),
        "turned 10 degrees": lambda one, draw: ndimage.rotate(one, 10, reshape=False, order=1),
        "turned 25 degrees": lambda one, draw: ndimage.rotate(one, 25, reshape=False, order=1),
        "moved 3 pixels": lambda one, draw: ndimage.shift(one, (0, 3), order=0), "occluded": occluded,
        "half the contrast": lambda one, draw: 0.5 * one, "brighter": lambda one, draw: one + 0.15,
    }  # fmt: skip
    for name, change in changes.items():
        yield f"Fashion-MNIST, {name}", "corruption", lambda change=change: of_pictures(change=change)
    rules = {
        "sneakers named boots": lambda y, draw: np.where(y == 7, 9, y),
        "half the shirts named T-shirts": lambda y, draw: np.where((y == 6) & (draw.random(len(y)) < 0.5), 0, y),
    }
    for name, rule in rules.items():
        yield f"Fashion-MNIST, {name}", "concept", lambda rule=rule: of_pictures(relabel=rule)


def published(name: str, odds=None, flipped: float = 0.0) -> tuple[Place, Place]:
    """Probabilities that others published, which are the only features there are."""
    with np.load(DATA / "label-errors" / f"{name}.npz") as stored:
        values, y = stored["pred_probs"].astype(float), stored["given_labels"].astype(int)
    values /= values.sum(axis=1, keepdims=True)
    draw = np.random.default_rng(3)
    order = draw.permutation(len(y))
    here, pool = order[:5_000], order[5_000:]
    keys = draw.gumbel(size=len(pool)) + (0.0 if odds is None else np.asarray(odds)[y[pool]])
    there = pool[np.argsort(-keys)[:2_500]]
    labels = np.where(draw.random(len(y)) < flipped, (y + 1) % 10, y)
    return (values[here], values[here], y[here]), (values[there], values[there], labels[there])


def of_probabilities() -> Iterator[Case]:
    animals = np.log(4.0) * np.isin(np.arange(10), [2, 3, 4, 5, 6, 7])
    yield "CIFAR-10, no shift", "none", lambda: published("cifar10")
    yield "CIFAR-10, animals x 4", "label", lambda: published("cifar10", animals)
    yield (
        "CIFAR-10, cats and dogs x 6",
        "label",
        lambda: published("cifar10", np.log(6.0) * np.isin(np.arange(10), [3, 5])),
    )


def german(column: str, cut) -> tuple[Place, Place]:
    frame = pd.read_csv(DATA / "groups" / "german.csv.gz").sample(frac=1.0, random_state=0).reset_index(drop=True)
    inside = cut(frame[column]).to_numpy()
    features = frame.drop(columns=["good_credit"])
    return places(features, frame["good_credit"].to_numpy(), inside, ~inside, most=300)


def digits(change=None, relabel=None) -> tuple[Place, Place]:
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    X, y = X[order], y[order]
    model = LogisticRegression(C=0.01, max_iter=2_000).fit(X[:500], y[:500])
    there, labels = X[1_100:], y[1_100:]
    there = there if change is None else change(there, np.random.default_rng(1))
    labels = labels if relabel is None else relabel(labels)
    small = PCA(12, random_state=0).fit(X[:500])
    return tuple(
        (small.transform(rows), model.predict_proba(rows), truth)
        for rows, truth in ((X[500:1_100], y[500:1_100]), (there, labels))
    )


def of_new() -> Iterator[Case]:
    """Cases that nothing was chosen on."""
    yield "German, from 30 to under 30", "natural", lambda: german("age", lambda age: age >= 30)
    yield "German, long to short credits", "natural", lambda: german("duration_months", lambda months: months > 18)
    yield "German, short to long credits", "natural", lambda: german("duration_months", lambda months: months <= 18)
    yield "German, skilled to other jobs", "natural", lambda: german("job", lambda job: job == "A173")
    yield "digits, no shift", "none", digits
    yield "digits, noise 2 of 16", "corruption", lambda: digits(lambda X, draw: X + 2.0 * draw.normal(size=X.shape))
    yield (
        "digits, moved a pixel",
        "corruption",
        lambda: digits(lambda X, draw: np.roll(X.reshape(-1, 8, 8), 1, axis=2).reshape(-1, 64)),
    )
    yield "digits, less ink", "corruption", lambda: digits(lambda X, draw: 0.7 * X)
    yield "digits, 9 named 8", "concept", lambda: digits(relabel=lambda y: np.where(y == 9, 8, y))
    yield "MNIST, no shift", "none", lambda: published("mnist")
    yield "MNIST, 4 and 9 x 6", "label", lambda: published("mnist", np.log(6.0) * np.isin(np.arange(10), [4, 9]))
    yield "MNIST, 5 % flipped", "concept", lambda: published("mnist", flipped=0.05)


def cases() -> Iterator[tuple[str, Case]]:
    for part in (of_adult, natural, of_probabilities, of_fashion):
        yield from (("as chosen on", case) for case in part())
    yield from (("new", case) for case in of_new())


def measured(set_of: str, case: Case) -> dict:
    name, kind, make = case
    source, (X, outputs, truth) = make()
    start = time.perf_counter()
    found = shift.label_free_error(source, X, outputs)
    line = {
        "case": name, "kind": kind, "set": set_of, "grade": found.grade, "left_out": list(found.left_out),
        "effective_share": found.effective_share, "outside": found.outside,
        "source_error": float(found.source_error.value), "truth": float(np.mean(outputs.argmax(axis=1) != truth)),
        "mean_of_methods": float(found.by_method["error"].mean()), "seconds": time.perf_counter() - start,
        "methods": found.by_method["error"].to_dict(),
    }  # fmt: skip
    if found.told:
        line |= {"estimate": found.estimate.value, "low": found.estimate.low, "high": found.estimate.high}
    return json.loads(json.dumps(line), parse_float=lambda text: round(float(text), 5))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--report", action="store_true", help="print the tables of the cases that are there")
    asked.add_argument("--only", default="", help="cases whose name holds this")
    chosen = asked.parse_args()
    found = json.loads(RESULTS.read_text())["cases"] if RESULTS.exists() else []
    for set_of, case in () if chosen.report else cases():
        if chosen.only not in case[0] or any(line["case"] == case[0] for line in found):
            continue
        found.append(measured(set_of, case))
        line = found[-1]
        print(*(line.get(key) for key in ("case", "grade", "truth", "estimate", "low", "high", "seconds")), flush=True)
        RESULTS.write_text(json.dumps({"cases": found}, indent=0) + "\n")
    places_of = {case[0]: number for number, (_, case) in enumerate(cases())}
    found.sort(key=lambda line: places_of[line["case"]])
    RESULTS.write_text(json.dumps({"cases": found}, indent=0) + "\n")
    RESULTS.with_suffix(".md").write_text(report(found))
    print(report(found))


def report(found: list[dict]) -> str:
    lines = ["# Accuracy elsewhere, without labels", ""]
    lines += ["Errors in points of the error rate; coverage with its 95 % interval (Clopper-Pearson).", ""]
    groups = [
        (f"{grade}, {which}", [one for one in found if one["grade"] == grade and one["set"] == which
                              and one["kind"] != "concept"])
        for which in ("as chosen on", "new") for grade in ("inside", "reaches outside", "cannot be told")
    ]  # fmt: skip
    loose = [one for one in found if "estimate" in one and one["outside"] < 0.02 and one["kind"] != "concept"]
    groups += [("inside, if left-out columns did not count", loose)]
    groups += [("changed rules, " + which, [one for one in found if one["kind"] == "concept" and one["set"] == which])
               for which in ("as chosen on", "new")]  # fmt: skip
    lines += table(
        ["grade, cases", "cases", "mean miss", "largest miss", "covered", "half width", "source error off by"],
        [summary(name, part) for name, part in groups if part],
    )
    kinds = dict.fromkeys(one["kind"] for one in found)
    methods = [*found[0]["methods"]]
    lines += ["", "Mean absolute miss by kind of shift, all cases, whether told or not:", ""]
    rows = [["source error, unchanged"] + [miss_of(found, kind, lambda one: one["source_error"]) for kind in kinds]]
    for method in methods:
        rows.append([method] + [miss_of(found, kind, lambda one, m=method: one["methods"].get(m)) for kind in kinds])
    lines += table(["method", *kinds], rows)
    lines += [
        "",
        "What a few labels claim there (`certify_error`, which guesses the error from confidence alone), summed",
    ]
    lines += ["over all outcomes: width beside Clopper-Pearson's of the same labels, and the least coverage:", ""]
    lines += table(["labels", "cases", "median width", "widest", "least coverage"], certificates(found))
    lines += ["", "Every case:", ""]
    lines += table(
        ["case", "kind", "cases", "grade", "truth", "source", "estimate", "interval", "left out"],
        [[one["case"], one["kind"], one["set"], one["grade"], f"{percent(one['truth']):.1f}",
          f"{percent(one['source_error']):.1f}", f"{percent(one['estimate']):.1f}" if "estimate" in one else "none",
          f"{percent(one['low']):.1f} to {percent(one['high']):.1f}" if "low" in one else "none",
          ", ".join(one["left_out"])] for one in found],
    )  # fmt: skip
    return "\n".join(lines) + "\n"


def certificates(found: list[dict]) -> list[list[str]]:
    """Expected widths and coverage of certificates of every case, by number of labels."""
    guesses = [(one["methods"].get("calibrated confidence"), one["truth"]) for one in found]
    known = [(guess, truth) for guess, truth in guesses if guess is not None]
    lines = []
    for labels in (30, 100, 300):
        hits = np.arange(labels + 1)
        plain = np.column_stack(share_interval(hits, np.full(labels + 1, labels)))
        widths, covered = [], []
        for guess, truth in known:
            ends = np.array([guessed_interval(int(count), labels, guess, 0.95) for count in hits])
            chances = stats.binom.pmf(hits, labels, truth)
            widths.append(float(chances @ np.ptp(ends, axis=1) / (chances @ np.ptp(plain, axis=1))))
            covered.append(float(chances @ ((ends[:, 0] <= truth) & (truth <= ends[:, 1]))))
        lines.append([str(labels), str(len(known)), f"{np.median(widths):.2f}", f"{max(widths):.2f}",
                      f"{percent(min(covered)):.1f} %"])  # fmt: skip
    return lines


def percent(share: float) -> float:
    return 100.0 * share


def miss_of(found: list[dict], kind: str, value) -> str:
    misses = [abs(value(one) - one["truth"]) for one in found if one["kind"] == kind and value(one) is not None]
    return f"{percent(np.mean(misses)):.1f}"


def summary(name: str, part: list[dict]) -> list[str]:
    """A line of the first table; where nothing was told, the miss is that of the mean of the methods."""
    told = [one for one in part if "estimate" in one]
    misses = percent(np.abs([one.get("estimate", one["mean_of_methods"]) - one["truth"] for one in part]))
    before = percent(np.abs([one["source_error"] - one["truth"] for one in part]))
    covered, width = "none told", "none"
    if told:
        hits = sum(one["low"] <= one["truth"] <= one["high"] for one in told)
        low, high = share_interval(hits, len(told))
        covered = f"{hits} of {len(told)} ({percent(float(low)):.0f} to {percent(float(high)):.0f} %)"
        width = f"{percent(np.mean([(one['high'] - one['low']) / 2 for one in told])):.1f}"
    return [name, str(len(part)), f"{misses.mean():.1f}", f"{misses.max():.1f}", covered, width, f"{before.mean():.1f}"]


def table(heads: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(line)} |" for line in (heads, ["-"] * len(heads), *rows)]


if __name__ == "__main__":
    main()
