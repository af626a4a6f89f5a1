"""The rows of one finding: the first as cards, and all of them as plain JSON that the page searches, filters and sorts.

Nothing is drawn for the rows beyond the first page: a browser draws fifty of five thousand faster than it reads them.
The JSON is neither compressed nor encoded, so that whoever looks for a value in the file finds it.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from samplewise.core.arrays import Array
from samplewise.core.escapes import address_text, kept
from samplewise.core.findings import Finding, Outcome
from samplewise.core.json_encoding import as_column
from samplewise.core.rates import shown
from samplewise.core.texts import common_places, is_numeric, key_text, shortened
from samplewise.core.values import Exhibit
from samplewise.report.cards import Card, cards_of
from samplewise.report.limits import Limits, cut_note
from samplewise.report.tables import PageTable, exhibit_table

OWN = "column: "  # begins the names of columns that are the data's own
CARDS_ONLY = re.compile(r"telling|text|time|group|nearest_\w+|\w*thumbnail")  # known of the first rows alone
NUMBERS_AS_NAMES = ("id",)  # never rounded, and without separators
FIRST_ROWS = 10  # drawn without a script
DIGITS = 6  # of a number; the whole of it stands in findings/


@dataclass(frozen=True, slots=True)
class FindingRows:
    """What the page holds of a finding's rows: `content` as JSON, the first of them as a table and as cards."""

    anchor: str
    content: Mapping[str, Any]
    ids: tuple[str, ...]
    first: PageTable
    cards: tuple[Card, ...]
    heading: str
    cut: str = ""

    def links(self) -> Iterator[tuple[str, str]]:
        """Every id with the address of its row."""
        return ((key, row_address(self.anchor, key)) for key in self.ids)


def anchors_of(findings: Sequence[Finding]) -> list[str]:
    """The name of every finding on the page: `SW102` for the first of its check, then `SW102.2`.

    >>> anchors_of([Finding("SW102", "one", "note", (), ""), Finding("SW102", "two", "note", (), "")])
    ['SW102', 'SW102.2']
    """
    counts: Counter[str] = Counter()
    names = []
    for finding in findings:
        counts[finding.code] += 1
        count = counts[finding.code]
        names.append(finding.code if count == 1 else f"{finding.code}.{count}")
    return names


def row_address(anchor: str, key: str) -> str:
    """The part of an address after the sign #, of a row in the list of a finding."""
    return f"row-{anchor}-{address_text(key)}"


def row_key(key: Any) -> str:
    """An id as findings/*.csv has it."""
    return kept(str(key))


def rows_of(outcome: Outcome, finding: Finding, anchor: str, limits: Limits) -> FindingRows | None:
    """The rows of a finding, where one of its check's exhibits shows them."""
    exhibit = rows_exhibit_of(outcome, finding)
    if exhibit is None or "id" not in exhibit.columns or not len(exhibit.columns["id"]):
        return None
    columns, own = _columns(exhibit)
    listed = dict(list(columns.items())[: limits.columns])
    total = max(len(exhibit.columns["id"]), len(finding.keys))
    ids = tuple(map(row_key, as_column(exhibit.columns["id"])[: limits.listed].tolist()))
    content = {
        "columns": [
            _content(name, as_column(values)[: limits.listed], limits, name in own) for name, values in listed.items()
        ],
        "name": anchor,
        "file": f"{finding.code}.csv",
    }
    drawn = replace(exhibit, columns=listed, note="", unit="")
    heading = f"Rows: {shortened(exhibit.note, limits.text)}" if exhibit.note else f"All rows ({total:,})"
    first = exhibit_table(drawn, replace(limits, rows=FIRST_ROWS), as_they_are=own)
    rest = f"all are in findings/{finding.code}.csv"
    cut = cut_note((len(ids), total, "row"), (len(listed), len(columns), "column"), rest=rest)
    cards = tuple(cards_of(exhibit, limits))
    return FindingRows(anchor, content, ids, replace(first, cut=""), cards, heading, cut)


def shows_a_finding(outcome: Outcome, exhibit: Exhibit) -> bool:
    """Whether an exhibit shows the rows of one of the outcome's findings, and stands there."""
    return exhibit.kind == "rows" and exhibit.finding in range(len(outcome.result.findings))


def rows_exhibit_of(outcome: Outcome, finding: Finding) -> Exhibit | None:
    """The exhibit that shows the rows of a finding, or None."""
    places = [place for place, other in enumerate(outcome.result.findings) if other is finding]
    return next((item for item in outcome.result.exhibits if item.kind == "rows" and item.finding in places), None)


def _columns(exhibit: Exhibit) -> tuple[dict[str, Array], set[str]]:
    """The columns of the list, under the names a reader knows, ours first; and which are the data's own."""
    columns: dict[str, Array] = {}
    owned: set[str] = set()
    for name, values in exhibit.columns.items():
        if CARDS_ONLY.fullmatch(name):
            continue
        if name == "probability":
            numbers, unit = shown(as_column(values), "probability")
            columns[f"{name} ({unit})"] = numbers
        else:
            own = name.removeprefix(OWN)
            heading = own if own not in columns else f"data: {own}"
            columns[heading] = values
            owned |= {heading} if name != own else set()
    return columns, owned


def _content(name: str, values: Any, limits: Limits, own: bool) -> dict[str, Any]:
    """One column: numbers with their decimals, texts, or the different texts and which of them stands where.

    Numbers of the data's own columns are "plain", without separators: a year or a code is none that is counted.
    """
    head = shortened(name.replace("_", " "), limits.text)
    if name not in NUMBERS_AS_NAMES and is_numeric(values):
        numbers = [_number(item) for item in values.tolist()]
        shown_as = {"decimals": common_places(numbers)} | ({"plain": True} if own else {})
        return {"name": head, "numbers": numbers, **shown_as}
    if name in NUMBERS_AS_NAMES:
        return {"name": head, "texts": list(map(row_key, values.tolist()))}
    entries = ["" if item is None else key_text(item) for item in values.tolist()]
    cut = {entry: shortened(entry, limits.cell) for entry in set(entries)}
    texts = [cut[entry] for entry in entries]
    words = sorted(set(texts))
    if 2 * len(words) > len(texts):
        return {"name": head, "texts": texts}
    place = {word: at for at, word in enumerate(words)}
    return {"name": head, "words": words, "at": [place[text] for text in texts]}


def _number(value: Any) -> float | int | None:
    if value is None or not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else float(f"{value:.{DIGITS}g}")
