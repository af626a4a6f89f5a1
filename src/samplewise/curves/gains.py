"""The gain of a doubling of the rows, with a band that holds both noise and the error of the law.

The widths were set on measured curves, not by theory: 5,017 mean curves of 185 data sets (LCDB 1.1, yan2025), up to six
sizes each twice the one before, read as five noisy draws, forecast 2, 4 and 8 times beyond the largest.
Residuals divided by `_scale` gave the quantiles below. With families of related data sets left out of the calibration,
a nominal 80 % covered 81, 79 and 79 % of the gains of one, two and three doublings. Every data set weighed the same.
These are error rates of classifiers; for regression the same widths are used unchecked.
"""

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Numbers
from samplewise.core.errors import InputError, require_kind, require_share
from samplewise.core.randomness import generator
from samplewise.core.values import Estimate
from samplewise.curves.laws import LEAST_SIZES, PowerLaw, fit_power_laws, power_law, variances
from samplewise.curves.points import CurvePoints
from samplewise.engine.models.row_losses import UNITS, ErrorScale

SOURCE = "viering2023"
DRAWS = 400
FURTHEST = 64  # times the largest measured size
BEYOND = 1.3  # the gains were calibrated from so many times the largest size to twice that
LAW_ERROR = 0.03  # share of the error the law is off by per doubling
PROBABILITIES = np.array([0.01, 0.025, 0.05, 0.1, 0.25, 0.75, 0.9, 0.95, 0.975, 0.99])
GAIN_QUANTILES = np.array([-3.44, -2.32, -1.63, -1.09, -0.34, 1.00, 2.20, 3.27, 4.61, 7.67])
REASON = "band calibrated on measured curves of other data sets; holds only if new rows are like the old ones"


@checked
def next_doubling(curve: CurvePoints, rows: int, confidence: float = 0.8, *, seed: int = 0) -> Estimate:
    """What doubling the rows would take off the error, in points; of predicted numbers in the label's unit.

    Args:
        curve: at least three sizes.
        rows: rows there are now.
        confidence: between .5 and .98.
        seed: of the resampled draws.

    Returns:
        Estimate "forecast", larger means more is to be won; an interval that holds 0 says that doubling may gain
        nothing.

    Raises:
        InputError: too few sizes, twice the rows too far away, or a confidence out of range.

    Cost: milliseconds.   Not for: rows collected elsewhere.   Source: viering2023.

    >>> n = np.array([50, 100, 200, 400])
    >>> gain = next_doubling(CurvePoints(n, 0.1 + 2 / n[None, :] ** 0.5), 400)
    >>> bool(gain.low < 200 * (400**-0.5 - 800**-0.5) < gain.high)
    True
    """
    require_kind(curve, CurvePoints)
    pair = _pair(curve, rows)
    law = power_law(curve)
    low, high = _quantiles(confidence)
    here, ahead = law.error(pair)
    drawn = _resampled(curve, seed, pair)
    reach = 2.0 * max(law.reference, rows / BEYOND)
    scale = float(_scale(curve, law, reach, (drawn[:, 0] - drawn[:, 1]).std()))
    gain = float(here - ahead)
    found = Estimate("forecast", gain, gain + low * scale, gain + high * scale, curve.unit, confidence, SOURCE, REASON)
    shown = curve.unit == UNITS["classification"] or curve.median_error is not None
    return ErrorScale(curve.median_error).difference(found) if shown else found


def _scale(curve: CurvePoints, law: PowerLaw, sizes: Numbers, spread: Numbers) -> Floats:
    """Size of the forecast's error: noise, misfit at the last size, and the law's own error per doubling."""
    here = law.error(law.reference)
    doublings = np.abs(np.log2(np.asarray(sizes, dtype=np.float64) / law.reference))
    misfit = float(curve.error[-1] - here)
    return np.asarray(np.sqrt(np.square(spread) + misfit**2 + np.square(LAW_ERROR * doublings * here)))


def _resampled(curve: CurvePoints, seed: int, sizes: Array) -> Floats:
    """(draws, m) the law's errors with resampled repeats; a single repeat is perturbed by its standard error."""
    draw = generator(seed, "forecast")
    if curve.repeats > 1:
        chosen = draw.integers(0, curve.repeats, (DRAWS, curve.repeats))
        known = np.where(np.isfinite(curve.errors), curve.errors, curve.error)
        means = known[chosen].mean(axis=1)
    else:
        spread = np.nan_to_num(curve.standard_error)
        means = np.maximum(curve.error + spread * draw.standard_normal((DRAWS, len(curve.sizes))), 0.0)
    asymptote, scale, exponent = fit_power_laws(curve.sizes, means, variances(curve))
    ratio = np.asarray(sizes, dtype=np.float64) / curve.sizes[-1]
    return np.asarray(asymptote[:, None] + scale[:, None] * ratio ** -exponent[:, None])


def _quantiles(confidence: float) -> tuple[float, float]:
    least, most = 0.5, float(PROBABILITIES[-1] - PROBABILITIES[0])
    confidence = require_share(confidence, "confidence", least=least, most=most, low_open=False, high_open=False)
    tail = (1.0 - confidence) / 2.0
    low, high = np.interp([tail, 1.0 - tail], PROBABILITIES, GAIN_QUANTILES)
    return float(low), float(high)


def _pair(curve: CurvePoints, rows: int) -> Floats:
    """The rows there are and twice as many, within reach of the curve."""
    largest = int(curve.sizes[-1])
    if len(curve.sizes) < LEAST_SIZES or not 0 < 2 * rows <= FURTHEST * largest:
        raise InputError(
            "a curve cannot be carried that far",
            got=f"twice {rows} rows, measured {curve.sizes.tolist()}",
            fix=f"use at most {FURTHEST * largest // 2} rows, of a curve with at least {LEAST_SIZES} sizes",
        )
    return np.array([rows, 2.0 * rows])
