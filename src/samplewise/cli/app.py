"""The program: its commands, its version, its way out."""

import inspect
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from samplewise import __version__
from samplewise.cli import (
    apply_command,
    audit_command,
    checks_command,
    compare_command,
    demo_command,
    explain_command,
    forecast_command,
    monitor_command,
    review_command,
    shift_command,
)
from samplewise.cli.console import errors_shown
from samplewise.cli.list_options import ListedCommand
from samplewise.cli.signals import end_as_by_ctrl_c
from samplewise.core.escapes import one_line

EPILOG = """Start with:
  samplewise demo
  samplewise audit data.csv --label income --out run/

Exit codes: 0 nothing at the threshold (--fail-on), 1 findings at it, 2 it could not be done or a check failed."""


class Program(TyperGroup):
    """The group of commands; a word it cannot read is shown with its hidden characters as codes."""

    def make_context(self, *given: Any, **more: Any) -> Any:
        """Read the words before the name of the command."""
        with _complaints_on_one_line():
            return super().make_context(*given, **more)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        with _complaints_on_one_line():
            return super().invoke(ctx)


@contextmanager
def _complaints_on_one_line() -> Iterator[None]:
    try:
        yield
    except Exception as fault:
        if isinstance(message := getattr(fault, "message", None), str):
            fault.message = one_line(message)  # type: ignore[attr-defined]
        raise


app = typer.Typer(
    name="samplewise",
    cls=Program,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    epilog=EPILOG,
    pretty_exceptions_enable=False,
)


def _help(command: Callable[..., None]) -> str:
    """Its docstring with every paragraph on one line: a terminal wraps it to its own width."""
    return "\n\n".join(" ".join(part.split()) for part in inspect.cleandoc(command.__doc__ or "").split("\n\n"))


for _name, _command, _epilog, _class in (
    ("audit", audit_command.audit_command, audit_command.EXAMPLES, ListedCommand),
    ("demo", demo_command.demo_command, None, TyperCommand),
    ("checks", checks_command.checks_command, None, TyperCommand),
    ("explain", explain_command.explain_command, explain_command.EXAMPLES, TyperCommand),
    ("forecast", forecast_command.forecast_command, forecast_command.EXAMPLES, ListedCommand),
    ("shift", shift_command.shift_command, shift_command.EXAMPLES, ListedCommand),
    ("monitor", monitor_command.monitor_command, monitor_command.EXAMPLES, ListedCommand),
    ("compare", compare_command.compare_command, compare_command.EXAMPLES, TyperCommand),
    ("review", review_command.review_command, review_command.EXAMPLES, TyperCommand),
    ("apply", apply_command.apply_command, apply_command.EXAMPLES, TyperCommand),
):
    app.command(_name, cls=_class, help=_help(_command), epilog=_epilog)(errors_shown(_command))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"samplewise {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What is wrong with this data, which rows, what to do about it, and what doing it gains."""


def main() -> None:
    """Run the program named on the command line; the entry point of the console script."""
    end_as_by_ctrl_c()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no such character shows a question mark
    app()
