"""Wrong labels: samplewise against scikit-learn cross-validation and cleanlab, with the same learner and folds.

    python benchmarks/labels.py                        # every setting, three seeds; about half an hour on two cores
    python benchmarks/labels.py --only digits --seeds 1

Both sides get the same rows, learner and folds. The peer makes out-of-sample probabilities with `cross_val_predict` and
hands them to cleanlab (flags: `find_label_issues`; scores: self-confidence and normalised margin; `Datalab` timed on
its own). Ours is `samplewise.labels.find_label_issues`, whose second round is part of its time. The learner is our
closed-form kernel head (for digits and Fashion-MNIST), or scikit-learn's histogram boosting (Adult). Wall time is what
a person waits; CPU time counts all processes. scikit-learn runs as it does by default (all threads, one process),
and once more with `n_jobs=2`.

Label flips: sym = to any other class; pair = to the next class; conf = between classes that look alike, a third of
them. Adult: sym = both ways, pair = one way (a fifth of one class). Real errors: people's votes on published test sets.
"""

import argparse
import json
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from cleanlab import Datalab
from cleanlab.filter import find_label_issues as peer_flags
from cleanlab.rank import get_label_quality_scores
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict

from samplewise.data import Dataset
from samplewise.engine.models.encoding import TreeCodes
from samplewise.engine.models.kernel_head import KernelHead
from samplewise.engine.models.metrics import METRICS
from samplewise.engine.refits import ProcessExecutor, measure_remedies, open_part
from samplewise.labels import drop_disputed, find_label_issues, label_posterior, relabel_disputed

RESULTS = Path(__file__).parent / "results" / "labels.json"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data"))
RATE = 0.2
ALIKE = {
    "digits": ((3, 8), (4, 9), (1, 7), (5, 6)),
    "Fashion-MNIST": ((0, 6), (2, 4), (5, 7), (9, 7)),
}
warnings.filterwarnings("ignore")


