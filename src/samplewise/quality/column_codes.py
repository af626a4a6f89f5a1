"""Columns as codes of their values: one per value where they are few, one per quantile where they are many."""

from collections.abc import Iterator
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Floats, Ints, Mask
from samplewise.quality.cells import numbers_of

pd = lazy_loader.load("pandas")


def columns_as_codes(X: Any, places: Ints, rows: Ints, bins: int) -> Iterator[tuple[Ints, Mask | None, Floats | None]]:
    """Every column as codes 0..b-1 (n,) of its values, or of quantiles where there are many; its gaps; its numbers."""
    if hasattr(X, "tocsr"):
        sample = X[rows].tocsc()
        for place in places:
            column = np.zeros(len(rows))
            part = slice(sample.indptr[place], sample.indptr[place + 1])
            column[sample.indices[part]] = sample.data[part]
            yield _number_codes(column, bins), None, column
        return
    for place in places:
        column = X.iloc[:, place] if hasattr(X, "iloc") else X[:, place]  # rows later: pandas is slow with both
        if column.dtype.kind in "biuf":
            numbers = numbers_of(column)[rows]
            gaps = np.isnan(numbers)
            yield _number_codes(numbers, bins), gaps, numbers
        else:
            column = column.iloc[rows]
            yield _value_codes(column, bins), np.asarray(column.isna()), None


def _number_codes(numbers: Floats, bins: int) -> Ints:
    """Bin of every number, of about equal size, with the gaps in the last; equal numbers share a bin."""
    gaps = np.isnan(numbers)
    ordered = np.sort(numbers[~gaps])
    if not len(ordered):
        return np.zeros(len(numbers), dtype=np.intp)
    steps = np.flatnonzero(np.diff(ordered)) + 1
    quantiles = ordered[np.arange(1, bins) * len(ordered) // bins]
    edges = ordered[steps] if len(steps) < bins else np.unique(quantiles)
    codes = np.searchsorted(edges, numbers, side="right")
    codes[gaps] = len(edges) + 1
    return _renumbered(codes)


def _value_codes(column: Any, bins: int) -> Ints:
    """Code of every value by its frequency, ties by name; values beyond `bins` share the last, gaps have their own."""
    held = column.astype(object).to_numpy()
    try:
        codes, distinct = pd.factorize(held)
    except TypeError:  # lists and records cannot be hashed; their text can
        codes, distinct = pd.factorize(column.astype(object).map(str, na_action="ignore").to_numpy())
    # By text: 1 and "1" are one value. Gaps, which have the code -1, are the last name.
    names, named = np.unique([*(f"={value}" for value in distinct.tolist()), ""], return_inverse=True)
    codes = named.reshape(-1)[codes]
    counts = np.bincount(codes, minlength=len(names))
    place = np.empty(len(names), dtype=np.intp)
    place[np.lexsort((np.arange(len(names)), -counts))] = np.arange(len(names))
    return np.asarray(np.minimum(place, bins - 1)[codes])


def _renumbered(codes: Ints) -> Ints:
    """The same codes without those that no row has."""
    held = np.bincount(codes) > 0
    return (np.cumsum(held) - 1)[codes]
