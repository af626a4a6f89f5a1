"""What the error becomes where rows are split otherwise than at random: whole groups held out, or the future."""

from dataclasses import dataclass, replace

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import NotApplicable
from samplewise.core.randomness import derive_seed
from samplewise.core.values import Estimate
from samplewise.data.dataset import Dataset
from samplewise.data.splits import nested_subsets
from samplewise.data.targets import Target
from samplewise.engine.models.learner import Fit
from samplewise.engine.models.row_losses import row_losses
from samplewise.engine.refits import Prepared
from samplewise.generalization.test_scores.baseline_tests import BaselineTest, beats_baseline
from samplewise.generalization.test_scores.error_rates import absolute_error, error_rate

BLOCKS, FIRST = 5, 2  # blocks of time, and the first of them that is predicted: from two fifths of the rows on
STRETCHES = 50  # of time; the rows of one count as a single observation
FEWEST_TIMES = 20  # different times from which a forward split says something
FORWARD_FITS = 3 * (BLOCKS - FIRST)


@dataclass(frozen=True, slots=True)
class SplitComparison:
    """The error on the same rows by two splits.

    Args:
        random: error where rows were held out at random.
        other: error where they were held out as in use.
        more: other - random, in the unit of the errors, with a t interval over groups, and its one-sided p-value.
        relative: other - random as `row_losses` counts: 1 is a wrong class, or as bad as always answering the median.
        rows: evaluated.
    """

    random: Estimate
    other: Estimate
    more: BaselineTest
    relative: float
    rows: int


def with_groups_apart(prepared: Prepared, column: str, random: Floats) -> SplitComparison:
    """Held-out error at random against that with the rows of one value of a column kept together.

    With groups the column is left out of the features, as `groups=` does. Both models are trained on as many rows.

    Args:
        prepared: n rows of a frame, no test rows.   column: of the frame; rows without a value are groups of their own.
        random: (n, c) held-out outputs of the random split, of all columns.

    Raises: NotApplicable where no other column is left, or there are fewer groups than folds.
    Cost:   one fit per fold.   Not for: arrays, pictures.
    """
    groups = _groups_of(prepared.data, column)
    rows = _without(prepared.data, column, groups)
    apart = replace(prepared, data=rows)
    together = groups if apart.groups is None else apart.groups
    if len(np.unique(together)) < 2 * prepared.n_folds:
        raise NotApplicable(f"too few groups in {column!r}")
    return _compared(prepared.target, random, apart.whole.held_out_outputs(), together)


def forward_in_time(prepared: Prepared, times: Array) -> SplitComparison:
    """Error on the last three of five blocks of time, predicted from the past and from as many rows of any time.

    Rows are the same and models are trained on as many, so the difference is that of time alone: what changed, and what
    a model may copy from rows of the same days.

    Args:
        prepared: n rows, no test rows.   times: (n,) sortable; rows without one (NaN, NaT) play no part.

    Raises: NotApplicable where there are fewer than twenty different times.
    Cost:   nine fits.
    """
    known = times == times  # false for NaN and NaT
    if len(np.unique(times[known])) < FEWEST_TIMES:
        raise NotApplicable(f"fewer than {FEWEST_TIMES} different times")
    dated = _ordered(prepared, np.flatnonzero(known), times)
    block, half = dated.folds(), replace(dated, data=replace(dated.data, time=None), n_folds=2).folds(repeat=1)
    forward, at_random = [], []
    for number in range(FIRST, BLOCKS):
        past = block < number
        forward.append(Fit(past, np.flatnonzero(block == number)))
        for side in (0, 1):
            query = (block == number) & (half == side)
            at_random.append(Fit(_drawn(dated, np.flatnonzero(~query), int(past.sum())), np.flatnonzero(query)))
    any_time, later = (_answers(dated, fits, block) for fits in (at_random, forward))
    earlier = np.searchsorted(np.sort(times[known]), times[known])
    return _compared(dated.target, any_time, later, earlier * STRETCHES // len(earlier))


def _ordered(prepared: Prepared, rows: Ints, times: Array) -> Prepared:
    """The rows at these positions in blocks of time."""
    target = replace(prepared.target, codes=prepared.target.codes[rows])
    dated = replace(prepared.data.take(rows), time=times[rows])
    return replace(prepared, data=dated, target=target, n_folds=BLOCKS)


def _groups_of(data: Dataset, column: str) -> Array:
    """(n,) the values of a column as texts; rows without one get a group of their own."""
    values = data.X[column]
    names = values.astype(object).map(lambda value: f"={value}", na_action="ignore").to_numpy(dtype=object)
    absent = values.isna().to_numpy()
    names[absent] = [f"row {key}" for key in data.ids[absent].tolist()]
    return names.astype(str)


def _without(data: Dataset, column: str, groups: Array) -> Dataset:
    """The rows as they are read where the column names groups."""
    rest = data.X.drop(columns=[column])
    left = [one for one in data.columns if one.role == "feature" and one.name != column]
    if not left:
        raise NotApplicable(f"no column is left besides {column!r}")
    kinds = {name: kind for name, kind in data.kinds.items() if name != column}
    return replace(data, X=rest, groups=groups, kinds=kinds)


def _drawn(prepared: Prepared, among: Ints, size: int) -> Array:
    """(n,) bool: `size` of the rows at these positions, classes in equal share, groups whole."""
    codes = None if prepared.target.classes is None else prepared.target.codes[among]
    groups = None if prepared.groups is None else prepared.groups[among]
    seed = derive_seed(prepared.seed, "rows of any time", size)
    inside = np.zeros(len(prepared.data), dtype=bool)
    inside[among] = nested_subsets(prepared.data.ids[among], codes, groups, sizes=[size], seed=seed)[0, 0]
    return inside


def _answers(prepared: Prepared, fits: list[Fit], block: Ints) -> Floats:
    """(n, c) outputs of the fits for the rows each predicts; NaN for the others."""
    answers = prepared.runner.outputs(fits, blocks=block)
    outputs = np.full((len(block), answers[0].shape[1]), np.nan)
    for fit, answer in zip(fits, answers, strict=True):
        outputs[fit.query] = answer
    return outputs


def _compared(target: Target, random: Floats, other: Floats, clusters: Array) -> SplitComparison:
    """Both errors on the rows that both splits predict, and their difference by group."""
    both = np.isfinite(random).all(axis=1) & np.isfinite(other).all(axis=1)
    if both.sum() < 2:
        raise NotApplicable("no rows that both splits predict")
    one, two = (row_losses(outputs, target)[both] for outputs in (random, other))
    relative, groups = float(np.mean(two - one)), clusters[both]
    if target.classes is not None:
        at_random, otherwise = error_rate(one, groups), error_rate(two, groups)
    else:
        codes, first, second = target.codes[both], random[both, 0], other[both, 0]
        at_random, otherwise = absolute_error(first, codes, groups), absolute_error(second, codes, groups)
        one, two = np.abs(first - codes), np.abs(second - codes)
    return SplitComparison(at_random, otherwise, beats_baseline(one, two, groups), relative, int(both.sum()))
