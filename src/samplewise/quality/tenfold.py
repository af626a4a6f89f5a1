"""Single cells ten times as large as the rest of their row lets expect: a decimal point that slipped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lazy_loader
import numpy as np
from scipy import stats

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.data.columns import Column
from samplewise.engine.closed_form.held_out import leave_one_out

pd = lazy_loader.load("pandas")

FACTOR = 10.0
MEASURED = 20  # different values from which a column is a measurement
FEWEST_ROWS = 50  # below, no tail can be told from the bulk
POSITIVE = 0.5  # share of positive values from which the logarithms of a column without negative ones predict others
PULLED_IN = 3.0  # quartile ranges from the median: where a value is pulled in before it is learned from
LEVELS = 12  # most frequent categories that predict
MOST_PREDICTORS, MOST_ENTRIES = 200, 20_000_000  # beyond, a column is compared with its own values alone
INFORMED = 0.95  # of the error of the median: above, the other columns say nothing of this one
RIDGE = 0.01  # penalty on standardized predictors, per row
CORE = 1.4826  # a median deviation in standard deviations of a normal
HALFWAY = 0.5  # of the factor, in logarithms: nearer to the tenfold value than to the expected one
WIDTHS, LEAST, LARGEST = 2.5, 0.2, 0.3  # how far a tenth may lie from what is expected: widths; decimal logarithms
FAR = 8.0  # widths on a linear scale from which a cell is looked at
BEYOND = 1.5  # times the 98 % quantile of all others: the same
TAIL = 0.1  # share of the rows by which the fall of the tail is measured
ISOLATED, ROUGHLY = 0.5, 0.45  # for cells 3.5 to 28 times what is expected: the gap below them; in logarithms
ALONE, APART = 0.85, 0.6  # of the distance of a cell: how far other rows may lie; in logarithms, on a linear scale
RARE, FEW = 0.03, 7  # share of the rows, and rows: where more stand out, they are another unit or a long tail
LEAST_POWER = 0.04  # fall of the tail in logarithms: a steeper one is none to continue
UNLIKELY = 0.05  # rows of a column that its tail would send as far
MOST_OF_ROW = 2  # cells of one row
WITHIN, EXACTLY = 0.01, 0.15  # share of larger values from which a cell is a usual one; how near to tenfold it must be
NONE = np.empty(0, dtype=np.intp)
HELD, DIGITS = 2, 3  # rows that share the value: a slip does not repeat; two may, where it has so few digits


@dataclass(frozen=True, slots=True, eq=False)
class TenfoldCells:
    """Cells of a column that are ten times what is expected of them.

    Args:
        rows: (k,) positions.
        expected: (k,) what the other columns of the row let expect; where they say nothing, the median.
    """

    rows: Ints
    expected: Floats


def tenfold_cells(X: Any, columns: tuple[Column, ...], values: Mapping[int, Floats]) -> dict[int, TenfoldCells]:
    """Cells ten times as large as expected, by position of the column; columns without such cells are left out.

    What is expected is a ridge fit of the column on the others without the row itself: on ranks, decimal logarithms,
    gaps and frequent categories, the column's own values pulled in to three quartile ranges; the median where that fit
    errs no less. The positive values of columns without negative ones are compared in logarithms. A cell is listed if a
    tenth of it is expected, a gap parts it from all rows that are not listed (where a tenth is only roughly expected,
    a gap as wide as all others reach), and it lies where a tail that falls like the farthest tenth of these leads
    less than a twentieth of a row: an exponential tail in logarithms, a power on a linear scale. A cell of a usual
    size, which only the other columns call ten times too large, must be so within a factor of 1.4.

    Args:
        X: features.   columns: as they were understood.
        values: (n,) of the numeric columns to be looked at, by position, NaN for gaps and codes for missing values.

    Cost: O(n p^2) a column for p predictors; with more than 200 predictors, or 20 million of their values, O(n log n).
    Not for: slips in columns that range over several powers of ten and that no other column explains.
    Source: allen1974 (predictions without the row); the rule is stated above.
    """
    rows = X.shape[0]
    looked_at = [place for place, held in values.items() if _is_measured(held)]
    if rows < FEWEST_ROWS or not looked_at:
        return {}
    predictors, owners = _predictors(X, columns, values)
    found = {}
    for place in looked_at:
        cells = _in_column(values[place], predictors[:, owners != place])
        if len(cells.rows):
            found[place] = cells
    return _single(found, rows)


def _single(found: dict[int, TenfoldCells], rows: int) -> dict[int, TenfoldCells]:
    """Without rows that are listed in more than two columns: such a row is far from all others, not one cell of it."""
    times = np.zeros(rows, dtype=np.intp)
    for cells in found.values():
        times[cells.rows] += 1
    kept = {place: times[cells.rows] <= MOST_OF_ROW for place, cells in found.items()}
    return {place: TenfoldCells(cells.rows[kept[place]], cells.expected[kept[place]])
            for place, cells in found.items() if kept[place].any()}  # fmt: skip


def _is_measured(values: Floats) -> bool:
    present = values[np.isfinite(values)]
    return len(present) >= FEWEST_ROWS and len(np.unique(present)) >= MEASURED


def _in_column(values: Floats, predictors: Floats) -> TenfoldCells:
    """The cells of one column (n,), with what the predictors (n, p) let expect."""
    present = np.isfinite(values)
    positive = present & (values > 0)
    if not (values[present] < 0).any() and positive.sum() >= FEWEST_ROWS:
        rows = np.flatnonzero(positive)
        logs = np.log10(values[rows])
        expected = _expected(logs, predictors[rows])
        listed = _listed(_in_logarithms(logs - expected), values[rows], logarithmic=True)
        return TenfoldCells(rows[listed], 10.0 ** expected[listed])
    rows = np.flatnonzero(present)
    held = values[rows]
    expected = _expected(held, predictors[rows])
    listed = _listed(_in_units(held, held - expected), held, logarithmic=False)
    return TenfoldCells(rows[listed], expected[listed])


def _expected(target: Floats, predictors: Floats) -> Floats:
    """(n,) prediction of every row by a fit without it, centered so that half of the rows lie on either side."""
    middle = float(np.median(target))
    varies = predictors.std(axis=0) > 0
    if not varies.any():
        return np.full(len(target), middle)
    low, high = np.quantile(target, [0.25, 0.75])
    reach = PULLED_IN * ((high - low) or float(np.std(target)) or 1.0)
    pulled = np.clip(target, middle - reach, middle + reach)
    found = leave_one_out(predictors[:, varies], pulled, RIDGE * len(target) + 1.0).outputs[:, 0]
    found = np.where(np.isfinite(found), found, middle)
    found = found + np.median(target - found)
    # By absolute error: slips, which are few, must not decide what the other rows say.
    informed = np.abs(target - found).mean() < INFORMED * np.abs(target - middle).mean()
    return np.asarray(found) if informed else np.full(len(target), middle)


@dataclass(frozen=True, slots=True, eq=False)
class _Apart:
    """How far rows (n,) lie above what is expected, the width of that, and which of them may be slips."""

    outward: Floats
    width: float
    close: Ints  # a tenth of them is expected
    roughly: Ints  # a tenth of them is nearer to the expected than they are: slips only where nothing else is near


def _in_logarithms(apart: Floats) -> _Apart:
    """Of columns of positive values."""
    sizes = np.abs(apart)
    width = max(CORE * float(np.median(sizes)), 0.01)
    beyond = apart > HALFWAY
    if not beyond.any():  # most columns end here, before what takes most time
        return _Apart(apart, width, NONE, NONE)
    near = max(WIDTHS * width, LEAST, min(float(np.quantile(sizes, 0.95)), LARGEST))
    close, roughly = (np.flatnonzero(beyond & (np.abs(apart - 1.0) <= reach)) for reach in (near, ROUGHLY))
    return _Apart(apart, width, close, roughly)


def _in_units(values: Floats, apart: Floats) -> _Apart:
    """Of columns with negative values or mostly zeros, on the scale they have."""
    sizes = np.abs(apart)
    width = CORE * float(np.median(sizes)) or float(np.std(apart)) or 1.0
    outward = np.sign(values) * apart
    far = (outward > 0.6 * np.abs(values)) & (outward > FAR * width)
    if not far.any():
        return _Apart(outward, width, NONE, NONE)
    left = np.abs(values / FACTOR - (values - apart))
    close = np.flatnonzero(far & (left <= max(WIDTHS * width, float(np.quantile(sizes, 0.95)))))
    rest = np.delete(sizes, close)
    least = BEYOND * float(np.quantile(rest, 0.98)) if len(rest) else 0.0
    return _Apart(outward, width, close[outward[close] > least], np.flatnonzero(far & (left <= 0.5 * outward)))


def _listed(found: _Apart, values: Floats, *, logarithmic: bool) -> Ints:
    """Cells a tenth of which is expected, and those that are roughly so and lie alone."""
    close = _beyond(found, found.close, values, gap=ALONE if logarithmic else APART, logarithmic=logarithmic)
    roughly = _beyond(found, found.roughly, values, gap=ISOLATED, logarithmic=logarithmic)
    return np.union1d(close, roughly)


def _beyond(found: _Apart, candidates: Ints, values: Floats, *, gap: float, logarithmic: bool) -> Ints:
    """The candidates beyond a gap and beyond the tail of the other rows."""
    outward = found.outward
    if not len(candidates) or len(candidates) > max(FEW, RARE * len(outward)):
        return candidates[:0]
    order = candidates[np.argsort(outward[candidates], kind="stable")]
    inside = float(np.delete(outward, candidates).max())
    while len(order) and inside > gap * outward[order[0]]:  # a tail has no gap: its cells lead to the farthest one
        inside, order = float(outward[order[0]]), order[1:]
    if not len(order):
        return order
    rest, far = np.delete(outward, order), outward[order]
    reached = _reached(rest, far, least=0.25 * found.width, logarithmic=logarithmic)
    alone = ~_repeats(values, order, values[outward > 0.5 * far.min()])
    if logarithmic:
        alone &= ~_usual(values, order) | (np.abs(far - 1.0) <= EXACTLY)
    return np.sort(order[(reached <= UNLIKELY) & alone])


def _reached(rest: Floats, far: Floats, *, least: float, logarithmic: bool) -> Floats:
    """(k,) rows that the tail of the rest would send as far or farther.

    The fall is a mean of few excesses, so what is expected of one more row averages over the falls that would have
    given them; with the mean itself, long tails of some hundred rows reach too far by chance.
    """
    plain = float(np.quantile(rest, 1.0 - TAIL))
    excess, beyond = rest[rest > plain] - plain, far - plain
    if not logarithmic and plain > 0:
        excess, beyond = np.log1p(excess / plain), np.log(far / plain)
        least = LEAST_POWER
    count = max(len(excess), 1)
    fall = max(float(excess.sum()) / count, least, 1e-9)
    return np.asarray(TAIL * (len(rest) + len(far)) * (1.0 + beyond / (count * fall)) ** -count)


def _repeats(values: Floats, cells: Ints, beyond: Floats) -> Mask:
    """(k,) cells whose value too many rows share among those beyond: where others expect it, a value may repeat."""
    shared = np.array([np.count_nonzero(beyond == value) for value in values[cells]])
    return np.asarray(shared > np.where([_digits(value) > DIGITS for value in values[cells].tolist()], 1, HELD))


def _usual(values: Floats, cells: Ints) -> Mask:
    """(k,) cells whose value more than a few other rows exceed."""
    others = np.sort(np.delete(values, cells))
    larger = len(others) - np.searchsorted(others, values[cells], side="right")
    return np.asarray(larger > max(FEW, WITHIN * len(others)))


def _digits(value: float) -> int:
    """How many digits a number has without the zeros at its ends."""
    return len(f"{abs(value):.10f}".replace(".", "").strip("0"))


# ---- what predicts ---------------------------------------------------------------------------------------------------


def _predictors(X: Any, columns: tuple[Column, ...], values: Mapping[int, Floats]) -> tuple[Floats, Ints]:
    """(n, p) standardized predictors, and the position of the column each is from (p,)."""
    parts: list[Floats] = []
    owners: list[int] = []
    for place, column in enumerate(columns):
        if column.role != "feature" or column.kind in ("text", "nested"):
            continue
        made = _of_numbers(values[place]) if place in values else _of_categories(X, place)
        parts += made
        owners += [place] * len(made)
        if len(parts) > MOST_PREDICTORS or len(parts) * X.shape[0] > MOST_ENTRIES:
            return np.empty((X.shape[0], 0)), np.empty(0, dtype=np.intp)
    matrix = np.column_stack(parts) if parts else np.empty((X.shape[0], 0))
    return matrix, np.array(owners, dtype=np.intp)


def _of_numbers(values: Floats) -> list[Floats]:
    """Ranks as logistic scores, decimal logarithms, and whether there is a value."""
    present = np.isfinite(values)
    if not present.any():
        return []
    share = (stats.rankdata(values[present]) - 0.5) / present.sum()
    made = [_scaled(np.log(share / (1.0 - share)), present)]
    if values[present].min() >= 0 and (values[present] > 0).mean() > POSITIVE:
        positive = present & (values > 0)
        logs = np.log10(values[positive])
        middle, (low, high) = np.median(logs), np.quantile(logs, [0.25, 0.75])
        reach = PULLED_IN * ((high - low) or 1.0)
        made.append(_scaled(np.clip(logs, middle - reach, middle + reach), positive))
    if not present.all():
        made.append(_scaled(present.astype(np.float64), np.ones(len(values), dtype=bool)))
    return made


def _of_categories(X: Any, place: int) -> list[Floats]:
    """Membership in the most frequent values of a column that holds no numbers."""
    if not hasattr(X, "iloc"):
        return []
    codes, distinct = pd.factorize(X.iloc[:, place].astype(str))
    counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
    frequent = np.argsort(-counts, kind="stable")[:LEVELS]
    every = np.ones(len(codes), dtype=bool)
    return [_scaled((codes == code).astype(np.float64), every) for code in frequent.tolist()]


def _scaled(values: Array, where: Array) -> Floats:
    """(n,) standardized values where there are some, 0 elsewhere."""
    spread = float(values.std())
    scaled = np.zeros(len(where))
    if spread > 0:
        scaled[where] = (values - values.mean()) / spread
    return scaled
