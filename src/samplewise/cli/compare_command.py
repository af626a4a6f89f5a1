"""`samplewise compare RUN RUN`: what got better, what is new, and whether data, options or versions differ."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from samplewise import auditing, report
from samplewise.auditing.audited_rows import load_rows
from samplewise.cli.console import out
from samplewise.core.codec import load_record
from samplewise.core.escapes import one_line
from samplewise.core.findings import AuditRecord
from samplewise.report.comparison_page import comparison_page

Run = Annotated[Path, typer.Argument(metavar="RUN", help="A folder that `samplewise audit --out` wrote.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="The comparison as a page.")]

EXAMPLES = """Examples:
  samplewise compare runs/monday runs/friday
  samplewise compare runs/monday runs/friday --out compare.html"""


def compare_command(before: Run, after: Run, out_file: Out = None) -> None:
    """Compare two audits, the earlier one first: what got better, what is new, what went.

    Changed data, changed options and changed versions are told apart. Rows are matched by id, so give the data an --id
    column where rows come and go.
    """
    records = [load_record(run, partial=True) for run in (before, after)]
    ids = [_ids(run, record) for run, record in zip((before, after), records, strict=True)]
    known = (ids[0], ids[1]) if ids[0] is not None and ids[1] is not None else None
    found = report.compare_audits(records[0], records[1], known)
    out().print(found.to_text())
    if out_file is not None:
        links = _link(before, out_file), _link(after, out_file)
        auditing.run_folder.write_text(out_file, comparison_page(found, (str(before), str(after)), links))
        out().print(Text(f"\nreport    {one_line(out_file)}"))


def _ids(run: Path, record: AuditRecord) -> Collection[str] | None:
    """The ids of the audited rows, where they are names and not places."""
    rows = load_rows(run, record.data)
    return None if rows is None or rows.numbered else rows.ids.tolist()


def _link(run: Path, page: Path) -> str:
    """The report of an audit as the page links to it."""
    folder = run if run.is_dir() else run.parent
    return os.path.relpath(folder / "report.html", page.resolve().parent).replace(os.sep, "/")
