"""What the user supplies in addition to the data: features from their own network, and out-of-sample predictions."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core import extras
from samplewise.core.arrays import Array, Floats, is_number, positions_of
from samplewise.core.errors import InputError, name_rows, unknown_name
from samplewise.data.targets import class_places

pd = lazy_loader.load("pandas")

ARRAY_NAMES = ("predictions", "probabilities", "P")
SUFFIXES = (".npy", ".npz", ".csv", ".parquet")


# --- embeddings ------------------------------------------------------------------------------------------------------


def embedding(name: str) -> Callable[[Any], Any]:
    """The user's function, named `module:function`; whatever it raises comes back as an `InputError`.

    Modules are looked for where Python looks, and in the current directory. The audit calls it on the X of the data
    and, where there is one, of the test set, and checks what it returns.

    Raises:
        InputError: a name of another form, no such module, or no such function.
    """
    module_name, colon, attribute = name.partition(":")
    if not (module_name and colon and attribute):
        raise InputError(
            "an embedding is named module:function", got=repr(name), fix="for example --embed my_net:features"
        )
    function = getattr(_module(module_name), attribute, None)
    if not callable(function):
        offered = [item for item, value in vars(_module(module_name)).items() if callable(value) and item[0] != "_"]
        raise unknown_name(f"function in {module_name}", attribute, offered)

    def called(X: Any) -> Any:
        try:
            return function(X)
        except Exception as fault:
            raise InputError(
                "the embedding function raised an error", where=f"--embed {name}",
                got=f"{type(fault).__name__}: {fault}",
                fix=f"make it work on X of type {type(X).__name__}, shape {tuple(X.shape)}",
            ) from fault  # fmt: skip

    return called


def _module(name: str) -> Any:
    if not {"", str(Path.cwd())} & set(sys.path):
        sys.path.insert(0, str(Path.cwd()))  # a console script does not search the folder it is run in
    try:
        return importlib.import_module(name)
    except ImportError as fault:
        raise InputError(
            "the module of the embedding cannot be imported", where=f"--embed {name}", got=str(fault),
            fix="run from the directory it is in, or install it",
        ) from fault  # fmt: skip


# --- predictions -----------------------------------------------------------------------------------------------------


def read_predictions(path: Path, ids: Array, classes: Array | None, id_name: str = "id") -> Floats:
    """(n, c) predictions in the order of the data's rows and classes.

    Args:
        path: .npy; .npz with `predictions` (or one array), and `classes`, `ids` where the order differs; .csv or
            .parquet with a column for every class, named or not, and an id column where the order differs.
        ids: (n,) of the data.   classes: (c,) of the data, None for regression.   id_name: of the id column.

    Raises:
        InputError: unreadable file, other ids than the data's, other classes than the data's, or the wrong shape.
    """
    if not path.exists():
        raise InputError(
            "there is no such file of predictions", where=str(path), got=str(path), fix=f"use {', '.join(SUFFIXES)}"
        )
    values, names, keys = _contents(path, classes, id_name)
    if keys is not None:
        values = values[_row_order(keys, ids, path)]
    if names is not None and classes is not None:
        values = values[:, _places(names, classes, path)]
    expected = (len(ids), len(classes)) if classes is not None else (len(ids), 1)
    if values.shape != expected:
        raise InputError(
            "the predictions do not fit the data", where=str(path), got=f"shape {values.shape}",
            fix=f"one row per row of the data and one column per class: shape {expected}",
        )  # fmt: skip
    return values


def _contents(path: Path, classes: Array | None, id_name: str) -> tuple[Floats, list[str] | None, Array | None]:
    """Numbers (n, c), class names if given, ids if given."""
    try:
        if path.suffix == ".npy":
            return _matrix(np.load(path, allow_pickle=False), path), None, None
        if path.suffix == ".npz":
            return _archive(path)
        if path.suffix == ".parquet":
            extras.require_extra("pyarrow", "reading Parquet", where=str(path))
            frame = pd.read_parquet(path, engine="pyarrow")
        else:
            frame = _delimited(path, classes)
    except InputError:
        raise
    except (OSError, ValueError) as fault:
        raise InputError(
            "the predictions cannot be read", where=str(path), got=str(fault).splitlines()[0],
            fix=f"use one of {', '.join(SUFFIXES)} with plain numbers",
        ) from None  # fmt: skip
    keys = next((frame.pop(name) for name in (id_name, "id") if name in frame.columns), None)
    names = [str(name) for name in frame.columns]
    unnamed = frame.columns.dtype.kind == "i" or (classes is None)
    return _matrix(frame.to_numpy(), path), None if unnamed else names, None if keys is None else keys.to_numpy()


def _archive(path: Path) -> tuple[Floats, list[str] | None, Array | None]:
    with np.load(path, allow_pickle=False) as archive:
        name = next((name for name in ARRAY_NAMES if name in archive.files), None)
        if name is None and len(archive.files) == 1:
            name = archive.files[0]
        if name is None:
            raise unknown_name("array of predictions", ARRAY_NAMES[0], archive.files).during(f"reading {path}")
        names = [str(item) for item in archive["classes"].tolist()] if "classes" in archive.files else None
        return _matrix(archive[name], path), names, archive["ids"] if "ids" in archive.files else None


def _delimited(path: Path, classes: Array | None) -> Any:
    """A frame; its first line holds names unless all of it is numbers that are no class names."""
    if path.suffix not in (".csv", ".gz"):
        raise InputError(
            "predictions of this kind are not known", where=str(path), got=path.suffix, fix=f"use {', '.join(SUFFIXES)}"
        )
    first = [str(name) for name in pd.read_csv(path, nrows=0).columns]
    named = any(not is_number(cell) for cell in first) or (
        classes is not None and set(map(str, classes.tolist())) <= set(first)
    )
    return pd.read_csv(path) if named else pd.read_csv(path, header=None)


def _matrix(values: Any, path: Path) -> Floats:
    try:
        matrix = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as fault:
        raise InputError(
            "predictions must be numbers", where=str(path), got=str(fault),
            fix="one column per class, and an id column at most (named id, or as given by --id)",
        ) from None  # fmt: skip
    return matrix[:, None] if matrix.ndim == 1 else matrix


def _row_order(keys: Array, ids: Array, path: Path) -> Array:
    """Position of each row of the data among the keys; compared as text, since files forget types."""
    given, wanted = np.asarray(keys).astype(str), ids.astype(str)
    if len(np.unique(given)) < len(given):
        values, counts = np.unique(given, return_counts=True)
        raise InputError(
            "ids repeat among the predictions", where=f"{path}: {name_rows(values[counts > 1])}",
            got=f"{len(given)} rows", fix="give one row of predictions per row of the data",
        )  # fmt: skip
    return positions_of(wanted, given)


def _places(names: list[str], classes: Array, path: Path) -> list[int]:
    try:
        return class_places(names, classes)
    except InputError as fact:
        raise fact.during(f"reading {path}") from None
