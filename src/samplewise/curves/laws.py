"""The power law through a learning curve: error = asymptote + scale * (n / n_largest)^-exponent."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samplewise.core.arrays import Floats
from samplewise.core.errors import InputError
from samplewise.curves.learning_curve import LearningCurve

EXPONENTS = np.geomspace(0.02, 4.0, 60)
LEAST_SIZES = 3  # parameters of the law


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """error(n) = asymptote + scale * (n / reference)^-exponent, in the unit of the curve it was fitted to."""

    asymptote: float  # >= 0, error with unlimited rows; badly determined unless the curve has flattened
    scale: float  # >= 0, what is still to be won at `reference` rows
    exponent: float  # > 0
    reference: int  # largest measured size

    def error(self, sizes: npt.ArrayLike) -> Floats:
        """(m,) error after training on so many rows."""
        ratio = np.asarray(sizes, dtype=np.float64) / self.reference
        return np.asarray(self.asymptote + self.scale * ratio**-self.exponent)


def power_law(curve: LearningCurve) -> PowerLaw:
    """The weighted least-squares power law with non-negative scale and asymptote, in the unit of the curve.

    For each exponent of a grid the other two parameters are linear and solved exactly (variable projection), so the
    optimum is global. Weights are 1 / variance, each variance averaged with the mean of all: five draws do not
    determine a variance.

    Args:    curve: at least three sizes.
    Returns: `PowerLaw`; a curve that does not fall gets scale 0.
    Raises:  InputError for fewer than three sizes.   Cost: microseconds.
    Not for: deciding how much data reaches a target error: an asymptote fitted a little too high says "never".
    Source:  golub1973, viering2023.
    >>> sizes = np.array([50, 100, 200, 400])
    >>> law = power_law(LearningCurve(sizes, 0.1 + 2 / sizes[None, :] ** 0.5))
    >>> round(float(law.error(1600)), 3)
    0.15
    """
    if len(curve.sizes) < LEAST_SIZES:
        raise InputError(
            "a power law needs at least three training sizes",
            got=f"sizes {curve.sizes.tolist()}",
            fix="measure more sizes, or read the last value as it is",
        )
    asymptote, scale, exponent = fit_power_laws(curve.sizes, curve.error[None, :], variances(curve))
    return PowerLaw(float(asymptote[0]), float(scale[0]), float(exponent[0]), int(curve.sizes[-1]))


def variances(curve: LearningCurve) -> Floats:
    """(s,) variances of the mean errors, drawn towards their mean; all equal where none is known."""
    squares = np.square(curve.standard_error)
    if not np.isfinite(squares).all() or not squares.any():
        return np.ones(len(squares))
    return np.asarray(np.maximum((squares + squares.mean()) / 2.0, 1e-8))


def fit_power_laws(sizes: npt.ArrayLike, errors: Floats, variance: Floats) -> tuple[Floats, Floats, Floats]:
    """Asymptote, scale and exponent (b,) of many curves (b, s) measured at the same sizes."""
    n = np.asarray(sizes, dtype=np.float64)
    powers = (n / n[-1]) ** -EXPONENTS[:, None]  # (g, s)
    weight = 1.0 / variance
    total, first, second = weight.sum(), powers @ weight, powers**2 @ weight
    error, square = (errors @ weight)[:, None], (errors**2 @ weight)[:, None]
    cross = (errors * weight) @ powers.T  # (b, g)
    scale = (total * cross - first * error) / (total * second - first**2)
    asymptote = (error - scale * first) / total
    rises, below = scale < 0, asymptote < 0
    scale = np.where(below, np.maximum(cross / second, 0.0), np.where(rises, 0.0, scale))
    asymptote = np.where(below, 0.0, np.where(rises, error / total, asymptote))
    misfit = square - 2 * (asymptote * error + scale * cross)
    misfit += asymptote**2 * total + 2 * asymptote * scale * first + scale**2 * second
    best = np.argmin(misfit + 1e-12 * square, axis=1)
    rows = np.arange(len(errors))
    return asymptote[rows, best], scale[rows, best], EXPONENTS[best]
