"""What users hold becomes what the other floors read: every conversion of features, labels and segments is here."""

import os
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError, name_rows
from samplewise.data.cell_types import decoded, require_text
from samplewise.data.images import Images
from samplewise.data.magnitudes import require_sizes
from samplewise.data.plain_arrays import (
    SEVERAL_FIX,
    are_exact,
    as_array,
    as_floats,
    detached,
    is_absent,
    is_frame,
    numbers_or_none,
    plain_array,
)

pd = lazy_loader.load("pandas")
nw = lazy_loader.load("narwhals")

BY_POSITION = "by_position"  # mark of segments whose index numbers the rows and says nothing about that of X


def as_features(X: Any, ids: Any | None = None) -> Any:
    """Features as one of four kinds: number array (n, d), scipy CSR matrix, pandas frame, `Images`.

    NaN, None and NA mean "missing" and are kept; nothing is copied that already has one of the four kinds.

    Args:
        X: arrays, lists, scipy sparse, pandas, polars or any narwhals frame, torch tensors, Hugging Face data sets,
            a mapping of columns, (n, h, w[, c]) images, a list of texts (becomes a frame with the column "text").
            Masked entries are missing.
        ids: (n,) keys that name the rows in messages; default: the frame's index, else positions.

    Returns:
        (n, d) ndarray | (n, d) csr | DataFrame of n rows | Images.

    Raises:
        InputError: no rows, no columns, one axis of numbers, entries that are infinite or too large to compute with, or
            column names that repeat.

    Cost: O(n d), two passes that look for such entries.

    >>> as_features([[1, 2], [3, None]])
    array([[ 1.,  2.],
           [ 3., nan]])
    """
    features = _converted(detached(X))
    count, width = features.shape[0], features.shape[1]
    if not count or not width:
        raise InputError(
            f"X has no {'columns' if count else 'rows'}", got=f"shape {tuple(features.shape)}",
            fix="pass at least one row and one column",
        )  # fmt: skip
    keys = default_ids(X, count) if ids is None else np.asarray(ids)
    require_sizes(features, keys if len(keys) == count else np.arange(count))
    return features


