"""Columns cut into named cells: the values of a category, quarters of a number, and "missing"."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, Ints
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import WRITTEN_OUT

pd = lazy_loader.load("pandas")

MOST_VALUES = 20  # rarer values of a category share the cell "other values"
PARTS = 4  # quantile cells of a number


@dataclass(frozen=True, slots=True, eq=False)
class Cells(Result):
    """One column cut into cells: `names[codes[i]]` is the cell of row i."""

    column: str
    codes: Ints  # (n,)
    names: tuple[str, ...]
    values: bool  # True where a cell is one value, False where it is a range of numbers

    def _sentences(self) -> Iterable[str]:
        kind = "single values" if self.values else "ranges of numbers"
        yield f"Column {self.column} in {count_of(len(self.names), 'cell')} of {kind}."

    def _table(self) -> Table:
        counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))
        return Table({"cell": self.names, "rows": counts}, index="cell")


def cells_of(column: str, values: Any, *, most: int = MOST_VALUES, n_bins: int = PARTS) -> Cells:
    """The cells of one column: its values if there are at most `most`, quantile ranges of a number, "missing" apart.

    Args:    column: its name.   values: (n,) pandas or numpy column.   most: values of a category that get a cell each.
             n_bins: ranges of about equal size a number is cut into.
    Returns: `Cells` with n codes. Names read like conditions: "sex = F", "age < 28", "12 <= hours < 40".
    Cost:    O(n log n).   Source: exact; no publication.
    >>> cells_of("age", np.array([20.0, 30.0, np.nan, 20.0])).names
    ('age = 20', 'age = 30', 'age missing')
    """
    series = pd.Series(np.asarray(values) if not hasattr(values, "isna") else values.to_numpy(), copy=False)
    missing = series.isna().to_numpy()
    if series.dtype.kind in "iuf" and series.nunique() > most:
        codes, names = _ranges(column, series.to_numpy(dtype=np.float64), missing, n_bins)
        by_value = False
    else:
        codes, names = _values(column, series, missing, most)
        by_value = True
    if missing.any():
        codes, names = np.where(missing, len(names), codes), (*names, f"{column} missing")
    return Cells(column, codes.astype(np.intp), names, by_value)


def _values(column: str, series: Any, missing: Array, most: int) -> tuple[Ints, tuple[str, ...]]:
    """The commonest values, ties by name; the others together."""
    whole = series.dtype.kind == "f" and bool((series[~missing] == series[~missing].round()).all())
    text = np.array([_shown(value, whole) for value in series.tolist()], dtype=object)
    kept, counts = np.unique(text[~missing].astype(str), return_counts=True)
    common = np.sort(kept[np.lexsort((kept, -counts))][:most])
    place = np.clip(np.searchsorted(common, text.astype(str)), 0, max(len(common) - 1, 0))
    if not len(common):
        return np.zeros(len(text), dtype=np.intp), ()
    other = common[place] != text.astype(str)
    names = tuple(f"{column} = {value}" for value in _in_order(common.tolist()))
    rank = {value: position for position, value in enumerate(_in_order(common.tolist()))}
    codes = np.array([rank[value] for value in common.tolist()])[place]
    if len(kept) > most:
        return np.where(other, len(names), codes), (*names, f"{column} = other values")
    return codes, names


def _in_order(values: list[str]) -> list[str]:
    """Numbers by size, all else by name."""
    try:
        return sorted(values, key=float)
    except ValueError:
        return sorted(values)


def _shown(value: Any, whole: bool) -> str:
    return str(int(value)) if whole and value == value else str(value)


def _edge_text(edge: float) -> str:
    """Four digits; a number of tens of thousands is written out, since few readers of a page read 1.018e+04."""
    short = f"{edge:.4g}"
    return f"{edge:.0f}" if "e+" in short and abs(edge) < WRITTEN_OUT else short


def _ranges(column: str, values: Array, missing: Array, parts: int) -> tuple[Ints, tuple[str, ...]]:
    """About equal parts between quantiles, open at both ends."""
    edges = np.unique(np.quantile(values[~missing], np.arange(1, parts) / parts))
    least = values[~missing].min()
    edges = edges[edges > least]
    if not len(edges):  # most rows share the least value
        edges = np.array([values[values > least].min()])
    codes = np.searchsorted(edges, np.where(missing, 0.0, values), side="right")
    shown = list(map(_edge_text, edges.tolist()))
    inner = [f"{low} <= {column} < {high}" for low, high in pairwise(shown)]
    return codes, (f"{column} < {shown[0]}", *inner, f"{column} >= {shown[-1]}")
