"""Means and covariances of features within every class and segment, and what chance alone would give."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import linalg

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.core.randomness import generator
from samplewise.engine.statistics.significance import simulated_p_value

FEWEST = 5  # rows of every class in every segment
DRAWS = 99  # permutations; with them the least p-value is 0.01
SIGNIFICANT = 0.01
EXACT, SHRUNK = 1e-10, 1e-3  # added to variances of 1: rounding alone, and where rows are few for the columns
ROWS_PER_COLUMN = 5


@dataclass(frozen=True, slots=True, eq=False)
class CellMoments:
    """Moments of d features over K classes and A segments, every cell weighing the same.

    Args:
        counts: (K, A) rows.
        means: (K, A, d).
        scatter: (d, d) sums of squares and products within cells.
        within: (d, d) covariance within a cell, the mean over the cells.
        by_segment, by_class: (draws, K, A, d) means with segments permuted within classes, and the other way round.
    """

    counts: Ints
    means: Floats
    scatter: Floats
    within: Floats
    by_segment: Floats
    by_class: Floats

    @classmethod
    def of(cls, X: Floats, codes: Ints, segments: Ints, shape: tuple[int, int], seed: int) -> Self:
        """Of rows (n, d), their classes (n,) and segments (n,).   Cost: O(n d^2), one product."""
        counts = np.bincount(codes * shape[1] + segments, minlength=shape[0] * shape[1]).reshape(shape)
        width = X.shape[1]
        means = np.zeros((*shape, width))
        scatter, within = np.zeros((width, width)), np.zeros((width, width))
        for at in np.ndindex(shape):
            rows = X[(codes == at[0]) & (segments == at[1])]
            means[at] = rows.mean(axis=0)
            rows = rows - means[at]
            own = rows.T @ rows
            scatter += own
            within += own / ((len(rows) - 1) * counts.size)
        by_segment = _permuted(X, codes, segments, shape, seed)
        by_class = np.swapaxes(_permuted(X, segments, codes, shape[::-1], seed + 1), 1, 2)
        return cls(counts, means, scatter, within, by_segment, by_class)

    @property
    def center(self) -> Floats:
        """(d,) mean of the cells."""
        return np.asarray(self.means.mean(axis=(0, 1)))

    def ridge(self) -> float:
        """What is added to the variances, all scaled to 1."""
        return EXACT if self.counts.sum() >= ROWS_PER_COLUMN * len(self.within) else SHRUNK

    def main_effects(self) -> tuple[Floats, Floats]:
        """(A, d) and (K, d): what a segment, and what a class adds to the features, in the mean over the other."""
        return self.means.mean(axis=0) - self.center, self.means.mean(axis=1) - self.center

    def segment_directions(self, into: Floats) -> tuple[Floats, float]:
        """(d, r) differences between segments of one class that are beyond chance, and the p-value of the first.

        `into` (d, k) maps features to where they are compared.
        """
        return self._beyond_chance(self.means, self.by_segment, self.counts, into)

    def class_directions(self, into: Floats) -> tuple[Floats, float]:
        """(d, r) differences between classes of one segment that are beyond chance, and the p-value of the first."""
        turned = np.swapaxes(self.by_class, 1, 2)
        return self._beyond_chance(np.swapaxes(self.means, 0, 1), turned, self.counts.T, into)

    def _beyond_chance(self, means: Floats, permuted: Floats, counts: Ints, into: Floats) -> tuple[Floats, float]:
        """Directions whose canonical correlation exceeds those of all permutations, largest first.

        The scatter they are compared with is that within the levels held fixed, which no permutation changes.
        """
        found = _deviations(means[None], counts)[0]  # (cells, d)
        mapped = found @ into
        total = (into.T @ self.scatter @ into + mapped.T @ mapped) / counts.sum()
        total[np.diag_indices_from(total)] += EXACT * max(float(np.trace(total)) / max(len(total), 1), 1e-300)
        factor = linalg.cholesky(total, lower=True)
        drawn = _deviations(permuted, counts) @ into
        null = linalg.solve_triangular(factor, drawn.reshape(-1, into.shape[1]).T, lower=True)
        largest = np.array([np.linalg.svd(one, compute_uv=False)[0] for one in null.T.reshape(drawn.shape)])
        left, strengths, _ = np.linalg.svd(linalg.solve_triangular(factor, mapped.T, lower=True).T, full_matrices=False)
        p_values = simulated_p_value(strengths, np.broadcast_to(largest, (len(strengths), len(largest))))
        beyond = int(np.cumprod(p_values <= SIGNIFICANT).sum())
        rank = (counts.shape[1] - 1) * counts.shape[0]
        return found.T @ left[:, : min(beyond, rank)], float(p_values[0])


def require_cells(counts: Ints, classes: Array, segments: Array) -> None:
    """Refuse labels and segments of which some pair has hardly a row, with the counts."""
    if min(counts.shape) >= 2 and counts.min() >= FEWEST:
        return
    named = ", ".join(
        f"{classes[at[0]]} and {segments[at[1]]}: {counts[at]:,}" for at in list(np.ndindex(counts.shape))[:12]
    )
    if min(counts.shape) < 2:
        what = "one value alone cannot be told from another: labels and segments need two values each"
    else:
        what = f"every class needs at least {FEWEST} rows in every segment, or what belongs to which cannot be told"
    raise InputError(
        what, where="segments", got=f"rows of label and segment: {named}",
        fix="add rows of the rare pairs, merge values, or compare a column that is not nearly the label",
    )  # fmt: skip


def _deviations(means: Floats, counts: Ints) -> Floats:
    """(draws, cells, d) cell means minus those of the level held fixed, each times the square root of its rows."""
    shares = counts / counts.sum(axis=1, keepdims=True)
    level = (means * shares[None, :, :, None]).sum(axis=2, keepdims=True)
    weighted = (means - level) * np.sqrt(counts)[None, :, :, None]
    return np.asarray(weighted.reshape(len(means), counts.size, means.shape[3]))


def _permuted(X: Floats, fixed: Ints, moved: Ints, shape: tuple[int, int], seed: int) -> Floats:
    """(draws, F, M, d) cell means after `moved` (n,) is permuted within each level of `fixed` (n,)."""
    draw = generator(seed, "cells")
    found = np.zeros((DRAWS, *shape, X.shape[1]))
    for level in range(shape[0]):
        rows = np.flatnonzero(fixed == level)
        values = X[rows]
        order = np.array([draw.permutation(moved[rows]) for _ in range(DRAWS)])  # (draws, rows)
        count = np.bincount(moved[rows], minlength=shape[1])
        rest = np.broadcast_to(values.sum(axis=0), (DRAWS, X.shape[1])).copy()
        for one in range(shape[1] - 1):
            sums = (order == one).astype(np.float64) @ values
            found[:, level, one] = sums / count[one]
            rest -= sums
        found[:, level, -1] = rest / count[-1]
    return found
