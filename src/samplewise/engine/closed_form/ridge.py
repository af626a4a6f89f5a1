"""Ridge heads on any subset of the rows of one feature matrix, by Gram down-dates.

A cross-fitted audit needs hundreds of heads on nearly the same rows. The Gram matrix of every block (fold) is
computed once; a head on a subset then costs the few rows by which the subset differs from whole blocks, plus one
factorization of size d that serves every ridge.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from samplewise.core.arrays import Array, Floats, Mask
from samplewise.core.errors import InputError
from samplewise.engine.closed_form.array_checks import block_codes, feature_matrix, require_ridge, target_matrix
from samplewise.engine.closed_form.tridiagonal import RidgePath

GCV_RIDGES = np.logspace(-7, 3, 21)
CAUTION = 1.2  # what a parameter counts for in generalized cross-validation; kim2004 discuss 1 to 1.4
ROWS_AT_ONCE = 8192
# A column whose kept sum of squares is this small a share of the block's is measured again from its rows.
CANCELED = 1e-6
ROUNDED = 1e-6  # standard deviation, in units of the mean, that single precision may leave of a constant column


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """One fitted linear head: outputs = features @ coef + intercept."""

    coef: Floats  # (d, c), in the units of the features as given
    intercept: Floats  # (c,)
    ridge: float  # in units of the mean diagonal of the fit's Gram matrix
    effective_parameters: float  # trace of the hat matrix, the intercept included

    def outputs(self, features: Array) -> Floats:  # (m, d) -> (m, c)
        """Outputs (m, c) in the units of the targets."""
        chunks = [
            np.asarray(features[start : start + ROWS_AT_ONCE], dtype=np.float64) @ self.coef
            for start in range(0, len(features), ROWS_AT_ONCE)
        ]
        return np.concatenate(chunks) + self.intercept if chunks else np.empty((0, len(self.intercept)))


@dataclass(slots=True, eq=False)
class _Moments:
    """Weighted sums over a set of rows, features and targets centered on the means of all rows."""

    weight: float
    sums: Floats  # (d,)
    gram: Floats  # (d, d)
    cross: Floats  # (d, c)
    target_sums: Floats  # (c,)
    target_squares: Floats  # (c,)
    magnitude: Floats  # (d,) squares of everything added or taken away: what cancellation is measured against

    @classmethod
    def zero(cls, d: int, c: int) -> "_Moments":
        return cls(0.0, np.zeros(d), np.zeros((d, d)), np.zeros((d, c)), np.zeros(c), np.zeros(c), np.zeros(d))

    def add(self, other: "_Moments") -> None:
        self.weight += other.weight
        for name in ("sums", "gram", "cross", "target_sums", "target_squares", "magnitude"):
            getattr(self, name)[...] += getattr(other, name)

    def centered(self, center: Floats, target_center: Floats) -> "_Centered":
        """Sums of squares and products about the means of these rows; `gram` is changed in place."""
        mean, target_mean = self.sums / self.weight, self.target_sums / self.weight
        self.gram -= np.outer(self.sums, mean)
        return _Centered(
            gram=self.gram,
            cross=self.cross - np.outer(self.sums, target_mean),
            squares=float(np.sum(self.target_squares - self.target_sums * target_mean)),
            location=center + mean,
            target_location=target_center + target_mean,
            varies=np.ones(len(mean), dtype=bool),
        )


@dataclass(slots=True, eq=False)
class _Centered:
    """What a fit needs of its rows."""

    gram: Floats  # (d, d)
    cross: Floats  # (d, c)
    squares: float  # of the targets, over all outputs
    location: Floats  # (d,) means of the features as given
    target_location: Floats  # (c,)
    varies: Mask  # (d,) False where a column is constant


class SubsetRidge:
    """Ridge heads on any subset of n rows, in the units of the targets; cost follows the distance from whole blocks.

    Minimizes sum_i w_i |y_i - b - z_i coef|^2 + penalty |coef|^2 over the kept rows, z standardized by the kept rows
    alone, the intercept b not penalized. Moments of the kept rows = sum over blocks of (block minus removed rows) or
    (kept rows), whichever is the shorter sum.

    Args:    features: (n, d), float32 is read without a copy.   targets: (n,) or (n, c).
             blocks: (n,) block (fold) of each row; None is one block.
             sets: (n,) rows that are one observation (exact duplicates) where a ridge is chosen; None: each its own.
             weights: (n,) >= 0 of a fit that is given none; None: 1 for every row.
    Returns: an engine whose `fit` gives a `Head`.
    Raises:  InputError if an entry is not finite or lengths differ.
    Cost:    O(n d^2) once; per fit O(r d^2 + d^3), r rows of difference; memory 8 d^2 bytes per block.
    Not for: d above about 5,000 (map to fewer features first).
    Source:  hastie2009 (section 3.4), golub1979.
    >>> engine = SubsetRidge(np.arange(6.0)[:, None], 2 * np.arange(6.0))
    >>> head = engine.fit(np.arange(6) < 4, ridge=1e-9)
    >>> head.outputs(np.array([[5.0]])).round(6)
    array([[10.]])
    """

    def __init__(self, features: Any, targets: Any, blocks: Any = None, sets: Any = None, weights: Any = None) -> None:
        self._features = feature_matrix(features)
        self._targets = target_matrix(targets, len(self._features))
        codes = block_codes(blocks, len(self._features), "blocks")
        order = np.argsort(codes, kind="stable")
        self._block_rows = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
        self._block_moments: list[_Moments | None] = [None] * len(self._block_rows)
        numbers = None if sets is None else block_codes(sets, len(self._features), "sets")
        self._sets = None if numbers is None or numbers.max() + 1 == len(numbers) else numbers  # None: each row its own
        self._weights = np.ones(len(self._features)) if weights is None else np.asarray(weights, dtype=np.float64)
        # Centering everything once keeps the sums of squares small, so that subtracting rows does not cancel.
        self._center = self._features.mean(axis=0, dtype=np.float64)
        self._target_center = self._targets.mean(axis=0)

    def fit(
        self,
        keep: Array,  # (n,)
        targets: Any = None,  # (n, c)
        weights: Any = None,  # (n,)
        ridge: float | Literal["gcv"] = "gcv",
        standardize: bool = True,
    ) -> Head:
        """A ridge head on the kept rows, in the units of the targets.

        The penalty is `ridge` times the mean diagonal of the Gram matrix of the centered (and standardized) kept rows,
        constant columns left out: with standardize=True that diagonal is the sum of the weights, so `ridge` means the
        same at every subset size. "gcv" takes the ridge of `GCV_RIDGES` with the least generalized cross-validation
        score, n RSS / (n - 1.2 effective parameters)^2, from the kept rows alone, each set of duplicates counted once.

        Args:    keep: (n,) bool.   targets: (n, c) instead of the engine's, cheap where few rows differ.
                 weights: (n,) >= 0 instead of the engine's, one row of weight 2 counts as two rows.
                 ridge: above 0, or "gcv".
                 standardize: divide every column by its own standard deviation over the kept rows.
        Returns: Head; a column constant over the kept rows (standardize=False: up to a millionth) has coefficient 0.
        Raises:  InputError if no row is kept, a length differs, or a weight is negative.
        Cost:    O(r d^2 + d^3 + d^2 c).   Source: golub1979.
        """
        weight, current = self._row_weights(keep, weights), self._current_targets(targets)
        moments = self._moments(weight)
        self._swap_targets(moments, weight, current)
        centered = moments.centered(self._center, self._target_center)
        self._measure_again(centered, weight, current, moments.magnitude)
        if not standardize:  # on one scale for all a constant column must not count because of its last bits
            centered.varies &= centered.gram.diagonal() > moments.weight * np.square(ROUNDED * centered.location)
        diagonal = np.where(centered.varies, centered.gram.diagonal(), 0.0)
        if not standardize:
            diagonal = np.where(centered.varies, diagonal.sum() / max(int(centered.varies.sum()), 1), 0.0)
        shrink = np.divide(1.0, np.sqrt(diagonal), out=np.zeros_like(diagonal), where=diagonal > 0)
        centered.gram *= shrink[:, None]
        centered.gram *= shrink
        path = RidgePath(centered.gram, centered.cross * shrink[:, None])
        rows = int(np.count_nonzero(weight)) if self._sets is None else len(np.unique(self._sets[weight > 0]))
        chosen = _least_gcv(path, centered.squares, rows) if ridge == "gcv" else require_ridge(ridge)
        coef = path.solution(chosen) * shrink[:, None]
        intercept = centered.target_location - centered.location @ coef
        return Head(coef, intercept, chosen, 1.0 + path.trace(chosen))

    def _row_weights(self, keep: Array, weights: Any) -> Floats:
        """Weight of every row (n,): 0 for the rows not kept."""
        rows = len(self._features)
        mask = np.asarray(keep)
        if mask.shape != (rows,) or mask.dtype != np.bool_ or not mask.any():
            raise InputError(
                "keep must mark at least one row to fit on",
                where="keep",
                got=f"{mask.dtype} of shape {mask.shape} with {np.count_nonzero(mask)} marked",
                fix=f"pass a boolean array of shape ({rows},) with True for the rows to keep",
            )
        given = self._weights if weights is None else np.asarray(weights, dtype=np.float64)
        weight = np.where(mask, given, 0.0) if given.shape == (rows,) else np.full(rows, np.nan)
        if not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
            raise InputError(
                "weights must be one number for each row, finite, not negative, and not all zero",
                where="weights of the kept rows",
                got=f"shape {given.shape}, from {given.min(initial=np.inf)} to {given.max(initial=-np.inf)}",
                fix="use 0 for a row that must not count",
            )
        return weight

    def _current_targets(self, targets: Any) -> Floats:
        """The targets of this fit (n, c)."""
        if targets is None:
            return self._targets
        new = target_matrix(targets, len(self._features))
        if new.shape != self._targets.shape:
            raise InputError(
                "new targets must have as many outputs as the engine's",
                where="targets",
                got=f"{new.shape[1]} outputs instead of {self._targets.shape[1]}",
                fix="build a SubsetRidge on targets of this width",
            )
        return new

    def _moments(self, weight: Floats) -> _Moments:
        total = _Moments.zero(self._features.shape[1], self._targets.shape[1])
        for block, rows in enumerate(self._block_rows):
            differs, present = rows[weight[rows] != self._weights[rows]], rows[weight[rows] != 0.0]
            if len(differs) <= len(present):
                total.add(self._whole_block(block))
                self._add_rows(total, differs, weight[differs] - self._weights[differs])
            else:
                self._add_rows(total, present, weight[present])
        return total

    def _whole_block(self, block: int) -> _Moments:
        """Moments of one block at the engine's weights, computed when first needed."""
        known = self._block_moments[block]
        if known is None:
            known = _Moments.zero(self._features.shape[1], self._targets.shape[1])
            self._add_rows(known, self._block_rows[block], self._weights[self._block_rows[block]])
            self._block_moments[block] = known
        return known

    def _add_rows(self, total: _Moments, rows: Array, weight: Floats) -> None:
        """Add signed weights times rows; rows of one sign go together, because R^T R takes half the products."""
        for sign in (1.0, -1.0):
            chosen = weight * sign > 0
            for x, part in self._chunks(rows[chosen]):
                w = np.abs(weight[chosen][part])
                y = self._targets[rows[chosen][part]] - self._target_center
                root = x if (w == 1.0).all() else x * np.sqrt(w)[:, None]
                wy = y * w[:, None]
                gram = root.T @ root
                total.gram += sign * gram
                total.magnitude += gram.diagonal()
                total.cross += sign * (x.T @ wy)
                total.sums += sign * (w @ x)
                total.target_sums += sign * wy.sum(axis=0)
                total.target_squares += sign * (wy * y).sum(axis=0)
        total.weight += float(weight.sum())

    def _chunks(self, rows: Array) -> Iterator[tuple[Floats, slice]]:
        """Centered float64 rows, a bounded number at a time."""
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            yield self._features[rows[part]] - self._center, part

    def _swap_targets(self, moments: _Moments, weight: Floats, current: Floats) -> None:
        """Exchange the engine's targets for this fit's in the kept rows where they differ."""
        if current is self._targets:
            return
        rows = np.flatnonzero((weight > 0) & (current != self._targets).any(axis=1))
        for x, part in self._chunks(rows):
            at = rows[part]
            before, after = self._targets[at] - self._target_center, current[at] - self._target_center
            w = weight[at][:, None]
            moments.cross += x.T @ (w * (after - before))
            moments.target_sums += (w * (after - before)).sum(axis=0)
            moments.target_squares += (w * (after**2 - before**2)).sum(axis=0)

    def _measure_again(self, centered: _Centered, weight: Floats, targets: Floats, magnitude: Floats) -> None:
        """Recompute from the rows the columns that are nearly constant over the kept rows, and mark the constant ones.

        Such a column (a rare category whose rows are mostly left out) keeps no digits after the subtraction.
        """
        suspects = np.flatnonzero(centered.gram.diagonal() <= CANCELED * magnitude)
        if not len(suspects):
            return
        kept = np.flatnonzero(weight)
        columns = self._features[np.ix_(kept, suspects)].astype(np.float64)
        centered.varies[suspects] = np.ptp(columns, axis=0) > 0
        centered.location[suspects] = np.average(columns, axis=0, weights=weight[kept])
        columns -= centered.location[suspects]
        weighted = columns * weight[kept][:, None]
        fresh = np.zeros((len(centered.gram), len(suspects)))
        for x, part in self._chunks(kept):
            x += self._center - centered.location
            x[:, suspects] = columns[part]
            fresh += x.T @ weighted[part]
        centered.gram[:, suspects], centered.gram[suspects, :] = fresh, fresh.T
        centered.cross[suspects] = weighted.T @ (targets[kept] - centered.target_location)


def _least_gcv(path: RidgePath, squares: float, rows: int) -> float:
    """The ridge with the least RSS / (n - 1 - CAUTION * effective parameters)^2; ties go to the larger ridge.

    Plain generalized cross-validation (CAUTION = 1) takes an interpolating head for a perfect one wherever copied rows
    leave it a few degrees of freedom.
    """
    best, chosen = np.inf, float(GCV_RIDGES[-1])
    for ridge in map(float, GCV_RIDGES[::-1]):
        solution = path.rotated_solution(ridge)
        residual = squares - float(np.sum(solution * (path.rotated_cross + ridge * solution)))
        freedom = rows - 1.0 - CAUTION * path.trace(ridge)
        if freedom <= 1e-6 * rows:
            break
        score = max(residual, 0.0) / freedom**2
        if score < best * (1 - 1e-9):
            best, chosen = score, ridge
    return chosen
