"""What more rows would buy, worded and drawn: shared by SW401 and by the page of `samplewise forecast`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from samplewise.auditing.environment import environment
from samplewise.core.arrays import Array
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy, Severity
from samplewise.core.rates import percent, percent_text
from samplewise.core.texts import count_of, number_text
from samplewise.core.units import LABEL_UNIT, LOWER_ERROR
from samplewise.core.values import Estimate, Exhibit
from samplewise.curves import (
    CollectionPlan,
    CurvePoints,
    Forecast,
    Requirement,
    collection_plan,
    diagnose,
    forecast,
    next_doubling,
    samples_needed,
)
from samplewise.curves.forecasts import sizes_ahead
from samplewise.curves.plans import Choice
from samplewise.engine.models.row_losses import ErrorScale
from samplewise.engine.statistics.intervals import half_width
from samplewise.report.wording import estimate_text

CODE, TITLE = "SW401", "learning curve and what more data buys"
QUESTION = "how much data"
LIKELY, UNLIKELY = 0.5, 0.2
KNOWN_AS = {  # how the forecaster knows the learners that are chosen by name
    "boosting": "HistGradientBoostingClassifier", "logistic": "LogisticRegression", "forest": "RandomForestClassifier",
    "kernel": "KernelHead", "linear": "KernelHead",
}  # fmt: skip
UNTESTED = "needs new rows"
CAVEAT = "New rows from another source, or with cleaner labels, are not on this curve."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants to know of a curve.

    Args:
        error: target error: between 0 and 1, of predicted numbers in the label's unit; None asks only what more rows
            would buy.
        price_per_row: price of a row; None leaves prices out.
        rounds, max_growth, penalty: as `curves.collection_plan`.
        confidence: of bands and intervals.
        learner_name: what was trained, by the name of its class; None where that is not known.
    """

    error: float | None = None
    price_per_row: float | None = None
    rounds: int = 4
    max_growth: float = 4.0
    penalty: float | None = None
    confidence: float = 0.8
    learner_name: str | None = None


def forecast_record(
    curve: CurvePoints, wanted: Wanted, facts: Mapping[str, Any], plan: Mapping[str, Any], *, rows: int | None = None
) -> AuditRecord:
    """The answer to "how much data do I need?" as a record, which `report` draws like any other.

    Args:    curve: at least three sizes.   wanted: the question.   facts: of the data: source, rows, task.
             plan: how the curve was measured, with the call.   rows: there are now; default the largest measured size.
    Raises:  InputError as `curves.forecast`, `samples_needed` and `collection_plan`.
    Cost:    milliseconds.
    """
    rows, scale = int(curve.sizes[-1]) if rows is None else rows, ErrorScale(curve.median_error)
    gain = replace(next_doubling(curve, rows), quantity="gain_of_twice_the_rows")
    ahead = forecast(curve, sizes_ahead(curve, rows), confidence=wanted.confidence, learner_name=wanted.learner_name)
    findings, exhibits, measured = [], [curve_exhibit(curve, ahead, rows)], [gain]
    target = None if wanted.error is None else wanted.error / (scale.one or 1.0)
    if target is not None and curve.error[-1] <= target:
        findings.append(met_finding(curve, target))
    elif target is not None:
        options = {"learner_name": wanted.learner_name}
        need = samples_needed(curve, target, wanted.confidence, **options)
        need = replace(need, reason=_without(need.reason, ahead.warnings))  # each warning is a finding of its own
        batches, price = None, wanted.price_per_row
        if price is not None:
            batches = collection_plan(curve, target, price, wanted.rounds, wanted.max_growth, wanted.penalty, **options)
            batches = batches.less_rows_on_hand(rows - int(curve.sizes[-1]), price)
        findings.append(need_finding(need, scale, batches, rows))
        exhibits.append(reach_exhibit(need, scale))
        exhibits += [] if batches is None else cost_exhibits(need, batches, wanted, rows)
        costs = [] if batches is None else [replace(batches.cost, unit="")]
        measured = [*_known(need), *costs, gain]
    findings += [gain_finding(rows, gain, scale), *_warnings(curve, ahead)]
    outcome = Outcome(CODE, TITLE, "found", result=CheckResult(tuple(findings), (), tuple(exhibits), tuple(measured)))
    settings = {"question": QUESTION, "checks": [CODE], **plan}
    return AuditRecord(RECORD_SCHEMA, {"rows": rows, **facts}, settings, environment(), (outcome,))


# --- findings --------------------------------------------------------------------------------------------------------


