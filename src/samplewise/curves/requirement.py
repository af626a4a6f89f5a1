"""How many rows reach a target error: the chance of having arrived at every size, and what follows from it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats
from samplewise.core.errors import InputError, require_kind
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.values import Estimate, with_unit
from samplewise.curves.forecasts import CHECKED, SOURCE, check_confidence
from samplewise.curves.meta.models import MetaModel, features_of, path, shipped_meta
from samplewise.curves.meta.predictive import Predicted
from samplewise.curves.points import LEAST_SIZES, CurvePoints, require_in_unit
from samplewise.curves.stopping import least_size
from samplewise.engine.models.row_losses import UNITS

PER_OCTAVE = 8
GRID = 2.0 ** (np.arange(0, 6 * PER_OCTAVE + 1) / PER_OCTAVE)  # sizes over the largest measured one, up to CHECKED
UNLIKELY = 0.5
REASON = "chances calibrated on data sets held out; hold only if new rows are like the old ones"


@dataclass(frozen=True, slots=True, eq=False)
class Requirement(Result):
    """How many rows a target error needs, and whether it can be reached at all."""

    error: float  # the target, in the unit of the curve
    rows: Estimate  # median and interval of the rows needed; inf where that much of the chance lies beyond the horizon
    reachable: Estimate  # chance to arrive with `horizon` rows
    least: float  # no fewer rows than this if the curve goes on falling ever more slowly
    sizes: Floats  # (m,) from the largest measured size to the horizon
    reach: Floats  # (m,) chance to arrive by so many rows, given that the largest measured size is not enough
    horizon: int  # the widest checked size: 64 times the largest measured one
    unit: str  # of the error
    reason: str  # why the answer is "never", or what limits the answer

    def _sentences(self) -> Iterable[str]:
        yield f"An error of {with_unit(self.error, self.unit)} needs {self._span()}."
        yield self.reason

    def _table(self) -> Table:
        columns = {"rows": np.round(self.sizes).astype(np.intp), "chance": self.reach}
        return Table(columns, {"chance": "probability"}, "rows", np.arange(0, len(self.sizes), PER_OCTAVE))

    def _span(self) -> str:
        """The number of rows with its interval; an end beyond the horizon as more than it."""
        rows = self.rows
        far = f"more than {self.horizon:,}"
        middle, *ends = (far if np.isinf(end) else f"{end:,.0f}" for end in (rows.value, rows.low, rows.high))
        interval = f" [{', '.join(ends)}] ({percent_text(rows.confidence)} interval)" if np.isfinite(rows.low) else ""
        return f"{middle} rows{interval}"


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

    reach(n) = (P(n) - P(n_s)) / (1 - P(n_s)), P(n) the largest chance at any size up to n that the error is at most the
    target, from the distribution that `forecast` reads its band from; n_s the largest measured size, where the target
    is not met yet. `rows` are the sizes at which reach passes one half and both ends of the interval.

    Args:
        curve: at least three sizes.
        error: the target in the unit of the curve (0.05 for 5 % of an error rate), above 0 and below the error at the
            largest size.
        confidence: of the interval, .5 to .95.
        learner_name: the learner that was trained; one of `meta.names` makes the answer better, any other is no error.
        meta: models of your own history from `fit_meta`; default the shipped ones.

    Returns:
        `Requirement`; larger means more rows. Sizes beyond 64 times the largest measured one are not promised.

    Raises:
        InputError: a target of 0, one already reached, too few sizes, or a confidence out of range.

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
    sizes, there, unknown = ahead_of(curve, learner_name, meta)
    reach = arrived(there, error)
    chance = float(reach[-1])
    no_interval = "a chance; on data sets held out such chances were off by one to three points"
    return Requirement(
        error=float(error),
        rows=_quantiles(sizes, reach, confidence),
        reachable=Estimate("chance_to_reach", chance, unit="probability", source=SOURCE, reason=no_interval),
        least=least_size(curve, error),
        sizes=sizes,
        reach=reach,
        horizon=int(sizes[-1]),
        unit=curve.unit,
        reason=reason_of(curve, chance, unknown),
    )


def ahead_of(
    curve: CurvePoints, learner_name: str | None = None, meta: MetaModel | None = None
) -> tuple[Floats, Predicted, str]:
    """Sizes (m,) from the largest measured one to the horizon, the errors there, and a warning about the learner."""
    meta = shipped_meta() if meta is None else meta
    features = features_of(curve)
    learner, unknown = meta.for_learner(learner_name, features.largest)
    sizes = GRID * features.largest
    return sizes, path(meta, features, sizes, learner), unknown


def arrived(there: Predicted, target: float) -> Floats:
    """(m,) chance to be at the target by each size, given that it is not met at the first one."""
    reach = np.maximum.accumulate(there.chance(np.array([[target]]))[0])
    left = max(1.0 - float(reach[0]), 1e-9)
    return np.clip((reach - reach[0]) / left, 0.0, 1.0)


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


def _quantiles(sizes: Floats, reach: Floats, confidence: float) -> Estimate:
    """Median and interval of the rows at which the target is reached."""
    shares = (0.5, 0.5 - confidence / 2.0, 0.5 + confidence / 2.0)
    median, low, high = (arrival(sizes, reach, share) for share in shares)
    return Estimate("samples_needed", median, low, high, "rows", confidence, SOURCE, REASON)


def reason_of(curve: CurvePoints, chance: float, unknown: str = "") -> str:
    """Why the answer is "never", or what limits the answer; `unknown` is a warning about the learner."""
    horizon, likely = f"{CHECKED * int(curve.sizes[-1]):,} rows", percent_text(chance, ".0f")
    if chance < UNLIKELY:
        flat = curve.error[0] - curve.error[-1] <= 2.0 * float(np.nan_to_num(curve.standard_error).max())
        cause = "the curve is flat" if flat else "most of the curves that looked like this one flattened too early"
        sentences = [f"The chance to arrive with {horizon} and this learner is {likely}: {cause}."]
    else:
        sentences = [f"The chance to arrive with {horizon} is {likely}."]
    if curve.unit != UNITS["classification"]:
        sentences.append("Learned from error rates of classifiers; unchecked for errors of numbers.")
    return " ".join([*sentences, *([unknown] if unknown else [])])