class HeadEstimator(BaseEstimator, ClassifierMixin):
    """Our kernel head as scikit-learn sees a classifier."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> "HeadEstimator":
        """Fit on all rows."""
        self.classes_ = np.unique(y)
        self.head_ = KernelHead().fit(Dataset(X, y), seed=0)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n, c) calibrated probabilities."""
        return self.head_.probabilities(X)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """(n,) likeliest classes."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


# ---- data -----------------------------------------------------------------------------------------------------------


def data_sets(only: str) -> dict[str, tuple[Any, np.ndarray]]:
    """Features and right labels, as codes."""
    found: dict[str, tuple[Any, np.ndarray]] = {}
    if only in "digits":
        found["digits"] = load_digits(return_X_y=True)
    images = DATA / "fashion-mnist" / "train.npz"
    if only in "Fashion-MNIST" and images.exists():
        with np.load(images, allow_pickle=False) as held:
            pixels, labels = held["images"][:10_000], held["labels"][:10_000].astype(int)
        found["Fashion-MNIST"] = (PCA(50, random_state=0).fit_transform(pixels.reshape(10_000, -1) / 255.0), labels)
    adult = DATA / "groups" / "adult.csv.gz"
    if only in "Adult" and adult.exists():
        table = pd.read_csv(adult).drop(columns="fnlwgt")
        found["Adult"] = (table.drop(columns="income"), (table["income"] == ">50K").to_numpy().astype(int))
    return found


def flipped(name: str, truth: np.ndarray, kind: str, seed: int) -> np.ndarray:
    """A fifth of the labels flipped."""
    draw = np.random.default_rng(seed)
    classes, given = int(truth.max()) + 1, truth.copy()
    struck = draw.random(len(truth)) < RATE
    if kind == "sym":
        given[struck] = (truth[struck] + draw.integers(1, classes, struck.sum())) % classes
    elif kind == "pair":
        struck &= (truth == 0) | (classes > 2)
        given[struck] = (truth[struck] + 1) % classes
    else:
        pairs = ALIKE[name]
        for one, other in (*pairs, *((b, a) for a, b in pairs if b not in {p[0] for p in pairs})):
            given[(truth == one) & (draw.random(len(truth)) < 1 / 3)] = other
    return given


# ---- one setting ----------------------------------------------------------------------------------------------------


def cpu_seconds() -> float:
    """Processor time of this process and of all it has started."""
    tick, parents, used = os.sysconf("SC_CLK_TCK"), {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parts = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(parts[1])
            used[int(entry.name)] = (int(parts[11]) + int(parts[12]) + int(parts[13]) + int(parts[14])) / tick
    mine = {os.getpid()}
    for _ in range(4):  # workers of workers, no deeper
        mine |= {child for child, parent in parents.items() if parent in mine}
    return sum(used.get(process, 0.0) for process in mine)


def timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    wall, cpu = time.perf_counter(), cpu_seconds()
    found = work()
    return found, {"wall": time.perf_counter() - wall, "cpu": cpu_seconds() - cpu}


def judged(bad: np.ndarray, score: np.ndarray, flags: np.ndarray) -> dict[str, float]:
    return {
        "average_precision": float(average_precision_score(bad, score)),
        "auroc": float(roc_auc_score(bad, score)),
        "f1": float(f1_score(bad, flags)),
        "flags_per_error": float(flags.sum() / max(1, bad.sum())),
    }


def one_setting(name: str, X: Any, truth: np.ndarray, kind: str, seed: int) -> dict[str, dict[str, float]]:
    """Both sides on one draw of flips."""
    given = flipped(name, truth, kind, seed)
    bad, table = given != truth, name == "Adult"
    data, executor = Dataset(X, given), ProcessExecutor()
    learner = "boosting" if table else "kernel"
    part = open_part(data, learner, seed=seed)

    ours, our_time = timed(lambda: find_label_issues(data, learner, seed=seed, executor=executor))

    def cross_validated(processes: int | None = None) -> np.ndarray:
        if not table:
            estimator, features = HeadEstimator(), X
        else:
            codes = TreeCodes(X)
            estimator = HistGradientBoostingClassifier(
                early_stopping=False, categorical_features=codes.categorical, random_state=0
            )
            features = codes(X)
        folds = PredefinedSplit(part.folds)
        return cross_val_predict(estimator, features, given, cv=folds, method="predict_proba", n_jobs=processes)

    P, fit_time = timed(cross_validated)
    _, tuned_time = timed(lambda: cross_validated(2))
    flags, flag_time = timed(lambda: peer_flags(given, P))
    _, datalab_time = timed(lambda: datalab(P, given))
    quality = {m: get_label_quality_scores(given, P, method=m) for m in ("self_confidence", "normalized_margin")}
    posterior = ours.posterior
    return {
        "samplewise": judged(bad, posterior.wrong, posterior.flagged) | our_time
        | {"label_accuracy_after": float(np.mean(np.where(posterior.flagged, posterior.suggested, given) == truth))},
        "self_confidence": judged(bad, -quality["self_confidence"], flags)
        | {key: fit_time[key] + flag_time[key] for key in fit_time}
        | {"two_processes_wall": tuned_time["wall"] + flag_time["wall"], "datalab_wall": datalab_time["wall"]},
        "normalized_margin": judged(bad, -quality["normalized_margin"], flags),
    }  # fmt: skip


def datalab(P: np.ndarray, given: np.ndarray) -> None:
    """Cleanlab's audit class on the same probabilities, without printing."""
    lab = Datalab({"label": given}, label_name="label", verbosity=0)
    lab.find_issues(pred_probs=P, issue_types={"label": {}})


def real_errors() -> dict[str, dict[str, float]]:
    """Published test sets: how well scores rank, among the rows people looked at, those they called wrong."""
    found = {}
    for name in ("mnist", "cifar10"):
        file = DATA / "label-errors" / f"{name}.npz"
        if not file.exists():
            continue
        with np.load(file, allow_pickle=False) as held:
            P, given = held["pred_probs"].astype(np.float64), held["given_labels"].astype(int)
            rows, wrong = held["reviewed_index"], held["votes"][:, 0].astype(int) < 3
        posterior = label_posterior(open_part((P, given), "linear"), predictions=P, rounds=1)
        scores = {"samplewise": posterior.wrong} | {
            method: -get_label_quality_scores(given, P, method=method)
            for method in ("self_confidence", "normalized_margin")
        }
        found[name] = {
            "reviewed": len(rows), "wrong": int(wrong.sum()), "flagged_by_samplewise": int(posterior.flagged.sum()),
            "flagged_by_cleanlab": int(peer_flags(given, P).sum()),
        } | {f"auroc {key}": float(roc_auc_score(wrong, score[rows])) for key, score in scores.items()}  # fmt: skip
    return found


