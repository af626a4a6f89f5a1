"""Lists of rows as they come back from a person, a spreadsheet or a program: lines that shifted are never guessed at.

Understood are commas, semicolons, tabs and bars, a first line sep=;, byte-order marks, UTF-16, columns in any order and
besides those of a list, and rows taken out or moved. Refused, with the line, is what could put a decision on another
row: two columns of one name, a line longer than the header, a shorter one whose decision may not stand where it was.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from samplewise.core.errors import InputError
from samplewise.data.written_values import number_in

SEPARATORS = (",", ";", "\t", "|")
WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")
NEEDED = ("id", "decision")
_NAMED = re.compile(r'"?sep=([^\r\n"])"?[\r\n]+', re.IGNORECASE)
_DECISION = re.compile(r"(keep|drop|relabel(:.*)?|weight:.*)\s*", re.IGNORECASE)
Line = tuple[int, dict[str, str]]


def read_list(file: Path, columns: Sequence[str]) -> list[Line]:
    """Line number and cells of every row of a list that is not empty; columns it has not are empty.

    Args:
        file: of text, with a header.
        columns: names to read, whatever their case and order; those besides `id` and `decision` may be absent.

    Raises:
        InputError: the file is not there or not a table of text, has no column `id` or `decision`, or has a line of
            which it cannot be told which cell belongs to which column; the line is named.
    """
    return _read(file, columns)[1]


def read_whole_list(file: Path) -> tuple[list[str], list[Line]]:
    """Names of all columns of a list, in lower case, and its rows; see `read_list`."""
    return _read(file, None)


def _read(file: Path, columns: Sequence[str] | None) -> tuple[list[str], list[Line]]:
    """The header, and the rows with the cells of these columns; of all where None are named."""
    text, guessed = _text_of(file)
    skipped = 0
    if named := _NAMED.match(text):
        text, skipped = text[named.end() :], 1
    separators = (named[1],) if named else SEPARATORS
    try:
        header, rows = _table(text, separators, file)
    except csv.Error as fault:
        raise InputError(
            "the file of decisions cannot be read", where=str(file), got=str(fault), fix="save it as CSV in UTF-8"
        ) from None
    columns = header if columns is None else columns
    _require_columns(header, columns, file)
    lines = [(number + skipped, row) for number, row in rows]
    found = list(_lines(header, lines, columns, file))
    if guessed:
        _require_ascii(found, file)
    return header, found


def _text_of(file: Path) -> tuple[str, bool]:
    """The text, and whether its encoding is a guess."""
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        raise InputError(
            "there is no such file of decisions", where=str(file), fix="pass a file of findings/"
        ) from None
    except OSError as fault:
        raise _not_text(file, str(fault)) from None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return raw.decode("utf-16"), False
        except UnicodeDecodeError as fault:
            raise _not_text(file, str(fault)) from None
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise workbook_error(file)
    if b"\0" in raw:
        raise _not_text(file, "a binary file")
    try:
        return raw.decode("utf-8-sig", "strict"), False
    except UnicodeDecodeError:
        return raw.decode("latin-1"), True


def workbook_error(file: Path) -> InputError:
    """The error for a list that was saved as a workbook, with the line that makes it a list again."""
    table = file.with_suffix(".csv").name
    return InputError(
        "the file of decisions is a workbook, and lists are read as CSV", where=str(file),
        got=file.suffix or "no suffix",
        fix="save the sheet as CSV in UTF-8; or convert it: import pandas as pd; "
        f"pd.read_excel({file.name!r}, dtype=str).to_csv({table!r}, index=False)",
    )  # fmt: skip


def _not_text(file: Path, got: str) -> InputError:
    return InputError(
        "the file of decisions cannot be read", where=str(file), got=got, fix="save it as CSV in UTF-8"
    )  # fmt: skip


def _table(text: str, separators: Sequence[str], file: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header in small letters, and the rows with their first lines, cut where the header names the columns."""
    cut = next((mark for mark in separators if set(NEEDED) <= set(_names(text, mark))), separators[0])
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=cut)
    header, rows, start = list[str](), list[tuple[int, list[str]]](), 1
    for row in reader:
        if any(cell.strip() for cell in row):
            if header:
                rows.append((start, row))
            else:
                header = [name.strip().lower() for name in row]
        start = reader.line_num + 1
    return header, rows


