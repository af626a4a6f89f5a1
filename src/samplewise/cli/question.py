"""Which column is the label? Asked of a person where there is one."""

import sys
from pathlib import Path

import typer
from rich.text import Text

from samplewise import data
from samplewise.cli.console import err
from samplewise.core.errors import InputError
from samplewise.report.wording import printable

TABLES = (".csv", ".tsv", ".txt", ".parquet", ".pq")


def label_of(path: Path, label: str | None) -> str | None:
    """The label as given; for a table without one, the answer of the person at the keyboard.

    Archives and folders name their labels themselves.

    Raises:
        InputError: nobody can be asked; the likely columns are in the message.
    """
    if label is not None or path.is_dir() or Path(path.name.removesuffix(".gz")).suffix.lower() not in TABLES:
        return label
    likely = likely_columns(path)
    if not sys.stdin.isatty():
        raise InputError(
            "no label was named", where=str(path), got=f"likely columns: {', '.join(likely) or 'none'}",
            fix=f"add --label {likely[0]!r}" if likely else "add --label COL",
        )  # fmt: skip
    err().print("Which column is to be predicted? These are likely:")
    for number, name in enumerate(likely, start=1):
        err().print(Text(f"  {number}  {printable(name)}"))
    answer = typer.prompt("number or name", default="1", err=True).strip()
    return likely[int(answer) - 1] if answer.isdigit() and 0 < int(answer) <= len(likely) else str(answer)


def likely_columns(path: Path) -> list[str]:
    """Names of the columns that may be the label, likeliest first."""
    frame = data.read_dataset(path).frame
    return [] if frame is None else [str(name) for name in data.readers.likely_labels(frame)]
