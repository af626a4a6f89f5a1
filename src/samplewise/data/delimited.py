"""Delimited text (.csv, .tsv, compressed or not) as a frame; a fault is reported with its line."""

import csv
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import is_number
from samplewise.core.errors import InputError
from samplewise.data.file_sizes import MaxSize, require_room, unpacked
from samplewise.data.missing_words import MISSING_WORDS

pd = lazy_loader.load("pandas")

SEPARATORS = (",", ";", "\t", "|")
COMPRESSED = (".gz", ".bz2", ".zip")
_TOTAL = re.compile(r"((grand|sub)[ -]?)?totals?|sum|summe|gesamt|insgesamt", re.IGNORECASE)
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True)
class _Text:
    """The lines of a table: names, then rows.

    Args:
        raw: the bytes from the line of names on.   separator: between cells.   skipped: lines above the names.
        notes: what was left out of the file, and how cells are separated.
    """

    raw: bytes
    separator: str
    skipped: int
    notes: tuple[str, ...]


def read_delimited(
    path: Path, text_columns: tuple[str, ...] = (), decimal: str | None = None, max_size: MaxSize = None
) -> tuple[Any, list[str]]:
    """The table in the file and notes on how it was read.

    Cells are UTF-8. Empty cells and the words ? NA N/A #N/A NaN nan null NULL are missing ("None" is a value). Commas
    separate; where the first line has none, semicolons, tabs or bars do, and a note says so. A first line such as sep=;
    is followed; comment lines (#) above the names, a comma at the end of every line and a last line with totals are
    left out, and named in a note.

    Args:
        path: a .csv or .tsv file, compressed when it ends in .gz, .bz2 or .zip.
        text_columns: columns whose cells stay as written (007 stays 007); so do those of a column of digits in which
            one starts with 0 (01067).
        decimal: the decimal sign of numbers, "." or ","; default: what the cells show.
        max_size: the largest file that is read, unpacked, in bytes or as "4GB"; default: a quarter of the memory.

    Returns:
        (frame with the index 0..n-1, notes); the frame's `attrs` hold "delimiter", "decimal" where commas are the
        decimal sign, and "first_line", the line of row 0, where every row is one line.

    Raises:
        InputError: unreadable, too large, empty, not UTF-8, NUL bytes, a carriage return within a
            line, a quote that is not closed, repeated column names, rows of another length (with line
            numbers), or no row below the header.

    Cost: O(size of the file), twice.
    """
    text = _opened(path, max_size)
    raw, separator, notes = text.raw, text.separator, list(text.notes)
    _require_plain_lines(raw, separator, path, text.skipped)
    header = next(_rows(raw, separator))
    _require_unique_names(header, path, text.skipped + 1)
    _require_even_rows(raw, separator, len(header), path, text.skipped)
    sign = decimal or _decimal(raw, separator)
    kept = {*text_columns, *_digit_codes(raw, separator)}
    frame = pd.read_csv(
        io.BytesIO(raw), sep=separator, decimal=sign, encoding="utf-8", index_col=False, low_memory=False,
        skipinitialspace=True, keep_default_na=False, na_values=["", *MISSING_WORDS],
        dtype={name: str for name in kept if name in header},
    )  # fmt: skip
    frame.attrs["delimiter"] = separator
    if sign == ",":
        frame.attrs["decimal"] = sign
    if not len(frame):
        raise InputError(
            "the file has column names and no rows", where=str(path), got="0 rows", fix="add rows below the first line"
        )
    if all(is_number(name) for name in header):
        notes.append(
            "the first line holds only numbers: it was taken as column names; add a line of names if it is data"
        )
    if _lines_are_rows(raw, len(frame)):
        frame.attrs["first_line"] = 2 + text.skipped
    return frame, notes + _missing_word_notes(raw, separator) + _line_notes(frame, path)


def read_cells(path: Path, max_size: MaxSize = None) -> Any:
    """Every cell of the file as it is written, as text: what is to be written back with some rows changed."""
    text = _opened(path, max_size)
    mark = re.escape(text.separator.encode())
    spaced = bool(re.search(rb'%b +"' % mark, text.raw))  # else a space before a cell is part of it
    return pd.read_csv(
        io.BytesIO(text.raw), sep=text.separator, dtype=str, keep_default_na=False, index_col=False,
        skipinitialspace=spaced,
    )  # fmt: skip


def separator_of(path: Path, max_size: MaxSize = None) -> str:
    """The character between the cells of the file."""
    return _opened(path, max_size).separator


def _opened(path: Path, max_size: MaxSize) -> _Text:
    """The lines of the table without what stands around them."""
    raw, named, skipped, notes = _without_prologue(_content(path, max_size))
    if named:
        separator, said = named, [f"columns are separated by {_NAMES.get(named, repr(named))}, as the first line says"]
    else:
        separator, said = _separator(raw, path)
    raw, ended = _without_trailing_separators(raw, separator)
    raw, total = _without_total(raw, separator)
    return _Text(raw, separator, skipped, (*notes, *said, *ended, *total))


