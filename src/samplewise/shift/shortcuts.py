"""Columns that could be a shortcut: they tell the label alone, and the model leans on them more than it needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, Mask, one_hot
from samplewise.core.errors import InputError
from samplewise.core.execution import Executor
from samplewise.core.randomness import generator, hashed_order
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, keys_text, shortened
from samplewise.core.values import Estimate
from samplewise.data.conversions import as_segments
from samplewise.data.dataset import Dataset
from samplewise.data.targets import Target, Task
from samplewise.engine.models.row_losses import ErrorScale, row_losses
from samplewise.engine.refits import Prepared, prepare
from samplewise.engine.statistics.association import discrimination_rows, p_value_of_mean
from samplewise.engine.statistics.intervals import half_width
from samplewise.engine.statistics.means import mean_and_error
from samplewise.engine.statistics.multiplicity import discoveries
from samplewise.shift.bins import cells_of
from samplewise.shift.half_fits import fitted_on_rest, held_half
from samplewise.shift.relied_on import swap_of_columns
from samplewise.shift.swapped_columns import partners

FALSE = 0.05  # false discovery rate
LEANS = 0.05  # error by which swapping must raise it, at the low end, in the unit of `row_losses`
TWICE = 2.0  # times what a model without the column loses, that swapping it must cost: more is leaned on than needed
MUCH = 0.5  # of what the model tells, that the column tells alone
FEWEST = 100
MOST_REFITS = 8  # columns that the model is fitted without, those it leans on most
N_BINS = 10
MOST_COLUMNS = 60  # of an array; the columns of a wider one have no meaning each
MOST_HELD = 4_000
SHOWN = 40  # characters of a name
PRIOR = 1.0  # rows of the overall shares that every cell is given


@dataclass(frozen=True, slots=True, eq=False)
class ShortcutScan(Result):
    """Columns and metadata, those the model leans on most first.

    Args:
        names: (k,).
        feature: (k,) whether the model sees the column; of others nothing can be swapped or left out.
        alone: (k,) how far the label is told from it alone (0 chance, 1 always), on rows it was not fitted on.
        p_value: (k,) of "not at all".
        tells: (k,) discoveries at a false discovery rate of 5 %.
        leans: (k,) what swapping the column between held-out rows adds to the error, points; NaN for metadata.
        leans_low: (k,) low end of its interval.
        without, without_high: (k,) what the held-out error of a model fitted without it is larger by, points, and the
            high end; NaN where no model was fitted without it.
        could_be: (k,) tells half as much as the model, and swapping it costs at least twice what a model without it
            loses; or metadata that tells half as much as the model.
        told: how far the model tells the label.
        rows: held-out rows.
    """

    names: Array
    feature: Mask
    alone: Floats
    p_value: Floats
    tells: Mask
    leans: Floats
    leans_low: Floats
    without: Floats
    without_high: Floats
    could_be: Mask
    told: Estimate
    rows: int
    unit: str

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(int(self.tells.sum()), 'column')} of {len(self.names):,} tell the label alone."
        found = self.names[self.could_be]
        if not len(found):
            yield "None tells half as much as the model and is leaned on more than it is needed."
            return
        yield f"Could be a shortcut: {keys_text(found.tolist())}."
        yield "That a column is a shortcut no table shows: ask whether it will be there, and mean the same, in use."

    def _table(self) -> Table:
        columns = {
            "column": self.names, "alone": self.alone, "p_value": self.p_value, "tells": self.tells,
            "leans": self.leans, "without": self.without, "could_be": self.could_be,
        }  # fmt: skip
        return Table(columns, units={"leans": self.unit, "without": self.unit}, index="column")

    def to_frame(self) -> Any:
        """One line per column, every number."""
        more = {"feature": self.feature, "leans_low": self.leans_low, "without_high": self.without_high}
        return self._table().to_frame().assign(**more)


@checked
def shortcut_scan(
    data: Any,
    y: Any = None,
    *,
    label: str | None = None,
    learner: Any = None,
    candidates: Any = None,
    task: Task = "auto",
    seed: int = 0,
    executor: Executor | None = None,
) -> ShortcutScan:
    """Which columns, metadata or concepts could be a shortcut: how far each tells the label alone, and what it bears.

    Every column is cut into cells, whose labels on one half of the rows predict those of the other half. A model fitted
    on the first half is then asked about the second with each column swapped between rows, and models are fitted
    without those it leans on most. A strong honest column is no candidate: without it the model loses about what
    swapping it costs. At most 4,000 rows are held out.

    Args:
        data, y, label: n labeled rows in any form `samplewise.data.as_dataset` takes.
        learner: a name, a scikit-learn estimator or a `Learner`; None for the default of this shape of data.
        candidates: metadata of the n rows that the model does not see (site, camera, concepts): a frame, a mapping or
            an array; None for the segments of the data.
        task: "auto", "classification" or "regression".
        seed: of the halves, fits and partners.
        executor: carries out fits that are not in closed form.

    Returns:
        `ShortcutScan`; the false discovery rate is held at 5 % over all columns.

    Raises:
        InputError: fewer than 100 rows, or nothing to scan.

    Cost: up to 9 fits on half of the rows and d predictions of at most 4,000 others.
    Not for: proof: whether a column will be there, or mean the same, in use, no data tell.
    Source: geirhos2020, yates1982, benjamini1995.

    >>> draw = np.random.default_rng(0); X = draw.normal(size=(400, 3)); y = (X[:, 0] > 0).astype(int)
    >>> shortcut_scan(X, y).could_be.any()
    np.False_
    """
    rows = prepare(data, learner, y=y, label=label, task=task, n_folds=2, seed=seed, executor=executor)
    return scan_of(rows, candidates)


def scan_of(rows: Prepared, candidates: Any = None) -> ShortcutScan:
    """`shortcut_scan` of rows that are ready for fits."""
    features, beside = _columns_of(rows, candidates)
    halves = held_half(rows)
    held = np.flatnonzero(halves)
    held = np.sort(held[hashed_order(rows.seed, rows.data.ids[held], "shortcuts")[:MOST_HELD]])
    target = replace(rows.target, codes=rows.target.codes[held])
    truth = _truth(rows.target)
    groups = None if rows.groups is None else rows.groups[held]
    columns = {name: _column(rows.data.X, place) for name, place in features.items()} | beside
    alone = [_alone(name, values, truth, halves, groups) for name, values in columns.items()]
    skill, p_value = (np.array(part) for part in zip(*alone, strict=True))
    known = rows.data.take(held)
    outputs = fitted_on_rest(rows, rows.data, halves)
    own = outputs(known.X)
    told = _told(own, truth[held], groups, rows.target)
    losses = row_losses(own, target)
    scale = ErrorScale.of(rows.target)
    point = scale.difference(Estimate("", 1.0)).value
    leans, leans_low, without, without_high = (np.full(len(columns), np.nan) for _ in range(4))
    for at, (_name, place) in enumerate(features.items()):
        values = np.asarray(_column(known.X, place))
        if len(np.unique(values.astype(str))) < 2:
            continue
        other = partners(values, generator(rows.seed, "scan", at))
        moved = row_losses(outputs(swap_of_columns(known.X, [place])(other)), target) - losses
        mean, error = mean_and_error(moved, groups)
        leans[at], leans_low[at] = point * mean, point * (mean - half_width(error))
    tells = discoveries(p_value, FALSE)
    wanted = np.flatnonzero(tells & (leans_low >= LEANS * point) & (skill >= MUCH * told.value))
    for at in wanted[np.argsort(-leans[wanted], kind="stable")][:MOST_REFITS].tolist():
        if len(features) < 2:
            break
        rest = _without(rows.data, list(features.values())[at])
        changed = row_losses(fitted_on_rest(rows, rest, halves)(rest.take(held).X), target) - losses
        mean, error = mean_and_error(changed, groups)
        without[at], without_high[at] = point * mean, point * (mean + half_width(error))
    feature = np.arange(len(columns)) < len(features)
    enough = tells & (skill >= MUCH * told.value) & (told.low > 0)
    could_be = enough & np.where(feature, leans_low >= TWICE * np.maximum(without_high, 0.0), True)
    order = np.lexsort((-skill, -np.nan_to_num(leans, nan=-np.inf)))
    names = np.array(list(columns), dtype=object)
    return ShortcutScan(
        names[order], feature[order], skill[order], p_value[order], tells[order], leans[order], leans_low[order],
        without[order], without_high[order], could_be[order], told, len(held), "points" if scale.one is None else "",
    )  # fmt: skip


def _columns_of(rows: Prepared, candidates: Any) -> tuple[dict[str, int], dict[str, Any]]:
    """Positions of the features and the metadata, by name; refused where there is nothing to scan."""
    if len(rows.data) < FEWEST:
        raise InputError(
            "too few rows to scan", where="data", got=f"{len(rows.data)} rows", fix=f"pass at least {FEWEST} rows"
        )
    features, beside = _features(rows.data), _metadata(rows.data, candidates)
    if not features and not beside:
        raise InputError(
            "there is nothing to scan", where="candidates", got="no columns of a table, and no metadata",
            fix="pass candidates=, a frame with a line per row",
        )  # fmt: skip
    return features, beside


def _features(data: Dataset) -> dict[str, int]:
    """Columns of a table by name, with their positions; none where columns have no meaning of their own."""
    narrow = isinstance(data.X, np.ndarray) and data.X.ndim == 2 and data.X.shape[1] <= MOST_COLUMNS
    if not hasattr(data.X, "iloc") and not narrow:
        return {}
    kinds = ("numeric", "boolean", "category", "ordinal")
    return {
        str(column.name): place for place, column in enumerate(data.columns)
        if column.role == "feature" and column.kind in kinds
    }  # fmt: skip


def _metadata(data: Dataset, candidates: Any) -> dict[str, Any]:
    """Columns that the model does not see, by name."""
    frame = data.segments if candidates is None else as_segments(candidates)
    if frame is None:
        return {}
    if len(frame) != len(data):
        raise InputError(
            "every row needs its metadata", where="candidates", got=f"{len(frame)} lines, {len(data)} rows",
            fix="pass one line per row",
        )  # fmt: skip
    seen = {str(column.name) for column in data.columns}
    return {str(name): frame[name] for name in frame.columns if str(name) not in seen}


def _column(X: Any, place: int) -> Any:
    return X.iloc[:, place] if hasattr(X, "iloc") else X[:, place]


def _truth(target: Target) -> Floats:
    """(n, c) indicators of the classes, or (n, 1) the numbers."""
    if target.classes is None:
        return np.asarray(target.codes, dtype=np.float64)[:, None]
    return one_hot(target.codes, len(target.classes))


def _alone(name: str, values: Any, truth: Floats, halves: Mask, groups: Array | None) -> tuple[float, float]:
    """How far the labels of a column's cells on one half tell those of the other, and the p-value of "not at all"."""
    cells = cells_of(shortened(name, SHOWN), values, n_bins=N_BINS)
    codes: Ints = cells.codes
    overall = truth[~halves].mean(axis=0)
    counts = np.bincount(codes[~halves], minlength=len(cells.names))
    sums = np.column_stack([np.bincount(codes[~halves], one, len(cells.names)) for one in truth[~halves].T])
    shares = (sums + PRIOR * overall) / (counts + PRIOR)[:, None]
    found = discrimination_rows(shares[codes[halves]], truth[halves])
    return float(found.mean()), p_value_of_mean(found, groups)


def _told(outputs: Floats, truth: Floats, groups: Array | None, target: Target) -> Estimate:
    """How far the model tells the labels: the same measure, of its probabilities."""
    if target.classes is not None:
        shares = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        outputs = shares / shares.sum(axis=1, keepdims=True)
    mean, error = mean_and_error(discrimination_rows(outputs, truth), groups)
    half = half_width(error)
    return Estimate("told_by_the_model", mean, mean - half, mean + half, "0 chance, 1 always", 0.95, "yates1982")


def _without(data: Dataset, place: int) -> Dataset:
    """The rows without one column."""
    name = str(data.columns[place].name)
    X = data.X.drop(columns=data.X.columns[place]) if hasattr(data.X, "iloc") else np.delete(data.X, place, axis=1)
    kinds: Mapping[str, Any] = {key: kind for key, kind in data.kinds.items() if key != name}
    return replace(data, X=X, kinds=kinds)
