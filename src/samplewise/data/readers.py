"""Files, folders and frames as a `Dataset`, with everything that was decided on the way written down."""

import os
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.escapes import unicode_name
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, keys_text, sentence
from samplewise.data.column_questions import column_questions
from samplewise.data.columns import Column, describe_columns
from samplewise.data.conversions import as_features, as_vector, default_ids
from samplewise.data.dataset import Dataset, missing
from samplewise.data.delimited import read_delimited
from samplewise.data.file_sizes import MaxSize, require_room, unpacked_size
from samplewise.data.image_paths import column_paths, folder_images, image_columns
from samplewise.data.images import Images
from samplewise.data.missing_words import labels_without_missing_words
from samplewise.data.roles import HOW_CELLS_ARE_READ, Roles, named_columns, require_consistent, require_without
from samplewise.data.table_files import (
    BINARY,
    DELIMITED,
    JSON_LINES,
    KINDS,
    kind_of_file,
    read_by_pandas,
    require_there,
    unknown_kind,
)
from samplewise.data.text_columns import Conversion, ReadAs, converted_columns, require_kinds
from samplewise.data.written_times import as_times

pd = lazy_loader.load("pandas")

FEATURE_ARRAYS = ("X", "x", "features", "images", "embeddings", "data")
SOME_GAPS = 0.02  # share of missing values that makes a column an unlikely label
LABEL_ARRAYS = ("y", "Y", "labels", "label", "targets", "target")
_LABEL_NAME = re.compile(
    r"^(y|labels?|targets?|class|outcome|response|category|income|diagnosis)$|_(label|class)$|^(is|good)_",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, eq=False)
class Reading(Result):
    """A data set and how it was read.

    Args:
        data: the rows; `data.columns` holds kind and role of every feature column.
        label: name of the label column, array or folder level; "" where there is none.
        id_source: where the ids come from, as a phrase.
        file: what was read, None for objects in memory.
        frame: the table as read, with all its columns in order; None for arrays and images.
        file_notes: what was decided while the file was read; `notes` adds what is to be known about its columns.
        file_questions: what the file or folder leaves open; `questions` adds those about columns.
        test: the test rows of a folder of splits; None elsewhere.
        label_note: which words among the labels were read as missing; "" for none.
        roles: which columns have which role, and how cells are read.
    """

    data: Dataset
    label: str
    id_source: str
    file: Path | None = None
    frame: Any | None = None
    file_notes: tuple[str, ...] = ()
    file_questions: tuple[str, ...] = ()
    test: Dataset | None = None
    label_note: str = ""
    roles: Roles = field(default_factory=Roles)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Kind and role of every feature column; empty for images."""
        return self.data.columns

    @property
    def other_columns(self) -> Any | None:
        """The columns of the table that are neither features nor the label, n rows: ids, groups, times, dropped ones.

        None where there are none, and of arrays and images.
        """
        if self.frame is None or not hasattr(self.data.X, "columns"):
            return None
        kept = {self.label, *map(str, self.data.X.columns)}
        beside = [name for name in self.frame.columns if str(name) not in kept]
        return self.frame[beside].reset_index(drop=True) if beside else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the audit must know."""
        if isinstance(self.data.X, Images):
            return (*self.file_notes, *self.data.X.notes, *unreadable_notes(self.data))
        of_columns = (f"{column.name}: {column.note}" for column in self.columns if column.note)
        of_label = (f"{self.label or 'y'}: {self.label_note}",) if self.label_note else ()
        return (*self.file_notes, *of_label, *(of_columns if hasattr(self.data.X, "iloc") else ()))

    @property
    def questions(self) -> tuple[str, ...]:
        """What the owner of the data should decide, each with the option that decides it."""
        return (*self.file_questions, *(column_questions(self.data) if hasattr(self.data.X, "iloc") else ()))

    def recorded(self) -> dict[str, Any]:
        """What reads these rows again, as plain values: "roles" of columns by name, and "reading", how cells are read.

        >>> import pandas as pd
        >>> read_dataset(pd.DataFrame({"a": [1.0], "kind": ["x"]}), label="kind").recorded()
        {'roles': {'label': 'kind'}, 'reading': {}}
        """
        said = self.roles.recorded()
        how = {name: said.pop(name) for name in HOW_CELLS_ARE_READ if name in said}
        attributes = {} if self.frame is None else self.frame.attrs
        delimited = {"delimiter": attributes["delimiter"], "encoding": "utf-8"} if "delimiter" in attributes else {}
        return {"roles": said, "reading": how | delimited}

    def _sentences(self) -> Iterable[str]:
        label = f"label {self.label!r}" if self.label else "no label"
        yield f"{count_of(len(self.data), 'row')} with {label}, ids from {self.id_source}."
        yield from map(sentence, self.notes[:3])
        yield from map(sentence, self.questions[:3])

    def _table(self) -> Table:
        names = ("name", "kind", "role", "distinct", "missing")
        return Table({name: [getattr(column, name) for column in self.columns] for name in names}, index="name")


