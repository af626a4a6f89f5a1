"""The extrapolation of a learning curve: the expected error at other sizes, with a band measured on other data sets.

The default uses trees that were grown on the curves of other data sets (`MetaModel`); every law is available by name.
Forecast and band are read from one predictive distribution, and so are the chance to be at a target and the rows it
needs (`samples_needed`). The widths come from data sets that the models did not see, whatever the method.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Numbers
from samplewise.core.errors import InputError, require_kind, require_share, unknown_name
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import sentence
from samplewise.core.values import with_unit
from samplewise.curves.diagnosis import diagnose
from samplewise.curves.laws import LAWS, fit_law, variances
from samplewise.curves.meta.curve_features import CurveFeatures
from samplewise.curves.meta.models import (
    MetaModel,
    band_of_law,
    features_of,
    measured_coverage,
    path,
    shipped_meta,
)
from samplewise.curves.meta.predictive import CONFIDENCES, Predicted, tails
from samplewise.curves.points import LEAST_SIZES, CurvePoints
from samplewise.engine.models.row_losses import UNITS

SOURCE = "yan2025"
CHECKED = 64  # times the largest measured size up to which the quantiles were set
FURTHEST = 1024  # times it, with a warning beyond CHECKED
FAR = 16  # beyond this, a warning
AHEAD = 2.0 ** np.arange(0.5, 4.01, 0.5)  # times the rows there are, of a drawn forecast
METHODS = ("auto", "meta", *LAWS)
TAIL = 0.1  # of the asymptotes that fit, cut off at both ends
VISIBLE_SHARE, VISIBLE_WIDTH = 0.2, 0.5  # of the level: an asymptote above the one, known to the other, is visible


@dataclass(frozen=True, slots=True, eq=False)
class Forecast(Result):
    """Expected error after training on m sizes, with a band for the expected error (not for a single run)."""

    sizes: Array  # (m,)
    error: Floats  # (m,) the mean over draws that is expected
    low: Floats  # (m,)
    high: Floats  # (m,)
    last_value: float  # the baseline: the error at the largest measured size, carried on
    asymptote: float | None  # error with unlimited rows; None where none is visible
    method: str  # "meta" or the law used
    confidence: float  # nominal, of the band
    measured_coverage: Floats  # (m,) share of errors that such bands held on data sets of fields that had no part in it
    groups: int  # groups of data sets behind that
    unit: str
    warnings: tuple[str, ...]

    def _sentences(self) -> Iterable[str]:
        last = len(self.sizes) - 1
        expected = with_unit(self.error[last], self.unit, self.low[last], self.high[last])
        yield f"With {self.sizes[last]:,.0f} rows an error of {expected} is expected"
        yield f"({percent_text(self.confidence)} band); at the largest size measured it is"
        yield f"{with_unit(self.last_value, self.unit)}."
        if self.asymptote is not None:
            yield f"With unlimited rows it tends to {with_unit(self.asymptote, self.unit)}."
        yield from map(sentence, self.warnings[:1])

    def _table(self) -> Table:
        columns = {
            "rows": self.sizes.astype(np.intp), "error": self.error, "low": self.low, "high": self.high,
            "measured_coverage": self.measured_coverage,
        }  # fmt: skip
        return Table(
            columns, dict.fromkeys(("error", "low", "high"), self.unit) | {"measured_coverage": "share"}, "rows"
        )


@checked
def forecast(
    curve: CurvePoints,
    sizes: Numbers,
    method: str = "auto",
    confidence: float = 0.8,
    *,
    learner_name: str | None = None,
    meta: MetaModel | None = None,
) -> Forecast:
    """Error expected after training on other numbers of rows, in the unit of the curve, with a band.

    error(n) = level (f(n) + s(n) z): f and s from trees grown on other data sets, z distributed as on data sets left
    out, by the noise of the curve and octaves ahead. forecast = level f, band = quantiles; or a law with its own band.

    Args:
        curve: at least three sizes.
        sizes: (m,) rows, from the smallest measured size up to 1,024 times the largest; beyond 64 times with a warning.
        method: "auto" ("meta" for error rates, else "power_law_3"), "meta", or a key of `LAWS`.
        confidence: of the band, .5 to .95.
        learner_name: the learner that was trained; one of `meta.names` makes "meta" better, any other is no error.
        meta: models of your own history from `fit_meta`; default the shipped ones.

    Returns:
        `Forecast`, larger means worse. Bands are wide because forecasts are: honest, not a defect.

    Raises:
        InputError: too few sizes, a size out of reach, an unknown method, or a confidence out of range.

    Cost: milliseconds, and once the loading of the models.   Not for: curves of rows collected elsewhere.
    Source: viering2023, yan2025, jain2023.

    >>> n = np.array([50, 100, 200, 400])
    >>> ahead = forecast(CurvePoints(n, 0.1 + 2 / n[None, :] ** 0.5), [800, 3200])
    >>> bool(ahead.low[0] < 0.1 + 2 / 800**0.5 < ahead.high[0]), bool(ahead.error[1] < ahead.error[0])
    (True, True)
    """
    require_kind(curve, CurvePoints)
    wanted = _wanted(curve, sizes)
    check_confidence(confidence)
    if method not in METHODS:
        raise unknown_name("method of forecasting", method, METHODS)
    meta = shipped_meta() if meta is None else meta
    if method == "auto":
        method = "meta" if curve.unit == UNITS["classification"] else "power_law_3"
    features = features_of(curve)
    learner, unknown = meta.for_learner(learner_name, features.largest)
    later = np.maximum(wanted, features.largest)
    there, octaves = path(meta, features, later, learner), np.log2(later / features.largest)
    values, low, high = _band(curve, features, later, (method, confidence), (meta, there))
    passed, measured = wanted <= features.largest, np.interp(np.log(wanted), np.log(curve.sizes), curve.error)
    near = [there.quantile(tail)[0] - there.error[0] for tail in tails(confidence)]  # of the largest size, there
    values, low, high = (
        np.where(passed, at, ahead) for at, ahead in
        zip((measured, measured + near[0], measured + near[1]), (values, low, high), strict=True)
    )  # fmt: skip
    most = 1.0 if curve.unit == UNITS["classification"] else np.inf
    return Forecast(
        sizes=wanted,
        error=np.clip(values, 0.0, most),
        low=np.clip(np.minimum(low, values), 0.0, most),
        high=np.clip(np.maximum(high, values), 0.0, most),
        last_value=float(curve.error[-1]),
        asymptote=visible_asymptote(features),
        method=method,
        confidence=confidence,
        measured_coverage=measured_coverage(meta, features, octaves, confidence),
        groups=meta.groups,
        unit=curve.unit,
        warnings=_warnings(curve, wanted, unknown if method == "meta" else ""),
    )


def sizes_ahead(curve: CurvePoints, n_rows: int) -> Floats:
    """The rows there are and up to 16 times as many, in steps of half a doubling, as far as a curve can be carried."""
    furthest = CHECKED * float(curve.sizes[-1])
    return np.unique(np.r_[n_rows, np.minimum(np.ceil(n_rows * AHEAD), furthest)]).astype(np.float64)


def visible_asymptote(features: CurveFeatures) -> float | None:
    """The error with unlimited rows, where the power laws that fit agree about it well enough to be reported."""
    order = np.argsort(features.asymptote[0])
    values, weight = features.asymptote[0][order], features.averaged[0][order]
    below = np.cumsum(weight) - weight / 2.0
    low, middle, high = np.interp([TAIL, 0.5, 1.0 - TAIL], below, values)
    visible = low >= VISIBLE_SHARE and high - low <= VISIBLE_WIDTH
    return float(middle * features.level[0]) if visible else None


def check_confidence(confidence: float) -> None:
    """Refuse confidences for which no quantiles were measured."""
    require_share(
        confidence,
        "confidence",
        least=CONFIDENCES[0],
        most=float(f"{CONFIDENCES[-1]:.2f}"),
        low_open=False,
        high_open=False,
    )


def _band(
    curve: CurvePoints,
    features: CurveFeatures,
    later: Floats,
    how: tuple[str, float],
    models: tuple[MetaModel, Predicted],
) -> tuple[Floats, Floats, Floats]:
    """Forecast and both ends (m,) at sizes from the largest on; `how` is the method and the confidence."""
    (method, confidence), (meta, there) = how, models
    if method == "meta":
        low, high = (there.quantile(tail)[0] for tail in tails(confidence))
        return there.error[0], low, high
    values = _law_values(curve, features, later, method, meta)
    low, high = band_of_law(meta, method, values, there, np.log2(later / features.largest), confidence)
    if np.isnan(low).any():
        raise InputError(
            "the history of these models is too short for the law",
            got=f"method={method!r}, their truncated curves never have {LAWS[method]} sizes",
            fix='use method="meta", or a law with fewer parameters',
        )
    return values, low, high


def _law_values(curve: CurvePoints, features: CurveFeatures, sizes: Floats, law: str, meta: MetaModel) -> Floats:
    """(m,) errors of one law; the piecewise power law turns straight where the forest predicts."""
    if len(curve.sizes) < LAWS[law]:
        raise InputError(
            f"{law} has more parameters than the curve has sizes",
            got=f"{len(curve.sizes)} sizes, {LAWS[law]} needed",
            fix='measure more sizes, or use method="auto"',
        )
    switch = meta.switch_of(features) if law == "piecewise_power_law" else None
    return fit_law(law, curve.sizes, curve.error[None, :], variances(curve), switch=switch).error(sizes)[0]


def _warnings(curve: CurvePoints, wanted: Floats, unknown: str) -> tuple[str, ...]:
    """Warnings about the forecast, in sentences; `unknown` is the one about the learner."""
    odd = diagnose(curve)
    found = [one.text for one in odd]
    largest = int(curve.sizes[-1])
    if (wanted > CHECKED * largest).any():
        found.append(
            f"Beyond {CHECKED * largest:,} rows, {CHECKED} times what was measured, few curves could be checked."
        )
    elif (wanted > FAR * largest).any():
        found.append(f"Forecasts beyond {FAR * largest:,} rows reach more than {FAR} times as far as was measured.")
    if np.ptp(curve.error) == 0:
        found.append("The error is the same at every size: a constant prediction has such a curve.")
    if curve.error[-1] == 0:
        found.append("No error was left at the largest size: a larger test set is needed to see further.")
    if not np.isfinite(curve.standard_error).any() and all(one.kind != "few repeats" for one in odd):  # said by that
        found.append("The noise of the curve is unknown: repeat the draws, or pass test_size, the evaluation rows.")
    if unknown:
        found.append(unknown)
    if curve.unit != UNITS["classification"]:
        found.append("The band was set on error rates of classifiers; for errors of numbers it is unchecked.")
    return tuple(found)


def _wanted(curve: CurvePoints, sizes: Numbers) -> Floats:
    """(m,) sizes within reach of the curve."""
    wanted = np.atleast_1d(np.asarray(sizes, dtype=np.float64))
    if len(curve.sizes) < LEAST_SIZES:
        raise InputError(
            "a forecast needs at least three training sizes",
            got=f"sizes {curve.sizes.tolist()}",
            fix="measure more sizes",
        )
    least, most = int(curve.sizes[0]), FURTHEST * int(curve.sizes[-1])
    out = ~((wanted >= least) & (wanted <= most))
    if out.any():
        raise InputError(
            "a curve cannot be carried that far",
            where=f"sizes {wanted[out].tolist()[:5]} ({int(out.sum())} in all)",
            got=f"measured {least} to {int(curve.sizes[-1])} rows",
            fix=f"use {least} to {most} rows; beyond {FURTHEST:,} times the largest size nothing can be said",
        )
    return wanted
