"""Attribution for linear and kernel regression: what a refit without each row gives, without the refit."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, Ridge

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_dataset
from samplewise.engine.closed_form import DeletionEffects, deletion_effects, deletion_effects_from_gram

CLOSED_FORM = (LinearRegression, Ridge, KernelRidge)
NEARLY_NO_RIDGE = 1e-9  # share of the mean diagonal used for none: less would be lost in rounding


@dataclass(frozen=True, slots=True, eq=False)
class ExactLinear:
    """S = output of the model - output of the model refitted without the row: exact, not to first order.

    Cost: O(n d^2 + m n d) for n > d, else O(n^3 + m n^2).   Source: cook1977.
    """

    estimator: Any
    deletion: DeletionEffects
    targets: Floats  # (n, c)
    fitted: Floats  # (n, c)
    rows: Floats  # (n, d)
    ids: Array
    ridge: float

    @classmethod
    def prepare(cls, estimator: Any, train: Any) -> "ExactLinear":
        """One factorization of the model's own system."""
        data = _numbers(train)
        X, y = np.asarray(data.X, dtype=np.float64), np.asarray(data.y, dtype=np.float64)
        if data.weights is not None:
            raise InputError(
                "closed forms do not use row weights", fix="leave weights out, or attribute a torch module"
            )
        _require_its_own(estimator, X, y)
        ridge = float(getattr(estimator, "alpha", 0.0))
        if isinstance(estimator, KernelRidge):
            deletion = deletion_effects_from_gram(_kernel(estimator, X, X), y, ridge, intercept=False)
        else:
            penalty = max(ridge, NEARLY_NO_RIDGE * float(np.mean(np.square(X).sum(axis=0))))
            deletion = (
                deletion_effects(X, y, penalty)
                if estimator.fit_intercept
                else deletion_effects_from_gram(X @ X.T, y, penalty, intercept=False)
            )
        fitted = np.asarray(estimator.predict(X))
        return cls(estimator, deletion, y.reshape(len(y), -1), fitted.reshape(len(y), -1), X, data.ids, ridge)

    def effects(self, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m, n), or (m, n, c) for several outputs."""
        queried = _numbers(queries)
        change = self.deletion.prediction_change(self._seen(queried.X))
        if target == "output":
            return change[:, :, 0] if change.shape[2] == 1 else change, queried.ids
        return self._of_loss(queried, change), queried.ids

    def group_effect(self, rows: Ints, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m,) what a refit without the whole group gives; summed over several outputs."""
        queried = _numbers(queries)
        change = self.deletion.group_change(rows, self._seen(queried.X))
        if target == "output":
            return change.sum(axis=1), queried.ids
        return self._of_loss(queried, change[:, np.newaxis])[:, 0], queried.ids

    def self_influence(self) -> Floats:
        """(n,) half the squared error of every row without it minus with it."""
        held_out = np.square(self.targets - self.deletion.held_out).sum(axis=1)
        present = np.square(self.targets - self.fitted).sum(axis=1)
        return 0.5 * (held_out - present)

    def _of_loss(self, queried: Dataset, change: Floats) -> Floats:  # (m, n, c) -> (m, n)
        error = self._answer(queried.X) - np.asarray(queried.y, dtype=np.float64).reshape(len(queried), -1)
        without = error[:, np.newaxis, :] - change
        return 0.5 * (np.square(error).sum(axis=1)[:, np.newaxis] - np.square(without).sum(axis=2))

    def _answer(self, X: Any) -> Floats:
        return np.asarray(self.estimator.predict(np.asarray(X, dtype=np.float64))).reshape(len(X), -1)

    def _seen(self, X: Any) -> Floats:
        points = np.asarray(X, dtype=np.float64)
        if isinstance(self.estimator, KernelRidge):
            return _kernel(self.estimator, points, self.estimator.X_fit_)
        return points if self.estimator.fit_intercept else points @ self.rows.T


def _kernel(estimator: KernelRidge, X: Floats, other: Floats) -> Floats:
    """The kernel as the estimator computes it."""
    return np.asarray(estimator._get_kernel(X, other))


def _numbers(data: Any) -> Dataset:
    rows = as_dataset(data)
    if rows.y is None or np.asarray(rows.y).dtype.kind not in "biuf":
        raise InputError(
            "a model of numbers needs numbers for labels", got=str(getattr(rows.y, "dtype", None)), fix="pass (X, y)"
        )
    return rows


def _require_its_own(estimator: Any, X: Floats, y: Floats) -> None:
    """Refuse rows the model was not fitted on: for others the closed form does not hold."""
    fitted, again = np.asarray(estimator.predict(X)), np.asarray(clone(estimator).fit(X, y).predict(X))
    scale = float(np.std(y)) or 1.0
    if not np.allclose(fitted, again, atol=1e-6 * scale):
        raise InputError(
            "the model was not fitted on these rows",
            got=f"predictions of a refit differ by up to {np.abs(fitted - again).max():.3g}",
            fix="pass the rows it was fitted on, all of them and without weights",
        )  # fmt: skip
