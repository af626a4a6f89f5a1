"""What an audit reports while it runs; a command line draws it, and so does a line in a notebook or a terminal."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from samplewise.core.escapes import one_line
from samplewise.core.findings import Outcome
from samplewise.core.rates import percent_text
from samplewise.core.units import rough_seconds

WIDEST = 100  # characters of a line that is written over


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: the data was understood, a check began or ended, a fit was made, something was noted."""

    stage: Literal["understood", "expected", "begin", "check", "fit", "advice", "note", "done"]
    message: str  # what is being done, or was noted
    done: int = 0  # fits made so far
    total: int = 0  # fits the plan expects
    seconds_left: float | None = None  # of "expected": that the whole audit takes, measured on one fit
    share: float | None = None  # of the time of the whole audit that is over, 0 to 1
    outcome: Outcome | None = None
    facts: dict[str, Any] | None = None  # of "understood": the record's data and plan


Progress = Callable[[Event], None]


def usual_progress() -> Progress:
    """One line that is written anew: in a notebook under its cell, in a terminal on standard error; else nothing."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None and hasattr(shell, "kernel"):
        display = sys.modules["IPython"].display.display
        handle: Any = display({"text/plain": ""}, raw=True, display_id=True)
        return Line(lambda text: handle.update({"text/plain": text}, raw=True))
    if sys.stderr is not None and sys.stderr.isatty():
        return Line(lambda text: print(f"\r{text:<{WIDEST}}", end="" if text else "\r", file=sys.stderr, flush=True))
    return Line(lambda text: None)


@dataclass(slots=True)
class Line:
    """Says what is being done and how long the rest takes, in one line; `show` puts it over the one before."""

    show: Callable[[str], None]
    _doing: str = field(default="reading the data", init=False)
    _said: str = field(default="", init=False)

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if event.stage == "done":
            return self._say("")
        if event.stage in ("begin", "advice"):
            self._doing = event.message
        if event.share is None:
            return None
        left = rough_seconds(event.seconds_left or 0.0)
        return self._say(f"samplewise: {percent_text(event.share, '.0f')} done, about {left} left: {self._doing}")

    def _say(self, text: str) -> None:
        text = one_line(text)[:WIDEST]
        if text != self._said:
            self._said = text
            self.show(text)
