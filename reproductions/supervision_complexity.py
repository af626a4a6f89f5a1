"""Supervision complexity: which targets are hard for a student, along its training; the bound; wrong labels by row.

    python reproductions/supervision_complexity.py              # about five minutes on one core
    python reproductions/supervision_complexity.py --stored     # table and picture from the stored measurements

The paper (harutyunyan2023) reports that early checkpoints of a teacher are easier targets than the final one, that the
final one is about as hard as the labels, and that random labels are hardest, on image sets and networks larger than
these; its figures were not available, so only the order is compared. Here: (a) 300 digits, a student 64-32-10, a
teacher 64-256-256-10, three seeds; (b) digits odd or even in a Gaussian kernel: the closed form for random labels, and
the margin bound; (c) a tenth of the labels turned to another class, 900 digits and 2,000 pictures of Fashion-MNIST:
which score per row finds them. What is ours: the ridge, the size relative to random labels, left-out rows, (c).
"""

import argparse
import json
import os
import platform
import time
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import altair as alt
import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import rbf_kernel

from samplewise.engine.closed_form import median_bandwidth
from samplewise.generalization import supervision_complexities, supervision_complexity

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "supervision_complexity"
PICTURE = HERE.parent / "docs" / "pictures" / "supervision-complexity.png"
FASHION = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data")) / "fashion-mnist" / "train.npz"
SEEDS = (0, 1, 2)
STAGES = (1, 2, 5, 15, 40)  # epochs of the teacher
LOOKS = (0, 2, 5, 15, 30)  # epochs of the student
RIDGES = (1e-3, 1e-2, 1e-1)
FLIPPED, HEAT = 0.1, 4.0

Scored = dict[str, dict[str, float]]


def dense(*sizes: int) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for width_in, width_out in pairwise(sizes):
        layers += [torch.nn.Linear(width_in, width_out), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def trained(network: torch.nn.Module, X: np.ndarray, y: np.ndarray, epochs: int):
    """Cross-entropy and Adam in batches of 32; yields the number of epochs done, from 0."""
    optimizer, inputs, codes = torch.optim.Adam(network.parameters(), 2e-3), torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(epochs + 1):
        yield epoch
        for rows in torch.randperm(len(X)).split(32):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(inputs[rows]), codes[rows]).backward()
            optimizer.step()


