"""What a model answers when part of every row is taken from another row: flips, moved outputs, change of the error."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.randomness import generator
from samplewise.core.values import Estimate
from samplewise.data.targets import Target
from samplewise.engine.models.row_losses import ErrorScale, row_losses
from samplewise.engine.statistics.intervals import half_width
from samplewise.engine.statistics.means import mean_and_error

SOURCE = "sobol2001, jansen1999"
N_REPEATS = 5
Swap = Callable[[Ints], Any]  # partners (n,) -> rows with the part of their partner
Outputs = Callable[[Any], Floats]  # rows -> (n, c)


@dataclass(frozen=True, slots=True)
class Swapped:
    """What a swap changes: share of rows that flip (NaN for numbers), share of the variance, change of the error."""

    flips: Estimate
    variance: Estimate
    change: Estimate


def swapped(
    outputs: Outputs, X: Any, target: Target, swap: Swap, values: Array, groups: Array | None, seed: int
) -> Swapped:
    """Measured on n rows whose part has these values (n,): a partner is a row with another value.

    The variance is shared out by partners drawn among all rows (Jansen's total index, which needs no model of the
    outputs): half the mean squared change of the outputs over their variance.

    Cost: 11 predictions of n rows.   Source: jansen1999, sobol2001.
    """
    own = outputs(X)
    known = np.isfinite(own).all(axis=1)
    losses = row_losses(own, target)
    centered = own - own.mean(axis=1, keepdims=True) if target.classes is not None else own
    spread = np.square(centered - centered[known].mean(axis=0)).sum(axis=1)
    total = float(spread[known].mean())
    flips, changes, moved = (np.zeros(len(own)) for _ in range(3))
    for repeat in range(N_REPEATS):
        draw = generator(seed, "swap", repeat)
        other = outputs(swap(partners(values, draw)))
        flips += (other.argmax(axis=1) != own.argmax(axis=1)) / N_REPEATS
        changes += (row_losses(other, target) - losses) / N_REPEATS
        any_row = outputs(swap(draw.permutation(len(own))))
        lifted = any_row - any_row.mean(axis=1, keepdims=True) if target.classes is not None else any_row
        moved += np.square(lifted - centered).sum(axis=1) / (2 * N_REPEATS)
    share = float(moved[known].mean()) / total if total > 0 else 0.0
    linear = (moved - share * spread) / (total or 1.0)  # the ratio's spread at its own value (delta method)
    half = half_width(mean_and_error(np.where(known, linear, np.nan), groups)[1])
    scale = ErrorScale.of(target)
    reason = "" if target.classes is not None else "labels are numbers"
    flip = Estimate("flip_rate", np.nan, unit="share of rows", reason=reason) if reason else _mean(
        "flip_rate", np.where(known, flips, np.nan), groups, "share of rows"
    )  # fmt: skip
    variance = Estimate("share_of_output_variance", share, max(share - half, 0.0), share + half, "share", 0.95, SOURCE)
    return Swapped(flip, variance, scale.difference(_mean("change_of_error", changes, groups, "")))


def partners(values: Array, draw: np.random.Generator) -> Ints:
    """(n,) for every row the position of a random row with another value.

    >>> partners(np.array(["a", "b"]), np.random.default_rng(0)).tolist()
    [1, 0]
    """
    codes = np.unique(values.astype(str), return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    picked = (draw.random(len(codes)) * (len(codes) - counts[codes])).astype(np.intp)
    picked += np.where(picked >= starts[codes], counts[codes], 0)  # skip the rows of the own value
    return np.asarray(order[picked])


def _mean(quantity: str, values: Floats, groups: Array | None, unit: str) -> Estimate:
    mean, error = mean_and_error(values, groups)
    half = half_width(error)
    low, high = mean - half, mean + half
    if unit:
        low, high = max(low, 0.0), min(high, 1.0)
    return Estimate(quantity, mean, low, high, unit, 0.95, SOURCE)
