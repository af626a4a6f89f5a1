"""Findings that a team has reviewed and accepted: they no longer decide the exit code."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from samplewise.auditing.accepted import codes_named
from samplewise.core.csv_text import plain_cell
from samplewise.core.errors import InputError

HEADER = ("code", "id")


def read_accepted(path: Path, codes: Iterable[str]) -> dict[str, frozenset[str] | None]:
    """Code -> accepted ids as text, or None where all of the code is accepted.

    The file is CSV: a line `SW104` accepts a check, `SW3` all whose code starts so, `SW201,17` one row; # is a comment.

    Raises:
        InputError: no such file, or a line that names no check, with its number and the nearest code.
    """
    known = list(codes)
    rows: dict[str, set[str]] = {}
    whole: set[str] = set()
    for number, (beginning, row) in _lines(path):
        try:
            named = codes_named(beginning, known, "code")
        except InputError as fact:
            raise fact.during(f"reading {path}, line {number}") from None
        for code in named:
            rows.setdefault(code, set()).update({row} if row else ())
        whole.update(() if row else named)
    return {code: None if code in whole else frozenset(ids) for code, ids in sorted(rows.items())}


def _lines(path: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    """Number, code and id of every line that says something."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as fault:
        raise InputError(
            "the file of accepted findings cannot be read", where=str(path), got=fault.strerror or str(fault),
            fix="write one code a line, such as SW104, or a code and a row, such as SW201,17",
        ) from None  # fmt: skip
    except UnicodeDecodeError as fault:
        raise InputError(
            "the file of accepted findings is not UTF-8 text", where=str(path), got=f"byte {fault.start}",
            fix="save it as UTF-8",
        ) from None  # fmt: skip
    for number, cells in enumerate(csv.reader(text.splitlines()), start=1):
        code, row, *_ = [*(plain_cell(cell.strip()) for cell in cells), "", ""]
        if code and not code.startswith("#") and (code, row) != HEADER:
            yield number, (code.upper(), row)
