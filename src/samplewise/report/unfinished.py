"""What is still to come in a report that was written before its audit ended: the first thing a reader must know."""

from samplewise.core.findings import AuditRecord
from samplewise.core.texts import count_of, shortened
from samplewise.core.units import seconds_text
from samplewise.report.basis import INTERRUPTED
from samplewise.report.verdict import not_run
from samplewise.report.wording import listed

TO_COME = "to_come"  # of a record's environment while an audit is under way: titles of its checks by code
MOST_NAMED = 6
AGAIN = "The same command or call goes on from here."
REWRITTEN = "This page is rewritten as checks end: reload it to see them."


def advice_is_pending(record: AuditRecord) -> bool:
    """Whether the proposed remedies are still to be tested."""
    return bool(record.plan.get("advice")) and not {"advice_seconds", "seconds"} & set(record.environment)


def still_to_come(record: AuditRecord) -> str:
    """What the audit had not come to when this was written, about how long that takes, and how to get it; or "".

    Args:    record: any record; a complete one says how long it took.

    >>> still_to_come(AuditRecord(3, {}, {"checks": ["SW101"]}, {}, ()))[:40]
    'When this was written, 1 check of 1 was '
    """
    waiting, planned = not_run(record), record.plan.get("checks") or []
    complete = "seconds" in record.environment
    if record.plan.get("question") or not planned or (complete and not waiting):
        return ""
    skipped = [item for item in record.outcomes if item.status == "skipped" and item.reason == INTERRUPTED]
    if skipped:
        named = listed([shortened(item.title, 60) for item in skipped], MOST_NAMED)
        return f"This audit was interrupted before {count_of(len(skipped), 'check')}: {named}. {AGAIN}"
    return f"When this was written, {_rest(record, waiting)}. {REWRITTEN} {AGAIN}"


def _rest(record: AuditRecord, waiting: list[str]) -> str:
    """`3 checks of 20 were still to come (...), then the test of the remedies: about 40 s`."""
    planned = record.plan.get("checks") or []
    titles = record.environment.get(TO_COME) or {}
    named = listed([shortened(titles.get(code) or code, 60) for code in waiting], MOST_NAMED)
    were = f"{count_of(len(waiting), 'check')} of {len(planned)} {'was' if len(waiting) == 1 else 'were'} still to come"
    parts = [f"{were} ({named})"] if waiting else []
    if advice_is_pending(record):
        parts.append("then the test of the remedies" if waiting else "the test of the remedies was still to come")
    estimated = record.plan.get("estimated_seconds")
    left = estimated - sum(item.seconds for item in record.outcomes) if isinstance(estimated, int | float) else 0.0
    about = f": about {seconds_text(round(left))}" if left >= 1 else ""
    return (", ".join(parts) or "the last of its pages was still to be written") + about
