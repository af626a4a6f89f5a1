"""Learning from whole curves how to extrapolate a short one: `fit_meta`."""

from collections.abc import Sequence

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError, require_count, require_kind
from samplewise.core.randomness import generator, hashed_order
from samplewise.curves.laws import LAWS, fit_law
from samplewise.curves.meta.bands import HORIZONS, PROBABILITIES, quantiles_by_horizon, share_covered
from samplewise.curves.meta.curve_features import NAMES, describe
from samplewise.curves.meta.models import SWITCHES, Branch, MetaModel, error_rows, reach_rows
from samplewise.curves.meta.samples import CurvePart, History, Samples, parts_of, samples_of
from samplewise.curves.meta.tree_fitting import Boosting, boosted, forest
from samplewise.curves.meta.trees import Trees
from samplewise.curves.piecewise import piecewise_errors
from samplewise.curves.points import CurvePoints

LEAST_GROUPS = 6
FOLDS = 3
ERROR = Boosting("absolute_error")
SPREAD = Boosting("squared_error", rounds=60, leaves=15, least_rows=50)
REACH = Boosting("log_loss", least_rows=40)
FULL_LEVEL, LEAST_SHARE = 0.25, 0.1  # rows with smaller errors are kept less often, down to a tenth
NEAR_FALL, FAR_FALL = 0.3, (0.02, 3.5)  # targets trained on, as falls of the log error
NEAR_SHARE = 0.2
FORECAST_TURNS = 2  # of the later points of a part the forecast learns from these, the chance from all but the last
LEAST_RESIDUAL = 0.01  # of the level: a residual of 0 has no logarithm
REDUCTIONS = (0.1, 0.2, 0.3, 0.5)  # of the last error: targets for choosing the single answer
ANSWERS = np.arange(0.2, 0.85, 0.05)
ANSWER_PARTS, GOES_ON = 500, 8.0
LAW_PARTS = 2_000  # parts each law is fitted to, where they have the sizes it takes
SWITCH_PARTS = 8_000
SWITCH_TREES, SWITCH_LEAVES, SWITCH_ROWS = 40, 80, 20


