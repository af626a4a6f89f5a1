"""Gap and bounds against the number of training rows: which bound is tightest where, and what noise in training does.

    python reproductions/generalization_bounds.py             # all parts, some five minutes on one core
    python reproductions/generalization_bounds.py --stored    # table and picture again from the stored results

harutyunyan2021b bounds the expected gap of black boxes by f-CMI on MNIST 4 against 9 (a network of four convolutions,
5 supersamples of n pairs, 30 splits). Here: Fashion-MNIST, T-shirts against shirts, and the 8 x 8 digits 4 against 9;
all data in 30 principal components; 1-nearest-neighbor, logistic regression and a network of one hidden layer; 3
supersamples of pairs within a class (1 of 4,000), 30 splits with their complements. Values are as counted, before any
correction, as in the paper.

"Langevin" trains a linear classifier with the process of the paper: steps of the mean loss of a batch with Gaussian
noise of standard deviation sqrt(2 rate / beta), beta rising. Beside it stands the process as the published code has
it, whose noise is beta times smaller, and the bound on stochastic gradient Langevin dynamics of negrea2019 as that
code has it, sqrt(n / (4 b (n - 1)^2)) sqrt(sum rate beta v / 4), v the trace of the covariance of the gradients of 100
rows.
"""

import argparse
import json
import os
import platform
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import altair as alt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier

from samplewise.core.execution import SerialExecutor
from samplewise.generalization import bounds_from_runs, generalization_gap

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "generalization_bounds"
PICTURE = HERE.parent / "docs" / "pictures" / "generalization-bounds.png"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", HERE.parents[1] / "shared" / "data")) / "fashion-mnist" / "train.npz"
SPLITS, COMPONENTS, STEPS = 30, 30, 300
SIZES = {75: 3, 250: 3, 1000: 3, 4000: 1}  # pairs: supersamples
DIGIT_SIZES = {75: 3, 170: 1}
NOISES = (0.0, 0.1, 0.2, 0.4)
KEPT = (
    "f-CMI", "e-CMI", "ld-MI", "single loss", "binary KL", "linear fast rate", "fast rate", "binary JS",
    "interpolation", "conditional f-information, KL", "conditional f-information, solved",
    "conditional f-information, H2", "conditional f-information, JS", "t interval", "held-out rows",
)  # fmt: skip
PAPER = {75: (8.92, 24.27), 250: (3.63, 10.73), 1000: (1.55, 4.67), 4000: (0.81, 2.57)}  # gap and f-CMI in points
RATE, BATCH, EPOCHS, LOOKS = 0.04, 100, 40, (5, 10, 20, 40)
SHOWN = {
    "gap": "the gap, measured", "t interval": "t interval, 95 %", "held-out rows": "held-out rows, 95 %",
    "binary JS": "binary JS", "conditional f-information, KL": "conditional f-information", "f-CMI": "f-CMI",
}  # fmt: skip
INK = "#334155"