@dataclass(slots=True)
class _Table:
    """A frame on its way to a data set."""

    frame: Any
    ids: Array
    id_source: str
    file: Path | None = None
    notes: list[str] = field(default_factory=list)


@checked
def read_dataset(  # noqa: PLR0913  # one keyword per role of a column
    source: Any, *, label: str | None = None, id: str | None = None, groups: str | None = None,
    segments: Sequence[str] | str = (), time: str | None = None, drop_columns: Sequence[str] | str = (),
    image: str | None = None, text: str | None = None, weights: str | None = None,
    columns: Mapping[str, ReadAs] | None = None, decimal: str | None = None, max_size: MaxSize = None,
) -> Reading:  # fmt: skip
    """A file, folder or frame as a data set, with notes on what was decided.

    No column with a role is a feature: label, id, groups, segments, time, weights, dropped columns. Ids are the id
    column, else a frame's index, else row numbers from 0, an image's path relative to its folder, or "split:index".

    Args:
        source: path of a .csv, .tsv, .jsonl (also .gz, .bz2, .zip), .xlsx, .parquet, .feather or .npz file or a folder
            of images with a sub-folder per class; a pandas, polars or Hugging Face table in memory; or a `Reading` of
            a table, whose file is not read again.
        label, id, groups, time, weights: names of columns (arrays of an .npz).
        segments, drop_columns: one name or several.
        image: the column with images (paths relative to the file, or pictures); it becomes X.
        text: the column with texts; it becomes X.
        columns: what columns are, by name, where it is read otherwise: "number", "category", "text", "date", "id", or
            a list of the values from low to high.
        decimal: the decimal sign of numbers written as text, "." or ","; default: what the table shows.
        max_size: the largest file that is read, unpacked, in bytes or as "4GB"; default: a quarter of the memory.

    Returns:
        Reading; `data.y` is None without a label.

    Raises:
        InputError: the file is missing, of an unknown kind, too large or damaged, options contradict
            each other, or a named column is not there.

    Cost: O(n d).

    >>> import pandas as pd
    >>> read_dataset(pd.DataFrame({"a": [1.0, 2.0], "kind": ["x", "y"]}), label="kind").data
    Dataset(2 rows, X (2, 1), y)
    """
    roles = Roles(
        label,
        id,
        groups,
        _names(segments),
        time,
        _names(drop_columns),
        image,
        text,
        weights,
        columns,
        decimal,
        max_size,
    )
    require_consistent(roles)
    if not isinstance(source, str | os.PathLike):
        require_without(roles, {"max_size"}, "a table that is read already")
        return (
            _read_again(source, roles) if isinstance(source, Reading) else _assembled(_table_in_memory(source), roles)
        )
    path = Path(source).expanduser()
    require_there(path)
    if path.is_dir():
        require_without(roles, {part.name for part in fields(Roles)} - {"label"}, "a folder of pictures")
        return _read_folder(path, roles)
    kind = kind_of_file(path)
    if kind in DELIMITED:
        frame, notes = read_delimited(path, () if id is None else (id,), decimal, max_size)
        return _assembled(_Table(frame, np.arange(len(frame)), "row number, from 0", path, notes), roles)
    if kind in (*JSON_LINES, *BINARY):
        frame, notes = read_by_pandas(path, kind, max_size)
        return _assembled(_Table(frame, default_ids(frame, len(frame)), _index_phrase(frame), path, notes), roles)
    if kind == "npz":
        return _read_arrays(path, roles)
    raise unknown_kind(path, kind)


