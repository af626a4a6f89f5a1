"""k models on k subsets of one data set: folds, halves with their complements, nested sizes, pairs, supersamples."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from samplewise.core.arrays import Array, Ints, Mask
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.randomness import derive_seed
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.data.splits import nested_subsets, random_halves
from samplewise.engine.models.learner import Fit
from samplewise.engine.refits.ghost_pairs import Supersample, deal_pairs
from samplewise.engine.refits.runner import FitRunner

Design = Literal["folds", "halves", "nested", "pairs", "supersample"]


@dataclass(frozen=True, slots=True, eq=False)
class Refits(Result):
    """Models fitted on subsets of the same rows, and the outputs of each for all rows, inside or outside its subset."""

    MADE_BY: ClassVar[str] = "engine.refits.fit_design(rows.runner, design, rows.folds()), with rows = prepare(data)"

    ids: Array  # (n,)
    inside: Mask  # (k, n) which rows model k was trained on
    outputs: Array  # (k, n, c) float32
    design: Design
    seeds: Array  # (k,)
    learner: str  # fingerprints
    data: str
    pairing: Supersample | None = None  # of design "supersample": which rows are a pair
    groups: Array | None = None  # (n,) rows that are one observation: exact duplicates, the user's groups

    def __len__(self) -> int:
        """Number of models."""
        return len(self.inside)

    def require_rows(self, ids: Array) -> None:
        """Refuse another data set than the one with these ids, in this order."""
        if not np.array_equal(self.ids, ids):
            raise InputError(
                "these refits are of other rows", where="refits", got=f"{len(self.ids)} rows for {len(ids)}",
                fix="pass refits of exactly this data, in its order, or leave them out",
            )  # fmt: skip

    def sizes(self) -> Ints:
        """(k,) number of training rows of each model."""
        return np.asarray(self.inside.sum(axis=1))

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(len(self), 'model')} on subsets of {count_of(len(self.ids), 'row')}, design {self.design!r},"
        yield f"with {self.outputs.shape[2]} outputs each."

    def _table(self) -> Table:
        return Table({"model": np.arange(len(self)), "rows": self.sizes(), "seed": self.seeds}, index="model")


def fit_design(
    runner: FitRunner,
    design: Design,
    folds: Ints,
    *,
    count: int = 10,
    sizes: Sequence[int] = (),
    among: Mask | None = None,
) -> Refits:
    """Fit one model per subset of a design and predict all n rows with each.

    Args:
        runner: data, learner, seed, store.
        design: "folds" (one model per fold left out), "pairs" (per pair of folds left out), "halves" (`count`
            hash-drawn stratified halves and their complements), "nested" (`count` repeats of growing subsets).
        folds: (n,) fold of every row; groups already kept together.
        count: pairs of halves, or repeats of the nested subsets.
        sizes: training sizes for "nested", increasing.
        among: (n,) rows "nested" subsets are drawn from; default all. With time: the rows before the evaluation rows.

    Returns:
        `Refits` with k models: folds, folds * (folds - 1) / 2, 2 * count, or count * len(sizes).

    Cost: k fits.
    """
    inside = _nested(runner, count, sizes, among) if design == "nested" else _subsets(runner, design, folds, count)
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
        groups=runner.groups,
    )


def supersamples(runner: FitRunner, *, n_splits: int = 30, n_draws: int = 3) -> tuple[Supersample, ...]:
    """`n_draws` random pairings of the runner's rows within classes, groups on one side, each of `n_splits` splits."""
    codes = None if runner.target.classes is None else runner.target.codes
    seeds = [derive_seed(runner.seed, "pairs", draw) for draw in range(n_draws)]
    return tuple(deal_pairs(runner.data.ids, codes, runner.groups, n_splits=n_splits, seed=seed) for seed in seeds)


def refit_supersamples(runner: FitRunner, folds: Ints, pairings: Sequence[Supersample]) -> tuple[Refits, ...]:
    """Fit one model per split of each pairing and predict all n rows with each.

    Args:
        runner: data, learner, seed, store.
        folds: (n,) fold of every row, as in `fit_design`.
        pairings: from `supersamples`.

    Returns:
        One `Refits` per pairing, of design "supersample".

    Cost: as many fits as the pairings have splits together.
    """
    everyone = np.arange(len(folds))
    inside = [pairing.inside() for pairing in pairings]
    answers = iter(runner.outputs([Fit(mask, everyone) for masks in inside for mask in masks], blocks=folds))
    made = (runner.learner.fingerprint(), runner.data.fingerprint())
    return tuple(
        Refits(
            runner.data.ids, masks, np.stack([next(answers) for _ in masks]), "supersample",
            np.full(len(masks), runner.seed), *made, pairing, runner.groups,
        )
        for masks, pairing in zip(inside, pairings, strict=True)
    )  # fmt: skip


def _subsets(runner: FitRunner, design: Design, folds: Ints, count: int) -> Mask:
    numbers = np.unique(folds)
    if design == "folds":
        return np.stack([folds != fold for fold in numbers])
    if design == "pairs":
        return np.stack([(folds != a) & (folds != b) for a in numbers for b in numbers if a < b])
    if design == "halves":
        codes = None if runner.target.classes is None else runner.target.codes
        return random_halves(runner.data.ids, codes, runner.groups, n_pairs=count, seed=runner.seed)
    raise unknown_name("design", design, ("folds", "halves", "nested", "pairs"))


def _nested(runner: FitRunner, count: int, sizes: Sequence[int], among: Mask | None) -> Mask:
    """(count * len(sizes), n) subsets of growing size, drawn from the rows `among`."""
    rows = np.arange(len(runner.data)) if among is None else np.flatnonzero(among)
    codes = None if runner.target.classes is None else runner.target.codes[rows]
    groups = None if runner.groups is None else runner.groups[rows]
    drawn = nested_subsets(runner.data.ids[rows], codes, groups, sizes=sizes, n_repeats=count, seed=runner.seed)
    inside = np.zeros((count * len(sizes), len(runner.data)), dtype=bool)
    inside[:, rows] = drawn.reshape(-1, len(rows))
    return inside
