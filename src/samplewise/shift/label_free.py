"""The error of a model in another place without labels: an estimate, its interval, and whether it can be told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array
from samplewise.core.errors import InputError, require_share
from samplewise.core.randomness import hashed_order
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, keys_text, shortened
from samplewise.core.units import LABEL_UNIT
from samplewise.core.values import Estimate, with_unit
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_dataset
from samplewise.engine.statistics.intervals import half_width, share_interval
from samplewise.engine.statistics.means import mean_and_error
from samplewise.shift.error_estimators import estimates_of, expected_losses
from samplewise.shift.outputs import Outputs, outputs_of
from samplewise.shift.overlap import Overlap, overlap_of
from samplewise.shift.synthetic_shifts import Calibration, calibrated

Grade = Literal["inside", "reaches outside", "cannot be told"]
FEWEST_SOURCE, FEWEST_TARGET = 100, 30
FEWEST_WRONG = 10  # source rows: of fewer nothing is learned about where a model errs
LEAST_SHARE = 0.1  # of the source rows that weighted ones must be worth
TOLD_APART = 0.99  # area under the curve from which rows of both places have nothing in common
MOST_OUTSIDE = 0.02  # of the target rows that may have none like them in the source


@dataclass(frozen=True, slots=True, eq=False)
class LabelFreeError(Result):
    """What rows without labels tell of a model's error on them, and what they cannot tell.

    Args:
        grade: "inside" where source rows lie wherever target rows do; "reaches outside" where some target rows have
            none like them, or columns had to be left out, so that the interval is too narrow for about one place in
            seven; "cannot be told" otherwise.
        estimate: the error on the target rows (0 to 1; for numbers the mean absolute error in the label's unit, cut
            at `largest`) IF the same rules hold there: equal features have the same labels as often. NaN with the
            reason where it cannot be told.
        source_error: the error on the source rows, whose labels are known.
        by_method: frame with one line per method: `error` it gives, `pull` it has in the estimate, `missed` on
            average on shifts made of source rows; NaN where the error cannot be told.
        left_out: columns that give the place away and were not compared. Without them the place itself is assumed not
            to matter.
        effective_share: share of the source rows that those like the target rows are worth, 0 to 1.
        outside: share of the target rows that have none like them in the source, 0 to 1.
        outside_ids: of these rows, the most foreign first.
        largest: the largest loss of a row that is counted: 1 for classes.
    """

    MADE_BY: ClassVar[str] = "shift.label_free_error(source, target_X, target_outputs)"

    grade: Grade
    estimate: Estimate
    source_error: Estimate
    by_method: Any
    left_out: tuple[str, ...]
    effective_share: float
    outside: float
    outside_ids: Array
    largest: float

    @property
    def told(self) -> bool:
        """Whether there is an estimate."""
        return self.grade != "cannot be told"

    def tipping(self, tolerance: float) -> float:
        """The share of target rows (0 to 1) that may follow other rules before the error can exceed `tolerance`.

        (tolerance - upper limit) / largest loss: a row under other rules costs at most the largest loss. 0 where the
        interval itself reaches beyond; NaN where the error cannot be told.

        Args:    tolerance: the largest error that is acceptable, in the unit of the estimate.
        Raises:  InputError for a tolerance that is no number from 0 to the largest loss.
        """
        tolerance = require_share(tolerance, "tolerance", most=self.largest, low_open=False, high_open=False)
        return float(np.clip((tolerance - self.estimate.high) / self.largest, 0.0, 1.0)) if self.told else np.nan

    def _sentences(self) -> Iterable[str]:
        before = f"on the source rows it is {self.source_error.without_reason()}"
        if not self.told:
            yield f"The error there cannot be told without labels: {self.estimate.reason}."
            yield f"Label rows drawn at random instead (shift.plan_labels); {before}."
            return
        sure = percent_text(self.estimate.confidence)
        yield f"IF the same rules hold there, the error is {self.estimate.without_reason()} ({sure} interval)."
        yield f"{before[0].upper()}{before[1:]}."
        if self.grade == "inside":
            yield "Source rows lie wherever the new rows do."
        else:
            if self.outside >= MOST_OUTSIDE:
                yield f"{percent_text(self.outside)} of the new rows have none like them in the source."
            if self.left_out:
                names = keys_text([shortened(name, 40) for name in self.left_out])
                yield f"Left out, as giving the place away: {names}; they are assumed not to matter there."
            yield "So the interval is too narrow for about 1 place in 7."
        reach = with_unit(min(self.estimate.high + 0.05 * self.largest, self.largest), self.estimate.unit)
        yield (
            "Other rules (other labels for equal features) show in no row without a label: if 5 % of the rows follow "
            f"others, the error may reach {reach}."
        )

    def _table(self) -> Table:
        if not self.told:
            return Table({})
        unit = self.estimate.unit
        columns = {str(name): self.by_method[name].to_numpy() for name in self.by_method.columns}
        return Table(
            {"method": self.by_method.index.to_numpy(), **columns}, units={"error": unit, "missed": unit},
            index="method", first=np.argsort(-columns["pull"], kind="stable"),
        )  # fmt: skip


@checked
def label_free_error(
    source: Any, target_X: Any, target_outputs: Any, *, leave_out: Sequence[str] | None = None,
    confidence: float = 0.95, seed: int = 0,
) -> LabelFreeError:  # fmt: skip
    """The error (0 to 1) of a model on rows without labels, if it can be told, and under which assumption.

    Nine methods (calibrated and thresholded confidence, importance weights, a model of the errors, class shares) are
    weighed by how they do on 48 shifts made of the source's own rows; the interval is as wide as they miss there, and
    wider where they disagree. A classifier that tells both places apart says whether source rows lie where the target
    rows do; if not, there is no estimate. What no such method can see is a change of the labels of equal features.

    Args:
        source: (X, outputs, labels) of at least 100 labeled rows the model did not see: features in any form, (n, c)
            probabilities and (n,) the column of the right class, or (n,) predicted numbers and (n,) right ones.
            Features of a `Dataset` keep their groups together.
        target_X: features of the other place's rows, at least 30, with the same columns.
        target_outputs: (m, c) probabilities of the same model for these rows, or (m,) predicted numbers.
        leave_out: columns that are not compared; None finds those that alone give the place away.
        confidence: of the interval, between 0 and 1; at most 0.97, which 48 shifts can tell.
        seed: of halves, shifts and fits.

    Returns:
        `LabelFreeError`; a larger estimate is a larger error. For predicted numbers it is the mean absolute error, each
        cut where one source row in 200 lies beyond, from the three methods that need no probabilities; so it is for
        one-hot rows of models that predict classes only.

    Raises:
        InputError: too few rows, outputs that are no probabilities or of other kinds, NaN among outputs or labels,
            columns that one side lacks, other classes.

    Cost: about 120 small boosted fits, 10 to 60 seconds; a second where the error cannot be told.
    Not for: promises: an error may be larger where the rules changed. `certify_error` needs 30 labels and no rule.
    Source: garg2022, guillory2021, saerens2002, bialek2024, vovk2012.

    >>> draw = np.random.default_rng(0)
    >>> X = draw.normal(size=(300, 2))
    >>> chance = 1.0 / (1.0 + np.exp(-2.0 * X[:, 0]))
    >>> outputs, labels = np.c_[1.0 - chance, chance], (draw.random(300) < chance).astype(int)
    >>> label_free_error((X, outputs, labels), X + 9.0, outputs, leave_out=[]).grade
    'cannot be told'
    """
    confidence = require_share(confidence, "confidence")
    rows, held, known, there = _read(source, target_X, target_outputs)
    overlap = overlap_of(rows, held, "target_X", leave_out, seed)
    expected = expected_losses(
        overlap.matrix, overlap.categorical, known, there, overlap.sides.fitted[: len(rows)], seed
    )  # fmt: skip
    found = estimates_of(known, there, overlap.weights, expected)
    outside = float(overlap.outside.mean())
    reason = _why_not(known, overlap)
    calibration = None
    if not reason:
        calibration = calibrated(
            overlap.matrix[: len(rows)], overlap.categorical, known, rows.ids, rows.groups, len(held), seed
        )
        if not np.isfinite(calibration.half_width(found, confidence)):
            raise InputError(
                "shifts made of source rows cannot tell a confidence so high", where="confidence",
                got=f"confidence={confidence}, {len(calibration.misses)} shifts", fix="use confidence=0.95",
            )  # fmt: skip
    beyond = outside >= MOST_OUTSIDE or bool(overlap.left_out)  # no source row is like a target row in such a column
    grade: Grade = "cannot be told" if reason else "reaches outside" if beyond else "inside"
    foreign = np.argsort(-overlap.chances[len(rows) :], kind="stable")[: int(overlap.outside.sum())]
    return LabelFreeError(
        grade, _estimate(found, calibration, known, confidence, grade, reason), _source_error(known, rows),
        _by_method(found, calibration), overlap.left_out, overlap.effective_share, outside, held.ids[foreign],
        known.largest,
    )  # fmt: skip


def _read(source: Any, target_X: Any, target_outputs: Any) -> tuple[Dataset, Dataset, Outputs, Outputs]:
    """Rows and outputs of both places, in an order that does not hang on how the rows came."""
    if not isinstance(source, tuple) or len(source) != 3:
        raise InputError(
            "source must be (X, outputs, labels) of labeled rows", where="source", got=type(source).__name__,
            fix="pass features, outputs of the model and labels of rows it did not see",
        )  # fmt: skip
    known, there = outputs_of(source[1], source[2], target_outputs, ("source", "target_outputs"), FEWEST_SOURCE)
    parts = []
    for given, outputs, name, fewest in (
        (source[0], known, "source", FEWEST_SOURCE), (target_X, there, "target_X", FEWEST_TARGET)
    ):  # fmt: skip
        rows = as_dataset(given, name=name)
        units = len(rows) if rows.groups is None else len(np.unique(rows.groups.astype(str)))
        if len(rows) != len(outputs.values) or units < fewest:
            raise InputError(
                f"{name} needs at least {fewest} rows (or groups), each with its outputs", where=name,
                got=f"{count_of(units, 'row')} of features, {count_of(len(outputs.values), 'row')} of outputs",
                fix=f"pass features and outputs of the same rows, at least {fewest}",
            )  # fmt: skip
        order = hashed_order(0, rows.ids, "order of a place")
        parts.append((rows.take(order), outputs.take(order)))
    return parts[0][0], parts[1][0], parts[0][1], parts[1][1]


def _why_not(known: Outputs, overlap: Overlap) -> str:
    """Why the error cannot be told; nothing where it can."""
    assert known.losses is not None
    if known.classes:
        wrong = int(known.losses.sum())
        for count, what in ((wrong, "wrong"), (len(known.losses) - wrong, "right")):
            if count < FEWEST_WRONG:
                return f"the model is {what} on {count_of(count, 'source row')} only, so where it errs is not known"
    if overlap.auc >= TOLD_APART:
        return f"a classifier tells rows of both places apart nearly always (AUC {overlap.auc:.3f})"
    if overlap.effective_share < LEAST_SHARE:
        return (
            "hardly any source rows are like the target rows (those that are count as "
            f"{percent_text(overlap.effective_share)} of the source)"
        )
    return ""


def _unit(known: Outputs) -> str:
    return "error rate" if known.classes else LABEL_UNIT


def _estimate(
    found: dict[str, float], calibration: Calibration | None, known: Outputs, confidence: float, grade: Grade,
    reason: str,
) -> Estimate:  # fmt: skip
    quantity, unit = "error in the other place", _unit(known)
    if calibration is None:
        return Estimate(quantity, np.nan, unit=unit, reason=reason)
    value, half = calibration.estimate(found), calibration.half_width(found, confidence)
    note = "if the same rules hold there"
    note += "" if grade == "inside" else "; too narrow for about 1 place in 7"
    return Estimate(
        quantity, value, max(value - half, 0.0), min(value + half, known.largest), unit, confidence, "vovk2012", note
    )  # fmt: skip


def _source_error(known: Outputs, rows: Dataset) -> Estimate:
    """The error that is known, with its interval."""
    assert known.losses is not None
    value, error = mean_and_error(known.losses, rows.groups)
    quantity, unit = "error on the source rows", _unit(known)
    if known.classes and rows.groups is None:
        low, high = map(float, share_interval(known.losses.sum(), len(known.losses)))
        return Estimate(quantity, value, low, high, unit, 0.95, "clopper1934")
    half = float(half_width(error))
    return Estimate(quantity, value, max(value - half, 0.0), min(value + half, known.largest), unit, 0.95)


def _by_method(found: dict[str, float], calibration: Calibration | None) -> Any:
    unknown = np.full(len(found), np.nan)
    pulls, missed = (unknown, unknown) if calibration is None else (calibration.pulls, calibration.missed)
    table = {"method": np.array([*found], dtype=object), "error": np.array([*found.values()]), "pull": pulls}
    return Table({**table, "missed": missed}, index="method").to_frame()
