"""`samplewise review RUN`: a page in the browser on which people decide about rows, one answer after the other."""

import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from samplewise import review
from samplewise.cli.console import err, out
from samplewise.core.errors import InputError
from samplewise.core.escapes import one_line, shell_path
from samplewise.core.texts import count_of

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
EXAMPLES = """Examples:
  samplewise review run/
  samplewise review run/ --reviewer anna --reviewer ben --both --no-browser
  samplewise apply run/ --out clean.csv

From another machine: ssh -L 8123:127.0.0.1:8123 HOST, then open the printed address there."""


def review_command(
    run: Run, reviewer: Reviewer = None, port: Port = None, host: Host = "127.0.0.1", no_browser: NoBrowser = False,
    no_values: NoValues = False, both: Both = False, source: Source = None,
) -> None:  # fmt: skip
    """Decide about the rows of an audit in a browser: wrong labels, odd cells, duplicates, outliers.

    Prints an address that only this machine can open, and opens it. Every answer is on the disk before the page says
    that it is saved, in RUN/decisions; Ctrl-C ends the server, and the next call goes on where you stopped.
    `samplewise apply RUN --out FILE` then carries out what was decided.
    """
    names = _names(reviewer or [_login()])
    session = review.Session.open(run, data=source, both=both)
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
