"""What is shown while an audit runs: what was understood, findings as checks end, and the time left."""

import sys
import time
from types import TracebackType
from typing import Any, Protocol, Self

from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

from samplewise.cli.console import err, out
from samplewise.cli.summary import understood_lines
from samplewise.core.findings import Finding, Outcome
from samplewise.core.rates import percent_text
from samplewise.core.texts import shortened
from samplewise.core.units import rough_seconds
from samplewise.report.verdict import untold_extent
from samplewise.report.wording import estimate_text

SECONDS_BETWEEN_LINES = 10.0  # where no bar can be drawn
COLORS = {"error": "bold red", "warning": "yellow", "note": "dim"}
DOING = {"understood": "timing a fit", "advice": "testing the remedies"}
LONGEST, LONGEST_DOING = 100, 40
SHORTEST = 10.0  # seconds that are not worth telling


class _Left(ProgressColumn):
    """The time left, which runs down between two events too."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        """Seconds until the end that was last expected."""
        ends = task.fields.get("ends")
        if ends is None:
            return Text("")
        left = ends - time.monotonic()
        return Text(f"about {rough_seconds(left)} left" if left >= 1.0 else "a little longer")


class ProgressEvent(Protocol):
    """What an audit reports while it runs (`auditing.progress.Event`)."""

    stage: str
    message: str
    done: int
    total: int
    seconds_left: float | None
    share: float | None
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
            texts = (TextColumn("{task.description}"), BarColumn(), _Left())
            options: dict[str, Any] = {"transient": True, "redirect_stdout": False, "redirect_stderr": False}
            self._bar = Progress(SpinnerColumn(), *texts, console=self._console, **options)
            self._bar.start()
            self._task = self._bar.add_task(self._doing, total=None, ends=None)
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
            self._result(Text("\n".join(understood_lines(event.facts["data"], event.facts["plan"]))))
        elif event.stage == "expected":
            self._result(Text(f"time     {_whole(event.seconds_left)}\n"))
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
        self._doing = event.message if event.stage == "begin" else DOING.get(event.stage, self._doing)
        if event.share is None:
            return
        left = event.seconds_left or 0.0
        if self._bar is not None:
            ends = time.monotonic() + left
            doing = shortened(self._doing, LONGEST_DOING)
            self._bar.update(self._task, description=doing, completed=event.share, total=1.0, ends=ends)
        elif time.monotonic() - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            done = percent_text(event.share, ".0f")
            self._console.print(Text(f"{self._doing}: {done} done, about {rough_seconds(left)} left"))


def _whole(seconds: float | None) -> str:
    """How long the audit is expected to take."""
    if not seconds or seconds < SHORTEST:
        return "a few seconds"
    return f"about {rough_seconds(seconds)}, as one fit took"


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