def digits(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    X, y = load_digits(return_X_y=True)
    rows = np.random.default_rng(seed).permutation(len(X))[:count]
    return (X[rows] / 16).astype(np.float32), y[rows]


# --- (a) targets for a student --------------------------------------------------------------------------------------


def targets_of(seed: int, X: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Random labels, the labels, and what a teacher says at some stages, for the first 300 rows."""
    found = {"random labels": np.random.default_rng(100 + seed).integers(0, 10, 300), "labels": y[:300]}
    teacher = dense(64, 256, 256, 10)
    for epoch in trained(teacher, X, y, max(STAGES)):
        if epoch in STAGES:
            logits = teacher(torch.from_numpy(X[:300])).detach()
            found[f"teacher, epoch {epoch}"] = logits.softmax(1).numpy()
    return found | {f"final teacher, temperature {HEAT:g}": (logits / HEAT).softmax(1).numpy()}


def along_training(seed: int) -> list[dict]:
    """Complexity of every target at epochs of a student that learns the labels, as it is and as what is left."""
    torch.manual_seed(seed)
    X, y = digits(seed, 900)
    targets, student, lines = targets_of(seed, X, y), dense(64, 32, 10), []
    for epoch in trained(student, X, y, max(LOOKS)):
        if epoch not in LOOKS:
            continue
        for residual in (False, True):
            found = supervision_complexities(
                (X[:300], y[:300]), targets=targets, kernel=student.eval(), residual=residual, seed=seed
            )
            lines += [
                {"seed": seed, "epoch": epoch, "residual": residual, "target": name,
                 "adjusted": one.adjusted.value, "relative": one.relative.value,
                 "held_out_error": 100 * one.held_out_error.value}
                for name, one in found.items()
            ]  # fmt: skip
        student.train()
    return lines


# --- (b) the closed form and the bound ------------------------------------------------------------------------------


def odd_or_even(n: int) -> dict[str, float]:
    """True and random signs in a Gaussian kernel, and what the bound promises."""
    X, y = digits(0, 1797)
    signs = np.where(y % 2 == 1, 1.0, -1.0)
    gram = rbf_kernel(X, gamma=0.5 / median_bandwidth(X[:500]) ** 2)
    draws = {str(draw): np.random.default_rng(draw).choice([-1.0, 1.0], n) for draw in range(20)}
    found = supervision_complexities(None, targets={"true": signs[:n]} | draws, kernel=gram[:n, :n])
    true, random = found["true"], [found[name].adjusted.value for name in draws]
    ridge = 1e-3 * np.eye(n)  # of a kernel whose mean eigenvalue is 1
    wrong = {
        name: float(np.mean(np.sign(gram[n:, :n] @ np.linalg.solve(gram[:n, :n] + ridge, labels)) != signs[n:]))
        for name, labels in (("true", signs[:n]), ("random", draws["0"]))
    }
    return {
        "rows": n, "A of the true signs": true.adjusted.value, "A of random signs, mean of 20": float(np.mean(random)),
        "closed form": true.random.value, "left-out error, %": 100 * true.held_out_error.value,
        "error on other rows, %": 100 * wrong["true"], "after random signs, %": 100 * wrong["random"],
        "bound for the true signs, %": 100 * true.margin_bound().value,
        "bound for random signs, %": 100 * found["0"].margin_bound().value,
    }  # fmt: skip


# --- (c) wrong labels -----------------------------------------------------------------------------------------------


def fashion(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    with np.load(FASHION) as held:
        rows = np.random.default_rng(seed).permutation(len(held["labels"]))[:count]
        return held["images"][rows].reshape(count, 784).astype(np.float32) / 255, held["labels"][rows].astype(int)


def wrong_labels(name: str, X: np.ndarray, y: np.ndarray, seed: int) -> list[dict]:
    """Area under the ROC curve of both scores, three ridges, two kernels."""
    draw = np.random.default_rng(1000 + seed)
    flipped = np.zeros(len(y), dtype=bool)
    flipped[draw.permutation(len(y))[: int(FLIPPED * len(y))]] = True
    given = np.where(flipped, (y + draw.integers(1, 10, len(y))) % 10, y)
    torch.manual_seed(seed)
    kernels = {"network at its start": dense(X.shape[1], 256, 10).eval(), "Gaussian": "rbf"}
    lines = []
    for kernel, held in kernels.items():
        for ridge in RIDGES:
            found = supervision_complexity((X, given), kernel=held, ridge=ridge)
            lines.append({
                "data": name, "kernel": kernel, "ridge": ridge, "seed": seed,
                "contribution": roc_auc_score(flipped, found.contributions.values),
                "left-out margin": roc_auc_score(flipped, -found.held_out_margins.values),
            })  # fmt: skip
    return lines


def measured() -> dict:
    began = time.process_time()
    found = {
        "students": [line for seed in SEEDS for line in along_training(seed)],
        "signs": [odd_or_even(n) for n in (400, 1400)],
        "wrong": [
            line
            for seed in SEEDS
            for name, (X, y) in (("digits", digits(seed, 900)), ("Fashion-MNIST", fashion(seed, 2000)))
            for line in wrong_labels(name, X, y, seed)
        ],
    }
    return found | {"processor_seconds": time.process_time() - began}


# --- what it says ---------------------------------------------------------------------------------------------------


def spread(values: pd.Series, digits: int = 2) -> str:
    return f"{values.mean():.{digits}f} ± {values.std():.{digits}f}"


def table(found: dict) -> str:
    students = pd.DataFrame(found["students"])
    text = ["(a) Adjusted complexity A of targets for a student that learns the labels, by epochs of the student;"]
    text += [f"mean ± standard deviation of {len(SEEDS)} draws, kernel shared by the ten outputs, ridge 0.001.", ""]
    text += ["| target | " + " | ".join(f"epoch {epoch}" for epoch in LOOKS) + " | A over random, epoch 0 |"]
    text += ["|-" * (len(LOOKS) + 2) + "|"]
    for name in students.target.unique():
        rows = students[(students.target == name) & ~students.residual]
        cells = [spread(rows[rows.epoch == epoch].adjusted) for epoch in LOOKS]
        cells.append(spread(rows[rows.epoch == 0].relative))
        text.append(f"| {name} | " + " | ".join(cells) + " |")
    text += ["", "The same for what is left to learn (targets less the student's softmax):", ""]
    text += ["| target | " + " | ".join(f"epoch {epoch}" for epoch in LOOKS) + " |", "|-" * (len(LOOKS) + 1) + "|"]
    for name in students.target.unique():
        rows = students[(students.target == name) & students.residual]
        text.append(f"| {name} | " + " | ".join(spread(rows[rows.epoch == epoch].adjusted) for epoch in LOOKS) + " |")
    text += ["", "(b) Odd or even digits, Gaussian kernel, margin 1, confidence 95 %:", ""]
    signs = found["signs"]
    text += ["| | " + " | ".join(f"{one['rows']:,} rows" for one in signs) + " |", "|-" * (len(signs) + 1) + "|"]
    text += [f"| {key} | " + " | ".join(f"{one[key]:.3g}" for one in signs) + " |" for key in signs[0] if key != "rows"]
    text += ["", "(c) A tenth of the labels wrong, area under the ROC curve:", ""]
    text += ["| data | kernel | ridge | contribution | left-out margin |", "|-|-|-|-|-|"]
    wrong = pd.DataFrame(found["wrong"])
    for (name, kernel, ridge), rows in wrong.groupby(["data", "kernel", "ridge"], sort=False):
        scores = f"{spread(rows.contribution, 3)} | {spread(rows['left-out margin'], 3)}"
        text.append(f"| {name} | {kernel} | {ridge:g} | {scores} |")
    better = int((wrong["left-out margin"] > wrong.contribution).sum())
    text += ["", f"The left-out margin is better in {better} of {len(wrong)} comparisons. Processor time of all:"]
    text += [f"{found['processor_seconds']:.0f} s."]
    return "\n".join(text) + "\n"


def draw(found: dict) -> None:
    """Complexity along training, as it is and what is left; the two scores for wrong labels."""
    students = pd.DataFrame(found["students"])
    order = ["random labels", "labels", "teacher, epoch 5", "teacher, epoch 1"]
    shown = students[students.target.isin(order)].groupby(["epoch", "residual", "target"], as_index=False).mean()
    colors = alt.Color("target:N", sort=order, title=None, legend=alt.Legend(orient="bottom", columns=2))
    panels = []
    for residual, title in ((False, "the targets"), (True, "what is left to learn of them")):
        panels.append(
            alt.Chart(shown[shown.residual == residual], title=title)
            .mark_line(point=True)
            .encode(
                alt.X("epoch:Q", title="epochs of the student"),
                alt.Y("adjusted:Q", title="adjusted complexity", scale=alt.Scale(type="log", domain=[0.7, 14])),
                colors,
            )
            .properties(width=270, height=240)
        )
    wrong = pd.DataFrame(found["wrong"]).melt(
        ["data", "kernel", "ridge", "seed"], ["contribution", "left-out margin"], "score", "area"
    )
    wrong["ridge"] = wrong.ridge.map("{:g}".format)
    wrong["which"] = wrong.data + ", " + wrong.kernel.str.replace(" at its start", "")
    found_by = (
        alt.Chart(wrong, title="wrong labels found (area under ROC)")
        .mark_point(filled=True, size=45, opacity=0.7)
        .encode(
            alt.X("area:Q", title=None, scale=alt.Scale(zero=False)),
            alt.Y("which:N", title=None),
            alt.YOffset("score:N"),
            alt.Color("score:N", title=None, scale=alt.Scale(scheme="dark2"), legend=alt.Legend(orient="bottom")),
            alt.Shape("ridge:N", legend=alt.Legend(orient="bottom")),
        )
        .properties(width=270, height=240)
    )
    whole = alt.hconcat(alt.hconcat(*panels), found_by).resolve_scale(color="independent", shape="independent")
    whole = whole.configure(font="DejaVu Sans", background="white").configure_view(stroke=None)
    whole = whole.configure_axis(titleFontWeight="normal", labelFontSize=11, titleFontSize=12)
    whole.configure_title(fontSize=13, anchor="start").configure_legend(labelFontSize=11).save(
        PICTURE, scale_factor=1.5
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stored", action="store_true")
    stored = parser.parse_args().stored
    torch.set_num_threads(1)
    if stored:
        notes = json.loads(RESULTS.with_suffix(".json").read_text())
    else:
        machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
        versions = {name: version(name) for name in ("samplewise", "numpy", "scipy", "scikit-learn", "torch")}
        notes = {"machine": machine, "versions": versions} | measured()
        RESULTS.with_suffix(".json").write_text(json.dumps(notes, indent=1) + "\n")
    RESULTS.with_suffix(".md").write_text(table(notes))
    draw(notes)
    print(table(notes))


if __name__ == "__main__":
    main()
