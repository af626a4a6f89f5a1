"""Sets of labels, and intervals of numbers, that hold the truth as often as specified: for single predictions.

Nothing is assumed of the model. Calibration rows must be like the rows to come (exchangeable) and not trained on.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, Mask, require_finite
from samplewise.core.errors import InputError, require_share
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Estimate
from samplewise.data.conversions import as_numbers
from samplewise.engine.statistics.intervals import conformal_rank

EVERY = "every row"  # the key where all rows share one threshold
WITHIN = 0.95  # of calibration sets have a coverage inside the interval that is reported


@dataclass(frozen=True, slots=True, eq=False)
class ConformalThreshold(Result):
    """How large a score may be and still belong to the set, for every row alike or class by class.

    Source: vovk2012, sadinle2019, lei2018.

    >>> found = conformal_threshold([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], miscoverage=0.2)
    >>> found.sets([[0.9, 0.1], [0.5, 0.5]]).tolist()
    [[True, False], [True, True]]
    """

    keys: Array  # (g,) the classes, or "every row"
    thresholds: Floats  # (g,) largest score that belongs; infinite where there are too few calibration rows
    counts: Ints  # (g,) calibration rows
    coverage: tuple[Estimate, ...]  # (g,) shares of rows: see `conformal_threshold`

    def sets(self, probabilities: Any, classes: Any = None) -> Mask:
        """Which labels belong: those with 1 - probability at most the threshold.

        Args:    probabilities: (m, c).   classes: (c,) names of the columns, where thresholds are per class.
        Returns: (m, c) True where the label is in the set of the row; a set may be empty, or hold every label.
        Raises:  InputError for NaN, or for a class that no calibration row had.   Cost: O(m c).
        """
        given = as_numbers(probabilities, "probabilities", 2)
        _require_predicted(given, "probabilities")
        columns = np.arange(given.shape[1]) if classes is None else np.asarray(classes)
        if len(columns) != given.shape[1]:
            raise InputError(
                "every column of the probabilities needs the name of its class",
                where="classes",
                got=f"{len(columns)} classes, probabilities {given.shape}",
                fix="pass the classes in the order of the columns, for example model.classes_",
            )
        return 1.0 - given <= self._of(columns)

    def intervals(self, outputs: Any, classes: Any = None) -> tuple[Floats, Floats]:
        """The predicted numbers -+ the threshold, in the label's unit.

        Args:    outputs: (m,).   classes: (m,) the group of each row, where thresholds are per class.
        Returns: (m,) lower and (m,) upper ends.
        Raises:  InputError for NaN, or for a group that no calibration row had.   Cost: O(m).
        """
        given = as_numbers(outputs, "outputs")
        _require_predicted(given, "outputs")
        half = self._of(np.zeros(len(given)) if classes is None else np.asarray(classes))
        return given - half, given + half

    def _of(self, wanted: Array) -> Floats:
        if self.keys.tolist() == [EVERY]:
            return np.full(len(wanted), self.thresholds[0])
        lookup = dict(zip(self.keys.tolist(), self.thresholds.tolist(), strict=True))
        unseen = sorted({str(key) for key in wanted.tolist() if key not in lookup})
        if unseen:
            raise InputError(
                "no calibration row had these classes",
                where=f"classes {', '.join(unseen[:5])} ({len(unseen)} in all)",
                got=f"thresholds for {', '.join(map(str, self.keys[:5].tolist()))}",
                fix="name them with classes= as in the calibration, which needs rows of every class",
            )
        return np.array([lookup[key] for key in wanted.tolist()])

    def _sentences(self) -> Iterable[str]:
        yield f"Sets or intervals from {count_of(int(self.counts.sum()), 'calibration row')}."
        yield f"Promised coverage: {self.coverage[0].without_reason()}{', per class' if len(self.keys) > 1 else ''}."

    def _table(self) -> Table:
        columns = {
            "of": self.keys, "threshold": self.thresholds, "calibration_rows": self.counts,
            "coverage": [one.value for one in self.coverage], "low": [one.low for one in self.coverage],
            "high": [one.high for one in self.coverage],
        }  # fmt: skip
        return Table(columns, dict.fromkeys(("coverage", "low", "high"), "share"), "of")


@checked
def conformal_threshold(scores: Any, miscoverage: float = 0.1, *, classes: Any = None) -> ConformalThreshold:
    """The score below which a share 1 - miscoverage of new rows will fall, whatever the model (unit of the scores).

    The k-th smallest of n calibration scores, k = ceil((n + 1)(1 - miscoverage)); infinite for k > n. Over calibration
    sets a new row falls below it with a chance in [1 - miscoverage, 1 - miscoverage + 1 / (n + 1)] (with ties, more).

    Args:
        scores: (n,) how unexpected the truth is to the model on rows it was not trained on: 1 - p[row, label] for
            sets of labels, |prediction - number| for intervals.
        miscoverage: share of new rows whose truth may fall outside; between 0 and 1.
        classes: (n,) labels of the rows, or a group known beforehand: coverage then holds within each of them
            (Mondrian), at the price of larger sets for rare ones.

    Returns:
        ConformalThreshold: per class (or once) the threshold and an Estimate "coverage" (0..1): its value k / (n + 1)
        is the mean over calibration sets, its interval holds what THIS calibration set truly gives in 95 of 100 cases,
        Beta(k, n + 1 - k); larger means that more truths are held.

    Raises:
        InputError: no scores, NaN, not one class per score, a miscoverage outside (0, 1).

    Cost: O(n log n).   Not for: rows in time order or groups (they are not exchangeable); a promise for one given row.
    Source: vovk2012, sadinle2019, lei2018.

    >>> found = conformal_threshold(range(1, 100), miscoverage=0.1)
    >>> found.thresholds, str(found.coverage[0])
    (array([90.]), '90 % [83.4, 95] of rows')
    """
    values = as_numbers(scores, "scores")
    miscoverage = require_share(miscoverage, "miscoverage")
    if not len(values):
        raise InputError(
            "a threshold needs calibration rows",
            where="scores",
            got="0 scores",
            fix="keep rows aside that nothing is trained on",
        )
    require_finite(values, np.arange(len(values)), "the scores", "score every calibration row, or leave it out")
    kinds = np.full(len(values), EVERY) if classes is None else np.asarray(classes).reshape(-1)
    if len(kinds) != len(values):
        raise InputError(
            "every calibration score needs its class",
            where="classes",
            got=f"{len(kinds)} classes, {len(values)} scores",
            fix="pass classes (n,) in the order of the scores",
        )
    keys, kind = np.unique(kinds, return_inverse=True)
    found = [_one_threshold(np.sort(values[kind == code]), miscoverage) for code in range(len(keys))]
    thresholds, coverage = zip(*found, strict=True)
    return ConformalThreshold(keys, np.array(thresholds), np.bincount(kind), coverage)


def _one_threshold(ordered: Floats, miscoverage: float) -> tuple[float, Estimate]:
    """The threshold of one class, and how often it will hold the truth."""
    n = len(ordered)
    k = conformal_rank(n, 1.0 - miscoverage)
    if k > n:
        fewest = math.ceil(1.0 / miscoverage - 1e-9) - 1
        reason = f"{n} calibration rows allow no bound, so every label or number belongs: {fewest} are the fewest"
        return math.inf, Estimate("coverage", 1.0, 1.0, 1.0, "share of rows", WITHIN, "vovk2012", reason)
    low, high = (float(stats.beta.ppf(tail, k, n + 1 - k)) for tail in (0.5 - WITHIN / 2, 0.5 + WITHIN / 2))
    reason = "for rows like the calibration rows, as a share of many predictions, not for each of them"
    coverage = Estimate("coverage", k / (n + 1), low, high, "share of rows", WITHIN, "vovk2012", reason)
    return float(ordered[k - 1]), coverage


def _require_predicted(values: Floats, name: str) -> None:
    require_finite(values, np.arange(len(values)), f"the {name}", "predict every row, or leave it out")
