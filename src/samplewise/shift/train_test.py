"""Whether test rows come from elsewhere than training rows: told apart, by which columns, with which new values."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, keys_text, p_text, shortened
from samplewise.core.values import Estimate, Scores
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_dataset
from samplewise.data.readers import Reading, read_dataset
from samplewise.data.targets import Target, compared_labels
from samplewise.engine.statistics.intervals import half_width
from samplewise.engine.statistics.multiplicity import holm
from samplewise.engine.statistics.two_samples import rank_test
from samplewise.shift.column_drift import (
    SIGNIFICANT,
    ComparedColumn,
    columns_giving_away,
    compared_columns,
    most_telling,
    unseen_values,
)
from samplewise.shift.compared_rows import ComparedRows, compared_rows
from samplewise.shift.domain_classifier import OUTSIDE, importance_weights

LABELS = "(labels)"


@dataclass(frozen=True, slots=True, eq=False)
class TrainTestDrift(Result):
    """Differences between training rows and m test rows, and which of them chance does not explain.

    Args:
        auc: chance that a classifier, on rows it was not fitted on, puts a test row above a training row: 0.5 where
            they are alike, 1 where it tells every pair apart.
        p_value: that rows of both sides are drawn alike, for the classifier's scores.
        columns: frame with one line per column (and one for the labels), the most telling first: `auc` of the column
            alone, `p_value` by Holm over the columns, `overlap` of its values (share of rows, 0 to 1), `moved` median
            in spreads of the column.
        unseen: frame with one line per category, class, gap or end of a range that test rows have and no training row
            has: how many test rows, and the chance of that if sides were random, by Holm.
        classes: frame of the share of every class among training and test rows, difference in points; None for other
            labels, or without labels on both sides.
        weights: of the training rows, mean 1, that make them like the test rows where both sides have rows.
        effective_share: share of the training rows that the weighted ones are worth, 0 to 1; 0 where nothing overlaps.
        outside_ids: of the test rows that have none like them among the training rows.
        shared: test rows with the same features as a training row.
        left_out: columns that number or date rows, which are not compared.
        family_p_value: of all questions together: classifier, columns, unseen values.
    """

    auc: Estimate
    p_value: float
    columns: Any
    unseen: Any
    classes: Any
    weights: Scores
    effective_share: float
    outside_ids: Array
    shared: int
    left_out: tuple[str, ...]
    family_p_value: float
    n_test: int

    @property
    def found(self) -> bool:
        """Whether test rows differ from training rows beyond chance; one false alarm in 20 random splits."""
        return self.family_p_value < SIGNIFICANT

    @property
    def telling(self) -> list[str]:
        """Names of the columns that tell the sides apart beyond chance, the clearest first."""
        known = self.columns["p_value"].to_numpy() < SIGNIFICANT
        return [str(name) for name in self.columns.index[known]] if self.found else []

    @property
    def giving_away(self) -> list[str]:
        """Names of the columns that alone nearly give the place away: area under the curve above 0.85."""
        return columns_giving_away(self.columns) if self.found else []

    def _sentences(self) -> Iterable[str]:
        yield from self.differences()
        if self.found:
            yield "Whether a model loses by it is another question: this says only that the rows differ."

    def differences(self) -> Iterable[str]:
        """What differs beyond chance, as sentences."""
        beyond = f"AUC {self.auc.value:.2f} [{self.auc.low:.2f}, {self.auc.high:.2f}], 0.5 is chance"
        if not self.found:
            yield f"No difference between training and test rows was found that chance does not explain ({beyond})."
        else:
            yield f"Test rows differ from training rows beyond chance ({beyond}; {p_text(self.family_p_value)})."
            if self.telling:
                yield f"Columns that tell: {keys_text([shortened(name, 40) for name in self.telling])}."
            new = self.unseen[self.unseen["p_value"] < SIGNIFICANT]
            if len(new):
                lead = new.iloc[0]
                yield (
                    f"{count_of(int(lead['rows']), 'test row')} hold what no training row holds: "
                    f"{shortened(lead['what'], 60)}."
                )
        if len(self.outside_ids) and not self.giving_away:
            share = percent_text(len(self.outside_ids) / self.n_test, ".0f")
            yield f"{share} of the test rows have none like them among the training rows."
        if self.shared:
            yield f"{count_of(self.shared, 'test row')} also stand among the training rows."

    def _table(self) -> Table:
        columns = {"column": self.columns.index.to_numpy()}
        columns |= {str(name): self.columns[name].to_numpy() for name in self.columns.columns}
        return Table(columns, units={"overlap": "share of rows", "moved": "spreads"}, index="column")


@checked
def train_test_drift(data: Any, test: Any, *, label: str | None = None, seed: int = 0) -> TrainTestDrift:
    """Do test rows differ from training rows: a valid p, the columns that tell, new values, and importance weights.

    Both sides are halved at random. On one half a classifier learns which side a row is from; on the other its scores
    are compared by ranks, and so is every column alone. Rows of one group, and copies of a row, count as one.

    Args:
        data: n training rows, in any form `samplewise.data.as_dataset` takes; labels are compared where both sides
            have them.
        test: m test rows with the same columns, in any form.
        label: name of the label's column in tables or paths; the test rows may lack it.
        seed: of the halves and fits.

    Returns:
        `TrainTestDrift`; `found` says whether chance explains the differences, and a larger AUC is a larger difference.

    Raises:
        InputError: fewer than 20 rows (or groups) on a side, columns of the training rows that the test rows lack.

    Cost: two boosted classifiers of at most 20,000 rows a side and O(n log n) a column; some seconds for 100,000 rows
        of 15 columns a side.
    Not for: whether the difference matters to a model. Rows that follow one another in time are no random draws; then p
        is too small.
    Source: lopezpaz2017, mann1947, holm1979.

    >>> X = np.random.default_rng(0).normal(size=(400, 2))
    >>> train_test_drift(X[:200], X[200:] + [0.0, 1.0]).telling
    ['x1']
    """
    rows = as_dataset(data, label=label)
    return drift_between(rows, second_side(test, label, "test"), seed)


def second_side(given: Any, label: str | None, name: str) -> Dataset:
    """Rows of the second side with the labels they have: `label` names their column, which need not be there."""
    if isinstance(given, str | os.PathLike):
        given = read_dataset(given)
    table = given.frame if isinstance(given, Reading) else given
    named = label if label in list(getattr(table, "columns", ())) else None
    return as_dataset(given, label=named, name=name)


def drift_between(rows: Dataset, given: Dataset, seed: int = 0) -> TrainTestDrift:
    """`train_test_drift` of two data sets."""
    return drift_of(compared_rows(rows, given, seed))


def drift_of(both: ComparedRows) -> TrainTestDrift:
    """`train_test_drift` of rows that were made comparable."""
    sides, chances, seed = both.sides, both.chances, both.seed
    whole = rank_test(chances[sides.tested(False)], chances[sides.tested(True)], seed=seed)
    target = _labels(both.rows, both.held)
    columns = compared_columns(both.features, both.columns)
    if target is not None and not (both.rows.unlabeled().any() or both.held.unlabeled().any()):
        columns.append(_label_column(target))  # labels of some rows only are no column of all
    return _result(both, whole, columns, target)


def _result(both: ComparedRows, whole: Any, columns: list[ComparedColumn], target: Target | None) -> TrainTestDrift:
    """Everything the two sides were compared in, with one p-value of all of it."""
    rows, held, sides, chances = both.rows, both.held, both.sides, both.chances
    table, unseen = most_telling(columns, sides, both.seed), unseen_values(columns, sides)
    parts = [[whole.p_value], table["p_value"].to_numpy(), unseen["p_value"].to_numpy()]
    smallest = [float(np.min(part, initial=1.0)) for part in parts]
    half = float(half_width(whole.error))
    auc = Estimate(
        "difference of training and test rows", whole.auc, max(whole.auc - half, 0.0), min(whole.auc + half, 1.0),
        "area under the curve", 0.95, "delong1988",
    )  # fmt: skip
    weights, share = importance_weights(chances[: len(rows)])
    return TrainTestDrift(
        auc, whole.p_value, table, unseen, _class_shares(target, len(rows)),
        Scores("importance_weight", weights, rows.ids, "times", "more like the test rows"), share,
        held.ids[chances[len(rows) :] > OUTSIDE], sides.shared, both.left_out, float(holm(smallest).min()), len(held),
    )  # fmt: skip


def _labels(rows: Dataset, held: Dataset) -> Target | None:
    """Labels of both sides in one list, where both have them, one per row."""
    if rows.y is None or held.y is None or rows.y.ndim > 1 or held.y.ndim > 1:
        return None
    return compared_labels(np.concatenate([np.asarray(part.y, dtype=object) for part in (rows, held)]))


def _label_column(target: Target) -> ComparedColumn:
    if target.classes is None:
        return ComparedColumn.of_numbers(LABELS, target.codes)
    return ComparedColumn(LABELS, target.codes, tuple(f"{LABELS} = {value}" for value in target.classes.tolist()), None)


def _class_shares(target: Target | None, count: int) -> Any:
    """The share of every class on both sides."""
    if target is None or target.classes is None:
        return None
    first, second = (np.bincount(part[part >= 0], minlength=len(target.classes)) for part in
                     (target.codes[:count], target.codes[count:]))  # fmt: skip
    train, test = (part / max(part.sum(), 1) for part in (first, second))
    columns = {"class": target.classes, "train": train, "test": test, "difference": 100.0 * (test - train)}
    return Table(columns, index="class").to_frame()
