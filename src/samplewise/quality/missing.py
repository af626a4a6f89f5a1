"""Cells without a value, columns without variation, rows without a label, and gaps that depend on the label."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Ints, Mask
from samplewise.core.errors import InputError, require_share
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import keys_text
from samplewise.core.units import LABEL_UNIT
from samplewise.core.values import Estimate, Scores
from samplewise.data.columns import Column
from samplewise.data.inputs import as_dataset
from samplewise.data.targets import Target, Task, compared_labels
from samplewise.engine.statistics.intervals import difference_of_shares, wilson_interval
from samplewise.engine.statistics.multiplicity import holm
from samplewise.quality.cells import numbers_of

NEARLY = 0.999  # share of one value from which a column is nearly constant
FEWEST = 1000  # rows below which "nearly" would be a single row
FEWEST_GAPS = 5  # and as many values: below, a difference between gaps and values is noise
LEVEL = 0.01  # of the test whether gaps go with the label, after Holm's correction


@dataclass(frozen=True, slots=True, eq=False)
class MissingValues(Result):
    """Where values and labels are missing, and which columns do not vary.

    Args:
        share: of rows without a value, by column.
        constant: names of the columns that hold one value, or none.
        nearly_constant: names of the columns in which one value fills 99.9 % of at least 1,000 rows.
        unlabeled: ids of the rows without a label; empty where no labels were given.
        unlabeled_share: of the rows, with its interval; None where no labels were given.
        depends_on_label: for each column whose gaps go with the label beyond chance, the largest first, by how much:
            points between the class that differs most and the others; or the difference of the mean labels.
        dependent: (k,) names of these columns.
    """

    share: Scores
    constant: Array
    nearly_constant: Array
    unlabeled: Array
    unlabeled_share: Estimate | None
    depends_on_label: tuple[Estimate, ...]
    dependent: Array

    def _sentences(self) -> Iterable[str]:
        worst = float(self.share.values.max(initial=0.0))
        lacking = int((self.share.values > 0).sum())
        still, nearly = len(self.constant), len(self.nearly_constant)
        if lacking:
            yield f"{lacking:,} of {len(self.share):,} columns lack values, up to {percent_text(worst)} of the rows."
        else:
            yield "No column lacks a value."
        if still or nearly:
            yield f"Columns with one value or none: {still:,}; nearly constant: {nearly:,}."
        if len(self.dependent):
            yield f"Missing values depend on the label in {keys_text(self.dependent.tolist())}."
        if len(self.unlabeled):
            yield f"Rows without a label: {len(self.unlabeled):,}."

    def _table(self) -> Table:
        names, order = self.share.keys, np.argsort(-self.share.values, kind="stable")
        by_name = dict(zip(self.dependent.tolist(), self.depends_on_label, strict=True))
        constant = np.where(np.isin(names, self.nearly_constant), "nearly", "")
        constant = np.where(np.isin(names, self.constant), "yes", constant)
        difference = np.array([by_name[name].value if name in by_name else np.nan for name in names.tolist()])
        columns = {"column": names, "missing": self.share.values, "constant": constant, "label_difference": difference}
        ordered = {name: values[order] for name, values in columns.items()}
        return Table(ordered, {"missing": self.share.unit}, index="column")


@checked
def missing_values(
    data: Any, y: Any = None, *, label: str | None = None, task: Task = "auto", confidence: float = 0.95
) -> MissingValues:
    """Share of rows without a value in every column (0 to 1), and whether gaps depend on the label.

    With classes: the share of gaps in the class that differs most minus that in all others, in points, tested by
    chi-squared over all classes. With numbers: the mean label of rows with a gap minus that of the others, tested by
    Welch's t. Holm's correction over the columns, at 1 %.

    Args:
        data, y, label: n rows in any form `samplewise.data.as_dataset` takes; labels are optional, and may be missing.
        task: "auto", "classification" or "regression".
        confidence: of the intervals.

    Returns:
        `MissingValues` by column name; a larger share means more gaps.

    Raises:
        InputError: images, which have no columns and no gaps.

    Cost: O(n d).
    Not for: gaps that are written as a value (-999, "?"): they look like values here.
    Source: holm1979 (over columns), newcombe1998 (difference of two shares).

    >>> X = np.random.default_rng(0).normal(size=(200, 2)); y = np.arange(200) % 2
    >>> X[:60, 1] = np.where(y[:60] == 1, np.nan, X[:60, 1])
    >>> missing_values(X, y).dependent
    array(['x1'], dtype='<U2')
    """
    confidence = require_share(confidence, "confidence")
    rows = as_dataset(data, y, label=label)
    if not rows.columns:
        raise InputError(
            "images have no columns and no missing values", where="X", got=f"{len(rows)} images",
            fix="pass a table: an array, a frame or sparse rows",
        )  # fmt: skip
    names = column_names(rows.columns)
    absent = missing_cells(rows.X)
    share = absent.mean(axis=0) if absent.shape[1] == len(names) else np.zeros(len(names))
    unlabeled = rows.ids[rows.unlabeled()]
    found: list[tuple[Estimate, int]] = []
    if rows.y is not None and rows.y.ndim == 1 and absent.any():
        found = gaps_by_label(absent, names, compared_labels(rows.y, task, rows.ids), confidence)
    return MissingValues(
        missing_share(share, names),
        names[[column.kind == "constant" for column in rows.columns]],
        np.array(nearly_constant(rows.X, rows.columns), dtype=str),
        unlabeled,
        None if rows.y is None else share_of_rows("rows without a label", len(unlabeled), len(rows), confidence),
        tuple(estimate for estimate, _ in found),
        names[[position for _, position in found]] if found else names[:0],
    )


# ---- by position: what the audit and the function above share --------------------------------------------------------


def column_names(columns: tuple[Column, ...]) -> Array:
    """(d,) names of the columns, as texts."""
    return np.array([column.name for column in columns], dtype=str)


def missing_cells(X: Any) -> Mask:
    """(n, d) cells without a value; one empty column where nothing can be missing (images, sparse rows)."""
    if hasattr(X, "isna"):
        return np.asarray(X.isna().to_numpy(), dtype=bool)
    if isinstance(X, np.ndarray) and X.dtype.kind == "f":
        return np.isnan(X)
    return np.zeros((1, 1), dtype=bool)


def missing_share(share: Array, names: Array) -> Scores:
    """Scores of shares (d,) of missing values by column."""
    return Scores("missing_share", share, names, "share of rows", "more values are missing", axis="column")


def share_of_rows(quantity: str, hits: int, rows: int, confidence: float) -> Estimate:
    """A share of rows with Wilson's interval."""
    low, high = wilson_interval(hits, rows, confidence)
    return Estimate(quantity, hits / rows, low, high, "share of rows", confidence, "wilson1927")


