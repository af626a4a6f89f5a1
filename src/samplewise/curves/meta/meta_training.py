"""Learning from whole curves how to extrapolate a short one: `fit_meta`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError, require_count, require_kind
from samplewise.core.randomness import generator, hashed_order
from samplewise.curves.laws import LAWS, fit_law
from samplewise.curves.meta.curve_features import NAMES, describe
from samplewise.curves.meta.models import SWITCHES, MetaModel, tree_rows
from samplewise.curves.meta.predictive import (
    DISTANCES,
    PROBABILITIES,
    between_distances,
    covered_share,
    fit_quantiles,
    noise_of,
    pooled_quantiles,
)
from samplewise.curves.meta.samples import CurvePart, History, Samples, parts_of, samples_of
from samplewise.curves.meta.tree_fitting import Boosting, boosted, forest
from samplewise.curves.meta.trees import Trees
from samplewise.curves.piecewise import piecewise_errors
from samplewise.curves.points import CurvePoints

LEAST_GROUPS = 6
FOLDS = 3
ERROR = Boosting("absolute_error", columns=0.3)
SPREAD = Boosting("squared_error", rounds=80, leaves=15, columns=0.5)
FULL_LEVEL, LEAST_SHARE = 0.25, 0.1  # rows with smaller errors are kept less often, down to a tenth
MASKED = 0.5  # rows without the name of the learner; as large a share of these without its class
FORECAST_TURNS = 2  # of the later points of a part the forecast learns from these, the spread from all
LEAST_RESIDUAL = 0.01  # of the level: a residual of 0 has no logarithm
LAW_PARTS = 2_000  # parts each law is fitted to, where they have the sizes it takes
SWITCH_PARTS = 8_000
SWITCH_TREES, SWITCH_LEAVES, SWITCH_ROWS = 40, 80, 20
CATEGORIES = 2  # columns before the features: learner and class


@checked
def fit_meta(
    curves: Sequence[CurvePoints],
    groups: Sequence[object],
    learner_names: Sequence[str] | None = None,
    *,
    fields: Sequence[object] | None = None,
    n_repeats: int | None = None,
    seed: int = 0,
) -> MetaModel:
    """Models that extrapolate a short curve, learned from whole curves of other data sets (error rates).

    Every curve is cut off at many sizes, thinned and perturbed as if fewer draws had been made. One set of trees learns
    what came later, the error over the level at the cut; a second one, from fields left out, how far off that is; and
    the quantiles of error - forecast over that spread, again from fields left out, make it a distribution. Sizes beyond
    the end of a curve are no rows: what was never measured is not learned from (censoring).

    Args:
        curves: k whole curves, as careful as there are; each with more than three sizes.
        groups: (k,) what belongs together (one data set and its variants): such curves count together as one.
        learner_names: (k,) the learner of each curve, up to 31 of them (rarer ones count as unknown); None to leave it
            out.
        fields: (k,) what is alike beyond that (the same field, the same generator): never split between fitting and
            evaluation; default the groups.
        n_repeats: draws behind each mean error; default the fewest `n_repeats` of the curves.
        seed: fixes cuts, thinning and noise.

    Returns:
        `MetaModel`, to pass to `forecast` and `samples_needed`, with quantiles and coverage from fields left out.

    Raises:
        InputError: fewer than six groups or three fields, or lists of different lengths.

    Cost: some minutes for 5,000 curves of 60 sizes.   Not for: a handful of data sets; take `shipped_meta()`.
    Source: jain2023, mahmood2022.
    """
    if not hasattr(curves, "__getitem__") or not hasattr(groups, "__len__"):
        raise InputError(
            "curves and groups are lists of equal length", got=f"{type(curves).__name__}, {type(groups).__name__}",
            fix="pass [curve, ...] and one group per curve",
        )  # fmt: skip
    for curve in curves:
        require_kind(curve, CurvePoints)
    n_repeats = None if n_repeats is None else require_count(n_repeats, "n_repeats")
    history = History.of(curves, groups, learner_names, n_repeats, fields)
    for name, given, least in (("groups", history.groups, LEAST_GROUPS), ("fields", history.fields, FOLDS)):
        if len(set(given)) < least:
            raise InputError(
                "learning from other curves needs several groups of them", where=name,
                got=f"{len(set(given))} {name}",
                fix=f"pass curves of at least {LEAST_GROUPS} data sets, or use shipped_meta()",
            )  # fmt: skip
    parts = parts_of(history, seed)
    if not parts:
        raise InputError(
            "whole curves are longer than what is forecast from them",
            got=f"curves of at most {max(map(len, history.sizes))} sizes",
            fix="pass curves of more than three sizes",
        )
    samples = samples_of(history, parts, seed)
    rows = Rows.of(history, samples, seed)
    fold = _folds(history.fields, seed)[samples.curve]
    standard, residual = _left_out(rows, fold, seed)
    known = samples.ahead[:, 0] / np.log(2.0), noise_of(samples.table), history.groups[samples.curve]
    spread = _grow_spread(rows, residual)
    return MetaModel(
        error=_grow_error(rows, seed),
        spread=spread,
        switch=_switch_forest(history, parts, seed),
        quantiles=fit_quantiles(standard, *known),
        law_quantiles=_law_quantiles(history, parts, spread, seed),
        covered=_covered(standard, known, fold),
        names=history.names,
        classes=history.class_names,
        groups=len(set(history.groups)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """r pairs of a part and a later point, as the trees see them."""

    table: Floats  # (r, 30)
    ratio: Floats  # (r,) the later error over the level
    level: Floats  # (r,)
    turn: Ints  # (r,)
    weight: Floats  # (r,) a large group does not count as its number of curves, but as the root of it

    @classmethod
    def of(cls, history: History, samples: Samples, seed: int) -> "Rows":
        """Half of the rows do not know the learner, and half of those not even its class."""
        draw = generator(seed, "masks")
        hidden = draw.random(len(samples.level)) < MASKED
        wholly = hidden & (draw.random(len(samples.level)) < MASKED)
        name = np.where(hidden, len(history.names), history.learners[samples.curve])
        kind = np.where(wholly, len(history.class_names), history.classes[samples.curve])
        table = tree_rows(samples.table, samples.ahead[:, None, :], np.column_stack([name, kind]))[:, 0]
        _, member, counts = np.unique(history.groups, return_inverse=True, return_counts=True)
        weight = 1.0 / np.sqrt(counts[member[samples.curve]], dtype=np.float64)
        return cls(table, samples.error / samples.level, samples.level, samples.turn, weight)

    def keep(self, rows: Array) -> "Rows":
        """Only some of the rows."""
        return Rows(*(getattr(self, name)[rows] for name in self.__slots__))


def _left_out(rows: Rows, fold: Ints, seed: int) -> tuple[Floats, Floats]:
    """(r,) standardized errors, and errors over the level, of forecasts and spreads that did not see the fold."""
    expected, spread = np.empty(len(fold)), np.empty(len(fold))
    for left_out in np.unique(fold):
        trees = _grow_error(rows.keep(fold != left_out), seed)
        expected[fold == left_out] = trees.sums(rows.table[fold == left_out])[:, 0]
    residual = rows.ratio - np.maximum(expected, 0.0)
    for left_out in np.unique(fold):
        trees = _grow_spread(rows.keep(fold != left_out), residual[fold != left_out])
        spread[fold == left_out] = trees.sums(rows.table[fold == left_out])[:, 0]
    return residual / np.exp(spread), residual


def _covered(standard: Floats, known: tuple[Floats, Ints, Array], fold: Ints) -> Floats:
    """(3, h, levels) share of the rows inside bands whose quantiles were set on the other folds."""
    octaves, noise, groups = known
    tables = np.empty((len(standard), len(PROBABILITIES)))
    for left_out in np.unique(fold):
        others, mine = fold != left_out, fold == left_out
        table = fit_quantiles(standard[others], octaves[others], noise[others], groups[others])
        tables[mine] = quantiles_of(table, octaves[mine], noise[mine])
    return covered_share(tables, standard, known)


def quantiles_of(table: Floats, octaves: Floats, noise: Ints) -> Floats:
    """(r, q) the quantiles (3, h, q) of each row."""
    return np.stack([between_distances(kind, octaves) for kind in table])[noise, np.arange(len(noise))]


def standardized(
    model: MetaModel,
    curves: Sequence[CurvePoints],
    groups: Sequence[object],
    learner_names: Sequence[str],
    repeats: int,
) -> tuple[Floats, Floats, Ints, Array]:
    """z, octaves ahead, noise class and group (r,) of pairs from curves that a model did not see.

    Sampled as in training. A learner that the model does not know keeps its class where it knows that.
    """
    history = History.of(curves, groups, learner_names, repeats)
    samples = samples_of(history, parts_of(history, 0), 0)
    recoded = replace(
        history, names=model.names, class_names=model.classes,
        learners=_recoded(history.learners, history.names, model.names),
        classes=_recoded(history.classes, history.class_names, model.classes),
    )  # fmt: skip
    rows = Rows.of(recoded, samples, 0)
    residual = rows.ratio - np.maximum(model.error.sums(rows.table)[:, 0], 0.0)
    z = residual / np.exp(model.spread.sums(rows.table)[:, 0])
    return z, samples.ahead[:, 0] / np.log(2.0), noise_of(samples.table), history.groups[samples.curve]


def _recoded(codes: Ints, names: Sequence[str], known: Sequence[str]) -> Ints:
    """Codes of `names` as codes of `known`; what is not among them, and unknown, as their number."""
    place = {name: code for code, name in enumerate(known)}
    return np.array([*(place.get(name, len(known)) for name in names), len(known)])[codes]


def _grow_error(rows: Rows, seed: int) -> Trees:
    """Error over level; falling with the size, rising with what a law says.

    Large errors matter more in points, so rows of small ones are thinned: as good as weights, and faster.
    """
    share = np.clip(rows.level / FULL_LEVEL, LEAST_SHARE, 1.0)
    rows = rows.keep((generator(seed, "levels").random(len(share)) < share) & (rows.turn < FORECAST_TURNS))
    directions = np.r_[np.zeros(CATEGORIES + len(NAMES), dtype=np.intp), -1, 1, 1]
    return boosted(rows.table, rows.ratio, directions, ERROR, categories=CATEGORIES, weights=rows.weight)


def _grow_spread(rows: Rows, residual: Floats) -> Trees:
    """Log of the size of the forecast's error over the level, rising with the size."""
    directions = np.r_[np.zeros(CATEGORIES + len(NAMES), dtype=np.intp), 1, 0, 0]
    size = np.log(np.abs(residual) + LEAST_RESIDUAL)
    return boosted(rows.table, size, directions, SPREAD, categories=CATEGORIES, weights=rows.weight)


