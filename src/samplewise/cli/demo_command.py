"""`samplewise demo`: digits with planted faults, audited, and a count of what was found."""

import io
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

import samplewise as sw
from samplewise import auditing
from samplewise.cli.console import out
from samplewise.cli.live import Live
from samplewise.cli.outcome import last_lines
from samplewise.cli.write_back import write_all
from samplewise.core.arrays import Array
from samplewise.core.csv_text import own_cells_csv
from samplewise.core.escapes import shell_option, shell_path
from samplewise.core.rates import percent_text

OutDir = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder for the data with planted faults and the two audits.")
]
Seed = Annotated[int, typer.Option(help="Which rows get a fault.")]


def demo_command(out_dir: OutDir = Path("samplewise-demo"), seed: Seed = 0) -> None:
    """Plant known faults in scikit-learn's digits, audit them, and count how many of each were found.

    Two audits: the first checks the columns of the table and finds the one that gives the label away; the second
    checks the pictures without it and finds the rows. Needs no network and about half a minute; exits with 0.
    """
    demo = auditing.demo
    planted = demo.plant_faults(seed)
    table, images, test = (out_dir / name for name in (f"digits-{seed}.csv", f"digits-{seed}.npz", f"test-{seed}.npz"))
    content = {table: own_cells_csv(planted.train, list(planted.train.columns)).encode()}
    content |= {images: _archive(demo.pictures(planted.train)), test: _archive(demo.pictures(planted.test))}
    write_all(content)

    columns = _audit(
        "First the columns", table, out_dir / f"columns-{seed}", seed, checks="SW106,SW107", learner="kernel"
    )
    folder = out_dir / f"rows-{seed}"
    rows = _audit("The pictures, without the two columns just found", images, folder, seed, test=test)
    out().print(Text("\nWhat was planted, and what was found of it", style="bold"))
    out().print(score_table([*demo.score_columns(columns.record), *demo.score_rows(rows.record, planted)]))
    for line in last_lines(rows.record, folder):
        out().print(line)


def _audit(heading: str, path: Path, folder: Path, seed: int, **options: Any) -> "auditing.Audit":
    """Audit one of the planted files, and show the command that does the same."""
    roles = {
        "label": auditing.demo.LABEL,
        "id": auditing.demo.ID,
        **{name: str(value) for name, value in options.items()},
    }
    spelled = " ".join(
        shell_option(f"--{name}", [str(value)]) for name, value in (roles | {"seed": seed, "out": folder}).items()
    )
    out().print(Text(f"\n{heading}", style="bold"))
    out().print(Text(f"samplewise audit {shell_path(path)} {spelled}\n", style="dim"))
    with Live() as live:
        return sw.audit(str(path), seed=seed, run_dir=folder, progress=live, **roles)


def _archive(arrays: Mapping[str, Array]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def score_table(scores: "Iterable[auditing.demo.FaultScore]") -> Table:
    """A line per fault; "also named" counts rows and columns that were named for it and not planted."""
    table = Table("fault", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("planted", "found", "also named", "average precision"):
        table.add_column(name, justify="right")
    for score in scores:
        ranked = "" if math.isnan(score.average_precision) else f"{score.average_precision:.3f}"
        found = f"{score.found} ({percent_text(score.recall, '.0f')})"
        table.add_row(score.fault, str(score.planted), found, str(score.unplanted), ranked)
    return table
