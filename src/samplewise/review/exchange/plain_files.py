"""Questions and answers as lines of JSON, as the list of decisions, as cleanlab's issues, and as a column of labels."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from samplewise.auditing.decision_log import Answers, Entry, entry_of
from samplewise.auditing.row_lists import list_text
from samplewise.auditing.run_folder import COLUMNS, read_decisions
from samplewise.core.csv_text import csv_text
from samplewise.core.errors import InputError
from samplewise.core.json_encoding import encode
from samplewise.core.texts import shortened
from samplewise.data.dataset import Dataset
from samplewise.report.for_review import ABOUT_LABELS
from samplewise.review.exchange.rows import MOST_NOTES, Returned, by_key, content_of, text_of, word_of
from samplewise.review.queue import Task
from samplewise.selection.decisions import Applied

CLEANLAB = ("id", "is_label_issue", "label_quality", "given_label", "predicted_label")
FLAGGED = 0.5


def to_lines(tasks: Iterable[Task], data: Dataset, answers: Answers | None = None) -> str:
    """One JSON object a line: the row, what is known of it, and an answer, which is empty where there is none yet.

    Args:    tasks: rows of a queue, in its order.   data: the rows themselves.   answers: of the log.
    """
    lines = []
    for task in tasks:
        about = {
            "row": task.row, "list": task.list, "column": task.column, "given": task.given,
            "suggestion": task.suggestion, "why": task.why, "content": content_of(task, data),
            "probability": task.probability if np.isfinite(task.probability) else None,
        }  # fmt: skip
        said: Mapping[str, Entry] = (answers or {}).get(task.key, {})
        for entry in said.values() or [Entry(task.row, task.list)]:
            told = {name: getattr(entry, name) for name in ("decision", "value", "reviewer", "note", "time")}
            lines.append(json.dumps(encode(about | told), ensure_ascii=False, allow_nan=False) + "\n")
    return "".join(lines)


def from_lines(text: str, tasks: Iterable[Task], reviewer: str = "") -> Returned:
    """The answers in such lines, as entries of the log; lines without one are passed over.

    Args:    text: as `to_lines` wrote it, with `decision` (and `value`) filled in.   tasks: rows of the queue.
             reviewer: who answered, where a line does not say.
    """
    known = by_key(tasks)
    entries, notes = list[Entry](), list[str]()
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if not line.strip():
            continue
        try:
            held = json.loads(line)
            if isinstance(held, dict) and not held.get("decision"):
                continue
            entry = entry_of(held)
        except (ValueError, RecursionError) as fault:
            notes.append(f"line {number}: {fault.got if isinstance(fault, InputError) else 'no JSON'}")
            continue
        task = known.get(entry.key)
        if task is None:
            notes.append(f"line {number}: no row of this review ({shortened(entry.row, 40)})")
            continue
        entries.append(replace(entry, row=task.row, reviewer=entry.reviewer or reviewer, kind="decision"))
    return Returned(tuple(entries), tuple(notes[:MOST_NOTES]))


def to_decisions_csv(tasks: Iterable[Task], answers: Answers) -> str:
    """A list as those of findings/, its column `decision` filled in; of several people the last answer, cells left out.

    Args:    tasks: rows of a queue.   answers: of the log.
    """
    lines: dict[str, dict[str, str]] = {}
    for task in tasks:
        said = sorted(answers.get(task.key, {}).values(), key=lambda entry: entry.time)
        if task.column or (str(task.row) in lines and not said):
            continue
        word = word_of(said[-1]) if said else ""
        lines[str(task.row)] = {
            "id": str(task.row), "given": text_of(task.given), "suggested": text_of(task.suggestion),
            "probability": f"{task.probability:.3f}" if np.isfinite(task.probability) else "", "reason": task.why,
            "decision": "" if word == "unsure" else word,
        }  # fmt: skip
    return list_text(COLUMNS, lines.values())


def from_decisions_csv(source: str | Path, tasks: Iterable[Task], data: Dataset, reviewer: str) -> Returned:
    """The decisions of a list of findings/, or of that folder, as entries of the log.

    Args:    source: the file.   tasks: rows of the queue.   data: the audited rows.   reviewer: who filled it in.
    Raises:  InputError: what `read_decisions` refuses.
    """
    by_row: dict[str, Task] = {}
    for task in tasks:
        if not task.column:
            by_row.setdefault(str(task.row), task)
    entries, notes = list[Entry](), list[str]()
    for one in read_decisions(source, data):
        task_of = by_row.get(str(one.id))
        if task_of is None or one.kind not in ("keep", "drop", "relabel"):
            why = "no row of this review" if task_of is None else f"{one.kind} is no answer of a review"
            notes.append(f"{one.by}, line {one.line}: {why} ({shortened(one.id, 40)})")
            continue
        given = task_of.given if one.given is None else one.given
        entries.append(Entry(task_of.row, task_of.list, one.kind, one.value, reviewer, given=given))
    return Returned(tuple(entries), tuple(notes[:MOST_NOTES]))


def to_cleanlab_csv(tasks: Iterable[Task]) -> str:
    """The labels in question as cleanlab's `get_label_issues` lists them: quality 1 is surely right.

    Args:    tasks: rows of a queue; only those about labels are listed.
    """
    listed = [task for task in tasks if task.list in ABOUT_LABELS and np.isfinite(task.probability)]
    rows = [
        (
            str(task.row), str(bool(task.probability > FLAGGED)), f"{1.0 - task.probability:.4f}", text_of(task.given),
            text_of(task.given if task.suggestion is None else task.suggestion),
        )
        for task in listed
    ]  # fmt: skip
    return csv_text(CLEANLAB, rows)


def to_label_column(applied: Applied) -> list[dict[str, Any]]:
    """Ids and labels after the decisions, as the rows of a Hugging Face data set (`Dataset.from_list`).

    Args:    applied: what `selection.apply` made of the data.
    """
    changed = {str(entry.id): entry.before for entry in applied.log if entry.kind == "relabel"}
    y = applied.data.y
    labels = [None] * len(applied.data) if y is None else y.tolist()
    return [
        {"id": key, "label": encode(label), "label_before": encode(changed.get(str(key), label))}
        for key, label in zip(applied.data.ids.tolist(), labels, strict=True)
    ]