def nearly_constant(X: Any, columns: tuple[Column, ...]) -> list[str]:
    """Features in which one value fills nearly every row; sparse rows and images are nearly empty by nature."""
    if X.shape[0] < FEWEST or not (hasattr(X, "iloc") or isinstance(X, np.ndarray)):
        return []
    features = [(place, column) for place, column in enumerate(columns) if column.role == "feature"]
    return [column.name for place, column in features if _commonest_share(X, place) >= NEARLY]


def _commonest_share(X: Any, place: int) -> float:
    """Share of the rows that hold the most frequent value of a column, if it is above one half."""
    column = X.iloc[:, place] if hasattr(X, "iloc") else X[:, place]
    if column.dtype.kind in "biuf":
        numbers = numbers_of(column)
        return float(np.mean(numbers == np.median(numbers)))  # a value in most of the rows is their median
    counts = column.astype(str)[column.notna()].value_counts()
    return float(counts.iloc[0]) / len(column) if len(counts) else 0.0


def gaps_by_label(absent: Mask, names: Array, target: Target, confidence: float) -> list[tuple[Estimate, int]]:
    """How gaps go with the label, and the position of the column, where beyond chance over all columns; largest first.

    Args:    absent: (n, d) cells without a value.   names: (d,) of the columns.   target: labels; rows without one are
             left out.   confidence: of the intervals.
    """
    known = np.asarray(target.codes >= 0 if target.classes is not None else np.isfinite(target.codes))
    absent, codes = absent[known], target.codes[known]
    if len(np.unique(codes)) < 2:
        return []
    some = np.flatnonzero((absent.sum(axis=0) >= FEWEST_GAPS) & ((~absent).sum(axis=0) >= FEWEST_GAPS))
    classes = None if target.classes is None else target.classes[np.unique(codes)].tolist()
    measure: Callable[[Mask, str], tuple[Estimate, float]]
    if classes is None:
        measure = lambda gaps, name: _mean_difference(codes, gaps, name, confidence)  # noqa: E731  # one of two
    else:
        measure = lambda gaps, name: _class_difference(codes, classes, gaps, name, confidence)  # noqa: E731
    tested = [measure(absent[:, place], str(names[place])) for place in some]
    adjusted = holm([p_value for _, p_value in tested])
    found = [(item, int(place)) for (item, _), place, p in zip(tested, some, adjusted, strict=True) if p < LEVEL]
    return sorted(found, key=lambda pair: -abs(pair[0].value))


def _class_difference(
    codes: Ints, classes: list[object], gaps: Mask, name: str, confidence: float
) -> tuple[Estimate, float]:
    """Share of gaps in the class that differs most minus that in all others, in points; p-value over all classes."""
    rows = np.bincount(codes).astype(np.float64)
    held = np.bincount(codes, weights=gaps, minlength=len(rows))
    rows, held = rows[rows > 0], held[rows > 0]
    p_value = float(stats.chi2_contingency(np.stack([held, rows - held])).pvalue)
    most = int(np.argmax(np.abs(held / rows - (held.sum() - held) / (rows.sum() - rows))))
    counts = (held[most], rows[most], held.sum() - held[most], rows.sum() - rows[most])
    quantity = f"gaps in {name}: class {classes[most]} minus the others"
    reason = "the class that differs most was chosen on the same rows" if len(rows) > 2 else ""
    low, value, high = (100.0 * end for end in difference_of_shares(*counts, confidence))
    return Estimate(quantity, value, low, high, "points", confidence, "newcombe1998", reason), p_value


def _mean_difference(codes: Array, gaps: Mask, name: str, confidence: float) -> tuple[Estimate, float]:
    """Mean label of rows with a gap minus that of the others, in the label's unit; Welch's p-value."""
    tested = stats.ttest_ind(codes[gaps], codes[~gaps], equal_var=False)
    interval = tested.confidence_interval(confidence)
    value = float(codes[gaps].mean() - codes[~gaps].mean())
    quantity = f"mean label where {name} is missing minus elsewhere"
    low, high = float(interval.low), float(interval.high)
    return Estimate(quantity, value, low, high, LABEL_UNIT, confidence, "welch1947"), float(tested.pvalue)
