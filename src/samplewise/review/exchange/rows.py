"""A row as other tools take it, and the answers in what they give back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.auditing.decision_log import Choice, Entry
from samplewise.auditing.own_cells import cell_text
from samplewise.core.errors import InputError
from samplewise.core.texts import shortened
from samplewise.data.changed_cells import column_at
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.data.joined_labels import JoinedLabels
from samplewise.review.queue import Task

MOST_NOTES = 20
WORDS: Mapping[str, Choice] = {"keep": "keep", "drop": "drop", "unsure": "unsure"}
RELABEL = "relabel:"


@dataclass(frozen=True, slots=True)
class Returned:
    """What people answered in another tool.

    Args:    entries: as they go into a `DecisionLog`.   notes: what could not be used, and why; at most 20 sentences.
    """

    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()


def content_of(task: Task, data: Dataset) -> dict[str, Any]:
    """The row itself: the path of its picture, or its cells by column, texts in full."""
    if isinstance(data.X, Images):
        return {} if data.X.paths is None else {"image": str(data.X.paths[task.position])}
    return {
        column.name: cell_text(column_at(data.X, place)[task.position]) for place, column in enumerate(data.columns)
    }


def text_of(value: Any) -> str:
    """A label or a cell as text; none is empty."""
    return "" if value is None else str(value)


def word_of(entry: Entry) -> str:
    """An answer as one word: keep, drop, unsure or relabel:NAME."""
    return f"{RELABEL}{entry.value}" if entry.decision == "relabel" else entry.decision


def entry_for(
    task: Task, word: str, classes: Iterable[Any] | None, reviewer: str, time: float = 0.0,
    joined: JoinedLabels | None = None,
) -> Entry:  # fmt: skip
    """The answer that a word is.

    Args:
        task: the row.   word: keep, drop, unsure, relabel:NAME or the name of a class alone.
        classes: those there are; None where labels are numbers.   reviewer: who said it.   time: seconds, UTC.
        joined: the labels of which a row may have several; None where it has one.

    Raises:
        ValueError: it is none of these; the message says why.
    """
    word = word.strip()
    names = None if classes is None else {str(name): name for name in classes}
    about: dict[str, Any] = {"reviewer": reviewer, "time": time, "given": task.given, "column": task.column}
    if names is not None and not task.column and word in names:  # first: a class may be called "keep"
        return _labeled(task, names[word], about)
    if word.lower() in WORDS:
        return Entry(task.row, task.list, WORDS[word.lower()], **about)
    name = word[len(RELABEL) :].strip() if word.lower().startswith(RELABEL) else word
    if task.column:
        return Entry(task.row, task.list, "relabel", name or None, **about)
    if names is None:
        return _labeled(task, _number(name), about)
    if name in names:
        return _labeled(task, names[name], about)
    try:
        if joined is not None:
            return _labeled(task, joined.cell(joined.parts(name)), about)
    except InputError as fault:
        raise ValueError(fault.what) from None
    raise ValueError(f"{shortened(name, 40)!r} is no class of the data")


def _labeled(task: Task, label: Any, about: Mapping[str, Any]) -> Entry:
    """A label is the answer: the one the row has keeps it."""
    if str(label) == str(task.given):
        return Entry(task.row, task.list, "keep", **about)
    return Entry(task.row, task.list, "relabel", label, **about)


def _number(word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        raise ValueError(f"{shortened(word, 40)!r} is no number") from None
    if not np.isfinite(number):
        raise ValueError(f"{shortened(word, 40)!r} is no number")
    return number


def by_key(tasks: Iterable[Task]) -> dict[tuple[str, str, str], Task]:
    """Rows by what answers to them are about."""
    return {task.key: task for task in tasks}