def _folds(fields: Array, seed: int) -> Ints:
    """(k,) folds of about equally many curves that keep fields whole."""
    names, place, sizes = np.unique(fields, return_inverse=True, return_counts=True)
    load, fold = np.zeros(FOLDS), np.empty(len(names), dtype=np.intp)
    order = hashed_order(seed, names, "folds")
    for name in order[np.argsort(-sizes[order], kind="stable")]:
        fold[name] = np.argmin(load)
        load[fold[name]] += sizes[name]
    return fold[place]


def _law_residuals(history: History, parts: Sequence[CurvePart], seed: int) -> tuple[Samples, Floats]:
    """Some parts with the last point of their curve (r), and what each law leaves there, over the level (laws, r).

    A cut-off curve with fewer sizes than a law has parameters says nothing about it (NaN).
    """
    chosen: list[CurvePart] = []
    for place in generator(seed, "laws").permutation(len(parts)):
        if sum(len(part.curve) for part in chosen) < LAW_PARTS:
            chosen.append(parts[place])
    samples, left = samples_of(history, chosen, seed, targets=1), []
    for part in chosen:
        size = np.array([history.sizes[place][-1] for place in part.curve])
        error = np.array([history.errors[place][-1] for place in part.curve])
        fitted = np.full((len(LAWS), len(size)), np.nan)
        for place, (law, least) in enumerate(LAWS.items()):
            if len(part.sizes) >= least:
                fitted[place] = np.diagonal(fit_law(law, part.sizes, part.errors).error(size))
        left.append(error - fitted)
    return samples, np.concatenate(left, axis=1) / samples.level


