"""The piecewise power law: a parabola in log error against log n up to a switch, and its tangent line from there on.

A reconstruction of the idea of jain2023: the paper's formula was not available. Only arrays here, so that thousands of
curves measured at the same sizes are fitted at once, for a whole grid of switches: s sizes, b curves, g switches,
m sizes evaluated at. x = log(n / n_largest) throughout.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samplewise.core.arrays import Floats, Numbers
from samplewise.core.errors import InputError

STEP = np.sqrt(2.0)  # between two switches of a grid: half an octave
LEAST_ERROR = 1e-4  # no logarithm below; half a test error where the number of test rows is known
HIGHEST = 100.0  # log error: a parabola carried far back would overflow
LEAST_SIZES = 2  # of the straight line the law falls back to
BENT_SIZES = 4  # fewer do not show a bend
ZOOMS, ZOOM_POINTS = 5, 9


@dataclass(frozen=True, slots=True, eq=False)
class PiecewiseCurves:
    """log e = t0 + t1 x + t2 q(x); q(x) = x^2 up to the switch X, and 2 X x - X^2 beyond it."""

    intercept: Floats  # (..., b) t0
    slope: Floats  # (..., b) t1
    curvature: Floats  # (..., b) t2; 0 for a plain power law
    switch: Floats  # (..., b) X; -inf for a plain power law
    reference: float  # largest measured size, where x = 0

    def log_error(self, x: Floats) -> Floats:
        """(..., b, m) log of the error at x (m,)."""
        bent = self.curvature[..., None] * _bend(x, self.switch[..., None])
        return np.asarray(self.intercept[..., None] + self.slope[..., None] * x + bent)

    def error(self, sizes: Numbers) -> Floats:
        """(..., b, m) error after training on `sizes` (m,) rows."""
        x = np.log(np.atleast_1d(np.asarray(sizes, dtype=np.float64)) / self.reference)
        return np.asarray(np.exp(np.minimum(self.log_error(x), HIGHEST)))

    def final_slope(self) -> Floats:
        """(..., b) slope of log e against log n far out; never positive."""
        return np.asarray(self.slope + 2.0 * self.curvature * _finite(self.switch))

    def sizes_for(self, error: Numbers) -> Floats:
        """(..., b) the smallest size, not below the largest measured one, whose error is at most `error`; else inf."""
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            aim = np.log(np.asarray(error, dtype=np.float64))
            start, falls = np.maximum(self.switch, 0.0), self.final_slope() < 0  # the line from `start` on
            line = start + (aim - self._at(start)) / self.final_slope()
            x = np.where(falls & (line >= start), line, np.inf)
            root = self._root(aim)
            x = np.where((root >= 0) & (root <= start), root, x)
            x = np.where(self._at(np.zeros_like(start)) <= aim, 0.0, x)
            return np.asarray(self.reference * np.exp(x))

    def _at(self, x: Floats) -> Floats:
        """(..., b) log error at one x (..., b) per curve."""
        return np.asarray(self.intercept + self.slope * x + self.curvature * _bend(x, self.switch))

    def _root(self, aim: Floats) -> Floats:
        """(..., b) where the parabola falls through `aim`; NaN if nowhere."""
        half = self.slope / 2.0
        inner = half**2 - self.curvature * (self.intercept - aim)
        return np.asarray((-half - np.sqrt(inner)) / self.curvature)  # of the two roots, the one with negative slope


def switch_grid(least: float, most: float) -> Floats:
    """Switches from `least` to `most` rows, half an octave apart, both ends included.

    >>> switch_grid(10, 40).round(1)
    array([10. , 14.1, 20. , 28.3, 40. ])
    """
    steps = max(1, int(np.ceil(np.log(most / least) / np.log(STEP) - 1e-9)))
    return np.asarray(np.append(least * STEP ** np.arange(steps), most))


def fit_piecewise(sizes: Numbers, errors: Floats, switches: Numbers, weights: Floats | None = None) -> PiecewiseCurves:
    """Weighted least squares in log error for every switch of an increasing grid.

    Args:
        sizes: (s,) training rows.
        errors: (b, s) error of each curve.
        switches: (g,) for all curves, or (g, b) for each its own; increasing along g.
        weights: (s,) or (b, s) of the squared residuals in log error; None for equal ones.

    Returns:
        `PiecewiseCurves` with parts (g, b). A switch with which a curve would end rising is moved down the grid; where
        that leads nowhere, and for fewer than four sizes, the curve gets the power law, with a slope of at most 0.

    Raises:
        InputError: fewer than two sizes.

    Cost: O(g b s); O(b s) memory per switch.
    """
    n = np.asarray(sizes, dtype=np.float64)
    if len(n) < LEAST_SIZES:
        raise InputError(
            "a power law needs at least two training sizes", got=f"{len(n)} sizes", fix="measure more sizes"
        )
    x, z = np.log(n / n.max()), np.log(np.maximum(errors, LEAST_ERROR))
    grid = np.log(np.asarray(switches, dtype=np.float64) / n.max())
    grid = grid[:, None] if grid.ndim == 1 else grid
    plain, mean, slope, curvature = _least_squares(x, z, _shares(weights, len(n)), grid)
    bends = (grid > x.min() + 1e-9) & (len(n) >= BENT_SIZES)
    falls = bends & (slope + 2.0 * curvature * grid < 0)
    best = np.maximum.accumulate(np.where(falls, np.arange(len(grid))[:, None], -1), axis=0)
    chosen = (np.maximum(best, 0), np.arange(z.shape[0]))
    bent = best >= 0
    switch = np.broadcast_to(grid, slope.shape)[chosen]
    return PiecewiseCurves(
        intercept=np.where(bent, mean[chosen], plain[0]),
        slope=np.where(bent, slope[chosen], plain[1]),
        curvature=np.where(bent, curvature[chosen], 0.0),
        switch=np.where(bent, switch, -np.inf),
        reference=float(n.max()),
    )


def piecewise_errors(
    sizes: Numbers,
    errors: Floats,
    wanted: Numbers,
    switches: Numbers,
    weights: Floats | None = None,
    *,
    most: float = 1.0,
) -> Floats:
    """(g, b, m) errors at `wanted` (m,) sizes with each switch of a grid, at most `most`; see `fit_piecewise`."""
    fitted = fit_piecewise(sizes, errors, switches, weights)
    return np.asarray(np.minimum(fitted.error(wanted), most))


def fit_switch(sizes: Numbers, errors: Floats, weights: Floats | None = None) -> PiecewiseCurves:
    """The piecewise law of each curve (b,) with the switch that fits its own points best, none beyond the largest."""
    n = np.asarray(sizes, dtype=np.float64)
    least, width = np.log(n.min() / n.max()), np.log(STEP)
    switch = np.tile(np.log(switch_grid(n.min(), n.max()) / n.max())[:, None], (1, len(errors)))
    for _ in range(ZOOMS):
        fitted = fit_piecewise(n, errors, n.max() * np.exp(switch), weights)
        best = select(fitted, np.argmin(_misfit(fitted, n, errors, weights), axis=0))
        offsets = np.linspace(-width, width, ZOOM_POINTS)[:, None]
        switch = np.clip(np.maximum(best.switch, least) + offsets, least, 0.0)
        width *= 2.0 / (ZOOM_POINTS - 1)
    return best


def select(fitted: PiecewiseCurves, best: npt.NDArray[np.intp]) -> PiecewiseCurves:
    """One of the g fits of each curve: `best` (b,) are positions in the grid."""
    at = (best, np.arange(fitted.slope.shape[1]))
    return PiecewiseCurves(
        fitted.intercept[at], fitted.slope[at], fitted.curvature[at], fitted.switch[at], fitted.reference
    )


def _bend(x: Floats, switch: Floats) -> Floats:
    """q(x); where there is no switch it is multiplied by 0, so any finite number does."""
    known = _finite(switch)
    return np.where(x <= known, x * x, 2.0 * known * x - known**2)


def _finite(switch: Floats) -> Floats:
    return np.where(np.isfinite(switch), switch, 0.0)


def _shares(weights: Floats | None, s: int) -> Floats:
    """(1 or b, s) weights that sum to 1 for each curve."""
    given = np.ones((1, s)) if weights is None else np.atleast_2d(np.asarray(weights, dtype=np.float64))
    return np.asarray(given / given.sum(axis=1, keepdims=True))


def _misfit(fitted: PiecewiseCurves, n: Floats, errors: Floats, weights: Floats | None) -> Floats:
    """(g, b) weighted squares of the residuals in log error."""
    residuals = fitted.log_error(np.log(n / n.max())) - np.log(np.maximum(errors, LEAST_ERROR))
    return np.asarray(np.sum(_shares(weights, len(n)) * residuals**2, axis=-1))


def _least_squares(
    x: Floats, z: Floats, share: Floats, switch: Floats
) -> tuple[tuple[Floats, Floats], Floats, Floats, Floats]:
    """The plain line (t0, t1) of each curve, and t0, t1, t2 (g, b) of each switch.

    Columns 1, x, q are made orthogonal one after the other (Gram-Schmidt, the last one twice): near the ends of the
    range they are almost the same, and normal equations would square that.
    """
    center = share @ x  # (1 or b,)
    u = x - center[:, None]  # (1 or b, s)
    spread = np.sum(share * u**2, axis=1)
    mean, line = np.sum(share * z, axis=1), np.sum(share * u * z, axis=1) / spread
    flat = line >= 0
    plain = (np.where(flat, mean, mean - line * center), np.where(flat, 0.0, line))
    q = _bend(x, switch[..., None])  # (g, 1 or b, s)
    level = np.sum(share * q, axis=-1)  # (g, 1 or b)
    v = q - level[..., None]
    tilt = np.sum(share * v * u, axis=-1) / spread
    v = v - tilt[..., None] * u
    again = np.sum(share * v * u, axis=-1) / spread
    v, tilt = v - again[..., None] * u, tilt + again
    size = np.sum(share * v**2, axis=-1)
    size = np.where(size > 1e-20, size, np.inf)  # q is a straight line over the points: no bend
    columns = np.broadcast_to(share * v, (len(v), *z.shape))
    curvature = np.einsum("gbs,bs->gb", columns, z) / size
    slope = line - curvature * tilt
    return plain, mean - slope * center - curvature * level, slope, curvature