def advice_cost(name: str, X: Any, truth: np.ndarray) -> dict[str, float]:
    """Seconds to test relabelling and dropping by the nested protocol, after the labels were found."""
    part = open_part((X, flipped(name, truth, "sym", 0)), "boosting" if name == "Adult" else "kernel")
    label_posterior(part)
    rules = {"relabel": relabel_disputed, "drop": drop_disputed}
    _, spent = timed(lambda: measure_remedies(part.runner, rules, [part.folds], metric=METRICS["accuracy"]))
    return spent


# ---- all settings ---------------------------------------------------------------------------------------------------


def medians(runs: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    return {side: {key: statistics.median(run[side][key] for run in runs) for key in runs[0][side]} for side in runs[0]}


def table(found: dict[str, Any]) -> str:
    """The settings, best average precision in bold, losing cases named below."""
    lines = [
        "| data, flips | AP ours | AP self-confidence | AP margin | F1 ours | F1 cleanlab | flags / errors | "
        "wall ours | wall theirs | wall theirs, 2 processes | CPU ours | CPU theirs |",
        "|-|-|-|-|-|-|-|-|-|-|-|-|",
    ]
    lost = []
    for name, sides in found["settings"].items():
        ours, peer, margin = (sides[side] for side in ("samplewise", "self_confidence", "normalized_margin"))
        precisions = [side["average_precision"] for side in (ours, peer, margin)]
        shown = [f"**{value:.3f}**" if value == max(precisions) else f"{value:.3f}" for value in precisions]
        lines.append(
            f"| {name} | {' | '.join(shown)} | {ours['f1']:.3f} | {peer['f1']:.3f} | {ours['flags_per_error']:.2f} | "
            f"{ours['wall']:.1f} s | {peer['wall']:.1f} s | "
            f"{peer['two_processes_wall']:.1f} s | {ours['cpu']:.1f} s | {peer['cpu']:.1f} s |"
        )
        lost += [f"{name}: lower average precision than a cleanlab score"] * (precisions[0] < max(precisions))
        lost += [f"{name}: lower F1 of flags"] * (ours["f1"] < peer["f1"])
        for way, theirs in (("", peer["wall"]), (" with two processes", peer["two_processes_wall"])):
            ratio = ours["wall"] / theirs
            lost += [f"{name}: {ratio:.2f} times their wall time{way}"] * (ratio > 1.2)
    lines += ["", "Lost: " + ("; ".join(lost) if lost else "none") + ".", ""]
    for name, row in found["real"].items():
        scores = ", ".join(f"{key.removeprefix('auroc ')} {row[key]:.2f}" for key in row if key.startswith("auroc"))
        lines.append(
            f"Real errors, {name}: {row['wrong']} of {row['reviewed']} reviewed rows are wrong; AUROC among them: "
            f"{scores}. Flagged in all 10,000 rows: {row['flagged_by_samplewise']} by samplewise, "
            f"{row['flagged_by_cleanlab']} by cleanlab. The reviewed rows were proposed by confident learning, so "
            "recall is unknown.\n"
        )
    for name, spent in found["advice"].items():
        lines.append(f"Testing two remedies (relabel, drop) on one draw of folds, {name}: {spent['wall']:.1f} s.")
    return "\n".join(lines) + "\n"


def write(found: dict[str, Any]) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    packages = ("samplewise", "cleanlab", "scikit-learn", "numpy", "scipy")
    found["machine"] = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    found["versions"] = {package: version(package) for package in packages}
    RESULTS.write_text(json.dumps(found, indent=1))
    RESULTS.with_suffix(".md").write_text(table(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="data sets whose name contains this")
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"settings": {}, "real": {}, "advice": {}}
    for name, (X, truth) in data_sets(chosen.only).items():
        for kind in ("sym", "pair") if name == "Adult" else ("sym", "pair", "conf"):
            runs = [one_setting(name, X, truth, kind, seed) for seed in range(chosen.seeds)]
            found["settings"][f"{name}, {kind}"] = medians(runs) | {"seeds": chosen.seeds}  # type: ignore[dict-item]
            write(found)
            print(name, kind, json.dumps(found["settings"][f"{name}, {kind}"]), flush=True)
        found["advice"][name] = advice_cost(name, X, truth)
    found["real"] = real_errors() or found["real"]
    write(found)
    print(table(found))


if __name__ == "__main__":
    main()
