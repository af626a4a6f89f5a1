"""Batches beside the rows a model is trained on, worded and drawn: for `samplewise monitor`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from samplewise.auditing.elsewhere import CAVEAT, CODE, UNTESTED
from samplewise.auditing.environment import environment
from samplewise.core.arrays import Array
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.texts import count_of, keys_text, shortened
from samplewise.core.values import Exhibit
from samplewise.data.dataset import Dataset
from samplewise.engine.refits import Prepared
from samplewise.report.wording import estimate_text
from samplewise.shift import Batch, Monitored
from samplewise.shift.monitoring import compared_batches, confidence_of, files_of, named_batches

TITLE = "whether later rows are like those a model is trained on"
QUESTION = "does it still hold"
MOST_NAMED = 5


def files_in(folder: Path) -> dict[str, Path]:
    """The files of a folder by name, in their order."""
    return files_of(folder)


def batches_in(
    ready: Prepared, files: Mapping[str, Path], read: Callable[[Path], Dataset], margin: float
) -> Iterator[Batch]:
    """Each file beside the rows the learner was prepared on, as soon as it is compared."""
    return compared_batches(ready, named_batches(files, read), margin)


def compared_so_far(batches: Sequence[Batch], count: int, margin: float) -> Monitored:
    """The first of `count` batches."""
    return Monitored(tuple(batches), margin, confidence_of(count))


def monitor_record(found: Monitored, facts: Mapping[str, Any], plan: Mapping[str, Any]) -> AuditRecord:
    """The answer to "does it still hold?" as a record, which `report` draws like any other.

    Args:    found: the batches compared so far.   facts: of the reference.   plan: what was asked.
    """
    above = [batch for batch in found.batches if batch.name in found.alarms]
    findings = [_above(batch) for batch in above] or [_none_above(found)]
    findings += [_drifted(found)] if found.drifted else []
    findings += [_not_compared(found)] if found.not_compared else []
    exhibits = [exhibit for exhibit in (_changes(found), _table(found)) if exhibit is not None]
    outcome = Outcome(CODE, TITLE, "found", result=CheckResult(tuple(findings), (), tuple(exhibits)))
    return AuditRecord(
        RECORD_SCHEMA, dict(facts), {"question": QUESTION, "checks": [CODE], **plan}, environment(), (outcome,)
    )


def _above(batch: Batch) -> Finding:
    unless = "" if batch.n_labels else ", if equal rows keep their labels"
    title = f"{shortened(batch.name, 60)}: the error is {estimate_text(batch.judged)} larger{unless}"
    telling = tuple(batch.drift.telling) if batch.drift else ()
    remedies = [Remedy("collect", (), action="Collect labeled rows from there.", reason=UNTESTED)]
    remedies += (
        [Remedy("review", telling, action="Look at the columns that tell.", reason="people look first")]
        if telling
        else []
    )
    words = " ".join([*batch._sentences()][1:])
    return Finding(
        CODE,
        title,
        "warning",
        telling,
        words,
        tuple(remedies),
        (batch.judged,),
        "column" if telling else "data",
        CAVEAT,
    )


def _none_above(found: Monitored) -> Finding:
    compared = len(found.batches) - len(found.not_compared)
    shown = f"In no batch is the error shown to be larger by more than {found.margin_text()}"
    title = f"{shown} ({count_of(compared, 'batch', 'batches')} compared)" if compared else "No batch could be compared"
    return Finding(CODE, title, "note", (), " ".join(found._sentences()), (), (), "data", CAVEAT)


def _drifted(found: Monitored) -> Finding:
    names = [shortened(name, 40) for name in found.drifted]
    more = len(names) - MOST_NAMED
    shown = keys_text(names[:MOST_NAMED]) + (f" and {count_of(more, 'more batch', 'more batches')}" if more > 0 else "")
    title = f"Rows differ beyond chance in {count_of(len(names), 'batch', 'batches')}: {shown}"
    words = "The p of every batch is corrected for the number of batches. Whether a difference costs anything is above."
    return Finding(CODE, title, "note", (), words, (), (), "data", CAVEAT)


def _not_compared(found: Monitored) -> Finding:
    title = f"{count_of(len(found.not_compared), 'batch', 'batches')} could not be compared"
    words = " ".join(f"{shortened(batch.name, 60)}: {batch.reason}." for batch in found.not_compared)
    return Finding(CODE, title, "warning", (), words, (), (), "data")


def _changes(found: Monitored) -> Exhibit | None:
    known = [batch for batch in found.batches if np.isfinite(batch.judged.value)]
    if not known:
        return None
    columns: dict[str, Array] = {
        "name": np.array([shortened(batch.name, 40) for batch in known]),
        "value": np.array([batch.judged.value for batch in known]),
        "low": np.array([batch.judged.low for batch in known]),
        "high": np.array([batch.judged.high for batch in known]),
    }
    note = f"Right of the line the error is larger; from {found.margin_text()} on it matters."
    note += " All intervals hold together in 95 %."
    return Exhibit("bars", "Change of the error in every batch", columns, known[0].judged.unit, note)


def _table(found: Monitored) -> Exhibit:
    batches = found.batches
    columns: dict[str, Array] = {
        "batch": np.array([batch.name for batch in batches]),
        "rows": np.array([batch.n_rows for batch in batches]),
        "labels": np.array([batch.n_labels for batch in batches]),
        "p": found.p_values,
        "change of the error": np.array([batch.judged.without_reason() for batch in batches]),
        "alarm": np.array([batch.alarm for batch in batches]),
        "not compared because": np.array([batch.reason for batch in batches]),
    }
    note = "p: of the rows being like those of the reference, corrected for the number of batches."
    return Exhibit("table", "Every batch", columns, "", note)
