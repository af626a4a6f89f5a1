"""Columns whose values look like groups of rows: a patient, a site, a household, of which several rows were taken."""

import re
from collections.abc import Iterable
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, Ints
from samplewise.data.column_names import names_an_id

pd = lazy_loader.load("pandas")

FEWEST_GROUPS, FEWEST_ROWS = 10, 30
SMALLEST, LARGEST = 2, 50  # rows that a group has in the mean
SHARED = 1 / 3  # of the rows have a value that another row has too
ROWS_READ = 20_000  # rows, in whole groups, on which companions are looked for
MOST_CANDIDATES, MOST_COMPANIONS = 8, 60
_GROUP_NAME = re.compile(
    r"(^|[_\W])(name|nr|no|num|number|code|individual|person|people|patient|subject|participant|player|customer|client"
    r"|user|host|household|family|firm|company|store|site|station|school|hospital|team|device|machine|batch|group)$|code$",
    re.IGNORECASE,
)


def group_like(columns: Iterable[tuple[str, Any]], order: Array) -> tuple[str, ...]:
    """Names of the columns whose values look like groups of rows.

    Whole numbers or texts; a third of the rows share their value; 2 to 50 rows per shared value in the mean; and the
    rows of a value stand together in the file, or other columns do not change within a value. A column not named like
    a group needs both, with two such companions, since whole numbers that a file is sorted by look the same.

    Args:
        columns: pairs of a name and its n values.
        order: (n,) positions of the rows in the order of their ids.

    Cost: O(n d) for every one of at most eight candidates.   Not for: groups that no column names.

    >>> import pandas as pd
    >>> rows = pd.DataFrame({"patient": np.repeat(np.arange(20), 3), "age": np.repeat(np.arange(20) % 7 + 40, 3)})
    >>> group_like(rows.items(), np.arange(60))
    ('patient',)
    """
    pairs = list(columns)
    if len(order) < FEWEST_ROWS:
        return ()
    codes = {name: found for name, values in pairs if (found := _group_codes(values)) is not None}
    groups: list[str] = []
    for name in list(codes)[:MOST_CANDIDATES]:
        rows = codes[name][order]
        adjacent = int((rows[1:] != rows[:-1]).sum()) + 1 <= 1.1 * (rows.max() + 1)
        named = names_an_id(name) or bool(_GROUP_NAME.search(name))
        if not (named or adjacent):
            continue
        companions = _companions(name, codes[name], pairs)
        if (named and (adjacent or companions)) or (adjacent and companions >= 2):
            groups.append(name)
    return tuple(groups)


def _group_codes(values: Any) -> Ints | None:
    """(n,) code of every value, -1 for missing, where values repeat as those of groups do; else None."""
    column = pd.Series(values)
    if column.dtype.kind == "f" and (np.mod(column.to_numpy(dtype=np.float64, na_value=0.0)[:100], 1) != 0).any():
        return None
    if column.dtype.kind == "f" and (np.mod(column.to_numpy(dtype=np.float64, na_value=0.0), 1) != 0).any():
        return None
    if column.dtype.kind not in "iufO":
        return None
    try:
        codes, distinct = pd.factorize(column)
    except TypeError:  # cells that hold lists
        return None
    if len(distinct) < FEWEST_GROUPS or (codes < 0).mean() > 0.05:
        return None
    sizes = np.bincount(codes[codes >= 0], minlength=len(distinct))
    shared = sizes[sizes > 1]
    if shared.sum() < SHARED * len(codes) or not SMALLEST <= shared.mean() <= LARGEST:
        return None
    return np.asarray(codes, dtype=np.intp)


def _companions(name: str, codes: Ints, pairs: list[tuple[str, Any]]) -> int:
    """How many other columns hardly ever change within a value of this one, and do between values."""
    rows = _whole_groups(codes)
    sizes = np.bincount(codes[rows])
    rows = rows[sizes[codes[rows]] > 1]
    rows = rows[np.argsort(codes[rows], kind="stable")]
    if len(rows) < FEWEST_ROWS:
        return 0
    starts = np.flatnonzero(np.diff(codes[rows], prepend=-1))
    count = 0
    for other, values in pairs[:MOST_COMPANIONS]:
        if other == name:
            continue
        column = pd.Series(values).iloc[rows]
        try:
            its = pd.factorize(column)[0]
        except TypeError:
            continue
        common = np.bincount(its + 1).max() / len(its)
        same = np.minimum.reduceat(its, starts) == np.maximum.reduceat(its, starts)
        count += bool(common <= 0.9 and same.mean() >= 0.95)
    return count


def _whole_groups(codes: Ints) -> Ints:
    """Positions of the rows of as many whole groups as make 20,000 rows, chosen by hash."""
    rows = np.flatnonzero(codes >= 0)
    if len(rows) <= ROWS_READ:
        return rows
    hashes = pd.util.hash_array(np.arange(codes.max() + 1))[codes[rows]]
    return np.asarray(rows[hashes <= np.quantile(hashes, ROWS_READ / len(rows))])
