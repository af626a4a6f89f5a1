"""`samplewise explain SW201`: what a check measures, why it matters, when it is wrong."""

import inspect
from typing import Annotated

import typer
from rich.markdown import Markdown
from rich.text import Text

from samplewise import auditing
from samplewise.cli.console import out
from samplewise.cli.documentation import check_page
from samplewise.core.errors import unknown_name

EXAMPLES = "Example: samplewise explain SW201"


def explain_command(code: Annotated[str, typer.Argument(help="A code of `samplewise checks`, such as SW201.")]) -> None:
    """Say what a check measures, why it matters, when it is wrong and what to do about it."""
    text = explanation(code)
    out().print(Markdown(text) if out().is_terminal else text)
    out().print(Text(f"\npage      {check_page(code.strip())}", style="dim"))


def explanation(code: str) -> str:
    """The page of one check as Markdown; raises `InputError` naming the nearest code."""
    checks = auditing.catalog.catalog()
    check = checks.get(code.strip().upper())
    if check is None:
        raise unknown_name("check", code, checks)
    return "# " + inspect.cleandoc(check.__doc__ or f"{check.CODE} {check.TITLE}.")
