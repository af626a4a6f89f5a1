"""`samplewise shift TRAIN TEST`: whether a model of the one will hold on the other, on one page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from samplewise import auditing, data, report
from samplewise.cli.command_options import (
    Decimal,
    DropColumns,
    Groups,
    Id,
    Label,
    Learner,
    MaxSize,
    Quiet,
    ReadAsCategory,
    ReadAsNumber,
    ReadAsOrdered,
    Seed,
    TaskOption,
    kinds_of,
)
from samplewise.cli.console import out
from samplewise.cli.label_prompt import read_once
from samplewise.core.csv_text import csv_text
from samplewise.core.errors import InputError
from samplewise.core.escapes import one_line
from samplewise.engine import refits

if TYPE_CHECKING:
    from samplewise.data.dataset import Dataset

EXAMPLES = """Examples:
  samplewise shift train.csv new.csv --label income
  samplewise shift train.csv new.csv --label income --unlabeled --n-labels 50 --out new.html

Rows of TEST that have no label are asked about: the page names some of them, drawn at random. Write their labels into
the file and run the same command again, and the page states the error there with an exact interval."""

PANEL = "The question"
Train = Annotated[Path, typer.Argument(metavar="TRAIN", help="Labeled rows, in any form `samplewise audit` takes.")]
Test = Annotated[Path, typer.Argument(metavar="TEST", help="Rows from elsewhere; all, some or none have a label.")]
Unlabeled = Annotated[
    bool, typer.Option("--unlabeled", help="Take no notice of labels in TEST.", rich_help_panel=PANEL)
]
LabelCount = Annotated[
    int, typer.Option("--n-labels", metavar="COUNT", help="Rows of TEST to label.", rich_help_panel=PANEL, min=1)
]
Margin = Annotated[
    float,
    typer.Option("--margin", metavar="POINTS", help="Points of error that matter.", rich_help_panel=PANEL, min=0.0),
]
Out = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="FILE",
        help="The page, shift.html where not given; rows to label go beside it.",
        show_default=False,
    ),
]


def shift_command(  # noqa: PLR0913  # the signature IS the command line: one argument per option
    train: Train, test: Test, label: Label = None, unlabeled: Unlabeled = False, n_labels: LabelCount = 30,
    margin: Margin = 2.0, id: Id = None, groups: Groups = None, drop_columns: DropColumns = None,
    number: ReadAsNumber = None, category: ReadAsCategory = None, order: ReadAsOrdered = None, decimal: Decimal = None,
    max_size: MaxSize = None, task: TaskOption = "auto", learner: Learner = None, seed: Seed = 0,
    out_file: Out = Path("shift.html"), quiet: Quiet = False,
) -> None:  # fmt: skip
    """Say whether a model of TRAIN will hold on TEST: do the rows differ, by which columns, and does it cost anything.

    A model is cross-fitted to TRAIN and applied to TEST. Without labels there the page says what cannot be seen, and
    which rows to label.
    """
    rows_file = out_file.with_suffix(".rows.csv")
    if {out_file.resolve(), rows_file.resolve()} & {train.resolve(), test.resolve()}:
        raise InputError(
            "the page or the list beside it would replace the data", got=f"--out {out_file}",
            fix="name another file: --out FILE",
        )  # fmt: skip
    parts = {
        "id": id, "groups": groups, "drop_columns": drop_columns, "max_size": max_size, "decimal": decimal,
        "columns": kinds_of(number, category, order),
    }  # fmt: skip
    given = {name: value for name, value in parts.items() if value}
    reading = read_once(train, label, **given)
    held = rows_elsewhere(test, reading.label, given, unlabeled)
    options = auditing.options.AuditOptions(test=held, task=task, seed=seed)
    taken = auditing.prepare_audit.take_in(reading, None, options)
    ready = refits.prepare(taken.data, None if learner == "auto" else learner, task=taken.target.task, seed=seed)
    facts = taken.facts | {"source": f"{train} and {test}"}
    plan = {"seed": seed, "learner": learner or "chosen by the shape of the data", "margin": margin}
    record = auditing.elsewhere.shift_record(ready, taken.test or held, n_labels, margin, facts, plan)
    auditing.run_folder.write_text(out_file, report.to_html(record))
    out().print(Text(report.verdict(record).sentence, style="bold"))
    if not quiet:
        for finding in record.findings():
            out().print(Text(one_line(finding.explanation)))
    out().print(Text(f"report    {one_line(out_file)}"))
    for exhibit in record.outcomes[0].result.exhibits:
        if exhibit.title == auditing.elsewhere.TO_LABEL:  # the page shows the first hundred of them
            text = csv_text(exhibit.columns, zip(*exhibit.columns.values(), strict=True))
            auditing.run_folder.write_text(rows_file, text)
            out().print(Text(f"to label  {one_line(rows_file)}"))


def rows_elsewhere(path: Path, label: str, given: dict[str, Any], unlabeled: bool) -> "Dataset":
    """The rows of a file from elsewhere, with labels where it has them and they are wanted."""
    reading = data.read_dataset(path, **given)
    if not unlabeled and reading.frame is not None and label in reading.frame.columns:
        return data.read_dataset(reading, label=label, **given).data
    return reading.data.with_labels(None) if unlabeled and reading.frame is None else reading.data
