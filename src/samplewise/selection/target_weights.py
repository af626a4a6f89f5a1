"""One target's distribution of features, the weights it gives the raw rows, and what is kept out to judge them by."""

from functools import cached_property

import numpy as np
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from samplewise.core.arrays import Array, Floats
from samplewise.core.randomness import generator, uniform_from_hashes
from samplewise.engine.statistics import distribution_of, log_ratio, resampled_counts
from samplewise.selection.stored_counts import StoredCounts

HELD_OUT = 0.2  # of the target's rows: the temperature, the odds and the divergences are read from them
LEAST_TO_SPLIT = 50  # rows of a target below which none can be spared
CALIBRATION_ROWS = 20_000  # raw rows that odds are calibrated on
N_RESAMPLES, MOST_UNITS = 500, 2000  # of the bootstrap over target rows; more rows are summed in groups


class TargetWeights:
    """One target: its distributions, and the weights it gives the raw rows."""

    def __init__(
        self, pool: StoredCounts, counts: StoredCounts, *, length: str, smoothing: float, min_length: int
    ) -> None:  # fmt: skip
        self.counts = counts
        self.held = _held_out(counts)
        self.split = bool(self.held.any())
        if not self.split:
            self.held = np.ones(len(counts), dtype=bool)
        fitted = ~self.held if self.split else self.held
        in_fit, in_held = counts.counts_of(fitted, self.held)
        self.raw = distribution_of(pool.totals)
        self.goal = distribution_of(in_held)
        self.ratio = log_ratio(distribution_of(smoothed(in_fit, smoothing, self.raw)), self.raw)
        self.per_row = _by_length(counts.row_sums(self.ratio), counts.lengths, length)
        self.log_weights = _by_length(pool.row_sums(self.ratio), pool.lengths, length)
        self.log_weights[(pool.lengths <= 0) | (pool.lengths < min_length)] = np.nan

        self._signatures = pool.signatures

    @cached_property
    def _calibration(self) -> tuple[float, float]:
        """Slope and intercept of the log odds in the log weight: held-out target rows against raw rows."""
        usable = np.flatnonzero(np.isfinite(self.log_weights))
        order = np.argsort(uniform_from_hashes(0, self._signatures[usable], "calibration"), kind="stable")
        others = self.log_weights[usable[order[:CALIBRATION_ROWS]]]
        own = self.per_row[self.held & (self.counts.lengths > 0)]
        values, labels = np.r_[own, others], np.r_[np.ones(len(own)), np.zeros(len(others))]
        center, scale = float(np.median(values)), float(np.std(values)) or 1.0
        model = LogisticRegression(class_weight="balanced").fit((values[:, None] - center) / scale, labels)
        slope = float(model.coef_[0, 0]) / scale
        return slope, float(model.intercept_[0]) - slope * center

    @property
    def probability(self) -> Floats:
        """(n,) that a raw row comes from the target, were both equally common; NaN where there is no weight.

        Without rows to calibrate it on, the sign of the log weight says which of the two is likelier.
        """
        if not self.split:
            return np.where(np.isnan(self.log_weights), np.nan, np.heaviside(self.log_weights, 0.5))
        slope, intercept = self._calibration
        return np.asarray(expit(slope * self.log_weights + intercept))


def smoothed(counts: Floats, smoothing: float, raw: Floats) -> Floats:
    """Counts (d,) plus `smoothing` per feature, distributed as the raw rows are."""
    return counts + smoothing * len(raw) * raw


def _held_out(counts: StoredCounts) -> Array:
    """(n,) target rows kept out of the weights, drawn by their content, so that equal rows stay together."""
    if len(counts) < LEAST_TO_SPLIT:
        return np.zeros(len(counts), dtype=bool)
    held = uniform_from_hashes(0, counts.signatures, "held-out target") < HELD_OUT
    usable = counts.lengths > 0
    return held if (held & usable).any() and (~held & usable).any() else np.zeros(len(counts), dtype=bool)


def _by_length(sums: Floats, lengths: Floats, length: str) -> Floats:
    if length == "sum":
        return sums
    return sums / np.maximum(lengths if length == "mean" else np.sqrt(lengths), 1e-300)


def mean_gain(target: TargetWeights, gain: Floats) -> tuple[float, Floats]:
    """The mean of a number per feature over the held-out target rows, and over resamples of these rows."""
    sums, lengths = target.counts.row_sums(gain)[target.held], target.counts.lengths[target.held]
    order = np.lexsort((lengths, sums))
    units = np.arange(len(order)) % min(len(order), MOST_UNITS)
    numerator = np.bincount(units, sums[order])
    denominator = np.bincount(units, lengths[order])
    draw = generator(0, "target rows", len(numerator))
    counts = resampled_counts(draw, len(numerator), N_RESAMPLES)
    below = counts @ denominator
    drawn = (counts @ numerator)[below > 0] / below[below > 0]
    return float(numerator.sum() / denominator.sum()), np.resize(drawn, N_RESAMPLES)
