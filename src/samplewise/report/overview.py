"""The overview of the data as the page draws it: small pictures of columns, pairs, ten rows; few bytes each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from samplewise.core.findings import AuditRecord
from samplewise.core.rates import percent, percent_text
from samplewise.core.texts import MINUS, count_of, sentence, shortened
from samplewise.report.cards import PICTURE
from samplewise.report.facts import columns_of
from samplewise.report.finding_rows import anchors_of
from samplewise.report.limits import Limits, cut_note
from samplewise.report.tables import Cell, PageTable, TableColumn, table_of

Json = Mapping[str, Any]
PICTURED = 2  # times the rows of a table: so many columns are drawn
LISTED = 20  # times the rows of a table: so many columns stand in the table of all columns
FIRST_LINES = 10  # of the table of all columns, drawn without a script
WORDS = ("name", "kind", "finding", "note")  # columns of that table that hold no numbers
NAME = 60  # letters of a column's name
STORED_NAME = 120  # of them in the overview, where longer names are cut
HEIGHT, WIDE, GAP = 40, 10, 1  # of a histogram, of one of its bars, between two of them
KINDS = {
    "numeric": "number", "boolean": "yes or no", "nested": "lists or objects", "constant": "one value",
}  # fmt: skip
ROLES = {"feature": "", "excluded": "not used"}
OUTSIDE = "Gray bars at the ends of a histogram count the values that lie farther out."
HIDDEN = "(left out)"
EXACT = {
    "same values": "{one} and {other} hold the same values",
    "same order": "{one} and {other} put the rows in the same order",
    "opposite order": "{one} and {other} put the rows in opposite orders",
    "same groups": "{one} and {other} group the rows alike: each tells the other",
    "one tells other": "{one} tells {other}",
    "other tells one": "{other} tells {one}",
}


@dataclass(frozen=True, slots=True)
class Bars:
    """A histogram as paths of an SVG picture: its bars, those for what lies outside, and what stands below and beside.

    `words` says it all, for those who do not see it.
    """

    width: int
    bars: str
    tails: str
    low: str
    high: str
    scale: str
    words: str


@dataclass(frozen=True, slots=True)
class Value:
    """A category with its rows, and how long its bar is, in per cent of the longest."""

    name: str
    rows: str
    width: float


@dataclass(frozen=True, slots=True)
class ColumnCard:
    """One column: what it is, its picture or its most frequent values, and what is found about it."""

    name: str
    kind: str
    missing: str
    missing_width: float
    codes: tuple[tuple[str, str], ...]  # checks that found something about it, each with the place of that on the page
    bars: Bars | None
    values: tuple[Value, ...]
    rest: str
    facts: str
    examples: tuple[str, ...]
    is_label: bool = False


@dataclass(frozen=True, slots=True)
class ColumnList:
    """All columns: `content` as JSON that the page searches and sorts, and the first of them as a table."""

    content: Json
    first: PageTable
    total: int
    cut: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page shows of the data."""

    lead: str
    cards: tuple[ColumnCard, ...]
    columns: ColumnList | None
    certain: tuple[str, ...]  # pairs that tell each other, in words
    pairs: PageTable | None
    sample: PageTable | None
    pictures: tuple[tuple[str, str, str], ...] = ()  # address, label, id
    cut: str = ""
    outside: str = ""  # what gray bars mean, where there are some

    @property
    def behavior(self) -> Markup:
        """The script that finds columns by name."""
        return Markup(_behavior())


