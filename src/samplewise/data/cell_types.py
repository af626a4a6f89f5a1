"""What a cell, a label or a group may be: one value that can be compared, and text that can be written."""

from collections.abc import Iterable
from datetime import date, time, timedelta
from decimal import Decimal
from numbers import Number
from typing import Any

import numpy as np

from samplewise.core.arrays import Array
from samplewise.core.errors import InputError, name_rows

_ONE_VALUE = (str, bytes, Number, np.generic, Decimal, date, time, timedelta, type(None))
_OF_PANDAS = ("Period", "Interval", "NAType", "NaTType")  # by name: pandas is not loaded for arrays


def is_one_value(kind: type) -> bool:
    """Whether cells of this type are one value, which can be compared; lists, records, arrays and objects are not.

    >>> is_one_value(str), is_one_value(list)
    (True, False)
    """
    return issubclass(kind, _ONE_VALUE) or kind.__name__ in _OF_PANDAS


def require_values(values: Array, ids: Array, name: str) -> None:
    """Refuse labels, groups or cells (n,) that are no numbers, words or truth values, by row.

    Raises:
        InputError: complex numbers, records, lists or other objects in a cell, or text that is not Unicode.

    Cost: O(n) for objects and strings.

    >>> require_values(np.array(["a", None], dtype=object), np.arange(2), "y")
    """
    if values.dtype.kind in "cV":
        records = values.dtype.kind == "V"
        held = "records" if records else "complex numbers"
        fix = "pass one of their fields" if records else f"pass {name}.real, or the part that is meant"
        raise InputError(f"{name} holds {held}", where=name, got=f"dtype {values.dtype}"[:80], fix=fix)
    cells = values.reshape(len(values), -1)
    if values.dtype.kind == "O":
        strange = {kind for kind in set(map(type, cells.ravel())) if not is_one_value(kind)}
        if strange:
            rows = [row for row, own in zip(ids, cells, strict=True) if strange & set(map(type, own))]
            raise InputError(
                f"{name} holds cells that are no single value", where=name_rows(rows),
                got=", ".join(sorted(kind.__name__ for kind in strange)[:5]), fix="pass one number or word per row",
            )  # fmt: skip
    if values.dtype.kind in "OU":
        for column in cells.T:
            require_text(column, ids, name)


def require_text(cells: Iterable[Any], ids: Iterable[Any], name: str) -> None:
    """Refuse text with halves of characters (lone surrogates), which no file can hold, by row."""
    for row, cell in zip(ids, cells, strict=True):
        if isinstance(cell, str) and not cell.isascii() and not is_unicode(cell):
            raise InputError(
                f"{name} has text that is not Unicode", where=name_rows([row]), got=repr(cell)[:80],
                fix="decode the bytes it came from as what they are, such as latin1, or replace the cell",
            )  # fmt: skip


def is_unicode(text: str) -> bool:
    """Whether text can be written as UTF-8.

    >>> is_unicode("word"), is_unicode(chr(0xD800))
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def decoded(cells: Array, name: str) -> Array:
    """Cells (n,) that are bytes as the text they hold; refuses what is not UTF-8."""
    read = np.empty(len(cells), dtype=object)
    for place, cell in enumerate(cells.tolist()):
        try:
            read[place] = cell.decode() if isinstance(cell, bytes) else cell
        except UnicodeDecodeError:
            raise InputError(
                f"{name} has bytes that are not UTF-8 text", where=f"cell {place}, from 0",
                got=repr(cell)[:80], fix="decode them as what they are: cell.decode('latin1')",
            ) from None  # fmt: skip
    return read