def _without_prologue(raw: bytes) -> tuple[bytes, str, int, list[str]]:
    """The bytes from the names on, the separator that a first line sep=; names, lines passed over, and notes."""
    named, skipped = "", 0
    notes: list[str] = []
    if match := re.match(rb'"?sep=([^\r\n"])"?\r?\n', raw, re.IGNORECASE):
        named, raw, skipped = match[1].decode("latin1"), raw[match.end() :], 1
    block = re.match(rb"(#[^\r\n]*\r?\n|\r?\n)*#[^\r\n]*\r?\n", raw)
    if block is None:
        return raw, named, skipped, notes
    lines, rest = block[0].splitlines(keepends=True), raw[block.end() :]
    first = rest.split(b"\n", 1)[0]
    for mark in [named] if named else SEPARATORS:  # names may begin with #: as many cells as the row below
        cells = lines[-1].count(mark.encode())
        if cells and cells == first.count(mark.encode()):
            lines, rest = lines[:-1], lines[-1] + rest
            break
    if lines and rest.strip():
        shown = lines[0].decode().strip()[:60]
        notes.append(f"{len(lines)} comment lines above the names are left out: {shown}")
        return rest, named, skipped + len(lines), notes
    return raw, named, skipped, notes


def _without_trailing_separators(raw: bytes, separator: str) -> tuple[bytes, list[str]]:
    """Lines without the separator at the end of each; the line of names may have none."""
    mark = separator.encode()
    names, _, body = raw.partition(b"\n")
    if not body.rstrip(b"\r\n").endswith(mark):
        return raw, []
    lines = [line.rstrip(b"\r") for line in body.split(b"\n") if line.strip()]
    if not lines or not all(line.endswith(mark) for line in lines):
        return raw, []
    wide, head = len(next(_rows(lines[0], separator))), next(_rows(names, separator))
    ended = names.rstrip(b"\r").endswith(mark) and not head[-1] and len(head) == wide
    if not ended and wide != len(head) + 1:
        return raw, []
    cut = re.sub(rb"%b(?=\r?\n|\Z)" % re.escape(mark), b"", body.rstrip(b"\r\n"))
    names = names.rstrip(b"\r")[: -len(mark)] if ended else names.rstrip(b"\r")
    return names + b"\n" + cut + b"\n", ["every line ends in a separator: the empty last cells are left out"]


def _without_total(raw: bytes, separator: str) -> tuple[bytes, list[str]]:
    """The lines without a last one that adds up those above: a word for it, then numbers or empty cells."""
    body = raw.rstrip(b"\r\n")
    above, _, last = body.rpartition(b"\n")
    if not above.strip() or b'"' in last:
        return raw, []
    cells, names = next(_rows(last, separator), []), next(_rows(raw, separator))
    words = [(place, cell.strip()) for place, cell in enumerate(cells) if cell.strip() and not is_number(cell)]
    if len(words) != 1 or len(cells) != len(names) or not _TOTAL.fullmatch(words[0][1].rstrip(":")):
        return raw, []
    place, word = words[0]
    mark, text = re.escape(separator.encode()), re.escape(word.encode())
    if re.search(rb"(^|%b)\s*%b\s*(%b|\r?$)" % (mark, text, mark), above, re.IGNORECASE | re.MULTILINE):
        return raw, []  # a value of this column
    return above + b"\n", [f"{names[place]}: the last line ({word!r}) adds up the others and is set aside"]


def _content(path: Path, max_size: MaxSize) -> bytes:
    """The bytes of the file, unzipped, without a byte-order mark; refused unless they are UTF-8 text."""
    try:
        require_room(path, path.stat().st_size, max_size)
        raw = decompressed(path.read_bytes(), path, max_size)
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


def decompressed(raw: bytes, path: Path, max_size: MaxSize = None) -> bytes:
    """The bytes of a file whose ending says that they are compressed, else the same bytes."""
    kind = {".gz": "gzip", ".bz2": "bzip2", ".zip": "zip"}.get(path.suffix.lower())
    try:
        if kind == "zip":
            return _only_member(raw, path, max_size)
        return unpacked(raw, kind, path, max_size) if kind else raw
    except InputError:
        raise
    except (OSError, ValueError, zlib.error, EOFError, zipfile.BadZipFile) as fault:
        fix = f"write it again, or rename it if it is no {kind}"
        raise InputError(f"the file is not whole {kind}", where=str(path), got=str(fault), fix=fix) from None


def _only_member(raw: bytes, path: Path, max_size: MaxSize) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")]
        if len(names) != 1:
            raise InputError(
                "a .zip must hold one file", where=str(path), got=", ".join(names[:5]) or "no file",
                fix=f"unzip {path.name}, and name one of its files",
            )  # fmt: skip
        require_room(path, archive.getinfo(names[0]).file_size, max_size)
        return archive.read(names[0])


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


