"""What the values of a label say: numbers written as text, and classes that differ only in how they are spelled."""

from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.data.number_formats import cells_of, read_numbers
from samplewise.data.spellings import class_key

MOST_WORD_ROWS = 0.5  # share of the rows that words among numbers may have
MOST_SPELLED = 20_000  # different values up to which a label can be one of classes
FEWEST_NUMBERS = 11  # different numbers from which words among them are no classes of their own


def numbers_of_values(values: Array, counts: Ints) -> Floats | None:
    """(k,) the different values of a label as numbers, NaN for a few words among many numbers; None: it holds words.

    Args:
        values: (k,) different values.   counts: (k,) rows of each.

    >>> numbers_of_values(np.array(["12 %", "7 %"]), np.array([3, 1]))
    array([12.,  7.])
    """
    if values.dtype.kind in "iuf":
        return values.astype(np.float64)
    if values.dtype.kind not in "OU" or not all(map(_may_be_number, values.tolist())):
        return None
    read = read_numbers(cells_of(values))
    if read is None:
        return None
    words = np.isnan(read.values)
    few = counts[words].sum() <= MOST_WORD_ROWS * counts.sum() and (~words).sum() >= FEWEST_NUMBERS
    return read.values if few or not words.any() else None


def _may_be_number(value: Any) -> bool:
    return isinstance(value, str | int | float | np.number) and not isinstance(value, bool)


def merged_spellings(values: Array, counts: Ints) -> tuple[Ints, tuple[tuple[Any, ...], ...]]:
    """Which of the different values are one class: (k,) position of the commonest spelling, and the sets of spellings.

    >>> merged_spellings(np.array(["rain", "rain ", "sun"]), np.array([5, 4, 9]))
    (array([0, 0, 2]), (('rain', 'rain '),))
    """
    places = np.arange(len(values), dtype=np.intp)
    if values.dtype.kind not in "OU" or len(values) > MOST_SPELLED:
        return places, ()
    sets: dict[str, list[int]] = {}
    listed = values.tolist()
    for place, value in enumerate(listed):
        sets.setdefault(class_key(value), []).append(place)
    spellings = []
    for members in sets.values():
        if len(members) > 1:
            ordered = sorted(members, key=lambda place: (-counts[place], place))
            places[members] = ordered[0]
            spellings.append(tuple(listed[place] for place in ordered))
    return places, tuple(spellings)
