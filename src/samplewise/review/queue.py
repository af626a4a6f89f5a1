"""The rows that ask for a decision, in the order in which deciding them is expected to tell most."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.auditing.row_facts import PROBABILITY, row_facts
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.findings import AuditRecord, Finding, Outcome
from samplewise.core.json_encoding import object_array
from samplewise.core.texts import sentence

ABOUT_LABELS = ("SW201", "SW202", "SW203")
ABOUT_CELLS = "SW108"
LISTS = (*ABOUT_LABELS, "SW103", "SW102", "SW104", ABOUT_CELLS)  # in this order where probabilities do not tell
KEPT_FOR = 120.0  # seconds for which a row that one reviewer sees is given to no other


@dataclass(frozen=True, slots=True)
class Task:
    """One row of one list.

    Args:
        row: id.   list: code of the finding.   position: of the row in the data.
        probability: that its label is wrong, as the audit has it; NaN where it has none.
        suggestion: label or cell in its place; None for none.   given: what it has now.
        why: it is listed.   gain: the larger, the earlier it comes.   column: of a cell; "" for the row.
    """

    row: Any
    list: str
    position: int
    probability: float
    suggestion: Any
    given: Any
    why: str
    gain: float
    column: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What an answer to it is about, as `Entry.key`."""
        return str(self.row), self.list, self.column


@dataclass(frozen=True, slots=True)
class Line:
    """A row or a cell on its way into a queue; the fields are those of `Task`."""

    row: Any
    list: str
    probability: float
    suggestion: Any
    why: str
    gain: float
    column: str = ""
    given: Any = None  # of a cell; labels are those of the data