def _read_again(reading: Reading, roles: Roles) -> Reading:
    """The same table with other roles for its columns."""
    if reading.frame is None:
        raise InputError(
            "only a table can be given other columns as label, id or groups", got=f"a reading of {reading.file}",
            fix="name them when the file is read: read_dataset(path, label=...)",
        )  # fmt: skip
    ids, id_source = reading.data.ids, reading.id_source
    return _assembled(_Table(reading.frame, ids, id_source, reading.file, list(reading.file_notes)), roles)


def unreadable_notes(data: Dataset) -> Iterable[str]:
    """One note for pictures that cannot be read, each with its reason; none for other data."""
    lost = np.flatnonzero(data.X.unreadable) if isinstance(data.X, Images) else np.empty(0, dtype=np.intp)
    if len(lost):
        named = keys_text(f"{data.ids[row]} ({data.X.faults[row]})" for row in lost)
        yield f"{count_of(len(lost), 'picture')} cannot be read: {named}"


def likely_labels(frame: Any, most: int = 5) -> list[str]:
    """Columns that may be the label, likeliest first: named like one, complete, of few values, then the later ones.

    >>> import pandas as pd
    >>> likely_labels(pd.DataFrame({"age": [31.5, 40.2, 28.1], "target": ["a", "b", "a"]}))
    ['target', 'age']
    """
    table, _ = converted_columns(as_features(frame))
    ranked = []
    for position, column in enumerate(describe_columns(table)):
        if column.kind in ("numeric", "category", "ordinal", "boolean"):
            distinct = table[column.name].nunique() if column.distinct < 0 else column.distinct
            gaps = column.missing > SOME_GAPS * len(table)
            ranked.append((not _LABEL_NAME.search(column.name), gaps, distinct > 20, -position, column.name))
    return [name for *_, name in sorted(ranked)[:most]]


def _names(given: Sequence[str] | str) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _index_phrase(frame: Any) -> str:
    numbered = isinstance(frame.index, pd.RangeIndex) and frame.index.start == 0 and frame.index.step == 1
    return "row number, from 0" if numbered else "the frame's index"


def _table_in_memory(source: Any) -> _Table:
    if isinstance(source, Mapping) and all(hasattr(part, "column_names") for part in source.values()):
        names = ", ".join(map(str, source))
        fix = f"pass one of them, such as data[{next(iter(source))!r}]"
        raise InputError("this is a set of splits, not one table", got=names, fix=fix)
    if hasattr(source, "column_names") and hasattr(source, "features"):
        return _hugging_face_table(source)
    frame = as_features(source) if not hasattr(source, "iloc") else source
    if not hasattr(frame, "columns"):
        fix = f"pass a pandas or polars frame, or a path: {KINDS}"
        raise InputError("this is not a table", got=type(source).__name__, fix=fix)
    return _Table(frame, default_ids(frame, len(frame)), _index_phrase(frame))


def _hugging_face_table(source: Any) -> _Table:
    """Columns of a Hugging Face data set as a frame of objects; class numbers become class names."""
    columns = {}
    for name in source.column_names:
        values, names = list(source[name]), getattr(source.features[name], "names", None)
        columns[name] = (
            [names[code] if code is not None and code >= 0 else None for code in values] if names else values
        )
    split = str(getattr(source, "split", None) or "data")
    ids = np.array([f"{split}:{row}" for row in range(len(source))])
    frame = pd.DataFrame({name: pd.Series(values, dtype=object).infer_objects() for name, values in columns.items()})
    return _Table(frame, ids, "split and row number")


