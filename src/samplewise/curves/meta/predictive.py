"""The predictive distribution of a later error: error = level * (forecast + spread * z), z by noise and distance.

The quantiles of z come from the errors of forecasts on groups of data sets left out. What is exchangeable is the group:
each has the same weight in a cell of noise and distance, a cell with few groups leans on all noise classes together,
and few groups make the quantiles wider. Axes: b curves, m sizes, h distances, q probabilities, r rows (a truncated
curve and a later point).
"""

from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.curves.meta.curve_features import NAMES

PROBABILITIES = np.array(
    [0.005, 0.025, 0.05, 0.1, 0.175, 0.25, 0.375, 0.5, 0.625, 0.75, 0.825, 0.9, 0.95, 0.975, 0.995]
)  # fmt: skip
DISTANCES = np.array([0.4, 1.1, 2.0, 3.0, 4.0, 5.0, 6.0])  # octaves ahead at which the quantiles are held
CUTS = np.array([0.75, 1.5, 2.5, 3.5, 4.5, 5.5])  # between the rows of one distance and those of the next
CONFIDENCES = np.array([0.5, 0.8, 0.95])
UNKNOWN, LITTLE, MUCH = 0, 1, 2  # noise of a curve: no standard error, below LITTLE_NOISE of the level, above
LITTLE_NOISE = 0.03
NOISE = (UNKNOWN, LITTLE, MUCH)
LEAST_ROWS, LEANING = 100, 5.0  # of a cell; groups that all noise classes together weigh in it
NEAR, SAFETY = 2.5, 1.15  # octaves within which curves of unknown noise get wider quantiles, and how much wider


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """The errors of b curves at m sizes as distributions, in the unit of the curves."""

    error: Floats  # (b, m) the forecast
    spread: Floats  # (b, m) how far off it usually is
    standard: Floats  # (b, m, q) quantiles of (error - forecast) / spread

    def quantile(self, probability: float) -> Floats:
        """(b, m) the error that is not exceeded with a probability; never below 0."""
        return np.maximum(self.error + self.spread * value_at(self.standard, probability), 0.0)

    def chance(self, target: Floats) -> Floats:
        """(b, m) probability that the error at a size is at most a target, (b, 1) or (b, m)."""
        return share_below(self.standard, (target - self.error) / self.spread)


def noise_of(table: Floats) -> Ints:
    """(b,) the noise class of curves, from their features (b, 25)."""
    mean = table[:, NAMES.index("mean standard error")]
    return np.where(mean < 0.0, UNKNOWN, np.where(mean < LITTLE_NOISE, LITTLE, MUCH))


def fit_quantiles(standard: Floats, octaves: Floats, noise: Ints, groups: Array) -> Floats:
    """(3, h, q) quantiles at PROBABILITIES of z (r,), by noise class and distance, every group of the same weight."""
    pooled = pooled_quantiles(standard, octaves, groups)
    table = np.broadcast_to(pooled, (len(NOISE), *pooled.shape)).copy()
    for kind in NOISE:
        for place in range(len(DISTANCES)):
            cell = (noise == kind) & _near(octaves, place)
            if cell.sum() >= LEAST_ROWS:
                own, count = _weighted(standard[cell], groups[cell])
                table[kind, place] = (count * own + LEANING * pooled[place]) / (count + LEANING)
    table[UNKNOWN, DISTANCES < NEAR] *= SAFETY
    return _rising(table)


def pooled_quantiles(standard: Floats, octaves: Floats, groups: Array) -> Floats:
    """(h, q) the same over all noise classes; a distance that nobody measured takes the rows of all."""
    rows = [_near(octaves, place) for place in range(len(DISTANCES))]
    return _rising(np.array([_weighted(standard[near], groups[near])[0] for near in (
        near if near.any() else np.ones_like(near) for near in rows
    )]))  # fmt: skip


