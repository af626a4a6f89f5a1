"""Logistic heads, and their predictions without one row: one Newton step for every row, from one fit.

In this module `ridge` is the penalty as it stands: sum_i log loss_i + ridge / 2 |coef|^2, the intercept free (it is
scikit-learn's 1 / C). Two classes have one output, the log odds of the second; more classes one logit each.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import linalg
from scipy.special import log_softmax

from samplewise.core.arrays import Array, Floats, Ints, one_hot
from samplewise.core.errors import InputError
from samplewise.engine.closed_form.array_checks import feature_matrix, require_ridge

MOST_STEPS = 100
CONVERGED = 1e-9  # largest entry of the gradient, relative to the largest sum of a feature's absolute values
SPREAD_ROWS = 256
GIVEN = 1e-2  # the same for weights that somebody else fitted


@dataclass(frozen=True, slots=True, eq=False)
class LogisticHead:
    """One fitted head: outputs = features @ coef + intercept."""

    coef: Floats  # (d, c), c = 1 for two classes
    intercept: Floats  # (c,)
    ridge: float

    def outputs(self, features: Any) -> Floats:  # (m, d) -> (m, c)
        """Log odds of the second of two classes (m, 1), or a logit for every class (m, c)."""
        return np.asarray(feature_matrix(features) @ self.coef + self.intercept, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class LogisticDeletion:
    """What a converged logistic head loses with each row, to one Newton step from its weights."""

    head: LogisticHead
    held_out: Floats  # (n, c) output at the row by the head without it
    leverage: Floats  # (n,) share of its own output that a row decides, 0..1: how far a plain influence falls short
    _rows: Floats = field(repr=False)  # (n, d + 1)
    _pulls: Floats = field(repr=False)  # (n, c) gradient of the row's loss at its outputs
    _bracketed: Floats = field(repr=False)  # (n, c) the same over (1 - leverage)
    _curvatures: Floats = field(repr=False)  # (n, c, c)
    _inverse: Floats = field(repr=False)  # (c, c, d + 1, d + 1) blocks of H^-1

    def prediction_change(self, queries: Any, *, bracket: bool = True) -> Floats:
        """Output at each query with each row minus without it (m, n, c), in log odds.

        x_q H^-1 x_i r_i / (1 - h_i); `bracket=False` leaves the division out, which is the influence function: it
        falls short for rows of high leverage.

        Args:    queries: (m, d) features.   bracket: divide by one minus the leverage.
        Returns: (m, n, c), larger means the row raises that output.
        Raises:  InputError if widths differ.   Cost: O(m n d c + n d^2 c^2), memory 8 m n c bytes.
        Source:  pregibon1981, koh2017, rad2020.
        """
        queried, pulls = self._queries(queries), self._bracketed if bracket else self._pulls
        change = np.empty((len(queried), len(pulls), pulls.shape[1]))
        for output, block in enumerate(self._inverse):
            moved = sum(block[other] @ (self._rows * pulls[:, other, None]).T for other in range(pulls.shape[1]))
            change[:, :, output] = queried @ moved
        return -change

    def squared_changes(self, queries: Any) -> tuple[Floats, Floats, Floats]:
        """What each row changes: mean squared change of the log odds at the queries, its standard error, and squared
        change of the coefficients (the intercept apart), each (n,).

        Args:    queries: (m, d) features.
        Raises:  InputError if widths differ.   Cost: O(n d^2 c^2 + m d^2), the error from at most 256 queries.
        Source:  pregibon1981, harutyunyan2021.
        """  # fmt: skip
        queried, (n, c) = self._queries(queries), self._pulls.shape
        moments = queried.T @ queried / len(queried)
        some = queried[np.unique(np.linspace(0, len(queried) - 1, min(len(queried), SPREAD_ROWS)).astype(np.intp))]
        functional, weights, at_some = np.zeros(n), np.zeros(n), np.zeros((len(some), n))
        for block in self._inverse:
            moved = sum(block[other] @ (self._rows * self._bracketed[:, other, None]).T for other in range(c))
            functional += np.einsum("dn,dn->n", moments @ moved, moved)
            weights += np.square(moved[:-1]).sum(axis=0)
            at_some += np.square(some @ moved)
        spread = at_some.std(axis=0, ddof=1) if len(some) > 1 else np.full(n, np.nan)
        return functional, spread / np.sqrt(len(queried)), weights

    def group_change(self, rows: Any, queries: Any) -> Floats:
        """Output at each query with a group of rows minus without it (m, c), in log odds: one Newton step of the rest.

        Args:    rows: (r,) different positions.   queries: (m, d).
        Returns: (m, c), larger means the group raises that output.
        Raises:  InputError for positions outside the data.   Cost: O(n d^2 c^2 + d^3 c^3).
        Not for: groups so large that one step does not reach the other optimum (fit again instead).
        Source:  pregibon1981.
        """
        members = np.unique(np.asarray(rows, dtype=np.intp))
        n, c = self._pulls.shape
        if not len(members) or members[0] < 0 or members[-1] >= n or len(members) == n:
            raise InputError(
                "a group must be positions of rows, and leave some",
                where="rows", got=f"{members[:5].tolist()} ({len(members)} of {n})",
                fix=f"use positions from 0 to {n - 1}, not all of them",
            )  # fmt: skip
        rest = np.setdiff1d(np.arange(n), members)
        system = _hessian(self._rows[rest], self._curvatures[rest], self.head.ridge)
        gradient = self._rows[members].T @ self._pulls[members]  # the others' gradient is minus that of the members
        step = linalg.cho_solve(linalg.cho_factor(system), gradient.T.ravel()).reshape(c, -1)
        return np.asarray(-self._queries(queries) @ step.T)

    def _queries(self, queries: Any) -> Floats:
        matrix = feature_matrix(queries)
        if matrix.shape[1] != len(self.head.coef):
            raise InputError(
                "queries must have the columns the head was fitted on",
                where="queries", got=f"{matrix.shape[1]} columns instead of {len(self.head.coef)}",
                fix="encode the queries as the rows were encoded",
            )  # fmt: skip
        return _with_one(matrix)


def logistic_head(features: Any, codes: Any, ridge: float, start: LogisticHead | None = None) -> LogisticHead:
    """The minimizer of sum_i log loss_i + ridge / 2 |coef|^2 by Newton steps, to round-off.

    Args:    features: (n, d).   codes: (n,) classes 0..c-1, each with a row.   ridge: > 0.
             start: a head near the minimum, as of nearly the same rows; saves steps and changes nothing else.
    Returns: LogisticHead, outputs in log odds, larger means the class is likelier.
    Raises:  InputError for codes with gaps, one class, entries that are not finite, or a start of another shape.
    Cost:    O(n d^2 c^2 + d^3 c^3) a step, 5 to 15 steps.   Not for: d c above about 5,000.
    Source:  hastie2009 (section 4.4).
    >>> X, y = np.array([[-1.0], [0.0], [1.0], [2.0]]), np.array([0, 1, 0, 1])
    >>> head = logistic_head(X, y, ridge=1.0)
    >>> bool(head.coef[0, 0] > 0)
    True
    """
    rows, labels = _with_one(feature_matrix(features)), _class_codes(codes, len(features))
    first = np.zeros((rows.shape[1], _outputs_for(labels)))
    if start is not None:
        shape, first = first.shape, np.vstack([start.coef, start.intercept])
        if first.shape != shape:
            raise InputError(
                "the start has another shape than the head", where="start",
                got=f"coef {start.coef.shape} for {shape[0] - 1} columns and {shape[1]} outputs",
                fix="pass a head of the same columns and classes, or leave start out",
            )  # fmt: skip
    return _minimized(rows, labels, require_ridge(ridge), first)


def logistic_deletion(features: Any, codes: Any, ridge: float, head: LogisticHead | None = None) -> LogisticDeletion:
    """What the head would predict without each row, for all rows at once, in log odds.

    theta_-i = theta + H^-1 J_i^T (I - L_i J_i H^-1 J_i^T)^-1 r_i with r_i = p_i - y_i, L_i = diag p_i - p_i p_i^T and H
    the curvature of the whole sum: the first Newton step of the problem without the row.

    Args:    features: (n, d).   codes: (n,) classes 0..c-1.   ridge: > 0.
             head: fitted on these rows with this ridge (any solver); None fits one.
    Returns: LogisticDeletion.
    Raises:  InputError as `logistic_head`, and for a head that is no minimizer of this problem.
    Cost:    O(n d^2 c^2 + d^3 c^3) for all n rows; a refit each would cost n times 10 times that.
    Not for: duplicates (the other one remains), or weights that are not at the minimum.
    Source:  pregibon1981, rad2020.
    >>> X, y = np.array([[-1.0], [0.0], [1.0], [2.0]]), np.array([0, 1, 0, 1])
    >>> (logistic_deletion(X, y, ridge=1.0).leverage < 1).all()
    np.True_
    """
    rows, labels = _with_one(feature_matrix(features)), _class_codes(codes, len(features))
    penalty = require_ridge(ridge)
    head = logistic_head(features, codes, penalty) if head is None else head
    weights = np.vstack([head.coef, head.intercept])
    outputs = np.asarray(rows @ weights)
    pulls, curvatures = _loss_terms(outputs, labels)
    _require_minimum(rows, weights, pulls, penalty)
    inverse = _inverse(rows, curvatures, penalty)
    own = _own_blocks(rows, inverse)
    share = curvatures @ own  # (n, c, c)
    bracketed = np.linalg.solve(np.eye(own.shape[1]) - share, pulls[:, :, None])[:, :, 0]
    leverage = np.linalg.eigvals(share).real.max(axis=1)
    held_out = outputs + np.einsum("nab,nb->na", own, bracketed)
    return LogisticDeletion(head, held_out, leverage, rows, pulls, np.asarray(bracketed), curvatures, inverse)


def _minimized(rows: Floats, labels: Ints, ridge: float, weights: Floats) -> LogisticHead:
    """Newton steps from some weights, halved while the objective does not fall."""
    c = weights.shape[1]
    scale = np.abs(rows).sum(axis=0).max()
    value = _objective(rows, labels, weights, ridge)
    for _ in range(MOST_STEPS):
        pulls, curvatures = _loss_terms(rows @ weights, labels)
        gradient = _gradient(rows, weights, pulls, ridge)
        if np.abs(gradient).max() <= CONVERGED * scale:
            break
        system = _hessian(rows, curvatures, ridge)
        step = linalg.cho_solve(linalg.cho_factor(system), gradient.T.ravel()).reshape(c, -1).T
        slope, length = float(np.sum(step * gradient)), 1.0
        while (tried := _objective(rows, labels, weights - length * step, ridge)) > value - 1e-4 * length * slope:
            length /= 2
            if length < 1e-10:  # round-off, not the step, decides whether it falls
                return LogisticHead(weights[:-1], weights[-1], ridge)
        weights, value = weights - length * step, tried
    return LogisticHead(weights[:-1], weights[-1], ridge)


def _objective(rows: Floats, labels: Ints, weights: Floats, ridge: float) -> float:
    logs = log_softmax(_logits(rows @ weights), axis=1)
    return float(-logs[np.arange(len(labels)), labels].sum() + ridge / 2 * np.sum(np.square(weights[:-1])))


def _logits(outputs: Floats) -> Floats:
    """(n, classes) logits; log odds z of two classes are the logits -z/2 and z/2."""
    return np.hstack([-outputs, outputs]) / 2 if outputs.shape[1] == 1 else outputs


def _loss_terms(outputs: Floats, labels: Ints) -> tuple[Floats, Floats]:
    """First (n, c) and second (n, c, c) derivatives of the log loss by the outputs."""
    logits = _logits(outputs)
    shares = np.exp(log_softmax(logits, axis=1))
    pulls = shares - one_hot(labels, logits.shape[1])
    if outputs.shape[1] == 1:
        return pulls[:, 1:], (shares[:, 0] * shares[:, 1])[:, None, None]
    return pulls, shares[:, :, None] * np.eye(shares.shape[1]) - shares[:, :, None] * shares[:, None, :]


def _gradient(rows: Floats, weights: Floats, pulls: Floats, ridge: float) -> Floats:
    """(d + 1, c)."""
    penalized = ridge * weights
    penalized[-1] = 0.0
    return np.asarray(rows.T @ pulls + penalized)


def _hessian(rows: Floats, curvatures: Floats, ridge: float) -> Floats:
    """(c (d + 1), c (d + 1)), outputs outermost; positive definite."""
    c, width = curvatures.shape[1], rows.shape[1]
    blocks = np.empty((c, width, c, width))
    for one in range(c):
        for other in range(one, c):
            blocks[one, :, other] = rows.T @ (curvatures[:, one, other, None] * rows)
            blocks[other, :, one] = blocks[one, :, other].T
    system = blocks.reshape(c * width, c * width)
    system[np.diag_indices(c * width)] += np.tile(np.r_[np.full(width - 1, ridge), 0.0], c)
    if c > 1:
        # A shift of all intercepts changes no probability: a penalty on it only makes the system definite.
        shift = np.arange(width - 1, c * width, width)
        system[np.ix_(shift, shift)] += max(np.trace(blocks[:, -1, :, -1]), ridge) / c**2
    return system


def _inverse(rows: Floats, curvatures: Floats, ridge: float) -> Floats:
    """(c, c, d + 1, d + 1) blocks of the inverse curvature."""
    system = _hessian(rows, curvatures, ridge)
    c, width = curvatures.shape[1], rows.shape[1]
    inverse = linalg.cho_solve(linalg.cho_factor(system), np.eye(len(system)))
    return np.ascontiguousarray(inverse.reshape(c, width, c, width).transpose(0, 2, 1, 3))


def _own_blocks(rows: Floats, inverse: Floats) -> Floats:
    """(n, c, c) J_i H^-1 J_i^T: the effect on a row's outputs of a unit gradient at them."""
    c = len(inverse)
    own = np.empty((len(rows), c, c))
    for one in range(c):
        for other in range(one, c):
            own[:, one, other] = np.einsum("nd,nd->n", rows @ inverse[one, other], rows)
            own[:, other, one] = own[:, one, other]
    return own


