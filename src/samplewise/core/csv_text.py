r"""The one place that writes CSV: cells no spreadsheet carries out, and that come back as they were.

A spreadsheet carries out a cell that starts with = + - or @, also after blanks, and it may split a line elsewhere than
we do: one set to semicolons ends a cell there, and at a line end inside a cell, because the quotes it looks for are at
other places. An apostrophe stands therefore before every such sign that starts a cell or follows a semicolon, a tab or
a line end; plain numbers stay numbers. Control characters, marks of the reading direction and bytes of file names that
are no UTF-8 are written as codes, `\u001b` (`core.escapes.kept`). `plain_cell` takes both off again.
"""

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

from samplewise.core.escapes import kept, restored

SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"  # also as wide characters, which some spreadsheets read as the narrow ones
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_START = re.compile(rf"([\s\"']*)(?=[{SIGNS}])|'*(?=[\t\r\n])")
_INSIDE = re.compile(rf"([;\t\r\n][\s\"']*)(?=[{SIGNS}])")
_INSIDE_GUARDED = re.compile(rf"([;\t\r\n][\s\"']*)'(?=[{SIGNS}])")
_START_GUARDED = re.compile(rf"'(?=[\s\"']*[{SIGNS}]|'*[\t\r\n])")
GUARD = {  # what `guarded_cell` looks for, for a page that writes CSV of its own: a whole number, a start, every place
    "number": _NUMBER.pattern, "start": _START.pattern, "inside": _INSIDE.pattern,
}  # fmt: skip


def csv_text(head: Iterable[str], rows: Iterable[Iterable[Any]], separator: str = ",") -> str:
    """A table as CSV with guarded cells, lines ended by line feeds.

    Args:    head: names of the columns.   rows: cells; what is no text is written as `str` writes it, None as nothing.
             separator: between the cells.
    Cost:    O(characters).
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, lineterminator="\r\n")
    # "\r\n" makes the writer quote cells with either; a line of its own is then ended by a line feed alone
    for cells in (head, *rows):
        writer.writerow([guarded_cell("" if cell is None else str(cell)) for cell in cells])
        buffer.seek(buffer.tell() - 2)
        buffer.truncate()
        buffer.write("\n")
    return buffer.getvalue()


def frame_csv(frame: Any) -> str:
    """A data frame of results (a log, weights, forecasts) as CSV with guarded cells, without its index."""
    rows = ([None if cell != cell else cell for cell in row] for row in frame.itertuples(index=False, name=None))
    return csv_text(map(str, frame.columns), rows)


def own_cells_csv(frame: Any, head: list[str], separator: str = ",") -> str:
    """The user's own table again, every cell as it was: nothing is guarded, because a guard would change the data."""
    text: str = frame.to_csv(index=False, sep=separator, header=head)
    return text


def guarded_cell(text: str) -> str:
    """A text no spreadsheet carries out; plain numbers, also negative ones, stay as they are.

    >>> [guarded_cell(text) for text in ("=1+1", "-5", "a;=1", "it's")]
    ["'=1+1", '-5', "a;'=1", "it's"]
    """
    if is_number(text):
        return text
    inside = _INSIDE.sub(r"\1'", kept(text))
    return f"'{inside}" if _START.match(inside) else inside


def plain_cell(cell: str) -> str:
    """The text that `guarded_cell` was given; a cell that needs no guard stays as it is."""
    start = cell[1:] if _START_GUARDED.match(cell) else cell
    return restored(_INSIDE_GUARDED.sub(r"\1", start))


def is_number(text: str) -> bool:
    """Whether a cell is a plain number, which every spreadsheet reads as one."""
    return _NUMBER.fullmatch(text) is not None
