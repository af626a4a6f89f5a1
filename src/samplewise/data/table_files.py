"""Which files hold tables, by their endings, and those that pandas reads with the help of another package."""

import json
import os
import zipfile
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core import extras
from samplewise.core.errors import InputError
from samplewise.core.texts import keys_text
from samplewise.data.delimited import COMPRESSED, decompressed
from samplewise.data.file_sizes import MaxSize, file_size, parquet_size, require_room, unpacked_size
from samplewise.data.missing_words import MISSING_WORDS

pd = lazy_loader.load("pandas")

KINDS = (
    ".csv, .tsv, .jsonl (also .gz, .bz2, .zip), .xlsx, .parquet, .feather, .npz, or a folder of images with one "
    "sub-folder per class"
)
HEAD = 20  # lines of a sheet among which its header is looked for
DELIMITED, JSON_LINES, BINARY = ("csv", "tsv", "txt"), ("jsonl", "ndjson"), ("parquet", "pq", "feather", "xlsx")
# How pandas reads what is not read here; one line turns it into what is.
_READ_BY_PANDAS = {
    "json": "read_json", "xls": "read_excel", "ods": "read_excel", "sav": "read_spss", "dta": "read_stata",
    "sas7bdat": "read_sas", "xpt": "read_sas", "h5": "read_hdf", "hdf": "read_hdf", "orc": "read_orc",
    "xml": "read_xml", "pkl": "read_pickle", "pickle": "read_pickle",
}  # fmt: skip
_MAY_RUN_CODE = ("pkl", "pickle", "h5", "hdf")

# What readers raise on damaged files; pyarrow's ArrowInvalid is a ValueError.
_DAMAGED = (OSError, ValueError, KeyError, RecursionError, zipfile.BadZipFile)


def kind_of_file(path: Path) -> str:
    """The ending that says what a file is, without dot and compression: "csv" for table.csv.gz and for a plain .zip.

    >>> kind_of_file(Path("rows.TSV.gz")), kind_of_file(Path("rows.zip"))
    ('tsv', 'csv')
    """
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes and suffixes[-1] in COMPRESSED:
        return suffixes[0][1:] if len(suffixes) > 1 and _is_known(suffixes[0][1:]) else "csv"
    return suffixes[-1][1:] if suffixes else ""


def is_table_file(path: Path) -> bool:
    """Whether a file holds a table of named columns, by its ending."""
    return kind_of_file(path) in (*DELIMITED, *JSON_LINES, *BINARY)


def _is_known(kind: str) -> bool:
    return kind in (*DELIMITED, *JSON_LINES, *BINARY, "npz", *_READ_BY_PANDAS)


def unknown_kind(path: Path, kind: str) -> InputError:
    """The error for a file of a kind that is not read, with the line that converts it where pandas reads it."""
    fix = f"use {KINDS}"
    if kind in _READ_BY_PANDAS:
        fix = f"convert it: import pandas as pd; pd.{_READ_BY_PANDAS[kind]}({path.name!r}).to_csv("
        fix += f"{path.stem + '.csv'!r}, index=False)"
        fix += "; only where you trust who made it: reading it may run code" if kind in _MAY_RUN_CODE else ""
    return InputError("this kind of file is not known", where=str(path), got=path.suffix or "no suffix", fix=fix)


