"""Influence under the generalized Gauss-Newton matrix itself, by conjugate gradients."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.engine import gradients
from samplewise.engine.gradients import RowGradients
from samplewise.engine.gradients.gradient_sources import FittedSource, ModuleSource, Source
from samplewise.influence.attribution.attribution_method import Settings

NEWTON_RIDGE = 0.1  # share of the mean squared gradient norm, over n: the same damping as the dual Fisher's
QUERIES_AT_ONCE = 16


@dataclass(frozen=True, slots=True, eq=False)
class GaussNewton:
    """S = -(1/n) psi' (G + ridge)^-1 g_i by conjugate gradients, one system per query.

    Cost: about four passes over the rows per iteration and query, 20 to 200 iterations.   Source: martens2010, koh2017.
    """

    source: Source
    rows: RowGradients
    curvature: Any  # engine.gradients.GaussNewtonMatrix
    ridge: float

    @classmethod
    def prepare(cls, source: Source, train: Any, settings: Settings) -> "GaussNewton":
        """Gradients of the rows; the systems are solved when queries come."""
        if not isinstance(source, ModuleSource | FittedSource):
            raise InputError(
                "conjugate gradients need a torch module", got="a scikit-learn estimator",
                fix='use method="dual_fisher", or "linear" for linear models',
            )  # fmt: skip
        if source.loss not in ("cross_entropy", "squared_error"):
            raise InputError(
                "the Gauss-Newton matrix is available for cross-entropy and squared error", got="another loss",
                fix='use method="dual_fisher", which needs only gradients',
            )  # fmt: skip
        ridge = NEWTON_RIDGE if settings.ridge is None else settings.ridge
        rows = source.gradients(train, source.loss)
        added = ridge * float(np.mean(np.square(rows.norms()))) / len(rows)
        names = {name for layer in rows.layers for name in layer.names}
        matrix = gradients.GaussNewtonMatrix(*source.opened(train), source.loss, names, len(rows), added)
        return cls(source, rows, matrix, ridge)

    @property
    def ids(self) -> Array:
        """(n,) of the training rows."""
        return self.rows.ids

    def effects(self, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m, n) first-order effects."""
        queried = self.source.gradients(queries, target)
        parts = [
            self._effects(queried.take(np.arange(start, min(start + QUERIES_AT_ONCE, len(queried)))))
            for start in range(0, len(queried), QUERIES_AT_ONCE)
        ]
        return np.concatenate(parts), queried.ids

    def group_effect(self, rows: Ints, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m,) sum over the group: one system for all queries."""
        queried = self.source.gradients(queries, target)
        weights = np.zeros(len(self.rows))
        weights[rows] = 1.0
        solved = self.curvature.solve(self.rows.combine(weights))
        return -queried.project(solved)[:, 0] / len(self.rows), queried.ids

    def self_influence(self) -> Floats:
        """(n,) what leaving the row out adds to its own loss: one system per row."""
        found = []
        for start in range(0, len(self.rows), QUERIES_AT_ONCE):
            own = self.rows.take(np.arange(start, min(start + QUERIES_AT_ONCE, len(self.rows))))
            found.append(np.diagonal(own.project(self.curvature.solve(own.combine(np.eye(len(own)))))))
        return np.concatenate(found) / len(self.rows)

    def _effects(self, queried: RowGradients) -> Floats:
        solved = self.curvature.solve(queried.combine(np.eye(len(queried))))
        return -self.rows.project(solved).T / len(self.rows)
