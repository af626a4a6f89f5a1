"""An audit under review: its rows, the queue, and the answers so far."""

import threading
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from samplewise.auditing.audited_rows import changed_rows, load_rows, read_again
from samplewise.auditing.decided import decided, other_data
from samplewise.auditing.decision_log import DecisionLog, Entry
from samplewise.core.codec import load_record
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.findings import AuditRecord
from samplewise.core.rates import percent
from samplewise.core.texts import count_of
from samplewise.data.changed_cells import column_at
from samplewise.data.dataset import Dataset
from samplewise.data.joined_labels import JoinedLabels
from samplewise.data.readers import Reading
from samplewise.data.written_values import number_in
from samplewise.report.for_review import ABOUT_LABELS
from samplewise.review.live_labels import LiveLabels
from samplewise.review.progress import (
    EVERY,
    Calibration,
    Fact,
    agreement,
    calibration,
    calibration_fact,
    differs,
    fact,
    is_wrong,
    measured_facts,
    rate_fact,
    share_wrong,
    skill_facts,
    skills,
)
from samplewise.review.queue import Queue, Task
from samplewise.review.row_card import RowCards
from samplewise.selection.decisions import read_cell


class Session:
    """What a review holds. All of it may be called from several threads.

    Args:
        record: of the audit.   data: its rows.   log: the answers.   folder: in which the data's files lie.
        run_dir: of the audit.   both: whether every reviewer is asked about every row.
        prices: of one "review", and of one row to "collect"; with both, rows are suggested only as long as they pay.

    Cost: finding odd cells again where the audit proposes to change any.
    """

    def __init__(
        self, record: AuditRecord, data: Dataset, log: DecisionLog, folder: Path | None, run_dir: Path, *,
        both: bool = False, prices: Mapping[str, float] | None = None,
    ) -> None:  # fmt: skip
        self.record, self.data, self.log, self.folder, self.run_dir = record, data, log, folder, run_dir
        prices = prices or {}
        self.queue = Queue(record, data, both=both, price=prices.get("review"), worth=prices.get("collect"))
        self._promised = {task.key: task.probability for task in self.queue.tasks() if np.isfinite(task.probability)}
        self._cards = RowCards(record, data, self.queue.places)
        self._live = LiveLabels(record, data, run_dir)
        self._lock = threading.RLock()
        self._seen, self._restarts, self._facts_at, self._told = 0, 0, 0, list[Fact]()
        self._worker: threading.Thread | None = None
        self._follow()

    @classmethod
    def open(
        cls, run_dir: str | Path, *, data: str | Path | None = None, both: bool = False,
        prices: Mapping[str, float] | None = None,
    ) -> "Session":  # fmt: skip
        """The review of a run folder, with the answers that lie in it.

        Args:
            run_dir: that `audit` wrote.   data: the audited file, where it has moved.   both, prices: as above.

        Raises:
            InputError: no record, data that are gone or others than those that were audited.

        Cost: reading the data once.
        """
        record = load_record(run_dir, partial=True)
        place = Path(run_dir)
        run = place if place.is_dir() else place.parent
        reading = _reread(record, data)
        changed_rows(record.data, load_rows(run, record.data), reading, "content", str(reading.file))
        log = DecisionLog(run, str(record.data["fingerprint"]))
        return cls(record, reading.data, log, _folder(reading), run, both=both, prices=prices)

    # ---- tasks ------------------------------------------------------------------------------------------------------

    def task(self, reviewer: str) -> Task | None:
        """The next row of a reviewer."""
        return next(iter(self.tasks(reviewer, 1)), None)

    def tasks(self, reviewer: str, count: int) -> list[Task]:
        """The next rows of a reviewer."""
        with self._lock:
            self._follow()
            return self.queue.upcoming(reviewer, count)

    def task_at(self, position: int, code: str, column: str = "") -> Task | None:
        """The row at a position of the data on a list; None where it is not in the queue."""
        return self.queue.at(position, code, column)

    def find(self, entry: Entry) -> Task | None:
        """The row that an answer is about; None where nothing asks about it."""
        return self.queue.find(entry.key)

    def answer(self, task: Task, reviewer: str) -> Entry | None:
        """What a reviewer answered, as it holds now."""
        return self.log.answer(task.key, reviewer)

    def note_on(self, task: Task, reviewer: str) -> str:
        """A reviewer's note on a row."""
        return self.log.remark(task.key, reviewer)

    def card(self, task: Task) -> dict[str, Any]:
        """Title, place, text, cells beside typical ones, and nearest rows of a task, as plain values."""
        return self._cards.card(task)

    # ---- answers ----------------------------------------------------------------------------------------------------

    def decide(self, task: Task, decision: str, value: Any = None, *, reviewer: str, note: str = "") -> Entry:
        """Write an answer down; it is on the disk when this returns.

        Raises: InputError: it cannot be written; then nothing was.
        """
        with self._lock:
            entry = self._entry(task, reviewer, decision=decision, value=value, note=note)
            self.log.append(entry)
            self._follow()
            return entry

    def note(self, task: Task, text: str, *, reviewer: str) -> None:
        """Write a note down; it is on the disk when this returns."""
        with self._lock:
            self.log.append(self._entry(task, reviewer, note=text, kind="note"))

    def undo(self, reviewer: str) -> Entry | None:
        """Take a reviewer's last answer back; returns it, or None where there is none."""
        with self._lock:
            self.log.refresh()
            last = self.log.last(reviewer)
            if last is None:
                return None
            self.log.append(
                Entry(last.row, last.list, reviewer=reviewer, time=time.time(), kind="undo", column=last.column)
            )
            self._follow()
            return last

    def read_value(self, task: Task, written: Any) -> Any:
        """The label, or the cell, that a person wrote, of several labels a row a list of them.

        Raises: InputError: none of the data, or no value of the column.
        """
        if task.column:
            return read_cell(None if written == "" else written, self._column(task.column))
        classes = self._cards.classes
        if classes is not None and self.joined is not None:
            return self._joined_label(task, self.joined, written)
        if classes is None:
            number = number_in(str(written))
            if number is None:
                raise InputError("the label is a number", got=repr(written), fix="write a number, such as 3.5")
            return number
        if str(written) not in classes:
            raise unknown_name("class", str(written), classes)
        return classes[str(written)]

    @cached_property
    def joined(self) -> JoinedLabels | None:
        """The labels of which a row may have several, in one cell; None where every row has one."""
        return JoinedLabels.of(self.data.y) if self.record.data.get("task") != "regression" else None

    def _joined_label(self, task: Task, joined: JoinedLabels, written: Any) -> str:
        """Labels, or the cell that holds them, as the data write them; the same as given are as they were given."""
        parts = written if isinstance(written, list | tuple) else joined.parts(written)
        cell = joined.cell(map(str, parts))
        return task.given if set(joined.parts(task.given)) == set(joined.parts(cell)) else cell

    def _column(self, name: str) -> Any:
        place = [column.name for column in self.data.columns].index(name)
        return np.asarray(column_at(self.data.X, place))

    @property
    def classes(self) -> list[Any] | None:
        """The classes of the data; None where labels are numbers."""
        held = self._cards.classes
        return None if held is None else list(held.values())

    def reviewers(self) -> list[str]:
        """Names of all whose answers hold."""
        with self._lock:
            answers = self.log.current()
        return sorted({name for said in answers.values() for name in said})

    def _entry(self, task: Task, reviewer: str, **said: Any) -> Entry:
        return Entry(
            task.row, task.list, reviewer=reviewer, time=time.time(), given=task.given, column=task.column, **said
        )

    def _follow(self) -> None:
        """Take in what was written since, by this process and by others, and make figures anew every 25 answers."""
        self.log.refresh()
        if self.log.restarts != self._restarts:
            self._restarts, self._seen = self.log.restarts, 0
            self.queue.forget()
        new = self.log.entries(self._seen)
        self._seen += len(new)
        for entry in new:
            if entry.kind != "note":
                answered = self.log.answer(entry.key, entry.reviewer) is not None
                self.queue.mark(entry.key, entry.reviewer, answered)
        if self.queue.answered() - self._facts_at >= EVERY and not self.is_busy:
            self._start()

    # ---- how far it has come ----------------------------------------------------------------------------------------

    def panel(self, reviewer: str) -> dict[str, Any]:
        """Numbers and sentences about the review so far."""
        with self._lock:
            answered, total = self.queue.answered(reviewer if self.queue.both else None), len(self.queue)
            found = self.calibration()
            facts = [] if found is None or found.answers < EVERY else [calibration_fact(found)]
            return {
                "title": f"{answered:,} of {total:,} answered",
                "share": percent(answered / total if total else 1.0), "sentences": self.queue.summary(),
                "facts": [*facts, *self._told, *([_BUSY] if self.is_busy else [])],
                "notes": [*self.log.notes, *other_data(self.run_dir, self.log)][:3],
            }  # fmt: skip

    def calibration(self) -> Calibration | None:
        """What the audit promised of the labels that were answered, and what was found; None without answers."""
        with self._lock:
            answers = self.log.current()
        pairs = [
            (self._promised[key], wrong)
            for key, said in answers.items()
            if key in self._promised and (wrong := is_wrong(said.values())) is not None
        ]
        return calibration([chance for chance, _ in pairs], [wrong for _, wrong in pairs])

    def closing(self) -> list[str]:
        """What is said where no row is left, or none that pays."""
        return [
            f"{count_of(self.queue.answered(), 'row has', 'rows have')} an answer. {self.queue.summary()[-1]}",
            f"samplewise apply {self.run_dir} --out FILE writes the data after these decisions.",
        ]

    def disagreements(self) -> list[tuple[Task, dict[str, Entry]]]:
        """Rows on which reviewers differ, with what each said."""
        with self._lock:
            answers = self.log.current()
        found = []
        for key, said in answers.items():
            task = self.queue.find(key) if differs(said) else None
            if task is not None:
                found.append((task, said))
        return found

    def agreement(self) -> list[str]:
        """How far the reviewers agree, in sentences."""
        with self._lock:
            answers = self.log.current()
        differ = len(self.disagreements())
        shared = sum(len(said) > 1 for said in answers.values())
        told = f"{count_of(shared, 'row has', 'rows have')} answers of several people, who differ on {differ:,}."
        return [told, *agreement(answers, self.reviewers())]

    # ---- what takes a while -----------------------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        """Whether figures are being made anew."""
        return self._worker is not None and self._worker.is_alive()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the figures are made, or for so long."""
        if self._worker is not None:
            self._worker.join(seconds)

    def _start(self) -> None:
        self._facts_at = self.queue.answered()
        self._worker = threading.Thread(target=self._anew, name="figures of the review", daemon=True)
        self._worker.start()

    def _anew(self) -> None:
        """Read all labels again with the answers, order the queue by that, and test what was decided."""
        with self._lock:
            answers, names, count = self.log.current(), self.reviewers(), self._facts_at
        try:
            told = self._read_again(answers, count)
            found = skills(answers, names)
            told += [] if found is None else skill_facts(found)
            with self._lock:
                self._told = told
            known = {key[0] for key in answers if key[0] in self.queue.places}
            decisions = decided(answers, known).decisions
            measured = measured_facts(self._live.measured(decisions), count)
        except InputError as fault:
            told, measured = [fact("Not measured", fault.args[0])], []
        with self._lock:
            self._told = [*told, *measured]

    def _read_again(self, answers: Any, count: int) -> list[Fact]:
        """The share of wrong labels after the answers; the queue goes by what each label is worth now."""
        wrong: dict[int, float] = {}
        labels: dict[int, Any] = {}
        for key, said in answers.items():
            task = self.queue.find(key)
            share = share_wrong(said.values()) if task is not None and task.list in ABOUT_LABELS else None
            if task is not None and share is not None:
                wrong[task.position] = share
                named = [entry.value for entry in said.values() if entry.decision == "relabel"]
                labels |= {task.position: named[-1]} if named else {}
        facts = self._live.after(wrong, labels)
        if facts is None:
            return []
        first = self._live.rows[facts.to_review()] if facts.cannot_tell else np.empty(0, dtype=np.intp)
        with self._lock:
            self.queue.revise(self._live.probabilities(facts), first)
        return [rate_fact(facts.noise_rate, count)]


_BUSY = fact("Being measured", "…", "what the decisions so far do to a model, on held-out rows")


def _reread(record: AuditRecord, moved_to: str | Path | None) -> Reading:
    path = Path(moved_to or str(record.data.get("source") or ""))
    if path == Path() or not path.exists():
        raise InputError(
            "the audited file is not where it was", where=str(path), got="no such file",
            fix="say where it is: --data PATH",
        )  # fmt: skip
    return read_again(path, record.data)


def _folder(reading: Reading) -> Path | None:
    """The folder whose pictures may be shown."""
    if reading.file is None:
        return None
    return reading.file if reading.file.is_dir() else reading.file.parent