def read_by_pandas(path: Path, kind: str, max_size: MaxSize = None) -> tuple[Any, list[str]]:
    """A frame from a file that pandas reads with the help of another package, and notes."""
    named = {"xlsx": "an Excel sheet", "feather": "Feather", "jsonl": "JSON lines", "ndjson": "JSON lines"}
    what = named.get(kind, "Parquet")
    if kind not in JSON_LINES:
        instead = "save the sheet as .csv" if kind == "xlsx" else ""
        needed = "openpyxl" if kind == "xlsx" else "pyarrow"
        extras.require_extra(needed, f"reading {what}", where=str(path), instead=instead)
    sized = {"xlsx": unpacked_size, "parquet": parquet_size, "pq": parquet_size}
    try:
        require_room(path, sized.get(kind, file_size)(path), max_size)
        if kind in JSON_LINES:
            return _json_lines(path, max_size), []
        if kind == "xlsx":
            return _first_sheet(path)
        read = pd.read_feather if kind == "feather" else partial(pd.read_parquet, engine="pyarrow")
        return read(path), []
    except InputError:
        raise
    except (
        OSError,
        ValueError,
        KeyError,
        RecursionError,
        zipfile.BadZipFile,
    ) as fault:  # pyarrow's ArrowInvalid is a ValueError
        got = (str(fault).splitlines() or [type(fault).__name__])[0][:200]
        raise InputError(f"the file cannot be read as {what}", where=str(path), got=got, fix="write it again") from None


def _json_lines(path: Path, max_size: MaxSize) -> Any:
    """One object per line; its values keep their types: 007 in quotes stays text."""
    text = decompressed(path.read_bytes(), path, max_size).decode("utf-8-sig")
    rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    if not rows:
        raise InputError("the file has no rows", where=str(path), got="0 lines", fix="name a file with rows")
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("every line must be an object: {...}")
    return pd.DataFrame(rows)


def _first_sheet(path: Path) -> tuple[Any, list[str]]:
    """The first sheet of a workbook that holds a table, below its header; notes name what is left out."""
    with pd.ExcelFile(path, engine="openpyxl") as book:
        heads = {
            name: pd.read_excel(book, sheet_name=name, header=None, nrows=HEAD, dtype=object)
            for name in book.sheet_names
        }
        tables = [name for name, head in heads.items() if head.notna().any(axis=0).sum() > 1 and len(head) > 1]
        chosen = next(iter(tables or heads))
        above = _lines_above_header(heads[chosen])
        frame = pd.read_excel(
            book, sheet_name=chosen, header=above, na_values=["", *MISSING_WORDS], keep_default_na=False
        )
    filled = np.flatnonzero(frame.notna().any(axis=1).to_numpy())
    if not len(filled):
        raise InputError("the file has no rows", where=str(path), got="empty sheets", fix="name a file with rows")
    frame = frame.iloc[: filled[-1] + 1]  # what was deleted below a table still counts as its rows
    notes = [f"row r is line r + {above + 2} of the sheet {str(chosen)!r}"]
    if above:
        words = heads[chosen].iloc[:above].stack().dropna().tolist()
        notes.append(f"lines above the header are left out: {keys_text(words)}")
    others = [str(name) for name in heads if name != chosen]
    return frame, notes + ([f"other sheets are not read: {', '.join(others[:5])}"] if others else [])


def _lines_above_header(head: Any) -> int:
    """How many lines stand above the header, the first line of names in every column that is in use.

    Lines above are titles and names of groups of columns, which leave at least half of the columns empty.
    """
    filled = head.notna().sum(axis=1)
    names = head.map(lambda cell: isinstance(cell, str)).sum(axis=1)
    whole = np.flatnonzero((filled == filled.max()) & (names == filled))
    above = int(whole[0]) if len(whole) else 0
    return above if (2 * filled[:above] <= filled.max()).all() else 0


def require_there(path: Path) -> None:
    """Refuse a path that leads to no file and no folder; the nearest name beside it is offered."""
    if path.is_file() or path.is_dir():
        return
    if path.exists():
        raise InputError(
            "this is no file: it has no end, or cannot be read twice", where=str(path.absolute()),
            got="a device, a pipe or a socket", fix="write what it holds to a file, and name that",
        )  # fmt: skip
    if path.is_symlink():
        raise InputError(
            "this link leads to no file", where=str(path.absolute()), got=f"a link to {os.readlink(path)}",
            fix="name the file itself, or mend the link",
        )  # fmt: skip
    entries = sorted(entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else []
    near = get_close_matches(path.name, entries, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"use {KINDS}"
    raise InputError("there is no such file", where=str(path.absolute()), got=str(path), fix=hint)
