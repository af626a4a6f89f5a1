"""SW401 learning curve, and what more data buys.

## Measures
The error after training on nested subsets of growing size, drawn several times, each judged on the rows outside its
largest subset; the power law through it; and what the next doubling of the rows would take off the error, with a band.

## Why it matters
Labels cost money. A curve that has flattened says to mend the labels or the features first; a steep one says that the
cheapest improvement is more of the same.

## When it is wrong
The forecast holds for rows like these: new sources, new classes and cleaner labels are not on this curve. Its 80 % band
was set on measured curves of 185 other data sets (classifiers) and is as wide as honest forecasts are. Wrong labels put
a floor under the curve that more of the same labels will not lower. Subsets are drawn from all times and places.

## Remedy
Collect as many rows again where the band lies clearly above 0 and the points are worth their price. Doubling is the
safe step: forecasts further out are mostly wrong by more than they win.

## Source
viering2023, yan2025; golub1973 for the fit.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.core.arrays import Array
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy
from samplewise.core.values import Estimate, Exhibit
from samplewise.curves import LearningCurve, curve_of_refits, forecast, next_doubling
from samplewise.engine.refits.parts import Rule

CODE, TITLE, SLOW = "SW401", "learning curve and what more data buys", True
NEEDS = frozenset({"label"})

LEAST_SIZES = 3
LEAST_ROWS = 60  # below this the judging rows are a dozen
NORMAL = 1.96  # half width of the measured points' 95 % interval, in standard errors
TOLD = "a forecast from the learning curve, 80 % band; nothing can be tested on rows that are not there yet"


def run(evidence: Evidence) -> CheckResult:
    """The measured curve, where the data stands on it, and the forecast of the next doubling."""
    rows = len(evidence.data)
    if rows < LEAST_ROWS:
        raise NotApplicable(f"a learning curve needs at least {LEAST_ROWS} rows, there are {rows}")
    curve = curve_of_refits(evidence.nested, evidence.target, evidence.split_groups)
    if len(curve.sizes) < LEAST_SIZES:
        raise NotApplicable(f"a curve needs three training sizes, and {rows} rows give {curve.sizes.tolist()}")
    gain = next_doubling(curve, rows, seed=evidence.seed)
    gain = replace(
        gain, quantity="next_doubling_buys", unit="points" if evidence.whole.class_count else _unit(evidence)
    )
    return CheckResult((_finding(rows, gain),), (), (_exhibit(evidence, curve),), (gain,))


def rules(evidence: Evidence) -> Mapping[str, Rule]:
    """Nothing to test: rows that are not there yet cannot be added."""
    return {}


def _finding(rows: int, gain: Estimate) -> Finding:
    points = "points" if gain.unit == "points" else "hundredths of guessing"
    title = f"Another {rows:,} rows are forecast to take {gain.value:.2g} {points} off the error"
    if gain.low > 0:
        reading = "More data like this is worth its price if those points are."
    elif gain.high < 1.0:
        reading = "The curve has flattened: mend labels or features before collecting more of the same."
    else:
        reading = "The band includes 0: a doubling may buy nothing."
    explanation = f"The power law through the measured learning curve gives {gain} for the next doubling. {reading}"
    effect = replace(gain, quantity="forecast")
    action = f"Collect {rows:,} more rows like these."
    remedy = Remedy("collect", (), action=action, effect=effect, reason=TOLD)
    caveat = "New rows from another source, or with cleaner labels, are not on this curve."
    return Finding(CODE, title, "note", (), explanation, (remedy,), (gain,), "data", caveat)


def _exhibit(evidence: Evidence, curve: LearningCurve) -> Exhibit:
    """Measured points with their intervals, the data's place, and the forecast at two and four times the rows."""
    rows = len(evidence.data)
    ahead = forecast(curve, [rows, 2 * rows, 4 * rows], seed=evidence.seed)
    half = NORMAL * np.nan_to_num(curve.standard_error)
    values = np.r_[curve.error, ahead.error]
    columns: dict[str, Array] = {
        "rows taught": np.r_[curve.sizes, ahead.sizes.astype(np.intp)],
        "value": 100.0 * values,
        "low": 100.0 * np.r_[np.maximum(curve.error - half, 0.0), ahead.low],
        "high": 100.0 * np.r_[curve.error + half, ahead.high],
        "status": np.array(["measured"] * len(curve.sizes) + ["here", "forecast", "forecast"]),
    }
    note = (
        f"{curve.repeats} draws of nested subsets, judged on rows outside the largest; 95 % intervals. Forecast: power "
        "law with an 80 % band that holds noise and the error of the law, set on curves of other data sets."
    )
    return Exhibit("curve", "Learning curve: what more rows would buy", columns, _unit(evidence), note)


def _unit(evidence: Evidence) -> str:
    return "% error" if evidence.whole.class_count else "% of the error of guessing"
