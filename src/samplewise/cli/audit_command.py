"""`samplewise audit PATH --label COL`: the main job."""

import operator
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import typer
from rich.text import Text

import samplewise as sw
from samplewise import auditing
from samplewise.auditing.options import with_current_names
from samplewise.cli.accepted import read_accepted
from samplewise.cli.command_options import (
    SWITCHES,
    FailOn,
    FailOnOption,
    PathArgument,
    Quiet,
    ReadAsCategory,
    ReadAsNumber,
    ReadAsOrdered,
    kinds_of,
    with_audit_options,
)
from samplewise.cli.console import Exit, err, out
from samplewise.cli.label_prompt import read_once
from samplewise.cli.live import Live
from samplewise.cli.outcome import exit_code, last_lines
from samplewise.cli.user_predictions import embedding, read_predictions
from samplewise.core.arrays import Floats
from samplewise.core.escapes import one_line
from samplewise.data.readers import Reading
from samplewise.data.roles import Roles
from samplewise.data.targets import Task, describe_target

EXAMPLES = """Examples:
  samplewise audit adult.csv --label income --out run/
  samplewise audit adult.csv --label income --segments sex race --positive ">50K"
  samplewise audit train.csv --label y --test test.csv --id key --groups patient
  samplewise audit vectors.npz --probabilities probabilities.npy --budget 60s
  samplewise audit photos/ --embed my_net:features

Exit codes: 0 no finding at the threshold (--fail-on), 1 findings at it, 2 it could not be done or a check failed."""


@with_audit_options
def audit_command(
    path: PathArgument, *, number: ReadAsNumber = None, category: ReadAsCategory = None, order: ReadAsOrdered = None,
    fail_on: FailOnOption = FailOn.ERROR, quiet: Quiet = False, **given: Any,
) -> None:  # fmt: skip
    """Say what is wrong with a data set, in which rows, what to do about it, and what doing it gains on held-out rows.

    The report (DIR/report.html) is rewritten after every check. Ctrl-C leaves it valid, and the same command goes on
    where it stopped. DIR/findings holds the rows of every finding with an empty column for your decisions, which
    `samplewise apply` carries out.
    """
    options = with_current_names(given | {"columns": kinds_of(number, category, order)})
    folder = options["run_dir"] = options["run_dir"] or default_folder(path)
    options |= {name: read(options[name]) for name, read in READ.items() if options[name] is not None}
    auditing.audit_call.require_possible(path, auditing.options.AuditOptions(**options))
    roles = {role.name: options.pop(role.name) for role in fields(Roles) if role.name in options}
    reading = read_once(path, roles.pop("label"), **{name: value for name, value in roles.items() if value})
    if options["probabilities"] is not None:
        file, about = options["probabilities"], (roles["id"], options["task"], options["positive"])
        options["probabilities"] = aligned(file, reading, *about)
    try:
        with Live(quiet) as live:
            done = sw.audit(reading, progress=live, **options)
    except KeyboardInterrupt:
        interrupted(folder)
    done.to_junit(folder / "junit.xml")
    for line in last_lines(done.record, folder, quiet):
        out().print(line)
    raise typer.Exit(exit_code(done.record, str(fail_on)))


# From what a person writes on the command line to what `samplewise.audit` takes, where the two differ.
READ: dict[str, Callable[[Any], Any]] = {
    "test": str,
    "embeddings": embedding,
    "accepted": lambda file: read_accepted(file, auditing.catalog.catalog()),
    **dict.fromkeys(SWITCHES, operator.not_),
}


def aligned(file: Path, reading: Reading, id: str | None, task: Task, positive: str | None) -> Floats:
    """(n, c) predictions in the order of the rows and of the classes that at least two rows have."""
    rows = reading.data
    target = describe_target(rows.y, task, rows.ids, positive)
    values = read_predictions(file, rows.ids, target.classes, id or "id")
    return values if target.classes is None else values[:, sorted(set(target.codes[target.usable].tolist()))]


def default_folder(path: Path) -> Path:
    """`adult-audit` here, for `somewhere/adult.csv.gz`."""
    name = path.resolve().name if path.is_dir() else Path(path.name.removesuffix(".gz")).stem
    return Path(f"{name}-audit")


def interrupted(folder: Path) -> None:
    """Say where everything is after Ctrl-C, a closed terminal or a request to end, and leave."""
    report, growing = folder / "report.html", folder / auditing.replaced_record.NEW / "report.html"
    where = f"what was found so far is in {one_line(report)}; " if report.exists() else ""
    if growing.exists():
        where = f"{one_line(report)} is as it was, and what was found so far is in {one_line(growing)}; "
    err().print(Text(f"Interrupted: {where}the same command goes on where this one stopped.", style="yellow"))
    raise typer.Exit(Exit.INTERRUPTED)
