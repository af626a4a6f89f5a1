"""Texts of files of any size, a batch at a time: one text per line, row or object; nothing is kept of what was read."""

import csv
import gzip
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from samplewise.core import extras
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.texts import keys_text
from samplewise.data.table_files import kind_of_file

BATCH_ROWS, BATCH_CHARACTERS = 20_000, 4_000_000
USUAL = ("text", "content", "document")  # columns that hold the text where none is named
READ = ".jsonl, .csv, .tsv and .txt (also .gz), .parquet"

Watch = Callable[[float], None]
Row = tuple[Any, Any]  # id, text


class TextBatch(NamedTuple):
    """Some rows: their ids and their texts."""

    ids: list[Any]
    texts: list[str]


def stream_texts(
    source: Any, *, text: str | None = None, id: str | None = None, name: str = "raw", watch: Watch | None = None
) -> Iterator[TextBatch]:
    """Rows of a file, of several, or of anything that yields texts, in batches of bounded size.

    Args:
        source: a path, or a list of paths (.jsonl, .csv, .tsv, .txt, also .gz, .parquet), or texts in any iterable.
        text: the column with the texts; None for one named text, content or document, or the only one.
        id: the column with the ids; None to count rows from 0.
        name: what the caller calls the rows, for messages.
        watch: called with the share of the bytes that is read (0 to 1), after every batch of a file.

    Raises:
        InputError: a file that is not there, of an unknown kind or damaged (with the line), a column it lacks, or a
            row that is no text.

    Cost: one pass; a batch is in memory at a time.
    """
    if isinstance(source, str | Path):
        rows = _of_files([Path(source)], text, id, watch)
    elif isinstance(source, list | tuple) and source and all(isinstance(one, Path) for one in source):
        rows = _of_files(list(source), text, id, watch)
    else:
        rows = enumerate(source)
    numbered = count()
    while batch := _batch(rows, numbered, id is not None, name):
        yield batch


def _batch(rows: Iterator[Row], numbered: Iterator[int], named: bool, name: str) -> TextBatch | None:
    ids: list[Any] = []
    texts: list[str] = []
    size = 0
    for key, text in islice(rows, BATCH_ROWS):
        number = next(numbered)
        if text is None or text != text:
            text = ""  # a missing text has no words
        if not isinstance(text, str):
            raise InputError(
                "a row is no text", where=f"{name}, row {key if named else number}", got=type(text).__name__,
                fix='pass texts; for a matrix of counts features="counts", for a table features="binned_columns"',
            )  # fmt: skip
        ids.append(key if named else number)
        texts.append(text)
        size += len(text)
        if size > BATCH_CHARACTERS:
            break
    return TextBatch(ids, texts) if ids else None


def _of_files(files: Sequence[Path], text: str | None, id: str | None, watch: Watch | None) -> Iterator[Row]:
    for file in files:
        if not file.is_file():
            raise InputError("there is no such file", where=str(file), fix=f"check the path; texts are read of {READ}")
    total = sum(file.stat().st_size for file in files) or 1
    before = 0
    for file in files:
        kind = kind_of_file(file)
        read = {"jsonl": _json_rows, "ndjson": _json_rows, "csv": _cells, "tsv": _cells, "txt": _lines}.get(kind)
        if kind in ("parquet", "pq"):
            yield from _watched(_parquet_rows(file, text, id), None, before, total, watch)
        elif read is None:
            raise InputError("texts are not read of this kind of file", where=str(file), got=f".{kind}", fix=READ)
        else:
            with file.open("rb") as raw:
                yield from _watched(_decoded(file, raw, read, text, id), raw, before, total, watch)
        before += file.stat().st_size
    if watch is not None:
        watch(1.0)


def _watched(
    rows: Iterable[Row], raw: BinaryIO | None, before: int, total: int, watch: Watch | None
) -> Iterator[Row]:  # fmt: skip
    for place, row in enumerate(rows):
        if watch is not None and raw is not None and place % 1000 == 0:
            watch((before + raw.tell()) / total)
        yield row


