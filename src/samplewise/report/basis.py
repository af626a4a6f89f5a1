"""What a record's conclusions rest on: whether the checks could look, whether anything was learned, whether it leaked.

A list of wrong labels, a remedy or a forecast rests on a model. Where the model learned nothing, or learned from a
column that gives the label away, none of them says anything about the data, however exact its interval looks.
"""

import re

from samplewise.core.findings import AuditRecord, Finding
from samplewise.core.texts import count_of, shortened
from samplewise.core.values import Estimate

ERROR_CHECK, LEAK_CHECK = "SW501", "SW106"
ON_MODELS = ("SW2", "SW3", "SW4", "SW502", "SW503", "SW6")  # first letters of checks whose findings rest on a model
WITHOUT = re.compile(r"held_out_\w+?[ _]without[ _]")
INTERRUPTED = "the audit was interrupted"  # why a check was skipped
ALWAYS = "Always predicting "  # how the title of the finding begins that a constant prediction is as good


def out_of_sight(record: AuditRecord) -> str:
    """Why nothing can be said about the data, where most checks stayed out for the same reason; else "".

    The error is what every other statement is measured by: where it could not be measured, and at least as many checks
    share its reason as could look at all, what little was looked at proves nothing.
    """
    error = record.outcome(ERROR_CHECK)
    if error is None or error.status != "not_applicable":
        return ""
    shared = sum(item.status == "not_applicable" and item.reason == error.reason for item in record.outcomes)
    looked = sum(item.status in ("found", "clean") for item in record.outcomes)
    if shared < looked:
        return ""
    checks = count_of(len(record.outcomes), "check")
    return f"{shortened(error.reason, 160).rstrip('.')} ({shared} of {checks} could not look for this reason)"


def nothing_learned(record: AuditRecord) -> Finding | None:
    """The finding that predictions do not follow the labels; None where they do, or where a person accepted it.

    The check of the error has no other warning: that a constant prediction is as good is a note.
    """
    found = (item for item in record.findings() if item.code == ERROR_CHECK and item.severity != "note")
    return next(found, None)


def constant_is_as_good(record: AuditRecord) -> str:
    """`always predicting 'no' would be right as often`, where that is so and the model did learn something; else ""."""
    found = (item.title for item in record.findings() if item.code == ERROR_CHECK and item.title.startswith(ALWAYS))
    title = next(found, "")
    return shortened(title[:1].lower() + title[1:], 160).rstrip(".")


def proven_leaks(record: AuditRecord) -> list[Finding]:
    """Findings of columns that give the label away for certain."""
    return list(filter(is_proven_leak, record.findings()))


def is_proven_leak(finding: Finding) -> bool:
    """Whether it names columns that give the label away for certain: what else was measured rests on them."""
    return finding.code == LEAK_CHECK and finding.severity == "error"


def leak_rank(finding: Finding) -> int:
    """Where a finding stands among those of its severity: 0 for a column that may give the label away, 1 for others.

    Were it a leak, nothing else that was measured would hold.
    """
    return int(finding.code != LEAK_CHECK)


def leaking_columns(record: AuditRecord) -> list[str]:
    """The columns that give the label away for certain, each once."""
    return list(dict.fromkeys(str(key) for finding in proven_leaks(record) for key in finding.keys))


def scores_around_leak(record: AuditRecord) -> tuple[Estimate, Estimate] | None:
    """The score with the columns that give the label away and without them, where both were measured.

    Their names tell them apart: `held_out_error without x` and, from the same finding or else from the check of the
    error, the one with the columns.
    """
    measured = [estimate for finding in proven_leaks(record) for estimate in finding.measured]
    without = next((item for item in measured if WITHOUT.match(item.quantity)), None)
    if without is None:
        return None
    named = without.quantity.replace("without", "with", 1)
    error = record.outcome(ERROR_CHECK)
    others = [item for item in measured if item.quantity == named] + list(error.result.measured if error else ())
    return next(((item, without) for item in others if item.unit == without.unit), None)


def stands(record: AuditRecord, code: str) -> bool:
    """Whether what this check found may count: false where it rests on a model that learned nothing."""
    return not (code.startswith(ON_MODELS) and nothing_learned(record))
