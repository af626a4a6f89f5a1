"""`Dataset`: rows with ids that survive every subset; the one thing every public function takes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Ints, fingerprint, positions_of
from samplewise.core.errors import InputError, name_rows
from samplewise.data.border import as_features, as_segments, as_vector, default_ids


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """n rows of features, labels and ids; never mutated, every method returns a new one.

    Args:
        X: (n, d) numpy array, scipy sparse matrix, pandas or polars frame, torch tensor, (n, h, w[, channels]) images,
            a list of texts, or anything with `__dataframe__`; converted once, here.
        y: (n,) labels (classes or numbers) or None.
        ids: (n,) unique keys; default: the frame's index, else 0..n-1.
        groups: (n,) rows that share a group stay together in every split (patient, document, duplicate set).
        segments: frame or (n,) column of values that are compared (sex, site); never used to split.
        time: (n,) order; splits never train on the future.
        weights: (n,) non-negative row weights.

    Raises:
        InputError: lengths differ, ids repeat, or groups, time or weights have missing values.

    >>> data = Dataset([[0.0, 1.0], [2.0, 3.0]], ["a", "b"], ids=[7, 9])
    >>> data.keep([9]).y
    array(['b'], dtype='<U1')
    """

    X: Any
    y: Array | None = None
    ids: Array = None  # type: ignore[assignment]  # filled in __post_init__, so never None for a caller
    groups: Array | None = None
    segments: Any | None = None
    time: Array | None = None
    weights: Array | None = None

    def __post_init__(self) -> None:
        """Convert every part once and refuse parts that do not fit together."""
        given = self.X
        features = as_features(given)
        count = features.shape[0]
        ids = default_ids(given, count) if self.ids is None else as_vector(self.ids, "ids")
        parts = {
            "X": features,
            "ids": ids,
            "y": None if self.y is None else as_vector(self.y, "y", allow_matrix=True),
            "groups": None if self.groups is None else as_vector(self.groups, "groups"),
            "segments": None if self.segments is None else as_segments(self.segments),
            "time": None if self.time is None else as_vector(self.time, "time"),
            "weights": None if self.weights is None else as_vector(self.weights, "weights").astype(np.float64),
        }
        _require_equal_lengths(parts, count)
        _require_unique(ids)
        for name in ("groups", "time", "weights"):
            _require_present(parts[name], ids, name)
        for name, value in parts.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.ids)

    def __repr__(self) -> str:
        """Rows, columns and which optional parts are there."""
        optional = [name for name in ("y", "groups", "segments", "time", "weights") if getattr(self, name) is not None]
        return f"Dataset({len(self)} rows, X {tuple(self.X.shape)}" + "".join(f", {name}" for name in optional) + ")"

    def keep(self, ids: Iterable[Any]) -> "Dataset":
        """The rows with these ids, in this order; they keep their ids."""
        return self.take(positions_of(ids, self.ids))

    def drop(self, ids: Iterable[Any]) -> "Dataset":
        """All rows but these; raises `InputError` for an id that is not there."""
        mask = np.ones(len(self), dtype=bool)
        mask[positions_of(ids, self.ids)] = False
        return self.take(np.flatnonzero(mask))

    def take(self, positions: Ints) -> "Dataset":
        """The rows at these positions; for code inside one floor, ids are for everybody else."""
        features = self.X.iloc[positions] if hasattr(self.X, "iloc") else self.X[positions]
        segments = None if self.segments is None else self.segments.iloc[positions]
        rest = {name: _taken(getattr(self, name), positions) for name in ("y", "ids", "groups", "time", "weights")}
        return Dataset(features, segments=segments, **rest)

    def with_labels(self, y: Any) -> "Dataset":
        """The same rows with other labels (n,)."""
        return replace(self, y=y)

    def with_weights(self, weights: Any) -> "Dataset":
        """The same rows with other weights (n,)."""
        return replace(self, weights=weights)

    def complete_ids(self) -> Array:
        """Ids of the rows without a missing or infinite feature and with a label."""
        if hasattr(self.X, "iloc"):
            whole = ~self.X.isna().to_numpy().any(axis=1)
        elif isinstance(self.X, np.ndarray):
            whole = np.isfinite(self.X).reshape(len(self), -1).all(axis=1)
        else:
            whole = np.ones(len(self), dtype=bool)
        return self.ids[whole & ~self.unlabelled()]

    def unlabelled(self) -> Array:
        """Which rows have no label (n,) bool: None, NaN or NaT."""
        return np.zeros(len(self), dtype=bool) if self.y is None else missing(self.y)

    def fingerprint(self) -> str:
        """A name for the content, the same whatever the row order. Cost: O(n d)."""
        order = np.argsort(self.ids.astype(str), kind="stable")
        ordered = self.take(order)
        features = ordered.X.to_dict("list") if hasattr(ordered.X, "iloc") else ordered.X
        features = features.fingerprint() if hasattr(features, "fingerprint") else features
        if hasattr(features, "tocsr"):
            features = [features.tocsr().indptr, features.tocsr().indices, features.tocsr().data]
        segments = None if ordered.segments is None else ordered.segments.to_dict("list")
        return fingerprint(features, ordered.y, ordered.ids, ordered.groups, segments, ordered.time, ordered.weights)


def missing(values: Array) -> Array:
    """Which entries are None, NaN or NaT: (n,) bool; for (n, c) labels, rows with any missing entry."""
    flags = np.asarray(values != values)
    if values.dtype.kind == "O":
        flags = flags.astype(bool) | np.frompyfunc(lambda item: item is None or item != item, 1, 1)(values).astype(bool)
    return flags if flags.ndim == 1 else flags.any(axis=1)


def _taken(values: Array | None, positions: Ints) -> Array | None:
    return None if values is None else values[positions]


def _require_equal_lengths(parts: dict[str, Any], count: int) -> None:
    for name, values in parts.items():
        if values is not None and len(values if name != "X" else parts["ids"]) != count:
            raise InputError(
                f"{name} and X have different numbers of rows",
                got=f"X {count} rows, {name} {len(values)}",
                fix=f"pass one entry of {name} per row of X",
            )


def _require_unique(ids: Array) -> None:
    values, counts = np.unique(ids.astype(str) if ids.dtype.kind == "O" else ids, return_counts=True)
    if (counts > 1).any():
        raise InputError(
            "ids repeat", where=name_rows(values[counts > 1]), got=f"{len(ids)} rows, {len(values)} different ids",
            fix="give every row its own id, or leave ids out to number the rows",
        )  # fmt: skip


def _require_present(values: Array | None, ids: Array, name: str) -> None:
    if values is not None and (absent := missing(values)).any():
        raise InputError(
            f"{name} has missing values", where=name_rows(ids[absent]), got=f"{int(absent.sum())} of {len(ids)} rows",
            fix=f"fill them, or drop the rows: data.drop(...) before passing {name}",
        )  # fmt: skip