def _law_quantiles(history: History, parts: Sequence[CurvePart], spread: Trees, seed: int) -> Floats:
    """(laws, h, q) quantiles of what each law leaves, over the spread that the trees expect; NaN if never fitted."""
    samples, residuals = _law_residuals(history, parts, seed)
    who = np.column_stack([history.learners, history.classes])[samples.curve]
    rows = tree_rows(samples.table, samples.ahead[:, None, :], who)[:, 0]
    width, octaves = np.exp(spread.sums(rows)[:, 0]), samples.ahead[:, 0] / np.log(2.0)
    groups = history.groups[samples.curve]
    found = np.full((len(LAWS), len(DISTANCES), len(PROBABILITIES)), np.nan)
    for place, left in enumerate(residuals):
        known = np.isfinite(left)
        if known.any():
            found[place] = pooled_quantiles(left[known] / width[known], octaves[known], groups[known])
    return found


def _some(parts: Sequence[CurvePart], count: int) -> list[CurvePart]:
    """About `count` rows of the parts, evenly spread, of the large ones only a share."""
    total = sum(len(part.curve) for part in parts)
    step = max(1, total // count)
    kept, passed = [], 0
    for part in parts:
        chosen = np.arange(-passed % step, len(part.curve), step)
        passed += len(part.curve)
        if len(chosen):
            kept.append(CurvePart(part.sizes, part.errors[chosen], part.standard_errors[chosen], part.curve[chosen]))
    return kept


def _switch_forest(history: History, parts: Sequence[CurvePart], seed: int) -> Trees:
    """Forest for the square root of what the piecewise law loses with each switch, relative to the level."""
    tables, losses = [], []
    for part in _some(parts, SWITCH_PARTS):
        features = describe(part.sizes, part.errors, part.standard_errors)
        wanted = np.unique(np.concatenate([history.sizes[place] for place in part.curve]))
        wanted = wanted[wanted > part.sizes[-1]]
        fitted = piecewise_errors(part.sizes, part.errors, wanted, SWITCHES * part.sizes[-1])  # (g, b, m)
        true = np.full((len(part.curve), len(wanted)), np.nan)
        for row, place in enumerate(part.curve):
            here = np.isin(wanted, history.sizes[place])
            true[row, here] = history.errors[place][np.isin(history.sizes[place], wanted)]
        loss = np.nanmean(np.abs(fitted - true), axis=2) / features.level
        tables.append(features.table)
        losses.append(np.sqrt(loss).T)
    table = np.concatenate(tables).astype(np.float32).astype(np.float64)
    return forest(table, np.concatenate(losses), SWITCH_TREES, SWITCH_LEAVES, SWITCH_ROWS)
