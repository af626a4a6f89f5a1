"""Delimited text (.csv, .tsv, gzipped or not) as a frame; a fault is reported with its line, never read around."""

import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import is_number
from samplewise.core.errors import InputError

pd = lazy_loader.load("pandas")

MISSING_WORDS = ("?", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL")  # and the empty cell; "None" is a value
SEPARATORS = (",", ";", "\t", "|")
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def read_delimited(path: Path, text_columns: tuple[str, ...] = ()) -> tuple[Any, list[str]]:
    """The table in the file and notes on how it was read.

    Cells are UTF-8. Empty cells and the words ? NA N/A #N/A NaN nan null NULL are missing ("None" is a value). Commas
    separate; where the first line has none, semicolons, tabs or bars do, and a note says so.

    Args:
        path: a .csv or .tsv file, gzipped when it ends in .gz.
        text_columns: columns whose cells stay as written (007 stays 007).

    Returns:
        (frame with the index 0..n-1, notes).

    Raises:
        InputError: unreadable, empty, not UTF-8, NUL bytes, repeated column names, rows of another length (with line
            numbers), or no row below the header.

    Cost: O(size of the file), twice.
    """
    raw = _content(path)
    separator, notes = _separator(raw, path)
    header = next(_rows(raw, separator))
    _require_unique_names(header, path)
    _require_even_rows(raw, separator, len(header), path)
    decimal = "," if separator == ";" and re.search(rb"(^|;)-?\d+,\d+(;|\r?$)", raw[:100_000], re.MULTILINE) else "."
    frame = pd.read_csv(
        io.BytesIO(raw), sep=separator, decimal=decimal, encoding="utf-8", index_col=False, low_memory=False,
        skipinitialspace=True, keep_default_na=False, na_values=["", *MISSING_WORDS],
        dtype={name: str for name in text_columns if name in header},
    )  # fmt: skip
    if not len(frame):
        raise InputError(
            "the file has column names and no rows", where=str(path), got="0 rows", fix="add rows below the first line"
        )
    if all(is_number(name) for name in header):
        notes.append(
            "the first line holds only numbers: it was taken as column names; add a line of names if it is data"
        )
    return frame, notes + _missing_word_notes(raw, separator) + _line_notes(raw, len(frame), path)


def read_cells(path: Path) -> Any:
    """Every cell of the file as it is written, as text: what is to be written back with some rows changed."""
    raw = _content(path)
    separator, _ = _separator(raw, path)
    spaced = bool(re.search(rb'%b +"' % re.escape(separator.encode()), raw))  # else a space before a cell is part of it
    return pd.read_csv(
        io.BytesIO(raw), sep=separator, dtype=str, keep_default_na=False, index_col=False, skipinitialspace=spaced
    )


def _content(path: Path) -> bytes:
    """The bytes of the file, unzipped, without a byte-order mark; refused unless they are UTF-8 text."""
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (gzip.BadGzipFile, zlib.error, EOFError) as fault:
        fix = "write it again, or rename it if it is not gzipped"
        raise InputError("the file is not whole gzip", where=str(path), got=str(fault), fix=fix) from None
    except OSError as fault:
        fix = "check that the file is there and may be read"
        raise InputError("the file cannot be read", where=str(path), got=str(fault), fix=fix) from None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _not_utf8(path, "a UTF-16 byte-order mark at byte 0", "utf-16")
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    if not raw.strip():
        raise InputError("the file is empty", where=str(path), got=f"{len(raw)} bytes", fix="name a file with rows")
    if (at := raw.find(b"\0")) >= 0:
        raise InputError(
            "the file has NUL bytes: it is damaged, or not a text file",
            where=f"{path}, line {_line(raw, at)}, byte {at}", got=f"{raw.count(0)} NUL bytes",
            fix="export it again as UTF-8 text",
        )  # fmt: skip
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as fault:
        got = f"byte 0x{raw[fault.start]:02x} at byte {fault.start}, line {_line(raw, fault.start)}"
        raise _not_utf8(path, got, "latin1") from None
    return raw


def _not_utf8(path: Path, got: str, likely: str) -> InputError:
    fix = f"convert it: iconv -f {likely} -t utf-8 {path.name} > utf8-{path.name}"
    return InputError("the file is not UTF-8 text", where=str(path), got=got, fix=fix)


def _line(raw: bytes, offset: int) -> int:
    return raw.count(b"\n", 0, offset) + 1


def _rows(raw: bytes, separator: str) -> Iterator[list[str]]:
    text = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8", newline="")
    return (row for row in csv.reader(text, delimiter=separator, skipinitialspace=True) if row)


def _separator(raw: bytes, path: Path) -> tuple[str, list[str]]:
    """Tabs in .tsv; else commas, unless the header has none and cuts, as do the rows below it, at another character."""
    if ".tsv" in path.suffixes:
        return "\t", []
    csv.field_size_limit(2**31 - 1)  # a cell may hold a document
    for separator in SEPARATORS:
        rows = [row for row, _ in zip(_rows(raw, separator), range(20), strict=False)]
        if len(rows[0]) > 1 and (separator == "," or len(set(map(len, rows))) == 1):
            named = _NAMES[separator]
            return separator, [] if separator == "," else [f"columns are separated by {named}, not commas"]
    return ",", []


def _require_unique_names(header: list[str], path: Path) -> None:
    repeated = [name for name, count in Counter(header).items() if count > 1 and name]
    if repeated:
        shown = ", ".join(map(repr, repeated[:5])) + (f" ({len(repeated)} in all)" if len(repeated) > 5 else "")
        raise InputError(
            "column names repeat", where=f"{path}, line 1: {shown}", got=f"{len(header)} columns",
            fix="rename or remove all but one of each",
        )  # fmt: skip


def _require_even_rows(raw: bytes, separator: str, width: int, path: Path) -> None:
    """Every row must have as many cells as the header; counted in one sweep, located by the csv module if not."""
    if _is_even(raw, separator, width):
        return
    text = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8", newline="")
    reader, odd, start = csv.reader(text, delimiter=separator, skipinitialspace=True), [], 1
    for row in reader:
        if row and len(row) != width:
            odd.append((start, len(row)))
        start = reader.line_num + 1
    if odd:
        lines = ", ".join(str(line) for line, _ in odd[:5]) + (f" ({len(odd)} in all)" if len(odd) > 5 else "")
        raise InputError(
            "some rows have more or fewer cells than there are column names", where=f"{path}, line {lines}",
            got=f"{odd[0][1]} cells in line {odd[0][0]}, {width} columns",
            fix="quote cells that hold the separator, and complete short rows",
        )  # fmt: skip


def _is_even(raw: bytes, separator: str, width: int) -> bool:
    """Whether every non-blank line has width - 1 separators outside quotes. Cost: O(bytes), no Python per line."""
    content = np.frombuffer(raw.rstrip(b"\r\n") + b"\n", dtype=np.uint8)
    ends, cuts = np.flatnonzero(content == ord("\n")), np.flatnonzero(content == ord(separator))
    quotes = np.flatnonzero(content == ord('"'))
    if len(quotes) % 2:
        return False
    if len(quotes):  # an odd number of quotes before it: inside a quoted cell
        ends, cuts = (where[np.searchsorted(quotes, where) % 2 == 0] for where in (ends, cuts))
    per_line = np.diff(np.searchsorted(cuts, ends), prepend=0)
    length = np.diff(ends, prepend=-1) - 1
    blank = (length == 0) | ((length == 1) & (content[ends - 1] == ord("\r")))
    return bool((blank | (per_line == width - 1)).all())


def _missing_word_notes(raw: bytes, separator: str) -> list[str]:
    mark, found = re.escape(separator.encode()), Counter[str]()
    for word in MISSING_WORDS:
        text = re.escape(word.encode())  # first in the pattern, so that the search skips from word to word
        before = b"|".join(rb"(?<=[%b\n]%b%b)" % (mark, spaces, text) for spaces in (b"", b" "))
        found[word] = len(re.findall(rb"%b(?:%b)(?=[%b\r\n]|\Z)" % (text, before, mark), raw))
    found = +found
    if not found:
        return []
    shown = ", ".join(f"{word} ({count:,} cells)" for word, count in found.most_common())
    return [f"read as missing: {shown}"]


def _line_notes(raw: bytes, rows: int, path: Path) -> list[str]:
    if raw.rstrip(b"\r\n").count(b"\n") == rows:
        return [f"row r is line r + 2 of {path.name}"]
    return [f"{path.name} has blank lines or cells that span lines, so line numbers run ahead of row numbers"]