def _decimal(raw: bytes, separator: str) -> str:
    """A comma in files cut at semicolons, where cells show one, or only points that stand before three digits."""
    if separator != ";":
        return "."
    start = raw[:100_000]
    if re.search(rb'(^|;)"?-?\d+,\d+"?(;|\r?$)', start, re.MULTILINE):
        return ","
    grouped = re.search(rb"(^|;)-?[1-9]\d{0,2}(\.\d{3})+(;|\r?$)", start, re.MULTILINE)
    pointed = re.search(rb"(^|;)-?(0\.\d+|\d*\.(\d{1,2}|\d{4,})|\d{4,}(\.\d+)?)(;|\r?$)", start, re.MULTILINE)
    return "," if grouped and not pointed else "."


def _digit_codes(raw: bytes, separator: str) -> list[str]:
    """Columns of whole numbers of which one starts with 0 (01067): codes, whose zeros a number would lose."""
    mark = re.escape(separator.encode())
    if not re.search(rb'(^|%b)"?0\d+"?(%b|\r?$)' % (mark, mark), raw, re.MULTILINE):
        return []
    cells = pd.read_csv(
        io.BytesIO(raw), sep=separator, dtype=str, encoding="utf-8", index_col=False, skipinitialspace=True,
        keep_default_na=False,
    )  # fmt: skip
    found = []
    for name, column in cells.items():
        values = pd.Series(column.unique())
        values = values[~values.isin(["", *MISSING_WORDS])]
        if len(values) and values.str.fullmatch(r"\d+").all() and values.str.fullmatch(r"0\d+").any():
            found.append(str(name))
    return found


def _require_unique_names(header: list[str], path: Path, line: int) -> None:
    repeated = [name for name, count in Counter(header).items() if count > 1 and name]
    if repeated:
        shown = ", ".join(map(repr, repeated[:5])) + (f" ({len(repeated)} in all)" if len(repeated) > 5 else "")
        raise InputError(
            "column names repeat", where=f"{path}, line {line}: {shown}", got=f"{len(header)} columns",
            fix="rename or remove all but one of each",
        )  # fmt: skip


def _require_even_rows(raw: bytes, separator: str, width: int, path: Path, skipped: int) -> None:
    """Every row must have as many cells as the header; counted in one sweep, located by the csv module if not."""
    if _is_even(raw, separator, width):
        return
    text = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8", newline="")
    reader, odd, start = csv.reader(text, delimiter=separator, skipinitialspace=True), [], 1
    for row in reader:
        if row and len(row) != width:
            odd.append((start + skipped, len(row)))
        start = reader.line_num + 1
    if odd:
        lines = ", ".join(str(line) for line, _ in odd[:5]) + (f" ({len(odd)} in all)" if len(odd) > 5 else "")
        raise InputError(
            "some rows have more or fewer cells than there are column names", where=f"{path}, line {lines}",
            got=f"{odd[0][1]} cells in line {odd[0][0]}, {width} columns",
            fix="quote cells that hold the separator, and complete short rows",
        )  # fmt: skip


def _require_plain_lines(raw: bytes, separator: str, path: Path, skipped: int) -> None:
    """Refuse what swallows or splits rows: a carriage return within a line, and a quote that the next one closes."""
    if b'"' not in raw and (b"\r" not in raw or b"\n" not in raw):
        return
    content = np.frombuffer(raw + b"\n", dtype=np.uint8)
    quotes = np.flatnonzero(content == ord('"'))
    returns = np.flatnonzero((content[:-1] == ord("\r")) & (content[1:] != ord("\n")))
    outside = returns[np.searchsorted(quotes, returns) % 2 == 0]
    if len(outside) and b"\n" in raw and outside[0] < len(raw) - 1:
        raise InputError(
            "a carriage return stands within a line, which would make two rows of it",
            where=f"{path}, line {_line(raw, int(outside[0])) + skipped}",
            got=f"{len(outside)} carriage returns without a line feed", fix="quote the cell, or replace them by spaces",
        )  # fmt: skip
    first, last = quotes[: len(quotes) // 2 * 2 : 2], quotes[1::2]
    ends = np.isin(content[last + 1], [ord(mark) for mark in (separator, "\r", "\n", '"', " ")])
    starts = (first == 0) | np.isin(content[first - 1], [ord(separator), ord("\n")])
    feeds = np.flatnonzero(content == ord("\n"))
    spans = np.searchsorted(feeds, first) < np.searchsorted(feeds, last)
    if (wrong := np.flatnonzero(starts & spans & ~ends)).size:
        line = _line(raw, int(first[wrong[0]])) + skipped
        raise InputError(
            "a quote is opened and not closed: rows below it would be part of one cell", where=f"{path}, line {line}",
            got="the next quote stands within a cell of another line", fix="close it, or double the quotes in cells",
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


def _lines_are_rows(raw: bytes, rows: int) -> bool:
    return raw.rstrip(b"\r\n").count(b"\n") == rows


def _line_notes(frame: Any, path: Path) -> list[str]:
    if first := frame.attrs.get("first_line"):
        return [f"row r is line r + {first} of {path.name}"]
    return [f"{path.name} has blank lines or cells that span lines, so line numbers run ahead of row numbers"]
