"""How many rows reach a target error: the chance of having arrived at every size, and what follows from it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats
from samplewise.core.errors import InputError, require_kind
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.values import Estimate, with_unit
from samplewise.curves.forecasts import FURTHEST, SOURCE, check_confidence
from samplewise.curves.meta.models import MetaModel, features_of, shipped_meta
from samplewise.curves.points import LEAST_SIZES, CurvePoints, require_in_unit
from samplewise.curves.stopping import least_size
from samplewise.engine.models.row_losses import UNITS

PER_OCTAVE = 8
GRID = 2.0 ** (np.arange(0, 6 * PER_OCTAVE + 1) / PER_OCTAVE)  # sizes over the largest measured one, up to FURTHEST
UNLIKELY = 0.5
REASON = "chances calibrated on data sets held out; hold only if new rows are like the old ones"


@dataclass(frozen=True, slots=True, eq=False)
class Requirement(Result):
    """How many rows a target error needs, and whether it can be reached at all."""

    error: float  # the target, in the unit of the curve
    rows: Estimate  # median and interval of the rows needed; inf where that much of the chance lies beyond the horizon
    if_reached: Estimate  # the same if the target is reached within `horizon`; its value is the best single estimate
    reachable: Estimate  # chance to be at the target with `horizon` rows
    least: float  # no fewer rows than this if the curve goes on falling ever more slowly
    sizes: Floats  # (m,) from the largest measured size to the horizon
    reach: Floats  # (m,) chance to be at the target with so many rows
    horizon: int  # the widest trusted size: 64 times the largest measured one
    unit: str  # of the error
    reason: str  # why the answer is "never", or what limits the answer

    def _sentences(self) -> Iterable[str]:
        target = with_unit(self.error, self.unit)
        if np.isfinite(self.rows.value):
            yield f"An error of {target} needs {self._span(self.rows)}."
        else:
            yield f"An error of {target} is more likely not reached than reached within {self.horizon:,} rows."
        if not np.isfinite(self.rows.value) and np.isfinite(self.if_reached.value):
            yield f"If it is reached, it takes {self._span(self.if_reached)}."
        yield self.reason

    def _table(self) -> Table:
        columns = {"rows": np.round(self.sizes).astype(np.intp), "chance": self.reach}
        return Table(columns, {"chance": "probability"}, "rows", np.arange(0, len(self.sizes), PER_OCTAVE))

    def _span(self, estimate: Estimate) -> str:
        """The number of rows with its interval; an end beyond the horizon as more than it."""
        ends = (estimate.low, estimate.high)
        named = ", ".join(f"more than {self.horizon:,}" if np.isinf(end) else f"{end:,.0f}" for end in ends)
        return f"{estimate.value:,.0f} rows [{named}] ({percent_text(estimate.confidence)} interval)"


@checked
def samples_needed(
    curve: CurvePoints,
    error: float,
    confidence: float = 0.8,
    *,
    learner_name: str | None = None,
    meta: MetaModel | None = None,
) -> Requirement:
    """How many training rows reduce the expected error to a target (rows), with the chance that it is reached.

    reach(n) = P(error at n <= target) from trees grown on other data sets, rising with n and with the target. `rows`
    are its median and interval. `if_reached` is about the cases that reach the target at all: its interval are the
    quantiles of reach(n) over the chance to get there, its value is the one that lay within a factor of two of the
    truth most often on data sets held out.

    Args:
        curve: at least three sizes.
        error: the target in the unit of the curve (0.05 for 5 % of an error rate), above 0 and below the error at the
            largest size.
        confidence: of the interval, .5 to .95.
        learner_name: the learner that was trained, if `meta.names` holds it.
        meta: models of your own history from `fit_meta`; default the shipped ones.

    Returns:
        `Requirement`; larger means more rows. Sizes beyond 64 times the largest measured one are not promised.

    Raises:
        InputError: a target of 0, one already reached, too few sizes, an unknown learner, or a confidence out of range.

    Cost: milliseconds.   Not for: a target that single runs must meet: the expected error is meant.
    Source: mahmood2022, yan2025.

    >>> n = np.array([50, 100, 200, 400])
    >>> curve = CurvePoints(n, 0.02 + 2 / n[None, :] ** 0.5, np.full(4, 0.004))
    >>> need = samples_needed(curve, 0.08)
    >>> bool(400 < need.rows.low < need.rows.value), bool(need.reachable.value > 0.5)
    (True, True)
    """
    require_kind(curve, CurvePoints)
    check_target(curve, error)
    check_confidence(confidence)
    meta = shipped_meta() if meta is None else meta
    branch, learner = meta.for_learner(learner_name)
    sizes = GRID * float(curve.sizes[-1])
    reach = branch.reaches(features_of(curve), sizes, [error], learner)[0]
    chance = float(reach[-1])
    best = float(np.ceil(arrival(sizes, reach, branch.answer * chance)))
    no_interval = "a chance; on data sets held out such chances were off by one to three points"
    reachable = Estimate("chance_to_reach", chance, unit="probability", source=SOURCE, reason=no_interval)
    return Requirement(
        error=float(error),
        rows=_quantiles(sizes, reach, confidence, 1.0),
        if_reached=replace(_quantiles(sizes, reach, confidence, chance), quantity="rows_if_reached", value=best),
        reachable=reachable,
        least=least_size(curve, error),
        sizes=sizes,
        reach=reach,
        horizon=int(sizes[-1]),
        unit=curve.unit,
        reason=_reason(curve, chance),
    )


def arrival(sizes: Floats, reach: Floats, chance: float) -> float:
    """The size at which the chance of having arrived passes `chance`, interpolated in log n; inf where it does not."""
    if reach[-1] < chance:
        return float("inf")
    place = int(np.argmax(reach >= chance))
    if place == 0:
        return float(sizes[0])
    share = (chance - reach[place - 1]) / (reach[place] - reach[place - 1])
    return float(sizes[place - 1] * (sizes[place] / sizes[place - 1]) ** share)


def check_target(curve: CurvePoints, error: float) -> None:
    """Refuse targets for which no number of rows can be given."""
    if len(curve.sizes) < LEAST_SIZES:
        raise InputError(
            "a requirement needs at least three training sizes",
            got=f"sizes {curve.sizes.tolist()}",
            fix="measure more sizes",
        )
    require_in_unit(curve, error, "error")
    reached = np.flatnonzero(curve.error <= error)
    if curve.error[-1] <= error:
        raise InputError(
            "the target is already reached",
            where=f"n {int(curve.sizes[reached[0]])}, error {curve.error[reached[0]]:.3g}",
            got=f"error={error}, measured {curve.error[-1]:.3g} at the largest size",
            fix=f"use a target below {curve.error[-1]:.3g}",
        )


def _quantiles(sizes: Floats, reach: Floats, confidence: float, whole: float) -> Estimate:
    """Median and interval of the rows at which the target is reached, of all cases or of the share that reach it."""
    shares = (0.5, 0.5 - confidence / 2.0, 0.5 + confidence / 2.0)
    median, low, high = (arrival(sizes, reach, share * whole) for share in shares)
    return Estimate("samples_needed", median, low, high, "rows", confidence, SOURCE, REASON)


def _reason(curve: CurvePoints, chance: float) -> str:
    """Why the answer is "never", or what limits the answer."""
    horizon, likely = f"{FURTHEST * int(curve.sizes[-1]):,} rows", percent_text(chance, ".0f")
    if chance < UNLIKELY:
        flat = curve.error[0] - curve.error[-1] <= 2.0 * float(np.nan_to_num(curve.standard_error).max())
        cause = "the curve is flat" if flat else "most of the curves that looked like this one flattened too early"
        sentences = [f"The chance to arrive with {horizon} and this learner is {likely}: {cause}."]
    else:
        sentences = [f"The chance to arrive with {horizon} is {likely}."]
    if curve.unit != UNITS["classification"]:
        sentences.append("Learned from error rates of classifiers; unchecked for errors of numbers.")
    return " ".join(sentences)
