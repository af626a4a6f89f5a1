"""Errors of models of half of the units, and how far they would move had other units been drawn.

A unit (a row, or a group) moves a mean error twice: by its own loss, and by its effect, as a training unit, on the
losses of all others. The spread of losses over units shows the first alone. The second shows in how the fits differ:
fits hold random halves, so the effect of a half varies from fit to fit as much as that of all units from sample to
sample.

Axes: k fits, u units.
"""

from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Floats, Mask
from samplewise.engine.statistics.intervals import half_width, quantile


@dataclass(frozen=True, slots=True)
class MeanWithError:
    """A mean over samples of units, with the standard error of one sample and the degrees of freedom behind it."""

    value: float
    error: float
    freedom: int

    def upper(self, confidence: float) -> float:
        """Upper end of a one-sided t interval."""
        return self.value + quantile(confidence, self.freedom) * self.error

    def interval(self, confidence: float) -> tuple[float, float]:
        """Both ends of a t interval."""
        half = half_width(self.error, confidence, self.freedom)
        return self.value - half, self.value + half


def errors_of_halves(losses: Floats, trained: Mask, ghosts: Mask) -> tuple[MeanWithError, MeanWithError, MeanWithError]:
    """The gap, the error on training units and that on ghosts (left out), from losses (k, u) and both masks (k, u).

    Fits 2i and 2i + 1 are complements.
    """
    seen = trained.any(axis=0) & ghosts.any(axis=0)
    losses, trained, ghosts = losses[:, seen], trained[:, seen], ghosts[:, seen]
    inside, outside = _side(losses, trained), _side(losses, ghosts)
    apart = (outside[0] - inside[0], outside[1] - inside[1])
    return _with_error(*apart, trained), _with_error(*inside, trained), _with_error(*outside, trained)


def _side(losses: Floats, mask: Mask) -> tuple[Floats, Floats]:
    """Mean loss (u,) of every unit on one side, and how far each fit (k,) lies above these means there."""
    counts = mask.sum(axis=0)
    means = (losses * mask).sum(axis=0) / counts
    own_part = counts / np.maximum(counts - 1, 1)  # a fit is part of the means it is compared with
    excess = ((losses - means) * own_part * mask).sum(axis=1) / mask.sum(axis=1)
    return means, excess


def _with_error(own: Floats, excess: Floats, trained: Mask) -> MeanWithError:
    """Var(own) / u + Var(effect of halves) + twice their covariance, which is counted only where it widens."""
    centered = own - own.mean()
    chosen = (centered * trained).sum(axis=1) / trained.sum(axis=1)
    together = max(float((excess * chosen).mean()), 0.0)
    # Where the effect of a half is above the mean, that of its complement is below; chance in single fits is not so.
    products = -excess[::2] * excess[1::2]
    doubt = float(products.std()) / np.sqrt(max(len(products) - 1, 1))  # with few fits the spread is rough: err upwards
    trained_apart = max(float(products.mean()) + doubt, 0.0)
    variance = float(own.var(ddof=1)) / len(own) + trained_apart + 2.0 * together
    freedom = max(1, min(len(own) - 1, len(trained) // 2))
    return MeanWithError(float(own.mean()), float(np.sqrt(variance)), freedom)