@checked
def fit_meta(
    curves: Sequence[CurvePoints],
    groups: Sequence[object],
    learner_names: Sequence[str] | None = None,
    *,
    n_repeats: int | None = None,
    seed: int = 0,
) -> MetaModel:
    """Models that extrapolate a short curve, learned from whole curves of other data sets (error rates).

    Every curve is cut off at many sizes, thinned and perturbed as if fewer draws had been made, and the trees learn
    what came later: the error over the level at the cut, how far off that is, and the chance to be at or below a
    target. Sizes beyond the end of a curve are no rows: what was never measured is not learned from (censoring).

    Args:
        curves: k whole curves, as careful as there are; each with more than three sizes.
        groups: (k,) what belongs together (one data set and its variants): never split between fitting and evaluation.
        learner_names: (k,) the learner of each curve, for models that use it; None to leave it out.
        n_repeats: draws behind each mean error; default the fewest `n_repeats` of the curves.
        seed: fixes cuts, thinning and noise.

    Returns:
        `MetaModel`, to pass to `forecast` and `samples_needed`, with bands and coverage from held-out groups.

    Raises:
        InputError: fewer than six groups, or lists of different lengths.

    Cost: about a minute for 5,000 curves of 60 sizes.   Not for: a handful of data sets; take `shipped_meta()`.
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
    history = History.of(curves, groups, learner_names, n_repeats)
    if len(set(history.groups)) < LEAST_GROUPS:
        raise InputError(
            "learning from other curves needs several groups of them",
            got=f"{len(set(history.groups))} groups",
            fix=f"pass curves of at least {LEAST_GROUPS} data sets, or use shipped_meta()",
        )
    parts = parts_of(history, seed)
    if not parts:
        raise InputError(
            "whole curves are longer than what is forecast from them",
            got=f"curves of at most {max(map(len, history.sizes))} sizes",
            fix="pass curves of more than three sizes",
        )
    samples = samples_of(history, parts, seed)
    folds = _folds(history.groups, seed)
    anonymous = np.full(len(history.groups), -1)
    laws = _law_residuals(history, parts, seed)
    plain = _branch(history, parts, samples, (folds, anonymous), laws, seed)
    named = _branch(history, parts, samples, (folds, history.learners), laws, seed) if history.names else None
    return MetaModel(plain, named, _switch_forest(history, parts, seed), history.names, len(set(history.groups)))


def _branch(
    history: History,
    parts: Sequence[CurvePart],
    samples: Samples,
    who: tuple[Ints, Ints],
    laws: tuple[Samples, Floats],
    seed: int,
) -> Branch:
    """All models of one kind, with bands and the answering probability from models that did not see the group."""
    folds, learners = who
    fold, learner = folds[samples.curve], learners[samples.curve]
    fall = _targets(len(samples.level), seed)
    expected, spread = np.empty(len(fold)), np.empty(len(fold))
    reach: list[Trees] = []
    for left_out in range(FOLDS):
        seen, evaluated = fold != left_out, fold == left_out
        expected[evaluated] = _predicted(
            _grow_error(samples.keep(seen), learner[seen], seed), samples, learner, evaluated
        )
        reach.append(_grow_reach(samples.keep(seen), learner[seen], fall[seen]))
    residual = samples.error / samples.level - np.maximum(expected, 0.0)
    for left_out in range(FOLDS):
        seen, evaluated = fold != left_out, fold == left_out
        trees = _grow_spread(samples.keep(seen), learner[seen], residual[seen])
        spread[evaluated] = _predicted(trees, samples, learner, evaluated)
    standard = residual / np.exp(spread)
    groups = history.groups[samples.curve]
    octaves = samples.ahead[:, 0] / np.log(2.0)
    spread_trees = _grow_spread(samples, learner, residual)
    return Branch(
        error=_grow_error(samples, learner, seed),
        spread=spread_trees,
        reach=_grow_reach(samples, learner, fall),
        law_quantiles=_law_quantiles(history, laws, spread_trees, learners),
        quantiles=quantiles_by_horizon(standard, octaves, groups),
        covered=share_covered(standard, octaves, groups, fold),
        answer=_answer(history, parts, reach, who),
    )


def _grow_error(samples: Samples, learner: Ints, seed: int) -> Trees:
    """Error over level; falling with the size, rising with what a law says.

    Large errors matter more in points, so rows of small ones are thinned: as good as weights, and faster.
    """
    share = np.clip(samples.level / FULL_LEVEL, LEAST_SHARE, 1.0)
    kept = (generator(seed, "levels").random(len(share)) < share) & (samples.turn < FORECAST_TURNS)
    samples, learner = samples.keep(kept), learner[kept]
    rows = error_rows(samples.table, samples.ahead[:, None, :], learner)[:, 0]
    directions = np.r_[np.zeros(1 + len(NAMES), dtype=np.intp), -1, 1, 1]
    return boosted(rows, samples.error / samples.level, directions, ERROR)


def _grow_spread(samples: Samples, learner: Ints, residual: Floats) -> Trees:
    """Log of the size of the forecast's error over the level, rising with the size."""
    rows = error_rows(samples.table, samples.ahead[:, None, :], learner)[:, 0]
    directions = np.r_[np.zeros(1 + len(NAMES), dtype=np.intp), 1, 0, 0]
    return boosted(rows, np.log(np.abs(residual) + LEAST_RESIDUAL), directions, SPREAD)


def _grow_reach(samples: Samples, learner: Ints, fall: Floats) -> Trees:
    """Log odds that the later error is at most level * exp(-fall); rising with the size and with the target.

    Drawn points only: last points are far away, and how far depends on how far the curve was measured.
    """
    drawn = samples.turn > 0
    samples, learner, fall = samples.keep(drawn), learner[drawn], fall[drawn]
    rows = reach_rows(samples.table, samples.ahead[:, None, :], -fall[:, None], learner)[:, 0]
    arrived = samples.error <= samples.level * np.exp(-fall)
    directions = np.r_[np.zeros(1 + len(NAMES), dtype=np.intp), 1, 1, 1, 1]
    return boosted(rows, arrived.astype(np.float64), directions, REACH)


def _predicted(trees: Trees, samples: Samples, learner: Ints, rows: Array) -> Floats:
    kept = samples.keep(rows)
    return trees.sums(error_rows(kept.table, kept.ahead[:, None, :], learner[rows])[:, 0])[:, 0]


