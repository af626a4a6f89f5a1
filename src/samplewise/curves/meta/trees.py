"""Grown trees as plain arrays, evaluated in numpy: stored without pickle, read without the library that grew them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from samplewise.core.arrays import Array, Floats

LEAF, CATEGORY = -1, -2  # marks in `feature`; CATEGORY - w tests for the categories of word w
BITS = 32  # categories a column can have: one word each
CHUNK = 256  # rows at a time: what they need stays in the cache
STORED = ("feature", "threshold", "left", "right", "value", "roots", "words", "tested")


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """All nodes of t trees in one table. A node sends a row left where its feature is at most the threshold.

    Args:
        feature: (nodes,) column compared; -1 at a leaf, -2 - w where a category decides whose bit in `words[w]`
            sends it left.
        threshold: (nodes,)
        left: (nodes,) position of the left child.
        right: (nodes,) position of the right child.
        value: (nodes, c) output of a leaf.
        roots: (t,) positions of the roots.
        words: (w,) unsigned bits of categories.
        tested: (w,) the column whose category each word is about.
    """

    feature: Array
    threshold: Floats
    left: Array
    right: Array
    value: Floats
    roots: Array
    words: Array
    tested: Array

    def sums(self, table: Floats) -> Floats:
        """(rows, c) sums of the leaf values over the trees."""
        parts = [table[first : first + CHUNK] for first in range(0, max(len(table), 1), CHUNK)]
        return np.concatenate([self.value[self._leaves(part)].sum(axis=1, dtype=np.float64) for part in parts])

    def _leaves(self, table: Floats) -> Array:
        """(rows, t) the leaf in which each row ends."""
        flat = np.tile(self.roots.astype(np.intp), len(table))
        row = np.repeat(np.arange(len(table)), len(self.roots))
        categories = table[:, : self.tested.max() + 1].astype(np.uint32) if len(self.words) else None
        open_at = np.flatnonzero(self.feature[flat] != LEAF)
        while len(open_at):
            node, rows = flat[open_at], row[open_at]
            column = self.feature[node]
            goes_left = table[rows, np.maximum(column, 0)] <= self.threshold[node]
            if categories is not None:
                place = np.maximum(CATEGORY - column, 0)
                in_word = (self.words[place] >> categories[rows, self.tested[place]]) & np.uint32(1)
                goes_left = np.where(column <= CATEGORY, in_word.astype(bool), goes_left)
            node = np.where(goes_left, self.left[node], self.right[node])
            flat[open_at] = node
            open_at = open_at[self.feature[node] != LEAF]
        return flat.reshape(len(table), -1)

    def arrays(self) -> dict[str, Array]:
        """The arrays by name, for one npz file."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, stored: Mapping[str, Array], prefix: str) -> Self:
        """Read the arrays whose names begin with `prefix`."""
        return cls(*(stored[prefix + name] for name in STORED))
