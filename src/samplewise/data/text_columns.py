"""Columns whose cells are text and mean numbers, times or truth values, as what they mean, with a note on how."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array
from samplewise.core.errors import InputError, unknown_name
from samplewise.data.changed_cells import cell_text
from samplewise.data.clock_times import read_times
from samplewise.data.column_names import names_a_code, names_an_id
from samplewise.data.missing_words import without_missing_words
from samplewise.data.number_formats import (
    MOST_WORDS,
    NumberFormat,
    as_float,
    cells_of,
    is_doubtful,
    read_every_number,
    read_numbers,
    require_decimal,
    words_text,
)

pd = lazy_loader.load("pandas")

CODE_DIGITS, FEWEST_CODES, DIFFERENT = 8, 10, 0.985  # digits of codes of one length, and how different they are
MANY = 5000  # different cells, from where on a faster way is tried first
SAMPLED = 1000  # different cells that are tried before all are read
AsKind = Literal["number", "category", "text", "date", "id"]
ReadAs = str | Sequence[str]  # a kind, or the values of an ordinal column from low to high
MOST_TRUTHS = 12  # different cells of a column of truth values
KINDS: tuple[AsKind, ...] = ("number", "category", "text", "date", "id")
_TRUE = frozenset(
    {
        "yes", "y", "true", "t", "ja", "j", "oui", "si", "sí", "sim", "1", "1.0", "on", "wahr", "vrai", "verdadero",
        "vero",
    }
)  # fmt: skip
_FALSE = frozenset({"no", "n", "false", "f", "nein", "non", "não", "0", "0.0", "off", "falsch", "faux", "falso"})


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was done to a column.

    Args:
        note: how its cells were read.
        question: what to decide where another reading is possible, with the option that decides it; "" for none.
    """

    note: str
    question: str = ""


UNCHANGED = Conversion("")  # of a column that was looked at and stays text, so that nobody looks again


def converted_columns(
    frame: Any, kinds: Mapping[str, ReadAs] | None = None, decimal: str | None = None,
    done: Mapping[str, Conversion] | None = None, otherwise: str = ".",
) -> tuple[Any, dict[str, Conversion]]:  # fmt: skip
    """The frame with numbers, times and truth values in the place of the texts that stand for them.

    Args:
        frame: n rows; never changed.
        kinds: what columns are, by name, where the user says so: "number", "category", "text", "date", "id", or a list
            of the values from low to high.
        decimal: "." or ",", where the user or the file says so; else, and where cells can only have the other one, what
            the cells of a column show.
        done: columns that were converted before.
        otherwise: the decimal sign of columns that show none, where no other column shows one either.

    Returns:
        (frame, what was done by column name); `UNCHANGED` for texts that stay what they are.

    Raises:
        InputError: an unknown kind, a column that is not there, one that is to be a number and holds none, or values
            that are not in the order given for their column.

    Cost: O(n d); different cells that are no plain numbers are read one by one, about 6 s per million.

    >>> import pandas as pd
    >>> frame, done = converted_columns(pd.DataFrame({"price": ["1,234.50", "999.00"]}))
    >>> frame["price"].tolist(), done["price"].note
    ([1234.5, 999.0], "text read as numbers: thousands marks (',')")
    """
    kinds = kinds or {}
    require_kinds(kinds, list(map(str, frame.columns)))
    for name, kind in kinds.items():
        if not isinstance(kind, str):
            _require_ranked(frame[name], name, kind)
    require_decimal(decimal)
    done = done or {}
    frame, absent = _with_missing_cells(frame, done)
    texts = {}
    for position, name in enumerate(map(str, frame.columns)):
        if name not in done and _may_be_converted(frame.iloc[:, position], name, kinds.get(name)):
            texts[name] = frame.iloc[:, position]
    distinct = {name: column.dropna().unique() for name, column in texts.items()}
    samples = {name: _sample(values) for name, values in distinct.items()}
    tried = {name: _tried(cells, decimal) for name, cells in samples.items()}
    shown = decimal or _table_decimal([read for read, _ in tried.values()], otherwise)
    replaced, notes = {}, dict.fromkeys(texts, UNCHANGED) | absent
    for name, column in texts.items():
        numbers, sign = tried[name]
        asked = "number" if kinds.get(name) == "number" else None  # of other kinds nothing is converted
        if asked is None and numbers is None and _is_text(column, samples[name], name):
            continue
        read = _converted(column, distinct[name], name, asked, sign, sign or shown)
        if read is not None:
            replaced[name], conversion = read
            notes[name] = _after(absent.get(name, UNCHANGED), conversion)
    if not replaced:
        return frame, notes
    columns = {
        position: replaced.get(str(name), frame.iloc[:, position]) for position, name in enumerate(frame.columns)
    }
    return pd.DataFrame(columns, index=frame.index).set_axis(frame.columns, axis="columns"), notes