def page_overview(record: AuditRecord, limits: Limits) -> Overview | None:
    """The overview of a record's data; None where the record holds none."""
    held = record.data.get("overview")
    if not isinstance(held, Mapping):
        return None
    if "failed" in held:
        return Overview(f"The overview could not be made: {held['failed']}.", (), None, (), None, None)
    codes = _codes_by_column(record)
    columns = [column for column in held.get("columns") or [] if isinstance(column, Mapping)]
    label = [held["label"]] if held.get("label") else []
    ordered = sorted(columns, key=lambda column: (column["name"] not in codes, column.get("role") == "excluded"))
    drawn = [*label, *ordered][: PICTURED * limits.rows]
    cards = tuple(_card(column, codes.get(column["name"], {}), held.get("drawn") or 0) for column in drawn)
    total = len(label) + len(columns) + int(held.get("more_columns") or 0)
    certain, pairs = _pairs(held.get("pairs"), limits)
    pictures = [item for item in (held.get("pictures") or {}).get("shown") or [] if PICTURE.fullmatch(str(item[2]))]
    return Overview(
        lead=" ".join(_lead(held)),
        outside=OUTSIDE if any(card.bars and card.bars.tails for card in cards) else "",
        cards=cards,
        columns=_table(record, columns, codes, limits, total - len(label)) if columns else None,
        certain=certain,
        pairs=pairs,
        sample=_sample(held.get("sample"), total - len(label), limits),
        pictures=tuple((str(address), str(name), str(key)) for key, name, address in pictures),
        cut=_cut(len(drawn), total),
    )


def _cut(shown: int, total: int) -> str:
    if shown >= total:
        return ""
    return (
        f"{shown:,} of {count_of(total, 'column')} drawn: the label, columns with a finding, then the others in order."
    )


def _lead(held: Json) -> Iterator[str]:
    rows, drawn = int(held.get("rows") or 0), int(held.get("drawn") or 0)
    if drawn < rows:
        yield f"Of {count_of(drawn, 'row')} drawn at random of {rows:,}; the label of all of them."
    pictures = held.get("pictures")
    if pictures:
        channels = {1: "gray", 3: "color", 4: "color with opacity"}.get(pictures["channels"], "")
        size = f"{pictures['height']} \u00d7 {pictures['width']} pixels"
        yield f"{count_of(rows, 'picture')}, read at {size}, {channels}."


def _codes_by_column(record: AuditRecord) -> dict[str, dict[str, str]]:
    """The checks that found something about a column, by its name, with the place of the worst such finding."""
    found: dict[str, dict[str, str]] = {}
    findings = list(record.findings())
    for finding, anchor in zip(findings, anchors_of(findings), strict=True):
        for key in finding.keys if finding.axis == "column" else ():
            found.setdefault(shortened(key, STORED_NAME), {}).setdefault(finding.code, anchor)
    return found


# ---- one column -----------------------------------------------------------------------------------------------------


def _card(column: Json, codes: Mapping[str, str], rows: int) -> ColumnCard:
    name = shortened(column["name"], NAME)
    values, rest = _values(column)
    missing = float(column.get("missing") or 0.0)
    return ColumnCard(
        name=name,
        kind=_kind(column),
        missing=f"{percent_text(missing, '.2g')} missing" if missing else "",
        missing_width=round(percent(missing), 1),
        codes=tuple(codes.items()),
        bars=_bars(name, column),
        values=values,
        rest=rest,
        facts=" · ".join(_facts(column)),
        examples=tuple(column.get("examples") or ()),
        is_label=column.get("role") == "label",
    )


def _kind(column: Json) -> str:
    kind, role = str(column.get("kind") or ""), str(column.get("role") or "")
    return ", ".join(word for word in (ROLES.get(role, role), KINDS.get(kind, kind)) if word)


def _facts(column: Json) -> Iterator[str]:
    numbers, lengths, dates = (column.get(part) or {} for part in ("numbers", "lengths", "dates"))
    if lengths:
        yield f"{number(lengths['low'])} to {number(lengths['high'])} letters, median {number(lengths['median'])}"
    if "median" in numbers:
        yield f"median {number(numbers['median'])}"
    if "mean" in numbers:
        yield f"mean {number(numbers['mean'])}"
    if dates:
        yield f"{dates['first']} to {dates['last']}"
    if column.get("of"):
        yield f"of {count_of(column['of'], 'date')} drawn at random"
    if column.get("distinct") is not None and not column.get("values"):
        yield f"{column['distinct']:,} different"


def _values(column: Json) -> tuple[tuple[Value, ...], str]:
    """The most frequent values as bars, and the others in words."""
    pairs = column.get("values") or []
    longest = max((count for _, count in pairs), default=1)
    values = tuple(
        Value(shortened(name, 40) or HIDDEN, f"{count:,}", round(percent(count / longest), 1)) for name, count in pairs
    )
    others = column.get("others")
    return values, f"and {count_of(others[0], 'more value')} in {count_of(others[1], 'row')}" if others else ""


