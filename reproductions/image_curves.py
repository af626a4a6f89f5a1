"""From a few labeled images per class to all of them: piecewise power law, power laws, and the last value.

    python reproductions/image_curves.py            # measures (some ten minutes on one core), then forecasts
    python reproductions/image_curves.py --stored   # forecasts again from the stored measurements

Fashion-MNIST (40,000 of its images; SAMPLEWISE_DATA), 5 to 500 per class in 10 nested draws; evaluated on 5,000 others,
and forecast for 1,000, 2,000 and 3,900 per class, all there is. Learners: ridge regression on 1,000 frozen random
Fourier features, logistic regression on 64 frozen principal components, and a network of one hidden layer on 14 x 14
pixels.

Reported by jain2023 (16 image data sets, large networks): a piecewise power law with a switch from a meta-model errs
37 % less than a power law that starts at five images per class. The law here is a reconstruction of the idea; the
paper's formula was not available. Three learners on one data set can only agree or disagree with it. The models behind
the default forecast and the forest's switch are learnt anew for this, without any image data set.
"""

import argparse
import json
import os
import platform
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from train_curve_models import REPETITIONS, measured_curves

from samplewise.curves import CurvePoints, MetaModel, fit_meta, forecast
from samplewise.curves.forecasts import CHECKED
from samplewise.curves.laws import fit_law, variances

RESULTS = Path(__file__).parent / "results" / "image_curves"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data")) / "fashion-mnist"
SHOTS = (5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500)  # per class, shown
LATER = (1000, 2000, 3900)  # per class, forecast
REPEATS, LATER_REPEATS = 10, 3
SHOWN = (20, 50, 100, 200, 500)  # largest size a forecast sees
LAWS = (
    "last_value", "power_law_2", "power_law_3", "shifted_power_law", "broken_power_law", "piecewise_power_law",
)  # fmt: skip
ASKED = {"piecewise, switch of the forest": "piecewise_power_law", "default": "auto"}  # of `forecast`
METHODS = (*LAWS, *ASKED)
IMAGES = ("fashion-mnist", "mnist-gina", "cifar_10", "devnagari-script")  # families the models must not have seen
FEATURES, COMPONENTS, HIDDEN, RIDGE = 1000, 64, 64, 0.1
PASSES, EPOCHS = 200_000, (12, 200)  # images a network sees in training, within so many epochs


def read(part: str) -> tuple[np.ndarray, np.ndarray]:
    with np.load(DATA / f"{part}.npz") as held:
        return held["images"].reshape(len(held["labels"]), 784) / np.float32(255), held["labels"].astype(int)


def fourier(train: np.ndarray, test: np.ndarray) -> list[np.ndarray]:
    """Random features of a Gaussian kernel as wide as the median distance."""
    draw = np.random.default_rng(0)
    some = train[draw.choice(len(train), 200, replace=False)]
    squared = np.sum((some[:, None] - some[None]) ** 2, axis=2)
    directions = draw.normal(size=(784, FEATURES)) / np.sqrt(np.median(squared) / 4)
    phase = draw.uniform(0, 2 * np.pi, FEATURES)
    return [(np.cos(X @ directions + phase) * np.sqrt(2 / FEATURES)).astype(np.float32) for X in (train, test)]


def components(train: np.ndarray, test: np.ndarray) -> list[np.ndarray]:
    found = PCA(COMPONENTS, random_state=0).fit(train)
    scale = np.sqrt(found.explained_variance_[0])
    return [found.transform(X) / scale for X in (train, test)]


def pooled(train: np.ndarray, test: np.ndarray) -> list[np.ndarray]:
    return [X.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196) for X in (train, test)]


