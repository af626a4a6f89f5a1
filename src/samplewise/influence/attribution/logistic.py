"""Attribution for logistic regression: one Newton step away from every row, leverage and all."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_dataset, require_labels
from samplewise.data.targets import known_codes
from samplewise.engine.closed_form import LogisticDeletion, LogisticHead, logistic_deletion
from samplewise.engine.gradients.differentiated_losses import values_and_cotangents

NO_RIDGE = 1e-8  # used for an unpenalized fit


@dataclass(frozen=True, slots=True, eq=False)
class NewtonLogistic:
    """S = slope of the target * (outputs with the row - outputs after one Newton step without it).

    Within one percent of a refit, except for rows that nearly determine their own output.
    Cost: O(n d^2 c^2 + m n d c).   Source: pregibon1981, rad2020.
    """

    estimator: LogisticRegression
    deletion: LogisticDeletion
    codes: Ints  # (n,)
    outputs: Floats  # (n, c)
    ids: Array
    ridge: float

    @classmethod
    def prepare(cls, estimator: LogisticRegression, train: Any) -> "NewtonLogistic":
        """The curvature at the fitted weights, which must be the minimum on these rows."""
        data = as_dataset(train)
        _require_plain(estimator, data)
        codes = _codes(estimator, data)
        ridge = 1.0 / estimator.C if np.isfinite(estimator.C) else NO_RIDGE
        head = LogisticHead(estimator.coef_.T, estimator.intercept_, ridge)
        X = np.asarray(data.X, dtype=np.float64)
        return cls(estimator, logistic_deletion(X, codes, ridge, head), codes, head.outputs(X), data.ids, ridge)

    def effects(self, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m, n) effects of single rows."""
        queried, slopes = self._queried(queries, target)
        change = self.deletion.prediction_change(queried.X)
        return np.einsum("mnc,mc->mn", change, slopes, optimize=True), queried.ids

    def group_effect(self, rows: Ints, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m,) effect of a group: one Newton step of the rest."""
        queried, slopes = self._queried(queries, target)
        return np.sum(self.deletion.group_change(rows, queried.X) * slopes, axis=1), queried.ids

    def self_influence(self) -> Floats:
        """(n,) loss of every row by the step without it, minus its loss."""
        held_out = values_and_cotangents(self.deletion.held_out, self.codes, "cross_entropy")[0]
        return held_out - values_and_cotangents(self.outputs, self.codes, "cross_entropy")[0]

    def _queried(self, queries: Any, target: Any) -> tuple[Dataset, Floats]:
        if callable(target):
            raise InputError(
                "the closed form takes named targets only", got="a callable", fix='use target="margin" or "loss"'
            )
        queried = as_dataset(queries, name="queries")
        outputs = self.deletion.head.outputs(queried.X)
        return queried, values_and_cotangents(outputs, _codes(self.estimator, queried), target)[1]


def _require_plain(estimator: LogisticRegression, data: Dataset) -> None:
    reasons = {
        "row weights": data.weights is not None,
        "class_weight": estimator.class_weight is not None,
        "fit_intercept=False": not estimator.fit_intercept,
    }
    for reason in (name for name, present in reasons.items() if present):
        raise InputError(
            "the closed form of logistic regression does not cover this", got=reason,
            fix='use method="dual_fisher", which needs only gradients',
        )  # fmt: skip


def _codes(estimator: LogisticRegression, data: Dataset) -> Ints:
    """(n,) class codes in the order of the estimator's classes."""
    require_labels(data.y, data.ids)
    return known_codes(np.asarray(data.y), estimator.classes_, data.ids, "data")
