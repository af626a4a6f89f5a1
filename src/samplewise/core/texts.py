"""How values and tables are written as text and as HTML, the same in results, pages and the terminal."""

import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from samplewise.core.escapes import visible

MINUS, NO_NUMBER = "\u2212", "\u2013"

BLANK = "\u2423"  # stands for a blank that would not be seen
GAP = "  "  # between the columns of a table in text
LEAST_P = 1e-16  # that is printed


def printable(value: Any) -> str:
    """Any value as text that every output format may carry; what must not be printed is shown as its code."""
    return visible(value)


def shortened(value: Any, most: int) -> str:
    """The text of a value on one line, cut to `most` characters with an ellipsis."""
    text = printable(" ".join(str(value).split()))
    return text if len(text) <= most else text[: max(most - 1, 1)].rstrip() + "…"


def with_blanks(text: str) -> str:
    """The text with blanks that follow another one made visible: a page shows several as one.

    >>> with_blanks("New  York")
    'New␣␣York'
    """
    return re.sub(" {2,}", lambda blanks: BLANK * len(blanks[0]), text)


def key_text(key: Any) -> str:
    """An id or label; a tuple is written with slashes."""
    return " / ".join(map(key_text, key)) if isinstance(key, tuple | list) else printable(key)


def keys_text(keys: Iterable[Any], most: int = 5) -> str:
    """At most `most` ids, then how many there are in all."""
    ids = [shortened(key_text(key), 60) for key in keys]
    tail = f" ({len(ids):,} in all)" if len(ids) > most else ""
    return ", ".join(ids[:most]) + tail


def count_of(number: int, singular: str, plural: str = "") -> str:
    """`1 row`, `1,234 rows`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def decimal_places(scale: float) -> int:
    """How many decimals show two digits of a number of this size."""
    return 0 if not scale or not math.isfinite(scale) else min(max(1 - math.floor(math.log10(abs(scale))), 0), 8)


def common_places(numbers: Sequence[Any]) -> int:
    """Decimals that suit a whole column, so that its decimal points are aligned."""
    finite = np.array([item for item in numbers if item is not None and math.isfinite(item)], dtype=float)
    if not len(finite) or np.equal(np.mod(finite, 1), 0).all():
        return 0
    scale = float(np.median(np.abs(finite[finite != 0])))
    return min(decimal_places(scale) + 1, 6)


def number_text(value: Any, places: int | None = None, signed: bool = False) -> str:
    """A number with thousands separated and a true minus, `places` decimals or three digits in all; else its text."""
    if value is None or isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        return "" if value is None else printable(value)
    number = float(value)
    if not math.isfinite(number):
        return NO_NUMBER
    as_needed = places is None
    if places is None:
        places = 0 if number.is_integer() else decimal_places(number / 10)

    if as_needed and number and abs(number) < 10.0**-6:
        return f"{number:.1e}".replace("-", MINUS)
    text = f"{number:+,.{places}f}" if signed else f"{number:,.{places}f}"
    if as_needed and "." in text:
        text = text.rstrip("0").rstrip(".")
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("+-")
    return text.replace("-", MINUS)


def cell_number(value: float, digits: int = 6) -> str:
    """A number as a cell of the data: no separators, so that a year stays a year, and a true minus.

    >>> [cell_number(value) for value in (1965.0, 98136, 122.25712, 1234567.5)]
    ['1965', '98136', '122.257', '1234568']
    """
    if not value or not math.isfinite(value) or abs(value) < 10.0**-6 or abs(value) >= 10.0**15:
        return number_text(float(value))
    whole = float(value).is_integer() or abs(value) >= 10.0**digits
    text = f"{value:.0f}" if whole else np.format_float_positional(float(f"{value:.{digits}g}"), trim="-")
    return text.replace("-", MINUS)


def is_numeric(values: Any) -> bool:
    """Whether a column holds numbers, which are right-aligned."""
    if values.dtype.kind in "iuf":
        return True
    entries = [item for item in values[:100].tolist() if item is not None] if values.dtype.kind == "O" else []
    return bool(entries) and all(isinstance(item, int | float) and not isinstance(item, bool) for item in entries)


def column_texts(values: Any, most: int) -> list[str]:
    """The entries of a column as texts of at most `most` characters, its numbers with the same decimals."""
    entries = values.tolist()
    if not is_numeric(values):
        return ["" if item is None else shortened(key_text(item), most) for item in entries]
    places = None if values.dtype.kind in "iu" else common_places(entries)
    return [number_text(item, places) for item in entries]


def quantity_text(name: str) -> str:
    """The name of a quantity as a person reads it.

    >>> quantity_text("held_out_error")
    'held-out error'
    """
    return name.replace("_", " ").replace("held out", "held-out").strip()


def inside_sentence(text: str) -> str:
    """A title or an action as it stands inside a sentence: small at its start, unless that is a name or an acronym.

    >>> inside_sentence("The model is worst where sex = Male"), inside_sentence("SW201 failed")
    ('the model is worst where sex = Male', 'SW201 failed')
    """
    first = text.split(" ", 1)[0]
    return text[:1].lower() + text[1:] if first[:1].isupper() and (first[1:].islower() or len(first) == 1) else text


def sentence(text: str) -> str:
    """A text as a sentence: it starts with a capital letter and ends with a period; nothing stays nothing."""
    text = text.strip()
    return text and f"{text[0].upper()}{text[1:]}{'' if text[-1] in '.!?:' else '.'}"


def paragraph(sentences: Iterable[str], width: int) -> str:
    """Sentences as one paragraph of lines no longer than `width`."""
    return textwrap.fill(" ".join(printable(" ".join(one.split())) for one in sentences), width)


def text_table(head: Sequence[str], columns: Sequence[Sequence[str]], numeric: Sequence[bool], width: int) -> str:
    """Columns of texts under their names, numbers to the right; "…" replaces those that do not fit into `width`.

    >>> print(text_table(["id", "value"], [["a", "b"], ["1.5", "10.0"]], [False, True], 80))
    id  value
    a     1.5
    b    10.0
    """
    lines, used = [""] * (1 + len(columns[0])), 0
    for at, (name, texts, right) in enumerate(zip(head, columns, numeric, strict=True)):
        wide = max(map(len, (name, *texts)))
        room = width if at == len(head) - 1 else width - len(GAP) - 1
        if used and used + len(GAP) + wide > room:
            lines[0] += f"{GAP}…"
            break
        cells = [text.rjust(wide) if right else text.ljust(wide) for text in (name, *texts)]
        lines = [f"{line}{GAP}{cell}" if used else cell for line, cell in zip(lines, cells, strict=True)]
        used += wide + (len(GAP) if used else 0)
    return "\n".join(line.rstrip() for line in lines)


def html_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table without script, every string escaped; nothing where there are no rows."""
    body = ["<tr>" + "".join(f"<td>{escape(printable(cell))}</td>" for cell in row) + "</tr>" for row in rows]
    if not body:
        return ""
    names = "".join(f"<th>{escape(printable(name))}</th>" for name in head)
    return "".join(["<table><thead><tr>", names, "</tr></thead><tbody>", *body, "</tbody></table>"])


def p_text(p_value: float) -> str:
    """A p-value as a sentence carries it; what floating point cannot tell from 0 is not printed as if it were known.

    >>> p_text(0.0312), p_text(1e-40)
    ('p = 0.031', 'p < 1e-16')
    """
    return f"p = {p_value:.2g}" if p_value >= LEAST_P else f"p < {LEAST_P:.0e}"
