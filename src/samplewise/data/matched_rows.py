"""Values that a user holds beside the rows, such as predictions, in the order of the rows."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array
from samplewise.core.errors import InputError, name_rows
from samplewise.data.dataset import Dataset

pd = lazy_loader.load("pandas")


def order_notes(values: Mapping[str, Any], data: Dataset, index: Iterable[Any] | None = None) -> Iterator[str]:
    """A note on every argument whose rows are numbered where those of the data have names; see `matched_rows`."""
    known = _known(data.ids, index)
    for name, held in values.items():
        if hasattr(held, "iloc") and _is_numbered(held.index) and _texts(held.index) not in known:
            yield f"{name}: their rows are numbered, and taken in the order of the data"


def matched_rows(values: Any, ids: Array, name: str, index: Iterable[Any] | None = None) -> Any:
    """The values in the order of the rows: by their index, where it holds the keys of the rows.

    Arrays have no keys, and an index that only numbers its rows from 0 names none: they are taken in the order they
    stand in. But where the rows themselves are numbered, and otherwise than that index, it cannot be told which is
    meant.

    Args:
        values: anything; all but pandas objects of n rows is given back as it is.
        ids: (n,) of the rows.   name: of the argument.   index: (n,) of the frame the rows came in, where it has one.

    Returns:
        the values, with the ids as their index.

    Raises:
        InputError: an index of other keys, of some of them, or of numbers that may be positions or keys.

    >>> matched_rows(pd.Series([0.1, 0.9], index=["b", "a"]), np.array(["a", "b"]), "probabilities").tolist()
    [0.9, 0.1]
    """
    if not hasattr(values, "iloc") or len(values) != len(ids):
        return values
    keys, known = _texts(values.index), _known(ids, index)
    if keys in known:
        return values.set_axis(ids, axis=0)
    numbered = _is_numbered(values.index)
    shared = np.isin(known[0], keys)
    if numbered and not shared.any():
        return values.set_axis(ids, axis=0)
    places = {key: place for place, key in enumerate(keys)}
    for wanted in known:
        if not numbered and places.keys() == set(wanted) and len(places) == len(keys):
            return values.iloc[[places[key] for key in wanted]].set_axis(ids, axis=0)
    raise InputError(
        f"{name} have another index than the data", where=name_rows(ids[~shared]) if not shared.all() else name,
        got=f"{int(shared.sum())} of {len(ids)} keys of the data are in the index of {name}"
        + (", which numbers its rows" if numbered else ""),
        fix=f"{name}.index = X.index where the rows are in the order of X; {name}.loc[X.index] where the index names "
        "them",
    )  # fmt: skip


def _is_numbered(index: Any) -> bool:
    """Whether an index is what a frame has that was given none."""
    return isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1


def _known(ids: Array, index: Iterable[Any] | None) -> list[list[str]]:
    """The keys the rows have, as text: their ids, and the index of the frame they came in."""
    return [_texts(ids.tolist()), *([] if index is None else [_texts(index)])]


def _texts(keys: Iterable[Any]) -> list[str]:
    return [str(key) for key in keys]
