"""What the values of one column are like, as plain JSON: counts, quantiles and a histogram, all of few numbers."""

import math
from collections.abc import Mapping
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.core.texts import shortened
from samplewise.data.columns import Column
from samplewise.data.written_times import as_times
from samplewise.quality.cells import numbers_of

pd = lazy_loader.load("pandas")

Json = dict[str, Any]
MOST_BINS = 20
TOP = 10  # categories that are named
EXAMPLES = 3  # texts that are shown
LETTERS = 120  # of a text that is shown
CELL = 60  # letters of any other cell
TAILS = (0.01, 0.99)  # a histogram covers the values between these quantiles, the others are counted at its ends
LONG_TAILS = 1.5  # times that range, which the values may span without any of them being set apart
DECADES = 1000.0  # positive values that span more than this may have a logarithmic axis
CROWDED = 0.15  # and have one where half of them lie in this share of the range that is drawn
MOST_DATES = 20_000  # different texts that are read as dates


def summary_of(values: Any, column: Column, ids_order: Ints) -> Json:
    """What a page shows of one column.

    Args:
        values: (n,) a column of a frame, or numbers.   column: how it is read.
        ids_order: (n,) positions in an order that hangs on ids only, from which examples are taken.

    Returns:
        name, kind and role; `missing`, a share of the rows; `distinct`, the number of different values, where they are
        counted; and by kind `numbers` (least, quartiles, mean, largest), `histogram`, `values` (the ten most frequent
        with their counts) with `others` (how many more values, in how many rows), `dates`, `lengths` and `examples` of
        texts.

    Cost: O(n log n).

    >>> found = summary_of(np.array([1.0, 2.0, 2.0, np.nan]), Column("x", "numeric"), np.arange(4))
    >>> found["missing"], found["distinct"], found["histogram"]["counts"]
    (0.25, 2, [1, 2])
    """
    described: Json = {"name": column.name, "kind": column.kind, "role": column.role}
    absent = _absent(values)
    described["missing"] = rounded(float(absent.mean()))
    if column.kind == "nested":
        return described
    if column.kind == "numeric":
        return described | number_summary(numbers_of(values))
    held = _held(values, ~absent)
    if column.kind == "date":
        return described | _date_summary(held, ids_order[~absent[ids_order]])
    if column.kind == "text":
        order = ids_order[~absent[ids_order]]
        return described | _text_summary(held, [_at(values, place) for place in order[:EXAMPLES].tolist()])
    counts = pd.Series(held).value_counts()
    if column.kind == "id":
        return described | {"distinct": len(counts)}
    return described | category_summary(counts)


def number_summary(values: Floats) -> Json:
    """Least and largest number, quartiles, mean and a histogram of numbers (n,); NaN and infinite ones do not count.

    >>> number_summary(np.array([3.0, 1.0]))["numbers"]["median"]
    2
    """
    ordered = np.sort(values[np.isfinite(values)])
    if not len(ordered):
        return {"distinct": 0}
    found = {"low": ordered[0], "high": ordered[-1], "mean": ordered.mean()}
    found |= zip(("quarter", "median", "three_quarters"), _quantiles(ordered, (0.25, 0.5, 0.75)), strict=True)
    numbers = {name: rounded(number) for name, number in found.items()}
    distinct = 1 + int(np.count_nonzero(np.diff(ordered)))
    return {"distinct": distinct, "numbers": numbers, "histogram": histogram(ordered)}


def category_summary(counts: Mapping[Any, int]) -> Json:
    """The most frequent values with their counts, and how many others there are, from all counts.

    >>> category_summary({"a": 3, "b": 1})
    {'distinct': 2, 'values': [['a', 3], ['b', 1]]}
    """
    pairs = sorted(((cell_text(value), int(count)) for value, count in counts.items()), key=lambda one: (-one[1], one))
    summary: Json = {"distinct": len(pairs), "values": [list(pair) for pair in pairs[:TOP]]}
    if len(pairs) > TOP:
        summary["others"] = [len(pairs) - TOP, sum(count for _, count in pairs[TOP:])]
    return summary


def histogram(ordered: Floats, *, logarithmic: bool = True) -> Json:
    """Counts of sorted finite numbers (k,) in at most 20 bins of equal width.

    Where a few values lie far out, the bins cover the values between the 1 % and the 99 % quantile, and `below` and
    `above` count the others. Positive values that span more than three decades and crowd at the lower end are binned by
    their logarithm. Bins of whole numbers hold `step` of them each.

    Args:    ordered: (k,) sorted.   logarithmic: whether the axis may be.

    >>> histogram(np.arange(40.0))["counts"][:3], histogram(np.arange(40.0))["step"]
    ([2, 2, 2], 2)
    """
    low, high = _range(ordered)
    if logarithmic and _needs_logarithm(ordered, low, high):
        low, high = _range(np.log10(ordered))
        edges = np.power(10.0, np.linspace(low, high, MOST_BINS + 1))
        edges[0], edges[-1] = _ends(ordered, edges)
        return {"scale": "log", "low": rounded(edges[0]), "high": rounded(edges[-1])} | _counts(ordered, edges)
    if high - low < 2.0**53 and (ordered == np.rint(ordered)).all():
        whole = ordered[-1] - ordered[0] < MOST_BINS  # a bin for each of them
        low, high = (int(ordered[0]), int(ordered[-1])) if whole else (math.ceil(low), math.floor(high))
        step = max(math.ceil((high - low + 1) / MOST_BINS), 1)
        edges = low - 0.5 + step * np.arange(math.ceil((high - low + 1) / step) + 1.0)
        return {"scale": "linear", "low": low, "high": high, "step": step} | _counts(ordered, edges)
    edges = np.linspace(low, high, MOST_BINS + 1)
    return {"scale": "linear", "low": rounded(low), "high": rounded(high)} | _counts(ordered, edges)