def _with_missing_cells(frame: Any, done: Mapping[str, Conversion]) -> tuple[Any, dict[str, Conversion]]:
    """The frame without words for a missing value in columns that nobody has looked at yet, and notes on them."""
    changed, notes = {}, {}
    for name in [name for name in frame.columns if str(name) not in done]:
        column = frame[name]
        read, note = without_missing_words(column)
        if read is not column:
            changed[name] = read
        if note:
            notes[str(name)] = Conversion(note)
    return (frame.assign(**changed) if changed else frame), notes


def _after(before: Conversion, conversion: Conversion) -> Conversion:
    """What was done to a column in two steps."""
    return replace(conversion, note="; ".join(filter(None, (before.note, conversion.note))))


def require_kinds(kinds: Mapping[str, ReadAs], names: Sequence[str]) -> None:
    """Refuse kinds and columns that there are not, and lists that are no order."""
    for name, kind in kinds.items():
        if not isinstance(kind, str):
            _require_order(name, kind)
        elif kind not in KINDS:
            error = unknown_name("kind of column", kind, KINDS)
            error.where = f"columns[{name!r}]"
            raise error
        if name not in names:
            raise unknown_name("column", name, names)


def _require_order(name: str, order: Any) -> None:
    """Refuse what is no list of different values from low to high."""
    values = list(order) if isinstance(order, list | tuple) else []
    if len(values) < 2 or len(set(values)) < len(values) or not all(isinstance(value, str) for value in values):
        raise InputError(
            "an order is a list of the different values of a column, as text, from low to high",
            where=f"columns[{name!r}]", got=repr(order)[:80], fix='{"size": ["small", "medium", "large"]}',
        )  # fmt: skip


def _require_ranked(column: Any, name: str, order: Sequence[str]) -> None:
    """Refuse cells of a column that the order given for it does not name: they would be missing without a word."""
    held = [cell_text(value) for value in column.dropna().unique().tolist()]
    absent = [text for text in held if text not in order]
    if absent:
        raise InputError(
            "a column holds values that the order given for it does not name", where=f"columns[{name!r}]",
            got=f"{', '.join(map(repr, absent[:5]))}; the order is {' < '.join(map(repr, order))}"[:300],
            fix="put them into the list, where they belong; or leave their cells empty",
        )  # fmt: skip


def _may_be_converted(column: Any, name: str, asked: ReadAs | None) -> bool:
    """Whether a column holds texts, durations or objects that stand for one value each."""
    if asked not in (None, "number"):
        return False
    if column.dtype.kind == "m":
        return True
    if isinstance(column.dtype, pd.CategoricalDtype):
        return asked == "number"
    if column.dtype.kind not in "OU":
        return False
    if asked is None and names_a_code(name):
        return False
    if column.dtype != np.dtype(object):
        return True
    plain = str | bool | int | float | np.number | np.bool_
    return all(issubclass(held, plain) or held.__name__ == "Decimal" for held in set(map(type, column.dropna())))


def _tried(cells: list[str], decimal: str | None) -> tuple[NumberFormat | None, str | None]:
    """A sample of cells as numbers, and the decimal sign that is known; a column that cannot have it shows its own."""
    if not cells or (read := read_numbers(cells, decimal)) is not None or decimal is None:
        return (read if cells else None), decimal
    read = read_numbers(cells)
    return read, decimal if read is None else None


