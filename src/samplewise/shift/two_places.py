"""Rows of two places as one data set, for fits that see one of them, the other, or both."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.errors import InputError
from samplewise.core.randomness import hashed_order
from samplewise.core.texts import count_of, keys_text
from samplewise.data.columns import describe_columns
from samplewise.data.conversions import as_numbers
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import with_columns_of
from samplewise.engine.models.feature_encoding import TreeCodes
from samplewise.engine.models.row_losses import weighted_rows
from samplewise.engine.refits import Prepared
from samplewise.engine.refits.evaluation_rows import stacked_features
from samplewise.engine.refits.preparation import with_embeddings
from samplewise.engine.statistics.repeated_means import RepeatedMean, repeated_mean
from samplewise.shift.bins import Cells, cells_of
from samplewise.shift.column_drift import columns_giving_away, compared_columns, most_telling
from samplewise.shift.domain_classifier import sides_of

FEWEST_ROWS = 30
MOST_ROWS = 20_000  # of a domain that are looked at
LEAST_SPREAD = 1e-3  # of a feature, relative to the median spread, below which it is not scaled up


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Rows of the source and of the target.

    Args:
        source, target: labeled, with the same columns, every weight above 0.
        domains: the domain of every row of the source, as cells.
        notes: what was decided about the rows.
        chosen: positions of the rows among those given, of either side.
        counts: how many rows were given, of either side.
        features: (N, d) of all rows, those of the source first, in place of their columns; None: the columns.
    """

    source: Dataset
    target: Dataset
    domains: Cells
    notes: tuple[str, ...]
    chosen: tuple[Ints, Ints]
    counts: tuple[int, int]
    features: Floats | None = None

    @classmethod
    def of(cls, source: Dataset, target: Dataset, domain: str | None) -> "Pair":
        """Rows of weight 0 left out, at most 20,000 of a domain, drawn by their ids."""
        counts = (len(source), len(target))
        counted = [_counted(rows, name) for rows, name in ((source, "source"), (target, "target"))]
        target = with_columns_of(source, target, "the target rows")
        cells = _domains(source.take(counted[0]), domain)
        drawn = [_capped(source.take(counted[0]), cells.codes)]
        drawn += [_capped(target.take(counted[1]), np.zeros(len(counted[1]), dtype=np.intp))]
        here, there = (rows[part] for rows, part in zip(counted, drawn, strict=True))
        notes = []
        if len(here) < len(counted[0]) or len(there) < len(counted[1]):
            kept = f"{count_of(len(here), 'source row')} and {count_of(len(there), 'target row')}"
            notes.append(f"{kept} were drawn, at most {MOST_ROWS:,} of a domain")
        cells = Cells(cells.column, cells.codes[drawn[0]], cells.names, cells.values)
        return cls(source.take(here), target.take(there), cells, tuple(notes), (here, there), counts)

    def without(self, columns: Sequence[str]) -> "Pair":
        """The same rows without these columns."""
        if not columns:
            return self
        return replace(self, source=_without(self.source, columns), target=_without(self.target, columns))

    def with_features(self, embed: Any) -> "Pair":
        """Features of a representation in place of the columns, in units of their spread in the source."""
        here, there = self.arrays_of(embed, "embed", self.source.X, self.target.X)
        spread = here.std(axis=0)
        moving = spread[spread > 0]
        floor = LEAST_SPREAD * float(np.median(moving)) if len(moving) else 1.0
        scaled = (np.vstack([here, there]) - here.mean(axis=0)) / np.maximum(spread, floor)
        return replace(self, features=scaled)

    def arrays_of(self, given: Any, name: str, *inputs: Any) -> tuple[Floats, Floats]:
        """(n, d) and (m, d) numbers of the rows: a pair of arrays for all rows given, or a function of these inputs."""
        if callable(given) and inputs:
            found, places = [given(X) for X in inputs], tuple(np.arange(len(X)) for X in (self.source, self.target))
            counts = (len(self.source), len(self.target))
        elif isinstance(given, tuple | list) and len(given) == 2:
            found, places, counts = list(given), self.chosen, self.counts
        else:
            raise InputError(
                f"{name} must give numbers of both sides", where=name, got=type(given).__name__,
                fix=f"pass {'a function of X, or ' if inputs else ''}a pair of arrays, {name}=(of source, of target)",
            )  # fmt: skip
        parts = [as_numbers(part, name, 2, finite=True) for part in found]
        if tuple(map(len, parts)) != counts or parts[0].shape[1] != parts[1].shape[1]:
            raise InputError(
                f"{name} must give one line for every row, with the same columns on both sides", where=name,
                got=f"{parts[0].shape} and {parts[1].shape} for {counts[0]} source and {counts[1]} target rows",
                fix="pass them for the rows in their order",
            )  # fmt: skip
        return parts[0][places[0]], parts[1][places[1]]

    @property
    def there(self) -> Mask:
        """(N,) which of all rows are of the target."""
        return np.repeat([False, True], [len(self.source), len(self.target)])

    def joined(self) -> Dataset:
        """Rows of the source, then those of the target, in one data set; a group stays within its side."""
        sides = (("source", self.source), ("target", self.target))
        ids, groups = [], []
        for name, rows in sides:
            ids += [f"{name} {key}" for key in rows.ids.tolist()]
            own = range(len(rows)) if rows.groups is None else rows.groups.tolist()
            groups += [f"{name} {key}" for key in own]
        grouped = self.source.groups is not None or self.target.groups is not None
        weighted = self.source.weights is not None or self.target.weights is not None
        weights = np.concatenate([np.ones(len(rows)) if rows.weights is None else rows.weights for _, rows in sides])
        rows = Dataset(
            stacked_features(self.source.X, self.target.X), self.labels(), ids=np.array(ids),
            groups=np.array(groups) if grouped else None, weights=weights if weighted else None,
            kinds=self.source.kinds,
        )  # fmt: skip
        return rows if self.features is None else with_embeddings(rows, self.features)

    def labels(self) -> Array:
        """(N,) labels of both sides."""
        parts = [np.asarray(rows.y) for rows in (self.source, self.target)]
        numbers = all(part.dtype.kind in "iufb" for part in parts)
        return np.concatenate(parts if numbers else [part.astype(object) for part in parts])


