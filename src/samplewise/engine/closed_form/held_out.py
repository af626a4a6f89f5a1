"""Outputs of a ridge head at rows it did not see, from one fit: without the row, its fold, or a pair of folds.

In this module `ridge` is the penalty as it stands: sum |y_i - b - x_i coef|^2 + ridge |coef|^2, features used as given.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.engine.closed_form.array_checks import block_codes
from samplewise.engine.closed_form.smoother import UNDETERMINED, DualSmoother, Smoother, held_out_residuals, smoother_of

Pairs = dict[tuple[Any, Any], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class LeaveOneOut:
    """Outputs at every row with and without it."""

    outputs: Floats  # (n, c) by the head without the row; NaN where undetermined
    leverage: Floats  # (n,) share of its own fitted value that a row decides, 0..1
    fitted: Floats  # (n, c) by the head with every row
    undetermined: Ints  # positions whose 1 - leverage is below 1e-10: the row alone fixes a parameter


def leave_one_out(features: Any, targets: Any, ridge: float) -> LeaveOneOut:
    """Output at each row by the head fitted without it, in the units of the targets.

    f_-i(x_i) = y_i - (y_i - f(x_i)) / (1 - h_i), h_i the diagonal of the hat matrix, the intercept included.

    Args:    features: (n, d).   targets: (n,) or (n, c).   ridge: penalty on the sum of squares, > 0.
    Returns: LeaveOneOut; a larger leverage means the head follows that row more.
    Raises:  InputError if an entry is not finite, lengths differ or the ridge is not above 0.
    Cost:    O(n d^2) time for n > d, else O(n^2 d + n^3); n refits would be n times that.
    Not for: duplicated rows (each is predicted from its own duplicate: leave out the group with `leave_folds_out`).
    Source:  allen1974.
    >>> leave_one_out(np.array([[0.0], [1.0], [2.0]]), np.array([0.0, 1.0, 2.0]), ridge=1e-9).outputs.round(6)[1]
    array([1.])
    """
    return _leave_one_out(smoother_of(features, targets, ridge))


def leave_folds_out(features: Any, targets: Any, folds: Any, ridge: float) -> Floats:
    """Output (n, c) at each row by the head fitted without the row's fold, in the units of the targets.

    Small folds: y_I - (I - H_II)^-1 e_I. Folds of more rows than features: the Gram matrix minus the fold's.

    Args:    features: (n, d).   targets: (n,) or (n, c).   folds: (n,) fold of each row, at least two.
             ridge: penalty on the sum of squares, > 0.
    Returns: (n, c); NaN where the other folds do not determine an output.
    Raises:  InputError as `leave_one_out`, and for fewer than two folds.
    Cost:    O(n d^2 + k d^3) for k folds, or less for small folds.   Source: allen1974, hastie2009 (section 7.10).
    >>> x = np.arange(6.0)[:, None]
    >>> leave_folds_out(x, 3 * x, [0, 0, 1, 1, 2, 2], ridge=1e-9).round(5)[:, 0]
    array([ 0.,  3.,  6.,  9., 12., 15.])
    """
    return _leave_folds_out(smoother_of(features, targets, ridge), folds)


def leave_pairs_out(features: Any, targets: Any, folds: Any, ridge: float) -> Pairs:
    """For every two folds, outputs at their rows by the head fitted without both, in the units of the targets.

    Args:    features: (n, d).   targets: (n,) or (n, c).   folds: (n,) fold of each row, at least three.
             ridge: penalty on the sum of squares, > 0.
    Returns: {(a, b): (r, c)} for folds a < b; rows of a and b together, in the order of the data.
    Raises:  InputError as `leave_one_out`, and for fewer than three folds.
    Cost:    O(k n d^2 + k^2 d^3) for k folds.   Source: hastie2009 (section 7.10).
    >>> x = np.arange(6.0)[:, None]
    >>> sorted(leave_pairs_out(x, 3 * x, [0, 0, 1, 1, 2, 2], ridge=1e-9))
    [(0, 1), (0, 2), (1, 2)]
    """
    return _leave_pairs_out(smoother_of(features, targets, ridge), folds)


def leave_one_out_from_gram(gram: Any, targets: Any, ridge: float, intercept: bool = True) -> LeaveOneOut:
    """`leave_one_out` of kernel ridge: y_i - alpha_i / C_ii, C = (K + ridge I)^-1 (and its centered twin).

    Args:    gram: (n, n) symmetric kernel.   targets: (n,) or (n, c).   ridge: > 0.
             intercept: fit one, not penalized.
    Returns: LeaveOneOut, in the units of the targets; a larger leverage means the head follows that row more.
    Raises:  InputError if the kernel is not square and symmetric.
    Cost:    O(n^3) time, O(n^2) memory.   Source: allen1974, rasmussen2006 (section 5.4).
    >>> leave_one_out_from_gram(np.eye(3), np.ones(3), ridge=1.0).outputs.round(6)[:, 0]
    array([1., 1., 1.])
    """
    return _leave_one_out(DualSmoother(gram, targets, ridge, intercept))


def leave_folds_out_from_gram(gram: Any, targets: Any, folds: Any, ridge: float, intercept: bool = True) -> Floats:
    """`leave_folds_out` of kernel ridge: y_I - C_II^-1 alpha_I per fold I. Args as `leave_one_out_from_gram`.

    Returns: (n, c) in the units of the targets.   Cost: O(n^3), memory O(n^2).   Source: rasmussen2006 (section 5.4).
    >>> leave_folds_out_from_gram(np.eye(4), np.ones(4), [0, 0, 1, 1], ridge=1.0).round(6)[:, 0]
    array([1., 1., 1., 1.])
    """
    return _leave_folds_out(DualSmoother(gram, targets, ridge, intercept), folds)


def leave_pairs_out_from_gram(gram: Any, targets: Any, folds: Any, ridge: float, intercept: bool = True) -> Pairs:
    """`leave_pairs_out` of kernel ridge. Args as `leave_one_out_from_gram`.

    Returns: {(a, b): (r, c)} in the units of the targets.   Cost: O(n^3), memory O(n^2).
    Source:  rasmussen2006 (section 5.4).
    >>> leave_pairs_out_from_gram(np.eye(3), np.ones(3), [0, 1, 2], ridge=1.0)[0, 2].round(6)[:, 0]
    array([1., 1.])
    """
    return _leave_pairs_out(DualSmoother(gram, targets, ridge, intercept), folds)


def _leave_one_out(smoother: Smoother) -> LeaveOneOut:
    return LeaveOneOut(
        outputs=smoother.targets - held_out_residuals(smoother),
        leverage=smoother.leverage,
        fitted=smoother.targets - smoother.residuals,
        undetermined=np.flatnonzero(1.0 - smoother.leverage < UNDETERMINED),
    )


def _leave_folds_out(smoother: Smoother, folds: Any) -> Floats:
    outputs = np.empty_like(smoother.targets)
    for _, rows in _fold_rows(folds, len(outputs), least=2):
        outputs[rows] = smoother.without(rows)
    return outputs


def _leave_pairs_out(smoother: Smoother, folds: Any) -> Pairs:
    named = _fold_rows(folds, len(smoother.targets), least=3)
    return {(a, b): smoother.without(np.sort(np.r_[ra, rb])) for (a, ra), (b, rb) in combinations(named, 2)}


def _fold_rows(folds: Any, rows: int, least: int) -> Iterator[tuple[Any, Array]]:
    """Each fold's name and positions, in sorted order of the names."""
    codes = block_codes(folds, rows, "folds")
    names = np.unique(np.asarray(folds)).tolist()
    if len(names) < least:
        raise InputError(
            f"at least {least} folds are needed, so that rows are left to fit on",
            where="folds",
            got=f"{len(names)} folds",
            fix="assign the rows to more folds",
        )
    order = np.argsort(codes, kind="stable")
    return zip(names, np.split(order, np.flatnonzero(np.diff(codes[order])) + 1), strict=True)
