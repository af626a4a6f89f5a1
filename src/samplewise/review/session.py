"""An audit under review: its rows, the queue, and the answers so far."""

import time
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from samplewise.auditing.audited_rows import changed_rows, load_rows, read_again
from samplewise.auditing.own_cells import OwnCells, cell_text
from samplewise.auditing.row_cells import RowCells, plain
from samplewise.core.arrays import Array
from samplewise.core.codec import load_record
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.findings import AuditRecord
from samplewise.core.rates import percent_text
from samplewise.core.texts import count_of, key_text
from samplewise.data.changed_cells import column_at
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.data.readers import Reading
from samplewise.data.targets import compared_labels
from samplewise.data.written_values import number_in
from samplewise.engine.statistics.intervals import wilson_interval
from samplewise.quality.cell_remedies import cleaned_cells
from samplewise.review.decision_log import DecisionLog, Entry
from samplewise.review.queue import ABOUT_CELLS, ABOUT_LABELS, Line, Queue, Task

FEWEST = 25  # answers before a rate is compared with what was promised
NEIGHBORS = ("nearest_given", "nearest_suggested")


class Session:
    """What a review holds.

    Args:
        record: of the audit.   data: its rows.   log: the answers.   folder: in which the data's files lie.
        run_dir: of the audit.   both: whether every reviewer is asked about every row.

    Cost: reading the data once, and finding odd cells again where the audit proposes to change any.
    """

    def __init__(
        self, record: AuditRecord, data: Dataset, log: DecisionLog, folder: Path | None, run_dir: Path, *,
        both: bool = False,
    ) -> None:  # fmt: skip
        self.record, self.data, self.log, self.folder, self.run_dir = record, data, log, folder, run_dir
        self.queue = Queue(record, data.ids, data.y, cells=_odd_cells(record, data), both=both)
        self._seen = 0
        self._follow()

    @classmethod
    def open(cls, run_dir: str | Path, *, data: str | Path | None = None, both: bool = False) -> "Session":
        """The review of a run folder, with the answers that lie in it.

        Args:    run_dir: that `audit` wrote.   data: the audited file, where it has moved.   both: as above.
        Raises:  InputError: no record, data that are gone or others than those that were audited.
        """
        record = load_record(run_dir, partial=True)
        place = Path(run_dir)
        run = place if place.is_dir() else place.parent
        reading = _reread(record, data)
        changed_rows(record.data, load_rows(run, record.data), reading, "content", str(reading.file))
        log = DecisionLog(run, str(record.data["fingerprint"]))
        return cls(record, reading.data, log, _folder(reading), run, both=both)

    # ---- tasks ------------------------------------------------------------------------------------------------------

    def task(self, reviewer: str) -> Task | None:
        """The next row of a reviewer."""
        return next(iter(self.tasks(reviewer, 1)), None)

    def tasks(self, reviewer: str, count: int) -> list[Task]:
        """The next rows of a reviewer."""
        self._follow()
        return self.queue.upcoming(reviewer, count)

    def task_at(self, position: int, code: str, column: str) -> Task | None:
        """The row at a position of the data on a list; None where it is not in the queue."""
        return self.queue.at(position, code, column)

    def answer(self, task: Task, reviewer: str) -> Entry | None:
        """What a reviewer answered, as it holds now."""
        return self.log.answer(task.key, reviewer)

    def note_on(self, task: Task, reviewer: str) -> str:
        """A reviewer's note on a row."""
        return self.log.remark(task.key, reviewer)

    # ---- answers ----------------------------------------------------------------------------------------------------

    def decide(self, task: Task, decision: str, value: Any = None, *, reviewer: str, note: str = "") -> Entry:
        """Write an answer down; it is on the disk when this returns."""
        entry = self._entry(task, reviewer, decision=decision, value=value, note=note)
        self.log.append(entry)
        self._follow()
        return entry

    def note(self, task: Task, text: str, *, reviewer: str) -> None:
        """Write a note down."""
        self.log.append(self._entry(task, reviewer, note=text, kind="note"))

    def undo(self, reviewer: str) -> Entry | None:
        """Take a reviewer's last answer back; returns it, or None where there is none."""
        self.log.refresh()
        last = self.log.last(reviewer)
        task = None if last is None else self.queue.find(last.key)
        if last is None or task is None:
            return None
        self.log.append(self._entry(task, reviewer, kind="undo"))
        self._follow()
        return last

    def _entry(self, task: Task, reviewer: str, **said: Any) -> Entry:
        return Entry(
            task.row, task.list, reviewer=reviewer, time=time.time(), given=task.given, column=task.column, **said
        )

    def read_value(self, task: Task, written: Any) -> Any:
        """The label, or the cell, that a person wrote; raises `InputError` for one that cannot be."""
        if task.column:
            return written if written != "" else None
        classes = self._classes
        if classes is None:
            number = number_in(str(written))
            if number is None:
                raise InputError("the label is a number", got=repr(written), fix="write a number, such as 3.5")
            return number
        if str(written) not in classes:
            raise unknown_name("class", str(written), classes)
        return classes[str(written)]

    def reviewers(self) -> list[str]:
        """Names of all who answered."""
        return sorted({entry.reviewer for entry in self.log.entries() if entry.kind == "decision"})

    def _follow(self) -> None:
        """Take in what was written since, by this process and by others."""
        self.log.refresh()
        entries = self.log.entries()
        for entry in entries[self._seen :] if len(entries) >= self._seen else entries:
            if entry.kind != "note":
                answered = self.log.answer(entry.key, entry.reviewer) is not None
                self.queue.mark(entry.key, entry.reviewer, answered)
        self._seen = len(entries)

    # ---- what a person needs to decide ------------------------------------------------------------------------------

    def card(self, task: Task) -> dict[str, Any]:
        """Title, place, text, cells beside typical ones, and nearest rows of a task, as plain values."""
        held: dict[str, Any] = {"title": self._titles.get(task.list, ""), "place": self._place_of(task.position)}
        if not isinstance(self.data.X, Images):
            held |= self._cells_of(task)
        held["neighbors"] = [] if task.column else self._neighbors_of(task)
        return held

    @cached_property
    def _titles(self) -> dict[str, str]:
        return {outcome.code: outcome.title for outcome in self.record.outcomes}

    @cached_property
    def _classes(self) -> dict[str, Any] | None:
        """The classes of the data by their text; None for a regression."""
        classes = self._target.classes
        return None if classes is None else {key_text(value): value for value in classes.tolist()}

    @cached_property
    def _target(self) -> Any:
        return compared_labels(self.data.y, self.record.data.get("task") or "auto", self.data.ids)

    @cached_property
    def _row_cells(self) -> RowCells:
        return RowCells(self.data, self._target)

    @cached_property
    def _own(self) -> OwnCells:
        return OwnCells(self.data)

    def _place_of(self, position: int) -> list[tuple[str, str]]:
        told = (("time", self.data.time), ("group", self.data.groups))
        return [(name, cell_text(values[position])) for name, values in told if values is not None]

    def _cells_of(self, task: Task) -> dict[str, Any]:
        """Its text in full, and its cells: those at odds with the label first, then the others."""
        columns = self.data.columns
        texts = [place for place, column in enumerate(columns) if column.kind == "text"]
        text = self._own.texts(texts[0], np.array([task.position]))[0] if texts else ""
        code = self._code(task.suggestion) if task.list in ABOUT_LABELS else None
        rows = np.array([task.position])
        telling = self._row_cells.telling(rows, None if code is None else np.array([code]))[0]
        rest = [place for place in range(len(columns)) if place not in telling and place not in texts]
        places = [place for place in [*telling, *rest][:MOST_CELLS] if place not in texts]
        given = self._target.codes[task.position].item()
        labels = [("given", given)] + ([("suggested", code)] if code is not None and code >= 0 else [])
        cells = []
        for (name, value), place in zip(self._row_cells.of(task.position, places), places, strict=True):
            typical = [plain(self._row_cells.typical(label, place)) for _, label in labels]
            cells.append([name, value, *typical])
        names = [self._name(label) for _, label in labels]
        return {
            "text": text,
            "cells": cells,
            "headings": ["column", "this row", *(f"typical of {name}" for name in names)],
        }

    def _code(self, label: Any) -> Any:
        if label is None:
            return None
        if self._target.classes is None:
            return float(label)
        found = np.flatnonzero(self._target.classes.astype(str) == str(label))
        return int(found[0]) if len(found) else None

    def _name(self, code: Any) -> str:
        return key_text(code if self._target.classes is None else self._target.classes[int(code)])

    def _neighbors_of(self, task: Task) -> list[dict[str, Any]]:
        """The nearest rows of both classes, where the record has them."""
        found = []
        for name, label in zip(NEIGHBORS, (task.given, task.suggestion), strict=True):
            key = self._nearest.get(name, {}).get(str(task.row))
            if key and key in self._places:
                found.append(
                    {"title": "nearest of", "label": label, "rows": [{"row": key, "position": self._places[key]}]}
                )
        return found

    @cached_property
    def _places(self) -> dict[str, int]:
        return {str(key): place for place, key in enumerate(self.data.ids.tolist())}

    @cached_property
    def _nearest(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for outcome in self.record.outcomes:
            for exhibit in outcome.result.exhibits:
                if exhibit.kind == "rows" and outcome.code in ABOUT_LABELS:
                    keys = list(map(str, exhibit.columns["id"].tolist()))
                    for name in NEIGHBORS:
                        if name in exhibit.columns:
                            found.setdefault(name, {}).update(
                                zip(keys, map(str, exhibit.columns[name].tolist()), strict=True)
                            )
        return found

    # ---- how far it has come ----------------------------------------------------------------------------------------

    def panel(self, reviewer: str) -> dict[str, Any]:
        """Numbers and sentences about the review so far."""
        answered, total = self.queue.answered(reviewer if self.queue.both else None), len(self.queue)
        rows, wrong = self.queue.expected_wrong()
        sentences = []
        if rows:
            sentences.append(f"About {wrong:,.0f} of the {rows:,} rows with a probability will turn out wrong.")
        return {
            "title": f"{answered:,} of {count_of(total, 'row')}", "share": 100.0 * answered / total if total else 100.0,
            "sentences": sentences, "facts": self._promised(), "notes": self.log.notes[:3],
        }  # fmt: skip

    def _promised(self) -> list[dict[str, str]]:
        """How many of the answered labels were wrong, beside what their probabilities promised."""
        promised, wrong = [], 0
        for key, said in self.log.current().items():
            task = self.queue.find(key)
            if task is None or not np.isfinite(task.probability):
                continue
            clear = [entry for entry in said.values() if entry.decision != "unsure"]
            if clear:
                promised.append(task.probability)
                wrong += clear[-1].decision != "keep"
        if len(promised) < FEWEST:
            return []
        low, high = wilson_interval(wrong, len(promised))
        return [
            {
                "label": "Wrong among the labels answered",
                "text": f"{percent_text(wrong / len(promised), '.0f')} "
                f"[{percent_text(low, '.0f')}, {percent_text(high, '.0f')}]",
                "detail": f"promised: {percent_text(float(np.mean(promised)), '.0f')}; {len(promised):,} answers",
            }
        ]  # fmt: skip

    def closing(self) -> list[str]:
        """What is said where no row is left."""
        return [
            f"{count_of(self.queue.answered(), 'row')} of {len(self.queue):,} have an answer.",
            "samplewise apply RUN --out FILE writes the data after your decisions.",
        ]

    def disagreements(self) -> list[tuple[Task, dict[str, Entry]]]:
        """Rows on which reviewers differ, with what each said."""
        found = []
        for key, said in self.log.current().items():
            if len({(entry.decision, str(entry.value)) for entry in said.values()}) > 1:
                task = self.queue.find(key)
                if task is not None:
                    found.append((task, said))
        return found

    def agreement(self) -> list[str]:
        """How far the reviewers agree, in sentences."""
        shared = [said for said in self.log.current().values() if len(said) > 1]
        differ = len(self.disagreements())
        return [f"{count_of(len(shared), 'row')} have answers of several people, who differ on {differ:,}."]


MOST_CELLS = 40  # of one row on a page


def _reread(record: AuditRecord, moved_to: str | Path | None) -> Reading:
    path = Path(moved_to or str(record.data.get("source") or ""))
    if path == Path() or not path.exists():
        raise InputError(
            "the audited file is not where it was",
            where=str(path),
            got="no such file",
            fix="say where it is: --data PATH",
        )
    return read_again(path, record.data)


def _folder(reading: Reading) -> Path | None:
    """The folder whose pictures may be shown."""
    if reading.file is None:
        return None
    return reading.file if reading.file.is_dir() else reading.file.parent


def _odd_cells(record: AuditRecord, data: Dataset) -> list[Line]:
    """The cells that the audit proposes to change, each with what would stand there."""
    outcome = record.outcome(ABOUT_CELLS)
    if outcome is None or isinstance(data.X, Images):
        return []
    wanted: dict[tuple[str, Any], str] = {}
    for finding in outcome.result.findings:
        for remedy in finding.remedies:
            if remedy.kind == "clean":
                for column, do in zip(remedy.keys, remedy.values, strict=True):
                    wanted[column, do] = finding.explanation
    if not wanted:
        return []
    places = {str(key): place for place, key in enumerate(data.ids.tolist())}
    at = {column.name: place for place, column in enumerate(data.columns)}
    found = []
    for (column, do), decisions in cleaned_cells(data, data, list(wanted)).items():
        cells: Array = np.asarray(column_at(data.X, at[column]), dtype=object)
        for rank, decision in enumerate(decisions):
            given = cell_text(cells[places[str(decision.id)]])
            why = f"{wanted[column, do]} Proposed: {do}."
            found.append(
                Line(decision.id, ABOUT_CELLS, float("nan"), decision.value, why, 0.1 / (1 + rank / 1e6), column, given)
            )
    return found
