"""What a public function was given, as a `Dataset`: the one border that every method, audit and command share."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from samplewise.core.arrays import Array
from samplewise.core.errors import InputError, name_rows
from samplewise.data.conversions import as_features, as_vector, kind_text
from samplewise.data.dataset import Dataset, missing, require_same_index
from samplewise.data.image_paths import image_columns
from samplewise.data.images import Images
from samplewise.data.label_values import MOST_WORD_ROWS
from samplewise.data.missing_words import labels_without_missing_words
from samplewise.data.number_formats import MOST_WORDS, read_every_number
from samplewise.data.readers import Reading, read_dataset
from samplewise.data.roles import HOW_CELLS_ARE_READ, Roles
from samplewise.data.text_columns import Conversion, converted_columns, truth_of

COLUMNS_OR_ARRAYS = ("groups", "segments", "time", "weights")  # what may be columns, or arrays next to X
FORMS = "a Dataset, X and y, (X, y), a frame or a path with label="


def as_dataset(data: Any, y: Any = None, *, label: str | None = None, name: str = "data") -> Dataset:
    """The rows a public function was given.

    Args:
        data: a `Dataset`; (X, y); X of any kind `Dataset` takes; or, with `label`, a frame or path for `read_dataset`.
        y: (n,) labels of X, or instead of those of a `Dataset`.
        label: name of the label's column.
        name: what the caller calls these rows, for messages.

    Raises:
        InputError: anything else, labels given twice, or fields that do not fit together.

    >>> as_dataset([[0.0], [1.0]], ["a", "b"])
    Dataset(2 rows, X (2, 1), y)
    """
    return as_reading(data, y, Roles(label=label), name=name).data


def as_labeled(data: Any, y: Any = None, *, label: str | None = None, name: str = "data") -> Dataset:
    """The same, for a function that needs a label for every row; rows without one are named."""
    rows = as_dataset(data, y, label=label, name=name)
    require_labels(rows.y, rows.ids, name)
    return rows


def as_given(data: Any, y: Any = None, *, label: str | None = None, name: str = "data") -> Any:
    """The rows for a function that passes them to the user's own module: arrays and tensors stay what they are.

    Args: as `as_dataset`; besides, a torch data set or loader, whose rows are read where they are needed.
    Returns: a `Dataset`, a pair (X, y), or what was given.
    """
    pair = isinstance(data, tuple)
    if pair:
        data, y = _pair(data, y, name)
    table = hasattr(data, "iloc") or hasattr(data, "__narwhals_dataframe__") or hasattr(data, "__dataframe__")
    if label is not None or table or isinstance(data, str | os.PathLike | Dataset | Reading):
        return as_dataset(data, y, label=label, name=name)
    require_rows(data, name)
    _require_vector(y, name)
    _require_arrays(data, name)
    if y is None:
        return (data, None) if pair else data
    labels = as_vector(y, "y", allow_matrix=True)
    if hasattr(data, "shape") and len(labels) != len(data):
        raise InputError(
            f"labels and {name} have different numbers of rows", where="y",
            got=f"{len(data)} rows, {len(labels)} labels",
            fix="pass one label per row",
        )  # fmt: skip
    require_labels(labels, np.arange(len(labels)), name)
    return data, labels


def _require_arrays(data: Any, name: str) -> None:
    """Refuse what a module cannot be given: rows that can be read only once, ragged lists, and no column at all."""
    if hasattr(data, "__next__") or isinstance(data, bytes | Mapping | set):
        raise InputError(
            f"{name} are read more than once, in order", where=name, got=type(data).__name__,
            fix="pass an array, a tensor, a frame or a torch data set",
        )  # fmt: skip
    if isinstance(data, list):
        as_features(data)
    elif 0 in tuple(getattr(data, "shape", ())):
        raise InputError(
            f"{name} have no rows or no columns", where=name, got=f"shape {tuple(data.shape)}",
            fix="pass at least one row and one column",
        )  # fmt: skip


def as_second(data: Any, name: str) -> Dataset:
    """The second data set of a function of two, labeled: a `Dataset` or (X, y)."""
    if not isinstance(data, Dataset | tuple):
        raise InputError(
            f"{name} must be rows with their labels", got=type(data).__name__, fix=f"{name}=(X, y), or a Dataset"
        )
    return as_labeled(data, name=name)


def as_reading(data: Any, y: Any, roles: Roles, *, name: str = "data") -> Reading:
    """The rows a user gave and how they were read; columns have the roles that `roles` names.

    Words for a missing value mean the same whatever the rows came in: `missing_words.MISSING_WORDS`.
    """
    reading = _reading(data, y, roles, name)
    labels, note = labels_without_missing_words(reading.data.y)
    return replace(reading, data=reading.data.with_labels(labels), label_note=note) if note else reading


def _reading(data: Any, y: Any, roles: Roles, name: str) -> Reading:
    """The rows as they came in."""
    if isinstance(data, tuple):
        data, y = _pair(data, y, name)
    require_rows(data, name)
    _require_vector(y, name)
    y, roles = _columns_by_name(data, y, roles)
    if y is not None and roles.label is not None:
        raise InputError(
            "the labels are given twice", where=name, got=f"y and label={roles.label!r}", fix="leave one of them out"
        )
    if isinstance(data, Dataset):
        return _of_dataset(data, y, roles, name)
    if isinstance(data, str | os.PathLike | Reading) or roles.of_columns() or _is_table(data, roles):
        return _read(data, y, roles)
    features, conversions = data, dict[str, Conversion]()
    if roles.decimal is not None:
        features = as_features(data)
        if not hasattr(features, "iloc"):
            raise InputError(
                "a decimal sign is read in columns of text, and these rows are numbers", where="decimal",
                got=f"{kind_text(data)} and decimal={roles.decimal!r}", fix="leave decimal= out",
            )  # fmt: skip
        features, conversions = converted_columns(features, roles.columns, roles.decimal)
    beside = {part: getattr(roles, part) for part in COLUMNS_OR_ARRAYS}
    table = Dataset(features, y, **beside, kinds=roles.columns or {}, conversions=conversions)
    source = "the frame's index" if hasattr(data, "index") and hasattr(data, "iloc") else "row number, from 0"
    return Reading(table, str(getattr(y, "name", None) or "y"), source, roles=_without_values(roles))


def _without_values(roles: Roles) -> Roles:
    """How columns are read; next to an array there are no columns that roles could name."""
    return Roles(columns=roles.columns, decimal=roles.decimal)


def _columns_by_name(data: Any, y: Any, roles: Roles) -> tuple[Any, Roles]:
    """Columns of the frame itself given as labels, groups, time or weights: the same as naming them.

    Otherwise they would be features too, and frame["sick"] give itself away.
    """
    if not hasattr(data, "columns") or not hasattr(data, "iloc"):
        return y, roles
    given = {"label": y, "groups": roles.groups, "time": roles.time, "weights": roles.weights}
    names: dict[str, Any] = {part: str(value.name) for part, value in given.items() if _is_column_of(data, value)}
    named = replace(roles, **names)
    return (None if "label" in names else y), named


def _is_column_of(frame: Any, value: Any) -> bool:
    name = getattr(value, "name", None) if hasattr(value, "iloc") else None
    return isinstance(name, str) and list(frame.columns).count(name) == 1 and bool(value.equals(frame[name]))


def require_labels(y: Array | None, ids: Array, name: str = "data") -> None:
    """Refuse rows without a label (n,) or (n, c), by id; `name` is what the caller calls them."""
    if y is None:
        raise InputError(
            f"{name} has no labels", got="y=None", fix="pass y, one label per row, or label= with the column's name"
        )
    absent = missing(y)
    if absent.any():
        raise InputError(
            f"every row of {name} needs a label", where=name_rows(ids[absent]),
            got=f"{int(absent.sum())} of {len(ids)} rows without", fix="label them, or leave these rows out",
        )  # fmt: skip


def require_rows(data: Any, name: str = "data") -> None:
    """Refuse what holds no rows: results and internals of this library, functions, models, numbers."""
    internal = type(data).__module__.partition(".")[0] == "samplewise" and not isinstance(
        data, Dataset | Images | Reading
    )
    model = callable(data) or hasattr(data, "get_params")
    if data is None or isinstance(data, int | float) or model or internal:
        raise InputError(f"{name} must be rows", got=type(data).__name__, fix=f"pass {FORMS}")


def with_columns_of(data: Dataset, other: Dataset, name: str) -> Dataset:
    """Other rows, called `name`, with the columns of the data in their order and of their type; see `read_like`."""
    return read_like(data, other, name)[0]


def read_like(data: Dataset, other: Dataset, name: str) -> tuple[Dataset, list[str]]:
    """Other rows, called `name`, as the data were read, and notes on what was read otherwise than it is written.

    Columns go by name, whatever their order; those the data lack are left out, with a note. A column that holds numbers
    or truth values in the data and text in the other rows is read as such; a few words among them are missing. More
    words, and columns of the data that are not there, are refused. Numbers become text where the data hold text.
    """
    width, wanted = tuple(other.X.shape[1:]), tuple(data.X.shape[1:])
    if hasattr(data.X, "columns") and hasattr(other.X, "columns"):
        names = list(data.X.columns)
        absent = [str(column) for column in names if column not in other.X.columns]
        if absent:
            raise InputError(
                f"{name} lack columns of the data", where=f"columns {', '.join(absent[:5])}", got=f"{width[0]} columns",
                fix="pass rows with the same columns, or leave these out of the data (drop_columns=)",
            )  # fmt: skip
        same, notes = _of_same_types(data, other, name)
        extra = [str(column) for column in other.X.columns if column not in names]
        if extra:
            notes.append(f"{', '.join(extra[:5])}: left out of {name}, for the data have no such column")
        # Text of the data stays text here, even where these rows hold nothing but numbers.
        texts = {str(name): "category" for name in same.columns if data.X[name].dtype.kind in "OUT"}
        kept = {column: kind for column, kind in other.kinds.items() if column in names}
        return replace(other, X=same, kinds=texts | kept), notes
    if type(data.X) is not type(other.X) or (width != wanted and not hasattr(data.X, "blocks")):
        kinds = [f"{type(rows.X).__name__} {tuple(rows.X.shape)}" for rows in (other, data)]
        raise InputError(
            f"{name} have other columns than the data", got=f"{kinds[0]}, data {kinds[1]}",
            fix="pass rows of the same kind and shape",
        )  # fmt: skip
    return (replace(other, X=other.X.at_size(data.X)) if isinstance(data.X, Images) else other), []


def _of_same_types(data: Dataset, other: Dataset, name: str) -> tuple[Any, list[str]]:
    """The columns of the data among other rows in the types of the data, with notes."""
    given, changed, notes = other.X[list(data.X.columns)], {}, []
    for column in given.columns:
        wanted, held = data.X[column].dtype.kind, given[column].dtype.kind
        where = f"{name}, column {str(column)!r}"
        if wanted in "iuf" and held in "OUT":
            changed[column], words = _read_numbers(given[column], other.ids, where)
            if words:
                notes.append(f"{column}: words among the numbers of {name} are read as missing: {', '.join(words)}")
        elif wanted == "b" and held != "b":
            changed[column] = _read_truths(given[column], other.ids, where)
        elif wanted in "OUT" and held in "iuf":
            changed[column] = _as_text(given[column])
        elif wanted in "iuf" and held == "b":
            changed[column] = given[column].astype(np.float64)
    return (given.assign(**changed) if changed else given), notes


def _read_numbers(column: Any, ids: Array, where: str) -> tuple[Any, tuple[str, ...]]:
    """A column of text as numbers, and the words among them, which are missing; more are refused with their rows."""
    present = column.notna().to_numpy()
    values, inverse = np.unique(column[present].astype(str).to_numpy(dtype=str), return_inverse=True)
    read = read_every_number(values.tolist()) if len(values) else None
    numbers = np.full(len(column), np.nan)
    if read is not None:
        numbers[present] = read.values[inverse]
    words = present & np.isnan(numbers)
    different = len(values) if read is None else len(read.words)
    if different > MOST_WORDS or words.sum() > MOST_WORD_ROWS * max(present.sum(), 1):
        raise InputError(
            "a column holds words where the data hold numbers", where=f"{where}, {name_rows(ids[words])}",
            got=repr(column[words].iloc[0])[:80], fix="write numbers there, or leave these cells empty",
        )  # fmt: skip
    return numbers, () if read is None else read.words


def _read_truths(column: Any, ids: Array, where: str) -> Any:
    """A column as booleans, missing kept; anything that is no truth value is refused with its rows."""
    truths = column.map(truth_of, na_action="ignore").astype("boolean")
    bad = (truths.isna() & column.notna()).to_numpy()
    if bad.any():
        raise InputError(
            "a column holds something else where the data hold truth values", where=f"{where}, {name_rows(ids[bad])}",
            got=repr(column[bad].iloc[0])[:80], fix="write true or false there, or leave these cells empty",
        )  # fmt: skip
    return truths if truths.isna().any() else truths.astype(bool)


def _as_text(column: Any) -> Any:
    """Numbers as the text that stands for them: 7 and not 7.0."""
    return column.map(lambda value: f"{value:.0f}" if value == int(value) else str(value), na_action="ignore")


def _of_dataset(data: Dataset, y: Any, roles: Roles, name: str) -> Reading:
    if named := roles.of_columns():
        raise InputError(
            f"a Dataset has its {named[0]} already", where=name, got=f"a Dataset and {named[0]}=",
            fix=f"leave {named[0]}= out, or name it when the file or frame is read: read_dataset(..., {named[0]}=...)",
        )  # fmt: skip
    given = {part: getattr(roles, part) for part in COLUMNS_OR_ARRAYS if getattr(roles, part) is not None}
    given |= {} if y is None else {"y": y}
    if roles.decimal is not None:
        raise InputError(
            "a Dataset has its numbers already", where=name, got=f"a Dataset and decimal={roles.decimal!r}",
            fix="say it when the file or frame is read: read_dataset(..., decimal=...)",
        )  # fmt: skip
    given |= {"kinds": {**data.kinds, **roles.columns}} if roles.columns else {}
    called = str(getattr(y, "name", None) or "y")
    return Reading(replace(data, **given) if given else data, called, "given", roles=_without_values(roles))


def _read(source: Any, y: Any, roles: Roles) -> Reading:
    """A path, or a table whose columns have roles; `y` are labels given separately."""
    columns = {part: getattr(roles, part) for part in ("label", "id", "groups", "time", "weights", "image", "text")}
    alone = ("groups", "time", "weights")
    passed = {part: value for part in alone if not isinstance(value := columns[part], str | None)}
    named = {part: value for part, value in columns.items() if value is not None and part not in passed}
    segments = () if roles.segments is None else roles.segments
    if not _are_names(segments):
        passed, segments = passed | {"segments": segments}, ()
    how = HOW_CELLS_ARE_READ if isinstance(source, str | os.PathLike) else ("columns", "decimal")
    read_as: dict[str, Any] = {name: getattr(roles, name) or None for name in how}
    if isinstance(source, Reading) and not (named or segments or roles.drop_columns or any(read_as.values())):
        reading = source
    else:
        several = {"segments": segments, "drop_columns": roles.drop_columns}
        _require_table(source, [*named, *(part for part, names in several.items() if names)])
        reading = read_dataset(source, segments=segments, drop_columns=roles.drop_columns, **named, **read_as)
    given = {name: value for name, value in (passed | {"y": y}).items() if value is not None}
    if hasattr(source, "iloc"):  # the rows of the reading are numbered anew
        for name, value in given.items():
            require_same_index(source, value, name)
        given = {
            name: value.reset_index(drop=True) if hasattr(value, "iloc") else value for name, value in given.items()
        }
    label = reading.label or str(getattr(y, "name", None) or "y")
    return replace(reading, data=replace(reading.data, **given), label=label) if given else reading


def _require_table(source: Any, roles: Sequence[str]) -> None:
    """Refuse roles of columns where the rows have no columns with names: an array, a tensor, a sparse matrix."""
    array = isinstance(source, np.ndarray) or hasattr(source, "tocsr") or hasattr(source, "detach")
    if roles and array:
        raise InputError(
            "only the columns of a table have names", where=f"{', '.join(roles)}", got=kind_text(source),
            fix=f"leave {roles[0]}= out, or pass a frame or a path",
        )  # fmt: skip


def _pair(data: tuple[Any, ...], y: Any, name: str) -> tuple[Any, Any]:
    if len(data) != 2:
        raise InputError(
            f"{name} given as a tuple is (X, y)", got=f"a tuple of {len(data)}",
            fix="name what it holds: Dataset(X, y, ids=..., groups=...); a list of rows is not a tuple",
        )  # fmt: skip
    if y is not None:
        raise InputError("the labels are given twice", where=name, got="(X, y) and y", fix="leave one of them out")
    return data


def _require_vector(y: Any, name: str) -> None:
    """Refuse a name or a model given as labels, and suggest what was meant."""
    if isinstance(y, str):
        raise InputError(
            "y must hold one label per row", where=name, got=repr(y)[:80],
            fix=f"label={y!r} names a column, learner={y!r} a learner",
        )  # fmt: skip
    if hasattr(y, "fit"):
        raise InputError(
            "y must hold one label per row", where=name, got=type(y).__name__, fix="pass it by name: learner=..."
        )


def _are_names(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    )  # fmt: skip


def _names_columns(X: Any, roles: Roles) -> bool:
    """Whether groups, segments, time or weights are columns of a frame by name, which then are no features."""
    named = any(isinstance(getattr(roles, part), str) for part in COLUMNS_OR_ARRAYS)
    segments = roles.segments
    return hasattr(X, "columns") and (
        named
        or (
            isinstance(segments, list | tuple)
            and _are_names(segments)
            and any(name in list(X.columns) for name in segments)
        )
    )


def _is_table(X: Any, roles: Roles) -> bool:
    """Whether rows are a frame of which some columns have a role: they are named, or they hold pictures."""
    return _names_columns(X, roles) or (hasattr(X, "iloc") and hasattr(X, "columns") and bool(image_columns(X, Path())))
