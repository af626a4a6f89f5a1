"""Unique information of every row in a converged ridge head, in closed form."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arrays import Floats
from samplewise.core.values import Scores
from samplewise.data.dataset import Dataset
from samplewise.engine.kernels import deletion_effects
from samplewise.engine.refits import Part, Surrogate, open_part, surrogate
from samplewise.engine.refits.ordering import in_id_order


@dataclass(frozen=True, slots=True, eq=False)
class UniqueInformation:
    """What a model would lose with each row; NaN for a row that alone decides a parameter."""

    functional: Scores  # (n,) nats: how far its answers would move
    weights: Scores  # (n,) nats: how far its coefficients would move
    held_out_surprise: Scores  # (n,) how far the label is from what the other rows say


def unique_information(data: Dataset | tuple[Any, Any] | Part, *, seed: int = 0) -> UniqueInformation:
    """How much a model depends on having seen exactly this row, in nats, for all rows from one fit.

    functional_i = (1/2n) sum_j |f(x_j) - f_-i(x_j)|^2, weights_i = |w - w_-i|^2 / 2, f a ridge head on label-free
    kernel features, unit noise on outputs in which 1 is a whole class or one standard deviation of the label.

    Args:
        data: n labelled rows, a pair (X, y), or a part of refits.
        seed: of the encoding.

    Returns:
        `UniqueInformation`; larger means rare, atypical, wrongly labelled or from a sparse region, small means
        redundant. `held_out_surprise` is 1 - output for the given class without the row (mostly 0..1), or the
        distance from the prediction in standard deviations of the label.

    Raises:
        InputError: no labels.

    Cost: O(n p^2), p at most 256 kernel features.
    Not for: calling a row useful (noise is unique too), or copies (each makes the other look redundant).
    Source: harutyunyan2021.

    >>> X, y = np.repeat([0.0, 1.0], 20)[:, None], np.repeat([0, 1], 20)
    >>> y[7] = 1
    >>> unique_information((X, y)).functional.top(1).keys
    array([7])
    """
    given = data if isinstance(data, Part) else open_part(data, seed=seed)
    part, order = in_id_order(given)
    head = surrogate(part)
    effects = deletion_effects(head.features, head.responses, head.ridge)
    ids = given.runner.data.ids[given.positions]

    def scores(quantity: str, values: Floats, unit: str, larger_means: str) -> Scores:
        back = np.empty_like(values)
        back[order] = values
        return Scores(quantity, back, ids, unit, larger_means)

    rare = "the model depends more on having seen exactly this row"
    surprise = _surprise(part, head, effects.held_out)
    return UniqueInformation(
        scores("unique_information", effects.functional_information, "nats", rare),
        scores("weight_information", effects.weight_information, "nats", rare),
        scores("held_out_surprise", surprise, _unit(part), "less expected from the other rows"),
    )


def _surprise(part: Part, head: Surrogate, held_out: Floats) -> Floats:
    """Distance of the label from the head without the row; with projected classes, along the row's own direction."""
    if not part.class_count:
        return np.asarray(np.abs(head.responses - held_out)[:, 0])
    own = np.sum(held_out * head.responses, axis=1) / np.sum(np.square(head.responses), axis=1)
    return np.asarray(1.0 - own)


def _unit(part: Part) -> str:
    return "share of a class" if part.class_count else "standard deviations of the label"
