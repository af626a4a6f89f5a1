"""What the owner of a table should decide about its columns, each question with the option that decides it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from samplewise.data.column_names import names_a_category
from samplewise.data.columns import Column
from samplewise.data.dataset import Dataset

MOST_CODES = 50  # different whole numbers that may be codes of categories
MOST_NAMED = 3
MOST_GROUPS = 8


def column_questions(data: Dataset) -> tuple[str, ...]:
    """Questions about the columns of a frame: what a number stands for, which rows belong together, and which is first.

    Cost: O(n d).   Not for: the label.

    >>> import pandas as pd
    >>> rows = Dataset(pd.DataFrame({"day": ["2024-01-31", "2024-02-01"] * 9, "x": range(18)}))
    >>> column_questions(rows)[0][:48]
    '`day` holds dates and the rows are split at rand'
    """
    return (*_dates(data), *_groups(data), *(column.question for column in data.columns if column.question),
            *_codes(data))  # fmt: skip


def _dates(data: Dataset) -> Iterator[str]:
    dates = [column.name for column in data.columns if column.kind == "date"]
    if dates and data.time is None:
        yield (
            f"{_listed(dates)} {'holds' if len(dates) == 1 else 'hold'} dates and the rows are split at random: where "
            f"tomorrow is to be predicted, the score may flatter; time={dates[0]!r} (--time) never trains on the future"
        )


def _groups(data: Dataset) -> Iterator[str]:
    if data.groups is not None:
        return
    for column in [column for column in data.columns if column.group][:MOST_GROUPS]:
        yield (
            f"`{column.name}` looks like a group of rows (one patient, one site): where new groups are to be "
            f"predicted, the score may flatter; groups={column.name!r} (--groups) keeps the rows of a group together"
        )


def _codes(data: Dataset) -> Iterator[str]:
    """One question for all whole numbers that may stand for categories."""
    named = [column.name for column in data.columns if column.name not in data.kinds and _may_be_codes(column, data.X)]
    if named:
        yield (
            f"{_listed(named)} {'is' if len(named) == 1 else 'are'} read as numbers; whole numbers may stand for "
            f"categories: columns={{{named[0]!r}: 'category'}} (--category) reads them so"
        )


def _may_be_codes(column: Column, frame: Any) -> bool:
    """Whether a numeric column holds few whole numbers and is named like one of categories."""
    if column.kind != "numeric" or column.role != "feature" or column.group or not names_a_category(column.name):
        return False
    values = frame[column.name].dropna().unique()
    return 2 < len(values) <= MOST_CODES and bool((values == np.rint(values.astype(np.float64))).all())


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:MOST_NAMED])
    return shown if len(names) <= MOST_NAMED else f"{shown} and {len(names) - MOST_NAMED} more"
