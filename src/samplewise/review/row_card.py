"""What a person needs to decide about a row: its cells beside typical ones, its text, and its nearest rows."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from samplewise.auditing.own_cells import OwnCells, cell_text
from samplewise.auditing.row_cells import RowCells, plain
from samplewise.core.findings import AuditRecord
from samplewise.core.texts import key_text, shortened
from samplewise.data.changed_cells import cell_value
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.data.targets import compared_labels
from samplewise.report.for_review import ABOUT_LABELS, DUPLICATES
from samplewise.review.nearest_rows import NearestRows
from samplewise.review.queue import Task
from samplewise.review.queue_lines import plain as plain_label

MOST_CELLS = 40  # of one row on a page
FIRST_CELLS, LONGEST = 6, 200  # of a nearest row, and characters of it
NO_CELLS: Mapping[str, Any] = {"text": "", "cells": [], "headings": []}  # of a picture
NEIGHBORS = ("nearest_given", "nearest_suggested")  # columns of an exhibit of rows: of the class given, and suggested


class RowCards:
    """Cards of the rows of an audit, as plain values.

    Args:    record: of the audit.   data: its n rows.   places: position of each by the text of its id.
    Cost:    a pass over the labels and the exhibits, once; of a card, as `RowCells.telling` for one row.
    """

    def __init__(self, record: AuditRecord, data: Dataset, places: Mapping[str, int]) -> None:
        self._record, self._data, self._places = record, data, places
        self.nearest = NearestRows(data)

    def card(self, task: Task) -> dict[str, Any]:
        """Title, place, text, cells beside typical ones, and nearest rows of a task, as plain values."""
        shown = NO_CELLS if isinstance(self._data.X, Images) else self._cells_of(task)
        return {
            "title": self._titles.get(task.list, ""), "place": self._place_of(task.position),
            "neighbors": self._beside(task), **shown,
        }  # fmt: skip

    @cached_property
    def classes(self) -> dict[str, Any] | None:
        """The classes of the data by their text; None for a regression."""
        classes = self._target.classes
        return None if classes is None else {key_text(value): value for value in classes.tolist()}

    @cached_property
    def _titles(self) -> dict[str, str]:
        return {outcome.code: outcome.title for outcome in self._record.outcomes}

    @cached_property
    def _target(self) -> Any:
        return compared_labels(self._data.y, self._record.data.get("task") or "auto", self._data.ids)

    @cached_property
    def _row_cells(self) -> RowCells:
        return RowCells(self._data, self._target)

    @cached_property
    def _own(self) -> OwnCells:
        return OwnCells(self._data)

    def _place_of(self, position: int) -> list[tuple[str, str]]:
        told = (("time", self._data.time), ("group", self._data.groups))
        return [(name, cell_text(values[position])) for name, values in told if values is not None]

    def _beside(self, task: Task) -> list[dict[str, Any]]:
        """Rows shown beside it: of a duplicate the one that stays, of a label the nearest of both classes."""
        twin = self._twin_of(task)
        if twin is None:
            return [] if task.column else self._neighbors_of(task)
        label = None if self._data.y is None else plain_label(self._data.y[twin])
        return [self._group("the row of this set that stays", label, twin)]

    def _twin_of(self, task: Task) -> int | None:
        """Position of the row that stays where this one is a duplicate; None for rows of other lists."""
        return self._places.get(str(task.twin_of)) if task.list == DUPLICATES else None

    def _cells_of(self, task: Task) -> dict[str, Any]:
        """Its text in full, and its cells: those at odds with the label first, then the others."""
        twin = self._twin_of(task)
        return self._beside_typical(task) if twin is None else self._beside_twin(task, twin)

    def _beside_twin(self, task: Task, twin: int) -> dict[str, Any]:
        """Its cells beside those of the row that stays: those that differ first."""
        texts = [place for place, column in enumerate(self._data.columns) if column.kind == "text"]
        places = [place for place in range(len(self._data.columns)) if place not in texts]
        pairs = [
            [*own, other[1]]
            for own, other in zip(
                self._row_cells.of(task.position, places), self._row_cells.of(twin, places), strict=True
            )
        ]
        pairs.sort(key=lambda pair: pair[1] == pair[2])
        return {
            "text": self._text(task.position, texts[0]) if texts else "", "cells": pairs[:MOST_CELLS],
            "headings": ["column", "this row", f"row {key_text(self._ids[twin])}"],
        }  # fmt: skip

    def _beside_typical(self, task: Task) -> dict[str, Any]:
        columns = self._data.columns
        texts = [place for place, column in enumerate(columns) if column.kind == "text"]
        suggested = self._code(task.suggestion) if task.list in ABOUT_LABELS else None
        given = self._target.codes[task.position].item()
        is_labeled = (self._target.classes is None and given == given) or (
            self._target.classes is not None and given >= 0
        )
        telling = self._row_cells.telling(
            np.array([task.position]), None if suggested is None else np.array([suggested])
        )[0]  # fmt: skip
        rest = [place for place in range(len(columns)) if place not in telling]
        places = [place for place in [*telling, *rest] if place not in texts][:MOST_CELLS]
        labels = [*([given] if is_labeled else []), *([] if suggested is None else [suggested])]
        cells = [
            [name, value, *(cell_value(plain(self._row_cells.typical(label, place))) for label in labels)]
            for (name, value), place in zip(self._row_cells.of(task.position, places), places, strict=True)
        ]
        return {
            "text": self._text(task.position, texts[0]) if texts else "", "cells": cells,
            "headings": ["column", "this row", *(f"typical of {self._name(label)}" for label in labels)],
        }  # fmt: skip

    def _text(self, position: int, place: int) -> str:
        return cell_text(self._own.values(place, np.array([position]))[0])

    def _code(self, label: Any) -> Any:
        """A label as its code, or as its number; None where there is none, or no such class."""
        if self._target.classes is None:
            return None if label is None else float(label)
        return self._codes.get(str(label))

    @cached_property
    def _codes(self) -> dict[str, int]:
        found: dict[str, int] = self._target.code_by_name
        return found

    def _name(self, code: Any) -> str:
        return f"{float(code):.6g}" if self._target.classes is None else key_text(self._target.classes[int(code)])

    def _neighbors_of(self, task: Task) -> list[dict[str, Any]]:
        """The nearest rows of both classes: as the record has them, else as they are found among the rows."""
        if task.list not in ABOUT_LABELS:
            return []
        self.nearest.start()
        found = []
        for name, label in zip(NEIGHBORS, (task.given, task.suggestion), strict=True):
            position = self._places.get(self._nearest.get(name, {}).get(str(task.row), ""))
            code = self._code(label) if position is None else None
            if code is not None and code == code:
                position = self.nearest.nearest(task.position, self._row_cells.members(code))
            if position is not None:
                found.append(self._group("nearest of", label, position))
        return found

    def _group(self, title: str, label: Any, position: int) -> dict[str, Any]:
        row = {"row": key_text(self._ids[position]), "position": position, "text": self._short(position)}
        return {"title": title, "label": label, "rows": [row]}

    def _short(self, position: int) -> str:
        """A row in a line: its text, or its first cells."""
        columns = self._data.columns
        if isinstance(self._data.X, Images):
            return ""
        for place, column in enumerate(columns):
            if column.kind == "text":
                return shortened(self._text(position, place), LONGEST)
        cells = self._row_cells.of(position, list(range(min(len(columns), FIRST_CELLS))))
        return shortened(", ".join(f"{name} {cell_text(value)}" for name, value in cells), LONGEST)

    @cached_property
    def _ids(self) -> list[Any]:
        found: list[Any] = self._data.ids.tolist()
        return found

    @cached_property
    def _nearest(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for outcome in self._record.outcomes:
            for exhibit in outcome.result.exhibits:
                if exhibit.kind == "rows" and outcome.code in ABOUT_LABELS:
                    keys = list(map(str, exhibit.columns["id"].tolist()))
                    for name in NEIGHBORS:
                        if name in exhibit.columns:
                            found.setdefault(name, {}).update(
                                zip(keys, map(str, exhibit.columns[name].tolist()), strict=True)
                            )
        return found