def _bars(name: str, column: Json) -> Bars | None:
    """A histogram as paths; None where there is none."""
    held = column.get("histogram")
    if not held:
        return None
    counts, below, above = held["counts"], int(held.get("below") or 0), int(held.get("above") or 0)
    tallest = max(*counts, below, above, 1)
    ends = [below] if below else []
    inner = [*ends, *counts]
    edges = {0} if below else set()
    if above:
        edges |= {len(inner)}
        inner.append(above)
    shapes = [_bar(place, count, tallest) for place, count in enumerate(inner)]
    return Bars(
        width=len(inner) * WIDE - GAP,
        bars="".join(shape for place, shape in enumerate(shapes) if place not in edges),
        tails="".join(shape for place, shape in enumerate(shapes) if place in edges),
        low=_end(held, "low"),
        high=_end(held, "high"),
        scale="log" if held.get("scale") == "log" else "",
        words=" ".join(_words(name, column, held)),
    )


def _bar(place: int, count: int, tallest: int) -> str:
    if not count:
        return ""
    top = min(round(HEIGHT * (1.0 - count / tallest), 1), HEIGHT - 1)
    return f"M{place * WIDE} {HEIGHT}V{top:g}h{WIDE - GAP}V{HEIGHT}"


def _end(held: Json, end: str) -> str:
    """One end of the axis; nothing where values are left out."""
    return number(held[end]) if end in held else ""


def _words(name: str, column: Json, held: Json) -> Iterator[str]:
    """A histogram for those who do not see it."""
    of = {"text": "the lengths of "}.get(str(column.get("kind")), "")
    counts = held["counts"]
    scale = ", on a logarithmic scale" if held.get("scale") == "log" else ""
    reach = f" from {_end(held, 'low')} to {_end(held, 'high')}" if "low" in held else ""
    middle = (column.get("lengths") or column.get("numbers") or column.get("dates") or {}).get("median")
    yield f"Histogram of {of}{name}{reach}{scale}{'' if middle is None else f', median {number(middle)}'}."
    place = max(range(len(counts)), key=counts.__getitem__)
    yield f"The tallest of {count_of(len(counts), 'bar')} is number {place + 1}, with {count_of(counts[place], 'row')}."
    if held.get("below") or held.get("above"):
        beyond = [(held.get("below"), "below"), (held.get("above"), "above")]
        yield f"Outside lie {' and '.join(f'{count:,} {side}' for count, side in beyond if count)}."


def number(value: Any) -> str:
    """A number with four digits where it is not whole, years without a comma; texts stay as they are.

    >>> number(2015), number(1234567), number(-0.5)
    ('2015', '1,234,567', '−0.5')
    """
    if isinstance(value, str):
        return value
    whole = float(value).is_integer() and abs(value) < 1e15
    text = (f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.0f}") if whole else f"{value:.4g}"
    return text.replace("-", MINUS)


# ---- all columns, pairs, rows ---------------------------------------------------------------------------------------


def _table(
    record: AuditRecord, columns: Sequence[Json], codes: Mapping[str, Mapping[str, str]], limits: Limits, total: int
) -> ColumnList:
    """Every column in one line, those with a finding first."""
    notes = {shortened(one.get("name"), STORED_NAME): str(one.get("note") or "") for one in columns_of(record)}
    shown = sorted(columns, key=lambda column: column["name"] not in codes)[: LISTED * limits.rows]
    ends = [column.get("numbers") or column.get("lengths") or {} for column in shown]
    parts: dict[str, list[Any]] = {
        "name": [shortened(column["name"], NAME) for column in shown],
        "kind": [_kind(column) for column in shown],
        "missing, %": [percent(float(column.get("missing") or 0.0)) or None for column in shown],
        "different": [column.get("distinct") for column in shown],
        "least": [held.get("low") for held in ends],
        "median": [held.get("median") for held in ends],
        "largest": [held.get("high") for held in ends],
        "finding": [", ".join(codes.get(column["name"], ())) for column in shown],
        "note": [shortened(notes.get(column["name"], ""), limits.text) for column in shown],
    }
    kept = {name: entries for name, entries in parts.items() if any(entry not in (None, "") for entry in entries)}
    heads = tuple(TableColumn(name, name not in WORDS) for name in kept)
    cells = [list(map(_cell, entries[:FIRST_LINES])) for entries in kept.values()]
    first = PageTable("All columns", heads, tuple(zip(*cells, strict=True)))
    content = {
        "columns": [_content(name, entries) for name, entries in kept.items()],
        "name": "the data",
        "things": "columns",
        "file": "columns.csv",
    }
    more = total - len(columns)
    cut = [
        cut_note((len(shown), len(columns), "column")),
        f"{count_of(more, 'more column')} not summarized." if more else "",
    ]
    return ColumnList(content, first, total, " ".join(filter(None, cut)))


