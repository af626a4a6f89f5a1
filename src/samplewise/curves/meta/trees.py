"""Grown trees as plain arrays, evaluated in numpy: stored without pickle, read without the library that grew them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from samplewise.core.arrays import Array, Floats

STORED = ("feature", "threshold", "left", "right", "value", "roots", "words")


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """All nodes of t trees in one table. A node sends a row left where its feature is at most the threshold.

    Args:
        feature: (nodes,) column asked; -1 at a leaf, -2 - w where the first column is a category whose bit in
            `words[w]` sends it left.
        threshold: (nodes,)
        left: (nodes,) position of the left child.
        right: (nodes,) position of the right child.
        value: (nodes, c) what a leaf says.
        roots: (t,) positions of the roots.
        words: (w,) unsigned bits of categories.
    """

    feature: Array
    threshold: Floats
    left: Array
    right: Array
    value: Floats
    roots: Array
    words: Array

    def leaves(self, table: Floats) -> Array:
        """(rows, t) the leaf in which each row ends."""
        at = np.broadcast_to(self.roots.astype(np.intp), (len(table), len(self.roots))).copy()
        feature, categorical = self.feature.astype(np.intp), bool(len(self.words))
        category = table[:, 0].astype(np.uint32) if categorical else None
        rows = np.broadcast_to(np.arange(len(table))[:, None], at.shape)
        open_at = np.flatnonzero(feature[at.ravel()] != -1)
        flat, row = at.ravel(), rows.ravel()
        while len(open_at):
            node = flat[open_at]
            asked = feature[node]
            goes_left = table[row[open_at], np.maximum(asked, 0)] <= self.threshold[node]
            if category is not None:
                word = self.words[np.maximum(-2 - asked, 0)]
                in_word = (word >> category[row[open_at]]) & np.uint32(1)
                goes_left = np.where(asked < -1, in_word.astype(bool), goes_left)
            flat[open_at] = np.where(goes_left, self.left[node], self.right[node])
            open_at = open_at[feature[flat[open_at]] != -1]
        return flat.reshape(at.shape)

    def sums(self, table: Floats) -> Floats:
        """(rows, c) the sum of what the trees say."""
        return np.asarray(self.value[self.leaves(table)].sum(axis=1, dtype=np.float64))

    def arrays(self) -> dict[str, Array]:
        """The parts by name, for one npz file."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @classmethod
    def from_arrays(cls, stored: Mapping[str, Array], prefix: str) -> Self:
        """Read the parts whose names begin with `prefix`."""
        return cls(*(stored[prefix + name] for name in STORED))