def _names(text: str, separator: str) -> list[str]:
    """The first line that is not empty, cut here."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    try:
        return [name.strip().lower() for name in next(csv.reader([first], strict=True, delimiter=separator), [])]
    except csv.Error:
        return []


def _require_columns(header: list[str], columns: Sequence[str], file: Path) -> None:
    absent = [name for name in NEEDED if name not in header]
    if absent:
        raise InputError(
            f"the file of decisions has no column {' and no column '.join(absent)}", where=str(file),
            got=f"columns {', '.join(header) or 'none'}", fix="keep the header line of findings/SWxxx.csv",
        )  # fmt: skip
    twice = [name for name in columns if header.count(name) > 1]
    if twice:
        raise InputError(
            f"the file of decisions has two columns called {twice[0]}", where=str(file),
            got=f"columns {', '.join(header)}", fix="take out or rename the one that is not meant",
        )  # fmt: skip


def _lines(header: list[str], rows: list[tuple[int, list[str]]], columns: Sequence[str], file: Path) -> Iterator[Line]:
    """The cells of every row under their names."""
    wide = len(header)
    longer = {len(row) for _, row in rows} == {wide + 1} and not any(row[-1].strip() for _, row in rows)
    decided = header.index("decision")
    whole = [row for _, row in rows if len(row) >= wide]
    for number, row in rows:
        if len(row) > wide and not longer:
            _refuse_shifted(file, number, row, wide)
        if len(row) < wide and _may_have_slid(row, whole, decided, wide - len(row)):
            _refuse_shifted(file, number, row, wide)
        cells = dict(zip(header, [*row, *[""] * (wide - len(row))], strict=False))
        line = {name: cells.get(name, "") for name in columns}
        if line["decision"].strip() and not line["id"].strip():
            raise InputError(
                "a decision names no row", where=f"{file}, line {number}", got=f"{line['decision'].strip()} without id",
                fix="write the id of its row, or take the line out",
            )  # fmt: skip
        yield number, line


def _may_have_slid(row: list[str], whole: list[list[str]], decided: int, lacking: int) -> bool:
    """Whether the decision of a line that lacks cells may stand under another column, or be a cell of another one.

    Programs leave empty cells at the end of a line out, and that moves nothing. A decision stands elsewhere where a
    word for one stands in a column that no whole line has such words in. What stands under `decision` may have slid
    there where it is a number, or where whole lines have the same text in the column it would come from.
    """
    for place, cell in enumerate(row):
        usual = any(_DECISION.fullmatch(other[place].strip()) for other in whole)
        if place != decided and not usual and _DECISION.fullmatch(cell.strip()):
            return True
    text, origin = (row[decided].strip() if decided < len(row) else ""), decided + lacking
    if not text or origin >= len(row) + lacking:
        return False
    return number_in(text) is not None or any(other[origin].strip() == text for other in whole)


def _refuse_shifted(file: Path, number: int, row: list[str], wide: int) -> NoReturn:
    raise InputError(
        "a line of the list has another number of cells than its header, so a decision may stand under another column",
        where=f"{file}, line {number}", got=f"{len(row)} cells, {wide} columns",
        fix="put cells that hold the separator in double quotes, and complete short lines",
    )  # fmt: skip


def _require_ascii(lines: list[Line], file: Path) -> None:
    """A file that is not UTF-8 is read where its other letters stand in no cell that matters."""
    for number, line in lines:
        if not all(line.get(name, "").isascii() for name in ("id", "given", "suggested", "decision")):
            raise InputError(
                "the file of decisions cannot be read: it is not UTF-8 text", where=f"{file}, line {number}",
                got="letters in an id, a label or a decision that can be read in several ways",
                fix="save it as CSV in UTF-8",
            )  # fmt: skip
