"""The options of the commands: those of an audit as `auditing.options` describes them, and those of a terminal."""

import csv
import inspect
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from samplewise.auditing.options import ANSWER, DATA, FORMER, OPTIONS, Flag
from samplewise.core.errors import InputError
from samplewise.data.targets import Task
from samplewise.data.text_columns import ReadAs


class FailOn(StrEnum):
    """The least severity that makes the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


SPELLED: dict[str, Flag] = {name: flag for name, one in OPTIONS.items() if (flag := one.metadata["flag"]) is not None}
BOOLEANS = tuple(name for name, flag in SPELLED.items() if flag.kind is bool)
SWITCHES = tuple(name for name in BOOLEANS if OPTIONS[name].default)  # on, and switched off by their flag


def flag_name(name: str) -> str:
    """How the command spells an option of the audit: `--drop-columns`."""
    return SPELLED[name].name or f"--{name.replace('_', '-')}"


def option(name: str) -> Any:
    """What typer has to know of an option of the audit."""
    flag, described = SPELLED[name], OPTIONS[name]
    return typer.Option(
        flag_name(name), metavar=flag.metavar, rich_help_panel=flag.panel, case_sensitive=False,
        help=f"{described.metadata['help']} {flag.more}".strip(),
        show_default=name not in BOOLEANS and described.default not in (None, ()),
    )  # fmt: skip


def former_option(former: str) -> Any:
    """The same for a former name, which no help lists."""
    return typer.Option(f"--{former.replace('_', '-')}", hidden=True)


def with_audit_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with every option of the audit instead of its `**given`, after the path.

    A switch that is on by default is off in the command until its flag is given: `--no-values`.
    """
    signature = inspect.signature(command)
    path, *own, _ = signature.parameters.values()
    described = [
        (name, Annotated[flag.kind, option(name)], _unset(name)) for name, flag in SPELLED.items()
    ] + [
        (former, Annotated[SPELLED[name].kind | None, former_option(former)], None) for former, name in FORMER.items()
    ]  # fmt: skip
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
        for name, kind, default in described
    ]
    vars(command)["__signature__"] = signature.replace(parameters=[path, *options, *own])
    return command


def _unset(name: str) -> Any:
    """What an option is in the command that was not given it."""
    default = OPTIONS[name].default
    return False if name in SWITCHES else None if default == () else default


def require_unset(options: Mapping[str, Any], why: str) -> None:
    """Refuse options that would be ignored, before anything is read; each with whether it was given."""
    if given := [name for name, value in options.items() if value]:
        raise InputError("options that change nothing here", got=", ".join(given), fix=f"leave them out: {why}")


PathArgument = Annotated[
    Path,
    typer.Argument(
        metavar="PATH",
        help="A .csv, .tsv, .jsonl (also .gz, .bz2, .zip), .xlsx, .parquet, .feather, .npz file, or folder of images.",
    ),
]
FailOnOption = Annotated[
    FailOn,
    typer.Option(
        "--fail-on", help="The least severity with exit code 1.", rich_help_panel=ANSWER, case_sensitive=False
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Only the verdict and where the report is.", rich_help_panel=ANSWER)
]

ReadAsNumber = Annotated[
    list[str] | None,
    typer.Option("--number", metavar="COL ...", help="Columns that are numbers; words there are missing.",
                 rich_help_panel=DATA),
]  # fmt: skip
ReadAsCategory = Annotated[
    list[str] | None,
    typer.Option("--category", metavar="COL ...", help="Columns whose numbers stand for categories.",
                 rich_help_panel=DATA),
]  # fmt: skip
ReadAsOrdered = Annotated[
    list[str] | None,
    typer.Option("--order", metavar="COL=LOW,...,HIGH", help="Ordered categories; models learn from their ranks.",
                 rich_help_panel=DATA),
]  # fmt: skip
READ_AS = {"number": "--number", "category": "--category", "order": "--order"}  # what the command says of columns


def kinds_of(number: list[str] | None, category: list[str] | None, order: list[str] | None = None) -> dict[str, ReadAs]:
    """The columns that a person named with `--number`, `--category` and `--order`, as `columns=` takes them.

    Raises:
        InputError: the same column named twice, or an order without a column or values.

    >>> kinds_of(["price"], None, ["size=small,medium,large"])
    {'price': 'number', 'size': ['small', 'medium', 'large']}
    """
    ordered = dict(map(_ordered, order or ()))
    named = [*(number or ()), *(category or ()), *ordered]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise InputError(
            "a column is a number or a category, or ordered", where=", ".join(READ_AS.values()), got=", ".join(twice),
            fix="name it once",
        )  # fmt: skip
    return {**dict.fromkeys(number or (), "number"), **dict.fromkeys(category or (), "category"), **ordered}


def _ordered(word: str) -> tuple[str, list[str]]:
    """A column and its values from low to high."""
    name, _, values = word.partition("=")
    listed = [value.strip() for value in next(csv.reader([values], skipinitialspace=True), [])]
    if not name or not any(listed):
        raise InputError(
            "an order names a column and its values from low to high", where="--order", got=word[:80],
            fix="--order size=small,medium,large",
        )  # fmt: skip
    return name, listed


# What other commands share with the audit.
Label = Annotated[str | None, option("label")]
Id = Annotated[str | None, option("id")]
Groups = Annotated[str | None, option("groups")]
MaxSize = Annotated[str | None, option("max_size")]
Time = Annotated[str | None, option("time")]
DropColumns = Annotated[list[str] | None, option("drop_columns")]
Decimal = Annotated[str | None, option("decimal")]
TaskOption = Annotated[Task, option("task")]
Learner = Annotated[str | None, option("learner")]
Budget = Annotated[str | None, option("budget")]
Seed = Annotated[int, option("seed")]
