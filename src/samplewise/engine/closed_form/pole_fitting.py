"""A filter as a sum of simple poles: phi(s) = Re sum_p weight_p / (s - pole_p) on [0, s_max].

Deleting rows of a matrix changes its resolvents (K - z)^-1 by a small update; so a filter written in resolvents is
known for every leave-one-out matrix at once. The eigenvalues of those lie between 0 and s_max too (interlacing).
"""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import AAA

from samplewise.core.arrays import Array, Floats
from samplewise.engine.closed_form.filters import ConvergedFilter, Filter

TOLERANCES = (1e-11, 1e-10, 1e-9)  # tighter ones leave residues that cancel
ACCEPTED = 1e-8  # worst error on points that were not fitted, relative to phi
CANCELLING = 1e5  # size of the terms in units of their sum: beyond it the error is that of the processor
MOST_POLES = 60
POINTS = 800


@dataclass(frozen=True, slots=True, eq=False)
class PartialFractions:
    """Poles of a filter; a conjugate pair is listed once, its weight doubled."""

    poles: Array  # (p,) complex, imaginary part >= 0
    weights: Array  # (p,) complex
    error: float  # worst on an independent grid, relative to phi

    def __call__(self, eigenvalues: Floats) -> Floats:
        """The sum at each eigenvalue."""
        return np.asarray((self.weights / (eigenvalues[..., None] - self.poles)).sum(axis=-1).real)


def partial_fractions(phi: Filter, largest: float) -> PartialFractions | None:
    """The filter on [0, largest] to a relative error below 1e-8, or None where no such sum was found.

    What is fitted is h(s) = phi(s) (s + 1 / phi(0)), which stays between about .6 and 1 where phi itself runs over many
    decades: an absolute error of h is a relative one of phi. About 13 poles reach 1e-11 for any stopping time.

    Args:    phi: the filter.   largest: s_max > 0.
    Cost:    milliseconds; independent of the data.   Source: nakatsukasa2018.

    >>> from samplewise.engine.closed_form.filters import FlowFilter
    >>> found = partial_fractions(FlowFilter(1000.0), 7.0)
    >>> bool(found.error < 1e-8)
    True
    """
    if isinstance(phi, ConvergedFilter):
        return PartialFractions(np.array([-phi.ridge + 0j]), np.array([1 + 0j]), 0.0)
    shift = 1.0 / float(phi(np.zeros(1))[0]) / largest
    grid, other = _grid(shift, POINTS, 1.0), _grid(shift, 2 * POINTS + 77, 1.3)
    target = phi(other * largest)
    best: PartialFractions | None = None
    for tolerance in TOLERANCES:
        values = phi(grid * largest) * largest * (grid + shift)
        for found in _fits(grid, values, shift, tolerance, largest):
            error = _error(found, other * largest, target)
            if best is None or error < best.error:
                best = PartialFractions(found.poles, found.weights, error)
        if best is not None and best.error <= 10 * tolerance:
            break
    return best if best is not None and best.error <= ACCEPTED else None


def _error(found: PartialFractions, at: Floats, target: Floats) -> float:
    """The worst relative error at points not fitted; infinite where the terms cancel so far that it is chance."""
    terms = found.weights / (at[:, None] - found.poles)
    if np.max(np.abs(terms).sum(axis=1) / np.abs(target)) > CANCELLING:
        return np.inf
    return float(np.max(np.abs(terms.sum(axis=1).real / target - 1.0)))


def _grid(shift: float, points: int, power: float) -> Floats:
    """Points of [0, 1]: evenly, by decades from well below the scale at which the filter bends, and 0."""
    return np.unique(np.r_[0.0, np.geomspace(min(1e-3, 1e-3 * shift), 1.0, points), np.linspace(0, 1, points) ** power])


def _fits(grid: Floats, values: Floats, shift: float, tolerance: float, largest: float) -> list[PartialFractions]:
    """The rational fit with its own residues, and with residues fitted again by least squares; none with a pole inside.

    The first keeps more digits for a few steps, where poles lie far away and cancel; the second for many.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        fit = AAA(grid, values, rtol=tolerance, max_terms=MOST_POLES)
        poles, residues = fit.poles(), fit.residues()
        end = float(np.real(fit(np.array([-shift]))[0]))
    inside = (np.abs(poles.imag) < 1e-6 * (np.abs(poles) + shift)) & (poles.real > -1e-6 * shift) & (poles.real < 1.001)
    if inside.any() or not np.isfinite(np.r_[residues, end]).all():
        return []
    real = np.abs(poles.imag) < 1e-9 * np.abs(poles)
    upper = real | (poles.imag > 0)
    held = np.r_[np.where(real, poles.real, poles)[upper], -shift]
    doubled = np.where(np.r_[real[upper], True], 1.0, 2.0)
    own = doubled * np.r_[residues[upper] / (poles[upper] + shift), end]
    return [PartialFractions(held * largest, weights, np.inf) for weights in (own, _fitted(grid, values, held, shift))]


def _fitted(grid: Floats, values: Floats, poles: Array, shift: float) -> Array:
    """Weights by least squares of h; real and imaginary parts are unknowns of their own."""
    columns = (grid + shift)[:, None] / (grid[:, None] - poles)
    design = np.hstack([columns.real, -columns.imag[:, poles.imag > 0]])
    scale = np.abs(design).max(axis=0)
    found = np.linalg.lstsq(design / scale, values, rcond=None)[0] / scale
    weights = found[: len(poles)].astype(np.complex128)
    weights[poles.imag > 0] += 1j * found[len(poles) :]
    return weights
