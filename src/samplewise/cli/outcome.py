"""How an audit ends: the verdict, what the advice was measured to do, where everything is, and the exit code."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from rich.text import Text

from samplewise import report
from samplewise.cli.console import Exit
from samplewise.cli.write_back import kind_of
from samplewise.core.escapes import one_line, shell_command, shell_path
from samplewise.core.findings import SEVERITIES, AuditRecord
from samplewise.core.texts import count_of, shortened
from samplewise.report.basis import leaking_columns
from samplewise.report.for_review import is_for_review
from samplewise.report.remedy_order import Advice, advice_of, change_text, effect_text, helping

STYLES = {"error": "bold red", "warning": "bold yellow", "clean": "bold green", "incomplete": "bold yellow"}
VERDICTS = {"helps": "green", "hurts": "red"}
MOST_REMEDIES = 8
LONGEST = 90


def exit_code(record: AuditRecord, fail_on: str) -> Exit:
    """2 where a check failed, else 1 where a finding is at the threshold (accepted ones are notes by now), else 0."""
    if any(outcome.status == "failed" for outcome in record.outcomes):
        return Exit.IMPOSSIBLE
    if fail_on == "never":
        return Exit.NOTHING
    least = SEVERITIES.index("error" if fail_on == "error" else "warning")
    reached = any(SEVERITIES.index(finding.severity) >= least for finding in record.findings())
    return Exit.FINDINGS if reached else Exit.NOTHING


def last_lines(record: AuditRecord, folder: Path, quiet: bool = False) -> Iterator[Text]:
    """The verdict, the remedies with their measured effect, and where the report is."""
    said = report.verdict(record)
    yield Text(said.sentence if quiet else f"\n{said.sentence}", style=STYLES[said.level])
    if not quiet:
        yield from _remedies(record)
    page = one_line(folder / "report.html")
    yield Text(f"report: {page}" if quiet else f"\nreport    {page}")
    if quiet:
        return
    lists = sorted((folder / "findings").glob("*.csv"))
    if lists:
        where = one_line(folder / "findings")
        decide = f"; or samplewise review {shell_path(folder)}" if is_for_review(record) else ""
        yield Text(f"rows      {where}: {count_of(len(lists), 'list')} with a column for your decisions{decide}")
    columns = leaking_columns(record)
    if columns:
        yield Text(f"next      {_without(columns, record, folder)}", style="dim")
    elif lists:
        yield Text(f"next      {_next_command(record, folder)}", style="dim")


def _without(columns: list[str], record: AuditRecord, folder: Path) -> str:
    """The command of this audit again without the columns that give the label away, into a folder of its own."""
    source, label = str(record.data.get("source") or ""), str(record.data.get("label") or "")
    words = shlex.split(str(record.environment.get("command") or ""))
    if words[:2] != ["samplewise", "audit"]:
        words = ["samplewise", "audit", source, "--label", label]
    kept = [
        word
        for before, word in zip(["", *words], words, strict=False)
        if "--out" not in (before, word) and not word.startswith("--out=")
    ]
    dropped = [f"--drop-columns={name}" for name in columns]
    again = f"{folder}-again"
    return f"{shell_command([*kept, *dropped])} --out {shell_path(again)}"


def _next_command(record: AuditRecord, folder: Path) -> str:
    """The command that carries out what helps or, where nothing is known to, what a person writes into the lists."""
    kind = kind_of(Path(str(record.data.get("source") or "")))
    by_rule = any(item.axis == "row" for item in helping(advice_of(record)[0]))
    chosen = "" if by_rule else f" --decisions {shell_path(folder / 'findings')}"
    return f"samplewise apply {shell_path(folder)}{chosen} --out clean.{'csv' if kind in ('folder', 'table') else kind}"


def _remedies(record: AuditRecord) -> Iterator[Text]:
    tested, untested = advice_of(record)
    if tested:
        yield Text("\nWhat acting on it was measured to do on held-out rows", style="bold")
    for item in tested[:MOST_REMEDIES]:
        yield _remedy(item)
    hidden = max(len(tested) - MOST_REMEDIES, 0) + len(untested)
    if hidden:
        yield Text(f"  {count_of(hidden, 'more remedy', 'more remedies')} in the report", style="dim")


def _remedy(item: Advice) -> Text:
    remedy = item.remedy
    control = f"  (random: {effect_text(remedy.control, interval=False)})" if remedy.control else ""
    text = Text(f"  {remedy.verdict:<20}", style=VERDICTS.get(remedy.verdict, "dim"))
    text.append(f"{change_text(remedy):<40}", style="default").append(
        f" {shortened(item.action, LONGEST)}", style="default"
    )
    return text.append(control, style="dim")
