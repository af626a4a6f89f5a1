"""Which column is the label? Where nobody named it, a person at the keyboard is asked."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from rich.text import Text

from samplewise import data
from samplewise.cli.console import err
from samplewise.core.errors import InputError
from samplewise.core.escapes import one_line, shell_option
from samplewise.data.readers import Reading, likely_labels
from samplewise.data.table_files import is_table_file


def read_once(path: Path, label: str | None, **columns: Any) -> Reading:
    """The data set with its label; for a table without one, the column that the person at the keyboard names.

    Archives and folders name their labels themselves.

    Args:    path, label: as given.   columns: the other columns that play a part, as in `read_dataset`.
    Raises:
        InputError: there is nobody to ask; the likely columns are in the message.
    """
    if label is not None or path.is_dir() or not is_table_file(path):
        return data.read_dataset(path, label=label, **columns)
    reading = data.read_dataset(path, **columns)
    return data.read_dataset(reading, label=label_of(path, likely_columns(reading, columns)), **columns)


def label_of(path: Path, likely: list[str]) -> str:
    """The name of the label column, asked of the person at the keyboard; raises `InputError` where there is none."""
    if not sys.stdin.isatty():
        raise InputError(
            "no label was named", where=str(path), got=f"likely columns: {', '.join(likely) or 'none'}",
            fix=f"add {shell_option('--label', likely[:1] or ['COL'])}",
        )  # fmt: skip
    err().print("Which column is to be predicted? These are likely:")
    for number, name in enumerate(likely, start=1):
        err().print(Text(f"  {number}  {one_line(name)}"))
    answer = typer.prompt("number or name", default="1", err=True).strip()
    return likely[int(answer) - 1] if answer.isdigit() and 0 < int(answer) <= len(likely) else str(answer)


def likely_columns(reading: Reading, columns: Mapping[str, Any]) -> list[str]:
    """Names of the columns that may be the label and play no other part, likeliest first."""
    if reading.frame is None:
        return []
    taken = {columns.get(part) for part in ("id", "groups", "time", "weights", "image")}
    taken |= set(columns.get("drop_columns") or ())
    return [str(name) for name in likely_labels(reading.frame) if name not in taken]
