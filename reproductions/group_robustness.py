"""The worst group under each way of training, beside its controls: garments on photographs, and income by sex.

    python reproductions/group_robustness.py              # half an hour on one core; goes on where it stopped
    python reproductions/group_robustness.py --report     # the tables again

`garment`: pullovers and coats (Fashion-MNIST), cut out and set before one of scikit-learn's two photographs, which
agrees with the garment in 95 % of 4,000 training images; 800 images to choose on and 2,000 to test, in four equal
groups, the test ones before the other half of each photograph. A convolutional network of 64 features, one fixed
number of epochs or a quarter of it, chosen by the worst group for every way alike. `income`: Adult, income by sex,
16,000 training rows, logistic regression; a fifth of the rows chooses the penalty. Five draws each. `hessian`: the
exact diagonal of the last layer's Hessian beside 300 random vectors.

The held-out rows of `garment` are never trained on, except by "last_layer" and by the last two controls.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_sample_images
from torch import nn

from samplewise.shift import GroupRobustClassifier
from samplewise.shift.torch_group_objectives import head_curvature

HERE = Path(__file__).parent
DATA = Path(os.environ.get("SAMPLEWISE_DATA", HERE.parents[1] / "shared" / "data"))
RESULTS = HERE / "results" / "group_robustness.json"
SEEDS = range(5)
METHODS = ("subsample", "reweight", "group_dro", "last_layer", "errors")
PULLOVER, COAT = 2, 4
SIDE = 28
SHARES = (0.475, 0.025, 0.025, 0.475)  # of (garment, photograph) in training


def photographs() -> list[list[np.ndarray]]:
    """For each of two photographs its left and its right half, in gray, 0..1."""
    gray = [image.mean(axis=2) / 255.0 for image in load_sample_images().images]
    return [[image[:, : image.shape[1] // 2], image[:, image.shape[1] // 2 :]] for image in gray]


def composed(draw: np.random.Generator, garments: dict[int, np.ndarray], counts: list[int], half: int) -> tuple:
    """Images (n, 784), garment and photograph of each; cells in the order (garment, photograph)."""
    halves = photographs()
    images, kinds, places = [], [], []
    for cell, count in enumerate(counts):
        garment, photo = divmod(cell, 2)
        for image in garments[garment][:count]:
            scene = halves[photo][half]
            top, left = (draw.integers(0, length - SIDE) for length in scene.shape)
            behind = scene[top : top + SIDE, left : left + SIDE]
            images.append(np.where(image > 0.1, image, behind).ravel())
            kinds.append(garment)
            places.append(photo)
        garments[garment] = garments[garment][count:]
    order = draw.permutation(len(images))
    return np.array(images)[order], np.array(kinds)[order], np.array(places)[order]


def garment_rows(seed: int) -> dict[str, tuple]:
    draw = np.random.default_rng(seed)
    with np.load(DATA / "fashion-mnist" / "train.npz") as held:
        images, labels = held["images"].reshape(-1, SIDE, SIDE) / 255.0, held["labels"]
    garments = {at: draw.permutation(images[labels == label]) for at, label in enumerate((PULLOVER, COAT))}
    cells = draw.multinomial(4000, SHARES).tolist()
    return {
        "train": composed(draw, garments, cells, 0),
        "held": composed(draw, garments, [200] * 4, 0),
        "test": composed(draw, garments, [500] * 4, 1),
    }


def convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, SIDE, SIDE)), nn.Conv2d(1, 16, 5, stride=2, padding=2), nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(32 * 49, 64), nn.ReLU(),
        nn.Linear(64, 2),
    )  # fmt: skip


def garment(seed: int, method: str) -> dict:
    parts = garment_rows(seed)
    X, y, place = (np.concatenate([parts["train"][at], parts["held"][at]]) for at in range(3))
    held = np.arange(len(y)) >= len(parts["train"][1])
    model = GroupRobustClassifier(method=method, network=convolutional, epochs=8, random_state=seed)
    model.fit(X, y, segments=place, held_out=held)
    test, codes, places = parts["test"]
    return found(model, test, codes, places, controls=method == "reweight")


def income_rows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = pd.read_csv(DATA / "groups" / "adult.csv.gz").drop_duplicates()
    y, sex = (table.pop("income") == ">50K").to_numpy().astype(int), table["sex"].to_numpy()
    X = pd.get_dummies(table.drop(columns=["fnlwgt", "education"]), dtype=float)
    return X.to_numpy(), y, sex


def income(seed: int, method: str) -> dict:
    X, y, sex = income_rows()
    order = np.random.default_rng(seed).permutation(len(y))
    train, test = order[:16000], order[16000:]
    model = GroupRobustClassifier(method=method, random_state=seed).fit(X[train], y[train], segments=sex[train])
    return found(model, X[test], y[test], sex[test], controls=method == "reweight")


def found(model: GroupRobustClassifier, X: np.ndarray, y: np.ndarray, place: np.ndarray, *, controls: bool) -> dict:
    """Worst group and averages of the method, and of its controls once per draw."""
    if not controls:
        one = model.group_accuracy(X, y, segments=place)
        return {model.method: [one.worst.value, one.average, one.group_mean]}
    beside = model.compare(X, y, segments=place)
    numbers = np.column_stack([beside.worst, beside.average, beside.group_mean]).tolist()
    return dict(zip(beside.arms, numbers, strict=True))


def hessian(seed: int) -> dict:
    """Relative error and seconds of 300 random vectors beside the closed form (b = 256, d = 64, c = 5)."""
    torch.manual_seed(seed)
    entering, labels = torch.randn(256, 64, dtype=torch.float64), torch.randint(0, 5, (256,))
    head = (torch.randn(5, 64, dtype=torch.float64) / 8).requires_grad_()
    began = time.perf_counter()
    for _ in range(100):
        exact = head_curvature(entering @ head.T, labels, entering)[1].detach()
    closed = (time.perf_counter() - began) / 100
    began = time.perf_counter()
    gradient = torch.autograd.grad(
        nn.functional.cross_entropy(entering @ head.T, labels), head, create_graph=True
    )[0]  # fmt: skip
    drawn = torch.zeros_like(head)
    for _ in range(300):
        signs = torch.randint(0, 2, head.shape, dtype=torch.float64) * 2 - 1
        drawn += signs * torch.autograd.grad((gradient * signs).sum(), head, retain_graph=True)[0] / 300
    probes = time.perf_counter() - began
    true = torch.autograd.functional.hessian(
        lambda weights: nn.functional.cross_entropy(entering @ weights.T, labels), head.detach()
    ).reshape(320, 320).diagonal().reshape(5, 64)  # fmt: skip
    apart = {name: float((one - true).norm() / true.norm()) for name, one in (("exact", exact), ("drawn", drawn))}
    return apart | {"times_faster": probes / closed}


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--report", action="store_true")
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    if not asked.parse_args().report:
        for seed in SEEDS:
            keep(results, f"hessian {seed}", lambda seed=seed: hessian(seed))
        for method in METHODS:
            for name, task in (("income", income), ("garment", garment)):
                for seed in SEEDS:
                    keep(results, f"{name} {method} {seed}", lambda t=task, s=seed, m=method: t(s, m))
    report(results)


def keep(results: dict, name: str, measured) -> None:
    if name in results:
        return
    began = time.perf_counter()
    results[name] = measured()
    print(f"{name}: {results[name]} ({time.perf_counter() - began:.0f} s)", flush=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")


def report(results: dict) -> None:
    lines = ["# The worst group under each way of training", ""]
    for task in ("income", "garment"):
        arms: dict[str, list] = {}
        for name, answer in results.items():
            if name.startswith(task):
                for arm, numbers in answer.items():
                    arms.setdefault(arm, []).append(numbers)
        if not arms:
            continue
        lines += [f"## {task}", "", "| trained | draws | worst group | sd over draws | average of rows | of groups |",
                  "|-|-|-|-|-|-|"]  # fmt: skip
        for arm, numbers in arms.items():
            table = np.array(numbers)
            spread = f"{table[:, 0].std(ddof=1):.3f}" if len(table) > 1 else ""
            mean = " | ".join(f"{one:.3f}" for one in table.mean(axis=0)[1:])
            lines.append(f"| {arm} | {len(table)} | {table[:, 0].mean():.3f} | {spread} | {mean} |")
        lines.append("")
    drawn = [answer for name, answer in results.items() if name.startswith("hessian")]
    if drawn:
        exact, random, faster = (np.mean([one[key] for one in drawn]) for key in ("exact", "drawn", "times_faster"))
        lines += ["## hessian", "", f"Relative error {exact:.1e} in closed form, {random:.3f} by 300 random vectors; "
                  f"{faster:.0f} times faster."]  # fmt: skip
    text = "\n".join(lines) + "\n"
    RESULTS.with_suffix(".md").write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
