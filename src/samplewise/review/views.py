"""Pages of the review as HTML: everything that comes from the data is escaped, and its hidden characters are shown."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from samplewise.core.texts import key_text, printable

WORDS = {"keep": "kept", "relabel": "changed to", "drop": "dropped", "unsure": "unsure"}
KEYS = (
    ("K", "keep: it is right as it is"),
    ("S", "take the suggestion"),
    ("1 … 9", "one of up to nine classes; of several labels a row, check one or take it away"),
    ("Enter", "of several labels a row: those that are checked"),
    ("L", "another label or value: type some letters, ↑ and ↓, then Enter"),
    ("D", "drop the row"),
    ("M", "set the cell to missing"),
    ("U", "unsure: nothing is done to the row"),
    ("Z", "undo your last answer, and the one before, and so on"),
    ("N", "write a note on the row"),
    ("P", "show the picture large"),
    ("Esc", "leave what you were typing"),
)


PAGES = {
    "row": ("review.html.j2", "One by one"),
    "grid": ("grid.html.j2", "Many at once"),
    "disagreements": ("disagreements.html.j2", "Disagreements"),
}  # the template and the title of each


def page_html(page: str, shown: Mapping[str, Any]) -> str:
    """A whole page.

    Args:
        page: which of `PAGES` it is.
        shown: what its template draws, with `base` (the address up to the token), `source`, `reviewer` and `tabs`
            (address and page of each).
    """
    template, title = PAGES[page]
    return _environment().get_template(template).render(page=page, title=title, **shown)


def read_templates() -> None:
    """Read all templates, so that the first page does not wait for it."""
    for name in _environment().list_templates(["j2"]):
        _environment().get_template(name)


def part_html(template: str, shown: Mapping[str, Any]) -> str:
    """A part of a page that takes the place of an earlier one."""
    return _environment().get_template(template).render(**shown)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("samplewise.review", "pages"), autoescape=True, finalize=_printable,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["joined"] = _joined
    environment.globals |= {"words": WORDS, "keys": KEYS, "titles": {name: title for name, (_, title) in PAGES.items()}}
    return environment


def _printable(value: Any) -> Any:
    return value if isinstance(value, Markup | int | float) else printable(value)


def _joined(value: Any) -> str:
    """A label as a person reads it; of several, with commas."""
    return ", ".join(map(key_text, value)) if isinstance(value, tuple | list) else key_text(value)
