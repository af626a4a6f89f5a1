"""What labels may change over: time, segments, few large groups, and columns that name a day or an annotator."""

import contextlib
import re
from typing import Any, Literal

import numpy as np

from samplewise.core.arrays import Array
from samplewise.core.errors import InputError
from samplewise.data.conversions import as_segments, as_vector
from samplewise.data.dataset import Dataset
from samplewise.data.written_times import as_times

FEW_GROUPS = 20  # groups that are so few, and large, are places; more of them are units
Kind = Literal["time", "place"]
_ANNOTATOR = re.compile(
    r"(^|[_\W])(annotator|annotated_?by|label?ler|labell?ed_?by|rater|rated_?by|coder|coded_?by|grader|reader)s?($|[_\W])",
    re.IGNORECASE,
)


def sources_of(data: Dataset, time: Any = None, segments: Any = None) -> dict[str, tuple[Kind, Array]]:
    """By name what labels may change over: time, segments, and groups that are few and large."""
    time = data.time if time is None else as_times(as_vector(time, "time"), "time", data.ids)
    segments = data.segments if segments is None else as_segments(segments)
    for name, values in (("time", time), ("segments", segments)):
        if values is not None and len(values) != len(data):
            raise InputError(
                f"every row needs one entry of {name}", where=name, got=f"{len(values)} entries, {len(data)} rows",
                fix=f"pass {name} of the same rows",
            )  # fmt: skip
    found: dict[str, tuple[Kind, Array]] = {} if time is None else {"time": ("time", np.asarray(time))}
    if segments is not None:
        found |= {str(name): ("place", _texts(segments[name])) for name in segments.columns}
    if data.groups is not None and len(np.unique(_texts(data.groups))) <= FEW_GROUPS:
        found["group"] = ("place", _texts(data.groups))
    return found


def named_sources(data: Dataset) -> dict[str, tuple[Kind, Array]]:
    """Columns of a frame that are sources by what they hold or are called: a date where no time is given, annotators.

    A date that cannot be read or of which cells are missing is none.
    """
    found: dict[str, tuple[Kind, Array]] = {}
    if not hasattr(data.X, "columns"):
        return found
    for column in data.columns:
        values = data.X[column.name]
        if column.kind == "date" and data.time is None and not values.isna().any():
            with contextlib.suppress(InputError):
                found[column.name] = ("time", as_times(np.asarray(values), column.name))
        elif names_an_annotator(column.name) and column.kind in ("category", "ordinal", "boolean", "numeric"):
            found[column.name] = ("place", _texts(values))
    return found


def names_an_annotator(name: str) -> bool:
    """Whether a column is called like the person who gave the labels."""
    return bool(_ANNOTATOR.search(name))


def _texts(values: Any) -> Array:
    """Values as texts, so that they can be compared and named; missing ones are a value."""
    return np.array(
        ["missing" if value is None or value != value else str(value) for value in np.asarray(values).tolist()]
    )