def covered_share(tables: Floats, standard: Floats, rows: tuple[Floats, Ints, Array]) -> Floats:
    """(3, h, levels) share of z (r,) inside the band, every group of the same weight; all classes where one has none.

    Args:    tables: (r, q) the quantiles of each row, set without its field.   standard: (r,) z.
             rows: octaves ahead, noise class and group of each row (r,).
    """
    octaves, noise, groups = rows
    ends = [[value_at(tables, tail) for tail in tails(level)] for level in CONFIDENCES]
    inside = np.stack([(standard >= low) & (standard <= high) for low, high in ends], axis=1)
    covered = np.empty((len(NOISE), len(DISTANCES), len(CONFIDENCES)))
    for place in range(len(DISTANCES)):
        near = _near(octaves, place)
        for kind in NOISE:
            cell = near & (noise == kind)
            cell = next((some for some in (cell, near) if some.sum() >= LEAST_ROWS), np.ones_like(near))
            _, member, counts = np.unique(groups[cell], return_inverse=True, return_counts=True)
            shares = [np.mean(np.bincount(member, column) / counts) for column in inside[cell].T.astype(np.float64)]
            covered[kind, place] = shares
    return covered


def between_distances(table: Floats, octaves: Floats) -> Floats:
    """(..., q) what a table (h, q) holds at distances of any shape, by interpolation; the ends hold beyond."""
    place = np.interp(octaves, DISTANCES, np.arange(len(DISTANCES)))
    left = np.minimum(place.astype(np.intp), len(DISTANCES) - 2)
    share = (place - left)[..., None]
    return np.asarray(table[left] * (1.0 - share) + table[left + 1] * share)


def value_at(standard: Floats, probability: float) -> Floats:
    """(...,) values of distributions given by their quantiles (..., q), on straight lines; tails are exponential."""
    p = PROBABILITIES
    if probability < p[0]:
        return standard[..., 0] + _tail(standard[..., 1] - standard[..., 0], p[1] - p[0], p[0], probability)
    if probability > p[-1]:
        step = standard[..., -1] - standard[..., -2]
        return standard[..., -1] - _tail(step, p[-1] - p[-2], 1.0 - p[-1], 1.0 - probability)
    right = int(np.clip(np.searchsorted(p, probability), 1, len(p) - 1))
    share = (probability - p[right - 1]) / (p[right] - p[right - 1])
    return np.asarray(standard[..., right - 1] * (1.0 - share) + standard[..., right] * share)


def share_below(standard: Floats, z: Floats) -> Floats:
    """(...,) probability of values up to z (...,): the inverse of `value_at`."""
    p, count = PROBABILITIES, len(PROBABILITIES)
    passed = np.sum(z[..., None] >= standard, axis=-1)
    right = np.clip(passed, 1, count - 1)
    low, high = (np.take_along_axis(standard, (right - back)[..., None], -1)[..., 0] for back in (1, 0))
    density = (p[right] - p[right - 1]) / (high - low)
    inner = p[right - 1] + density * (z - low)
    with np.errstate(over="ignore"):
        below = p[0] * np.exp(np.minimum(density * (z - low) / p[0], 0.0))
        above = 1.0 - (1.0 - p[-1]) * np.exp(np.minimum(-density * (z - high) / (1.0 - p[-1]), 0.0))
    return np.where(passed == 0, below, np.where(passed == count, above, inner))


def tails(confidence: float) -> tuple[float, float]:
    """Probabilities below the low and the high end of a band."""
    return (1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0


def _tail(step: Floats, share: float, beyond: float, wanted: float) -> Floats:
    """How far an exponential tail goes on past its knot (below 0) when only `wanted` of the mass lies beyond."""
    return np.asarray(step / share * beyond * np.log(max(wanted, 1e-300) / beyond))


def _near(octaves: Floats, place: int) -> Mask:
    return np.asarray(np.searchsorted(CUTS, octaves, side="right") == place)


def _weighted(values: Floats, groups: Array) -> tuple[Floats, int]:
    """(q,) quantiles with every group of the same weight, outward by (k + 1) / k, and k."""
    _, member, counts = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.argsort(values, kind="stable")
    weight = 1.0 / counts[member][order]
    reached = (np.cumsum(weight) - weight / 2.0) / weight.sum()
    outward = 0.5 + (PROBABILITIES - 0.5) * (1.0 + 1.0 / len(counts))
    return np.interp(outward, reached, values[order]), len(counts)


def _rising(table: Floats) -> Floats:
    """The same quantiles, each at least a little above the one before: ties have no density."""
    steps = 1e-6 * np.arange(table.shape[-1])
    return np.asarray(np.maximum.accumulate(table, axis=-1) + steps)
