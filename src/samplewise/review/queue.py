"""The rows that ask for a decision, in the order in which deciding them is expected to gain most."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.auditing.decision_log import Key
from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.errors import require_amount
from samplewise.core.findings import AuditRecord
from samplewise.core.json_encoding import object_array
from samplewise.core.randomness import key_hashes
from samplewise.core.texts import count_of
from samplewise.data.dataset import Dataset
from samplewise.report.for_review import LISTS
from samplewise.review.queue_lines import plain, queue_lines

KEPT_FOR = 120.0  # seconds for which a row that one reviewer sees is given to no other
AHEAD = 10.0  # added to the gain of rows whose answers settle the probabilities of others
COPY = 0.1  # what a row counts as while another one that says the same is open
RARE = "unique_information"  # what a row is worth to the model
SPREAD = 0.25  # the rarest row counts so much more than the middle one, the commonest so much less
FEW = 0.2  # a share of wrong labels below which a person looks at five rows for one error
BLOCK = 1024
Slot = tuple[int, int, str]  # the row's position, the list, the column of a cell


@dataclass(frozen=True, slots=True)
class Task:
    """One row of one list.

    Args:
        row: id.   list: code of the finding.   position: of the row in the data.
        probability: that its label is wrong, as it is known now; NaN where nothing is.
        suggestion: label or cell in its place; None for none.   given: what it has now.
        why: it is listed.   gain: the larger, the earlier it comes.   column: of a cell; "" for the row.
        twin_of: id of a row of the same set of duplicates, which comes first; None for none.
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
    twin_of: Any = None

    @property
    def key(self) -> Key:
        """What an answer to it is about, as `Entry.key`."""
        return str(self.row), self.list, self.column


