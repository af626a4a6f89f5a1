"""The user's own file again with some rows gone or relabeled and some cells changed: all else stays as it was."""

import gzip
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, Ints
from samplewise.core.codec import write_together
from samplewise.core.csv_text import own_cells_csv
from samplewise.core.errors import InputError
from samplewise.data import delimited
from samplewise.data.changed_cells import column_at, with_cells, with_column
from samplewise.data.number_formats import read_every_number
from samplewise.data.readers import FEATURE_ARRAYS, LABEL_ARRAYS, Reading
from samplewise.data.table_files import is_table_file, kind_of_file

pd = lazy_loader.load("pandas")

NewCells = Mapping[str, Mapping[int, Any]]  # by column and position


def kind_of(path: Path) -> str:
    """csv, tsv, parquet, npz, table for other files with columns, or folder for what has no known ending."""
    endings = {"csv": "csv", "tsv": "tsv", "txt": "csv", "parquet": "parquet", "pq": "parquet", "npz": "npz"}
    return endings.get(kind_of_file(path), "table" if is_table_file(path) else "folder")


def require_same_kind(source: Path, target: Path) -> None:
    """Refuse a target that cannot hold the columns of the source as they are."""
    kind = kind_of(source)
    wanted = "csv" if kind in ("folder", "table") else kind
    if kind_of(target) != wanted or target.suffix.lower() in (".bz2", ".zip"):
        raise InputError(
            "the cleaned data must be the same kind of file as the original", where=str(target),
            got=f"original {source.name}", fix=f"name it {target.with_suffix('.' + wanted).name}",
        )  # fmt: skip


def require_new(files: Iterable[Path], run: Path) -> None:
    """Refuse files that are there already, or that would lie in the run folder, before anything is written."""
    folder = run if run.is_dir() else run.parent
    for file in files:
        if os.path.lexists(file):
            raise InputError(
                "there is already a file of this name, and nothing is written over", where=str(file),
                fix="name another file with --out, or remove this one",
            )  # fmt: skip
        if file.resolve().is_relative_to(folder.resolve()):
            raise InputError(
                "the run folder holds only what the audit writes", where=str(file), got=f"a file in {folder}",
                fix="name a file elsewhere: --out clean.csv",
            )  # fmt: skip


def contents(
    reading: Reading, kept: Ints, labels: Mapping[int, Any], target: Path, cells: NewCells = MappingProxyType({})
) -> bytes:
    """The bytes of the file `target`: the rows of `reading` at positions `kept`, some with another label or cell.

    Args:
        reading: how the original was read; its file is read again, so that no cell changes on the way.
        kept: (k,) positions of the rows that stay, in order.
        labels: position -> new label, for rows that change theirs.
        target: decides separator and compression by its ending.
        cells: name of a column -> position -> new cell, None for a missing one.
    """
    if reading.file is None:
        raise InputError("the data did not come from a file", fix="use audit.apply() in Python")
    kind = kind_of(reading.file)
    if kind == "npz":
        return _archive(reading, kept, labels, cells)
    if kind == "parquet":
        frame: Any = pd.DataFrame(reading.frame)
        _set_labels(frame, reading.label, labels)
        _set_cells(frame, reading, cells)
        buffer = io.BytesIO()
        frame.iloc[kept].to_parquet(buffer)
        return buffer.getvalue()
    frame = _cells(reading, kind)
    label = "label" if kind == "folder" else reading.label
    _set_labels(frame, label, _as_cells(frame[label], reading.data.y, labels) if labels else {})
    _set_cells(frame, reading, cells)
    separator = delimited.separator_of(reading.file, reading.roles.max_size) if kind in ("csv", "tsv") else ","
    text = own_cells_csv(frame.iloc[kept], _header(frame), separator)
    return gzip.compress(text.encode(), mtime=0) if target.suffix == ".gz" else text.encode()


def write_all(files: Mapping[Path, bytes]) -> None:
    """All of the files or none of them."""
    try:
        for path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
        write_together(files)
    except OSError as fault:
        named = ", ".join(str(path) for path in files)
        raise InputError(
            "the files could not be written; none was changed", where=named, got=fault.strerror or str(fault),
            fix="check the disk and the permissions of the folder",
        ) from None  # fmt: skip


def _set_labels(frame: Any, label: str, labels: Mapping[int, Any]) -> None:
    if labels:
        column = frame.columns.get_loc(label)
        frame.iloc[list(labels), column] = list(labels.values())


