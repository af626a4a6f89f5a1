"""`samplewise checks`: the catalog."""

from rich.box import SIMPLE_HEAD
from rich.table import Table

from samplewise import auditing
from samplewise.cli.console import out
from samplewise.cli.documentation import checks_page

NEEDS_WORDS = {
    "label": "a label",
    "classes": "classes",
    "test": "--test",
    "columns": "a table",
    "features": "features",
}


def checks_command() -> None:
    """List every check: its code, what it looks for, what it needs.

    The code is what --checks, --accepted and explain take; SW2 names all checks whose code starts so.
    A check marked "many fits" is left out by --checks fast.
    """
    table = Table("code", "looks for", "needs", "cost", box=SIMPLE_HEAD, pad_edge=False)
    for code, check in auditing.catalog.catalog().items():
        needs = ", ".join(NEEDS_WORDS.get(need, need) for need in sorted(check.NEEDS)) or "any data"
        table.add_row(code, check.TITLE, needs, "many fits" if check.SLOW else "")
    out().print(table)
    out().print(f"pages     {checks_page()}", style="dim")
    out().print("next      samplewise explain SW201 says what a check measures and when it is wrong.", style="dim")
