"""What every row holds, as one number a row: tells which rows of a table are as they were, and which are not.

Columns go by name, so their order does not matter, and neither does how a number is written (1.50 is 1.5) or stored.
Pictures in files go by name and size: one of the same name and size in another's place goes unnoticed.
"""

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array
from samplewise.core.randomness import Hashes, mixed_hashes, text_hash
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images

pd = lazy_loader.load("pandas")

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_ABSENT = np.uint64(0x51_7C_C1_B7_27_22_0A_95)
EXACT = 2.0**53  # whole numbers above it are told apart by their digits, which a float would round
BLOCK = 2**24  # bytes of an array that are read at a time


def row_hashes(data: Dataset, beside: Iterable[str] = (), key: str = "") -> Hashes:
    """A number (n,) for the content of every row: features, label, and fields such as "groups"; ids do not count.

    Args:
        data: n rows.
        beside: fields that count besides X and y: "groups", "segments", "time", "weights".
        key: rows hashed with another key cannot be compared with these.

    Cost: O(n d); pictures in files are not opened, but their sizes are asked for.

    >>> rows = Dataset([[1.0, 2.0], [1.0, 3.0]], ["a", "a"])
    >>> (row_hashes(rows) == row_hashes(rows.with_labels(["a", "b"]))).tolist()
    [True, False]
    """
    total = np.full(len(data), text_hash(key), dtype=np.uint64)
    for name, hashes in _parts(data, beside):
        total += mixed_hashes(hashes ^ np.uint64(text_hash(name)))
    return mixed_hashes(total)


def _parts(data: Dataset, beside: Iterable[str]) -> Iterator[tuple[str, Hashes]]:
    """Name and hashes (n,) of everything a row holds."""
    yield from _of_features(data.X)
    if data.y is not None:
        yield from _of_field("y", data.y)
    for name in beside:
        values = getattr(data, name)
        if values is not None:
            yield from _of_field(name, values)


def _of_field(name: str, values: Any) -> Iterator[tuple[str, Hashes]]:
    if hasattr(values, "columns"):
        yield from ((f"{name} {column}", _of_column(values[column])) for column in values.columns)
    elif values.ndim == 2:
        yield from ((f"{name} {place}", cell_hashes(column)) for place, column in enumerate(values.T))
    else:
        yield name, cell_hashes(values)


def _of_features(X: Any) -> Iterator[tuple[str, Hashes]]:
    if hasattr(X, "iloc"):
        yield from ((f"X {name}", _of_column(X[name])) for name in X.columns)
    elif isinstance(X, Images):
        yield "X", _of_pictures(X)
    elif hasattr(X, "indptr"):
        yield "X", _of_sparse(X)
    else:
        yield "X", _of_matrix(X)


def _of_column(column: Any) -> Hashes:
    """A column of a frame, whatever pandas stores it as."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind != "O":
        return cell_hashes(column.to_numpy())
    values, absent = column.to_numpy(dtype=object), column.isna().to_numpy()
    return _of_objects(values, absent)


def cell_hashes(values: Array) -> Hashes:
    """A number (n,) for every entry of an array (n,): equal numbers have equal ones, also written as text."""
    kind = values.dtype.kind
    if kind in "biuf":
        return _of_numbers(values)
    if kind in "mM":
        found = mixed_hashes(values.astype(f"{kind}8[ns]").view(np.int64).view(np.uint64))
        found[np.isnat(values)] = _ABSENT
        return found
    return _of_objects(values.astype(object), pd.isna(values) if kind == "O" else np.zeros(len(values), dtype=bool))


def _of_numbers(values: Array) -> Hashes:
    numbers = values.astype(np.float64) + 0.0  # -0.0 is 0
    found = mixed_hashes(numbers.view(np.uint64))
    found[np.isnan(numbers)] = _ABSENT
    if values.dtype.kind in "iu":
        large = np.flatnonzero(np.abs(numbers) >= EXACT)
        found[large] = [text_hash(str(value)) for value in values[large].tolist()]
    return found


def _of_objects(values: Array, absent: Array) -> Hashes:
    """Texts and objects: each different one is looked at once."""
    found = np.full(len(values), _ABSENT, dtype=np.uint64)
    texts = np.array([str(value).strip() for value in values[~absent].tolist()], dtype=object)
    codes, different = pd.factorize(texts)
    hashes = np.array([_of_text(text) for text in different], dtype=np.uint64)
    found[~absent] = hashes[codes] if len(hashes) else []
    return found


def _of_text(text: str) -> int:
    if _NUMBER.fullmatch(text) and not (text.lstrip("+-").isdigit() and abs(float(text)) >= EXACT):
        return int(_of_numbers(np.array([float(text)]))[0])
    return text_hash(text)


def _of_matrix(X: Array) -> Hashes:
    """Rows of numbers, by the bytes of their doubles."""
    found = np.empty(len(X), dtype=np.uint64)
    rows = max(1, BLOCK // (8 * max(X.shape[1], 1)))
    for start in range(0, len(X), rows):
        block = np.ascontiguousarray(X[start : start + rows], dtype=np.float64) + 0.0
        block[np.isnan(block)] = np.nan
        found[start : start + rows] = [_of_bytes(row) for row in block]
    return found


def _of_sparse(X: Any) -> Hashes:
    """The entries of every row that are not zero, in any order."""
    entries = mixed_hashes(_of_numbers(X.data) ^ mixed_hashes(X.indices.astype(np.uint64)))
    entries[X.data == 0] = 0
    sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(entries, dtype=np.uint64)])
    found: Hashes = sums[X.indptr[1:]] - sums[X.indptr[:-1]]
    return found


def _of_pictures(X: Images) -> Hashes:
    if X.pixels is not None and X.paths is None:
        return np.array([_of_bytes(picture) for picture in X.pixels], dtype=np.uint64)
    names = [] if X.paths is None else X.paths.tolist()
    return np.array([text_hash(_of_file(str(name))) for name in names], dtype=np.uint64)


def _of_file(name: str) -> str:
    file = Path(name)
    try:
        size = file.stat().st_size
    except OSError:
        size = -1
    return f"{file.name}/{size}"


def _of_bytes(values: Array) -> int:
    return int.from_bytes(blake2b(np.ascontiguousarray(values).tobytes(), digest_size=8).digest(), "little")
