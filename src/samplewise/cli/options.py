"""The options of `samplewise audit`, with the words a person reads about them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DATA, MODEL, ANSWER = "The data", "The model and the plan", "The answer"


class Task(StrEnum):
    """What is to be predicted."""

    AUTO = "auto"
    CLASSIFICATION = "classification"
    REGRESSION = "regression"


class FailOn(StrEnum):
    """The least severity that makes the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


def _option(panel: str, metavar: str, text: str, *names: str) -> object:
    return typer.Option(*names, metavar=metavar, help=text, rich_help_panel=panel, show_default=False)


PathArgument = Annotated[
    Path,
    typer.Argument(
        metavar="PATH",
        help="A .csv or .tsv (also .gz), .parquet or .npz file, or a folder of images with one sub-folder per class.",
    ),
]
Label = Annotated[
    str | None,
    _option(DATA, "COL", "The column to be predicted. Without it the likely columns are listed and you are asked."),
]
Id = Annotated[str | None, _option(DATA, "COL", "Names the rows. Without it rows are numbered from 0.", "--id")]
Groups = Annotated[
    str | None, _option(DATA, "COL", "Rows that share a value stay together in every split: patient, document, site.")
]
Segments = Annotated[
    list[str] | None, _option(DATA, "COL ...", "Compare the score between the values of these columns: sex, country.")
]
Time = Annotated[str | None, _option(DATA, "COL", "Order of the rows: no model is trained on the future.")]
DropColumns = Annotated[list[str] | None, _option(DATA, "COL ...", "Columns the model must not see.")]
TaskOption = Annotated[
    Task, typer.Option(help="Whether the label is a class or a number.", rich_help_panel=DATA, case_sensitive=False)
]
Positive = Annotated[
    str | None, _option(DATA, "VALUE", "Of two classes, the one whose probability is meant: yes, 1, >50K.")
]
Test = Annotated[Path | None, _option(DATA, "PATH", "Rows nothing was trained on, with the same columns.")]
TestLooks = Annotated[
    int,
    typer.Option(
        metavar="COUNT",
        rich_help_panel=DATA,
        help="How often any model was scored on the test rows, this audit included.",
    ),
]
Learner = Annotated[
    str | None,
    _option(MODEL, "NAME", "kernel, linear, boosting, logistic or forest. Without it the shape of the data decides."),
]
Embed = Annotated[
    str | None,
    _option(
        MODEL,
        "MODULE:FUNCTION",
        "Features of your own network: called with X, returns (n, d) numbers.",
    ),
]
Predictions = Annotated[
    Path | None,
    _option(MODEL, "PATH", "Out-of-sample probabilities you have: .npy, .npz, .csv, .parquet; a column per class."),
]
Metric = Annotated[
    str | None, _option(MODEL, "NAME", "What advice must improve: accuracy, balanced_accuracy, auc, mae, r2.")
]
Checks = Annotated[
    str,
    typer.Option(
        metavar="LIST",
        rich_help_panel=MODEL,
        help="default (all), fast (without many fits), or codes: SW101,SW2.",
    ),
]
Budget = Annotated[str | None, _option(MODEL, "60s", "Time the fits may take: 60s, 5min, 1h.")]
Seed = Annotated[int, typer.Option(help="Same seed, same data, same answer.", rich_help_panel=MODEL)]
AcceptedFile = Annotated[
    Path | None,
    _option(
        ANSWER, "FILE", "Findings you live with, one a line: a code (SW104), or a code and a row (SW201,17).",
        "--accepted",
    ),
]  # fmt: skip
Out = Annotated[
    Path | None,
    _option(ANSWER, "DIR", "Folder for report, record and lists of rows. Default: NAME-audit, here.", "--out"),
]
NoValues = Annotated[
    bool,
    typer.Option(
        "--no-values", help="No cells or pictures of rows in any file: ids, numbers, names.", rich_help_panel=ANSWER
    ),
]
FailOnOption = Annotated[
    FailOn,
    typer.Option("--fail-on", help="Exit with 1 from here on.", rich_help_panel=ANSWER, case_sensitive=False),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Only the verdict and where the report is.", rich_help_panel=ANSWER)
]