def _assembled(table: _Table, roles: Roles) -> Reading:
    """The data set of a frame: named columns have their roles, the rest are features."""
    frame, names = table.frame, [str(name) for name in table.frame.columns]
    frame = frame if names == list(frame.columns) else frame.set_axis(names, axis="columns")
    for kind, wanted in named_columns(roles):
        if wanted not in names:
            raise unknown_name(f"{kind.removesuffix('_columns')} column", wanted, names)
    ids, id_source = table.ids, table.id_source
    if roles.id is not None:
        ids, id_source = _column_ids(frame[roles.id]), f"column {roles.id!r}"
    apart = {roles.label, roles.id, roles.groups, roles.time, roles.weights, *roles.segments, *roles.drop_columns}
    require_kinds(roles.columns or {}, names)
    kept, folder = [name for name in names if name not in apart], table.file.parent if table.file else Path()
    image, questions = _image_column(frame, roles, kept, folder)
    features: Any = _features(frame, roles, kept) if image is None else _pictures(frame[image], folder)
    kinds, conversions = {}, dict[str, Conversion]()
    if hasattr(features, "iloc"):
        kinds = {name: kind for name, kind in (roles.columns or {}).items() if name in features.columns}
        decimal = roles.decimal or frame.attrs.get("decimal")
        features, conversions = converted_columns(as_features(features, ids), kinds, decimal)
    y = None if roles.label is None else frame[roles.label].reset_index(drop=True)
    y, note = labels_without_missing_words(y)
    data = Dataset(
        features, y=y, ids=ids,
        groups=None if roles.groups is None else frame[roles.groups].reset_index(drop=True),
        segments=frame[list(roles.segments)].reset_index(drop=True) if roles.segments else None,
        time=None if roles.time is None else _times(frame[roles.time], roles.time),
        weights=None if roles.weights is None else frame[roles.weights].reset_index(drop=True),
        kinds=kinds, conversions=conversions,
    )  # fmt: skip
    return Reading(
        data, roles.label or "", id_source, table.file, frame, tuple(table.notes), file_questions=questions,
        label_note=note, roles=roles,
    )  # fmt: skip


def _features(frame: Any, roles: Roles, names: list[str]) -> Any:
    if roles.text is not None:
        return frame[[roles.text]].reset_index(drop=True)
    if not names:
        raise InputError(
            "no column is left to learn from", got=f"columns {', '.join(map(str, frame.columns[:20]))}",
            fix="keep at least one column besides label, id, groups, segments and time",
        )  # fmt: skip
    return frame[names].reset_index(drop=True)


def _pictures(column: Any, folder: Path) -> Images:
    """Images from a column of paths, or of pictures in memory, which are resized to one size."""
    cells = [None if absent else cell for cell, absent in zip(column.tolist(), column.isna().tolist(), strict=True)]
    if all(cell is None or isinstance(cell, str) for cell in cells):
        paths, found = column_paths(cells, folder)
        images = Images.from_files(paths)
    else:
        images, found = Images.from_pictures(cells), ()
    return replace(images, notes=(f"column {column.name!r} holds pictures: {images!r}", *found, *images.notes))


def _image_column(frame: Any, roles: Roles, names: list[str], folder: Path) -> tuple[str | None, tuple[str, ...]]:
    """The column of pictures: the one that was named, or the only feature if it names pictures; and questions."""
    if roles.image is not None or roles.text is not None:
        return roles.image, ()
    found = image_columns(frame[[name for name in names if name not in (roles.columns or {})]], folder)
    if found and found == names:
        return found[0], ()
    asked = (
        f"`{name}` names pictures and is read as text: image={name!r} (--image) learns from them in place of columns"
        for name in found[:1]
    )
    return None, tuple(asked)


