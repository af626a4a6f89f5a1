"""`Dataset`: rows with ids that survive every subset; the one thing every public function takes."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from samplewise.core.arguments import checked, checked_fields
from samplewise.core.arrays import Array, Ints, fingerprint, positions_of
from samplewise.core.errors import InputError, name_rows
from samplewise.core.randomness import key_hashes
from samplewise.data.cell_types import require_values
from samplewise.data.columns import Column, Description
from samplewise.data.conversions import BY_POSITION, as_features, as_segments, as_vector, default_ids, kind_text
from samplewise.data.images import Images
from samplewise.data.magnitudes import require_sizes, require_weight_sizes
from samplewise.data.text_columns import Conversion, ReadAs, converted_columns, require_kinds
from samplewise.data.written_times import as_times


@checked_fields
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
        time: (n,) order; splits never train on the future. Numbers, dates, or text that stands for them (6/18/2016,
            18 June 2016, 2012Q3).
        weights: (n,) non-negative row weights.
        label_names: of the columns of y (n, c); default: those of a frame.
        kinds: what columns of X are, by name, where a rule could not tell: "number", "category", "text", "date", "id",
            or of a frame a list of the values from low to high.
        conversions: what was done to columns of X as they were read, by name; texts that stand for numbers are numbers
            here, and this says how they became so.

    Raises:
        InputError: lengths differ, ids repeat, y or another field carries an index with keys of X in other places,
            labels are infinite, weights are negative, or groups, time or weights have missing values.

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
    label_names: tuple[Any, ...] = field(default=(), repr=False)
    kinds: Mapping[str, ReadAs] = field(default_factory=dict, repr=False)
    conversions: Mapping[str, Conversion] = field(default_factory=dict, repr=False)
    _description: Description = field(init=False, repr=False)  # shared by every subset

    def __post_init__(self) -> None:
        """Convert every field once and refuse fields that do not fit together."""
        for name in ("y", "ids", "groups", "segments", "time", "weights"):
            require_same_index(self.X, getattr(self, name), name)
        given_ids = None if self.ids is None else as_vector(self.ids, "ids")
        features, conversions = _read_features(as_features(self.X, given_ids), self.kinds, self.conversions)
        count = features.shape[0]
        ids = default_ids(self.X, count) if given_ids is None else given_ids
        if conversions and len(ids) == count:
            require_sizes(features, ids)  # texts have become numbers
        described = Description(features, ids, self.kinds, conversions)
        self._check_other_fields(features, ids)
        self._set({"X": features, "ids": ids, "conversions": conversions, "_description": described})

    def _check_other_fields(self, features: Any, ids: Array) -> None:
        """Convert what stands next to the features, and refuse what does not fit them or is incomplete."""
        parts = {
            "X": features,
            "ids": ids,
            "y": None if self.y is None else as_vector(self.y, "y", allow_matrix=True),
            "groups": None if self.groups is None else as_vector(self.groups, "groups"),
            "segments": None if self.segments is None else as_segments(self.segments),
            "time": None if self.time is None else as_vector(self.time, "time"),
            "weights": None if self.weights is None else _as_weights(self.weights),
        }
        _require_equal_lengths(parts, features.shape[0])
        if absent := _nameless(ids):
            raise InputError(
                "every row needs an id", where=f"ids, rows at positions {', '.join(map(str, absent[:5]))}",
                got=f"{len(absent)} of {len(ids)} without", fix="name these rows, or leave ids out to number all rows",
            )  # fmt: skip
        _require_unique(ids)
        for name in ("y", "groups"):
            if parts[name] is not None:
                require_values(parts[name], ids, name)
        if parts["segments"] is not None:
            for name, column in parts["segments"].items():
                require_values(column.to_numpy(), ids, f"segments {name!r}")
        for name in ("groups", "time", "weights"):
            _require_present(parts[name], ids, name)
        if parts["time"] is not None:
            parts["time"] = as_times(parts["time"], "time", ids)
        _require_no_dates(parts["y"], ids)
        _require_finite(parts["y"], ids, "y")
        _require_finite(parts["time"], ids, "time")
        _require_not_negative(parts["weights"], ids)
        names = tuple(getattr(self.y, "columns", self.label_names))
        if parts["y"] is None or parts["y"].shape[1:] != (len(names),):
            names = ()  # there are none, or they are of other labels, which these replace
        self._set(parts | {"label_names": names})

    def _set(self, parts: dict[str, Any]) -> None:
        for name, value in parts.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.ids)

    def __repr__(self) -> str:
        """Rows, columns and which optional fields are there."""
        optional = [name for name in ("y", "groups", "segments", "time", "weights") if getattr(self, name) is not None]
        return f"Dataset({len(self)} rows, X {tuple(self.X.shape)}" + "".join(f", {name}" for name in optional) + ")"

    @checked
    def keep(self, ids: Iterable[Any]) -> "Dataset":
        """The rows with these ids, in this order; they keep their ids."""
        return self.take(positions_of(ids, self.ids))

    @checked
    def drop(self, ids: Iterable[Any]) -> "Dataset":
        """All rows but these; raises `InputError` for an id that is not there."""
        mask = np.ones(len(self), dtype=bool)
        mask[positions_of(ids, self.ids)] = False
        return self.take(np.flatnonzero(mask))

    def take(self, positions: Ints) -> "Dataset":
        """The rows at these positions; for internal code; users name rows by id."""
        positions = np.arange(len(self))[positions]
        parts = {name: _taken(getattr(self, name), positions) for name in _PARTS}
        parts |= {name: getattr(self, name) for name in ("label_names", "kinds", "conversions", "_description")}
        if len(np.unique(positions)) < len(positions):
            _require_unique(parts["ids"])
        rows = object.__new__(Dataset)  # the fields were checked when they came in; subsets are taken often
        rows._set(parts)
        return rows

    @property
    def columns(self) -> tuple[Column, ...]:
        """Kind and role of every column of X; decided once, on all rows, and the same in every subset."""
        return self._description.columns

    def with_labels(self, y: Any) -> "Dataset":
        """The same rows with other labels (n,)."""
        return self._with(y=y)

    def with_features(self, features: Any) -> "Dataset":
        """The same rows with other cells in the same columns, which stay what they were read as.

        Args:    features: (n, d) of the kind that X is.
        Raises:  InputError: rows of another kind, or with other columns.
        """
        features = as_features(features, self.ids)
        if type(features) is not type(self.X) or features.shape[1:] != self.X.shape[1:]:
            raise InputError(
                "features must be of the kind of X, with its columns", where="features",
                got=f"{kind_text(features)} {tuple(features.shape)}, X {kind_text(self.X)} {tuple(self.X.shape)}",
                fix="change cells, and nothing else; other columns are another Dataset",
            )  # fmt: skip
        return self._with(X=features)

    def with_weights(self, weights: Any) -> "Dataset":
        """The same rows with other weights (n,)."""
        return self._with(weights=weights)

    def _with(self, **parts: Any) -> "Dataset":
        """The same rows with another field; the columns are not read and described again."""
        changed = object.__new__(Dataset)
        changed._set({one.name: getattr(self, one.name) for one in fields(self)} | parts)
        require_same_index(changed.X, changed.y)
        changed._check_other_fields(changed.X, changed.ids)
        return changed

    def complete_ids(self) -> Array:
        """Ids of the rows without a missing or infinite feature, with a picture that can be read, and with a label."""
        if hasattr(self.X, "iloc"):
            whole = ~self.X.isna().to_numpy().any(axis=1)
        elif isinstance(self.X, np.ndarray):
            whole = np.isfinite(self.X).all(axis=1)
        elif isinstance(self.X, Images):
            whole = ~self.X.unreadable
        else:
            whole = np.ones(len(self), dtype=bool)
            if hasattr(self.X, "indptr"):
                row_of_entry = np.repeat(np.arange(len(self)), np.diff(self.X.indptr))
                whole[row_of_entry[~np.isfinite(self.X.data)]] = False
        complete: Array = self.ids[whole & ~self.unlabeled()]
        return complete

    def unlabeled(self) -> Array:
        """Which rows have no label (n,) bool: None, NaN or NaT."""
        return np.zeros(len(self), dtype=bool) if self.y is None else missing(self.y)

    def fingerprint(self) -> str:
        """A name for the content, the same whatever the row order. Cost: O(n d)."""
        ordered = self.take(np.argsort(key_hashes(self.ids), kind="stable"))
        return fingerprint([_content(getattr(ordered, name)) for name in _PARTS])


_PARTS = ("X", "y", "ids", "groups", "segments", "time", "weights")


def _read_features(
    features: Any, kinds: Mapping[str, ReadAs], done: Mapping[str, Conversion]
) -> tuple[Any, dict[str, Conversion]]:
    """The features with numbers in the place of texts that stand for them, and what was done to which column."""
    if not hasattr(features, "iloc"):
        require_kinds(kinds, [f"x{place}" for place in range(features.shape[1])] if kinds else [])
        if ordered := [name for name, kind in kinds.items() if not isinstance(kind, str)]:
            raise InputError(
                "an order is for a column of a frame", where=f"columns[{ordered[0]!r}]", got="features without a frame",
                fix="pass a frame, or the ranks as numbers",
            )  # fmt: skip
        return features, {}
    require_kinds(kinds, list(map(str, features.columns)))
    kept = {name: done[name] for name in map(str, features.columns) if name in done}
    features, new = converted_columns(features, kinds, done=kept)
    return features, kept | new


def _content(part: Any) -> Any:
    """A field as what `core.arrays.fingerprint` reads."""
    if hasattr(part, "iloc"):
        return {name: np.asarray(column) for name, column in part.items()}
    if hasattr(part, "indptr"):
        return [part.shape[1], part.indptr, part.indices, part.data]
    return part.fingerprint() if hasattr(part, "fingerprint") else part


def missing(values: Array) -> Array:
    """Which entries are None, NaN or NaT: (n,) bool; for (n, c) labels, rows with any missing entry."""
    if values.dtype.kind == "O":
        flags = np.frompyfunc(lambda item: item is None or item != item, 1, 1)(values).astype(bool)
    else:
        flags = np.isnat(values) if values.dtype.kind in "mM" else np.asarray(values != values)
    rows: Array = flags if flags.ndim == 1 else flags.any(axis=1)
    return rows


def _taken(part: Any, positions: Ints) -> Any:
    if part is None:
        return None
    return part.iloc[positions] if hasattr(part, "iloc") else part[positions]


def _require_equal_lengths(parts: dict[str, Any], count: int) -> None:
    for name, values in parts.items():
        if name != "X" and values is not None and len(values) != count:
            raise InputError(
                f"{name} and X have different numbers of rows",
                got=f"X {count} rows, {name} {len(values)}",
                fix=f"pass one entry of {name} per row of X",
            )


def row_ids(ids: Any, count: int) -> Array:
    """(n,) names of so many rows: the given ones, one per row and none missing, or their numbers."""
    if ids is None:
        return np.arange(count)
    held = None if isinstance(ids, Mapping) else np.asarray(ids if hasattr(ids, "__len__") else list(ids))
    if held is None or held.shape != (count,) or missing(held).any():
        raise InputError(
            "ids must name every row", where="ids", got="a mapping" if held is None else f"shape {held.shape}",
            fix=f"pass {count:,} names as ids=, none of them missing, or leave it out",
        )  # fmt: skip
    return held


def _nameless(ids: Array) -> list[int]:
    """Positions of rows whose id is missing: None, NaN, NaT or an empty text."""
    empty = missing(ids)
    return np.flatnonzero(empty | (ids == "") if ids.dtype.kind in "OU" else empty).tolist()


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


def _as_weights(weights: Any) -> Array:
    given = as_vector(weights, "weights")
    if given.dtype.kind not in "biuf":
        raise InputError("weights must be numbers", got=f"dtype {given.dtype}", fix="pass one number per row")
    return given.astype(np.float64)


def _require_not_negative(weights: Array | None, ids: Array) -> None:
    if weights is not None and (bad := ~((weights >= 0) & np.isfinite(weights))).any():
        raise InputError(
            "weights must be finite and not negative", where=name_rows(ids[bad]), got=f"{weights[bad][0]:g}",
            fix="use 0 for a row that must not count",
        )  # fmt: skip
    if weights is not None:
        require_weight_sizes(weights, ids)


def _require_finite(values: Array | None, ids: Array, name: str) -> None:
    if values is None or values.dtype.kind != "f":
        return
    if (bad := np.isinf(values).reshape(len(values), -1).any(axis=1)).any():
        missing_label = "replace them with NaN (a missing label), or " if name == "y" else ""
        raise InputError(
            f"{name} has infinite entries", where=name_rows(ids[bad]), got=f"{name} of shape {values.shape}",
            fix=f"{missing_label}drop the rows",
        )  # fmt: skip


_DATES = (dt.date, dt.time, dt.timedelta)


def _require_no_dates(y: Array | None, ids: Array) -> None:
    """Refuse labels that are dates or durations: they count in units that only their owner knows."""
    if y is None:
        return
    dated = np.full(len(y), y.dtype.kind in "mM")
    if y.dtype.kind == "O" and y.ndim == 1:
        dated = np.fromiter((isinstance(label, _DATES) for label in y), bool, len(y)) & ~missing(y)
    if dated.any():
        raise InputError(
            "labels are dates or durations", where=name_rows(ids[dated]), got=str(y[dated][0])[:60],
            fix="pass numbers in the unit that is meant, such as days, or words: y.astype(str)",
        )  # fmt: skip


def require_same_index(X: Any, values: Any, name: str = "y") -> None:
    """Refuse pandas objects beside X (n,) whose index shares keys with that of X and is another one.

    Indices without a common key say nothing about each other, and rows are matched by position.
    """
    if not (hasattr(X, "iloc") and hasattr(values, "iloc")) or len(X) != len(values) or X.index.equals(values.index):
        return
    shared = X.index.isin(values.index)
    if not shared.any() or values.attrs.get(BY_POSITION):
        return
    fix = f"{name}.loc[X.index] where the index names rows; {name}.to_numpy() where they are in the order of X"
    if shared.all() and values.index.is_unique:
        moved = X.index[X.index != values.index]
        raise InputError(
            f"{name} has the index of X in another order", where=name_rows(moved), got=f"{len(X)} rows", fix=fix
        )
    raise InputError(
        f"{name} has another index than X, with some keys of it", where=name_rows(X.index[~shared]) if not shared.all()
        else "the index", got=f"{int(shared.sum())} of {len(X)} keys of X are in the index of {name}", fix=fix,
    )  # fmt: skip
