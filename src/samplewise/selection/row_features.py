"""Rows of any kind as counts of features: n-grams of texts, binned cells of a table, or a matrix as it is."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy import sparse

from samplewise.core.arrays import Array, Ints
from samplewise.core.errors import InputError, name_rows, unknown_name
from samplewise.core.randomness import key_hashes, mixed_hashes
from samplewise.core.texts import count_of, keys_text
from samplewise.data.changed_cells import column_at
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_dataset
from samplewise.data.table_files import kind_of_file
from samplewise.data.text_streams import TextBatch, stream_texts
from samplewise.engine.neighbors.hashed_ngrams import hashed_ngrams, summed_rows
from samplewise.selection.stored_counts import CountBlock, StoredCounts, block_key

Features = Literal["hashed_ngrams", "binned_columns", "counts"]
N_BINS = 20  # of a column of numbers, equally filled by the raw rows


@dataclass(frozen=True, slots=True, eq=False)
class CountedRows:
    """Rows as counts, and what they are called."""

    counts: StoredCounts
    ids: Array


class RowFeatures:
    """Turns raw rows and targets into counts of the same features; the raw rows come first and fix the bins."""

    def __init__(self, features: Features, n_features: int, text: str | None, id: str | None, run_dir: Any) -> None:
        self._features, self._n_features = features, n_features
        self._text, self._id, self._run_dir = text, id, run_dir
        self._edges: dict[str, Array] = {}
        self._columns: list[str] | None = None
        self._width: int | None = None

    def count(self, rows: Any, name: str, watch: Callable[[float], None] | None = None) -> CountedRows:
        """The rows as counts.

        Raises: InputError for rows of another kind than the features, no rows, or ids that repeat.
        """
        reading = {"hashed_ngrams": self._of_texts, "binned_columns": self._of_table, "counts": self._of_matrix}
        counted = reading[self._features](rows, name, watch)
        counted.counts.close()
        if not len(counted.counts):
            raise InputError("there are no rows", where=name, got="0 rows", fix="pass at least one row")
        _require_unique(counted.ids, name)
        return counted

    def _of_texts(self, rows: Any, name: str, watch: Callable[[float], None] | None) -> CountedRows:
        counts = StoredCounts(self._n_features, self._run_dir if name == "raw" else None)
        ids: list[Array] = []
        for batch in self._batches(rows, name, watch):
            key = block_key(batch.texts, self._n_features) if self._run_dir is not None and name == "raw" else ""
            block = counts.known(key) if key else None
            if block is None:
                hashed = hashed_ngrams(batch.texts, self._n_features)
                block = CountBlock(hashed.buckets, None, hashed.lengths, hashed.signatures)
            counts.add(block, key)
            ids.append(_as_ids(batch.ids))
        return CountedRows(counts, np.concatenate(ids) if ids else np.zeros(0, dtype=np.intp))

    def _batches(self, rows: Any, name: str, watch: Callable[[float], None] | None) -> Iterator[TextBatch]:
        texts, named = self._texts_in_memory(rows, name)
        if texts is None:
            plain = name != "raw" and _is_plain(rows)
            text, id = None if plain else self._text, self._id if name == "raw" else None
            yield from stream_texts(rows, text=text, id=id, name=name, watch=watch)
            return
        start = 0
        for batch in stream_texts(texts, name=name):
            ids = batch.ids if named is None else named[start : start + len(batch.ids)].tolist()
            start += len(batch.ids)
            yield TextBatch(ids, batch.texts)

    def _texts_in_memory(self, rows: Any, name: str) -> tuple[Any, Array | None]:
        """Texts one after another, and their ids where rows have any; None for the texts of files."""
        if _are_paths(rows):
            return None, None
        named: Array | None = None
        if isinstance(rows, Dataset):
            rows, named = rows.X, rows.ids
        elif hasattr(rows, "iloc"):
            named = np.asarray(rows.index)
        if hasattr(rows, "columns"):
            columns = [str(column) for column in rows.columns]
            if self._id is not None and name == "raw":
                named = np.asarray(rows[_known(self._id, columns)])
            return np.asarray(rows[self._column(columns, name)], dtype=object), named
        asked = [f"{word}={said!r}" for word, said in (("text", self._text), ("id", self._id)) if said is not None]
        if asked and not name.startswith("target"):  # which may be plain texts beside a file or a frame
            raise InputError(
                "these rows have no columns that could be named", where=name, got=", ".join(asked),
                fix="leave text and id out, or pass a frame or a path",
            )  # fmt: skip
        if not isinstance(rows, Iterable):
            raise InputError("rows are no texts", where=name, got=type(rows).__name__, fix="pass a list or a path")
        shape: tuple[int, ...] = getattr(rows, "shape", (0,))
        if len(shape) == 2 and shape[1] == 1 and not sparse.issparse(rows):
            return rows[:, 0], named  # type: ignore[index]
        if len(shape) != 1:
            raise InputError(
                "rows of numbers have no words", where=name, got=f"an array of shape {shape}",
                fix='features="counts" for non-negative counts, features="binned_columns" for a table',
            )  # fmt: skip
        return rows, named

    def _column(self, columns: list[str], name: str) -> str:
        """The column of a frame that holds the texts."""
        if self._text is not None:
            return _known(self._text, columns)
        if len(columns) == 1:
            return columns[0]
        raise InputError(
            "which column holds the texts is not said", where=name, got=f"columns {keys_text(columns)}",
            fix='name it: text="..."; to compare all columns features="binned_columns"',
        )  # fmt: skip

    def _of_table(self, rows: Any, name: str, _: Any) -> CountedRows:
        data = as_dataset(rows, name=name)
        columns = [str(column.name) for column in data.columns]
        if self._columns is None:
            self._columns = columns
        if columns != self._columns:
            raise InputError(
                "the target has other columns than the raw rows", where=name, got=keys_text(columns),
                fix=f"pass the columns {keys_text(self._columns)}",
            )  # fmt: skip
        hashes = np.column_stack(
            [self._cells(column, column_at(data.X, place)) for place, column in enumerate(columns)]
        )
        buckets = (hashes >> np.uint64(32)) * np.uint64(self._n_features) >> np.uint64(32)
        counts = StoredCounts(self._n_features)
        signatures = np.asarray(mixed_hashes(hashes).sum(axis=1), dtype=np.uint64)
        sizes = np.full(len(data), len(columns))
        counts.add(CountBlock(buckets.ravel().astype(np.uint32), None, sizes, signatures))
        return CountedRows(counts, data.ids)

    def _cells(self, name: str, column: Any) -> Array:
        """(n,) a hash of the column and the bin or the value of every cell."""
        values = np.asarray(column)
        if values.dtype.kind in "iuf":
            values = values.astype(np.float64)
            known = values[np.isfinite(values)]
            if name not in self._edges:
                levels = np.linspace(0.0, 1.0, N_BINS + 1)[1:-1]
                self._edges[name] = np.unique(np.quantile(known, levels)) if len(known) else np.zeros(0)
            bins = np.searchsorted(self._edges[name], values, side="right")
            bins[np.isnan(values)] = -1
            kinds, places = np.unique(bins, return_inverse=True)
        else:
            kinds, places = np.unique(values.astype(str), return_inverse=True)
        return key_hashes([f"{name}\x1f{kind}" for kind in kinds.tolist()])[places]

    def _of_matrix(self, rows: Any, name: str, _: Any) -> CountedRows:
        ids = None
        if isinstance(rows, Dataset):
            rows, ids = rows.X, rows.ids
        try:
            matrix = sparse.csr_array(rows, dtype=np.float64, copy=True)
        except (TypeError, ValueError) as fault:
            raise InputError(
                "rows are no matrix of counts", where=name, got=str(fault)[:80], fix="pass numbers"
            ) from None
        ids = np.arange(matrix.shape[0]) if ids is None else ids
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        sizes = np.diff(matrix.indptr)
        bad = ~(np.isfinite(matrix.data) & (matrix.data >= 0))
        if bad.any():
            where = np.unique(np.repeat(np.arange(len(sizes)), sizes)[bad])
            raise InputError(
                "counts must be numbers of at least 0", where=f"{name}, {name_rows(ids[where])}",
                got=count_of(int(bad.sum()), "other cell"), fix="fill them, or shift the column above 0",
            )  # fmt: skip
        self._width = matrix.shape[1] if self._width is None else self._width
        if matrix.shape[1] != self._width:
            raise InputError(
                "the target has another number of columns than the raw rows", where=name,
                got=f"{matrix.shape[1]} and {self._width}", fix="count the same features in both",
            )  # fmt: skip
        counts = StoredCounts(self._width)
        counts.add(CountBlock(matrix.indices, matrix.data, sizes.astype(np.intp), _signatures(matrix, sizes)))
        return CountedRows(counts, ids)


def _signatures(matrix: Any, sizes: Ints) -> Array:
    bits = matrix.data.view(np.uint64) ^ mixed_hashes(matrix.indices.astype(np.uint64))
    return summed_rows(mixed_hashes(bits), sizes.astype(np.intp))


def _are_paths(rows: Any) -> bool:
    return isinstance(rows, str | Path) or (isinstance(rows, Sequence) and len(rows) > 0 and isinstance(rows[0], Path))


def _known(column: str, columns: list[str]) -> str:
    if column not in columns:
        raise unknown_name("column", column, columns)
    return column


def _is_plain(paths: Any) -> bool:
    """Whether a target is lines of text, which have no columns, beside raw rows that have some."""
    return kind_of_file(Path(paths) if isinstance(paths, str | Path) else paths[0]) == "txt"


def _as_ids(ids: list[Any]) -> Array:
    whole = all(isinstance(one, int) for one in ids)
    return np.array(ids, dtype=np.intp if whole else object)


def _require_unique(ids: Array, name: str) -> None:
    """Refuse ids that repeat."""
    if ids.dtype.kind in "iu":
        values, counts = np.unique(ids, return_counts=True)
        again = values[counts > 1].tolist()
    else:
        seen = set[Any]()
        again = [one for one in ids.tolist() if one in seen or seen.add(one)]  # type: ignore[func-returns-value]
    if again:
        raise InputError(
            "ids must be unique", where=f"{name}, {name_rows(again)}", got=count_of(len(again), "id") + " repeated",
            fix="name another column, or leave id out to count the rows",
        )  # fmt: skip