def giving_away(pair: Pair, seed: int) -> tuple[str, ...]:
    """Columns that alone nearly give the place away; see `TrainTestDrift.giving_away`."""
    both = stacked_features(pair.source.X, pair.target.X)
    columns = compared_columns(both, described := describe_columns(both, kinds=pair.source.kinds))
    if not columns:
        return ()
    kept = tuple(column for column in described if column.name in {one.name for one in columns})
    numbers = TreeCodes(both, columns=kept)(both) if hasattr(both, "iloc") else both
    ids, groups = (pair.source.ids, pair.target.ids), (pair.source.groups, pair.target.groups)
    names = tuple(columns_giving_away(most_telling(columns, sides_of(numbers, ids, groups, seed), seed)))
    if len(names) == len(columns) and len(names) == sum(one.role == "feature" for one in described):
        raise InputError(
            "every column alone tells the places apart, so nothing can be compared between them", where="target",
            got=keys_text(names), fix="drop_columns=[] compares all the same, and can tell little",
        )  # fmt: skip
    return names


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """How means over rows of one side are taken: their folds, groups and weights, all (N,), and which rows."""

    folds: Ints
    groups: Array | None
    weights: Floats | None
    rows: Mask

    @classmethod
    def of(cls, prepared: Prepared, folds: Ints, rows: Mask) -> "Scored":
        """Those of prepared rows."""
        return cls(folds, prepared.groups, prepared.data.weights, rows)

    def mean(self, values: Floats, weights: Floats | None = None) -> RepeatedMean:
        """The weighted mean of values (N,), rows of a group and of a fold sharing their luck; `weights` multiply."""
        return self._mean(self._spread(values, weights))

    def change(self, values: Floats, before: Floats | None, after: Floats | None) -> RepeatedMean:
        """The mean of values (N,) under weights `before` minus that under weights `after`, row by row; None: plain."""
        return self._mean(self._spread(values, before) - self._spread(values, after))

    def _mean(self, values: Floats) -> RepeatedMean:
        groups = None if self.groups is None else self.groups[self.rows]
        return repeated_mean(values[None], self.folds[self.rows][None], groups)

    def _spread(self, values: Floats, weights: Floats | None) -> Floats:
        """Values whose plain mean is the weighted one."""
        parts = [part[self.rows] for part in (self.weights, weights) if part is not None]
        return weighted_rows(values[self.rows], np.prod(parts, axis=0) if parts else None)


