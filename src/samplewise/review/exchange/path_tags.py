"""Pictures as a list of paths and tags, as FiftyOne and other viewers read it, and its tags back.

    dataset.add_samples(fo.Sample(filepath=one["filepath"], tags=one["tags"]) for one in json.load(file)["samples"])

Tags that begin with `samplewise:` say what was found; `keep`, `drop`, `unsure` and `relabel:NAME` are answers.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from samplewise.auditing.decision_log import Answers, Entry
from samplewise.core.errors import InputError
from samplewise.core.texts import shortened
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.data.joined_labels import JoinedLabels
from samplewise.review.exchange.rows import MOST_NOTES, RELABEL, WORDS, Returned, entry_for, word_of
from samplewise.review.queue import Task

OURS = "samplewise:"


def to_path_tags(tasks: Iterable[Task], data: Dataset, answers: Answers | None = None) -> dict[str, Any]:
    """One sample a row: its path, the lists it is on, its answers, and what is known of its label.

    Raises: InputError: rows that are no pictures from files.
    """
    X = data.X
    if not isinstance(X, Images) or X.paths is None:
        raise InputError(
            "paths and tags are of pictures from files", got="rows without a file of their own",
            fix="write lines of JSON or tasks for Label Studio",
        )  # fmt: skip
    samples: dict[int, dict[str, Any]] = {}
    for task in tasks:
        sample = samples.setdefault(
            task.position, {"filepath": str(X.paths[task.position]), "id": str(task.row), "tags": []}
        )  # fmt: skip
        said = (answers or {}).get(task.key, {})
        sample["tags"] += [f"{OURS}{task.list}", *(word_of(entry) for entry in said.values())]
        if np.isfinite(task.probability):
            sample |= {"given": task.given, "suggested": task.suggestion, "probability": float(task.probability)}
    return {"samples": list(samples.values())}


def from_path_tags(
    content: Any, tasks: Iterable[Task], data: Dataset, classes: Iterable[Any] | None, reviewer: str,
    joined: JoinedLabels | None = None,
) -> Returned:  # fmt: skip
    """The answers among the tags of such a list, as entries of the log: of the first list a picture is on.

    Args:
        content: {"samples": [{"filepath": ..., "tags": [...]}]}, the parsed file.   tasks: rows of the queue.
        data: the audited pictures.   classes: of the data; None where labels are numbers.   reviewer: who tagged.
        joined: the labels of which a row may have several; None where it has one.

    Raises:
        InputError: it holds no such list.
    """
    samples = content.get("samples") if isinstance(content, Mapping) else None
    if not isinstance(samples, list):
        raise InputError(
            "this is no list of paths and tags", got=type(content).__name__, fix='pass {"samples": [{"filepath": ...}]}'
        )  # fmt: skip
    paths = data.X.paths if isinstance(data.X, Images) and data.X.paths is not None else ()
    first: dict[str, Task] = {}
    for task in tasks:
        if len(paths):
            first.setdefault(_same(str(paths[task.position])), task)
    entries, notes = list[Entry](), list[str]()
    for number, sample in enumerate(samples, 1):
        path = str(sample.get("filepath", "")) if isinstance(sample, Mapping) else ""
        words = [tag for tag in sample.get("tags") or () if _is_answer(tag)] if path else []
        if not words:
            continue
        found = first.get(_same(path))
        try:
            if found is None:
                raise ValueError("no row of this review")
            if len(set(words)) > 1:
                raise ValueError(f"several answers: {', '.join(words)[:80]}")
            entries.append(entry_for(found, words[0], classes, reviewer, joined=joined))
        except ValueError as fault:
            notes.append(f"sample {number} ({shortened(Path(path).name, 40)}): {fault}")
    return Returned(tuple(entries), tuple(notes[:MOST_NOTES]))


def _is_answer(tag: Any) -> bool:
    return isinstance(tag, str) and (tag.lower() in WORDS or tag.lower().startswith(RELABEL))


def _same(path: str) -> str:
    """A path in one spelling; nothing is opened."""
    return Path(path).as_posix()
