"""What a ridge head would lose or gain without one row: for every row at once, exactly, from one fit.

In this module `ridge` is the penalty as it stands, and a change is always (with the row) - (without it).
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.engine.closed_form.array_checks import feature_matrix, target_matrix
from samplewise.engine.closed_form.smoother import UNDETERMINED, DualSmoother, Smoother, held_out_residuals, smoother_of

SPREAD_ROWS = 256


@dataclass(frozen=True, slots=True, eq=False)
class DeletionEffects:
    """What each of n rows changes; NaN for an undetermined row (its leverage is 1)."""

    functional_information: Floats  # (n,) nats: how far the outputs at the validation rows move
    weight_information: Floats  # (n,) nats: how far the coefficients move (the intercept apart)
    held_out: Floats  # (n, c) output at the row by the head without it, in the units of the targets
    undetermined: Ints  # positions whose 1 - leverage is below 1e-10
    _smoother: Smoother = field(repr=False)
    _validation: Array = field(repr=False)
    _sigma: float = field(repr=False)

    def outputs_at(self, queries: Any) -> Floats:
        """Outputs (m, c) of the head on all rows, in the units of the targets. Cost: O(m d c)."""
        return self._smoother.outputs_at(self._queries(queries))

    def functional_error(self) -> Floats:
        """Standard error (n,) of the functional information over the validation rows, in nats.

        From at most 256 of them. Cost: O(256 n d).
        """
        count = len(self._validation)
        evaluated_rows = np.unique(np.linspace(0, count - 1, min(count, SPREAD_ROWS)).astype(np.intp))
        if len(evaluated_rows) < 2:
            return np.full(len(self.held_out), np.nan)
        squares = np.square(self._smoother.weights_at(self._validation[evaluated_rows])).std(axis=0, ddof=1)
        lengths = np.sum(np.square(held_out_residuals(self._smoother)), axis=1) / (2.0 * self._sigma**2)
        return np.asarray(lengths * squares / np.sqrt(count))

    def effect_on(self, validation: Any, targets: Any) -> Floats:
        """Mean squared validation error with the row minus without it (n,), in squared units of the targets.

        (1/m) sum_j |f(x_j) - t_j|^2 - |f_-i(x_j) - t_j|^2, summed over outputs.

        Args:    validation: (m, d) features, or (m, n) kernel for effects built from a Gram matrix.
                 targets: (m,) or (m, c).
        Returns: (n,), larger means the row hurts; below 0 it helps.
        Raises:  InputError if widths differ.   Cost: O((n + m) d (d + c)) in the primal, O(m n^2) in the dual.
        Source:  cook1977.
        """
        queries = self._queries(validation)
        errors = self._smoother.outputs_at(queries) - _errors_like(targets, len(queries), self.held_out.shape[1])
        squares, cross = self._smoother.query_moments(queries, errors)
        change = held_out_residuals(self._smoother)
        return np.asarray(2.0 * np.sum(cross * change, axis=1) - squares * np.sum(change**2, axis=1))

    def prediction_change(self, queries: Any) -> Floats:
        """Output at each query with each row minus without it (m, n, c), in the units of the targets.

        Args:    queries: (m, d) features, or (m, n) kernel for effects built from a Gram matrix.
        Returns: (m, n, c), larger means the row raises that output.
        Raises:  InputError if widths differ.   Cost: O(m n (d + c)), memory 8 m n c bytes: for few queries.
        Source:  cook1977.
        """
        weights = self._smoother.weights_at(self._queries(queries))
        return np.asarray(weights[:, :, None] * held_out_residuals(self._smoother))

    def group_change(self, rows: Any, queries: Any) -> Floats:
        """Output at each query with a group of rows minus without it (m, c), in the units of the targets.

        s_I(x) (y_I - f_-I(x_I)): not the sum of the members' changes, as duplicates in the group no longer replace
        each other.

        Args:    rows: (r,) different positions.   queries: as `prediction_change`.
        Returns: (m, c), larger means the group raises that output; NaN if the others determine none.
        Raises:  InputError for positions outside the data.   Cost: O(r^3 + r^2 d + m n d).
        Source:  cook1977, harutyunyan2021.
        """
        members = np.unique(np.asarray(rows, dtype=np.intp))
        n = len(self.held_out)
        if not len(members) or members[0] < 0 or members[-1] >= n:
            raise InputError(
                "a group must be positions of rows",
                where="rows",
                got=f"{members[:5].tolist()}",
                fix=f"use positions from 0 to {n - 1}",
            )
        change = self._smoother.targets[members] - self._smoother.without(members)
        return np.asarray(self._smoother.weights_at(self._queries(queries))[:, members] @ change)

    def group_information(self, rows: Any) -> float:
        """Nats that a group of rows carries about the outputs at the validation rows; larger is more.

        (1/(2 sigma^2 m)) sum_j |f(x_j) - f_-I(x_j)|^2. Args, Cost and Source as `group_change`.
        """
        change = self.group_change(rows, self._validation)
        return float(np.sum(change**2) / (2.0 * self._sigma**2 * len(change)))

    def _queries(self, queries: Any) -> Array:
        matrix = feature_matrix(queries)
        if matrix.shape[1] != self._validation.shape[1]:
            raise InputError(
                "queries must have the columns the head was fitted on",
                where="queries",
                got=f"{matrix.shape[1]} columns instead of {self._validation.shape[1]}",
                fix="encode the queries as the rows were encoded",
            )
        return matrix


def deletion_effects(
    features: Any,  # (n, d)
    targets: Any,  # (n, c)
    ridge: float,
    validation: Any = None,  # (m, d)
    sigma: float = 1.0,
) -> DeletionEffects:
    """Unique information of every row in a converged ridge head, in nats, from one fit.

    functional_i = (1/(2 sigma^2 m)) sum_j |f(x_j) - f_-i(x_j)|^2, weight_i = |coef - coef_-i|^2 / (2 sigma^2).

    Args:    features: (n, d).   targets: (n,) or (n, c).   ridge: penalty on the sum of squares, > 0.
             validation: (m, d) inputs where the head will be used; default: the rows themselves.
             sigma: size of the noise the changes are measured against, a pure scale, > 0.
    Returns: DeletionEffects; larger means the head depends more on having seen exactly this row.
    Raises:  InputError if an entry is not finite, lengths differ, or ridge or sigma is not above 0.
    Cost:    O((n + m) d^2) time for n > d, else O(n^3 + m n^2); memory O(n d).
    Not for: finding wrong labels (use the held-out residual), or saying that a row is useful: noise is unique too.
    Source:  harutyunyan2021, cook1977.
    >>> effects = deletion_effects(np.arange(5.0)[:, None], np.array([0, 1, 2, 3, 9.0]), ridge=1e-6)
    >>> int(effects.functional_information.argmax())
    4
    """
    return _effects(smoother_of(features, targets, ridge), feature_matrix(features), validation, sigma)


def deletion_effects_from_gram(
    gram: Any,  # (n, n)
    targets: Any,  # (n, c)
    ridge: float,
    validation: Any = None,  # (m, n)
    sigma: float = 1.0,
    intercept: bool = True,
) -> DeletionEffects:
    """`deletion_effects` of kernel ridge, in nats; queries everywhere are kernels of new rows with the n rows.

    Args:    gram: (n, n) symmetric kernel.   targets: (n,) or (n, c).   ridge: > 0.   validation: (m, n) kernel.
             sigma: as `deletion_effects`.   intercept: False for a linearized network, whose output at its start is
             subtracted from the targets.
    Returns: DeletionEffects; larger means the head depends more on having seen exactly this row.
    Raises:  InputError if the kernel is not square and symmetric.   Cost: O(n^3 + m n^2), memory O(n^2).
    Source:  harutyunyan2021.
    >>> deletion_effects_from_gram(np.eye(2), np.array([1.0, 1.0]), 1.0, intercept=False).functional_information
    array([0.0625, 0.0625])
    """
    return _effects(DualSmoother(gram, targets, ridge, intercept), feature_matrix(gram), validation, sigma)


def _effects(smoother: Smoother, rows: Array, validation: Any, sigma: float) -> DeletionEffects:
    if not (np.isfinite(sigma) and sigma > 0):
        raise InputError("sigma must be a finite number above 0", where="sigma", got=repr(sigma), fix="use 1.0")
    queries = rows if validation is None else feature_matrix(validation)
    if queries.shape[1] != rows.shape[1]:
        raise InputError(
            "validation must have the columns the head was fitted on",
            where="validation",
            got=f"{queries.shape[1]} columns instead of {rows.shape[1]}",
            fix="encode it as the rows were encoded",
        )
    change = held_out_residuals(smoother)
    lengths = np.sum(change**2, axis=1) / (2.0 * sigma**2)
    squares, _ = smoother.query_moments(queries, np.zeros((len(queries), 1)))
    return DeletionEffects(
        functional_information=lengths * squares,
        weight_information=lengths * smoother.coefficient_changes(),
        held_out=smoother.targets - change,
        undetermined=np.flatnonzero(1.0 - smoother.leverage < UNDETERMINED),
        _smoother=smoother,
        _validation=queries,
        _sigma=sigma,
    )


def _errors_like(targets: Any, rows: int, width: int) -> Floats:
    matrix = target_matrix(targets, rows)
    if matrix.shape[1] != width:
        raise InputError(
            "validation targets must have as many outputs as the head",
            where="targets",
            got=f"{matrix.shape[1]} outputs instead of {width}",
            fix="encode them as the training targets were encoded",
        )
    return matrix