def gain_finding(rows: int, gain: Estimate, scale: ErrorScale) -> Finding:
    """What as many rows again would take off the error."""
    change = f"lower the error by {estimate_text(gain, interval=False)}"
    if gain.low > 0:
        reading = "More data like this is worth its price if that is."
    elif gain.high < scale.point:
        change = "leave the error as it is"
        reading = "The curve has flattened: fix labels or features before collecting more of the same."
    else:
        change += ", if at all"
        reading = "The band includes 0: as many rows again may buy nothing."
    title = f"Another {rows:,} rows are forecast to {change}"
    explanation = f"Read from the power law through the measured learning curve: {estimate_text(gain)}. {reading}"
    effect = replace(gain, quantity="forecast", unit=LOWER_ERROR if gain.unit == LABEL_UNIT else gain.unit)
    remedy = Remedy("collect", (), action=f"Collect {rows:,} more rows like these.", effect=effect, reason=UNTESTED)
    return Finding(CODE, title, "note", (), explanation, (remedy,), (gain,), "data", CAVEAT)


def met_finding(curve: CurvePoints, target: float) -> Finding:
    """That a target is met already, from how many rows on, and how surely."""
    scale = ErrorScale(curve.median_error)
    above = np.flatnonzero(curve.error > target)
    first = int(above[-1]) + 1 if len(above) else 0
    half = half_width(np.nan_to_num(curve.standard_error))
    error, spread = float(curve.error[-1]), float(half[-1])
    measured = scale.error(Estimate("error_at_the_largest_size", error, max(error - spread, 0.0), error + spread))
    title = f"An error of {scale.text(target)} is met at {count_of(int(curve.sizes[first]), 'row')}"
    last = f"On {count_of(int(curve.sizes[-1]), 'row')} the error is {estimate_text(measured)}."
    chance = " The interval reaches above the target: measure again before you rely on it."
    explanation = last + (chance if error + spread > target else "")
    return Finding(CODE, title, "note", (), explanation, (), (measured,), "data", CAVEAT)


def need_finding(need: Requirement, scale: ErrorScale, batches: CollectionPlan | None = None, rows: int = 0) -> Finding:
    """How many rows a target needs, or that it is unlikely to be reached, and what to collect first."""
    target, chance = f"An error of {scale.text(need.error)}", need.reachable.value
    likely = np.isfinite(need.rows.value)
    title = (
        f"{target} needs about {_rows(need.rows, need)}" if likely else f"{target} {_doubt(chance)} with this learner"
    )
    there = f"No more than the {count_of(rows, 'row')} there are." if need.rows.value <= rows else ""
    beyond = "" if likely else f"It needs {_rows(need.rows, need)}."
    parts = [there, beyond, need.reason, _least(need)]
    remedies: tuple[Remedy, ...] = ()
    if batches is not None:
        buys = int(batches.schedule[-1]) > int(need.sizes[0])
        ways = [_way(choice, scale) for choice in batches.choices]
        parts += ways if buys else ["Collecting more costs more than it is expected to save at this penalty."]
    if batches is not None and batches.next_batch > 0:
        action = f"Collect {batches.next_batch:,} rows now (to {batches.next_size:,}), measure, and plan again."
        remedies = (Remedy("collect", (), action=action, reason=UNTESTED, cost=float(batches.paid[0])),)
    explanation = " ".join(filter(None, parts))
    severity: Severity = "note" if likely and chance >= LIKELY else "warning"
    return Finding(CODE, title, severity, (), explanation, remedies, _known(need), "data", CAVEAT)


def _way(choice: Choice, scale: ErrorScale) -> str:
    """One of the two ways of collecting, with its price and its chance."""
    kind = "Cheap and risky" if choice.name == "cheap" else "Safe"
    price, chance = number_text(choice.cost.value, 0), percent_text(choice.chance.value, ".0f")
    return (
        f"{kind}: collect up to {int(choice.schedule[-1]):,} rows, until the measured error is at most "
        f"{scale.text(choice.stop_at, '.3g')}; the true error is then at the target with a chance of {chance}, at an "
        f"expected price of {price}."
    )


def _doubt(chance: float) -> str:
    return "is unlikely to be reached" if chance < UNLIKELY else "may not be reached"


def _rows(estimate: Estimate, need: Requirement) -> str:
    """A number of rows with its interval, as pages write it; an end beyond the horizon is more than that."""
    if np.isfinite(estimate.high):
        return estimate_text(estimate)
    middle, low = (
        f"more than {need.horizon:,}" if np.isinf(end)
        else estimate_text(replace(estimate, value=end, low=np.nan, high=np.nan, unit=""))
        for end in (estimate.value, estimate.low)
    )  # fmt: skip
    if np.isinf(estimate.low):
        return f"{middle} rows"
    return f"{middle} rows [{low}, more than {need.horizon:,}]"


