"""k models on k subsets of one data set: folds, halves with their complements, nested sizes, pairs of folds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from samplewise.core.arrays import Array, Ints, Mask
from samplewise.core.errors import unknown_name
from samplewise.data.splits import nested_subsets, random_halves
from samplewise.engine.models.learner import Fit
from samplewise.engine.refits.runner import FitRunner

Design = Literal["folds", "halves", "nested", "pairs"]


@dataclass(frozen=True, slots=True, eq=False)
class Refits:
    """Models fitted on subsets of the same rows, and what each says about every row, inside or outside its subset."""

    ids: Array  # (n,)
    inside: Mask  # (k, n) which rows taught model k
    outputs: Array  # (k, n, c) float32
    design: Design
    seeds: Array  # (k,)
    learner: str  # fingerprints
    data: str

    def __len__(self) -> int:
        """Number of models."""
        return len(self.inside)

    def sizes(self) -> Ints:
        """(k,) rows that taught each model."""
        return np.asarray(self.inside.sum(axis=1))


def refit(runner: FitRunner, design: Design, folds: Ints, *, count: int = 10, sizes: Sequence[int] = ()) -> Refits:
    """Fit one model per subset of a design and ask each about all n rows.

    Args:
        runner: data, learner, seed, store.
        design: "folds" (one model per fold left out), "pairs" (per pair of folds left out), "halves" (`count` hash-drawn
            stratified halves and their complements), "nested" (`count` repeats of nested subsets of the given sizes).
        folds: (n,) fold of every row; groups already kept together.
        count: pairs of halves, or repeats of the nested subsets.
        sizes: training sizes for "nested", increasing.

    Returns:
        `Refits` with k models: folds, folds * (folds - 1) / 2, 2 * count, or count * len(sizes).

    Cost: k fits.
    """
    inside = _subsets(runner, design, folds, count, sizes)
    everyone = np.arange(len(folds))
    outputs = runner.outputs([Fit(mask, everyone) for mask in inside], blocks=folds)
    seeds = np.full(len(inside), runner.seed)
    return Refits(
        runner.data.ids,
        inside,
        np.stack(outputs),
        design,
        seeds,
        runner.learner.fingerprint(),
        runner.data.fingerprint(),
    )


def _subsets(runner: FitRunner, design: Design, folds: Ints, count: int, sizes: Sequence[int]) -> Mask:
    data, target = runner.data, runner.target
    codes = None if target.classes is None else target.codes
    numbers = np.unique(folds)
    if design == "folds":
        return np.stack([folds != fold for fold in numbers])
    if design == "pairs":
        return np.stack([(folds != a) & (folds != b) for a in numbers for b in numbers if a < b])
    if design == "halves":
        return random_halves(data.ids, codes, data.groups, pairs=count, seed=runner.seed)
    if design == "nested":
        subsets = nested_subsets(data.ids, codes, data.groups, sizes=sizes, repeats=count, seed=runner.seed)
        return subsets.reshape(-1, len(folds))
    raise unknown_name("design", design, ("folds", "halves", "nested", "pairs"))
