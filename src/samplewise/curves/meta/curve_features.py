"""The features of a measured curve: 25 numbers without a scale of their own, and two extrapolated laws as a reference.

Every number is defined for any grid of three sizes or more, in any spacing. -1 stands for unknown. The shipped trees
were grown on exactly these numbers, so the laws here stay as they are: a coarse grid, unweighted. Axes: b curves
measured at the same s sizes.
"""

from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Floats, Numbers

OCTAVE = np.log(2.0)
LEAST_ERROR = 1e-4  # no logarithm below
LEAST_LEVEL = 2e-3  # errors below are hardly measured: nothing is taken relative to less
EXPONENTS = np.geomspace(0.02, 4.0, 30)
REACHES = (0.7, 2.0, 5.0, 50.0)  # octaves over which the slope at the end is averaged
BACK = (1.0, 2.0, 3.0, 5.0)  # octaves before the end at which the error is read
UNKNOWN = -1.0
NAMES = (
    "log largest size", "log span", "sizes", "level", "last value", "last standard error", "mean standard error",
    "roughness", "largest rise", "first value", *(f"slope over {reach:g} octaves" for reach in REACHES), "bend",
    *(f"error {back:g} octaves before" for back in BACK), "law asymptote", "law exponent", "law scale", "law misfit",
    "line misfit", "place of the least error",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class CurveFeatures:
    """b curves as the trees see them: numbers relative to the level at the largest size."""

    table: Floats  # (b, 25)
    level: Floats  # (b,) the error at the largest size, smoothed over its neighbors
    largest: float
    averaged: Floats  # (b, g) weight of each exponent of the power law with an asymptote
    asymptote: Floats  # (b, g) relative to the level
    scale: Floats  # (b, g) relative to the level
    line: Floats  # (b, 2) log error at the largest size, relative to the level, and its slope, never rising

    def ahead(self, sizes: Numbers) -> Floats:
        """(b, m, 3) log growth, averaged power law and line at `sizes` (m,) or (b, m); laws relative to the level."""
        growth = np.log(np.atleast_2d(np.asarray(sizes, dtype=np.float64)) / self.largest)  # (1 or b, m)
        decay = np.exp(-EXPONENTS[:, None] * growth[:, None, :])  # (1 or b, g, m)
        level = np.sum(self.averaged * self.asymptote, axis=1, keepdims=True)
        law = level + np.matmul((self.averaged * self.scale)[:, None, :], decay)[:, 0]
        line = np.exp(self.line[:, :1] + self.line[:, 1:] * growth)
        return np.stack([np.broadcast_to(growth, law.shape), law, line], axis=-1)


def describe(sizes: Numbers, errors: Floats, standard_errors: Floats) -> CurveFeatures:
    """The features of b curves (b, s) measured at the same sizes; standard errors may be NaN."""
    n = np.asarray(sizes, dtype=np.float64)
    x, z = np.log(n / n[-1]), np.log(np.maximum(errors, LEAST_ERROR))
    level = np.maximum(np.exp(z @ _local(x, 1.0, 1)[0]), LEAST_LEVEL)
    relative, spread = errors / level[:, None], _known(standard_errors) / level[:, None]
    weight, asymptote, scale, fit = _averaged_power_law(n / n[-1], relative, spread)
    line, misfit = _line(x, z - np.log(level)[:, None])
    rises = relative - np.minimum.accumulate(relative, axis=1)
    count = len(n)
    columns = [
        np.full(len(z), np.log(n[-1])), np.full(len(z), -x[0]), np.full(len(z), float(count)), level, relative[:, -1],
        _or_unknown(spread[:, -1]), _mean_or_unknown(spread), _roughness(x, relative), rises.max(axis=1),
        relative[:, 0], *(z @ _local(x, reach, 1)[1] for reach in REACHES), z @ _local(x, 3.0, 2)[2],
        *(_before(x, relative, back) for back in BACK), *fit, misfit, n[np.argmin(relative, axis=1)] / n[-1],
    ]  # fmt: skip
    return CurveFeatures(np.column_stack(columns), level, float(n[-1]), weight, asymptote, scale, line)


def _local(x: Floats, reach: float, degree: int) -> Floats:
    """(degree + 1, s) what a polynomial in x has at the end, fitted with weights that fade over `reach` octaves."""
    root = np.exp(x / (2.0 * reach * OCTAVE))
    return np.linalg.pinv(np.vander(x, degree + 1, increasing=True) * root[:, None], rcond=1e-10) * root


def _line(x: Floats, z: Floats) -> tuple[Floats, Floats]:
    """The straight line in log-log at the largest size and its slope, never rising (b, 2), and its misfit (b,)."""
    line = z @ np.linalg.pinv(np.vander(x, 2, increasing=True)).T
    flat = line[:, 1] > 0
    line = np.where(flat[:, None], np.column_stack([z.mean(axis=1), np.zeros(len(z))]), line)
    return line, np.sqrt(np.mean(np.square(z - line[:, :1] - line[:, 1:] * x), axis=1))


def _averaged_power_law(ratio: Floats, relative: Floats, spread: Floats) -> tuple[Floats, Floats, Floats, list[Floats]]:
    """Weights, asymptotes and scales (b, g) of the power law over a grid of exponents, and four numbers of the best.

    An exponent counts by the likelihood of its least squares, with the noise that the best of them leaves.
    """
    count = len(ratio)
    powers = ratio ** -EXPONENTS[:, None]  # (g, s)
    mean = powers.mean(axis=1)
    centered = powers - mean[:, None]
    overall = relative.mean(axis=1, keepdims=True)
    scale = np.maximum(relative @ centered.T / np.sum(centered**2, axis=1), 0.0)  # (b, g)
    through_zero = relative @ powers.T / np.sum(powers**2, axis=1)
    asymptote = overall - scale * mean
    scale = np.where(asymptote < 0, through_zero, scale)
    asymptote = np.maximum(asymptote, 0.0)
    residual = np.sum(relative**2, axis=1, keepdims=True) - 2.0 * asymptote * overall * count
    residual = residual - 2.0 * scale * (relative @ powers.T) + count * asymptote**2
    residual = residual + 2.0 * count * asymptote * scale * mean + scale**2 * np.sum(powers**2, axis=1)
    residual = np.maximum(residual, 0.0)
    least = residual.min(axis=1, keepdims=True)
    noise = least / max(count - 3, 1) + np.square(_mean_or_unknown(spread).clip(0.0, None))[:, None] + 1e-6
    weight = np.exp(-(residual - least) / (2.0 * noise))
    weight /= weight.sum(axis=1, keepdims=True)
    best = (np.arange(len(relative)), np.argmin(residual, axis=1))
    fit = [asymptote[best], EXPONENTS[best[1]], scale[best], np.sqrt(residual[best] / count)]
    return weight, asymptote, scale, fit


def _roughness(x: Floats, relative: Floats) -> Floats:
    """(b,) root mean square of what a parabola in log n leaves; unknown below four sizes."""
    if len(x) <= 3:
        return np.full(len(relative), UNKNOWN)
    design = np.vander(x, 3, increasing=True)
    left = relative - relative @ np.linalg.pinv(design).T @ design.T
    return np.sqrt(np.sum(left**2, axis=1) / (len(x) - 3))


def _before(x: Floats, relative: Floats, octaves: float) -> Floats:
    """(b,) the error so many octaves before the largest size, by interpolation; unknown before the smallest."""
    place = -octaves * OCTAVE
    if place < x[0] - 1e-9:
        return np.full(len(relative), UNKNOWN)
    right = min(max(int(np.searchsorted(x, place)), 1), len(x) - 1)
    share = (place - x[right - 1]) / (x[right] - x[right - 1])
    return relative[:, right - 1] * (1.0 - share) + relative[:, right] * share


def _known(spread: Floats) -> Floats:
    """Standard errors with 0 as unknown: a mean is never exact."""
    return np.where(spread > 0, spread, np.nan)


def _or_unknown(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, UNKNOWN)


def _mean_or_unknown(spread: Floats) -> Floats:
    """(b,) mean of the known standard errors."""
    known = np.isfinite(spread)
    total = np.where(known, spread, 0.0).sum(axis=1)
    return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), UNKNOWN)
