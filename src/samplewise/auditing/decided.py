"""What people decided, as decisions that `selection.apply` carries out: one per row or cell, nothing left open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samplewise.auditing.decision_log import FILE, FOLDER, Answers, DecisionLog, Entry
from samplewise.core.codec import load_record
from samplewise.core.errors import name_rows
from samplewise.core.findings import AuditRecord, Decision
from samplewise.core.texts import count_of

RANKS = ("keep", "relabel", "drop")  # of two lists that ask about one row, the answer that does more is carried out


@dataclass(frozen=True, slots=True)
class Decided:
    """The decisions that can be carried out, and in sentences what was left out.

    Args:
        decisions: at most one per row and one per cell.   left_out: rows people do not agree on, or are unsure about.
    """

    decisions: tuple[Decision, ...] = ()
    left_out: tuple[str, ...] = ()


def decided(answers: Answers, known: Iterable[Any] | None = None) -> Decided:
    """The answers that hold as decisions: what more than half of those who were sure want.

    Args:
        answers: by what they are about and by reviewer, as `DecisionLog.current` gives them.
        known: ids of the data; answers about other rows are left out.

    Cost: O(answers).
    """
    names = None if known is None else set(map(str, known))
    open_rows: dict[str, list[Any]] = {"differ": [], "unsure": [], "unknown": []}
    rows: dict[tuple[str, str], tuple[Entry, str]] = {}  # by id and column: the answer, and who gave it
    for key, said in answers.items():
        if names is not None and key[0] not in names:
            open_rows["unknown"].append(key[0])
            continue
        entry = _majority(said)
        if isinstance(entry, str):
            open_rows[entry].append(key[0])
            continue
        who = ", ".join(sorted(name for name, one in said.items() if one.wish == entry.wish))
        about = key[0], key[2] if entry.decision != "drop" else ""
        held = rows.get(about)
        if held is None or _weight(entry) > _weight(held[0]):
            rows[about] = entry, who
    dropped = {row for (row, _), (entry, _) in rows.items() if entry.decision == "drop"}
    decisions = [
        _decision(entry, who)
        for (row, column), (entry, who) in rows.items()
        if not (column and (row in dropped or entry.decision == "keep"))
    ]
    return Decided(tuple(decisions), tuple(_left_out(open_rows)))


def decided_in(
    run_dir: str | Path, known: Iterable[Any] | None = None, record: AuditRecord | None = None,
    lists: Iterable[str] | None = None,
) -> Decided:  # fmt: skip
    """What people decided in the review of a run folder; nothing where none took place.

    Args:
        run_dir: that `audit` wrote, or its record.   known: ids of the data.   record: of the audit, where it was read.
        lists: codes of the findings whose answers count; None for all.

    Raises:
        InputError: no record, or answers that cannot be read.
    """
    record = load_record(run_dir, partial=True) if record is None else record
    place = Path(run_dir)
    run = place if place.is_dir() else place.parent
    log = DecisionLog(run, str(record.data.get("fingerprint")))
    wanted = None if lists is None else set(lists)
    answers = {key: said for key, said in log.current().items() if wanted is None or key[1] in wanted}
    found = decided(answers, known)
    notes = (*log.notes, *other_data(run, log)) if log.entries() or log.notes else ()
    return Decided(found.decisions, (*found.left_out, *notes))


def other_data(run: Path, log: DecisionLog) -> list[str]:
    """What should be known of answers in the folder that are about other data."""
    others = [file for file in sorted(run.glob(f"{FOLDER}/*/{FILE}")) if file != log.file]
    if not others:
        return []
    named = ", ".join(file.relative_to(run).as_posix() for file in others[:3])
    return [f"{count_of(len(others), 'file')} with answers about other data stay unused: {named}"]


def _majority(said: Mapping[str, Entry]) -> Entry | str:
    """The answer of more than half of those who were sure, or why there is none."""
    sure = [entry for entry in said.values() if entry.decision != "unsure"]
    words = [entry.wish for entry in sure]
    for entry, word in zip(sure, words, strict=True):
        if 2 * words.count(word) > len(words):
            return entry
    return "differ" if sure else "unsure"


def _weight(entry: Entry) -> tuple[int, float]:
    return RANKS.index(entry.decision), entry.time


def _decision(entry: Entry, who: str) -> Decision:
    if entry.decision == "relabel" and entry.column:
        return Decision(entry.row, "clean", entry.value, who, column=entry.column)
    value = entry.value if entry.decision == "relabel" else None
    return Decision(entry.row, entry.decision, value, who, None if entry.column else entry.given)  # type: ignore[arg-type]


def _left_out(rows: Mapping[str, list[Any]]) -> Iterable[str]:
    told = {
        "differ": "people decided differently, and no answer has more than half",
        "unsure": "nobody was sure", "unknown": "not among the rows of the data",
    }  # fmt: skip
    for name, why in told.items():
        if rows[name]:
            yield f"{count_of(len(rows[name]), 'answer')} not carried out: {why} ({name_rows(rows[name])})"
