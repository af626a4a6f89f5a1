"""`samplewise select RAW --target TARGET`: ids of the raw rows that are most like the target's."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from samplewise import auditing, selection
from samplewise.cli.command_options import Quiet, Seed
from samplewise.cli.console import out
from samplewise.cli.live import Live
from samplewise.core.csv_text import csv_text
from samplewise.core.errors import InputError
from samplewise.core.escapes import one_line
from samplewise.core.rates import percent_text
from samplewise.core.texts import count_of

EXAMPLES = """Examples:
  samplewise select crawl.jsonl --target mine.jsonl --n-rows 10000 --out ids.csv
  samplewise select part1.parquet part2.parquet --target mine.txt --n-rows 50000 --text body --id url

RAW is read once, a batch at a time. The counts of its words lie beside --out while the command runs: the same command
goes on there after a kill, and takes them away when it is done."""

PANEL = "The question"
COUNTS = ".counts"  # ending of the folder beside the list of ids


def _option(text: str, metavar: str, *names: str) -> Any:
    return typer.Option(*names, metavar=metavar, help=text, rich_help_panel=PANEL, show_default=False)


Raw = Annotated[
    list[Path],
    typer.Argument(metavar="RAW...", help="The pool: .jsonl, .csv, .tsv, .txt (also .gz), .parquet; one text a row."),
]
Target = Annotated[
    list[Path],
    _option("Rows the selection is to be like; give it several times for several.", "FILE", "--target"),
]
Count = Annotated[int, _option("Rows to select.", "COUNT", "--n-rows")]
TextColumn = Annotated[
    str | None, _option("Column with the texts; text, content or document if unsaid.", "NAME", "--text")
]
IdColumn = Annotated[
    str | None, _option("Column of RAW with the ids; rows are counted from 0 if unsaid.", "NAME", "--id")
]
Temperature = Annotated[
    float | None, _option("What log weights are divided by before rows are drawn; chosen if unsaid.", "NUMBER")
]
Length = Annotated[
    Literal["mean", "sqrt", "sum"], _option("How a row's length counts: mean (not at all), sqrt or sum.", "NAME")
]
MinLength = Annotated[int, _option("Rows with fewer words and pairs of words are never selected.", "COUNT")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="The ids, with log weights.", show_default=False)]


def select_command(  # noqa: PLR0913  # the signature IS the command line: one argument per option
    raw: Raw, target: Target, n_rows: Count, text: TextColumn = None, id: IdColumn = None,
    temperature: Temperature = None, length: Length = "mean", min_length: MinLength = 0, seed: Seed = 0,
    out_file: Out = Path("ids.csv"), quiet: Quiet = False,
) -> None:  # fmt: skip
    """Select the rows of a large raw pool that are most like the rows of a small target, without training a model.

    Rows are drawn by how much likelier their words and pairs of words are in the target than in the pool.
    """
    if out_file.resolve() in {one.resolve() for one in (*raw, *target)}:
        fix = "name another file: --out FILE"
        raise InputError("the list of ids would replace the data", got=f"--out {out_file}", fix=fix)
    names = _names(target)
    resampler = selection.ImportanceResampler(
        temperature="auto" if temperature is None else temperature, length=length, min_length=min_length
    )
    counts = out_file.with_name(out_file.name + COUNTS)
    began = time.monotonic()
    with Live(quiet) as live:
        weights = resampler.fit(raw, names, text=text, id=id, run_dir=counts, progress=_shown(live, began))
        chosen = weights.sample(n_rows, seed=seed)
        gain = weights.divergence_reduction(chosen)
    columns = {"id": chosen}
    for name in weights.targets:
        scored = weights.log_weights_of(name)
        of = dict(zip(scored.keys.tolist(), scored.values.tolist(), strict=True))
        columns["log_weight" if len(names) == 1 else f"log_weight_{name}"] = [
            f"{of[one]:.6g}" for one in chosen.tolist()
        ]
    auditing.run_folder.write_text(out_file, csv_text(columns, zip(*columns.values(), strict=True)))
    out().print(Text(f"{count_of(n_rows, 'row')} of {len(weights.ids):,} selected.", style="bold"))
    if not quiet:
        for line in _told(weights, n_rows, seed, gain, temperature):
            out().print(Text(one_line(line)))
    shutil.rmtree(counts, ignore_errors=True)
    out().print(Text(f"ids       {one_line(out_file)}"))


def _names(target: list[Path]) -> dict[str, Path]:
    """Targets by the name of their file."""
    if len(target) == 1:
        return {"target": target[0]}
    names = {one.stem: one for one in target}
    if len(names) < len(target):
        got = ", ".join(map(str, target))
        raise InputError("two targets have the same name", where="--target", got=got, fix="rename one of the files")
    return names


def _shown(live: Any, began: float) -> Callable[[float], None]:
    """What is called while RAW is read."""

    def show(share: float) -> None:
        left = (time.monotonic() - began) * (1.0 - share) / share if share > 0.0 else None
        live(auditing.progress.Event("begin", "counting words", share=share, seconds_left=left))

    return show


def _told(weights: Any, n_rows: int, seed: int, gain: Any, temperature: float | None) -> list[str]:
    """What a person should know of the selection."""
    better = "Nearer to the target than as many random rows" if gain.low > 0.0 else "Not surely nearer than random rows"
    lines = [f"{better}: divergence lower by {gain}, on {gain.source.removeprefix('bootstrap of ')}."]
    if temperature is None and len(weights.targets) == 1:
        tempering = weights.tempering(n_rows, seed=seed)
        at = tempering.temperatures == tempering.temperature
        lines.append(
            f"Temperature {tempering.temperature:.3g}; {percent_text(float(tempering.top_share[at][0]), '.0f')} of the "
            f"rows are among the {n_rows:,} with the largest weights."
        )
    return lines + [f"Note: {note}." for note in weights.notes]
