"""Columns as codes of their values: one per value where they are few, one per quantile where they are many."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from samplewise.core.arrays import Floats, Ints, Mask
from samplewise.quality.cells import numbers_of


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
        column = X.iloc[rows, place] if hasattr(X, "iloc") else X[rows, place]
        if column.dtype.kind in "biuf":
            numbers = numbers_of(column)
            gaps = np.isnan(numbers)
            yield _number_codes(numbers, bins), gaps, numbers
        else:
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
    texts = column.astype(object).where(column.notna(), None).map(lambda value: "" if value is None else f"={value}")
    counts = texts.value_counts()
    ranked = sorted(counts.index, key=lambda value: (-int(counts[value]), value))
    lookup = {value: min(place, bins - 1) for place, value in enumerate(ranked)}
    return np.asarray(texts.map(lookup), dtype=np.intp)


def _renumbered(codes: Ints) -> Ints:
    return np.unique(codes, return_inverse=True)[1].astype(np.intp)
