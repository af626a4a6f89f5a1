"""Influence from gradients projected on a few input and output directions per layer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.engine.gradients.gradient_sources import Source
from samplewise.engine.gradients.sketching import Directions
from samplewise.influence.attribution.attribution_method import Settings

SIDE = 16  # directions on either side of a layer
TWO_SIDED_RIDGE = 0.1  # share of a layer's mean curvature


@dataclass(frozen=True, slots=True, eq=False)
class TwoSided:
    """S = -(1/n) sum over layers of psi~' (G~'G~ / n + ridge)^-1 g~_i, with g~ = P_out' G P_in.

    P_in and P_out hold the leading eigenvectors of the second moments of a layer's inputs and cotangents. A row is kept
    as 256 numbers per layer, whatever the size of the layer: for many rows, and for searching them again and again.

    Cost: O(n t (i k_in + o k_out)) per layer, memory 8 n k_in k_out bytes per layer.   Source: choe2024.
    """

    source: Source
    directions: Directions
    seen: dict[str, Floats]  # layer -> (n, k)
    factors: dict[str, Any]  # layer -> Cholesky factor (k, k)
    ids: Array
    ridge: float

    @classmethod
    def prepare(cls, source: Source, train: Any, settings: Settings) -> "TwoSided":
        """Directions from the rows themselves, then one small factor per layer."""
        ridge = TWO_SIDED_RIDGE if settings.ridge is None else settings.ridge
        rows = source.gradients(train, source.loss)
        directions = rows.directions((SIDE, SIDE), kind="principal", seed=settings.seed)
        seen = rows.projected(directions)
        return cls(source, directions, seen, {name: _factor(own, ridge) for name, own in seen.items()}, rows.ids, ridge)

    def effects(self, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m, n) first-order effects."""
        solved, query_ids = self._solved(queries, target)
        total = np.zeros((len(query_ids), len(self.ids)))
        for name, own in solved.items():
            total -= own @ self.seen[name].T
        return total / len(self.ids), query_ids

    def group_effect(self, rows: Ints, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m,) sum over the group, to first order."""
        solved, query_ids = self._solved(queries, target)
        total = np.sum([own @ self.seen[name][rows].sum(axis=0) for name, own in solved.items()], axis=0)
        return -total / len(self.ids), query_ids

    def self_influence(self) -> Floats:
        """(n,) what leaving the row out adds to its own loss."""
        parts = [np.sum(own.T * linalg.cho_solve(self.factors[name], own.T), axis=0) for name, own in self.seen.items()]
        return np.sum(parts, axis=0) / len(self.ids)

    def _solved(self, queries: Any, target: Any) -> tuple[dict[str, Floats], Array]:
        queried = self.source.gradients(queries, target)
        seen = queried.projected(self.directions)
        return {name: linalg.cho_solve(self.factors[name], own.T).T for name, own in seen.items()}, queried.ids


def _factor(seen: Floats, ridge: float) -> Any:
    moment = seen.T @ seen / len(seen)
    moment[np.diag_indices_from(moment)] += max(
        ridge * float(np.trace(moment)) / len(moment), np.finfo(np.float64).tiny
    )
    return linalg.cho_factor(moment, check_finite=False)
