"""Sets of rows as coalitions of a cooperative game: the utility of a set is the score of the model fitted on it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from scipy.special import logsumexp

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, Mask, one_hot
from samplewise.core.errors import InputError
from samplewise.core.execution import Executor
from samplewise.core.randomness import derive_seed
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Scores
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_second
from samplewise.data.targets import Task
from samplewise.engine.models.learner import Fit
from samplewise.engine.models.metrics import Metric, choose_metric
from samplewise.engine.refits import FitRunner, prepare

Elements = Literal["rows", "groups"]
MOST_FITS = 50_000


@dataclass(frozen=True, eq=False)
class Game(Result):
    """Sets of elements (rows, or groups of rows) and their utilities; made by `open_game`, read by every valuation.

    The utility is in points of the metric; for labels that are numbers minus the error in the label's unit, or R²:
    every value is a difference of utilities. The utility of the empty set is the score of the commonest class, or of
    the mean label; that of a set of rows of one class is the score of predicting that class. No set is fitted twice.

    Args:
        runner: makes the fits, on the training rows followed by the validation rows.
        member: (n,) element every training row belongs to.
        keys: (p,) ids of the elements.
        query_ids: (m,) ids of the validation rows.
        metric: whose mean contribution over validation rows is the utility.
        elements: whether an element is a row or a group of rows.
    """

    MADE_BY: ClassVar[str] = "influence.open_game(data, test)"

    runner: FitRunner
    member: Ints
    keys: Array
    query_ids: Array
    metric: Metric
    elements: Elements = "rows"

    def __len__(self) -> int:
        """Number of elements."""
        return len(self.keys)

    @property
    def codes(self) -> Array:
        """(n,) class codes or numbers of the training rows."""
        return self.runner.target.codes[: len(self.member)]

    @property
    def query_codes(self) -> Array:
        """(m,) class codes or numbers of the validation rows."""
        return self.runner.target.codes[len(self.member) :]

    @property
    def class_count(self) -> int:
        """Number of classes; 0 for regression."""
        return 0 if self.runner.target.classes is None else len(self.runner.target.classes)

    def outputs(self, inside: Mask, *, repeat: int = 0) -> Floats:
        """(k, m, c) outputs at the validation rows of models fitted on the elements `inside` (k, p).

        `repeat` numbers fits of the same rows that differ in the learner's seed alone.
        """
        runner = self.runner if not repeat else replace(self.runner, seed=derive_seed(self.runner.seed, repeat))
        blocks = (np.arange(len(runner.data)) >= len(self.member)).astype(np.intp)
        query = np.flatnonzero(blocks)
        masks = np.asarray(inside, dtype=bool)[:, self.member]
        fixed = [self._constant(mask) for mask in masks]
        fits = [
            Fit(np.r_[mask, np.zeros(len(query), dtype=bool)], query)
            for mask, outputs in zip(masks, fixed, strict=True)
            if outputs is None
        ]
        fitted = iter(runner.outputs(fits, blocks=blocks))
        return np.stack([next(fitted) if outputs is None else outputs for outputs in fixed]).astype(np.float64)

    def contributions(self, inside: Mask, *, repeat: int = 0) -> Floats:
        """(k, m) what each validation row adds to the utility of each set (k, p), in the unit of the metric."""
        answers = self.outputs(inside, repeat=repeat)
        return np.stack([self.metric.contributions(answer, self.query_codes) for answer in answers])

    def utility(self, inside: Mask) -> Floats:
        """(k,) mean contribution over the validation rows of each set of elements (k, p)."""
        return self.contributions(inside).mean(axis=1)

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Utility of the empty set and of all elements."""
        empty, full = self.utility(np.array([[False], [True]]) & np.ones(len(self), dtype=bool))
        return float(empty), float(full)

    def margins(self, inside: Mask, *, repeat: int = 0) -> Floats:
        """(k, m) log odds of the true class; of heads in closed form its output minus the largest other one.

        For numbers minus the absolute error, in the label's unit.
        """
        answers, rows = self.outputs(inside, repeat=repeat), np.arange(len(self.query_ids))
        if not self.class_count:
            return -np.abs(answers[:, :, 0] - self.query_codes)
        own = answers[:, rows, self.query_codes]
        answers[:, rows, self.query_codes] = -np.inf
        return own - (answers.max(axis=2) if self.runner.learner.closed_form else logsumexp(answers, axis=2))

    def scores(self, quantity: str, values: Floats, spread: Floats, larger_means: str) -> Scores:
        """A number per element, in the unit of the metric."""
        axis: Literal["row", "segment"] = "row" if self.elements == "rows" else "segment"
        return Scores(quantity, values, self.keys, self.metric.unit, larger_means, axis, spread)

    def require_affordable(self, fits: int, most: int, instead: str) -> None:
        """Refuse, with the cost in fits, what would take too long."""
        if fits > most:
            raise InputError(
                "this valuation would refit the learner too often",
                got=f"{fits:,} fits for {len(self):,} {self.elements}, at most {most:,} are allowed",
                fix=f"{instead}; or raise most_fits=, or value groups: open_game(..., elements='groups')",
            )

    def _constant(self, mask: Mask) -> Floats | None:
        """(m, c) outputs of a set with too little to fit on; None where a model can be fitted."""
        labels = self.codes[mask] if mask.any() else self.codes
        if not self.class_count:
            return None if mask.sum() > 1 else np.full((len(self.query_ids), 1), labels.mean())
        counts = np.bincount(labels, minlength=self.class_count)
        if mask.any() and (counts > 0).sum() > 1:
            return None
        commonest = one_hot(np.array([counts.argmax()]), self.class_count)
        return np.asarray(np.repeat(commonest, len(self.query_ids), axis=0))

    def _sentences(self) -> Iterable[str]:
        queries = count_of(len(self.query_ids), "validation row")
        yield f"Utility of sets of {count_of(len(self), self.elements[:-1])}, measured on {queries}."
        yield f"The utility is in {self.metric.unit}. Pass it to data_shapley, banzhaf or datamodel."

    def _table(self) -> Table:
        columns = {"id": self.keys, "rows": np.bincount(self.member, minlength=len(self.keys))}
        return Table(columns, index="id")