def _known(need: Requirement) -> tuple[Estimate, ...]:
    """The chance, and the rows where there is a number of them."""
    rows = replace(need.rows, quantity="rows_needed")
    return (rows, need.reachable) if np.isfinite(need.rows.value) else (need.reachable,)


def _least(need: Requirement) -> str:
    if not np.isfinite(need.least) or need.least >= need.rows.value:
        return ""
    return f"No fewer than {need.least:,.0f} if the curve goes on falling ever more slowly."


def _without(text: str, sentences: Iterable[str]) -> str:
    """A text without these sentences."""
    for sentence in sentences:
        text = text.replace(sentence, "")
    return " ".join(text.split())


def _warnings(curve: CurvePoints, ahead: Forecast) -> list[Finding]:
    """What is odd about the curve, each as something to look at."""
    sentences = dict.fromkeys([str(one) for one in diagnose(curve)] + list(ahead.warnings))
    return [
        Finding(
            CODE, sentence.rstrip("."), "warning", (), "Read the forecast of this curve with that in mind.", axis="data"
        )
        for sentence in sentences
    ]


# --- exhibits --------------------------------------------------------------------------------------------------------


def curve_exhibit(curve: CurvePoints, ahead: Forecast, rows: int) -> Exhibit:
    """Measured points with their intervals, the rows there are now, and the forecast from there on."""
    half, scale = half_width(np.nan_to_num(curve.standard_error)), ErrorScale(curve.median_error)
    measured = curve.sizes < rows
    status = ["measured"] * int(measured.sum()) + ["here"] + ["forecast"] * (len(ahead.sizes) - 1)
    columns: dict[str, Array] = {
        "rows trained on": np.r_[curve.sizes[measured], ahead.sizes.astype(np.intp)],
        "value": scale.drawn(np.r_[curve.error[measured], ahead.error]),
        "low": scale.drawn(np.r_[np.maximum(curve.error - half, 0.0)[measured], ahead.low]),
        "high": scale.drawn(np.r_[(curve.error + half)[measured], ahead.high]),
        "status": np.array(status),
    }
    held = percent_text(float(np.mean(ahead.measured_coverage)), ".0f")
    floor = ahead.asymptote
    flat = "no floor is visible yet" if floor is None else f"a floor shows at {scale.text(floor, '.2g')}"
    note = (
        f"{curve.repeats} draw{'s' * (curve.repeats > 1)} per size; 95 % intervals. Forecast: band of "
        f"{percent_text(ahead.confidence, '.0f')}; as far ahead and with as much noise, such bands held {held} of the "
        f"errors on data sets of fields that had no part in them; {flat}. Without any further gain it stays at "
        f"{scale.text(ahead.last_value)}."
    )
    unit = "% error" if scale.one is None else f"error, {scale.axis}"
    return Exhibit("curve", "Learning curve: what more rows would buy", columns, unit, note)


def reach_exhibit(need: Requirement, scale: ErrorScale) -> Exhibit:
    """The chance to be at the target, against the rows."""
    columns: dict[str, Array] = {
        "rows trained on": np.round(need.sizes),
        "value": percent(need.reach),
        "status": np.full(len(need.sizes), "forecast"),
    }
    note = f"Nothing is promised beyond {need.horizon:,} rows."
    return Exhibit("curve", f"Chance to be at an error of {scale.text(need.error)}", columns, "% chance", note)


def cost_exhibits(need: Requirement, batches: CollectionPlan, wanted: Wanted, rows: int) -> list[Exhibit]:
    """The chance against the price of the rows, and the planned batches."""
    more = need.sizes > rows
    curve: dict[str, Array] = {
        "price of the rows": (wanted.price_per_row or 0.0) * (need.sizes[more] - rows),
        "value": percent(need.reach[more]),
        "status": np.full(int(more.sum()), "forecast"),
    }
    rounds = np.flatnonzero(np.diff(np.r_[0, batches.schedule]) > 0)
    table: dict[str, Array] = {
        "round": rounds + 1,
        "rows after it": batches.schedule[rounds],
        "chance to have arrived (%)": np.round(percent(batches.arrived[rounds]), 1),
        "price so far": np.round(batches.paid[rounds], 2),
    }
    note = (
        f"At most {wanted.max_growth:g} times the rows per round; ending without the target is priced at "
        f"{batches.penalty:,.0f}. Only the first step is settled."
    )
    drawn = Exhibit("curve", "What the chance costs", curve, "% chance", "Rows bought at once, without stopping early.")
    return [drawn, Exhibit("table", "Planned batches", table, "", note)]
