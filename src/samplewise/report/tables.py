"""An exhibit as a table of texts, each with what it is sorted by."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from samplewise.core.json_encoding import as_column
from samplewise.core.rates import shown
from samplewise.core.texts import column_texts, is_numeric, key_text, shortened
from samplewise.core.values import Exhibit, Scores
from samplewise.report.limits import Limits, cut_note

# Names of columns of ids.
IDS = ("id", "row", "test_id", "train_id", "nearest_given", "nearest_suggested", "nearest_twin")


@dataclass(frozen=True, slots=True)
class Cell:
    """One entry: the text shown, and the number or text it is sorted by."""

    text: str
    order: float | str


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column's heading, whether its entries are numbers, which stand right-aligned, and whether they name rows."""

    name: str
    numeric: bool
    is_id: bool = False


@dataclass(frozen=True, slots=True)
class PageTable:
    """What a table shows, and what it leaves out."""

    title: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    cut: str = ""


def exhibit_table(exhibit: Exhibit, limits: Limits, as_they_are: Collection[str] = ()) -> PageTable:
    """The first rows and columns of an exhibit; images are left to the page that draws them.

    Numbers of the columns `as_they_are` have no separators.
    """
    names = [name for name in exhibit.columns if "thumbnail" not in name]
    total = len(next(iter(exhibit.columns.values()), ()))
    columns = {name: as_column(exhibit.columns[name]) for name in names[: limits.columns]}
    table = table_of(exhibit.title, columns, limits, as_they_are)
    unit = f"Unit: {exhibit.unit}." if exhibit.unit else ""
    cut = cut_note((len(table.rows), total, "row"), (len(columns), len(names), "column"))
    note = " ".join(filter(None, (shortened(exhibit.note, 4 * limits.text), unit)))
    return PageTable(shortened(table.title, limits.text), table.columns, table.rows, note, cut)


def table_of(title: str, columns: dict[str, Any], limits: Limits, as_they_are: Collection[str] = ()) -> PageTable:
    """Named columns as a table, cut to `limits.rows`."""
    columns = {name: as_column(values) for name, values in columns.items()}
    heads = tuple(
        TableColumn(shortened(name.replace("_", " "), limits.text), is_numeric(values) and name not in IDS, name in IDS)
        for name, values in columns.items()
    )
    cells = [_cells(values, limits, name in IDS, name in as_they_are) for name, values in columns.items()]
    return PageTable(title, heads, tuple(zip(*cells, strict=True)))


def scores_table(scores: Scores, count: int, limits: Limits) -> PageTable:
    """The `count` highest scores with their ids."""
    top = scores.top(min(count, limits.rows))
    values, unit = shown(top.values, scores.unit)
    columns = {scores.axis: top.keys, f"{scores.quantity} ({unit})": values}
    if top.spread is not None:
        columns["standard error"] = shown(top.spread, scores.unit)[0]
    return table_of(scores.quantity.replace("_", " "), columns, limits)


def _cells(values: Any, limits: Limits, are_ids: bool, as_they_are: bool = False) -> list[Cell]:
    """The first entries; ids stand as they are, without the separators of numbers."""
    first = values[: limits.rows]
    if are_ids:
        return [
            Cell(text, text.casefold()) for text in (shortened(key_text(key), limits.text) for key in first.tolist())
        ]
    texts = column_texts(first, limits.text)
    if not is_numeric(first):
        return [Cell(text, text.casefold()) for text in texts]
    if as_they_are:
        texts = [text.replace(",", "") for text in texts]
    return [Cell(text, _order(item)) for text, item in zip(texts, first.tolist(), strict=True)]


def _order(item: Any) -> float:
    return float(item) if item is not None and math.isfinite(item) else -1e308  # missing numbers sort below all others
