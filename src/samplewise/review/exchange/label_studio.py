"""Rows as tasks of Label Studio, and its export back.

Its JSON export leaves predictions out, so the id, the list and the label of a row stand among the task's `data`, which
every form of export keeps. Predictions are sorted by score only among those of one `model_version`, so all have one.
Choices that are no class of the data are named and passed over. Nothing is sent anywhere: these are files.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np

from samplewise.auditing.decision_log import Answers, Entry
from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.data.joined_labels import JoinedLabels
from samplewise.review.exchange.rows import (
    MOST_NOTES,
    RELABEL,
    Returned,
    by_key,
    content_of,
    entry_for,
    text_of,
    word_of,
)
from samplewise.review.queue import Task

MODEL, FROM, TO = "samplewise", "label", "row"
ID, LIST, COLUMN, GIVEN = "samplewise_id", "samplewise_list", "samplewise_column", "samplewise_given"
SHOWN = "samplewise_row"  # all cells of a row: the interface shows one field
DROP, UNSURE = "drop this row", "unsure"  # choices beside the classes
CHOICES = {"drop": DROP, "unsure": UNSURE}


def labeling_config(
    classes: Iterable[Any] | None, *, is_image: bool = False, joined: JoinedLabels | None = None
) -> str:
    """The labeling interface (XML) that these tasks need: the classes, and two choices for rows that fit none.

    Args:
        classes: of the data; None where labels are numbers, which can be kept.   is_image: what the rows are.
        joined: the labels of which a row may have several, to be checked together; None where it has one.
    """
    named = ["keep"] if classes is None else map(str, classes if joined is None else joined.names)
    names, choice = [*named, DROP, UNSURE], "single" if joined is None else "multiple"
    choices = "".join(f"<Choice value={quoteattr(name)}/>" for name in names)
    tag, shown = ("Image", "image") if is_image else ("Text", SHOWN)
    return (
        f'<View><{tag} name="{TO}" value={quoteattr("$" + shown)}/>'
        f'<Choices name="{FROM}" toName="{TO}" choice="{choice}" showInline="true">{choices}</Choices></View>'
    )


def to_tasks(
    tasks: Iterable[Task], data: Dataset, answers: Answers | None = None, joined: JoinedLabels | None = None
) -> list[dict[str, Any]]:
    """Tasks to import: the row, what is suggested for it as a prediction, and answers so far as annotations.

    Cells are left out: the choices of a project are the same for all its tasks.

    Args:
        tasks: rows of a queue, in its order.   data: the rows themselves.   answers: of the log.
        joined: the labels of which a row may have several; None where it has one.
    """
    rows = (task for task in tasks if not task.column)
    return [_task(number, task, data, (answers or {}).get(task.key, {}), joined) for number, task in enumerate(rows, 1)]


def from_export(
    content: Any, tasks: Iterable[Task], classes: Iterable[Any] | None, reviewer: str = "label studio",
    joined: JoinedLabels | None = None,
) -> Returned:  # fmt: skip
    """The answers in an export (JSON, or JSON-MIN), as entries of the log.

    Args:
        content: the parsed export.   tasks: rows of the queue.   classes: of the data; None where labels are numbers.
        reviewer: before the number of the person who annotated, where the export has one.
        joined: the labels of which a row may have several; None where it has one.

    Raises:
        InputError: it is no list of tasks.
    """
    if not isinstance(content, list) or not all(isinstance(item, Mapping) for item in content):
        raise InputError(
            "this is no export of Label Studio", got=type(content).__name__,
            fix="export as JSON or JSON-MIN, and pass the list it holds",
        )  # fmt: skip
    known, names = by_key(tasks), None if classes is None else list(classes)
    entries: list[Entry] = []
    notes: list[str] = []
    for number, item in enumerate(content, 1):
        fields = item["data"] if isinstance(item.get("data"), Mapping) else item
        key = tuple(str(fields.get(name, "")) for name in (ID, LIST, COLUMN))
        task = known.get(key)  # type: ignore[arg-type]  # three texts
        if task is None:
            notes.append(f"task {number}: no row of this review ({ID} {key[0]!r:.40})")
            continue
        for chosen, who, time in _said(item):
            try:
                word, person = _word(chosen, names, joined), f"{reviewer} {who}".strip()
                entries.append(entry_for(task, word, names, person, time, joined))
            except ValueError as fault:
                notes.append(f"task {number}, row {key[0]:.40}: {fault}")
    return Returned(tuple(entries), tuple(notes[:MOST_NOTES]))


def _task(
    number: int, task: Task, data: Dataset, said: Mapping[str, Entry], joined: JoinedLabels | None
) -> dict[str, Any]:
    about = {ID: str(task.row), LIST: task.list, COLUMN: task.column, GIVEN: text_of(task.given), "why": task.why}
    score = float(task.probability) if np.isfinite(task.probability) else None
    suggestion = task.suggestion if task.suggestion is not None else task.given
    predictions = [
        {"model_version": MODEL, "result": [_choice(text_of(suggestion), joined)]}
        | ({} if score is None else {"score": score})
    ]
    annotations = [{"result": [_answered(entry, joined)], "was_cancelled": False} for entry in said.values()]
    content = content_of(task, data)
    if not isinstance(data.X, Images):
        about[SHOWN] = "\n".join(f"{name}: {value}" for name, value in content.items())
    return {
        "id": number, "data": content | about, "annotations": annotations,
        "predictions": predictions if suggestion is not None else [],
    }  # fmt: skip


def _answered(entry: Entry, joined: JoinedLabels | None) -> dict[str, Any]:
    word = word_of(entry)
    if word in CHOICES:
        return _choice(CHOICES[word], None)
    return _choice(text_of(entry.given) if word == "keep" else text_of(entry.value), joined)


def _choice(label: str, joined: JoinedLabels | None) -> dict[str, Any]:
    chosen = [label] if joined is None else list(joined.parts(label))
    return {"from_name": FROM, "to_name": TO, "type": "choices", "value": {"choices": chosen}}


def _said(item: Mapping[str, Any]) -> Iterator[tuple[list[str], str, float]]:
    """Choices, person and time of every annotation of a task, in either form of export."""
    if "annotations" not in item:
        held = item.get(FROM)
        held = held.get("choices") if isinstance(held, Mapping) else held
        if held:
            yield _texts(held), _person(item.get("annotator")), _time(item.get("updated_at"))
        return
    for each in item["annotations"] or ():
        if not isinstance(each, Mapping):
            continue
        told = (_person(each.get("completed_by")), _time(each.get("updated_at") or each.get("created_at")))
        if each.get("was_cancelled"):
            yield [UNSURE], *told
            continue
        for result in each.get("result") or ():
            value = result.get("value") if isinstance(result, Mapping) else None
            chosen = value.get("choices") if isinstance(value, Mapping) else None
            if chosen:
                yield _texts(chosen), *told


def _texts(held: Any) -> list[str]:
    return list(map(str, held)) if isinstance(held, list | tuple) else [str(held)]


def _word(chosen: list[str], classes: Iterable[Any] | None, joined: JoinedLabels | None) -> str:
    """The choices as the word they are; a class that is called like one of ours is the class.

    Raises: ValueError: several choices where a row has one label, or a label beside drop or unsure.
    """
    if len(chosen) > 1:
        if joined is None or {DROP, UNSURE} & {*chosen} - {*joined.names}:
            raise ValueError(f"several choices: {', '.join(chosen)[:80]}")
        return RELABEL + joined.mark.join(chosen)
    word = chosen[0]
    if classes is not None and word in map(str, classes):
        return word
    return {DROP: "drop", UNSURE: "unsure"}.get(word, word)


def _person(held: Any) -> str:
    if isinstance(held, Mapping):
        held = held.get("email") or held.get("id")
    return "" if held is None else str(held)


def _time(held: Any) -> float:
    try:
        return datetime.fromisoformat(str(held).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0
