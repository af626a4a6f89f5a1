"""`samplewise compare RUN RUN`: what got better, what is new."""

from pathlib import Path
from typing import Annotated

import typer

from samplewise import report
from samplewise.cli.console import out
from samplewise.core.codec import load_record

Run = Annotated[Path, typer.Argument(metavar="RUN", help="A folder that `samplewise audit --out` wrote.")]

EXAMPLES = "Example: samplewise compare runs/monday runs/friday"


def compare_command(before: Run, after: Run) -> None:
    """Compare two audits, the earlier one first: what got better, what is new, what went.

    Rows are matched by id, so give the data an --id column where rows come and go.
    """
    records = [load_record(run, partial=True) for run in (before, after)]
    out().print(report.compare_audits(*records).to_text())