def _targets(count: int, seed: int) -> Floats:
    """(r,) falls of the log error to train on, drawn independently of the later errors."""
    draw = generator(seed, "falls")
    near, far = (
        draw.uniform(-NEAR_FALL, NEAR_FALL, count),
        np.exp(draw.uniform(np.log(FAR_FALL[0]), np.log(FAR_FALL[1]), count)),
    )
    return np.where(draw.random(count) < NEAR_SHARE, near, far)


def _folds(groups: Array, seed: int) -> Ints:
    """(k,) folds of about equally many curves that keep groups whole."""
    names, place, sizes = np.unique(groups, return_inverse=True, return_counts=True)
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


def _law_quantiles(history: History, laws: tuple[Samples, Floats], spread: Trees, learners: Ints) -> Floats:
    """(laws, h, q) quantiles of what each law leaves, over the spread that the trees expect; NaN if never fitted."""
    samples, residuals = laws
    rows = error_rows(samples.table, samples.ahead[:, None, :], learners[samples.curve])[:, 0]
    width, octaves = np.exp(spread.sums(rows)[:, 0]), samples.ahead[:, 0] / np.log(2.0)
    groups, found = history.groups[samples.curve], []
    for left in residuals:
        known = np.isfinite(left)
        parts = left[known] / width[known], octaves[known], groups[known]
        found.append(
            quantiles_by_horizon(*parts) if known.any() else np.full((len(HORIZONS), len(PROBABILITIES)), np.nan)
        )
    return np.array(found)


def _answer(history: History, parts: Sequence[CurvePart], reach: Sequence[Trees], who: tuple[Ints, Ints]) -> float:
    """The share of the chance to arrive at all whose size lies within a factor of two of the true one most often.

    Evaluated out of fold, where the target was reached.
    """
    folds, learners = who
    hits = np.zeros(len(ANSWERS))
    for part in _some(_long_before_the_end(history, parts), ANSWER_PARTS):
        features = describe(part.sizes, part.errors, part.standard_errors)
        octaves = np.arange(0.0, 6.01, 0.25)
        ahead = features.ahead(part.sizes[-1] * 2.0**octaves)
        fold, learner = folds[part.curve], learners[part.curve]
        for reduction in REDUCTIONS:
            target = (1.0 - reduction) * part.errors[:, -1]
            true = _arrivals(history, part, target)
            fall = np.log(np.maximum(target, 1e-6) / features.level)
            rows = reach_rows(features.table, ahead, fall[:, None], learner)
            odds = np.empty(rows.shape[:2])
            for left_out in np.unique(fold):
                mine = fold == left_out
                table = rows[mine].reshape(-1, rows.shape[-1])
                odds[mine] = reach[left_out].sums(table)[:, 0].reshape(-1, len(octaves))
            chance = 1.0 / (1.0 + np.exp(-odds))  # (b, sizes)
            for place, level in enumerate(ANSWERS):
                arrived = chance >= level * chance[:, -1:]
                forecast = np.where(arrived.any(axis=1), octaves[arrived.argmax(axis=1)], np.inf)
                known = np.isfinite(true)
                hits[place] += np.sum(np.abs(forecast[known] - true[known]) <= 1.0)
    return float(ANSWERS[np.argmax(hits)])


def _long_before_the_end(history: History, parts: Sequence[CurvePart]) -> list[CurvePart]:
    """Parts whose curve goes on for three octaves or more: just before its end only near targets are reached."""
    found = []
    for part in parts:
        ends = np.array([history.sizes[place][-1] for place in part.curve])
        far = np.flatnonzero(ends >= GOES_ON * part.sizes[-1])
        if len(far):
            found.append(CurvePart(part.sizes, part.errors[far], part.standard_errors[far], part.curve[far]))
    return found or list(parts)


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


def _arrivals(history: History, part: CurvePart, target: Floats) -> Floats:
    """(b,) octaves until the measured error is at most the target; inf where that was not seen."""
    octaves = np.full(len(target), np.inf)
    for row, place in enumerate(part.curve):
        sizes, errors = history.sizes[place], history.errors[place]
        arrived = np.flatnonzero((sizes > part.sizes[-1]) & (errors <= target[row]))
        if len(arrived):
            octaves[row] = np.log2(sizes[arrived[0]] / part.sizes[-1])
    return octaves


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