def _is_text(column: Any, sample: list[str], name: str) -> bool:
    """Whether a column whose sample is no numbers is no times and truth values either."""
    return column.dtype.kind != "m" and len(sample) > MOST_TRUTHS and read_times(sample, name) is None


def _table_decimal(read: Iterable[NumberFormat | None], otherwise: str) -> str:
    """The decimal sign that columns of the table show where they show one: the commas win only without a point."""
    clear = {one.clear for one in read if one is not None}
    return "," if "," in clear and "." not in clear else otherwise


def _converted(
    column: Any, different: Any, name: str, asked: str | None, decimal: str | None, shown: str
) -> tuple[Any, Conversion] | None:
    """One column as numbers or truth values, or None where it is neither."""
    if column.dtype.kind == "m":
        seconds = column.dt.total_seconds().astype(np.float64)
        return seconds, Conversion("durations, read as seconds")
    values = np.asarray(different, dtype=object)
    if not len(values) or {type(value) for value in values} <= {bool, np.bool_}:
        return None
    if asked is None and (truths := _truths(column, values)) is not None:
        return truths
    cells = cells_of(values)
    read = _all_numbers(cells, decimal, shown, name if asked == "number" else None)
    if read is not None and asked is None and _are_codes(name, cells, read, int(column.notna().sum())):
        return None
    if read is not None:
        counts = _counts(column, values, np.isnan(read.values))
        numbers = column.map(dict(zip(values.tolist(), read.values.tolist(), strict=True))).astype(np.float64)
        return numbers, _of_numbers(column, name, read, counts)
    times = read_times(cells, name)
    if times is None:
        return None
    counts = _counts(column, values, np.isnan(times.values))
    numbers = column.map(dict(zip(values.tolist(), times.values.tolist(), strict=True))).astype(np.float64)
    return numbers, Conversion(times.note + _words_note(times.words, counts))


def _truths(column: Any, values: Array) -> tuple[Any, Conversion] | None:
    """A column of truth values in any spelling as booleans; missing stays missing."""
    words = {value: str(value).strip().casefold() for value in values.tolist()} if len(values) <= MOST_TRUTHS else {}
    different = set(words.values())
    if not different & _TRUE or not different & _FALSE or not different <= _TRUE | _FALSE:
        return None
    truths = column.map({value: word in _TRUE for value, word in words.items()})
    truths = truths.astype("boolean" if column.isna().any() else bool)
    listed = ", ".join(sorted(repr(str(value)) for value in words if words[value] in _TRUE))
    return truths, Conversion(f"truth values: {listed} read as true" if len(words) > 2 else "")


def truth_of(cell: Any) -> bool | None:
    """Whether a cell says true or false, in any spelling; None for anything else.

    >>> truth_of(" Yes"), truth_of(0), truth_of("maybe")
    (True, False, None)
    """
    word = str(cell).strip().casefold()
    return word in _TRUE if word in _TRUE | _FALSE else None


def _all_numbers(cells: list[str], decimal: str | None, shown: str, asked: str | None) -> NumberFormat | None:
    """All different cells as numbers; in a column that is `asked` to be numbers, however many words there are."""
    if asked is None:
        plain = _plain_numbers(cells, decimal, shown) or _grouped_numbers(cells, decimal, shown)
        return plain or read_numbers(cells, decimal, shown)
    whole = read_every_number(cells, decimal, shown)
    if whole is None:
        raise InputError(
            "a column that is to be a number is none", where=f"column {asked!r}",
            got=f"cells such as {', '.join(map(repr, cells[:3]))}", fix="leave it out of columns=, or change its cells",
        )  # fmt: skip
    return whole


def _plain_numbers(cells: list[str], decimal: str | None, shown: str) -> NumberFormat | None:
    """The same for cells that are plain numbers without marks or leading zeros, at a hundredth of the time."""
    if "," in (decimal, shown) or any(cell.startswith("0") and cell.isdigit() and cell != "0" for cell in cells):
        return None
    values = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce").to_numpy(dtype=np.float64)
    return NumberFormat(values, (), (), ".", ".", "") if np.isfinite(values).all() else None


