"""The interface of an attribution method prepared on the training rows, and the mean of several."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user may set of a method.

    Args:
        ridge: added to the curvature, as a share of its mean diagonal; None for the method's own default.
        rank: kept by methods that truncate a spectrum.
        size: of a sketch.
        rates: one weight per model, for sums over checkpoints.
        seed: of everything drawn.
        folder: where sketches are kept; None for a temporary one.
    """

    ridge: float | None = None
    rank: int = 16
    size: int = 2048
    rates: tuple[float, ...] | None = None
    seed: int = 0
    folder: Path | None = None


class PreparedAttribution(Protocol):
    """A method prepared on the training rows. Every value is f(with the row) - f(without it), to first order."""

    @property
    def ids(self) -> Array:
        """(n,) of the training rows."""
        ...

    @property
    def ridge(self) -> float:
        """The ridge used, as a share of the mean diagonal."""
        ...

    def effects(self, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m, n) effect of every row on the target at every query, and the query ids (m,)."""
        ...

    def group_effect(self, rows: Ints, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m,) effect of all these rows together on the target at every query, and the query ids."""
        ...

    def self_influence(self) -> Floats:
        """(n,) loss of every row without it minus with it."""
        ...


class Additive:
    """Methods in which the effect of a group is the sum over its rows."""

    __slots__ = ()

    def group_effect(self: PreparedAttribution, rows: Ints, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m,) sum over the group, to first order."""
        effects, query_ids = self.effects(queries, target)
        return effects[:, rows].sum(axis=1), query_ids


def mean_of(matrices: Iterable[Floats]) -> Floats:
    """The mean of matrices made one at a time: only one of them and the sum are in memory."""
    given = iter(matrices)
    total, count = next(given), 1
    for matrix in given:
        total += matrix
        count += 1
    return total / count if count > 1 else total


@dataclass(frozen=True, slots=True, eq=False)
class Mean:
    """The mean of a method over several models of the same training rows."""

    parts: Sequence[PreparedAttribution]

    @property
    def ids(self) -> Array:
        """(n,) of the training rows."""
        return self.parts[0].ids

    @property
    def ridge(self) -> float:
        """The mean ridge of the models."""
        return float(np.mean([part.ridge for part in self.parts]))

    def effects(self, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m, n) mean effects; one model's matrix is in memory next to the sum."""
        effects, query_ids = self.parts[0].effects(queries, target)
        rest = (part.effects(queries, target)[0] for part in self.parts[1:])
        return mean_of(chain([effects], rest)), query_ids

    def group_effect(self, rows: Ints, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m,) mean effect of the group."""
        answers = [part.group_effect(rows, queries, target) for part in self.parts]
        return np.mean([effect for effect, _ in answers], axis=0), answers[0][1]

    def self_influence(self) -> Floats:
        """(n,) mean over the models."""
        return np.mean([part.self_influence() for part in self.parts], axis=0)