def ridge(X: np.ndarray, y: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
    weights = np.linalg.solve(X.T @ X + RIDGE * np.eye(X.shape[1], dtype=X.dtype), X.T @ (np.eye(10)[y] - 0.1))
    return (test @ weights).argmax(axis=1)


def logistic(X: np.ndarray, y: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
    return LogisticRegression(C=3.0, max_iter=200).fit(X, y).predict(test)


def network(X: np.ndarray, y: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
    epochs = int(np.clip(PASSES // len(X), *EPOCHS))
    model = MLPClassifier(HIDDEN, batch_size=min(100, len(X)), max_iter=epochs, tol=0.0, random_state=seed)
    return model.fit(X, y).predict(test)


LEARNERS = {
    "random features, ridge": (fourier, ridge),
    "principal components, logistic regression": (components, logistic),
    "network on pixels": (pooled, network),
}


def measure() -> dict[str, dict]:
    """Errors of every draw at every size."""
    (images, labels), (test_images, test_labels) = read("train"), read("test")
    found = {}
    for name, (features, learner) in LEARNERS.items():
        train, test = features(images, test_images)
        errors = {}
        start = time.process_time()
        for shots in (*SHOTS, *LATER):
            repeats = (
                REPEATS if shots in SHOTS else 1 if shots == LATER[-1] and learner is not network else LATER_REPEATS
            )
            errors[str(shots)] = [
                float(np.mean(learner(train[rows], labels[rows], test, draw) != test_labels))
                for draw in range(repeats)
                for rows in [subset(labels, shots, draw)]
            ]
            print(f"{name}: {shots} per class {np.mean(errors[str(shots)]):.4f}", flush=True)
        found[name] = {"errors": errors, "seconds": time.process_time() - start}
    return found


def subset(labels: np.ndarray, shots: int, draw: int) -> np.ndarray:
    """The first `shots` images of each class in the order of one draw."""
    order = np.random.default_rng(draw).permutation(len(labels))
    return np.concatenate([order[labels[order] == label][:shots] for label in range(10)])


def models_of_tables() -> MetaModel:
    """As the shipped models are learnt, but from no image data set."""
    history = measured_curves()
    kept = np.flatnonzero(~np.isin(history.families, IMAGES))
    return fit_meta([history.curves[place] for place in kept], history.families[kept].tolist(), n_repeats=REPETITIONS)


def predicted(measured: dict[str, dict]) -> list[dict]:
    """What each law says from each start, and what was measured later."""
    lines, meta = [], models_of_tables()
    for learner, notes in measured.items():
        for shown in SHOWN:
            seen = [shots for shots in SHOTS if shots <= shown]
            errors = np.array([notes["errors"][str(shots)] for shots in seen]).T
            curve = CurvePoints(10 * np.array(seen), errors, test_size=5_000)
            for later in LATER:
                truth = float(np.mean(notes["errors"][str(later)]))
                line = {"learner": learner, "shown": shown, "later": later, "truth": truth}
                for law in LAWS:
                    fitted = fit_law(law, curve.sizes, curve.error, variances(curve))
                    line[law] = float(fitted.error(10 * later)[0, 0])
                line["within"] = later <= CHECKED * shown
                for name, method in ASKED.items():
                    there = forecast(curve, [10 * later], method, meta=meta) if line["within"] else None
                    line[name] = None if there is None else float(there.error[0])
                lines.append(line)
    return lines


def off_by(lines: list[dict]) -> dict[str, float]:
    """Mean distance of each method to what was measured."""
    return {name: float(np.mean([abs(line[name] - line["truth"]) for line in lines])) for name in METHODS}


def table(lines: list[dict], measured: dict[str, dict]) -> str:
    text = [
        "Error rate at 3,900 images per class in per cent, forecast from the sizes up to the one shown; no forecast"
    ]
    text += [f"goes further than {CHECKED} times the largest size.", ""]
    text += ["| learner | shown up to | measured | " + " | ".join(METHODS) + " |", "|-" * (len(METHODS) + 3) + "|"]
    for line in (line for line in lines if line["later"] == LATER[-1]):
        said = " | ".join("" if line[name] is None else f"{100 * line[name]:.1f}" for name in METHODS)
        text.append(f"| {line['learner']} | {line['shown']} | {100 * line['truth']:.1f} | {said} |")
    text += [
        "",
        f"Mean distance to the measured error in points, over learners and later sizes up to {CHECKED} times:",
        "",
    ]
    text += ["| shown up to | " + " | ".join(METHODS) + " |", "|-" * (len(METHODS) + 1) + "|"]
    lines = [line for line in lines if line["within"]]
    for shown in (*SHOWN, None):
        off = off_by([line for line in lines if shown in (None, line["shown"])])
        text.append(f"| {shown or 'all'} | " + " | ".join(f"{100 * off[name]:.2f}" for name in METHODS) + " |")
    off = off_by(lines)
    for name in ("piecewise_power_law", "piecewise, switch of the forest"):
        two, three = (off[name] / off[law] - 1 for law in ("power_law_2", "power_law_3"))
        text += [""] if name == "piecewise_power_law" else []
        notes = f"{two:+.0%} against the power law with two parameters (reported: -37 %)"
        text.append(f"* {name}: {notes}, {three:+.0%} against the one with an asymptote.")
    spent = ", ".join(f"{name} {notes['seconds']:.0f} s" for name, notes in measured.items())
    return "\n".join([*text, f"* Processor time of the measurements: {spent}."]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stored", action="store_true")
    warnings.simplefilter("ignore")
    if parser.parse_args().stored:
        measured = json.loads(RESULTS.with_suffix(".json").read_text())["measured"]
    else:
        measured = measure()
    lines = predicted(measured)
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy", "scipy", "scikit-learn")}
    notes = {"machine": machine, "versions": versions, "measured": measured, "foretold": lines}
    RESULTS.with_suffix(".json").write_text(json.dumps(notes, indent=1) + "\n")
    RESULTS.with_suffix(".md").write_text(table(lines, measured))
    print(table(lines, measured))


if __name__ == "__main__":
    main()
