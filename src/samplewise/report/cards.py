"""One card per suspicious row, with what a person needs to decide about it."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samplewise.core.escapes import kept
from samplewise.core.json_encoding import as_column
from samplewise.core.rates import percent, percent_text
from samplewise.core.texts import cell_number, key_text, number_text, shortened
from samplewise.core.values import Exhibit
from samplewise.report.limits import Limits

PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}")
MOST_CELLS = 12  # unusual cells of one card
NEAREST = ("nearest_given", "nearest_suggested")  # rows of the class given, and of the one suggested
TWIN = "nearest_twin"  # the row that this one is a duplicate of
PLACE = ("time", "group")  # where a row belongs, if the data says so
Columns = Mapping[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Neighbor:
    """The row most like this one among those of a class, and its values in the columns of the card."""

    words: str  # what it is to this row
    label: str
    id: str
    key: str  # the id as a list has it
    thumbnail: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Card:
    """One row: its labels, how sure the model is, and its picture, its text and its unusual cells."""

    id: str
    key: str
    given: str
    suggested: str
    probability: str
    per_cent: float | None
    reason: str
    thumbnail: str
    text: str
    place: tuple[tuple[str, str], ...]  # "time" and "group", where the data has them
    cells: tuple[tuple[str, str, str], ...]  # column, value, typical value
    more_cells: int
    neighbors: tuple[Neighbor, ...]

    @property
    def compared(self) -> tuple[Neighbor, ...]:
        """The neighbors whose values stand beside those of the row."""
        return tuple(item for item in self.neighbors if item.cells)

    @property
    def tells(self) -> bool:
        """Whether it has more than the id of the row, which the list below has too."""
        return bool(self.given or self.suggested or self.thumbnail or self.text or self.place or self.cells
                    or self.neighbors or self.reason)  # fmt: skip

    @property
    def is_wide(self) -> bool:
        """Whether its table has columns for neighbors."""
        return bool(self.cells and self.compared)


def cards_of(exhibit: Exhibit, limits: Limits) -> list[Card]:
    """The first rows of an exhibit of kind "rows" as cards; none where ids are all that is known of them."""
    columns = {name: as_column(values)[: limits.cards].tolist() for name, values in exhibit.columns.items()}
    count = min((len(values) for values in columns.values()), default=0)
    cards = [_card(columns, position, limits) for position in range(count)]
    return cards if any(card.tells for card in cards) else []


def _card(columns: Columns, position: int, limits: Limits) -> Card:
    probability = _entry(columns, "probability", position)
    known = isinstance(probability, int | float) and math.isfinite(probability)
    given, suggested = (_words(columns, name, position, 60) for name in ("given", "suggested"))
    cells = _cells(_entry(columns, "telling", position), 3, limits)
    return Card(
        id=_words(columns, "id", position, 80),
        key=kept(str(_entry(columns, "id", position))),
        given=given,
        suggested="" if suggested == given else suggested,
        probability=percent_text(probability, ".0f") if known else "",
        per_cent=min(max(percent(float(probability)), 0.0), 100.0) if known else None,
        reason=_words(columns, "reason", position, limits.text),
        thumbnail=_picture(columns, "thumbnail", position, limits),
        text=_words(columns, "text", position, limits.story),
        place=tuple(
            (name, _words(columns, name, position, 60)) for name in PLACE if _words(columns, name, position, 60)
        ),
        cells=tuple((column, value, typical) for column, value, typical in cells[:MOST_CELLS]),
        more_cells=max(0, len(cells) - MOST_CELLS),
        neighbors=tuple(_neighbors(columns, position, (given, suggested), limits)),
    )


def _neighbors(columns: Columns, position: int, labels: tuple[str, str], limits: Limits) -> list[Neighbor]:
    found = []
    of_class = [(name, "nearest", "of", label) for name, label in zip(NEAREST, labels, strict=True)]
    twin = (TWIN, "twin", "with label", _words(columns, f"{TWIN}_label", position, 60))
    for name, words, before, label in [twin, *of_class]:
        key = _words(columns, name, position, 60)
        if key:
            picture = _picture(columns, f"{name}_thumbnail", position, limits)
            cells = _cells(_entry(columns, f"{name}_cells", position), 2, limits)
            whole = kept(str(_entry(columns, name, position)))
            words = f"{words} {before}" if label else words
            found.append(Neighbor(words, label, key, whole, picture, {column: value for column, value in cells}))
    return found


def _cells(value: Any, width: int, limits: Limits) -> list[tuple[str, ...]]:
    """Cells with what belongs to them; they come as JSON text or as nested sequences, anything else is left out."""
    try:
        listed = json.loads(value) if isinstance(value, str) else value or ()
        entries = [tuple(_cell(item, limits.text // 4) for item in entry) for entry in listed]
    except (TypeError, ValueError):
        return []
    return entries if all(len(entry) == width for entry in entries) else []


def _text(item: Any, most: int) -> str:
    return shortened(number_text(item) if isinstance(item, float) else item, most)


def _cell(item: Any, most: int) -> str:
    """A cell of the data: a number without separators."""
    return shortened(cell_number(item) if isinstance(item, float) else item, most)


def _picture(columns: Columns, name: str, position: int, limits: Limits) -> str:
    """A data URI of a bitmap that is short enough; anything else is not shown."""
    uri = str(_entry(columns, name, position) or "")
    return uri if len(uri) <= limits.thumbnail and PICTURE.fullmatch(uri) else ""


def _entry(columns: Columns, name: str, position: int) -> Any:
    return columns[name][position] if name in columns else None


def _words(columns: Columns, name: str, position: int, most: int) -> str:
    value = _entry(columns, name, position)
    return "" if value is None else _text(value if isinstance(value, float) else key_text(value), most)