def _with_one(features: Array) -> Floats:
    return np.hstack([np.asarray(features, dtype=np.float64), np.ones((len(features), 1))])


def _outputs_for(labels: Ints) -> int:
    classes = int(labels.max()) + 1
    return 1 if classes == 2 else classes


def _class_codes(codes: Any, rows: int) -> Ints:
    """Classes (n,) numbered without gaps, at least two."""
    labels = np.asarray(codes)
    whole = labels.shape == (rows,) and labels.dtype.kind in "iub"
    present = np.unique(labels) if whole else np.empty(0)
    if not whole or len(present) < 2 or present[0] != 0 or present[-1] != len(present) - 1:
        raise InputError(
            "codes must be class indices 0..c-1, each with a row, at least two classes",
            where="codes", got=f"shape {labels.shape}, dtype {labels.dtype}, values {present[:5].tolist()}",
            fix="codes = np.unique(labels, return_inverse=True)[1]",
        )  # fmt: skip
    return labels.astype(np.intp)


def _require_minimum(rows: Floats, weights: Floats, pulls: Floats, ridge: float) -> None:
    left = np.abs(_gradient(rows, weights, pulls, ridge)).max() / np.abs(rows).sum(axis=0).max()
    if left > GIVEN:
        raise InputError(
            "the head is not at the minimum of this problem",
            where="head", got=f"a gradient of {left:.2g} of the features' sums, at most {GIVEN:g} is allowed",
            fix="fit it on these rows with this ridge (scikit-learn: C = 1 / ridge) and a smaller tol, or leave it out",
        )  # fmt: skip