def _column_ids(column: Any) -> Array:
    """Ids from a column; text that is plain whole numbers throughout becomes numbers, 007 stays text."""
    if column.isna().any():
        where = f"column {column.name!r}, {_rows_text(column.isna().to_numpy())}"
        raise InputError(
            "ids are missing", where=where, got=f"{len(column)} rows",
            fix="fill them, or leave the id column out to number the rows",
        )  # fmt: skip
    values = as_vector(column, "ids")
    if values.dtype.kind in "OU" and all(re.fullmatch(r"-?[1-9]\d{0,17}|0", str(value)) for value in values):
        return values.astype(np.int64)
    return values


def _times(column: Any, name: str) -> Array:
    """Times that sort; what is missing is refused with the rows it is missing in, when the data set is made."""
    values = as_vector(column, "time")
    return values if missing(values).any() else as_times(values, name)


def _rows_text(flags: Array) -> str:
    """The rows that a message is about, by number."""
    rows = np.flatnonzero(flags)
    return f"rows {', '.join(map(str, rows[:5]))}" + (f" ({len(rows)} in all)" if len(rows) > 5 else "")


def _read_arrays(path: Path, roles: Roles) -> Reading:
    """An .npz file: the features array is X, the others have roles by name; `class_names` names the codes."""
    require_without(roles, {"columns", "decimal", "drop_columns"}, "a file of arrays")
    try:
        require_room(path, unpacked_size(path), roles.max_size)
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except InputError:
        raise
    except (OSError, ValueError, MemoryError, zipfile.BadZipFile, EOFError) as fault:
        fix = "write it with numpy.savez from plain number and string arrays (objects need pickle, which is not read)"
        raise InputError("the file cannot be read as .npz", where=str(path), got=str(fault)[:120], fix=fix) from None
    for kind, wanted in named_columns(roles):
        if wanted not in arrays:
            raise unknown_name(f"{kind} array", wanted, arrays)
    shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
    features = roles.image or roles.text or next((name for name in FEATURE_ARRAYS if name in arrays), None)
    if features is None:
        fix = f"name the features {', '.join(FEATURE_ARRAYS)}"
        raise InputError("the file has no features", where=str(path), got=shapes, fix=fix)
    label = roles.label or next((name for name in LABEL_ARRAYS if name in arrays), None)
    y = None if label is None else arrays[label]
    notes = [f"features are {features!r}, labels {label!r} of {shapes}"]
    if y is not None and _are_codes(y, arrays.get("class_names")):
        y = arrays["class_names"][y]
        notes.append("label codes are shown by their class_names")
    single = ("id", "groups", "time", "weights")
    part: dict[str, Any] = {kind: arrays.get(getattr(roles, kind) or "") for kind in single}
    segments = {name: arrays[name] for name in roles.segments} or None
    data = Dataset(arrays[features], y, part["id"], part["groups"], segments, part["time"], part["weights"])
    id_source = "row number, from 0" if roles.id is None else f"array {roles.id!r}"
    return Reading(data, label or "", id_source, path, None, tuple(notes), roles=roles)


def _are_codes(y: Array, names: Array | None) -> bool:
    """Whether labels are positions in an array of class names."""
    return names is not None and y.dtype.kind in "iu" and y.size > 0 and 0 <= y.min() <= y.max() < len(names)


def _read_folder(path: Path, roles: Roles) -> Reading:
    """A folder of images: a file's id is its path below the folder, its label the sub-folder of its class."""
    found = folder_images(path)
    data = _of_folder(path, found.rows)
    test = _of_folder(path, found.test) if found.test else None
    notes = (f"{data.X!r}", *found.notes)
    label = "" if data.y is None else roles.label or "folder"
    source = "path below the folder"
    return Reading(data, label, source, path, None, notes, found.questions, test, roles=roles)


def _of_folder(path: Path, rows: Sequence[tuple[str, str | None]]) -> Dataset:
    ids, labels = zip(*rows, strict=True)
    y = None if None in labels else np.array([unicode_name(str(label)) for label in labels])
    return Dataset(Images.from_files([path / name for name in ids]), y, np.array([unicode_name(name) for name in ids]))