class Queue:
    """All rows of all findings that ask for a decision, and who has answered which.

    Args:
        record: of the audit.   ids: (n,) of the data.   given: (n,) labels; None where the data are not at hand.
        cells: odd ones, with what would stand in their place.
        both: whether every reviewer is asked about every row; otherwise about those nobody has answered.

    Cost: O(rows listed) memory, in arrays; `next` O(1) in the mean.
    """

    def __init__(
        self, record: AuditRecord, ids: Array, given: Array | None, *, cells: Sequence[Line] = (), both: bool = False
    ) -> None:
        self.both = both
        listed = [line for outcome in record.outcomes if outcome.code in LISTS for line in _lines(outcome)]
        listed += cells
        places = {str(key): place for place, key in enumerate(ids.tolist())}
        listed = [line for line in listed if str(line.row) in places]
        self._gain = np.array([line.gain for line in listed], dtype=np.float64)
        order = np.argsort(-self._gain, kind="stable")
        listed = [listed[place] for place in order]
        self._gain = self._gain[order]
        self._positions: Ints = np.array([places[str(line.row)] for line in listed], dtype=np.intp)
        self._codes: Ints = np.array([LISTS.index(line.list) for line in listed], dtype=np.int8)
        self.probabilities: Floats = np.array([line.probability for line in listed], dtype=np.float64)
        self._suggested = object_array([line.suggestion for line in listed])
        self._columns = object_array([line.column for line in listed])
        self._cells = {place: line.given for place, line in enumerate(listed) if line.column}
        whys = dict.fromkeys(line.why for line in listed)
        self._whys, numbers = list(whys), {why: number for number, why in enumerate(whys)}
        self._why: Ints = np.array([numbers[line.why] for line in listed], dtype=np.int32)
        self._ids, self._given = ids, given
        self._by_key = {self._key(place): place for place in range(len(listed))}
        self._answered: dict[str, Array] = {}
        self._from: dict[str, int] = {}
        self._held: dict[int, tuple[str, float]] = {}

    def __len__(self) -> int:
        """Number of rows that ask."""
        return len(self._positions)

    def answered(self, reviewer: str | None = None) -> int:
        """How many have an answer: of one reviewer, or of anybody."""
        masks = [mask for name, mask in self._answered.items() if reviewer in (None, name)]
        return int(np.logical_or.reduce(masks).sum()) if masks else 0

    def mark(self, key: tuple[str, str, str], reviewer: str, answered: bool) -> None:
        """Note that a row has an answer of a reviewer, or has none any more."""
        place = self._by_key.get(key)
        if place is None:
            return
        mask = self._answered.setdefault(reviewer, np.zeros(len(self), dtype=bool))
        mask[place] = answered
        self._held.pop(place, None)
        if not answered:
            self._from = {name: min(start, place) for name, start in self._from.items()}

    def next(self, reviewer: str) -> Task | None:
        """The next row for a reviewer; None where none is left. It is given to no other for two minutes."""
        return next(iter(self.upcoming(reviewer, 1)), None)

    def upcoming(self, reviewer: str, count: int) -> list[Task]:
        """The next rows for a reviewer, at most so many."""
        now = time.monotonic()
        self._held = {place: held for place, held in self._held.items() if now - held[1] < KEPT_FOR}
        found: list[int] = []
        for place in self._open(reviewer):
            if not self.both and self._held.get(place, (reviewer, now))[0] != reviewer:
                continue
            found.append(place)
            if len(found) == count:
                break
        self._held |= {place: (reviewer, now) for place in found}
        return [self.task(place) for place in found]

    def _open(self, reviewer: str) -> Iterator[int]:
        """Places without an answer, from where the last search of this reviewer ended."""
        masks = [mask for name, mask in self._answered.items() if name == reviewer or not self.both]
        start = self._from.get(reviewer, 0)
        first = True
        while start < len(self):
            block = slice(start, start + 1024)
            closed = np.logical_or.reduce([mask[block] for mask in masks]) if masks else np.zeros(1024, dtype=bool)
            for place in np.flatnonzero(~closed[: len(self) - start]):
                if first:
                    self._from[reviewer], first = start + int(place), False
                yield start + int(place)
            start += 1024
        if first:
            self._from[reviewer] = len(self)

    def task(self, place: int) -> Task:
        """The row at a place of the queue."""
        position = int(self._positions[place])
        column = self._columns[place]
        given = None if self._given is None else _plain(self._given[position])
        given = self._cells[place] if column else given
        return Task(
            self._id(position), LISTS[self._codes[place]], position, float(self.probabilities[place]),
            self._suggested[place], given, self._whys[self._why[place]],
            float(self._gain[place]), column,
        )  # fmt: skip

    def find(self, key: tuple[str, str, str]) -> Task | None:
        """The row that an answer is about."""
        place = self._by_key.get(key)
        return None if place is None else self.task(place)

    def at(self, position: int, code: str, column: str = "") -> Task | None:
        """The row at a position of the data on a list."""
        return self.find((str(self._id(position)), code, column)) if 0 <= position < len(self._ids) else None

    def expected_wrong(self) -> tuple[int, float]:
        """How many rows of lists about labels have a probability, and how many of them are expected to be wrong."""
        known = np.isfinite(self.probabilities)
        return int(known.sum()), float(self.probabilities[known].sum())

    def _id(self, position: int) -> Any:
        key = self._ids[position]
        return getattr(key, "item", lambda: key)()

    def _key(self, place: int) -> tuple[str, str, str]:
        return str(self._id(int(self._positions[place]))), LISTS[self._codes[place]], self._columns[place]


def _lines(outcome: Outcome) -> Iterator[Line]:
    """Rows that a check asks about; a row of several findings once."""
    seen = set()
    base = 1.0 / (2 + LISTS.index(outcome.code))
    for place, finding in enumerate(outcome.result.findings):
        if finding.axis == "row":
            facts = row_facts(outcome.result, place, finding.keys)
            reasons, suggested = facts.get("reason", {}), facts.get("suggested", {})
            probable = facts.get(PROBABILITY, {})
            for rank, row in enumerate(finding.keys):
                if row in seen:
                    continue
                seen.add(row)
                key = str(row)
                probability = float(probable.get(key, np.nan))
                gain = probability if np.isfinite(probability) else base / (1.0 + rank / 1e6)
                why = _why(finding, reasons.get(key))
                yield Line(row, outcome.code, probability, _plain(suggested.get(key)), why, gain)


def _why(finding: Finding, reason: Any) -> str:
    return " ".join(filter(None, (sentence(str(reason or "")), sentence(finding.explanation))))


def _plain(value: Any) -> Any:
    value = getattr(value, "item", lambda: value)()
    return None if value is None or value != value or value == "" else value