def _content(name: str, entries: list[Any]) -> Json:
    """One column of the list as `rows.js` reads it; numbers on many scales have no common decimals."""
    if name not in WORDS:
        return {"name": name, "numbers": entries, "decimals": None}
    words = sorted(set(entries))
    if 2 * len(words) > len(entries):
        return {"name": name, "texts": entries}
    places = {word: place for place, word in enumerate(words)}
    return {"name": name, "words": words, "at": [places[entry] for entry in entries]}


def _cell(value: Any) -> Cell:
    return Cell("" if value is None else number(value), "")


def _pairs(held: Json | None, limits: Limits) -> tuple[tuple[str, ...], PageTable | None]:
    """Pairs that tell each other in words, and the strongest ones as a table."""
    if not held or held.get("compared", 0) < 2:
        return (), None
    listed = list(held.get("pairs") or [])
    certain = [
        sentence(EXACT[pair["exact"]].format(one=_quoted(pair["one"]), other=_quoted(pair["other"])))
        for pair in listed
        if pair.get("exact") in EXACT
    ]
    parts = {
        "column": [pair["one"] for pair in listed],
        "and": [pair["other"] for pair in listed],
        "strength": [pair["strength"] for pair in listed],
        "measure": [pair["measure"] for pair in listed],
    }
    table = table_of("Columns that go together", parts, replace(limits, rows=max(limits.rows, len(listed))))
    return tuple(certain), replace(table, note=" ".join(_compared(held, bool(listed))))


def _compared(held: Json, any_listed: bool) -> Iterator[str]:
    """What was compared, and how the numbers are read."""
    if any_listed:
        yield f"Only pairs beyond chance are listed. A strength is 1 at most, of a rank correlation {MINUS}1 at least."
    else:
        yield "No two columns go together beyond chance."
    yield f"{count_of(held['compared'], 'column')} compared, the label among them, in {count_of(held['rows'], 'row')}."
    if held.get("left_out"):
        yield f"Left out: {count_of(held['left_out'], 'column')} of one value, of more than 50 categories, or beyond "
        yield "the 500 of numbers and 60 of categories that vary most."


def _quoted(name: str) -> str:
    return f'"{shortened(name, NAME)}"'


def _sample(held: Json | None, total: int, limits: Limits) -> PageTable | None:
    """Ten rows with their first columns."""
    if not held or not held.get("rows"):
        return None
    names, label = list(held["columns"][:-1]), held["columns"][-1]
    cells = list(zip(*held["rows"], strict=True))
    shown = max(min(len(names), limits.columns - 2), 1)
    columns = [held["ids"], cells[-1], *cells[:shown]]
    table = table_of("Ten rows", {str(place): list(map(str, column)) for place, column in enumerate(columns)}, limits)
    heads = ["row", label, *names[:shown]]  # as the data has them
    named = tuple(
        replace(column, name=shortened(head, NAME)) for column, head in zip(table.columns, heads, strict=True)
    )
    return replace(
        table, columns=named, note="" if shown == total else f"The label and {shown:,} of {count_of(total, 'column')}."
    )


@cache
def _behavior() -> str:
    return files("samplewise.report").joinpath("templates", "overview.js").read_text("utf-8")
