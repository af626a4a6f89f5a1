"""May collecting stop? What the forecast says is left to gain, how far it still moves, and a bound without a law.

The idea of vilares2024 (a prediction level, then proximity to the final value) with definitions of our own: its
formulas were not available. Trend i is the power law with an asymptote through the first i sizes; the backbone is the
sequence of the trends' asymptotes. b curves, s sizes, l = s - 2 trends.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats, Ints, Mask, Numbers
from samplewise.core.errors import InputError, require_kind, require_share
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.values import numbers_table
from samplewise.curves.diagnosis import diagnose
from samplewise.curves.families import FAMILIES, fit_family
from samplewise.curves.laws import variances
from samplewise.curves.meta.models import features_of, path, shipped_meta
from samplewise.curves.points import CurvePoints, require_in_unit
from samplewise.engine.models.row_losses import UNITS
from samplewise.engine.statistics.intervals import quantile

FIRST = 3  # points of the first trend: the parameters of the law
LEAST_SIZES = 4
LOOK_AHEAD = 3  # trends that must agree before one is believed
SLOWNESS = 0.02  # most the asymptote may move per e-fold of rows
TOLERATED = 1e-6  # fall of the asymptote that is not yet one
FURTHEST = 64.0  # times the largest size: what unlimited rows stand for in the chance
RISE = 3.84  # of the misfit towards both ends of the exponents, in variances: 95 % of one parameter


@dataclass(frozen=True, slots=True)
class StopAdvice(Result):
    """Whether collecting may stop, and the numbers that say so, in the unit of the curve."""

    stop: bool
    reason: str  # one sentence
    level: int | None  # rows from which the trends count; None: too early to say
    gap: float  # what the trend says is still to be won on the way to `final_size`
    move: float  # how far the last forecasts of the final error lie apart
    tolerance: float
    final_size: int | None  # None for unlimited rows
    chance: float  # that no more than `tolerance` is left to win, as curves of other data sets went on; NaN: not rates
    convexity_gain: float  # most that a curve falling ever more slowly can still win; inf for unlimited rows
    unit: str

    @property
    def total(self) -> float:
        """Gap and move together: what is compared with the tolerance."""
        return self.gap + self.move

    def _sentences(self) -> Iterable[str]:
        yield f"{'Collecting may stop' if self.stop else 'Do not stop collecting yet'}."
        yield self.reason

    def _table(self) -> Table:
        return numbers_table(
            gap=(self.gap, self.unit), move=(self.move, self.unit), tolerance=(self.tolerance, self.unit),
            convexity_gain=(self.convexity_gain, self.unit), chance=(self.chance, "probability"),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Trends:
    """The power laws through the first 3, 4, ..., s sizes of b curves."""

    sizes: Floats  # (s,)
    asymptote: Floats  # (b, l) the backbone
    here: Floats  # (b, l) error at the largest size of the trend
    final: Floats  # (b, l) error at the final size
    identified: Mask  # (b, l) neither a straight line in log n nor done already


def fit_trends(
    sizes: Numbers, errors: Floats, variance: Floats | None = None, final_size: float | Floats = np.inf
) -> Trends:
    """Every trend of b curves (b, s); final_size one number or (b,). Cost: s fits of the power law per curve."""
    n, family = np.asarray(sizes, dtype=np.float64), FAMILIES["power_law_3"]
    weight = np.ones((1, len(n))) if variance is None else 1.0 / np.atleast_2d(variance)
    final = np.broadcast_to(np.asarray(final_size, dtype=np.float64), (len(errors),))
    columns: list[tuple[Floats, Floats, Floats, Mask]] = []
    for count in range(FIRST, len(n) + 1):
        shown, given = errors[:, :count], np.broadcast_to(weight[:, :count], (len(errors), count))
        fitted = fit_family(family, n[:count], shown, given)
        ratio = final / fitted.reference
        shape = np.where(np.isinf(ratio), 0.0, np.exp(-np.exp(fitted.theta[:, 0]) * np.log(np.minimum(ratio, 1e300))))
        at_end = fitted.asymptote + fitted.scale * shape
        inner = _identified(n[:count], shown, given, known=variance is not None)
        columns.append((fitted.asymptote, fitted.asymptote + fitted.scale, at_end, inner & (fitted.scale > 0)))
    asymptote, here, at_end, identified = (np.stack(part, axis=1) for part in zip(*columns, strict=True))
    return Trends(n, asymptote, here, at_end, identified)


def prediction_levels(trends: Trends, look_ahead: int = LOOK_AHEAD, slowness: float = SLOWNESS) -> Ints:
    """(b, l) for each trend the trend from which the forecasts count, as seen at that time; -1 for too early.

    Working level: the first trend whose asymptote the next `look_ahead` ones leave by at most `slowness` per e-fold of
    rows. Prediction level: the first from there on that is identified and followed by an asymptote that is not lower.
    An asymptote that falls later sets the level back: the forecasts were too pessimistic, hence what is said to be left
    to win was too small.
    """
    log_size = np.log(trends.sizes[FIRST - 1 :])
    settled = _settled(trends.asymptote, log_size, look_ahead, slowness)
    falls = np.zeros(trends.asymptote.shape, dtype=bool)  # of the asymptote of a trend below the one before
    falls[:, 1:] = np.diff(trends.asymptote, axis=1) < -TOLERATED
    b, count = trends.asymptote.shape
    counts = trends.identified.copy()
    counts[:, :-1] &= ~falls[:, 1:]
    counts[:, -1] = False  # its successor is not known
    following = np.where(counts, np.arange(count), count)  # the next trend that counts, from each on
    following = np.minimum.accumulate(following[:, ::-1], axis=1)[:, ::-1]
    start, seen = np.full(b, -1), np.full((b, count), -1, dtype=np.intp)
    for now in range(count):
        if now >= look_ahead:
            start = np.where((start < 0) & settled[:, now - look_ahead], now - look_ahead, start)
        start = np.where((start >= 0) & falls[:, now], now, start)
        level = np.where(start >= 0, following[np.arange(b), start], count)
        seen[:, now] = np.where(level < now, level, -1)
    return seen


@checked
def stop_rule(
    curve: CurvePoints, tolerance: float, final_size: int | None = None, *, confidence: float = 0.9
) -> StopAdvice:
    """Whether collecting may stop, as what is left to win is within `tolerance` (both in the unit of the curve).

    Error rates: stop when the chance that no more than the tolerance is left to win is at least `confidence`, from the
    distribution that `forecast` reads, up to the final size or 64 times the largest. Other errors: stop when gap + move
    <= tolerance, gap = trend(n_largest) - trend(final), move = the largest difference between the last forecasts of the
    final error; only from the prediction level on, where asymptotes move by at most 0.02 per e-fold of rows and do not
    fall. In addition a bound without a law: if the curve falls ever more slowly, it gains at most
    (e_{s-1} - e_s) / (n_s - n_{s-1}) per further row.

    Args:
        curve: at least four sizes; six or more, or the level is never reached.
        tolerance: largest remaining gain that you would forgo, above 0: 0.01 for one point of an error rate.
        final_size: rows there are in all; None for unlimited ones.
        confidence: the least chance to stop with, and that of the noise in the bound without a law; above .5.

    Returns:
        `StopAdvice`; a larger gap, move or bound means more may still be won.

    Raises:
        InputError: too few sizes, a tolerance or confidence out of range, a final size below the largest one.

    Cost: milliseconds.   Not for: proof. On data sets of fields left out, sizes doubling and five draws, 95 to 98 % of
    the stops at half a point to five were right (benchmarks/results/curves.md); by the trend alone 86 % at half a point
    (reproductions/results/stopping_rules.md).
    Source: vilares2024, mohr2023.

    >>> sizes = np.array([25, 50, 100, 200, 400, 800])
    >>> curve = CurvePoints(sizes, 0.1 + 2.0 * sizes[None, :] ** -1.0)
    >>> advice = stop_rule(curve, tolerance=0.02, final_size=10_000)
    >>> advice.stop, round(advice.gap, 4)
    (True, 0.0023)
    """
    require_kind(curve, CurvePoints)
    _check(curve, tolerance, final_size, confidence)
    final = np.inf if final_size is None else float(final_size)
    weighed = np.isfinite(curve.standard_error).all() and curve.standard_error.any()
    trends = fit_trends(curve.sizes, curve.error[None], variances(curve) if weighed else None, final)
    level = int(prediction_levels(trends)[0, -1])
    recent = trends.final[0, -1 - min(LOOK_AHEAD, len(curve.sizes) - FIRST) :]
    gap, move = float(trends.here[0, -1] - trends.final[0, -1]), float(np.abs(recent - recent[-1]).max())
    chance = _chance_within(curve, tolerance, final)
    stop, reason = _evaluated(curve, level, (gap + move, tolerance), (chance, confidence))
    bound = float(convexity_bound(curve, [final], confidence)[0])
    return StopAdvice(
        stop=stop,
        reason=reason,
        level=None if level < 0 else int(curve.sizes[level + FIRST - 1]),
        gap=gap,
        move=move,
        tolerance=tolerance,
        final_size=final_size,
        chance=chance,
        convexity_gain=float(curve.error[-1]) - bound,
        unit=curve.unit,
    )


def _chance_within(curve: CurvePoints, tolerance: float, final: float) -> float:
    """Chance that at most `tolerance` is left to win up to the final size, at most 64 times the largest; else NaN."""
    if curve.unit != UNITS["classification"]:
        return float("nan")
    features, meta = features_of(curve), shipped_meta()
    sizes = features.largest * np.array([1.0, min(final / features.largest, FURTHEST)])
    there = path(meta, features, sizes, meta.for_learner(None, features.largest)[0])
    aim = there.error[0, 0] - tolerance
    return 1.0 if aim <= 0 else 1.0 - float(there.chance(np.array([[aim]]))[0, 1])


def convexity_bound(curve: CurvePoints, sizes: Numbers, confidence: float = 0.9) -> Floats:
    """The lowest error, in the unit of the curve, that a curve falling ever more slowly can have at other sizes.

    e_s - z se_s - (n - n_s) (e_{s-1} - e_s + z se) / (n_s - n_{s-1}), never below 0; z the normal quantile of the
    confidence, se of the difference. No law is needed.

    Args:
        curve: at least two sizes.
        sizes: (m,) rows.
        confidence: of the noise, above .5.

    Returns:
        (m,) bounds, larger means less can be won.

    Raises:
        InputError: a confidence out of range.

    Cost: microseconds.   Not for: curves with a late fall (`diagnose` calls them "non-convex").   Source: mohr2023.

    >>> convexity_bound(CurvePoints(np.array([100, 200]), np.array([[0.4, 0.3]])), [300, 1000])
    array([0.2, 0. ])
    """
    require_kind(curve, CurvePoints)
    require_share(confidence, "confidence", least=0.5)
    last, slope = _optimistic(curve, confidence)
    ahead = np.maximum(np.atleast_1d(np.asarray(sizes, dtype=np.float64)) - curve.sizes[-1], 0.0)
    with np.errstate(invalid="ignore"):  # 0 slope, unlimited rows
        fallen = np.where(slope > 0, slope * ahead, 0.0)
    return np.asarray(np.maximum(last - fallen, 0.0))


def least_size(curve: CurvePoints, error: float, confidence: float = 0.9) -> float:
    """Rows below which a curve that falls ever more slowly cannot reach `error`; the inverse of `convexity_bound`.

    Args:
        curve: at least two sizes.
        error: wanted, in the unit of the curve.
        confidence: of the noise, above .5.

    Returns:
        rows, at least the largest measured size; larger means more are needed, inf when the curve does not fall.

    Raises:
        InputError: an error or a confidence out of range.

    Cost: microseconds.   Not for: how many rows are enough: this is how many are too few.   Source: mohr2023.

    >>> least_size(CurvePoints(np.array([100, 200]), np.array([[0.4, 0.3]])), 0.25)
    250.0
    """
    require_kind(curve, CurvePoints)
    require_in_unit(curve, error, "error")
    require_share(confidence, "confidence", least=0.5)
    last, slope = _optimistic(curve, confidence)
    if error >= last:
        return float(curve.sizes[-1])
    return float(curve.sizes[-1] + (last - error) / slope) if slope > 0 else float("inf")


def _optimistic(curve: CurvePoints, confidence: float) -> tuple[float, float]:
    """The last error and its fall per row, both at the end of their interval that promises most."""
    before, last = (float(value) for value in curve.error[-2:])
    noise = np.nan_to_num(curve.standard_error[-2:])
    z = quantile(confidence)
    slope = (before - last + z * float(np.hypot(*noise))) / float(curve.sizes[-1] - curve.sizes[-2])
    return last - z * float(noise[1]), max(slope, 0.0)


def _settled(asymptote: Floats, log_size: Floats, look_ahead: int, slowness: float) -> Mask:
    """(b, l) whether the next `look_ahead` asymptotes stay near; False where they are not known yet."""
    settled = np.zeros(asymptote.shape, dtype=bool)
    for start in range(asymptote.shape[1] - look_ahead):
        ahead = slice(start + 1, start + 1 + look_ahead)
        moved = np.abs(asymptote[:, ahead] - asymptote[:, start, None])
        settled[:, start] = (moved <= slowness * (log_size[ahead] - log_size[start]) + TOLERATED).all(axis=1)
    return settled


def _identified(n: Floats, errors: Floats, weight: Floats, *, known: bool) -> Mask:
    """(b,) whether the misfit rises towards the smallest and the largest exponent by more than noise makes it.

    Asymptotes below 0 are allowed here: a straight line in log n shows as a best fit with the smallest exponent.
    """
    family = FAMILIES["power_law_3"]
    shapes = family.shape(family.grid(n.min() / n.max()), n / n.max())  # (g, s), by rising exponent
    total = weight.sum(axis=1, keepdims=True)
    share = weight / total
    level = share @ shapes.T
    centered = errors - np.sum(share * errors, axis=1, keepdims=True)
    explained = ((share * centered) @ shapes.T) ** 2 / (share @ (shapes**2).T - level**2)
    size = np.sum(share * centered**2, axis=1)
    least = size - explained.max(axis=1)
    noise = 1.0 / total[:, 0] if known else np.maximum(least, 0.0) / max(len(n) - FIRST, 1)
    rise = explained.max(axis=1) - np.maximum(explained[:, 0], explained[:, -1])
    return np.asarray(rise > RISE * noise + 1e-10 * size)


def _evaluated(
    curve: CurvePoints, level: int, trend: tuple[float, float], likely: tuple[float, float]
) -> tuple[bool, str]:
    """Stop or not, and the sentence for it: what the trend says is left and the tolerance; the chance and its least."""
    (left, tolerance), (chance, least) = trend, likely
    kinds = {warning.kind for warning in diagnose(curve)}
    hidden = 2.0 * float(np.hypot(*np.nan_to_num(curve.standard_error[-2:])))
    if curve.error[-1] == 0.0:
        return True, "No error is left to win."
    if "rising" in kinds:
        return False, "The error rises with more rows; find out why before deciding whether to collect."
    if "flat" in kinds or np.ptp(curve.error) == 0.0:
        if hidden <= tolerance:
            return True, f"The curve is flat, and its noise hides no more than {hidden:.3g}."
        return False, f"The curve is flat, but its noise may hide {hidden:.3g}; repeat the measurements."
    if np.isfinite(chance):
        settled = "" if level >= 0 else " Too early to say by the trend alone: its final error has not settled."
        said = f"No more than {tolerance:g} is left to gain with a chance of {percent_text(chance, '.0f')}"
        return chance >= least, f"{said}{'.' if chance >= least else f', less than {percent_text(least)}.{settled}'}"
    if level < 0:
        return False, "Too early to say: the forecasts of the final error have not settled."
    verdict = "is within" if left <= tolerance else "is more than"
    return left <= tolerance, f"What is left to gain, with how far forecasts move {left:.3g}, {verdict} {tolerance:g}."


def _check(curve: CurvePoints, tolerance: float, final_size: int | None, confidence: float) -> None:
    if len(curve.sizes) < LEAST_SIZES:
        raise InputError(
            "a stopping rule needs at least four training sizes",
            got=f"sizes {curve.sizes.tolist()}",
            fix="measure more sizes: six show whether the forecast has settled",
        )
    require_in_unit(curve, tolerance, "tolerance")
    if final_size is not None and final_size < curve.sizes[-1]:
        raise InputError(
            "the final size lies below the largest measured one",
            got=f"final_size={final_size}, measured up to {curve.sizes[-1]}",
            fix="pass the rows there are in all, or None for unlimited ones",
        )
    require_share(confidence, "confidence", least=0.5)
