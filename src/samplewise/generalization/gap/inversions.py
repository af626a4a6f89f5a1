"""From nats to an error: the largest error on other rows that an inequality leaves room for.

Every function takes a training error in [0, 1] and the mean information of a pair, or of a row, in nats.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar

from samplewise.core.arrays import Floats
from samplewise.engine.statistics.divergences import binary_kl, largest_within

LN2 = float(np.log(2.0))


def binary_js(first: float, second: float) -> float:
    """Nats, 0..ln 2: Jensen-Shannon divergence of two Bernoulli laws, the information a draw has about its law."""
    middle = (first + second) / 2.0
    return (binary_kl(first, middle) + binary_kl(second, middle)) / 2.0


def invert_kl(training: float, pair: float) -> float:
    """Largest R in [training, 1] with kl(training || (training + R) / 2) <= information of a pair (hellstrom2022)."""
    return largest_within(lambda error: binary_kl(training, (training + error) / 2.0), training, pair)


def invert_js(training: float, row: float) -> float:
    """Largest R in [training, 1] with js(training || R) <= information of a row (dong2025)."""
    return largest_within(lambda error: binary_js(training, error), training, row)


def slope(rate: Floats) -> Floats:
    """C1 of C2 = `rate` in (0, ln 2 / 2), where exp(2 C2) + exp(-2 C2 (C1 + 1)) = 2 (wang2023b)."""
    return np.asarray(-np.log(2.0 - np.exp(2.0 * rate)) / (2.0 * rate) - 1.0)


def fast_rate(training: float, row: float) -> float:
    """Least C1 training + row / C2 over C2: a bound on the gap (wang2023b)."""
    if row <= 0.0:
        return 0.0
    return _least(lambda rate: slope(rate) * training + row / rate, LN2 / 2.0)


def linear_rate(training: float, pair: float) -> float:
    """Least g training + pair / v over v, v (1 - g) + (e^v - 1 - v) (1 + g^2) <= 0: a bound on R (hellstrom2022)."""
    return _least(lambda rate: _linear_slope(rate) * training + pair / rate, LINEAR_LIMIT)


def root_mean_square(joint: float, pairs: int) -> float:
    """Root of the mean squared gap to unseen rows: sqrt(8 / n (I + ln 2 / 2) + 1 / (2 n)), I of all pairs together."""
    return float(np.sqrt((8.0 * (joint + LN2 / 2.0) + 0.5) / pairs))


def _linear_slope(rate: Floats) -> Floats:
    """The smaller root g >= 1 of (e^v - 1 - v) g^2 - v g + (e^v - 1) = 0."""
    curvature = np.expm1(rate) - rate
    inside = np.maximum(rate**2 - 4.0 * curvature * np.expm1(rate), 0.0)
    # The usual formula cancels for small v; this one does not.
    return np.asarray(2.0 * np.expm1(rate) / (rate + np.sqrt(inside)))


def _least(function: Callable[[Floats], Floats], limit: float) -> float:
    """Minimum over (0, limit): a grid that is dense at both ends, then golden section around its best point.

    Every point gives a valid bound, so a minimum that is missed costs tightness and nothing else.
    """
    grid = limit * np.sort(np.concatenate([np.logspace(-9, -0.31, 120), 1.0 - np.logspace(-9, -0.31, 60)]))
    values = function(grid)
    best = int(np.argmin(values))
    around = (float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)]))
    found = minimize_scalar(
        lambda rate: float(function(np.asarray(rate))), bounds=around, method="bounded", options={"xatol": 1e-9}
    )
    return float(min(values[best], found.fun))


# Beyond this rate no slope satisfies the condition of `linear_rate`.
LINEAR_LIMIT = 0.365342