def cell_text(value: Any) -> str:
    """A cell as text of at most 60 letters, whole numbers without a point; nothing for a missing one."""
    if isinstance(value, float | np.floating):
        number = float(value)
        whole = number.is_integer() and abs(number) < 1e15
        return "" if math.isnan(number) else f"{number:.0f}" if whole else f"{number:.7g}"
    return shortened(value, CELL)


def rounded(number: float) -> int | float:
    """A number with five digits; whole ones are exact."""
    number = float(number) if float(number).is_integer() else float(f"{number:.5g}")
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _quantiles(ordered: Floats, levels: tuple[float, ...]) -> Floats:
    """Quantiles of sorted numbers; numpy's own sort once more, which takes longest where there are many columns."""
    return np.interp(np.array(levels) * (len(ordered) - 1), np.arange(len(ordered)), ordered)


def _range(ordered: Floats) -> tuple[float, float]:
    """The range that is drawn: all of the values, or those between two quantiles where tails are long."""
    low, high = _quantiles(ordered, TAILS)
    least, largest = float(ordered[0]), float(ordered[-1])
    if high <= low or largest - least <= LONG_TAILS * (high - low):
        return least, largest
    return float(low), float(high)


def _needs_logarithm(ordered: Floats, low: float, high: float) -> bool:
    spans = ordered[0] > 0 and ordered[-1] > DECADES * ordered[0]
    return bool(spans and ordered[len(ordered) // 2] - low < CROWDED * (high - low))


def _ends(ordered: Floats, edges: Floats) -> tuple[float, float]:
    """The outer edges; those that stand for the least or the largest value are it, in spite of rounding."""
    low = ordered[0] if np.isclose(edges[0], ordered[0], rtol=1e-9) else edges[0]
    return float(low), float(ordered[-1] if np.isclose(edges[-1], ordered[-1], rtol=1e-9) else edges[-1])


def _counts(ordered: Floats, edges: Floats) -> Json:
    """Values in every bin, the last of which holds its upper edge, and those below and above all of them."""
    places = np.searchsorted(ordered, edges, side="left")
    places[-1] = np.searchsorted(ordered, edges[-1], side="right")
    counts: Json = {"counts": np.diff(places).tolist()}
    beyond = {"below": int(places[0]), "above": len(ordered) - int(places[-1])}
    return counts | {name: count for name, count in beyond.items() if count}


def _date_summary(held: Any, drawn: Ints) -> Json:
    """First, middle and last date, and a histogram over time; no more than counts where dates cannot be read."""
    different = held.nunique()
    summary: Json = {"distinct": int(different)}
    if not different:
        return summary
    if different > MOST_DATES and held.dtype.kind not in "mMiuf":
        held = held.loc[drawn[:MOST_DATES]]
        summary["of"] = MOST_DATES
    moments = _moments(held)
    if moments is None or not len(moments):
        return summary
    ordered = np.sort(moments)
    first, middle, last = (_day(ordered[place]) for place in (0, len(ordered) // 2, -1))
    binned = histogram(ordered.astype(np.float64), logarithmic=False)
    del binned["step"]
    binned |= {"scale": "time", "low": _day(binned["low"]), "high": _day(binned["high"])}
    return summary | {"dates": {"first": first, "median": middle, "last": last}, "histogram": binned}


def _moments(held: Any) -> Ints | None:
    """Dates as seconds since 1970; None where they are not dates."""
    if isinstance(held.dtype, pd.PeriodDtype):
        held = held.dt.to_timestamp()
    if held.dtype.kind == "M":
        read = held.dt.tz_convert(None) if getattr(held.dtype, "tz", None) is not None else held
        return np.asarray(read.to_numpy(), dtype="M8[s]").astype(np.int64)
    if held.dtype.kind in "iuf":
        read = pd.to_datetime(held.astype("int64").astype(str), format="%Y%m%d", errors="coerce").dropna()
        return np.asarray(read.to_numpy(), dtype="M8[s]").astype(np.int64)
    try:
        read = as_times(held.to_numpy(dtype=object), "column")
    except (InputError, ValueError, OverflowError):  # some are none, or day and month cannot be told apart
        return None
    return read.astype("M8[s]").astype(np.int64) if read.dtype.kind == "M" else None


def _day(seconds: Any) -> str:
    return str(np.datetime64(int(seconds), "s"))[:10]


def _text_summary(held: Any, examples: list[Any]) -> Json:
    """Quartiles of the lengths in letters, and the first texts of a given order."""
    texts = held.astype(str)
    lengths = number_summary(texts.str.len().to_numpy(dtype=np.float64))
    summary: Json = {"distinct": int(texts.nunique())}
    if not len(texts):
        return summary
    shown = [shortened(text, LETTERS) for text in examples]
    return summary | {"lengths": lengths["numbers"], "histogram": lengths["histogram"], "examples": shown}


def _absent(values: Any) -> Array:
    if hasattr(values, "isna"):
        return np.asarray(values.isna().to_numpy(), dtype=bool)
    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)


def _held(values: Any, present: Array) -> Any:
    """The values that are there, as a series numbered by position."""
    series = values.reset_index(drop=True) if hasattr(values, "reset_index") else pd.Series(values)
    return series[present]


def _at(values: Any, place: int) -> Any:
    return values.iloc[place] if hasattr(values, "iloc") else values[place]
