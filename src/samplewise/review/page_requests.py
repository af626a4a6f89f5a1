"""What the page sends, checked before anything is done with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samplewise.core.errors import InputError

ANSWERS = ("keep", "suggestion", "relabel", "drop", "unsure")
PAGES = ("row", "grid")
MOST_ROWS = 200  # answered at once
MOST_LABELS = 1000  # of one row
LONGEST_POSITION = 16  # digits
LONGEST_NOTE = 2000
LONGEST_VALUE = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """What one answer is about: a row of a list by its position in the data; of a cell, its column too."""

    position: int
    list: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer about one row, or about many chosen at once.

    Args:
        places: the rows.   decision: one of `ANSWERS`; "suggestion" takes what is suggested for each.
        value: the label of "relabel": a text or a number, of several labels a row their texts.   page: where it was
            given.
    """

    places: tuple[Place, ...]
    decision: str
    value: Any
    page: str = "row"


@dataclass(frozen=True, slots=True)
class Note:
    """A remark on a row."""

    place: Place
    text: str


def answer_of(content: Any) -> Answer:
    """The answer that a request holds; raises `InputError` for anything else.

    >>> answer_of({"rows": [{"row": 3, "list": "SW201"}], "decision": "keep"}).places
    (Place(position=3, list='SW201', column=''),)
    """
    held = _mapping(content)
    decision, value, page = held.get("decision"), held.get("value"), held.get("page", "row")
    places = _places(held.get("rows"), MOST_ROWS)
    if decision not in ANSWERS or page not in PAGES:
        raise _unreadable(f"decision {decision!r:.40}, page {page!r:.40}")
    if (decision == "relabel") != (value is not None):
        raise _unreadable("a label without its decision, or a decision without its label")
    return Answer(places, decision, _value(value), page)


def note_of(content: Any) -> Note:
    """The note that a request holds; raises `InputError` for anything else."""
    held = _mapping(content)
    text = held.get("note")
    if not isinstance(text, str) or not text.strip():
        raise _unreadable("a note without text")
    if len(text) > LONGEST_NOTE:
        raise InputError(
            "a note is a remark of a few lines", got=f"{len(text):,} characters",
            fix=f"shorten it to {LONGEST_NOTE:,} characters",
        )  # fmt: skip
    return Note(_places(held.get("rows"), 1)[0], text.strip())


def undo_page(content: Any) -> str:
    """The page on which the last answer is taken back."""
    page = _mapping(content).get("page", "row")
    return page if page in PAGES else "row"


def place_of(query: Mapping[str, str]) -> Place | None:
    """The row that an address of the page names; None where it names none, and the next one is meant.

    >>> place_of({"row": "7", "list": "SW108", "column": "age"})
    Place(position=7, list='SW108', column='age')
    """
    position = _position(query.get("row"))
    return None if position is None else Place(position, query.get("list", ""), query.get("column", ""))


def _places(rows: Any, most: int) -> tuple[Place, ...]:
    if not isinstance(rows, list) or not 0 < len(rows) <= most:
        raise _unreadable(f"no rows, or more than {most}")
    found = []
    for row in rows:
        held = _mapping(row)
        position, code, column = _position(held.get("row")), held.get("list"), held.get("column", "")
        if position is None:
            raise _unreadable(f"row {held.get('row')!r:.40}")
        if not isinstance(code, str) or not isinstance(column, str):
            raise _unreadable("a list or a column that is no text")
        found.append(Place(position, code, column))
    return tuple(found)


def _position(written: Any) -> int | None:
    """A row's place in the data, as a number or its digits; None for anything else."""
    text = written if isinstance(written, str) else str(written)
    return int(text) if text.isascii() and text.isdigit() and len(text) < LONGEST_POSITION else None


def _value(value: Any) -> Any:
    if isinstance(value, list) and len(value) <= MOST_LABELS and all(isinstance(one, str) for one in value):
        return list(map(_value, value))
    if value is None or (isinstance(value, int | float | str) and len(str(value)) <= LONGEST_VALUE):
        return value
    raise _unreadable(f"a label of type {type(value).__name__}")


def _mapping(content: Any) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise _unreadable(f"a {type(content).__name__}")
    return content


def _unreadable(got: str) -> InputError:
    return InputError("the page sent what is no answer", got=got, fix="load the page again")
