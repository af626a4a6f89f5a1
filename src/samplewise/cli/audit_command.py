"""`samplewise audit PATH --label COL`: the main job."""

from pathlib import Path
from typing import Any

import typer
from rich.text import Text

import samplewise as sw
from samplewise import auditing, data
from samplewise.cli.accepted import read_accepted
from samplewise.cli.console import Exit, err, out
from samplewise.cli.label_prompt import read_once
from samplewise.cli.live import Live
from samplewise.cli.options import (
    AcceptedFile,
    Budget,
    Checks,
    DropColumns,
    Embed,
    FailOn,
    FailOnOption,
    Groups,
    Id,
    Label,
    Learner,
    Metric,
    NoValues,
    Out,
    PathArgument,
    Positive,
    Predictions,
    Quiet,
    Seed,
    Segments,
    Task,
    TaskOption,
    Test,
    TestLooks,
    Time,
)
from samplewise.cli.outcome import exit_code, last_lines
from samplewise.cli.user_predictions import embedding, read_predictions
from samplewise.core.arrays import Floats
from samplewise.data.readers import Reading

EXAMPLES = """Examples:
  samplewise audit adult.csv --label income --out run/
  samplewise audit adult.csv --label income --segments sex race --positive ">50K"
  samplewise audit train.csv --label y --test test.csv --id key --groups patient
  samplewise audit vectors.npz --predictions probabilities.npy --budget 60s
  samplewise audit photos/ --embed my_net:features

Exit codes: 0 no finding at the threshold (--fail-on), 1 findings at it, 2 it could not be done or a check failed."""


def audit_command(  # noqa: PLR0913  # the signature IS the command line: one argument per option
    path: PathArgument, label: Label = None, id: Id = None, groups: Groups = None, segments: Segments = None,
    time: Time = None, drop_columns: DropColumns = None, task: TaskOption = Task.AUTO, positive: Positive = None,
    test: Test = None, learner: Learner = None, embed: Embed = None, predictions: Predictions = None,
    metric: Metric = None, checks: Checks = "default", accepted: AcceptedFile = None, budget: Budget = None,
    seed: Seed = 0, out_dir: Out = None, no_values: NoValues = False, fail_on: FailOnOption = FailOn.ERROR,
    quiet: Quiet = False, test_looks: TestLooks = 1,
) -> None:  # fmt: skip
    """Say what is wrong with a data set, in which rows, what to do about it, and what doing it buys on held-out rows.

    The report (DIR/report.html) is rewritten after every check. Ctrl-C leaves it valid, and the same command goes on
    where it stopped. DIR/findings holds the rows of every finding with an empty column for your decisions, which
    `samplewise apply` carries out.
    """
    folder = out_dir or default_folder(path)
    parts = {"id": id, "groups": groups, "time": time, "segments": segments, "drop_columns": drop_columns}
    reading = read_once(path, label, **{name: value for name, value in parts.items() if value})
    options: dict[str, Any] = {
        "test": None if test is None else str(test), "task": str(task), "positive": positive, "learner": learner,
        "embeddings": None if embed is None else embedding(embed), "metric": metric, "checks": checks,
        "predictions": None if predictions is None else aligned(predictions, reading, id, str(task), positive),
        "accepted": None if accepted is None else read_accepted(accepted, auditing.catalog.catalog()),
        "budget": budget, "seed": seed, "run_dir": folder, "show_values": not no_values,
        "test_looks": test_looks,
    }  # fmt: skip
    try:
        with Live(quiet) as live:
            done = sw.audit(reading, progress=live, **options)
    except KeyboardInterrupt:
        _interrupted(folder)
    done.to_junit(folder / "junit.xml")
    for line in last_lines(done.record, folder, quiet):
        out().print(line)
    raise typer.Exit(exit_code(done.record, str(fail_on)))


def aligned(file: Path, reading: Reading, id: str | None, task: str, positive: str | None) -> Floats:
    """(n, c) predictions in the order of the rows and of the classes that at least two rows have."""
    rows = reading.data
    target = data.describe_target(rows.y, task, rows.ids, positive)
    values = read_predictions(file, rows.ids, target.classes, id or "id")
    return values if target.classes is None else values[:, sorted(set(target.codes[target.usable].tolist()))]


def default_folder(path: Path) -> Path:
    """`adult-audit` here, for `somewhere/adult.csv.gz`."""
    name = path.resolve().name if path.is_dir() else Path(path.name.removesuffix(".gz")).stem
    return Path(f"{name}-audit")


def _interrupted(folder: Path) -> None:
    report = folder / "report.html"
    where = f"what was found so far is in {report}; " if report.exists() else ""
    err().print(Text(f"Interrupted: {where}the same command goes on where this one stopped.", style="yellow"))
    raise typer.Exit(Exit.INTERRUPTED)