def _counted(rows: Dataset, name: str) -> Ints:
    """Positions of the rows that count; refuses fewer than 30."""
    kept = np.arange(len(rows)) if rows.weights is None else np.flatnonzero(rows.weights > 0)
    if len(kept) < FEWEST_ROWS:
        weighed = "" if rows.weights is None else " with a weight above 0"
        raise InputError(
            f"too few rows of the {name} to say what a loss consists of", where=name,
            got=f"{count_of(len(kept), 'row')}{weighed}", fix=f"pass at least {FEWEST_ROWS} labeled rows",
        )  # fmt: skip
    return kept.astype(np.intp)


def _domains(source: Dataset, domain: str | None) -> Cells:
    """The domain of every row: the values of one column of the segments; one domain without segments."""
    names = [] if source.segments is None else [str(name) for name in source.segments.columns]
    if domain is None and len(names) > 1:
        raise InputError(
            "several columns of segments could name the domains", where="domain", got=keys_text(names),
            fix=f"name one: domain={names[0]!r}",
        )  # fmt: skip
    if domain is not None and domain not in names:
        raise InputError(
            "no column of the source's segments has this name", where="domain", got=f"domain={domain!r}",
            fix=f"segments: {keys_text(names)}" if names else "Dataset(X, y, segments=frame[[...]])",
        )  # fmt: skip
    if not names:
        return Cells("source", np.zeros(len(source), dtype=np.intp), ("the source",), True)
    column = names[0] if domain is None else domain
    cells = cells_of(column, source.segments[column])  # type: ignore[index]  # there are segments
    there, codes = np.unique(cells.codes, return_inverse=True)
    return Cells(column, codes.astype(np.intp), tuple(cells.names[at] for at in there), cells.values)


def _capped(rows: Dataset, codes: Ints) -> Ints:
    """Positions of at most 20,000 rows of every code, in their order."""
    order = hashed_order(0, rows.ids, "explained")
    return np.sort(np.concatenate([order[codes[order] == code][:MOST_ROWS] for code in np.unique(codes)]))


def _without(rows: Dataset, columns: Sequence[str]) -> Dataset:
    """The rows without these columns; a column of an array is called x0, x1, ..."""
    X = rows.X
    names = (
        list(X.columns) if hasattr(X, "iloc") else [f"x{place}" for place in range(X.shape[1])] if X.ndim == 2 else []
    )
    unknown = [name for name in columns if name not in names]
    if unknown:
        raise InputError(
            "there is no such column", where="drop_columns", got=keys_text(unknown),
            fix=f"columns: {keys_text(names)}" if names else "leave drop_columns out: these rows have no columns",
        )  # fmt: skip
    kept = [name for name in names if name not in set(columns)]
    if not kept:
        raise InputError("no column is left", where="drop_columns", got=keys_text(columns), fix="leave one of them in")
    if hasattr(X, "iloc"):
        return replace(rows, X=X[kept], kinds={name: kind for name, kind in rows.kinds.items() if name in kept})
    return replace(rows, X=X[:, [names.index(name) for name in kept]], kinds={})
