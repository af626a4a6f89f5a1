"""Two audits compared, as one HTML file in the look of the report."""

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from samplewise.core.texts import printable, quantity_text, shortened
from samplewise.report.audit_comparison import WORDS, AuditComparison, NumberChange
from samplewise.report.wording import estimate_text

LONGEST = 300


def comparison_page(comparison: AuditComparison, names: tuple[str, str], links: tuple[str, str]) -> str:
    """The page of a comparison; every string from the data is escaped.

    Args:    comparison: of two audits.   names: what to call them, the earlier one first.   links: to their reports.
    Returns: HTML that needs nothing else.   Cost: milliseconds.
    """
    changes = [(change, word, [_line(item) for item in comparison.of(change)]) for change, word in WORDS.items()]
    said = comparison.differences
    level = "error" if comparison.of("worse") or comparison.of("new") else "clean"
    return _environment().get_template("comparison.html.j2").render(
        comparison=comparison, names=names, links=links, changes=changes, level=level,
        differences=[("Data", said.data), ("Options", said.options), ("Versions", said.versions)],
        numbers=[_cells(item) for item in comparison.numbers],
    )  # fmt: skip


def _cells(change: NumberChange) -> tuple[str, ...]:
    name = shortened(quantity_text(change.after.quantity), LONGEST)
    return change.code, name, estimate_text(change.before), estimate_text(change.after), change.word


def _line(item: object) -> str:
    return shortened(str(item), LONGEST)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("samplewise.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=lambda value: value if isinstance(value, Markup | int) else printable(value),
    )  # fmt: skip
    environment.globals["style"] = Markup(
        files("samplewise.report").joinpath("templates", "page.css").read_text("utf-8")
    )
    return environment
