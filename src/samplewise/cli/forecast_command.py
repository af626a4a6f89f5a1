"""`samplewise forecast PATH`: how much data is needed, from a measured curve or from the rows themselves."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from samplewise import auditing, curves, report
from samplewise.cli.command_options import (
    Budget,
    DropColumns,
    Groups,
    Id,
    Label,
    Learner,
    MaxSize,
    Quiet,
    Seed,
    TaskOption,
    Time,
    require_unset,
)
from samplewise.cli.console import out
from samplewise.cli.label_prompt import read_once
from samplewise.core.errors import InputError, require_share
from samplewise.core.escapes import one_line
from samplewise.core.texts import column_texts
from samplewise.core.values import Exhibit
from samplewise.data.targets import describe_target

EXAMPLES = """Examples:
  samplewise forecast curve.csv --target-error 0.05 --price-per-row 0.2 --out forecast.html
  samplewise forecast adult.csv --label income --learner boosting --target-error 0.12
  samplewise forecast sales.csv --label price --time day --drop-columns note invoice --target-error 2500

A curve is a table with the columns n and error, and standard_error or repeat where known: one line per training."""

PANEL = "The question"
ROUNDS, GROWTH, REPEATS = 4, 4.0, 5
LONGEST = 80  # characters of a cell


def _option(text: str, metavar: str) -> Any:
    return typer.Option(metavar=metavar, help=text, rich_help_panel=PANEL, show_default=False)


PathArgument = Annotated[
    Path,
    typer.Argument(metavar="PATH", help="A curve (.csv with n and error), or any data `samplewise audit` takes."),
]
Target = Annotated[
    float | None,
    _option("Error to be reached: 0.05 is five wrong answers in a hundred; of a number in its own unit.", "ERROR"),
]
Cost = Annotated[float | None, _option("Price of one more labeled row; adds a plan of batches.", "PRICE")]
Rounds = Annotated[int, _option(f"Rounds of collecting and measuring there is time for ({ROUNDS}).", "COUNT")]
Growth = Annotated[float, _option(f"How many times the rows may become more in one round ({GROWTH:.0f}).", "TIMES")]
Penalty = Annotated[float | None, _option("Price of ending without the target.", "PRICE")]
Repeats = Annotated[int, _option(f"Draws of the subsets when a curve is measured ({REPEATS}).", "COUNT")]
Fits = Annotated[Path | None, _option("Folder for finished fits: the same command goes on there after a kill.", "DIR")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="The page.", show_default=False)]


def forecast_command(  # noqa: PLR0913  # the signature IS the command line: one argument per option
    path: PathArgument, label: Label = None, target_error: Target = None, price_per_row: Cost = None,
    rounds: Rounds = ROUNDS, max_growth: Growth = GROWTH, penalty: Penalty = None, learner: Learner = None,
    id: Id = None, groups: Groups = None, time: Time = None, drop_columns: DropColumns = None,
    max_size: MaxSize = None, task: TaskOption = "auto", repeats: Repeats = REPEATS, budget: Budget = None,
    fits: Fits = None, seed: Seed = 0,
    out_file: Out = Path("forecast.html"), quiet: Quiet = False,
) -> None:  # fmt: skip
    """Say how many rows a target error needs, what the next rows buy, and what to collect first.

    From the rows themselves the curve is measured first: nested subsets, several draws, evaluated on rows outside them.
    """
    chosen = None if learner in (None, "auto") else learner
    from_curve = label is None and is_curve(path)
    if from_curve:
        said: dict[str, Any] = {
            "--id": id,
            "--groups": groups,
            "--time": time,
            "--drop-columns": drop_columns,
            "--max-size": max_size,
            "--task": task != "auto",
            "--budget": budget,
        }
        said |= {"--repeats": repeats != REPEATS, "--fits": fits}
        require_unset(said, "the curve is there already, and no model is trained")
    if price_per_row is None:
        said = {"--rounds": rounds != ROUNDS, "--max-growth": max_growth != GROWTH, "--penalty": penalty is not None}
        require_unset(said, "batches are planned only where a row has a price: --price-per-row PRICE")
    if target_error is None:
        require_unset({"--price-per-row": price_per_row is not None}, "prices are of reaching --target-error SHARE")
    if out_file.resolve() == path.resolve():
        fix = "name another file: --out FILE"
        raise InputError("the page would replace the data", got=f"--out {out_file}", fix=fix)
    known = auditing.more_data.KNOWN_AS
    named = None if chosen is None else known.get(chosen, chosen if from_curve else None)
    facts: dict[str, Any] = {"source": str(path)}
    plan: dict[str, Any] = {"seed": seed}
    rows = None
    if from_curve:
        target = _target(target_error, numbers=False)
        curve = curves.LearningCurve.read_csv(path)
    else:
        parts = {"id": id, "groups": groups, "time": time, "drop_columns": drop_columns, "max_size": max_size}
        read = read_once(path, label, **{name: value for name, value in parts.items() if value}).data
        read = read.keep(read.ids[~read.unlabeled()])
        described = describe_target(read.y, task, read.ids, None)
        target = _target(target_error, numbers=described.classes is None)
        curve = curves.measure_learning_curve(
            read, learner=chosen, task=task, n_repeats=repeats, seed=seed, budget=budget, run_dir=fits
        )
        rows = len(read)
        facts |= {"task": described.task, "label": label}
        plan |= {"learner": chosen or "chosen by the shape of the data", "repeats": repeats}
    wanted = auditing.more_data.Wanted(target, price_per_row, rounds, max_growth, penalty, learner_name=named)
    record = auditing.more_data.forecast_record(curve, wanted, facts, plan, rows=rows)
    auditing.run_folder.write_text(out_file, report.to_html(record))
    out().print(Text(report.verdict(record).sentence, style="bold"))
    if not quiet:
        for exhibit in record.outcomes[0].result.exhibits:
            out().print(_table(exhibit))
    out().print(Text(f"report    {one_line(out_file)}"))


def _target(error: float | None, *, numbers: bool) -> float | None:
    """The target error: a share for classes, any amount above 0 for numbers."""
    if error is None or not numbers:
        return None if error is None else require_share(error, "--target-error")
    if not 0.0 < error < math.inf:
        fix = "name the mean absolute error to be reached, in the label's unit"
        raise InputError("the target error must be above 0", where="--target-error", got=f"{error:g}", fix=fix)
    return error


def is_curve(path: Path) -> bool:
    """Whether a file is a table with the columns n and error.

    Raises: InputError where there is no such file.
    """
    if not path.exists():
        raise InputError("there is no such file", where=str(path), fix="check the path; a curve is a .csv file")
    if path.suffix.lower() != ".csv":
        return False
    with path.open(encoding="utf-8-sig") as lines:
        names = {name.strip().strip('"').lower() for name in lines.readline().split(",")}
    return {"n", "error"} <= names


def _table(exhibit: Exhibit) -> Table:
    """An exhibit in the terminal: every fourth point of a long curve."""
    step = max(1, -(-len(next(iter(exhibit.columns.values()))) // 12))
    table = Table(title=exhibit.title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for name in exhibit.columns:
        table.add_column(exhibit.unit if name == "value" else name, justify="left" if name == "status" else "right")
    cells = [column_texts(values, LONGEST) for values in exhibit.columns.values()]
    for index in range(0, len(next(iter(exhibit.columns.values()))), step):
        table.add_row(*(texts[index] for texts in cells))
    return table
