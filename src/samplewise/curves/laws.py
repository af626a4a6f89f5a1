"""Laws of learning curves with one interface: fitted at once to many curves, read forwards and backwards."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from samplewise.core.arrays import Floats, Numbers
from samplewise.core.errors import InputError, require_kind, unknown_name
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import numbers_table
from samplewise.curves.families import FAMILIES, fit_family
from samplewise.curves.piecewise import STEP, PiecewiseCurves, fit_piecewise, fit_switch, select
from samplewise.curves.points import CurvePoints

LEAST_ERROR = 1e-4  # no logarithm below; pass half a test error where the number of test rows is known
LEAST_SIZES = 3  # parameters of the power law with an asymptote
LAWS: Mapping[str, int] = {  # name -> sizes it needs
    "last_value": 1,
    "power_law_2": 2,
    **{name: family.parameters for name, family in FAMILIES.items()},
    "piecewise_power_law": 2,
}


class Curves(Protocol):
    """b fitted curves of one kind."""

    @property
    def reference(self) -> float:
        """Largest measured size."""

    def error(self, sizes: Numbers) -> Floats:
        """(b, m)."""

    def sizes_for(self, error: Numbers) -> Floats:
        """(b,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """The error at the largest size, carried on: the baseline of every forecast."""

    level: Floats  # (b,)
    reference: float

    def error(self, sizes: Numbers) -> Floats:
        """(b, m) the level, whatever the size."""
        return np.repeat(self.level[:, None], np.size(sizes), axis=1)

    def sizes_for(self, error: Numbers) -> Floats:
        """(b,) the largest measured size where it is good enough, else inf."""
        return np.where(self.level <= np.asarray(error, dtype=np.float64), self.reference, np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Law(Result):
    """One law fitted to b curves measured at the same sizes, in the unit of the curves.

    >>> law = fit_law("power_law_3", [10, 40, 160], [[0.6, 0.35, 0.225]])
    >>> law.error([640])
    array([[0.1625]])
    >>> law.sizes_for(0.1625).round()
    array([640.])
    """

    name: str  # a key of LAWS
    asymptote: Floats  # (b,) error with unlimited rows; NaN where the law has none of its own
    curves: Curves  # the fitted parts

    @property
    def reference(self) -> float:
        """Largest measured size."""
        return self.curves.reference

    def error(self, sizes: Numbers) -> Floats:
        """(b, m) expected error after training on `sizes` (m,) rows; larger means worse."""
        return self.curves.error(sizes)

    def sizes_for(self, error: Numbers) -> Floats:
        """(b,) rows at which the error falls to `error`, a number or (b,); at least `reference`, inf when never."""
        return self.curves.sizes_for(error)

    def _sentences(self) -> Iterable[str]:
        count = count_of(len(self.asymptote), "curve")
        yield f"{self.name} through {count}, measured up to {self.reference:,.0f} rows."
        yield "Below, the errors it expects with one, two, four, ... times as many, in the unit of the curves."

    def _table(self) -> Table:
        sizes = self.reference * 2.0 ** np.arange(5)
        expected = self.error(sizes)
        columns = {f"{size:,.0f} rows": expected[:, at] for at, size in enumerate(sizes)}
        return Table({"curve": np.arange(len(expected)), "asymptote": self.asymptote} | columns, index="curve")


@dataclass(frozen=True, slots=True)
class PowerLaw(Result):
    """error(n) = asymptote + scale * (n / reference)^-exponent, in the unit of the curve it was fitted to."""

    asymptote: float  # >= 0, error with unlimited rows; badly determined unless the curve has flattened
    scale: float  # >= 0, what is still to be won at `reference` rows
    exponent: float  # > 0
    reference: int  # largest measured size

    def error(self, sizes: Numbers) -> Floats:
        """(m,) error after training on so many rows."""
        ratio = np.asarray(sizes, dtype=np.float64) / self.reference
        return np.asarray(self.asymptote + self.scale * ratio**-self.exponent)

    def _sentences(self) -> Iterable[str]:
        yield f"error(n) = {self.asymptote:.3g} + {self.scale:.3g} (n / {self.reference:,})^-{self.exponent:.3g}."
        yield "The first number is the error with unlimited rows, badly determined unless the curve has flattened."

    def _table(self) -> Table:
        return numbers_table(
            asymptote=(self.asymptote, ""), scale=(self.scale, ""), exponent=(self.exponent, ""),
            reference=(float(self.reference), "rows"),
        )  # fmt: skip


def fit_law(
    name: str,
    sizes: Numbers,
    errors: Numbers,
    variances: Numbers | None = None,
    *,
    switch: Numbers | None = None,
    least_error: float = LEAST_ERROR,
) -> Law:
    """The weighted least-squares law through each of b curves, in the unit of the errors.

    last_value; power_law_2 log e = t0 + t1 log n; power_law_3 c + a n^-b; exponential c + a exp(-k n);
    mmf c + a / (1 + (n/h)^d); weibull c + a exp(-k n^d); shifted_power_law c + a (n + u)^-b; broken_power_law: two
    slopes joined smoothly above c; piecewise_power_law: a parabola in log-log up to a switch, then its tangent (a
    reconstruction of the idea; the paper's formula was not available). c, a >= 0.

    Args:
        name: a key of `LAWS`.
        sizes: (s,) training rows, distinct.
        errors: (b, s) or (s,), not negative.
        variances: (s,) or (b, s) of the errors; None for equal weights (in log error, for the two laws fitted there).
        switch: rows, one number or (b,), where the piecewise law turns straight; None to fit it.
        least_error: errors below count as this in logarithms.

    Returns:
        `Law`, larger errors mean worse. A curve that does not fall becomes flat.

    Raises:
        InputError: an unknown law, fewer sizes than parameters, or values no curve has.

    Cost: up to .3 ms per curve among thousands, 1 to 15 ms for one alone.   Not for: choosing among laws by their fit.
    Source: golub1973, viering2023, jain2023.

    >>> sizes = np.array([16, 32, 64, 128])
    >>> fit_law("power_law_2", sizes, sizes**-0.5).error(400)
    array([[0.05]])
    """
    n, e, variance = _checked(name, sizes, errors, variances)
    if name == "last_value":
        return Law(name, np.full(len(e), np.nan), Constant(e[:, np.argmax(n)], float(n.max())))
    if name in FAMILIES:
        fitted = fit_family(FAMILIES[name], n, e, np.ones((1, len(n))) if variance is None else 1.0 / variance)
        return Law(name, fitted.asymptote, fitted)
    e = np.maximum(e, least_error)
    weights = None if variance is None else e**2 / variance
    if name == "power_law_2":
        bent = select(fit_piecewise(n, e, [n.min()], weights), np.zeros(len(e), dtype=np.intp))
    else:
        bent = fit_switch(n, e, weights) if switch is None else _at_switch(n, e, switch, weights)
    return Law(name, np.full(len(e), np.nan), bent)


def power_law(curve: CurvePoints) -> PowerLaw:
    """The weighted least-squares power law with non-negative scale and asymptote, in the unit of the curve.

    `fit_law("power_law_3", ...)` for one measured curve. Weights are 1 / variance, each variance averaged with the
    mean of all: five draws do not determine a variance.

    Args:    curve: at least three sizes.
    Returns: `PowerLaw`; a curve that does not fall gets scale 0.
    Raises:  InputError for fewer than three sizes.   Cost: a millisecond.
    Not for: deciding how much data reaches a target error: an asymptote fitted a little too high says "never".
    Source:  golub1973, viering2023.
    >>> sizes = np.array([50, 100, 200, 400])
    >>> law = power_law(CurvePoints(sizes, 0.1 + 2 / sizes[None, :] ** 0.5))
    >>> round(float(law.error(1600)), 3)
    0.15
    """
    require_kind(curve, CurvePoints)
    if len(curve.sizes) < LEAST_SIZES:
        raise InputError(
            "a power law needs at least three training sizes",
            got=f"sizes {curve.sizes.tolist()}",
            fix="measure more sizes, or read the last value as it is",
        )
    asymptote, scale, exponent = fit_power_laws(curve.sizes, curve.error[None, :], variances(curve))
    return PowerLaw(float(asymptote[0]), float(scale[0]), float(exponent[0]), int(curve.sizes[-1]))


def variances(curve: CurvePoints) -> Floats:
    """(s,) variances of the mean errors, drawn towards their mean; all equal where none is known."""
    squares = np.square(curve.standard_error)
    if not np.isfinite(squares).all() or not squares.any():
        return np.ones(len(squares))
    return np.asarray(np.maximum((squares + squares.mean()) / 2.0, 1e-8))


def fit_power_laws(sizes: Numbers, errors: Floats, variance: Floats) -> tuple[Floats, Floats, Floats]:
    """Asymptote, scale and exponent (b,) of many curves (b, s) measured at the same sizes."""
    n, weight = np.asarray(sizes, dtype=np.float64), 1.0 / np.atleast_2d(variance)
    fitted = fit_family(FAMILIES["power_law_3"], n, errors, weight)
    return fitted.asymptote, fitted.scale, np.exp(fitted.theta[:, 0])


def _at_switch(n: Floats, errors: Floats, switch: Numbers, weights: Floats | None) -> PiecewiseCurves:
    """The piecewise law with a switch per curve, and half-octave steps below it to fall back to."""
    wanted = np.broadcast_to(np.asarray(switch, dtype=np.float64), (len(errors),))
    if not (np.isfinite(wanted) & (wanted > 0)).all():
        raise InputError(
            "the switch of a piecewise power law must be a number of rows",
            got=f"switch={np.asarray(switch).ravel().tolist()[:5]}",
            fix="pass rows above 0, one number or one per curve, or None to fit it",
        )
    steps = max(0, int(np.ceil(np.log(wanted.max() / n.min()) / np.log(STEP))))
    grid = wanted * STEP ** -np.arange(steps, -1.0, -1.0)[:, None]
    fitted = fit_piecewise(n, errors, grid, weights)
    return select(fitted, np.full(len(errors), steps))


def _checked(
    name: str, sizes: Numbers, errors: Numbers, variances: Numbers | None
) -> tuple[Floats, Floats, Floats | None]:
    """Sizes (s,), errors (b, s) and variances (1 or b, s) as floats, or a refusal."""
    if name not in LAWS:
        raise unknown_name("law", name, LAWS)
    n = np.atleast_1d(np.asarray(sizes, dtype=np.float64))
    e = np.atleast_2d(np.asarray(errors, dtype=np.float64))
    if n.ndim != 1 or len(np.unique(n)) < len(n) or not (n > 0).all() or not np.isfinite(n).all():
        raise InputError(
            "training sizes must be distinct and above 0", got=f"sizes {n.tolist()}", fix="average repeats of a size"
        )
    if len(n) < LAWS[name]:
        simpler = [law for law, least in LAWS.items() if least <= len(n)]
        raise InputError(
            f"{name} has more parameters than there are sizes",
            got=f"{len(n)} sizes, {LAWS[name]} needed",
            fix=f"measure more sizes, or use one of {simpler}",
        )
    _check_values("errors", e, n, least=0.0)
    if variances is None:
        return n, e, None
    variance = np.atleast_2d(np.asarray(variances, dtype=np.float64))
    _check_values("variances", variance, n, least=np.finfo(float).tiny, rows=len(e))
    return n, e, variance


def _check_values(what: str, values: Floats, n: Floats, *, least: float, rows: int | None = None) -> None:
    """Refuse values of another shape, missing, or below `least`."""
    fits = values.ndim == 2 and values.shape[1] == len(n) and (rows is None or len(values) in (1, rows))
    if not fits:
        raise InputError(
            f"{what} do not fit the sizes",
            got=f"{what} {values.shape}, {len(n)} sizes",
            fix="pass one number per size, or (curves, sizes)",
        )
    bad = ~np.isfinite(values) | (values < least)
    if bad.any():
        curve, size = np.argwhere(bad)[0]
        raise InputError(
            f"{what} must be finite and {'above' if least else 'not below'} 0",
            where=f"curve {curve}, size {n[size]:g} ({int(bad.sum())} values in all)",
            got=f"{values[curve, size]}",
            fix=f"leave these sizes out, or measure their {what} again",
        )
