"""`samplewise monitor REFERENCE FOLDER`: whether a model still holds, batch after batch, on one page."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from samplewise import auditing, report
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
from samplewise.cli.console import Exit, err, out
from samplewise.cli.label_prompt import read_once
from samplewise.cli.shift_command import Margin, Unlabeled, rows_elsewhere
from samplewise.core.errors import InputError
from samplewise.core.escapes import one_line
from samplewise.engine import refits

EXAMPLES = """Examples:
  samplewise monitor train.csv months/ --label income
  samplewise monitor train.csv months/ --label income --unlabeled --margin 3 --out months.html

Every file of the folder is a batch, in the order of the names. What cannot be read is named, and the others go on.
Ctrl-C writes the page of the batches compared so far."""

Reference = Annotated[
    Path, typer.Argument(metavar="REFERENCE", help="Labeled rows, in any form `samplewise audit` takes.")
]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="A file per batch; all, some or no rows have a label.")]
Out = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="The page, monitor.html where not given.", show_default=False)
]


def monitor_command(  # noqa: PLR0913  # the signature IS the command line: one argument per option
    reference: Reference, folder: Folder, label: Label = None, unlabeled: Unlabeled = False, margin: Margin = 2.0,
    id: Id = None, groups: Groups = None, drop_columns: DropColumns = None, number: ReadAsNumber = None,
    category: ReadAsCategory = None, order: ReadAsOrdered = None, decimal: Decimal = None, max_size: MaxSize = None,
    task: TaskOption = "auto", learner: Learner = None, seed: Seed = 0, out_file: Out = Path("monitor.html"),
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Say in which batches of a folder the rows differ from REFERENCE, and where the error is larger by a margin.

    One model is cross-fitted to REFERENCE and applied to every batch. Intervals and p allow for the number of batches.
    """
    files = auditing.monitored.files_in(folder)
    if out_file.resolve() in {reference.resolve(), *(path.resolve() for path in files.values())}:
        raise InputError(
            "the page would replace the data", got=f"--out {out_file}", fix="name another file: --out FILE"
        )
    parts = {
        "id": id, "groups": groups, "drop_columns": drop_columns, "max_size": max_size, "decimal": decimal,
        "columns": kinds_of(number, category, order),
    }  # fmt: skip
    given = {name: value for name, value in parts.items() if value}
    reading = read_once(reference, label, **given)
    read = partial(rows_elsewhere, label=reading.label, given=given, unlabeled=unlabeled)
    taken = auditing.prepare_audit.take_in(reading, None, auditing.options.AuditOptions(task=task, seed=seed))
    ready = refits.prepare(taken.data, None if learner == "auto" else learner, task=taken.target.task, seed=seed)
    batches, stopped = [], False
    try:
        for batch in auditing.monitored.batches_in(ready, files, read, margin):
            batches.append(batch)
            if not quiet:
                err().print(Text(one_line(f"{len(batches)} of {len(files)}  {batch.words()}: {batch.alarm}")))
    except KeyboardInterrupt:
        stopped = True
    found = auditing.monitored.compared_so_far(batches, len(files), margin)
    plan = {"seed": seed, "learner": learner or "chosen by the shape of the data", "margin": margin}
    record = auditing.monitored.monitor_record(found, taken.facts | {"source": f"{reference} and {folder}"}, plan)
    auditing.run_folder.write_text(out_file, report.to_html(record))
    out().print(Text(report.verdict(record).sentence, style="bold"))
    if not quiet:
        for line in found._sentences():
            out().print(Text(one_line(line)))
    out().print(Text(f"report    {one_line(out_file)}"))
    if stopped:
        raise typer.Exit(Exit.INTERRUPTED)
