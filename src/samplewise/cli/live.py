"""What is shown while an audit runs: what was understood, findings as checks end, and the time left."""

import sys
import time
from types import TracebackType
from typing import Any, Protocol, Self

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from samplewise.cli.console import err, out
from samplewise.cli.summary import understood_lines
from samplewise.core.findings import Finding, Outcome
from samplewise.core.texts import shortened
from samplewise.core.units import seconds_text
from samplewise.report.verdict import untold_extent
from samplewise.report.wording import estimate_text

SECONDS_BETWEEN_LINES = 10.0  # where no bar can be drawn
COLORS = {"error": "bold red", "warning": "yellow", "note": "dim"}
DOING = {"understood": "looking", "fit": "fitting", "advice": "testing the advice"}
LONGEST = 100


class ProgressEvent(Protocol):
    """What an audit reports while it runs (`auditing.progress.Event`)."""

    stage: str
    message: str
    done: int
    total: int
    seconds_left: float | None
    outcome: Outcome | None
    facts: dict[str, Any] | None


class Live:
    """Shows the events of one audit: a bar on a terminal, a line now and then in a log, nothing when quiet."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._console = err()
        self._bar: Progress | None = None
        self._task: Any = None
        self._doing = "reading"
        self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        """Start the bar where there is a terminal to draw it on."""
        if not self._quiet and self._console.is_terminal:
            texts = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[left]}"))
            options: dict[str, Any] = {"transient": True, "redirect_stdout": False, "redirect_stderr": False}
            self._bar = Progress(SpinnerColumn(), *texts, console=self._console, **options)
            self._bar.start()
            self._task = self._bar.add_task(self._doing, total=None, left="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away, whatever happened."""
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, event: ProgressEvent) -> None:
        """Show one event."""
        if self._quiet:
            return
        if event.facts is not None:
            self._result(Text("\n".join([*understood_lines(event.facts["data"], event.facts["plan"]), ""])))
        elif event.outcome is not None:
            for line in outcome_lines(event.outcome):
                self._result(line)
        elif event.stage == "note":
            console = self._console if self._bar is None else self._bar.console
            console.print(Text(f"note      {shortened(event.message, 3 * LONGEST)}", style="dim"))
        self._advance(event)

    def _result(self, text: Text) -> None:
        """Findings go to standard output; on one terminal with the bar, through the bar's console, above it."""
        console = self._bar.console if self._bar is not None and sys.stdout.isatty() else out()
        console.print(text)

    def _advance(self, event: ProgressEvent) -> None:
        """Move the bar on, or write a line where ten seconds have passed without one."""
        self._doing = DOING.get(event.stage, self._doing)
        left = f"about {seconds_text(event.seconds_left)} left" if event.seconds_left else ""
        if self._bar is not None:
            counted: dict[str, Any] = (
                {"completed": event.done, "total": event.total, "left": left} if event.total else {}
            )
            self._bar.update(self._task, description=self._doing, **counted)
        elif event.stage == "fit" and time.monotonic() - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            counted_text = f"{self._doing}: {event.done:,} of about {event.total:,} fits"
            self._console.print(Text(", ".join(filter(None, (counted_text, left)))))


def outcome_lines(outcome: Outcome) -> list[Text]:
    """One line per finding of a check, or one that says how the check ended."""
    if outcome.result.findings:
        return [finding_line(finding) for finding in outcome.result.findings]
    word = {"not_applicable": "n/a", "failed": "FAILED"}.get(outcome.status, outcome.status)
    words = outcome.title + (f": {outcome.reason}" if outcome.reason else "")
    style = "bold red" if outcome.status == "failed" else "dim"
    return [Text(f"{word:>8}  {outcome.code}  {shortened(words, 2 * LONGEST)}", style=style)]


def finding_line(finding: Finding) -> Text:
    """Severity, code, title, how many rows, and the first number behind it."""
    numbers = [estimate_text(estimate) for estimate in finding.measured[:1]]
    detail = "; ".join(filter(None, [untold_extent(finding), *numbers]))
    text = Text(f"{finding.severity:>8}", style=COLORS[finding.severity])
    text.append(f"  {finding.code}  ", style="default")
    text.append(shortened(finding.title, LONGEST), style="default")
    return text.append(f"  ({shortened(detail, LONGEST)})" if detail else "", style="dim")