def _set_cells(frame: Any, reading: Reading, cells: NewCells) -> None:
    """Put new cells into the columns of a table, written as their column writes its cells."""
    for name, changes in cells.items():
        if name not in frame.columns:
            raise InputError(
                "the changed cells are in no column of the file", where=f"column {name!r}", got=str(reading.file),
                fix="audit.apply() in Python gives the rows with these cells changed",
            )  # fmt: skip
        column = frame[name]
        if column.dtype.kind in "iu" and isinstance(column.dtype, np.dtype):  # that can be missing without fractions
            column = column.astype(column.dtype.name.replace("i", "I").replace("uI", "UI"))
        elif column.dtype.kind == "O" or isinstance(column.dtype, pd.StringDtype):
            changes = _as_texts(changes, column, reading, name)
        changed = with_cells(column, changes)
        if isinstance(changed.dtype, pd.CategoricalDtype):  # spellings that are gone are no categories any more
            emptied = [known for known in column.cat.categories if known in set(column) and known not in set(changed)]
            changed = changed.cat.remove_categories(emptied)
        frame[name] = changed


def _as_texts(changes: Mapping[int, Any], column: Any, reading: Reading, name: str) -> dict[int, Any]:
    """New cells of a column of text: numbers with its decimal sign, and an empty cell where all cells are text."""
    numbers = [value for value in changes.values() if isinstance(value, int | float)]
    held = [cell for cell in column.dropna().unique().tolist() if isinstance(cell, str)]
    if not held and numbers:
        return dict(changes)  # objects that are numbers
    sign = _decimal_sign(held, reading, name) if numbers else "."
    empty = "" if reading.file is not None and kind_of(reading.file) in ("csv", "tsv") else None
    return {
        position: empty if value is None else value if isinstance(value, str) else number_cell(value, sign)
        for position, value in changes.items()
    }


def _decimal_sign(cells: list[str], reading: Reading, name: str) -> str:
    """The decimal sign of the numbers in a column of text."""
    said = reading.roles.decimal or reading.frame.attrs.get("decimal")  # type: ignore[union-attr]  # a table has a frame
    if reading.frame is not None and reading.frame[name].dtype.kind in "iuf":
        return said or "."
    read = read_every_number(cells, said)
    if read is None:
        raise InputError(
            "the cells of this column are read as numbers and cannot be written as such", where=f"column {name!r}",
            got=f"cells such as {', '.join(map(repr, cells[:3]))}", fix="use audit.apply() in Python",
        )  # fmt: skip
    return read.decimal


def number_cell(value: float, decimal: str) -> str:
    """A number as a cell of text, without powers of ten.

    >>> number_cell(68.5, ","), number_cell(70, ".")
    ('68,5', '70')
    """
    text = np.format_float_positional(float(value), trim="-")
    return text.replace(".", decimal)


def _as_cells(column: Any, y: Array | None, labels: Mapping[int, Any]) -> dict[int, str]:
    """New labels as the file writes them elsewhere: a class read as 1 may stand there as 01 or 1.0."""
    written: dict[Any, str] = {}
    for value, cell in zip([] if y is None else y.tolist(), column.tolist(), strict=False):
        written.setdefault(value, cell)
    return {position: written.get(value, str(value)) for position, value in labels.items()}


def _header(frame: Any) -> list[str]:
    """A column without a name is read as "Unnamed: 0" and written without one again."""
    return ["" if name == f"Unnamed: {index}" else str(name) for index, name in enumerate(frame.columns)]


def _cells(reading: Reading, kind: str) -> Any:
    """The cells of a table as text where it was text, as they were read where it was none."""
    if kind == "folder":
        return _manifest(reading)
    if kind == "table":
        return pd.DataFrame(reading.frame).astype(object)
    return delimited.read_cells(Path(reading.file or ""), reading.roles.max_size)


def _manifest(reading: Reading) -> Any:
    """Images have no table: their paths and labels are one."""
    return pd.DataFrame({"id": reading.data.ids.astype(str), "label": np.asarray(reading.data.y).astype(str)})


def _archive(reading: Reading, kept: Ints, labels: Mapping[int, Any], cells: NewCells) -> bytes:
    """Every array with one entry per row is cut; the labels change as codes where classes are named."""
    count = len(reading.data)
    with np.load(str(reading.file), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    name = reading.label or next((name for name in LABEL_ARRAYS if name in arrays), "")
    names = arrays["class_names"].tolist() if "class_names" in arrays else []
    for position, value in labels.items():
        arrays[name][position] = names.index(value) if value in names else value
    features = next((name for name in FEATURE_ARRAYS if name in arrays), "")
    for column, changes in cells.items():
        place = [one.name for one in reading.data.columns].index(column)
        held = arrays[features]
        arrays[features] = with_column(held, place, with_cells(column_at(held, place), changes))
    by_row = {key for key, values in arrays.items() if values.ndim and len(values) == count and key != "class_names"}
    cut = {key: values[kept] if key in by_row else values for key, values in arrays.items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **cut)
    return buffer.getvalue()