def _are_codes(name: str, cells: list[str], read: NumberFormat, present: int) -> bool:
    """Whether digits name something: in a column named like an id, or as many each and nearly all different (ISBN)."""
    known = read.values[~np.isnan(read.values)]
    if (known != np.rint(known)).any():
        return False
    lengths = {len(cell) for cell in cells}
    alike = len(lengths) == 1 and lengths.pop() >= CODE_DIGITS and all(cell.isdigit() for cell in cells)
    return names_an_id(name) or (alike and len(cells) > FEWEST_CODES and len(cells) >= DIFFERENT * present)


def _grouped_numbers(cells: list[str], decimal: str | None, shown: str) -> NumberFormat | None:
    """The same for many cells with marks between thousands, a decimal sign and nothing else."""
    tried = read_numbers(cells[:SAMPLED], decimal, shown) if len(cells) > MANY else None
    if tried is None:
        return None
    sign, mark = (".", ",") if tried.decimal == "." else (",", ".")
    rule = re.compile(rf"-?(?:\d{{1,3}}(?:[{mark}]\d{{3}})+|[1-9]\d*|0)(?:[{sign}]\d+)?")
    if not all(map(rule.fullmatch, cells)):
        return None
    texts = pd.Series(cells, dtype=object).str.replace(mark, "", regex=False).str.replace(sign, ".", regex=False)
    two = [cell.removeprefix("-") for cell in cells if mark in cell or sign in cell] if tried.ambiguous else []
    two = two if is_doubtful(two, sign) else []
    values = pd.to_numeric(texts).to_numpy(dtype=np.float64)
    return replace(tried, values=values, words=(), ambiguous=min(two, default=""))


def _counts(column: Any, values: Array, absent: Array) -> list[int]:
    """Number of cells of every different value that is no number."""
    if not absent.any():
        return []
    found = column.value_counts()
    return [int(found[value]) for value, gone in zip(values.tolist(), absent.tolist(), strict=True) if gone]


def _words_note(words: tuple[str, ...], counts: list[int]) -> str:
    if not words:
        return ""
    listed = words_text(words[:MOST_WORDS], counts[:MOST_WORDS])
    return f"; {listed} {'is' if len(words) == 1 else 'are'} missing"


def _of_numbers(column: Any, name: str, read: NumberFormat, counts: list[int]) -> Conversion:
    """The note and the question of a column that was read as numbers."""
    texts, mixed = 0, column.dtype == np.dtype(object)
    if mixed:
        texts = int(column.map(lambda cell: isinstance(cell, str)).sum())
        mixed = texts < int(column.notna().sum())
    start = f"mixed types, {texts:,} cells are text: all read as numbers" if mixed else "text read as numbers"
    note = start + (f": {', '.join(read.marks)}" if read.marks else "") + _words_note(read.words, counts)
    question = ""
    if read.ambiguous:
        other = "," if read.decimal == "." else "."
        cell = read.ambiguous
        question = _decimal_question(name, cell, read.decimal, other)
    return Conversion(note, question)


def _decimal_question(name: str, cell: str, used: str, other: str) -> str:
    """Which of two numbers is meant by a cell with one mark before three digits."""
    one, two = (f"{as_float(cell, sign):.12g}" for sign in (used, other))
    reason = "decimal commas are used" if used == "," else "decimal points are used"
    return f"{cell!r} in `{name}` reads as {one} because {reason}; --decimal {other} (decimal={other!r}) reads {two}"


def _sample(values: Any) -> list[str]:
    """At most 1,000 of the different cells, those with the smallest hashes."""
    cells = np.asarray(values, dtype=object)
    if len(cells) > SAMPLED:
        hashes = pd.util.hash_array(np.array(cells_of(cells), dtype=object), categorize=False)
        cells = cells[np.argsort(hashes, kind="stable")[:SAMPLED]]
    return cells_of(cells)
