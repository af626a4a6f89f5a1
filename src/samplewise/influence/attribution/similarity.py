"""Attribution without a curvature: inner products of gradients, and similarity of representations."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.engine.gradients import OuterGradients, RowGradients
from samplewise.engine.gradients.gradient_sources import Source
from samplewise.influence.attribution.attribution_method import Additive, Settings, mean_of


@dataclass(frozen=True, slots=True, eq=False)
class GradientSimilarity(Additive):
    """S = -sum over checkpoints of rate * psi' g_i: what one step on each row, at each of them, did to the target.

    Cost: O(m n p / width) per checkpoint.   Not for: counterfactuals; it ranks wrong labels and is cheap.
    Source: pruthi2020.
    """

    sources: tuple[Source, ...]
    rows: tuple[RowGradients, ...]
    rates: tuple[float, ...]
    ridge: float = float("nan")

    @classmethod
    def prepare(cls, sources: tuple[Source, ...], train: Any, settings: Settings) -> "GradientSimilarity":
        """Gradients at every checkpoint."""
        rates = settings.rates or (1.0,) * len(sources)
        if len(rates) != len(sources):
            raise InputError(
                "gradient similarity needs one rate per checkpoint", got=f"{len(rates)} rates, {len(sources)} modules",
                fix="rates=(learning rate times steps of each checkpoint, ...), or leave rates out",
            )  # fmt: skip
        return cls(tuple(sources), tuple(source.gradients(train, source.loss) for source in sources), rates)

    @property
    def ids(self) -> Array:
        """(n,) of the training rows."""
        return self.rows[0].ids

    def effects(self, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m, n), per unit of learning rate and row weight."""
        queried = [source.gradients(queries, target) for source in self.sources]
        steps = zip(queried, self.rows, self.rates, strict=True)
        return -len(queried) * mean_of(rate * own.gram(rows) for own, rows, rate in steps), queried[0].ids

    def self_influence(self) -> Floats:
        """(n,) sum over checkpoints of rate * |g_i|^2."""
        return np.asarray(self.rates) @ np.stack([np.square(rows.norms()) for rows in self.rows])


@dataclass(frozen=True, slots=True, eq=False)
class RepresentationSimilarity:
    """S = cosine of the inputs of the last linear layer, negative where labels differ; a similarity, not an effect.

    Source: hanawa2021.
    """

    source: Source
    rows: RowGradients
    ridge: float = float("nan")

    @classmethod
    def prepare(cls, source: Source, train: Any, settings: Settings) -> "RepresentationSimilarity":
        """Inputs of the last linear layer."""
        return cls(source, source.gradients(train, source.loss))

    @property
    def ids(self) -> Array:
        """(n,) of the training rows."""
        return self.rows.ids

    def effects(self, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m, n) cosines, negative where the labels differ."""
        queried = self.source.gradients(queries, self.source.loss)
        return _unit(queried) @ _unit(self.rows).T * _agreement(queried.labels, self.rows.labels), queried.ids

    def group_effect(self, rows: Ints, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m,) mean over the group: similarities do not add up to an effect."""
        effects, query_ids = self.effects(queries, target)
        return effects[:, rows].mean(axis=1), query_ids

    def self_influence(self) -> Floats:
        """Refused: every row has similarity 1 with itself."""
        raise InputError(
            "representation similarity has no self-influence", got="the cosine of a row with itself is 1",
            fix='use method="dual_fisher", or gradient_norm(data, module=module)',
        )  # fmt: skip


def _unit(rows: RowGradients) -> Floats:
    """(n, d) mean inputs of the last linear layer, without the constant of its bias, at length 1."""
    linear = [layer for layer in rows.layers if isinstance(layer, OuterGradients)]
    if not linear:
        raise InputError(
            "representation similarity reads the inputs of a linear layer, and this module has none",
            got=", ".join(layer.name for layer in rows.layers), fix='use method="gradient_similarity"',
        )  # fmt: skip
    points = np.asarray(linear[-1].features(), dtype=np.float64)
    return points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), np.finfo(np.float64).tiny)


def _agreement(one: Array, two: Array) -> Floats:
    """(m, n) 1 where classes agree, -1 where they do not; 1 for numbers."""
    if np.asarray(one).dtype.kind == "f":
        return np.ones((len(one), len(two)))
    return np.where(np.asarray(one)[:, np.newaxis] == np.asarray(two), 1.0, -1.0)
