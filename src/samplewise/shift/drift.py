"""Which columns change over time, whatever the labels do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, Mask, one_hot
from samplewise.core.errors import InputError
from samplewise.core.randomness import hashed_uniform
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, shortened
from samplewise.data.columns import Column
from samplewise.data.conversions import as_vector
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_dataset
from samplewise.data.written_times import as_times
from samplewise.engine.statistics.autocorrelation import autocorrelation_time
from samplewise.engine.statistics.multiplicity import holm
from samplewise.engine.statistics.sign_flips import sign_flip_test
from samplewise.shift.bins import cells_of
from samplewise.shift.times import LENGTHS, cut_indicators, moment_text, ranks

FEWEST_ROWS = 60
MOST_STRETCHES = 400  # rows are added up over stretches of time; more would tell no more
FEWEST_STRETCHES = 20
BINS = 10  # a number is cut into, where values are compared
SIGNIFICANT = 0.05
LIKE = 0.9  # overlap from which a column is as good as unchanged
TO_SPREAD = 1.349  # interquartile range of a normal, in standard deviations
MISSING = " missing"


@dataclass(frozen=True, slots=True, eq=False)
class FeatureDrift(Result):
    """Columns, the most changed first, each cut in two where it changes most clearly.

    Args:
        names: (d,) of the columns.
        p_value: (d,) that a column has nothing to do with time, corrected over cuts and by Holm over the columns; NaN
            where neighbors in time are too much alike to tell.
        since: (d,) the time of the first row after the cut.
        overlap: (d,) share of the rows before that have a counterpart of like value after, 0 to 1; 1 is no change.
        moved: (d,) how far the median moved, in spreads of the column (interquartile range / 1.349); NaN for classes.
        over: "time", or "the order of the rows".
    """

    names: Array
    p_value: Floats
    since: Array
    overlap: Floats
    moved: Floats
    over: str

    @property
    def drifting(self) -> Array:
        """Names of the columns that change beyond chance and by enough to matter: 10 % of the rows or more."""
        return np.asarray(self.names[self._drifts()])

    def _drifts(self) -> Mask:
        return np.asarray((self.p_value < SIGNIFICANT) & (self.overlap <= LIKE))

    def _sentences(self) -> Iterable[str]:
        found = np.flatnonzero(self._drifts())
        yield f"{count_of(len(found), 'column')} of {len(self.names):,} change over {self.over}."
        if len(found):
            first = int(found[0])
            yield (
                f"{shortened(self.names[first], 40)}: values before and after {self.since[first]} overlap in "
                f"{percent_text(self.overlap[first], '.0f')}, p = {self.p_value[first]:.2g}."
            )

    def _table(self) -> Table:
        columns = {
            "column": self.names, "since": self.since, "overlap": self.overlap, "moved": self.moved,
            "p_value": self.p_value,
        }  # fmt: skip
        return Table(columns, units={"overlap": "share of rows", "moved": "spreads"}, index="column")


@checked
def feature_drift(data: Any, y: Any = None, *, label: str | None = None, time: Any = None) -> FeatureDrift:
    """How far every column changes over time: overlap of its values (0..1), how far its median moved (spreads), and p.

    Ranks of a number and their distance from the middle, shares of a category and gaps are compared before and after
    nine cuts; sums over stretches of time, as long as a column hangs together, are compared with sums under random
    signs. The largest of all is tested, so a column has one p-value.

    Args:
        data, y, label: n rows in any form `samplewise.data.as_dataset` takes; labels are not looked at.
        time: (n,) order of the rows; None for the time of the data, or where it has none the order of the rows as
            they come.

    Returns:
        `FeatureDrift`, the most changed column first; a smaller overlap is a larger change.

    Raises:
        InputError: fewer than 60 rows, or no column that can be compared.

    Cost: O(n log n) a column: seconds for 100,000 rows of 50 columns.
    Not for: what a change does to a model (a column may drift and say nothing about the label); seasons that last as
        long as the data. By file order, sorted files drift by design.
    Source: wu1986, westfall1993, holm1979.

    >>> X = np.random.default_rng(0).normal(size=(400, 2)); X[250:, 1] += 2
    >>> feature_drift(X).drifting
    array(['x1'], dtype='<U2')
    """
    rows = as_dataset(data, y, label=label)
    return drift_in(rows, None if time is None else as_times(as_vector(time, "time"), "time", rows.ids))


def drift_in(data: Dataset, time: Array | None = None) -> FeatureDrift:
    """`feature_drift` of a data set over other times than its own."""
    time = data.time if time is None else time
    over = "the order of the rows" if time is None else "time"
    values = np.arange(len(data)) if time is None else np.asarray(time)
    if len(values) != len(data):
        raise InputError(
            "every row needs one time", where="time", got=f"{len(values)} times, {len(data)} rows",
            fix="pass the times of the same rows",
        )  # fmt: skip
    columns = _columns(data)
    _require(data, columns, values)
    order = np.lexsort((hashed_uniform(0, data.ids, "drift"), values))  # equal times in an order of their own
    values = values[order]
    indicators, wheres = cut_indicators(values, least=len(values) // 8)
    found = [_drift(_cells(data, column, order), values, indicators, wheres) for column in columns]
    names = np.array([column.name for column in columns])
    p_value, since, overlap, moved = (np.array(part) for part in zip(*found, strict=True))
    known = ~np.isnan(p_value)
    p_value[known] = holm(p_value[known])
    best = np.lexsort((names, overlap, np.nan_to_num(p_value, nan=2.0) >= SIGNIFICANT))
    return FeatureDrift(names[best], p_value[best], since[best], overlap[best], moved[best], over)


def _columns(data: Dataset) -> list[Column]:
    """Columns that can be compared."""
    if not hasattr(data.X, "iloc") and not (isinstance(data.X, np.ndarray) and data.X.ndim == 2):
        return []
    kinds = ("numeric", "boolean", "category", "ordinal")
    return [column for column in data.columns if column.role == "feature" and column.kind in kinds]


def _require(data: Dataset, columns: list[Column], times: Array) -> None:
    if len(data) < FEWEST_ROWS or not columns or len(np.unique(times)) < 2:
        raise InputError(
            "there are no columns to compare over time", where="data",
            got=f"{count_of(len(data), 'row')}, {count_of(len(columns), 'column')} of numbers or categories, "
            f"{count_of(len(np.unique(times)), 'different time')}",
            fix=f"pass a table of at least {FEWEST_ROWS} rows and two different times",
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """One column in order of time: what is compared, (n, k); its bins, (n,); its numbers, or None."""

    compared: Floats
    bins: Ints
    numbers: Floats | None


def _cells(data: Dataset, column: Column, order: Ints) -> _Column:
    """Ranks and their distance from the middle, or the commonest values; and gaps, where there are any."""
    values = data.X[column.name] if hasattr(data.X, "iloc") else data.X[:, int(column.name[1:])]
    cut = cells_of(column.name, values, n_bins=BINS)
    bins = cut.codes[order]
    shares = one_hot(bins, len(cut.names))
    if column.kind != "numeric" or not np.issubdtype(np.asarray(values).dtype, np.number):
        return _Column(shares, bins, None)
    numbers = np.asarray(values, dtype=np.float64)[order]
    gaps = np.isnan(numbers)
    rank = np.full(len(numbers), 0.5)
    rank[~gaps] = ranks(numbers[~gaps])
    compared = [rank, np.where(gaps, 0.25, np.abs(rank - 0.5))]
    return _Column(np.column_stack([*compared, gaps] if gaps.any() else compared), bins, numbers)


def _drift(column: _Column, times: Array, indicators: Floats, wheres: list[Any]) -> tuple[float, str, float, float]:
    """P of one column, the time where it changes most clearly, overlap and moved median."""
    n = len(times)
    apart = column.compared - column.compared.mean(axis=0)
    lengths = np.array([autocorrelation_time(values) for values in apart.T])
    stretches = np.maximum(np.where(lengths > 1.0, np.ceil(LENGTHS * lengths), 1.0), np.ceil(n / MOST_STRETCHES))
    told = stretches * FEWEST_STRETCHES <= n  # what hangs together for longer has too few independent stretches
    clusters = np.arange(n) // int(stretches[told].max() if told.any() else stretches.min())
    sides = indicators - indicators.mean(axis=0)
    compared = apart[:, told] if told.any() else apart
    sums = [np.bincount(clusters, weights=values * side) for values in compared.T for side in sides.T]
    tested = sign_flip_test(np.stack(sums, axis=1).astype(np.float64))
    best = int(np.argmax(tested.statistic)) % len(wheres)
    after = times >= wheres[best]
    overlap = _overlap(column.bins, after)
    p_value = float(tested.p_value.min()) if told.any() else np.nan
    return p_value, moment_text(wheres[best]), overlap, _moved(column.numbers, after)


def _overlap(bins: Ints, after: Mask) -> float:
    """1 less half the sum of the absolute differences of the shares of bins."""
    count = int(bins.max()) + 1
    shares = [np.bincount(bins[side], minlength=count) / side.sum() for side in (after, ~after)]
    return float(np.minimum(*shares).sum())


def _moved(numbers: Floats | None, after: Mask) -> float:
    """Median after less median before, in spreads."""
    if numbers is None or np.isnan(numbers[after]).all() or np.isnan(numbers[~after]).all():
        return np.nan
    low, high = np.nanquantile(numbers, (0.25, 0.75))
    spread = float(high - low) / TO_SPREAD or float(np.nanstd(numbers)) or 1.0
    return float(np.nanmedian(numbers[after]) - np.nanmedian(numbers[~after])) / spread
