"""Class probabilities read a block of rows at a time: a million rows of a thousand classes are never copied."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints

ENTRIES = 2_000_000  # of an array (n, c) worked on at once
LEAST = 1e-12  # probabilities below this count as zero


def row_slices(shape: tuple[int, ...]) -> Iterator[slice]:
    """Slices of the rows of an array (n, c), about two million entries each."""
    step = max(1, ENTRIES // max(1, shape[1]))
    for start in range(0, shape[0], step):
        yield slice(start, min(start + step, shape[0]))


class BlockedRows:
    """An array (n, c) whose rows are computed from another array's when they are read.

    Args:
        source: (n, c) in memory or on disk.
        made: function of rows of float64 (b, c) -> rows (b, c).
    """

    def __init__(self, source: Any, made: Callable[[Floats], Array]) -> None:
        """Nothing is read."""
        self.source, self._made, self.shape = source, made, source.shape

    def __len__(self) -> int:
        """Number of rows."""
        return int(self.shape[0])

    def __getitem__(self, rows: Any) -> Array:
        """The rows of a slice, positions or a mask."""
        return self._made(np.asarray(self.source[rows], dtype=np.float64))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """All rows at once, in memory."""
        return np.asarray(self[:], dtype=dtype)

    def argmax(self, axis: int = 1) -> Ints:
        """(n,) position of the largest entry of every row."""
        return np.concatenate([self[rows].argmax(axis=axis) for rows in row_slices(self.shape)])

    def max(self, axis: int = 1) -> Floats:
        """(n,) largest entry of every row."""
        return np.concatenate([self[rows].max(axis=axis) for rows in row_slices(self.shape)])


def log_probabilities(P: Any) -> BlockedRows:
    """(n, c) logarithms of probabilities, none below 1e-12."""
    return BlockedRows(P, lambda block: np.log(np.clip(block, LEAST, 1.0)))
