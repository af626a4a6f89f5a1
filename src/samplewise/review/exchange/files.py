"""A review written for other tools, and their answers read into its log, by the name of the form."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from samplewise import selection
from samplewise.auditing.decided import decided
from samplewise.auditing.run_folder import write_text
from samplewise.core.errors import InputError, unknown_name
from samplewise.data.images import Images
from samplewise.review.exchange.forms import FORMS, READ_BACK, Form
from samplewise.review.exchange.label_studio import from_export, labeling_config, to_tasks
from samplewise.review.exchange.path_tags import from_path_tags, to_path_tags
from samplewise.review.exchange.plain_files import (
    from_decisions_csv,
    from_lines,
    to_cleanlab_csv,
    to_decisions_csv,
    to_label_column,
    to_lines,
)
from samplewise.review.exchange.rows import Returned
from samplewise.review.queue import Task
from samplewise.review.session import Session


def write_review(session: Session, file: str | Path, form: Form) -> Path:
    """Write the rows of a review, and the answers so far, for another tool.

    Args:
        session: the review.   file: is written whole, or not at all.
        form: "jsonl" (one row a line), "csv" (a list as in findings/), "label-studio" (tasks with predictions; the
            interface they need is `label_studio_interface`), "fiftyone" (paths and tags of pictures), "cleanlab"
            (issues of labels), "huggingface" (JSON: ids and labels after the decisions, as rows of a data set).

    Raises:
        InputError: another form, a file that cannot be written, or rows that have no such form.
    """
    rows, answers = list(session.queue.tasks()), session.log.current()
    if form == "jsonl":
        text = to_lines(rows, session.data, answers)
    elif form == "csv":
        text = to_decisions_csv(rows, answers)
    elif form == "cleanlab":
        text = to_cleanlab_csv(rows)
    elif form == "label-studio":
        text = _json(to_tasks(rows, session.data, answers, session.joined))
    elif form == "fiftyone":
        text = _json(to_path_tags(rows, session.data, answers))
    elif form == "huggingface":
        wanted = decided(answers, session.data.ids.tolist()).decisions
        task = session.record.data.get("task") or "auto"
        text = _json(to_label_column(selection.apply(session.data, wanted, task=task)))
    else:
        raise unknown_name("form", str(form), FORMS)
    return write_text(file, text)


def label_studio_interface(session: Session) -> str:
    """The labeling interface (XML) to paste into the settings of a project of Label Studio for these tasks."""
    return labeling_config(session.classes, is_image=isinstance(session.data.X, Images), joined=session.joined)


def read_review(session: Session, file: str | Path, form: Form, *, reviewer: str = "") -> tuple[str, ...]:
    """Take the answers of another tool into the log of a review; those it holds already are not written again.

    Args:
        session: the review.   file: as the tool wrote it.   form: one of `READ_BACK`.
        reviewer: who answered, where the file does not say.

    Returns:
        what could not be used, and why, in sentences.

    Raises:
        InputError: another form, or a file that cannot be read.
    """
    if form not in READ_BACK:
        raise unknown_name("form that is read", str(form), READ_BACK)
    returned = _checked(session, _read(session, Path(file), form, reviewer or form))
    for entry in returned.entries:
        held = session.log.answer(entry.key, entry.reviewer)
        if held is None or (held.decision, str(held.value)) != (entry.decision, str(entry.value)):
            session.log.append(entry)
    return returned.notes


def _read(session: Session, file: Path, form: Form, reviewer: str) -> Returned:
    rows: Sequence[Task] = list(session.queue.tasks())
    if form == "csv":
        return from_decisions_csv(file, rows, session.data, reviewer)
    text = _text_of(file)
    if form == "jsonl":
        return from_lines(text, rows, reviewer)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("this is not JSON", where=str(file), fix="pass the file as the tool wrote it") from None
    classes = session.classes
    if form == "label-studio":
        return from_export(content, rows, classes, reviewer, session.joined)
    return from_path_tags(content, rows, session.data, classes, reviewer, session.joined)


def _checked(session: Session, returned: Returned) -> Returned:
    """The same without labels that are none of the data, and cells that their columns cannot hold."""
    entries, notes = [], list(returned.notes)
    for entry in returned.entries:
        task = session.find(entry)
        try:
            if task is not None and entry.decision == "relabel":
                entry = replace(entry, value=session.read_value(task, entry.value))
            entries.append(entry)
        except InputError as fault:
            notes.append(f"row {entry.key[0]:.40}: {fault.args[0]} ({fault.got})")
    return Returned(tuple(entries), tuple(notes))


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except (OSError, ValueError) as fault:
        told = getattr(fault, "strerror", None) or "no text in UTF-8"
        raise InputError(
            "a file of answers cannot be read", where=str(file), got=told, fix="pass a text file"
        ) from None


def _json(content: Sequence[Any] | Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False, default=str) + "\n"
