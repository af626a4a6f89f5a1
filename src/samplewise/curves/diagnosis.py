"""What is odd about a measured curve, in sentences, and only where noise does not explain it.

Every test compares means with their standard errors and corrects for the number of comparisons. The errors of one draw
rise and fall together (nested subsets, the same evaluation rows), which makes differences less noisy than assumed here:
the tests err on the side of no warning.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats
from samplewise.core.errors import require_kind
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.curves.points import CurvePoints
from samplewise.engine.statistics.intervals import quantile

WarningKind = Literal[
    "few sizes", "few repeats", "flat", "rising", "peaking", "non-monotone", "non-convex", "noise-limited"
]
ALPHA = 0.01  # share of curves with nothing wrong that each test may name
LEAST_SIZES, LEAST_REPEATS = 4, 3
NO_LIMIT = 1e6  # degrees of freedom of a standard error taken as known


@dataclass(frozen=True, slots=True)
class CurveWarning(Result):
    """One warning about a curve, for readers of its forecast."""

    kind: WarningKind
    text: str  # one sentence, and what to do

    def __str__(self) -> str:
        """The sentence."""
        return self.text

    def _sentences(self) -> Iterable[str]:
        yield self.text

    def _table(self) -> Table:
        return Table({"kind": [self.kind], "text": [self.text]}, index="kind")


class Diagnosis(tuple[CurveWarning, ...], Result):
    """The warnings about a curve: a tuple that prints as a table."""

    __slots__ = ()

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(len(self), 'warning')} about this curve." if self else "Nothing is odd beyond the noise."
        yield from (warning.text for warning in self[:1])

    def _table(self) -> Table:
        return Table({"kind": [one.kind for one in self], "text": [one.text for one in self]}, index="kind")


@dataclass(frozen=True, slots=True, eq=False)
class _Noise:
    """Means, their variances (own and average, half each) and how well these are known."""

    n: Floats
    error: Floats
    variance: Floats
    freedom: float

    def quantile(self, comparisons: int) -> float:
        """How many standard errors the largest of so many differences may show by chance."""
        return quantile(1.0 - ALPHA / max(comparisons, 1), self.freedom)

    def rises(self) -> Floats:
        """(s, s) e_j - e_i in standard errors for i < j, else -inf."""
        difference = self.error[None, :] - self.error[:, None]
        spread = np.sqrt(self.variance[None, :] + self.variance[:, None])
        later = np.triu(np.ones(difference.shape, dtype=bool), 1)
        return np.where(later, difference / spread, -np.inf)


@checked
def diagnose(curve: CurvePoints) -> Diagnosis:
    """What is odd about a curve beyond its noise (sentences; none for a curve that falls ever more slowly).

    Pairs of sizes: (e_j - e_i) / se; triples: e_j above the chord from e_i to e_k in n; each against the t quantile at
    1 % over the number of comparisons.

    Args:
        curve: s sizes. Without standard errors only the number of sizes and repeats is checked.

    Returns:
        `Diagnosis`, a tuple of `CurveWarning`s. Their kinds:
        "few sizes", "few repeats", "flat" (rows bought nothing visible), "rising" (more rows
        made it worse), "peaking" (worse and better again), "non-monotone", "non-convex" (a late fall), "noise-limited"
        (the last doubling gained less than its own noise: repeat rather than extrapolate).

    Raises:
        InputError: never; every `CurvePoints` can be diagnosed.

    Cost: O(s^3), milliseconds.   Not for: proving that a curve is well behaved: few noisy sizes show little.
    Source: viering2023, yan2025.

    >>> sizes = np.array([10, 20, 40, 80])
    >>> [one.kind for one in diagnose(CurvePoints(sizes, [[0.4, 0.3, 0.5, 0.6]], np.full(4, 0.01)))]
    ['rising']
    """
    require_kind(curve, CurvePoints)
    found: list[CurveWarning | None] = [*_thin(curve)]
    spread = curve.standard_error
    if len(curve.sizes) < 2 or not np.isfinite(spread).all() or not spread.any():
        return Diagnosis(warning for warning in found if warning)
    noise = _noise_of(curve)
    flat, rise = _flat(noise), _rise(noise)
    if flat or (rise and rise.kind == "rising"):
        found.append(flat or rise)  # nothing else to add
    else:
        found += [rise or _late_fall(noise), _noise_limited(noise)]
    return Diagnosis(warning for warning in found if warning)


def _noise_of(curve: CurvePoints) -> _Noise:
    squares = np.square(curve.standard_error)
    variance = np.maximum((squares + squares.mean()) / 2.0, 1e-12)
    freedom = (curve.repeats - 1) * len(curve.sizes) / 2.0 if curve.repeats > 1 else NO_LIMIT
    return _Noise(curve.sizes.astype(np.float64), curve.error, variance, freedom)


def _thin(curve: CurvePoints) -> list[CurveWarning]:
    """Too little measured for any other warning."""
    found, known = [], bool(np.isfinite(curve.standard_error).all())
    if len(curve.sizes) < LEAST_SIZES:
        text = f"Only {len(curve.sizes)} sizes were measured, which any law fits; measure at least {LEAST_SIZES}."
        found.append(CurveWarning("few sizes", text))
    if curve.repeats < LEAST_REPEATS and not known:
        text = (
            f"With {curve.repeats} draw{'s' if curve.repeats > 1 else ''} per size and no standard error the noise is "
            f"unknown; repeat each size, best {LEAST_REPEATS} to 5 times."
        )
        found.append(CurveWarning("few repeats", text))
    return found


def _flat(noise: _Noise) -> CurveWarning | None:
    """No pair of sizes differs by more than noise."""
    changes = np.abs(noise.rises()[np.triu_indices(len(noise.n), 1)])
    if changes.max() > noise.quantile(2 * len(changes)):
        return None
    text = (
        f"From {noise.n[0]:,.0f} to {noise.n[-1]:,.0f} rows the error does not change beyond its noise "
        f"({noise.error[0]:.3g} to {noise.error[-1]:.3g}): nothing shows that more rows help, nor that they do not."
    )
    return CurveWarning("flat", text)


def _rise(noise: _Noise) -> CurveWarning | None:
    """The strongest of: the curve ends higher than it was, has a peak, has a rise somewhere."""
    rises = noise.rises()
    pairs = len(noise.n) * (len(noise.n) - 1) // 2
    limit = noise.quantile(pairs)
    up = rises.max(axis=0)  # of size j over some earlier one
    down = (-np.where(np.isfinite(rises), rises, np.inf)).max(axis=1)  # of size j over some later one
    if up[-1] > limit:
        lowest = int(np.argmin(noise.error))
        text = (
            f"More rows made it worse: the error was {noise.error[lowest]:.3g} with {noise.n[lowest]:,.0f} rows and is "
            f"{noise.error[-1]:.3g} with {noise.n[-1]:,.0f}; find out why before buying rows (no law here can rise)."
        )
        return CurveWarning("rising", text)
    if not (up > limit).any():
        return None
    peak = int(np.argmax(np.minimum(up, down)))
    if min(up[peak], down[peak]) > limit:
        text = (
            f"The error peaks at {noise.n[peak]:,.0f} rows ({noise.error[peak]:.3g}) and falls again, as it does where "
            "rows and parameters are equally many; fit only the sizes after the peak, or use a ridge."
        )
        return CurveWarning("peaking", text)
    place = int(np.argmax(up))
    text = f"The error rises at {noise.n[place]:,.0f} rows beyond its noise; a forecast takes the rise for chance."
    return CurveWarning("non-monotone", text)


def _late_fall(noise: _Noise) -> CurveWarning | None:
    """Some size lies above the straight line between an earlier and a later one."""
    s = len(noise.n)
    i, j, k = (axis.ravel() for axis in np.meshgrid(*(np.arange(s),) * 3, indexing="ij"))
    keep = (i < j) & (j < k)
    if not keep.any():
        return None
    i, j, k = i[keep], j[keep], k[keep]
    share = (noise.n[k] - noise.n[j]) / (noise.n[k] - noise.n[i])
    above = noise.error[j] - share * noise.error[i] - (1.0 - share) * noise.error[k]
    spread = noise.variance[j] + share**2 * noise.variance[i] + (1.0 - share) ** 2 * noise.variance[k]
    excess = above / np.sqrt(spread)
    worst = int(np.argmax(excess))
    if excess[worst] <= noise.quantile(len(excess)):
        return None
    text = (
        f"The curve falls late: at {noise.n[j[worst]]:,.0f} rows the error is {above[worst]:.2g} above the straight "
        f"line from {noise.n[i[worst]]:,.0f} to {noise.n[k[worst]]:,.0f} rows; laws that fall ever more slowly, and "
        "bounds that rest on this, do not hold before that."
    )
    return CurveWarning("non-convex", text)


def _noise_limited(noise: _Noise) -> CurveWarning | None:
    """The last doubling gained less than two standard errors of the gain."""
    before = int(np.flatnonzero(noise.n <= noise.n[-1] / 2.0 * (1 + 1e-9))[-1]) if 2 * noise.n[0] <= noise.n[-1] else 0
    gain = noise.error[before] - noise.error[-1]
    spread = float(np.sqrt(noise.variance[before] + noise.variance[-1]))
    if gain > 2.0 * spread:
        return None
    moved = f"{'fell' if gain > 0 else 'rose'} by {abs(gain):.2g}"
    text = (
        f"Noise hides the end of the curve: from {noise.n[before]:,.0f} to {noise.n[-1]:,.0f} rows the error {moved} "
        f"with a standard error of {spread:.2g}; repeat the measurements rather than extrapolate them."
    )
    return CurveWarning("noise-limited", text)