def network(n: int) -> MLPClassifier:
    """One hidden layer of 128, trained for about the same number of steps whatever the rows, three epochs at least."""
    epochs = max(3, STEPS // -(-n // 64))
    return MLPClassifier((128,), batch_size=min(64, n), learning_rate_init=0.003, max_iter=epochs, tol=0.0)


LEARNERS = {
    "1-nearest-neighbor": lambda n: KNeighborsClassifier(1),
    "logistic regression": lambda n: LogisticRegression(max_iter=1000),
    "network": network,
}


def fashion() -> tuple[np.ndarray, np.ndarray]:
    """T-shirts and shirts, shuffled."""
    with np.load(DATA) as held:
        chosen = np.isin(held["labels"], (0, 6))
        X, y = held["images"][chosen].reshape(-1, 784) / 255.0, (held["labels"][chosen] == 6).astype(int)
    return reduced(X, y)


def digits() -> tuple[np.ndarray, np.ndarray]:
    """The digits 4 and 9."""
    X, y = load_digits(return_X_y=True)
    chosen = np.isin(y, (4, 9))
    return reduced(X[chosen] / 16.0, (y[chosen] == 9).astype(int))


def reduced(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng(0).permutation(len(y))
    X = PCA(COMPONENTS, random_state=0).fit_transform(X)[order]
    return X / X.std(), y[order]


def halved(y: np.ndarray, n: int, draw: int) -> np.ndarray:
    """2 n rows, the classes in equal parts; draws do not overlap where there are rows enough."""
    rows = [np.flatnonzero(y == code) for code in (0, 1)]
    return np.concatenate([np.take(one, np.arange(draw * n, (draw + 1) * n), mode="wrap") for one in rows])


def point(X: np.ndarray, y: np.ndarray, learner: str, n: int, supersamples: int, noise: float = 0.0) -> dict[str, Any]:
    """Gap and bounds in points, means over supersamples."""
    found: list[dict[str, float]] = []
    for draw in range(supersamples):
        rows = halved(y, n, draw)
        flips = np.random.default_rng(draw).random(len(rows)) < noise
        labels = np.where(flips, 1 - y[rows], y[rows])
        report = generalization_gap(
            (X[rows], labels),
            learner=LEARNERS[learner](n),
            n_splits=SPLITS,
            n_draws=1,
            seed=draw,
            executor=SerialExecutor(),
        )
        values = {bound.name: bound.plug_in for bound in report.bounds}
        values["f-CMI, corrected"] = report.bounds["f-CMI"].corrected
        values |= {"gap": report.gap.value, "training error": 100 * report.training_error.value}
        found.append(values)
    names = [name for name in ("training error", "gap", *KEPT, "f-CMI, corrected") if all(name in one for one in found)]
    return {name: float(np.mean([one[name] for one in found])) for name in names}


def curves() -> list[dict[str, Any]]:
    """Every learner at every size, on both data sets, with right and with wrong labels."""
    found, (X, y), small = [], fashion(), digits()
    queried = [("T-shirt or shirt", learner, n, draws, 0.0) for learner in LEARNERS for n, draws in SIZES.items()]
    queried += [("digits 4 or 9", learner, n, draws, 0.0) for learner in LEARNERS for n, draws in DIGIT_SIZES.items()]
    queried += [("T-shirt or shirt", learner, 250, 3, noise) for learner in list(LEARNERS)[:2] for noise in NOISES[1:]]
    for data, learner, n, draws, noise in queried:
        started = time.process_time()
        values = point(*((X, y) if data == "T-shirt or shirt" else small), learner, n, draws, noise)
        found.append({"data": data, "learner": learner, "n": n, "noise": noise, **values})
        print(f"{data}, {learner}, n={n}, noise {noise:.0%}: gap {values['gap']:.1f}, f-CMI {values['f-CMI']:.1f}, "
              f"{time.process_time() - started:.0f} s", flush=True)  # fmt: skip
    return found


def langevin(X: np.ndarray, y: np.ndarray, n: int, as_coded: bool) -> list[dict[str, float]]:
    """A linear classifier trained with noise on 30 splits at once: gap, f-CMI and the bound on the process."""
    draw = np.random.default_rng(0)
    rows = np.concatenate(
        [halved(y, n, 0).reshape(2, n)[:, side * n // 2 : (side + 1) * n // 2].ravel() for side in (0, 1)]
    )
    pairs = rows.reshape(2, n).T  # both rows of a pair are of one class
    memberships = draw.integers(0, 2, (SPLITS // 2, n))
    memberships = np.stack([memberships, 1 - memberships], axis=1).reshape(SPLITS, n)
    features = np.column_stack([X, np.ones(len(X))])
    trained = pairs[np.arange(n), memberships]  # (k, n)
    weights, spent, notes = np.zeros((SPLITS, features.shape[1])), np.zeros(SPLITS), []
    for step in range(EPOCHS * n // BATCH):
        rate, beta = RATE * 0.9 ** (step // 100), min(n, max(100.0, 10.0 * np.exp(step / 100)))
        order = np.argsort(draw.random((SPLITS, n)), axis=1)
        if step:
            spent += (
                rate * beta / 4.0 * spread(weights, features, y, np.take_along_axis(trained, order[:, :100], axis=1))
            )
        batch = np.take_along_axis(trained, order[:, -BATCH:], axis=1)
        weights -= rate * gradients(weights, features, y, batch).mean(axis=1)
        weights += np.sqrt(2 * rate / beta) / (beta if as_coded else 1.0) * draw.normal(size=weights.shape)
        if (step + 1) % (n // BATCH) == 0 and (epoch := (step + 1) // (n // BATCH)) in LOOKS:
            answers = (np.einsum("npd,kd->knp", features[pairs], weights) > 0).astype(int)
            bounds = bounds_from_runs(memberships, answers, answers != y[pairs])
            bound = np.sqrt(n / (4.0 * BATCH * (n - 1.0) ** 2)) * np.sqrt(spent).mean()
            notes.append({
                "epoch": epoch, "training error": 100 * bounds.training_error, "gap": 100 * bounds.gap,
                "f-CMI": 100 * bounds["f-CMI"].plug_in, "f-CMI, corrected": 100 * bounds["f-CMI"].corrected,
                "f-CMI of noise": 100 * bounds["f-CMI"].null, "bound on the process": 100 * float(bound),
            })  # fmt: skip
    return notes


def gradients(weights: np.ndarray, features: np.ndarray, y: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(k, b, d) gradients of the log loss of each row at each split's weights."""
    inputs = features[rows]
    chance = 1.0 / (1.0 + np.exp(-np.einsum("kbd,kd->kb", inputs, weights)))
    return (chance - y[rows])[..., None] * inputs


def spread(weights: np.ndarray, features: np.ndarray, y: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(k,) trace of the covariance of the rows' gradients."""
    return gradients(weights, features, y, rows).var(axis=1).sum(axis=1)


def tightest(row: dict[str, Any]) -> tuple[str, float]:
    """The information bound that is lowest."""
    names = [name for name in KEPT[:-2] if name in row]
    best = min(names, key=lambda name: row[name])
    return best, row[best]


def table(found: list[dict[str, Any]], noisy: dict[str, list[dict[str, float]]]) -> str:
    """What was measured, as the docs show it."""
    columns = ("training error", "gap", "f-CMI", "f-CMI, corrected", "ld-MI", "fast rate", "binary JS")
    head = ["data", "learner", "n", "wrong labels", *columns, "tightest", "held-out rows", "t interval"]
    text = ["In points (% of rows); n pairs, so n training rows. 95 % for the last two columns.", ""]
    text += ["| " + " | ".join(head) + " |", "|" + "-|" * len(head)]
    for row in found:
        best, value = tightest(row)
        cells = [row["data"], row["learner"], f"{row['n']:,}", f"{row['noise']:.0%}"]
        cells += [f"{row[name]:.1f}" for name in columns]
        cells += [f"{best} {value:.1f}", f"{row['held-out rows']:.1f}", f"{row['t interval']:.1f}"]
        text.append("| " + " | ".join(cells) + " |")
    text += ["", "Published, MNIST 4 or 9, a network (gap / f-CMI in points): "
             + ", ".join(f"n = {n:,}: {gap} / {bound}" for n, (gap, bound) in PAPER.items()) + ".", "",
             "Langevin, linear classifier, T-shirt or shirt, n = 1,000:", ""]  # fmt: skip
    head = ["noise", *next(iter(noisy.values()))[0]]
    text += ["| " + " | ".join(head) + " |", "|" + "-|" * len(head)]
    for name, n_evaluations in noisy.items():
        text += [f"| {name} | " + " | ".join(f"{value:.3g}" for value in one.values()) + " |" for one in n_evaluations]
    return "\n".join(text) + "\n"


def picture(found: list[dict[str, Any]]) -> None:
    """Gap and bounds against n, a panel for each learner."""
    points = [
        {"n": row["n"], "points": row[name], "what": shown, "learner": row["learner"]}
        for row in found if row["data"] == "T-shirt or shirt" and not row["noise"]
        for name, shown in SHOWN.items()
    ]  # fmt: skip
    lines = alt.Chart(alt.Data(values=points)).mark_line(point=True, strokeWidth=2).encode(
        x=alt.X("n:Q", scale=alt.Scale(type="log", domain=[60, 5000]), title="training rows",
                axis=alt.Axis(values=list(SIZES))),
        y=alt.Y("points:Q", scale=alt.Scale(type="log", domain=[0.3, 60]), title="points"),
        color=alt.Color("what:N", sort=list(SHOWN.values()), title=None, scale=alt.Scale(
            range=["#0f172a", "#0d9488", "#65a30d", "#d97706", "#db2777", "#7c3aed"])),
        strokeDash=alt.StrokeDash("what:N", sort=list(SHOWN.values()), legend=None, scale=alt.Scale(
            range=[[1, 0], [2, 2], [2, 2], [6, 3], [6, 3], [6, 3]])),
    ).properties(width=230, height=220)  # fmt: skip
    panels = lines.facet(column=alt.Column("learner:N", sort=list(LEARNERS), title=None,
                                           header=alt.Header(labelFontSize=14, labelColor=INK)))  # fmt: skip
    panels = panels.configure(font="DejaVu Sans", background="white").configure_view(stroke=None)
    axis = {"gridColor": "#e2e8f0", "domainColor": "#94a3b8", "tickColor": "#94a3b8", "titleFontWeight": "normal"}
    panels = panels.configure_axis(**axis, labelFontSize=12, titleFontSize=13, labelColor=INK, titleColor=INK)
    panels.configure_legend(labelFontSize=13, labelColor=INK).save(PICTURE, scale_factor=1.5)


def main() -> None:
    """Measure, or read what was measured; write the table and the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stored", action="store_true")
    warnings.simplefilter("ignore")
    if parser.parse_args().stored:
        notes = json.loads(RESULTS.with_suffix(".json").read_text())
    else:
        started, (X, y) = time.process_time(), fashion()
        notes = {
            "curves": curves(),
            "langevin": {"as stated": langevin(X, y, 1000, False), "as coded": langevin(X, y, 1000, True)},
            "machine": {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()},
            "versions": {name: version(name) for name in ("samplewise", "numpy", "scikit-learn")},
        }
        notes["seconds of one core"] = round(time.process_time() - started)
        RESULTS.with_suffix(".json").write_text(json.dumps(notes, indent=1) + "\n")
    text = table(notes["curves"], notes["langevin"])
    RESULTS.with_suffix(".md").write_text(text)
    picture(notes["curves"])
    print(text)


if __name__ == "__main__":
    main()
