"""`samplewise review RUN`: a page in the browser on which people decide about rows, one answer after the other."""

import getpass
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.text import Text

from samplewise import review
from samplewise.cli.command_options import require_unset
from samplewise.cli.console import err, out
from samplewise.core.errors import InputError
from samplewise.core.escapes import one_line, shell_path
from samplewise.core.texts import count_of
from samplewise.review.exchange.forms import FORMS, READ_BACK

LOCAL = "127.0.0.1"
WORTH, ELSEWHERE = "What an answer is worth", "In other tools"

Run = Annotated[Path, typer.Argument(metavar="RUN", help="A folder that `samplewise audit --out` wrote.")]
Reviewer = Annotated[
    list[str] | None,
    typer.Option(
        "--reviewer", metavar="NAME", show_default=False,
        help="Who answers: your login name unless given. Repeat it for several people: each gets an address.",
    ),
]  # fmt: skip
Port = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="The port: the first free one from 8123 on unless given.",
                 show_default=False),
]  # fmt: skip
Host = Annotated[
    str,
    typer.Option("--host", help="The address to listen on. Others than 127.0.0.1 let other machines in."),
]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Print the address, and open no browser.")]
NoValues = Annotated[bool, typer.Option("--no-values", help="Show no cells, texts or pictures: ids and labels only.")]
Both = Annotated[bool, typer.Option("--both", help="Give the same rows to all reviewers, to see where they differ.")]
Source = Annotated[
    Path | None,
    typer.Option("--data", metavar="PATH", help="The audited file, where it has moved.", show_default=False),
]
PricePerAnswer = Annotated[
    float | None,
    typer.Option("--price-per-answer", metavar="PRICE", show_default=False, rich_help_panel=WORTH,
                 help="Price of one answer. With --price-per-row, labels are asked about as long as that pays."),
]  # fmt: skip
PricePerRow = Annotated[
    float | None,
    typer.Option("--price-per-row", metavar="PRICE", show_default=False, rich_help_panel=WORTH,
                 help="Price of one more labeled row, which a label that is set right saves."),
]  # fmt: skip
Export = Annotated[
    Path | None,
    typer.Option("--export", metavar="FILE", show_default=False, rich_help_panel=ELSEWHERE,
                 help="Write the rows and the answers so far for another tool, and serve no page."),
]  # fmt: skip
Import = Annotated[
    Path | None,
    typer.Option("--import", metavar="FILE", show_default=False, rich_help_panel=ELSEWHERE,
                 help="Take in answers that were given in another tool, and serve no page."),
]  # fmt: skip
Form = Annotated[
    str | None,
    typer.Option("--format", metavar="NAME", show_default=False, rich_help_panel=ELSEWHERE,
                 help=f"Of the file: {', '.join(FORMS)}; {', '.join(READ_BACK)} are read back."),
]  # fmt: skip
EXAMPLES = """Examples:
  samplewise review run/
  samplewise review run/ --reviewer anna --reviewer ben --both --no-browser
  samplewise review run/ --export tasks.json --format label-studio
  samplewise apply run/ --out clean.csv

From another machine: ssh -L 8123:127.0.0.1:8123 HOST, then open the printed address there."""


def review_command(  # noqa: PLR0913  # the signature IS the command line: one argument per option
    run: Run, reviewer: Reviewer = None, port: Port = None, host: Host = LOCAL, no_browser: NoBrowser = False,
    no_values: NoValues = False, both: Both = False, source: Source = None, price_per_answer: PricePerAnswer = None,
    price_per_row: PricePerRow = None, to_file: Export = None, from_file: Import = None, form: Form = None,
) -> None:  # fmt: skip
    """Decide about the rows of an audit in a browser: wrong labels, odd cells, duplicates, outliers.

    Prints an address that only this machine can open, and opens it. Every answer is on the disk before the page says
    that it is saved, in RUN/decisions; Ctrl-C ends the server, and the next call goes on where you stopped.
    `samplewise apply RUN --out FILE` then carries out what was decided.
    """
    names = _names(reviewer or [_login()])
    if to_file or from_file or form:
        served = {
            "--port": port is not None, "--host": host != LOCAL, "--no-browser": no_browser, "--no-values": no_values,
            "--both": both, "--price-per-answer": price_per_answer is not None,
            "--price-per-row": price_per_row is not None,
        }  # fmt: skip
        require_unset(served, "no page is served where a file is written or read")
        _exchange(run, source, to_file, from_file, form, [] if reviewer is None else names)
        return
    session = review.Session.open(run, data=source, both=both, prices=_prices(price_per_answer, price_per_row))
    desk = review.Desk(session, values=not no_values)
    for note in desk.notes():
        err().print(Text(note, style="yellow"))
    try:
        review.serve(
            desk, names, host=host, port=port, open_browser=not no_browser,
            said=lambda line: out().print(Text(one_line(line))),
        )  # fmt: skip
    except KeyboardInterrupt:
        out().print(Text(f"{count_of(desk.answered(), 'row')} decided, in {one_line(desk.log_file())}"))
        if desk.answered():
            out().print(Text(f"  samplewise apply {shell_path(run)} --out clean.csv"))


def _prices(answer: float | None, row: float | None) -> dict[str, float]:
    """Prices as the session takes them; one alone does not tell whether an answer pays."""
    if answer is None and row is None:
        return {}
    if answer is None or row is None:
        raise InputError(
            "one price alone does not tell whether an answer pays", where="--price-per-answer, --price-per-row",
            got="--price-per-row" if answer is None else "--price-per-answer",
            fix="pass both prices, in the same money, or neither",
        )  # fmt: skip
    return {"review": answer, "collect": row}


def _exchange(
    run: Path, source: Path | None, to_file: Path | None, from_file: Path | None, form: str | None, names: list[str]
) -> None:
    """Write a file for another tool, or take in its answers."""
    file = to_file or from_file
    if file is None or form is None or (to_file and from_file) or len(names) > (0 if to_file else 1):
        raise InputError(
            "a file is written or read, in a format, and with one reviewer at most who is said to have answered",
            where="--export, --import",
            fix="--export FILE --format NAME, or --import FILE --format NAME --reviewer NAME",
        )  # fmt: skip
    session = review.Session.open(run, data=source)
    if to_file:
        review.write_review(session, to_file, cast("Any", form))
        out().print(Text(f"{count_of(len(session.queue), 'row')} to decide about, in {one_line(file)}"))
        if form == "label-studio":
            out().print(Text("Labeling interface, for the settings of the project:"))
            out().print(Text(review.label_studio_interface(session)), soft_wrap=True)
        return
    before = session.queue.answered()
    for note in review.read_review(session, file, cast("Any", form), reviewer=next(iter(names), "")):
        err().print(Text(one_line(note), style="yellow"))
    session.task("")  # takes in what was read
    out().print(Text(f"{count_of(session.queue.answered() - before, 'row')} decided in {one_line(file)}"))
    out().print(Text(f"  samplewise apply {shell_path(run)} --out clean.csv"))


def _names(given: list[str]) -> list[str]:
    """The reviewers; refuses one without a name, and one who is named twice."""
    names = [name.strip() for name in given]
    if not all(names) or len(set(names)) < len(names):
        raise InputError(
            "every reviewer has a name of their own", where="--reviewer", got=", ".join(map(repr, given)),
            fix="name each of them once",
        )  # fmt: skip
    return names


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a name for its user
        return "reviewer"
