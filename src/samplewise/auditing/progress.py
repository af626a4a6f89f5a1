"""What an audit reports while it runs; a command line draws it, a notebook may ignore it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from samplewise.core.findings import Outcome


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
