"""What a person sees: two consoles, errors as four lines, and the exit codes every command shares."""

import os
import sys
from collections.abc import Callable, Iterable
from enum import IntEnum
from functools import wraps
from typing import ParamSpec

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from samplewise.cli.signals import leave_quietly
from samplewise.core.errors import SamplewiseError
from samplewise.core.escapes import one_line, visible

DEBUG = "SAMPLEWISE_DEBUG"
P = ParamSpec("P")


class Exit(IntEnum):
    """How the program ended."""

    NOTHING = 0  # done, nothing at the threshold
    FINDINGS = 1  # done, findings at the threshold
    IMPOSSIBLE = 2  # it could not be done, or a check failed
    INTERRUPTED = 130  # Ctrl-C, or a request to end


class _Shown(Console):
    """A console that shows hidden characters of any text as codes: only its own colors reach the terminal as such.

    Its reader may go: the program then ends quietly, with what was found on the disk.
    """

    def on_broken_pipe(self) -> None:
        """Nobody reads any more."""
        raise SystemExit(leave_quietly())

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of whatever is printed; every text passes here, be it in a line, a table or a bar."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else visible(text), style, control)


def out() -> Console:
    """Results: made when needed, so that it writes to whatever standard output is at that moment."""
    return _console(stderr=False)


def err() -> Console:
    """Progress and errors."""
    return _console(stderr=True)


def _console(stderr: bool) -> Console:
    """Highlighting and markup are off: text from the data is shown as it is. A pipe is never wrapped."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 100_000
    return _Shown(stderr=stderr, highlight=False, markup=False, emoji=False, width=width)


def errors_shown(command: Callable[P, None]) -> Callable[P, None]:
    """The command with every fault turned into a sentence and an exit code; SAMPLEWISE_DEBUG=1 lets it through."""

    @wraps(command)
    def guarded(*args: P.args, **options: P.kwargs) -> None:
        try:
            command(*args, **options)
        except (typer.Exit, typer.Abort):
            raise
        except (Exception, KeyboardInterrupt) as fault:
            if os.environ.get(DEBUG):
                raise
            interrupted = isinstance(fault, KeyboardInterrupt)
            err().print(Text(_sentence(fault), style="yellow" if interrupted else "red"))
            raise typer.Exit(Exit.INTERRUPTED if interrupted else Exit.IMPOSSIBLE) from None

    return guarded


def _sentence(fault: BaseException) -> str:
    if isinstance(fault, SamplewiseError):
        return str(fault)
    if isinstance(fault, KeyboardInterrupt):
        return "Interrupted."
    if isinstance(fault, OSError):
        return f"the system refused: {one_line(fault)}"
    fix = f"{DEBUG}=1 shows the traceback; please report it"
    return f"unexpected {type(fault).__name__}: {one_line(fault)}\n  fix:    {fix}"