def as_vector(values: Any, name: str, allow_matrix: bool = False) -> Array:
    """Labels, ids, groups, time or weights as an array (n,): numbers, bool, strings or objects; missing is NaN or None.

    Args:
        values: list, array, pandas or polars series, categorical, torch tensor; one column of a frame is taken as (n,).
        name: the argument's name, for messages.
        allow_matrix: also accept (n, c).

    Raises:
        InputError: a single string or number, a mapping, ragged rows, or more axes than allowed.

    >>> as_vector([1, None, 3], "y")
    array([ 1., nan,  3.])
    """
    if isinstance(values, str | bytes | Mapping) or not hasattr(values, "__len__"):
        kind_text = repr(values)[:80]
        raise InputError(
            f"{name} must hold one entry per row", got=f"{type(values).__name__} {kind_text}", fix=_NAME_FIX
        )
    array = as_array(detached(values), name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if allow_matrix and array.ndim == 2:
        return array
    if name == "y":
        _refuse_several(array)
    if array.ndim != 1:
        raise InputError(
            f"{name} must have one axis" + (", or two" if allow_matrix else ""), got=f"shape {array.shape}",
            fix=f"pass one entry of {name} per row" + ("; for one-hot labels: y.argmax(axis=1)" if name == "y" else ""),
        )  # fmt: skip
    return array


def _refuse_several(array: Array) -> None:
    """Refuse labels of which rows have several: cells that hold lists, or a matrix that is not one-hot."""
    if array.ndim == 1 and array.dtype.kind == "O":
        held = next((cell for cell in array if isinstance(cell, list | tuple | set | frozenset | np.ndarray)), None)
        got = "" if held is None else f"cells such as {held!r}"[:80]
    else:
        got = kind_text(array) if array.ndim == 2 and not _is_one_per_row(array) else ""
    if got:
        raise InputError("these rows have several labels each", where="y", got=got, fix=SEVERAL_FIX)


def _is_one_per_row(array: Array) -> bool:
    """Whether a matrix of numbers is one-hot, or no matrix of 0 and 1 at all."""
    if array.dtype.kind not in "biuf":
        return False
    return bool((array.sum(axis=1) == 1).all()) or not bool(np.isin(array, (0, 1)).all())


def as_numbers(value: Any, name: str, axes: int = 1, fix: str = "", *, finite: bool = False) -> Floats:
    """Losses, probabilities, scores or flags as float64 (n,), or (n, c) with two axes, ...; missing is NaN.

    Args:
        value: list, array, pandas or polars column or frame, torch tensor; one column counts as (n,).
        name: the argument's name, for messages.
        axes: 1 or more.
        fix: what to do instead, where that is known; default: the shape to pass.
        finite: whether missing and infinite entries are refused.

    Raises:
        InputError: rows such as (X, y), text, a single number, ragged rows, or another number of axes.

    >>> as_numbers([True, None, 3], "wrong")
    array([ 1., nan,  3.])
    """
    try:
        array = as_array(detached(value), name)
    except InputError:  # ragged, as a pair (X, y) is
        array = np.empty(0, dtype=object)
    if axes == 1 and array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.dtype.kind == "O":
        numbers = numbers_or_none(array) if array.size and not isinstance(value, str | Mapping) else None
        array = array if numbers is None else numbers
    if array.dtype.kind not in "biuf" or array.ndim != axes:
        shape = {1: "(n,)", 2: "(n, c)"}.get(axes, f"with {axes} axes")
        raise InputError(
            f"{name} must be numbers of shape {shape}", where=name, got=kind_text(value),
            fix=fix or f"pass an array {shape} of numbers, one entry per row; rows (X, y) are for functions of data",
        )  # fmt: skip
    numbers = array.astype(np.float64)
    if finite and (bad := ~np.isfinite(numbers)).any():
        first = ", ".join(map(str, np.argwhere(bad)[0].tolist()))
        raise InputError(
            f"{name} has missing or infinite entries", where=f"{name}[{first}]",
            got=f"{int(bad.sum())} of {numbers.size} entries",
            fix="leave these rows out, on every side of a comparison",
        )  # fmt: skip
    return numbers


def as_classes(value: Any, name: str, axes: int = 1, fix: str = "") -> Ints:
    """Codes of classes, whole numbers from 0 (n,); refuses fractions, names, missing and negative codes.

    Args: as `as_numbers`; `fix` says how to make codes of what was given.

    >>> as_classes([0.0, 2.0], "codes")
    array([0, 2])
    """
    fix = fix or "pass codes: classes, codes = np.unique(y, return_inverse=True)"
    numbers = as_numbers(value, name, axes, fix)
    codes: Ints = np.nan_to_num(numbers, nan=-1.0, posinf=-1.0, neginf=-1.0).astype(np.intp)
    bad = (codes != numbers) | (codes < 0)
    if bad.any():
        raise InputError(
            f"{name} must be codes of classes, whole numbers from 0", where=name,
            got=f"numbers such as {numbers[bad][0]:g}", fix=fix,
        )  # fmt: skip
    return codes


def kind_text(value: Any) -> str:
    """What was given, for a message: the kind, and the shape of an array or of the parts of a pair."""
    kind = type(value).__name__
    if hasattr(value, "shape"):
        return f"{kind}, shape {tuple(value.shape)}" + (f", dtype {value.dtype}" if hasattr(value, "dtype") else "")
    if isinstance(value, tuple | list) and value and all(hasattr(part, "shape") for part in value):
        return f"{kind} of shapes {', '.join(str(tuple(part.shape)) for part in value[:5])}"
    return f"{kind} {value!r}"[:80]


def as_segments(values: Any) -> Any:
    """Segments as a pandas frame with n rows and the index 0..n-1; a single column without a name is called "segment".

    >>> as_segments(["f", "m"]).columns.tolist()
    ['segment']
    """
    if is_frame(values) or isinstance(values, Mapping):
        frame = _converted(values).reset_index(drop=True)
    elif np.ndim(values) == 2:
        table = as_array(detached(values), "segments")
        frame = pd.DataFrame({f"segment_{position}": column for position, column in enumerate(table.T)})
    else:
        name = getattr(values, "name", None)
        frame = pd.DataFrame({"segment" if name is None else str(name): as_vector(values, "segments")})
    frame.attrs[BY_POSITION] = True
    return frame


def default_ids(X: Any, count: int) -> Array:
    """Keys (n,) of rows that came without ids: a pandas frame's or series' index, else 0..n-1.

    Raises:
        InputError: the index repeats or has missing entries.
    """
    index = getattr(X, "index", None) if hasattr(X, "iloc") else None
    if index is None:
        return np.arange(count)
    if index.nlevels > 1:
        index = pd.Index(["/".join(map(str, key)) for key in index])
    unusable = index.isna() | index.duplicated()
    if unusable.any():
        raise InputError(
            "the frame's index names the rows, and it repeats or has missing entries", where=name_rows(index[unusable]),
            got=f"{len(index)} rows, {index.nunique()} different index entries",
            fix="X = X.reset_index(drop=True), or pass ids=",
        )  # fmt: skip
    return index.astype(str).to_numpy(dtype=str) if index.dtype.kind in "mM" else as_vector(index, "ids")


_NAME_FIX = "pass a list or array of n entries; columns are named in `audit`: label=, groups=, segments=, time="


def _refuse_no_table(X: Any) -> None:
    """Name the call that reads what is close to rows and is none: a path, an iterator, a list of dicts."""
    if isinstance(X, str | bytes | os.PathLike):
        raise InputError(
            "X is a path or a text, not rows", got=repr(X)[:80],
            fix="read a file with read_dataset(path, label=...), a text path and not bytes; texts come in a list",
        )  # fmt: skip
    if hasattr(X, "__next__"):
        raise InputError(
            "X is an iterator, and rows are read more than once", got=type(X).__name__,
            fix="pass np.array(list(X)), or read a file with read_dataset(path, label=...)",
        )  # fmt: skip
    if isinstance(X, list) and X and isinstance(X[0], Mapping):
        raise InputError("X is a list of dicts", got=f"{len(X)} dicts", fix="pass pd.DataFrame(rows)")


def _converted(X: Any) -> Any:
    if isinstance(X, Images):
        return X
    _refuse_no_table(X)
    if hasattr(X, "tocsr"):
        return _as_csr(X)
    if isinstance(X, Mapping):
        return _named_frame(pd.DataFrame({name: as_vector(column, str(name)) for name, column in X.items()}))
    if hasattr(X, "iloc"):
        return _named_frame(X) if is_frame(X) else _from_one_axis(as_array(X, "X"), getattr(X, "name", None))
    if hasattr(X, "column_names") and hasattr(X, "features") and hasattr(X, "to_pandas"):
        return _named_frame(X.to_pandas())
    if is_frame(X):
        return _named_frame(_from_narwhals(X))
    return _from_array(as_array(X, "X"))


def _from_array(array: Array) -> Any:
    if array.ndim == 1:
        return _from_one_axis(array, None)
    if array.ndim in (3, 4):
        return Images.from_array(array)
    if array.ndim != 2:
        raise InputError("X must have two axes", got=f"shape {array.shape}", fix="pass X of shape (n, d)")
    if array.dtype.kind in "fiu":
        return array.astype(np.float32) if array.dtype == np.float16 else array
    _require_no_records(array)
    if array.dtype.kind == "b":
        return array.astype(np.float64)
    if array.dtype.kind == "c":
        raise InputError("X holds complex numbers", got=f"dtype {array.dtype}", fix="pass X.real and X.imag as columns")
    if array.dtype.kind in "OU":
        numbers = numbers_or_none(array)
        if numbers is not None:
            return numbers
    for position in range(array.shape[1]):
        require_text(array[:, position], range(len(array)), f"column 'x{position}'")
    columns = {f"x{position}": plain_array(array[:, position], "X") for position in range(array.shape[1])}
    return pd.DataFrame(columns)


def _require_no_records(array: Array) -> None:
    """Refuse rows of named fields or of raw memory."""
    if array.dtype.kind == "V":
        named = array.dtype.names is not None
        raise InputError(
            f"X holds {'records with named fields' if named else 'raw memory'}", got=f"dtype {array.dtype}"[:120],
            fix="pd.DataFrame(X)" if named else "pass numbers or words",
        )  # fmt: skip


def _from_one_axis(array: Array, name: Any) -> Any:
    _require_no_records(array)
    texts = array.dtype.kind == "U" or (
        array.dtype.kind == "O" and all(item is None or isinstance(item, str) for item in array)
    )
    if texts and len(array):
        require_text(array, range(len(array)), "X")
        return pd.DataFrame({"text" if name is None else str(name): array.astype(object)})
    if not len(array):
        raise InputError("X has no rows", got=f"shape {array.shape}", fix="pass at least one row and one column")
    raise InputError(
        "X has one axis: are these n rows of one feature, or one row of d features?", got=f"shape {array.shape}",
        fix="X.reshape(-1, 1) for one feature, X.reshape(1, -1) for one row",
    )  # fmt: skip


def _as_csr(X: Any) -> Any:
    matrix = X.tocsr()
    if matrix.dtype.kind not in "fiub":
        raise InputError(
            "X is a sparse matrix of something else than numbers", got=str(matrix.dtype), fix="X.astype(float)"
        )
    matrix = matrix.astype(np.float64) if matrix.dtype.kind == "b" else matrix
    if not matrix.has_canonical_format:
        matrix = matrix.copy()  # the user's matrix is left as it was
        matrix.sum_duplicates()
    return matrix


def _named_frame(frame: Any) -> Any:
    """The frame with string column names, no name twice, and objects that are numbers as numbers."""
    names = frame.columns
    if not all(isinstance(name, str) for name in names):
        flat = ["/".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in names]
        frame = frame.set_axis(pd.Index(flat, dtype=object), axis="columns")
    require_text(frame.columns, frame.columns, "a column name")
    if not frame.columns.is_unique:
        repeated = sorted(set(frame.columns[frame.columns.duplicated()]))
        shown = ", ".join(map(repr, repeated[:5])) + (f" ({len(repeated)} in all)" if len(repeated) > 5 else "")
        raise InputError(
            "column names repeat",
            where=shown,
            got=f"{len(names)} columns",
            fix="rename or drop all but one of each",
        )
    return _with_numbers(frame)


def _with_numbers(frame: Any) -> Any:
    found = {}
    for name in frame.columns:
        column = frame[name]
        if column.dtype.kind == "c":
            raise InputError(
                "X holds complex numbers", where=f"column {name!r}", got=f"dtype {column.dtype}",
                fix="pass its real and its imaginary part as columns",
            )  # fmt: skip
        if column.dtype.kind == "f" and isinstance(column.dtype, np.dtype) and column.dtype.itemsize > 8:
            found[name] = plain_array(column.to_numpy(), "X")
        if column.dtype != np.dtype(object):
            continue
        kinds = set(map(type, column))
        if Decimal in kinds:  # its NaN may be a signaling one, which may not even be compared
            found[name] = column = column.mask([is_absent(cell) for cell in column], None)
        if bytes in kinds:
            cells = decoded(column.to_numpy(), f"column {name!r}")
            found[name] = column = pd.Series(cells, index=column.index, dtype=object)
        held = pd.api.types.infer_dtype(column, skipna=True)
        if held in ("integer", "floating", "mixed-integer-float", "decimal") or are_exact(kinds):
            found[name] = as_floats(column.to_numpy())
        else:
            require_text(column, frame.index, f"column {name!r}")
    return frame.assign(**found) if found else frame


def _from_narwhals(X: Any) -> Any:
    """A polars, pyarrow, ... frame as pandas, column by column, so that no other package is needed."""
    frame = nw.from_native(X, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if not isinstance(frame, nw.DataFrame):
        raise InputError("X is not a table", got=type(X).__name__, fix="pass a numpy array or a pandas or polars frame")
    return pd.DataFrame({column.name: _pandas_column(column) for column in frame.iter_columns()})


def _pandas_column(column: Any) -> Any:
    kind = column.dtype
    if kind in (nw.Categorical, nw.Enum):
        return pd.Categorical(column.to_list(), categories=list(kind.categories) if kind == nw.Enum else None)
    if kind.is_numeric() or kind in (nw.Datetime, nw.Date, nw.Duration):
        return column.cast(nw.Datetime("us")).to_numpy() if kind == nw.Date else column.to_numpy()
    if kind == nw.Boolean and not column.is_null().any():
        return column.to_numpy()
    return pd.Series(column.to_list(), dtype=object).infer_objects()
