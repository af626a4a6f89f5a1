"""What the pages show and do: the session of a review in the words of a browser, one caller at a time."""

import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from samplewise.core.errors import InputError
from samplewise.core.escapes import address_text
from samplewise.core.rates import percent, percent_text
from samplewise.core.texts import count_of, key_text, shortened
from samplewise.data.images import Images
from samplewise.report.for_review import ABOUT_LABELS
from samplewise.review.class_search import ClassSearch
from samplewise.review.page_requests import Answer, Note, Place
from samplewise.review.pictures import picture_bytes

HIDDEN = "(hidden)"  # in place of a value that is not shown
TILES = 48  # pictures of one grid
QUICK_CLASSES = 9  # of so many at most, each has a digit as its key
BOXES = 24  # of labels of which a row may have several: the others are found by their letters
MOST_DISAGREEMENTS = 200  # on one page


class Desk:
    """A session and what its pages show of it.

    Args:
        session: the audit, its rows, the queue and the answers.
        values: whether cells, texts and pictures are shown.
    """

    def __init__(self, session: Any, *, values: bool = True) -> None:
        self._session, self._values = session, values
        self._lock = threading.RLock()
        self._together: dict[str, list[int]] = {}  # how many rows each of a reviewer's answers was about
        facts = session.record.data
        self._classes = [key_text(name) for name in facts.get("classes") or ()]
        self._joined = session.joined if self._classes else None
        named = self._classes if self._joined is None else self._joined.names
        self._search = ClassSearch(named, facts.get("class_counts") or ())
        self.source = shortened(Path(str(facts.get("source") or "this data")).name, 60)

    # ---- what is shown ----------------------------------------------------------------------------------------------

    def tabs(self) -> list[tuple[str, str]]:
        """Address and name of every page there is something for."""
        pages = [("", "row")]
        if self._images is not None and self._values:
            pages.append(("grid", "grid"))
        if len(self._session.reviewers()) > 1:
            pages.append(("disagreements", "disagreements"))
        return pages

    def shown(self, reviewer: str, place: Place | None = None) -> dict[str, Any]:
        """The row at a place, or the next one of a reviewer, and how far the review has come.

        Raises:
            InputError: a place that is not in the queue.
        """
        with self._lock:
            task = self._session.task(reviewer) if place is None else self._task_at(place)
            card = None if task is None else self._card(task, reviewer)
            return {"card": card, "ended": self._ended(card), "panel": self.panel(reviewer)}

    def tiles(self, reviewer: str) -> dict[str, Any]:
        """The next pictures of a reviewer; raises `InputError` where none are shown."""
        if self._images is None or not self._values:
            raise InputError("there are no pictures to choose from", fix="decide one by one")
        with self._lock:
            tasks = [task for task in self._session.tasks(reviewer, TILES) if task.list in ABOUT_LABELS]
            return {"tiles": [self._tile(task) for task in tasks], "ended": self._ended(tasks)}

    def panel(self, reviewer: str) -> dict[str, Any]:
        """How far the review has come, and what it has told so far."""
        with self._lock:
            return dict(self._session.panel(reviewer))

    def disagreements(self) -> dict[str, Any]:
        """Rows on which reviewers do not agree."""
        with self._lock:
            self._session.log.refresh()  # others may answer through a server of their own
            reviewers = self._session.reviewers()
            found = self._session.disagreements()
        rows = [
            {
                "row": key_text(task.row), "list": task.list, "address": _address(task),
                "said": [said.get(name) for name in reviewers],
            }
            for task, said in found[:MOST_DISAGREEMENTS]
        ]  # fmt: skip
        more = len(found) - len(rows)
        cut = f"and {count_of(more, 'more row', 'more rows')}" if more else ""
        return {"rows": rows, "reviewers": reviewers, "agreement": self._session.agreement(), "cut": cut}

    def classes(self, words: str) -> tuple[list[str], int]:
        """Classes by some letters of their names, and how many more there are."""
        return self._search.find(words)

    def picture(self, position: int, *, small: bool = False) -> tuple[bytes, str]:
        """The picture of a row and its media type; raises `InputError` where it cannot be shown."""
        images = self._images
        if images is None or not self._values or not 0 <= position < len(images):
            raise InputError("there is no such picture", got=f"row {position}", fix="load the page again")
        return picture_bytes(images, position, self._session.folder, small=small)

    # ---- what is done -----------------------------------------------------------------------------------------------

    def decide(self, reviewer: str, answer: Answer) -> str:
        """Write an answer down; returns what was done, once it is on the disk."""
        with self._lock:
            tasks = [self._task_at(place) for place in answer.places]
            values = [self._value_of(task, answer) for task in tasks]  # all are read before the first is written
            for task, (decision, value) in zip(tasks, values, strict=True):
                before = self._session.answer(task, reviewer)
                self._session.decide(task, decision, value, reviewer=reviewer)
            self._together.setdefault(reviewer, []).append(len(tasks))
            if len(tasks) > 1:
                return f"Saved: {count_of(len(tasks), 'row')}, {_said(answer.decision, None)}"
            said = f"Saved: row {key_text(tasks[0].row)} {_said(*values[0])}"
            if before is not None and (before.decision, before.value) != values[0]:
                said += f", in place of your earlier answer ({_said(before.decision, before.value)})"
            return said

    def undo(self, reviewer: str) -> tuple[str, Place | None]:
        """Take the last answer of a reviewer back, about all its rows; returns what was done, and a row open again."""
        with self._lock:
            count = (self._together.get(reviewer) or [1]).pop()
            undone = [entry for _ in range(count) if (entry := self._session.undo(reviewer)) is not None]
            if not undone:
                return "There is nothing to undo.", None
            task = self._session.queue.find(undone[-1].key)
            said = f"row {key_text(undone[0].row)}, which was {_said(undone[0].decision, undone[0].value)}"
            return (
                f"Undone: {said if len(undone) == 1 else count_of(len(undone), 'row')}",
                Place(task.position, task.list, task.column),
            )

    def note(self, reviewer: str, note: Note) -> str:
        """Write a remark on a row down."""
        with self._lock:
            task = self._task_at(note.place)
            self._session.note(task, note.text, reviewer=reviewer)
            return f"Saved: a note on row {key_text(task.row)}"

    def notes(self) -> list[str]:
        """What could not be read of earlier answers."""
        return list(self._session.log.notes)

    def answered(self) -> int:
        """How many rows have an answer."""
        with self._lock:
            return int(self._session.queue.answered())

    def log_file(self) -> Path:
        """Where the answers lie."""
        return Path(self._session.log.file)

    # ---- rows in the words of the page ------------------------------------------------------------------------------

    @property
    def _images(self) -> Images | None:
        data = self._session.data
        return data.X if data is not None and isinstance(data.X, Images) else None

    def _task_at(self, place: Place) -> Any:
        task = self._session.task_at(place.position, place.list, place.column)
        if task is None:
            raise InputError(
                "this row is not among those to be reviewed", got=f"row {place.position} of {place.list[:20]!r}",
                fix="load the page again",
            )  # fmt: skip
        return task

    def _value_of(self, task: Any, answer: Answer) -> tuple[str, Any]:
        """Decision and value as they are written down: what is suggested is a label like any other, or a drop."""
        if answer.decision == "suggestion":
            if task.suggestion is None:
                raise InputError("nothing is suggested for this row", got=key_text(task.row), fix="choose a label")
            return "relabel", task.suggestion
        if answer.decision != "relabel":
            return answer.decision, None
        value = self._session.read_value(task, answer.value)
        is_as_given = not task.column and value == task.given and type(value) is type(task.given)
        return ("keep", None) if is_as_given else ("relabel", value)

    def _shown(self, task: Any, value: Any) -> str:
        """A label or a cell as text: cells, and the numbers of a regression, are values that may be hidden."""
        return _text(value) if self._values or value is None else HIDDEN if task.column else self._label(value)

    def _label(self, value: Any) -> str:
        return _text(value) if self._values or self._classes or value is None else HIDDEN

    def _tile(self, task: Any) -> dict[str, Any]:
        return {
            "key": task.position, "list": task.list, "row": key_text(task.row), "given": self._shown(task, task.given),
            "suggestion": self._shown(task, task.suggestion), "picture": f"picture/{task.position}",
            "probability": _percent(task.probability),
        }  # fmt: skip

    def _card(self, task: Any, reviewer: str) -> dict[str, Any]:
        held = self._session.card(task)
        choice = self._choice(task)
        images = self._images if self._values else None
        earlier = self._session.answer(task, reviewer)
        return self._tile(task) | {
            "address": _address(task), "column": task.column, "choice": choice, "title": held["title"],
            "place": held["place"] if self._values else [], "why": task.why,
            "share": percent(task.probability) if _is_known(task.probability) else 0,
            "picture": f"picture/{task.position}" if images is not None else "",
            "text": held["text"] if self._values else "",
            "cells": held["cells"] if self._values else [], "headings": held["headings"],
            "neighbors": self._neighbors(held["neighbors"], images is not None),
            "earlier": earlier, "note": self._session.note_on(task, reviewer),
            "answers": self._answers(task, choice), "boxes": self._boxes(task) if choice == "labels" else [],
            "other_label": OTHER_LABELS[choice],
            "other_hint": OTHER_HINTS[choice],
        }  # fmt: skip

    def _neighbors(self, groups: Sequence[dict[str, Any]], pictured: bool) -> list[dict[str, Any]]:
        """Nearest rows of both classes; without values only which they are."""
        return [
            {
                "title": group["title"], "label": self._label(group["label"]),
                "rows": [
                    {
                        "row": row["row"], "text": row["text"] if self._values else "",
                        "picture": f"picture/{row['position']}" if pictured else "",
                    }
                    for row in group["rows"]
                ],
            }
            for group in groups
        ]  # fmt: skip

    def _choice(self, task: Any) -> str:
        """How another label is given: a number, one of the classes, several of them, a cell as text, or not at all."""
        if task.column:
            return "text"
        if task.list not in ABOUT_LABELS:
            return ""
        if self._joined is not None:
            return "labels"
        return "classes" if self._classes else "number"

    def _answers(self, task: Any, choice: str) -> list[dict[str, Any]]:
        """The buttons of a row with their keys."""
        about = "cell" if task.column else "label" if task.list in ABOUT_LABELS else "row"
        given = self._shown(task, task.given) if about != "row" else ""
        found = [_button("K", "keep", "Keep", given or ("" if about == "row" else "nothing"))]
        if task.suggestion is not None:
            found.append(_button("S", "suggestion", "Change to", self._shown(task, task.suggestion), kind="suggestion"))
        if choice == "labels":
            found.append(_button("Enter", "checked", "As checked"))
            if self._joined is not None and len(self._joined.names) > BOXES:
                found.append(_button("L", "other", "More labels"))
        elif choice == "classes" and len(self._classes) <= QUICK_CLASSES:
            shown = {_text(task.given), _text(task.suggestion)}
            found += [
                _button(str(key), "class", "", name, value=name)
                for key, name in enumerate(self._classes, 1) if name not in shown
            ]  # fmt: skip
        elif choice:
            found.append(_button("L", "other", "Another"))
        if about == "cell" and task.given:
            found.append(_button("M", "missing", "Missing"))
        if about != "cell":
            found.append(_button("D", "drop", "Drop"))
        return [*found, _button("U", "unsure", "Unsure")]

    def _boxes(self, task: Any) -> list[dict[str, Any]]:
        """A box for every label of a row that may have several: of very many, those it has and the most frequent."""
        if self._joined is None:
            return []
        names = self._joined.names
        given, suggested = self._joined.parts(task.given), self._joined.parts(task.suggestion)
        shown = list(dict.fromkeys([*given, *suggested, *names]))[: max(BOXES, len({*given, *suggested}))]
        keys = QUICK_CLASSES if len(names) <= BOXES else 0  # else a digit would be another label in the next row
        return [
            {
                "name": name, "checked": name in given, "key": str(place) if place <= keys else "",
                "hint": _hint(name in given, name in suggested) if suggested else "",
            }
            for place, name in enumerate(sorted(shown), 1)
        ]  # fmt: skip

    def _ended(self, left: Any) -> dict[str, Any]:
        """What is said where no row is left; nothing of it is shown where there is one."""
        return {} if left else {"title": "Nothing is left to decide", "sentences": self._session.closing()}


