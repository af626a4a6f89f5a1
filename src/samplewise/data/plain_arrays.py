"""Whatever holds values as a plain numpy array: tensors, masked arrays, columns of pandas and objects of Python."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError
from samplewise.data.cell_types import decoded

SEVERAL_FIX = (
    "labels.find_multilabel_issues(X, Y) takes several labels per row, Y (n, c) of 0 and 1: "
    "Y = sklearn.preprocessing.MultiLabelBinarizer().fit_transform(y) makes it from lists; or name one label per row"
)
LONGEST_LABEL = 64  # longer strings stay Python objects: a fixed-width array of them would be mostly padding
_NUMBERS = (int, float, np.number, Decimal, Fraction)


def detached(values: Any) -> Any:
    """A torch tensor as numpy, without torch being imported here, and masked entries as missing; else as it is.

    >>> detached(np.ma.array([1, 2], mask=[False, True]))
    array([ 1., nan])
    """
    if isinstance(values, np.ma.MaskedArray):
        return _unmasked(values)
    if not hasattr(values, "detach"):
        return values
    plain = values.detach().cpu()
    return plain.float().numpy() if str(getattr(plain, "dtype", "")).endswith("bfloat16") else plain.numpy()


def _unmasked(values: Any) -> Array:
    """The array with missing entries in the place of masked ones: what lies under a mask is no value."""
    if not np.ma.getmaskarray(values).any():
        return np.asarray(values.data)
    if values.dtype.kind in "iuf":
        return np.ma.filled(values.astype(np.float64), np.nan)
    if values.dtype.kind in "mM":
        found = values.data.copy()
        found[np.ma.getmaskarray(values)] = np.array("NaT", dtype=values.dtype)
        return np.asarray(found)
    found = values.data.astype(object)
    found[np.ma.getmaskarray(values)] = None
    return np.asarray(found)


def is_frame(values: Any) -> bool:
    """Whether the values have named columns, as a frame of any package has."""
    kind = type(values)  # the class: a lazy frame would have to read its file to name its columns
    return any(hasattr(kind, mark) for mark in ("columns", "column_names", "__dataframe__", "__narwhals_dataframe__"))


def as_array(values: Any, name: str) -> Array:
    """Whatever holds values, as an array whose missing entries are NaN or None.

    Raises:
        InputError: the rows have different lengths.

    >>> as_array([1, None, 3], "y")
    array([ 1., nan,  3.])
    """
    if hasattr(values, "iloc") or hasattr(values, "categories") or hasattr(values, "isna"):  # pandas in any form
        return plain_array(
            np.asarray(values, dtype=object) if _has_pandas_missing(values) else np.asarray(values), name
        )
    if hasattr(values, "to_numpy"):
        return plain_array(np.asarray(values.to_numpy()), name)
    try:
        array = np.asarray(values)
    except ValueError:
        raise InputError(
            f"{name} has rows of different lengths", got=f"a {type(values).__name__} of {len(values)} rows",
            fix=SEVERAL_FIX if name == "y" else f"give every row of {name} the same number of entries"
            + ("; for X with labels pass a tuple (X, y)" if name == "X" and len(values) == 2 else ""),
        ) from None  # fmt: skip
    if array.dtype.kind in "US" and not isinstance(values, np.ndarray):
        array = np.array(values, dtype=object)  # numpy turned numbers among strings into strings
    return plain_array(array, name)


def _has_pandas_missing(values: Any) -> bool:
    kinds = values.dtypes if is_frame(values) else [values.dtype]
    return any(not isinstance(kind, np.dtype) for kind in kinds)


def plain_array(array: Array, name: str) -> Array:
    """Objects as bool, numbers or short strings where all of them are; NA and NaT among strings become None."""
    if array.dtype.kind == "S" or (array.dtype.kind == "O" and bytes in set(map(type, array.ravel()))):
        array = decoded(array.ravel(), name).reshape(array.shape)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        with np.errstate(over="ignore"):  # what does not fit is infinite, and refused as such
            return array.astype(np.float64)
    if array.dtype.kind != "O" or not array.size:
        return array
    flat = array.ravel()
    absent = np.fromiter(map(is_absent, flat), bool, flat.size)
    kinds = {type(item) for item, gone in zip(flat, absent, strict=True) if not gone}
    if not kinds:
        return np.full(array.shape, None, dtype=object)
    if all(issubclass(kind, bool | np.bool_) for kind in kinds) and not absent.any():
        return array.astype(bool)
    if all(issubclass(kind, _NUMBERS) and not issubclass(kind, bool | np.complexfloating) for kind in kinds):
        gapless = not absent.any() and not kinds & {Decimal, Fraction}
        return (np.array(flat.tolist()) if gapless else as_floats(flat)).reshape(array.shape)
    if all(issubclass(kind, str) for kind in kinds) and not absent.any():
        return array.astype(str) if max(map(len, flat)) <= LONGEST_LABEL else array
    if absent.any():
        array = array.copy()
        array[absent.reshape(array.shape)] = None
    return array


def is_absent(item: Any) -> bool:
    """None, NaN, pandas NA and NaT; cells that hold arrays or lists are never absent."""
    if isinstance(item, Decimal):
        return item.is_nan()  # a signaling one may not even be compared
    return item is None or (isinstance(item, float) and item != item) or type(item).__name__ in ("NAType", "NaTType")


def are_exact(kinds: set[type]) -> bool:
    """Whether cells of these types are fractions and decimal numbers of Python, with others among them."""
    return bool(kinds & {Decimal, Fraction}) and kinds <= {Decimal, Fraction, int, float, type(None)}


def as_floats(cells: Array) -> Floats:
    """Python numbers (n,) of any kind and size as float64; missing is NaN, and what is too large infinite."""
    return np.array([np.nan if is_absent(cell) else _float(cell) for cell in cells.tolist()], dtype=np.float64)


def _float(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:  # a whole number of more than 308 digits
        return float("inf") if number > 0 else float("-inf")


def numbers_or_none(array: Array) -> Array | None:
    """Objects or strings as float64 where every present one is a number, else None."""
    try:
        return array.astype(np.float64)
    except (ValueError, TypeError):
        return None