def _decoded(file: Path, raw: BinaryIO, read: Any, text: str | None, id: str | None) -> Iterator[Row]:
    packed = gzip.GzipFile(fileobj=raw) if file.suffix.lower() == ".gz" else raw
    lines = io.TextIOWrapper(packed, encoding="utf-8-sig", newline="\n" if read is not _cells else "")
    try:
        yield from read(file, lines, text, id)
    except UnicodeDecodeError as fault:
        raise InputError(
            "the file is not UTF-8", where=str(file), got=f"byte {fault.object[fault.start]:#x}",
            fix="write it again as UTF-8: iconv -f latin1 -t utf-8",
        ) from None  # fmt: skip
    except (OSError, EOFError, csv.Error) as fault:
        raise InputError("the file is damaged", where=str(file), got=str(fault)[:200], fix="write it again") from None


def _lines(file: Path, lines: Iterable[str], text: str | None, id: str | None) -> Iterator[Row]:
    """One text per line."""
    if text is not None or id is not None:
        raise InputError(
            "a .txt file has no columns: every line is a text", where=str(file), got=f"text={text!r}, id={id!r}",
            fix="leave the names out, or write .jsonl or .csv",
        )  # fmt: skip
    for place, line in enumerate(lines):
        yield place, line.rstrip("\r\n")


def _json_rows(file: Path, lines: Iterable[str], text: str | None, id: str | None) -> Iterator[Row]:
    """One object per line, or one text in quotes."""
    for place, line in enumerate(lines):
        try:
            row = json.loads(line)
        except ValueError as fault:
            raise InputError(
                "a line is not JSON", where=f"{file}, line {place + 1}", got=f"{line[:40]!r} ({fault})"[:120],
                fix='write one object per line: {"text": "..."}',
            ) from None  # fmt: skip
        if isinstance(row, str):
            row = {"text": row}
        if not isinstance(row, dict):
            fix = 'write {"text": "..."}'
            raise InputError("a line is no object", where=f"{file}, line {place + 1}", got=line[:40], fix=fix)
        text = text or _text_column([name for name, cell in row.items() if isinstance(cell, str)], file)
        yield _cell(row, id, file, place) if id else place, _cell(row, text, file, place)


def _cell(row: Mapping[str, Any], name: str, file: Path, place: int) -> Any:
    if name not in row:
        error = unknown_name("column", name, row)
        error.where = f"{file}, line {place + 1}"
        raise error
    return row[name]


def _cells(file: Path, lines: Any, text: str | None, id: str | None) -> Iterator[Row]:
    """Rows of a table with a header, of any separator among , ; and tab."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    header = next(lines, "")
    separator = max(",;\t", key=header.count)
    names = next(csv.reader([header], delimiter=separator), [])
    wanted = text or _text_column(names, file)
    for name in filter(None, (wanted, id)):
        if name not in names:
            raise unknown_name("column", name, names)
    places = names.index(wanted), names.index(id) if id else None
    for place, row in enumerate(csv.reader(lines, delimiter=separator)):
        if len(row) != len(names) and row:
            raise InputError(
                "a row has another number of cells than the header", where=f"{file}, row {place}",
                got=f"{len(row)} cells, {len(names)} names", fix="put texts with separators in quotes",
            )  # fmt: skip
        if row:
            yield place if places[1] is None else row[places[1]], row[places[0]]


def _parquet_rows(file: Path, text: str | None, id: str | None) -> Iterator[Row]:
    extras.require_extra("pyarrow", "reading Parquet", where=str(file))
    parquet = extras.load("pyarrow.parquet", "reading Parquet")
    table = parquet.ParquetFile(file)
    names = table.schema_arrow.names
    wanted = text or _text_column(names, file)
    for name in filter(None, (wanted, id)):
        if name not in names:
            raise unknown_name("column", name, names)
    place = 0
    for batch in table.iter_batches(1024, columns=list(dict.fromkeys(filter(None, (wanted, id))))):
        columns = batch.to_pydict()
        texts = columns[wanted]
        yield from zip(columns[id] if id else range(place, place + len(texts)), texts, strict=True)
        place += len(texts)


def _text_column(names: Sequence[str], file: Path) -> str:
    """The column that holds the texts, where none is named."""
    known = [name for name in USUAL if name in names]
    if known or len(names) == 1:
        return known[0] if known else names[0]
    raise InputError(
        "which column holds the texts cannot be told", where=str(file), got=f"columns {keys_text(names)}",
        fix='name it: text="..." (on the command line --text NAME)',
    )  # fmt: skip