OTHER_LABELS = {
    "": "", "labels": "One more label", "classes": "The right class", "number": "The right number",
    "text": "The right value",
}  # fmt: skip
OTHER_HINTS = {
    "": "", "labels": "Some letters of its name, then choose it (the arrows and Enter): it is saved with the others.",
    "classes": "Some letters of its name, then choose it (the arrows and Enter).", "number": "Then Enter.",
    "text": "Then Enter.",
}  # fmt: skip


def _hint(given: bool, suggested: bool) -> str:
    """What is suggested of one of several labels; nothing where it is as it is."""
    return "" if given == suggested else "suggested" if suggested else "not suggested"


def _button(key: str, act: str, label: str, shown: str = "", *, kind: str = "", value: Any = None) -> dict[str, Any]:
    return {"key": key, "act": act, "label": label, "shown": shown, "kind": kind, "value": value}


def _address(task: Any) -> str:
    """What names a row behind the token."""
    column = f"&column={address_text(task.column)}" if task.column else ""
    return f"?list={address_text(task.list)}&row={task.position}{column}"


def _text(value: Any) -> str:
    """A label or a cell as the page has it; numbers as they are, not rounded."""
    return "" if value is None or value != value else shortened(key_text(value), 200)


def _is_known(probability: Any) -> bool:
    return isinstance(probability, int | float) and math.isfinite(probability)


def _percent(probability: Any) -> str:
    return percent_text(probability, ".0f") if _is_known(probability) else ""


def _said(decision: str, value: Any) -> str:
    """An answer within a sentence about a row."""
    if decision == "relabel":
        return "set to missing" if value is None else f"changed to {shortened(key_text(value), 60)}"
    return {"suggestion": "changed as suggested", "keep": "kept", "drop": "dropped", "unsure": "unsure"}[decision]