@checked
def open_game(
    data: Any,
    test: Any,
    *,
    learner: Any = None,
    task: Task = "auto",
    metric: str | None = None,
    elements: Elements = "rows",
    seed: int = 0,
    executor: Executor | None = None,
) -> Game:
    """The game of training rows (or groups of them) whose utility is the validation score, in the unit of its metric.

    u(S) = mean over validation rows of the metric of the learner fitted on the rows of S; u(empty set) is the score of
    the commonest class, or of the mean label.

    Args:
        data: n labeled training rows, a `Dataset` or (X, y).
        test: m labeled rows of the same kind that nothing is fitted on.
        learner: a name, a scikit-learn estimator or a `Learner`; None for the default of this shape of data.
        task: "auto", "classification" or "regression".
        metric: "accuracy", "balanced_accuracy", "auc", "mae" or "r2"; None for accuracy, or mae for numbers.
        elements: "rows", or "groups" to value the groups of `data.groups` (sources, hospitals) as a whole.
        seed: of the fits and of every draw.
        executor: carries out fits that are not in closed form; default: this process, or all cores for long fits.

    Returns:
        `Game`, larger utility means better; pass it to `banzhaf`, `data_shapley`, `leave_one_out`, `datamodel`,
        `removal_curve` or `brittleness`, which share its fits.

    Raises:
        InputError: missing labels, validation rows of another kind or class, or no groups where they are the elements.

    Cost: one encoding of all rows; no fit is made.
    Not for: validation rows that are also training rows.
    Source: ghorbani2019.

    >>> X, y = np.arange(20.0)[:, None], np.repeat([0, 1], 10)
    >>> open_game((X[::2], y[::2]), (X[1::2], y[1::2]), learner="logistic").ends
    (50.0, 100.0)
    """
    held = as_second(test, "test")
    rows = prepare(data, learner, task=task, seed=seed, executor=executor, test=held)
    keys, member = _elements(rows.data, elements)
    return Game(rows.runner, member, keys, held.ids, choose_metric(metric, rows.target.task), elements)


def _elements(data: Dataset, elements: Elements) -> tuple[Array, Ints]:
    if elements == "rows":
        return data.ids, np.arange(len(data))
    if elements != "groups" or data.groups is None:
        raise InputError(
            "these rows have no groups to value" if elements == "groups" else "elements are rows or groups",
            got=f"elements={elements!r}, groups {'missing' if data.groups is None else 'given'}",
            fix="pass Dataset(X, y, groups=...) with elements='groups', or elements='rows'",
        )
    keys, member = np.unique(data.groups, return_inverse=True)
    return keys, member.astype(np.intp)
