"""Families of falling curves, error = asymptote + scale * shape(n / n_largest), fitted to thousands of curves at once.

Asymptote and scale are linear and never negative, so for given parameters of the shape they are solved exactly
(variable projection, golub1973). The one to three parameters of the shape are searched on a whole grid, which all
curves measured at the same sizes share, and polished from the best point of it by Levenberg-Marquardt steps: no random
starts, and nothing worse than the grid. b curves, s sizes, g points of a grid, p parameters of a shape, m other
sizes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Floats, Ints, Numbers

CHUNK = 512  # curves searched at a time: their misfits over a grid fill some megabytes
STEPS = 100  # of polishing, at most
STEP = 1e-6  # of the numerical derivative, in logs of the parameters
SETTLED, MOVED = 1e-10, 1e-7  # relative gain, or step, below which polishing stops
EXACT = 1e-30  # share of the squares of the errors that counts as no misfit at all
FURTHEST, HALVINGS = 40.0, 64  # e-folds beyond the largest size that an inverse searches, and its bisections
SMOOTHNESS = 1.0  # of the break, in e-folds of n


@dataclass(frozen=True, slots=True)
class Family:
    """One shape: positive and falling in r = n / n_largest. Its parameters are searched as logarithms."""

    shape: Callable[[Floats, Floats], Floats]  # log parameters (..., p) and r (..., s) -> (..., s)
    ranges: Callable[[float], tuple[tuple[float, float], ...]]  # of n_least / n_largest -> least and most per parameter
    points: tuple[int, ...]  # of the grid, per parameter

    @property
    def parameters(self) -> int:
        """Free numbers of the law, asymptote and scale included."""
        return 2 + len(self.points)

    def bounds(self, least: float) -> Floats:
        """(2, p) least and most log parameters."""
        return np.log(np.asarray(self.ranges(least), dtype=np.float64)).T

    def grid(self, least: float) -> Floats:
        """(g, p) log parameters."""
        low, high = self.bounds(least)
        axes = [np.linspace(a, b, count) for a, b, count in zip(low, high, self.points, strict=True)]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))


def _power(theta: Floats, r: Floats) -> Floats:
    """r^-c."""
    return np.exp(-np.exp(theta[..., 0:1]) * np.log(r))


def _exponential(theta: Floats, r: Floats) -> Floats:
    """exp(-k r)."""
    return np.exp(-np.exp(theta[..., 0:1]) * r)


def _mmf(theta: Floats, r: Floats) -> Floats:
    """1 / (1 + (r / h)^d), Morgan-Mercer-Flodin: half is won at r = h."""
    half, power = theta[..., 0:1], np.exp(theta[..., 1:2])
    return 1.0 / (1.0 + np.exp(power * (np.log(r) - half)))


def _weibull(theta: Floats, r: Floats) -> Floats:
    """exp(-a r^d)."""
    rate, power = theta[..., 0:1], np.exp(theta[..., 1:2])
    return np.exp(-np.exp(rate + power * np.log(r)))


def _shifted(theta: Floats, r: Floats) -> Floats:
    """((r + u) / (1 + u))^-c."""
    shift, power = np.exp(theta[..., 0:1]), np.exp(theta[..., 1:2])
    return np.exp(-power * (np.log(r + shift) - np.log1p(shift)))


def _broken(theta: Floats, r: Floats) -> Floats:
    """Slope -c0 in log-log up to r = d, -c1 beyond, joined smoothly."""
    early, late, place = np.exp(theta[..., 0:1]), np.exp(theta[..., 1:2]), theta[..., 2:3]
    x = np.log(r) - place
    return np.exp(-early * x - (late - early) * SMOOTHNESS * np.logaddexp(0.0, x / SMOOTHNESS))


# Where a law bends, its exponents stop at 1 (the rate of a parametric model) and its bend stays near what was measured:
# wider ranges fit the measured points better and predict larger sizes worse (decision 12).
FAMILIES = {
    "power_law_3": Family(_power, lambda least: ((0.02, 4.0),), (60,)),
    "exponential": Family(_exponential, lambda least: ((0.02, 5.0 / least),), (60,)),
    "mmf": Family(_mmf, lambda least: ((least / 64.0, 2.0), (0.05, 1.0)), (24, 16)),
    "weibull": Family(_weibull, lambda least: ((0.5, 20.0), (0.05, 1.0)), (16, 16)),
    "shifted_power_law": Family(_shifted, lambda least: ((least / 16.0, 0.25), (0.02, 1.0)), (12, 20)),
    "broken_power_law": Family(_broken, lambda least: ((0.02, 1.0), (0.02, 1.0), (least, 1.0)), (9, 9, 6)),
}


@dataclass(frozen=True, slots=True, eq=False)
class FamilyCurves:
    """b curves of one family."""

    family: Family
    asymptote: Floats  # (b,) >= 0, error with unlimited rows
    scale: Floats  # (b,) >= 0
    theta: Floats  # (b, p) logs of the parameters of the shape
    reference: float  # largest measured size, where r = 1

    def error(self, sizes: Numbers) -> Floats:
        """(b, m) error after training on `sizes` (m,) rows."""
        ratio = np.atleast_1d(np.asarray(sizes, dtype=np.float64)) / self.reference
        return self._at(np.broadcast_to(ratio, (len(self.scale), len(ratio))))

    def sizes_for(self, error: Numbers) -> Floats:
        """(b,) the smallest size, not below the largest measured one, whose error is at most `error`; else inf."""
        aim = np.broadcast_to(np.asarray(error, dtype=np.float64), self.scale.shape)
        low, high = np.zeros_like(self.scale), np.full_like(self.scale, FURTHEST)
        for _ in range(HALVINGS):  # bisection in log r: the shapes only fall
            middle = (low + high) / 2.0
            above = self._at(np.exp(middle)[:, None])[:, 0] > aim
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        met = self._at(np.ones((len(aim), 1)))[:, 0] <= aim
        never = self._at(np.full((len(aim), 1), np.exp(FURTHEST)))[:, 0] > aim
        return np.asarray(self.reference * np.where(met, 1.0, np.where(never, np.inf, np.exp(high))))

    def _at(self, ratio: Floats) -> Floats:
        """(b, m) error at r (b, m)."""
        return np.asarray(self.asymptote[:, None] + self.scale[:, None] * self.family.shape(self.theta, ratio))


def fit_family(family: Family, sizes: Floats, errors: Floats, weight: Floats) -> FamilyCurves:
    """The least-squares curves of one family through errors (b, s) at sizes (s,), with weights (1 or b, s)."""
    reference, parts = float(sizes.max()), []
    ratio = sizes / reference
    for start in range(0, len(errors), CHUNK):
        rows = slice(start, start + CHUNK)
        given = weight if len(weight) == 1 else weight[rows]
        theta = _best_of_grid(family, ratio, errors[rows], given)
        parts.append(_polished(family, theta, ratio, errors[rows], np.broadcast_to(given, errors[rows].shape)))
    asymptote, scale, theta = (np.concatenate(part) for part in zip(*parts, strict=True))
    return FamilyCurves(family, asymptote, scale, theta, reference)


def _best_of_grid(family: Family, ratio: Floats, errors: Floats, weight: Floats) -> Floats:
    """(b, p) the point of the grid with the least misfit; sums of products only, no residuals."""
    grid = family.grid(float(ratio.min()))
    shapes = family.shape(grid, ratio)
    shapes = shapes / shapes.max(axis=1, keepdims=True)  # (g, s)
    total = weight.sum(axis=1, keepdims=True)
    first, second = weight @ shapes.T / total, weight @ (shapes**2).T / total  # (1 or b, g)
    mean = np.sum(weight * errors, axis=1, keepdims=True) / total
    cross = (weight * errors) @ shapes.T / total  # (b, g)
    # Gains over "all zero" of the three candidates: both parts free, no asymptote, no scale.
    joint, spread = cross - mean * first, second - first**2
    free = mean**2 + np.maximum(joint, 0.0) ** 2 / np.maximum(spread, 1e-300)
    through_zero = np.maximum(cross, 0.0) ** 2 / second
    negative = mean * spread < joint * first  # the free asymptote would be below 0
    return np.asarray(grid[np.argmax(np.where(negative, through_zero, free), axis=1)])


def project(shape: Floats, errors: Floats, root: Floats) -> tuple[Floats, Floats, Floats]:
    """Asymptote (b,), scale (b,), both at least 0, and weighted residuals (b, s) for one shape (b, s) per curve.

    `errors` (b, s) come multiplied by the roots of the weights, `root` (b, s), whose squares sum to 1.
    """
    shape = shape * root
    level, mean = _products(root, shape), _products(root, errors)
    centered = shape - level[:, None] * root
    spread = _products(centered, centered)
    scale = np.maximum(_products(centered, errors), 0.0) / np.where(spread > 0, spread, np.inf)
    asymptote = mean - scale * level
    below = asymptote < 0
    if below.any():
        through_zero = _products(shape[below], errors[below]) / _products(shape[below], shape[below])
        scale[below], asymptote[below] = through_zero, 0.0
    return asymptote, scale, errors - asymptote[:, None] * root - scale[:, None] * shape


def _products(one: Floats, other: Floats) -> Floats:
    """(b,) inner products."""
    return np.asarray(np.einsum("bs,bs->b", one, other))


def _polished(
    family: Family, theta: Floats, ratio: Floats, errors: Floats, weight: Floats
) -> tuple[Floats, Floats, Floats]:
    """Levenberg-Marquardt on the projected residuals, every curve with its own damping, within the bounds."""
    low, high = family.bounds(float(ratio.min()))
    root = np.sqrt(weight / weight.sum(axis=1, keepdims=True))
    errors = errors * root

    def residuals(at: Floats, rows: Ints) -> Floats:
        return project(family.shape(at, ratio), errors[rows], root[rows])[2]

    damping, active = np.full(len(theta), 1e-2), np.arange(len(theta))
    here = residuals(theta, active)
    loss, least = _products(here, here), EXACT * _products(errors, errors)
    for _ in range(STEPS):
        now = theta[active]
        tried = _step(residuals, now, here[active], damping[active], active, (low, high))
        there = residuals(tried, active)
        fresh = _products(there, there)
        gain = loss[active] - fresh
        better = gain > 0
        moved = active[better]
        theta[moved], here[moved], loss[moved] = tried[better], there[better], fresh[better]
        damping[active] *= np.where(better, 0.1, 10.0)
        still = np.where(better, gain > SETTLED * fresh, np.abs(tried - now).max(axis=1) > MOVED)
        active = active[still & (loss[active] > least[active])]
        if not len(active):
            break
    asymptote, scale, _ = project(family.shape(theta, ratio), errors, root)
    return asymptote, scale, theta


def _step(
    residuals: Callable[[Floats, Ints], Floats],
    theta: Floats,
    here: Floats,
    damping: Floats,
    rows: Ints,
    bounds: tuple[Floats, Floats],
) -> Floats:
    """(b, p) where each curve tries next; a parameter that pushes against its bound is left there."""
    slopes = np.empty((*here.shape, theta.shape[1]))
    for k, aside in enumerate(STEP * np.eye(theta.shape[1])):
        slopes[..., k] = (residuals(theta + aside, rows) - here) / STEP
    downhill = -np.einsum("bsp,bs->bp", slopes, here)
    stuck = ((theta <= bounds[0]) & (downhill < 0)) | ((theta >= bounds[1]) & (downhill > 0))
    slopes *= ~stuck[:, None, :]
    normal = slopes.transpose(0, 2, 1) @ slopes
    diagonal = np.einsum("bpp->bp", normal)  # a view
    diagonal += damping[:, None] * diagonal + 1e-12 * diagonal.max(axis=1, keepdims=True) + np.finfo(float).tiny
    step = np.linalg.solve(normal, np.where(stuck, 0.0, downhill)[..., None])[..., 0]
    return np.clip(theta + step, *bounds)
