"""What a person sees: two consoles, errors as four lines, and the exit codes every command shares."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer
from rich.console import Console
from rich.text import Text

from samplewise.core.errors import SamplewiseError


class Exit(IntEnum):
    """What the shell is told."""

    NOTHING = 0  # done, nothing at the threshold
    FINDINGS = 1  # done, findings at the threshold
    IMPOSSIBLE = 2  # it could not be done, or a check failed
    INTERRUPTED = 130  # Ctrl-C


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
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True, width=width)


@contextmanager
def errors_shown(debug: bool = False) -> Iterator[None]:
    """Turn what can go wrong into a sentence and an exit code; `debug` lets the traceback through instead."""
    try:
        yield
    except SamplewiseError as error:
        _fail(str(error), debug)
    except KeyboardInterrupt:
        err().print("Interrupted.", style="yellow")
        raise typer.Exit(Exit.INTERRUPTED) from None
    except OSError as error:
        _fail(f"the system refused: {error}", debug)
    except Exception as error:  # the last line of defence: a person gets one line, not a traceback
        _fail(f"unexpected {type(error).__name__}: {error}\n  fix:    run again with --debug and report it", debug)


def _fail(message: str, debug: bool) -> None:
    """Called while an exception is handled, so that a bare raise shows where it came from."""
    if debug:
        raise  # noqa: PLE0704  # only ever called from an except block
    err().print(Text(message, style="red"))
    raise typer.Exit(Exit.IMPOSSIBLE) from None
