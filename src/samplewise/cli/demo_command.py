"""`samplewise demo`: digits with planted faults, audited, and an honest count of what was found."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

import samplewise as sw
from samplewise import auditing
from samplewise.cli.console import out
from samplewise.cli.live import Live
from samplewise.cli.original import write_all
from samplewise.cli.outcome import last_lines

OutDir = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the two tables and the two audits.")]
Seed = Annotated[int, typer.Option(help="Which rows are spoilt.")]


def demo_command(out_dir: OutDir = Path("samplewise-demo"), seed: Seed = 0) -> None:
    """Plant known faults in scikit-learn's digits, audit them, and say honestly what was found of each.

    Two audits: the first looks at the columns only and finds the one that gives the label away; the second goes
    without it and looks at the rows. Needs no network and less than half a minute; exits with 0.
    """
    demo = auditing.demo
    planted = demo.plant_faults(seed)
    train, test = out_dir / f"digits-{seed}.csv", out_dir / f"digits-{seed}-test.csv"
    tables = {train: planted.train.to_csv(index=False), test: planted.test.to_csv(index=False)}
    write_all({path: text.encode() for path, text in tables.items()})
    roles = {"label": demo.LABEL, "id": demo.ID, "test": str(test), "seed": seed}
    leaking = (demo.LEAK, demo.COUNTER)

    _say(f"1. A first look at the columns of {train}", "--checks SW1")
    with Live() as live:
        first = sw.audit(str(train), checks="SW1", run_dir=out_dir / f"first-look-{seed}", progress=live, **roles)
    _say(f"2. The audit, without {' and '.join(leaking)}", f"--drop-columns {' '.join(leaking)}")
    folder = out_dir / f"audit-{seed}"
    with Live() as live:
        audit = sw.audit(str(train), drop_columns=leaking, run_dir=folder, progress=live, **roles)

    _say("3. What was planted, and what was found of it")
    out().print(score_table([*demo.score_columns(first.record), *demo.score_rows(audit.record, planted)]))
    for line in last_lines(audit.record, folder):
        out().print(line)


def score_table(scores: "Iterable[auditing.demo.Score]") -> Table:
    """A line per fault; "named" counts what the audit listed for it, planted or not."""
    table = Table("fault", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("planted", "found", "named", "average precision"):
        table.add_column(name, justify="right")
    for score in scores:
        ranked = "" if math.isnan(score.average_precision) else f"{score.average_precision:.3f}"
        found = f"{score.found} ({100 * score.recall:.0f} %)"
        table.add_row(score.fault, str(score.planted), found, str(score.listed), ranked)
    return table


def _say(heading: str, option: str = "") -> None:
    out().print(Text(f"\n{heading}", style="bold") + Text(f"   ({option})" if option else "", style="dim"))