class Queue:
    """All rows of all findings that ask for a decision, and who has answered which.

    Args:
        record: of the audit.   data: the n rows it is about.
        both: whether every reviewer is asked about every row; otherwise about those nobody has answered.
        price: of a decision, and `worth` of a wrong label that is set right (as a new row costs), in the same money;
            with both, labels are no longer suggested once `price` is above what they are expected to save.

    `places` are the positions of all rows of the data by the text of their ids.

    Cost: memory of a text per row of the data, and O(rows listed) in arrays; `next` O(1) in the mean; `revise`
    O(rows listed).
    """

    def __init__(
        self, record: AuditRecord, data: Dataset, *, both: bool = False, price: float | None = None,
        worth: float | None = None,
    ) -> None:  # fmt: skip
        self.both = both
        self._least = 0.0
        if price is not None and worth is not None:
            self._least = require_amount(price, "price", zero=True) / require_amount(worth, "worth")
        self._ids, self._y = data.ids, data.y
        places = self.places = {str(key): place for place, key in enumerate(data.ids.tolist())}
        listed = [line for line in queue_lines(record, data) if str(line.row) in places]
        self._positions: Ints = np.array([places[str(line.row)] for line in listed], dtype=np.intp)
        self._lists: Ints = np.array([LISTS.index(line.list) for line in listed], dtype=np.int8)
        self.probabilities: Floats = np.array([line.probability for line in listed], dtype=np.float64)
        self._unknown: Floats = np.array([line.gain for line in listed], dtype=np.float64)
        self._first: Mask = np.array([line.first for line in listed], dtype=bool)
        self._keepers: Ints = np.array([places.get(str(line.twin_of), -1) for line in listed], dtype=np.intp)
        self._suggested = object_array([line.suggestion for line in listed])
        self._cells = {slot: (line.column, line.given) for slot, line in enumerate(listed) if line.column}
        whys = {why: number for number, why in enumerate(dict.fromkeys(line.why for line in listed))}
        self._whys = list(whys)
        self._why: Ints = np.array([whys[line.why] for line in listed], dtype=np.int32)
        self._slots: dict[Slot, int] = {}
        for slot, line in enumerate(listed):
            self._slots.setdefault((int(self._positions[slot]), int(self._lists[slot]), line.column), slot)
        self._value = _values(record, places, self._positions)
        self._drawn: Floats = key_hashes(data.ids)[self._positions] / 2.0**64
        self._answered: dict[str, Mask] = {}
        self._held: dict[int, tuple[str, float]] = {}
        self._from: dict[str, int] = {}
        self._sort()

    def __len__(self) -> int:
        """Number of rows that ask."""
        return len(self._positions)

    # ---- answers ----------------------------------------------------------------------------------------------------

    def answered(self, reviewer: str | None = None) -> int:
        """How many have an answer: of one reviewer, or of anybody."""
        return int(self._closed(reviewer).sum())

    def mark(self, key: Key, reviewer: str, answered: bool) -> None:
        """Note that a row has an answer of a reviewer, or has none any more."""
        slot = self._slot(key)
        if slot is None:
            return
        self._answered.setdefault(reviewer, np.zeros(len(self), dtype=bool))[slot] = answered
        self._held.pop(slot, None)
        if not answered:
            self._from.clear()

    def forget(self) -> None:
        """Take all rows as unanswered."""
        self._answered.clear()
        self._from.clear()

    def revise(self, probabilities: Floats, first: Ints | None = None) -> None:
        """Order the queue again by what is known now of all labels.

        Args:
            probabilities: (n,) that the label of a row of the data is wrong, NaN where nothing is known.
            first: positions of the rows whose answers settle most; None leaves them.
        """
        about = self._about_labels()
        known = np.asarray(probabilities, dtype=np.float64)[self._positions]
        self.probabilities = np.where(about & np.isfinite(known), known, self.probabilities)
        if first is not None:
            self._first = about & np.isin(self._positions, first)
        self._sort()

    # ---- rows -------------------------------------------------------------------------------------------------------

    def next(self, reviewer: str) -> Task | None:
        """The next row for a reviewer; None where none is left, or none that pays. Others get it in two minutes."""
        return next(iter(self.upcoming(reviewer, 1)), None)

    def upcoming(self, reviewer: str, count: int) -> list[Task]:
        """The next rows for a reviewer, at most so many."""
        now = time.monotonic()
        self._held = {slot: held for slot, held in self._held.items() if now - held[1] < KEPT_FOR}
        found: list[int] = []
        for slot in self._open(reviewer):
            if not self.both and self._held.get(slot, (reviewer, now))[0] != reviewer:
                continue
            found.append(slot)
            if len(found) == count:
                break
        self._held |= {slot: (reviewer, now) for slot in found}
        return [self.task(slot) for slot in found]

    def task(self, slot: int) -> Task:
        """The row of a slot."""
        position, twin = int(self._positions[slot]), int(self._twins[slot])
        column, given = self._cells.get(slot, ("", None))
        if not column and self._y is not None:
            given = plain(self._y[position])
        return Task(
            self._id(position), LISTS[self._lists[slot]], position, float(self.probabilities[slot]),
            self._suggested[slot], given, self._whys[self._why[slot]], float(self._gain[slot]), column,
            None if twin < 0 else self._id(twin),
        )  # fmt: skip

    def find(self, key: Key) -> Task | None:
        """The row that an answer is about; None where nothing asks about it."""
        slot = self._slot(key)
        return None if slot is None else self.task(slot)

    def at(self, position: int, code: str, column: str = "") -> Task | None:
        """The row at a position of the data on a list."""
        slot = self._slots.get((position, LISTS.index(code), column)) if code in LISTS else None
        return None if slot is None else self.task(slot)

    def tasks(self) -> Iterator[Task]:
        """All rows, in the order of the queue."""
        return map(self.task, self._order.tolist())

    # ---- what is to be expected -------------------------------------------------------------------------------------

    def expected_wrong(self) -> tuple[int, float]:
        """How many open rows have a probability, and how many of these are expected to be wrong."""
        known = np.isfinite(self.probabilities) & ~self._closed()
        return int(known.sum()), float(self.probabilities[known].sum())

    def summary(self) -> list[str]:
        """What is open, how much of it will turn out wrong, and from where on looking finds little; in sentences."""
        closed = self._closed()
        rows, wrong = self.expected_wrong()
        left = len(self) - int(closed.sum())
        one, many = ("row or cell is", "rows and cells are") if self._cells else ("row is", "rows are")
        told = [f"{count_of(left, one, many)} open."]
        if rows:
            of_these = "" if rows == left else f" of the {rows:,} with a probability"
            told[0] = f"{told[0][:-1]}; about {wrong:,.0f}{of_these} will turn out wrong."
            likely = int(((self.probabilities >= FEW) & ~closed).sum())
            if likely < rows:
                told.append(f"After {count_of(likely, 'more row')} fewer than one in five is.")
        if left and (closed | (self.probabilities < self._least)).all():
            told.append("What is open costs more to look at than it is expected to save.")
        return told

    # ---- order ------------------------------------------------------------------------------------------------------

    def _sort(self) -> None:
        about = self._about_labels()
        known = about & np.isfinite(self.probabilities)
        gain = np.where(known, self.probabilities * self._value, self._unknown)
        self._twins = np.where(about, self._representatives(gain, np.flatnonzero(about)), self._keepers)
        gain = np.where(about & (self._twins >= 0), COPY * gain, gain)
        self._gain = np.where(
            self._first, AHEAD + self._drawn, gain
        )  # in any order: the first few answers stand for all
        self._order = np.argsort(-self._gain, kind="stable")
        self._from.clear()

    def _representatives(self, gain: Floats, slots: Ints) -> Ints:
        """(s,) position of the row of the same set that comes first; -1 for those rows, and for rows of no set."""
        found = np.full(len(self), -1, dtype=np.intp)
        slots = slots[np.argsort(-gain[slots], kind="stable")]
        sets = np.where(self._keepers[slots] >= 0, self._keepers[slots], self._positions[slots])
        _, first, member = np.unique(sets, return_index=True, return_inverse=True)
        leaders = self._positions[slots[first]][member]
        found[slots] = np.where(leaders == self._positions[slots], -1, leaders)
        return found

    def _open(self, reviewer: str) -> Iterator[int]:
        """Slots without an answer, in order, from where the last search of this reviewer ended."""
        masks = [mask for name, mask in self._answered.items() if name == reviewer or not self.both]
        start, first = self._from.get(reviewer, 0), True
        while start < len(self):
            slots = self._order[start : start + BLOCK]
            closed = self.probabilities[slots] < self._least  # where no probability is known, all are asked about
            for mask in masks:
                closed |= mask[slots]
            for place in np.flatnonzero(~closed).tolist():
                if first:
                    self._from[reviewer], first = start + place, False
                yield int(slots[place])
            start += BLOCK
        if first:
            self._from[reviewer] = len(self)

    def _closed(self, reviewer: str | None = None) -> Mask:
        masks = [mask for name, mask in self._answered.items() if reviewer in (None, name)]
        return np.logical_or.reduce(masks) if masks else np.zeros(len(self), dtype=bool)

    def _about_labels(self) -> Mask:
        return np.asarray(self._lists < LISTS.index("SW103"))

    def _slot(self, key: Key) -> int | None:
        position = self.places.get(key[0])
        if position is None or key[1] not in LISTS:
            return None
        return self._slots.get((position, LISTS.index(key[1]), key[2]))

    def _id(self, position: int) -> Any:
        return self._ids[position : position + 1].tolist()[0]


def _values(record: AuditRecord, places: dict[str, int], positions: Ints) -> Floats:
    """What a row counts as beside others of the same probability: more, the rarer what it tells a model."""
    scores = record.scores().get(RARE)
    if scores is None or scores.axis != "row":
        return np.ones(len(positions))
    worth = np.full(1 + max(places.values(), default=-1), np.nan)
    for key, value in zip(scores.keys.tolist(), scores.values.tolist(), strict=True):
        if str(key) in places:
            worth[places[str(key)]] = value
    known = np.sort(worth[np.isfinite(worth)])
    ranks = np.searchsorted(known, worth[positions]) / max(len(known) - 1, 1)
    found: Array = np.where(np.isfinite(worth[positions]), 1.0 + SPREAD * (2.0 * ranks - 1.0), 1.0)
    return found
