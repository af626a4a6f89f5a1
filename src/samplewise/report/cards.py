"""One card per suspicious row, with what a person needs to decide about it."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samplewise.core.json_encoding import as_column
from samplewise.core.rates import percent, percent_text
from samplewise.core.texts import key_text, number_text, shortened
from samplewise.core.values import Exhibit
from samplewise.report.limits import Limits

PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}")
MOST_DISTINCTIVE = 6
Columns = Mapping[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Neighbor:
    """The row most like this one among those of a class."""

    label: str
    id: str
    thumbnail: str


@dataclass(frozen=True, slots=True)
class Card:
    """One row: its labels, how sure the model is, and either a picture, a text or its distinctive columns."""

    id: str
    given: str
    suggested: str
    probability: str
    per_cent: float | None
    reason: str
    thumbnail: str
    text: str
    distinctive: tuple[tuple[str, str, str], ...]  # column, value, typical value
    neighbors: tuple[Neighbor, ...]


def cards_of(exhibit: Exhibit, limits: Limits) -> list[Card]:
    """The first rows of an exhibit of kind "rows" as cards."""
    columns = {name: as_column(values)[: limits.cards].tolist() for name, values in exhibit.columns.items()}
    count = min((len(values) for values in columns.values()), default=0)
    return [_card(columns, position, limits) for position in range(count)]


def _card(columns: Columns, position: int, limits: Limits) -> Card:
    probability = _entry(columns, "probability", position)
    known = isinstance(probability, int | float) and math.isfinite(probability)
    given, suggested = (_words(columns, name, position, 60) for name in ("given", "suggested"))
    return Card(
        id=_words(columns, "id", position, 80),
        given=given,
        suggested="" if suggested == given else suggested,
        probability=percent_text(probability, ".0f") if known else "",
        per_cent=min(max(percent(float(probability)), 0.0), 100.0) if known else None,
        reason=_words(columns, "reason", position, limits.text),
        thumbnail=_picture(columns, "thumbnail", position, limits),
        text=_words(columns, "text", position, limits.text),
        distinctive=_distinctive(_entry(columns, "telling", position), limits),
        neighbors=tuple(_neighbors(columns, position, (given, suggested), limits)),
    )


def _neighbors(columns: Columns, position: int, labels: tuple[str, str], limits: Limits) -> list[Neighbor]:
    found = []
    for name, label in zip(("nearest_given", "nearest_suggested"), labels, strict=True):
        key = _words(columns, name, position, 60)
        if key:
            found.append(Neighbor(label, key, _picture(columns, f"{name}_thumbnail", position, limits)))
    return found


def _distinctive(value: Any, limits: Limits) -> tuple[tuple[str, str, str], ...]:
    """The most distinctive columns; they come as JSON text or as nested sequences, anything else is left out."""
    try:
        listed = json.loads(value) if isinstance(value, str) else value or ()
        return tuple(_triple(entry, limits.text // 4) for entry in list(listed)[:MOST_DISTINCTIVE])
    except (TypeError, ValueError):
        return ()


def _triple(entry: Any, most: int) -> tuple[str, str, str]:
    name, value, typical = (number_text(item) if isinstance(item, float) else item for item in entry)
    return shortened(name, most), shortened(value, most), shortened(typical, most)


def _picture(columns: Columns, name: str, position: int, limits: Limits) -> str:
    """A data URI of a bitmap that is short enough; anything else is not shown."""
    uri = str(_entry(columns, name, position) or "")
    return uri if len(uri) <= limits.thumbnail and PICTURE.fullmatch(uri) else ""


def _entry(columns: Columns, name: str, position: int) -> Any:
    return columns[name][position] if name in columns else None


def _words(columns: Columns, name: str, position: int, most: int) -> str:
    value = _entry(columns, name, position)
    if value is None:
        return ""
    return shortened(number_text(value) if isinstance(value, float) else key_text(value), most)
