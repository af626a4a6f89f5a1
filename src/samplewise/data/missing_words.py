"""Words that stand for a missing value, the same in files, frames and labels."""

from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array

pd = lazy_loader.load("pandas")

MISSING_WORDS = ("?", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL")  # and the empty cell; "None" is a value
_CELLS = ["", *MISSING_WORDS]


def without_missing_words(column: Any) -> tuple[Any, str]:
    """A series with missing cells in the place of words for them, and a note on which; never changed in place.

    Numbers, categories that a program made, and cells that hold lists stay what they are.

    Cost: O(n), for texts only.

    >>> without_missing_words(pd.Series(["a", "?", "b"]))[1]
    "read as missing: '?' (1 cell)"
    """
    if column.dtype.kind not in "OU" or isinstance(column.dtype, pd.CategoricalDtype):
        return column, ""
    try:
        absent = column.isin(_CELLS)
    except TypeError:  # cells that hold lists
        return column, ""
    if not absent.any():
        return column, ""
    counts = column[absent].astype(object).value_counts()
    listed = (f"{word!r} ({count:,} cell{'s' * (count != 1)})" for word, count in counts.items() if word)
    shown = ", ".join(listed)
    return column.where(~absent, None), f"read as missing: {shown}" if shown else ""


def labels_without_missing_words(y: Any) -> tuple[Any, str]:
    """The same for labels (n,) of any kind; those without such a word come back as they are.

    >>> labels_without_missing_words(["a", "NA"])
    (array(['a', nan], dtype=object), "read as missing: 'NA' (1 cell)")
    """
    if y is None:
        return y, ""
    values: Array = np.asarray(y, dtype=object) if isinstance(y, list | tuple) else np.asarray(y)
    if values.ndim != 1 or values.dtype.kind not in "OU" or isinstance(getattr(y, "dtype", None), pd.CategoricalDtype):
        return y, ""
    index = getattr(y, "index", None) if hasattr(y, "iloc") else None
    column = pd.Series(values.astype(object), index=index, name=getattr(y, "name", None))
    read, note = without_missing_words(column)
    if read is column:
        return y, ""
    return (read if index is not None else read.to_numpy()), note
