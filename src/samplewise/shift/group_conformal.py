"""Sets of classes, or intervals of numbers, that hold the truth as often as promised in every segment, not on average.

A threshold per segment: the ceil((1 - miscoverage)(n + 1))-th smallest of the scores of its n rows. A new row of the
segment exceeds it with a chance of at most `miscoverage`, whatever the model and the distribution, if rows of the
segment come in no order. A row in several segments gets the largest of its thresholds: then each of them is covered.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
from scipy.stats import beta
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from samplewise.core.arrays import Array, Floats, Mask
from samplewise.core.errors import InputError, require_share, unknown_name
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, keys_text, shortened
from samplewise.data.conversions import as_classes, as_numbers
from samplewise.engine.statistics.intervals import CONFIDENCE, conformal_rank, share_interval
from samplewise.shift.group_members import segment_members
from samplewise.shift.outputs import probabilities_of

Score = Literal["probability", "cumulative"]
Small = Literal["whole", "all rows"]
SCORES, SMALL = ("probability", "cumulative"), ("whole", "all rows")
ALL_ROWS = "all rows"


@dataclass(frozen=True, slots=True, eq=False)
class SegmentCoverage(Result):
    """How often the sets held the truth on other rows, per segment.

    Args:
        frame: one line per segment and one for all rows: `rows`, `held` (share of them, 0 to 1) with its exact 95 %
            limits `low` and `high`, and the mean `size` of the sets (classes, or the width of the interval).
        promised: least share that was promised.
    """

    MADE_BY: ClassVar[str] = "shift.GroupConformal().fit(outputs, y, segments=...).coverage(outputs, y, segments=...)"

    frame: Any
    promised: float

    @property
    def below(self) -> list[str]:
        """Segments whose share lies below the promise beyond chance."""
        return [str(name) for name in self.frame.index[self.frame["high"].to_numpy() < self.promised]]

    def _sentences(self) -> Iterable[str]:
        whole = self.frame.loc[ALL_ROWS]
        held = percent_text(float(whole["held"]), ".1f")
        yield f"The sets hold the truth in {held} of {count_of(int(whole['rows']), 'row')}."
        least = self.frame["held"].drop(ALL_ROWS).idxmin() if len(self.frame) > 1 else ALL_ROWS
        line = self.frame.loc[least]
        low, high = (percent_text(float(line[end]), ".1f") for end in ("low", "high"))
        yield f"Least in {shortened(str(least), 40)}: {percent_text(float(line['held']), '.1f')} [{low}, {high}]."
        if self.below:
            names = keys_text([shortened(name, 40) for name in self.below])
            yield f"Below the promised {percent_text(self.promised, '.4g')} beyond chance: {names}."

    def _table(self) -> Table:
        columns = {str(name): self.frame[name].to_numpy() for name in self.frame.columns}
        return Table({"segment": self.frame.index.to_numpy(), **columns}, index="segment")


class GroupConformal(BaseEstimator):
    """Prediction sets of any model's outputs, with the promised coverage in every segment.

    Args:
        miscoverage: largest share of the rows of a segment whose set may miss the truth, above 0 and below 1.
        score: of classes: "probability" (small sets: one less the probability of the class) or "cumulative"
            (probability of all likelier classes and its own: sets grow where the model is unsure).
        small: rows of a segment too small for the promise (9 rows at a miscoverage of 0.1), of one that `fit` did not
            see or that is missing: "whole" gives every class, or an infinite interval, which keeps the promise;
            "all rows" takes the threshold of all rows, which promises nothing for that segment.

    Attributes:
        segments_: names.   n_rows_: (G,) calibration rows of each.   thresholds_: (G,), infinite where too small.
        all_rows_: the threshold of all rows.   few_: names of the segments that are too small.

    Not for: rows that are trained on (the sets are too small then); a segment whose rows are not like those it was
        calibrated on.
    Source: vovk2012; romano2020 for "cumulative"; barber2021 for overlapping segments.

    >>> draw = np.random.default_rng(0)
    >>> y, hard = draw.integers(0, 2, 400), draw.random(400) < 0.5
    >>> sure = np.where(hard, 0.6, 0.9)
    >>> outputs = np.column_stack([np.where(y == 0, sure, 1 - sure), np.where(y == 0, 1 - sure, sure)])
    >>> sets = GroupConformal(0.1).fit(outputs, y, segments=hard).predict(outputs, segments=hard)
    >>> sets.shape, sets.dtype.name
    ((400, 2), 'bool')
    """

    def __init__(
        self, miscoverage: float = 0.1, *, score: Score = "probability", small: Small = "whole"
    ) -> None:  # fmt: skip
        """See the class."""
        self.miscoverage = miscoverage
        self.score = score
        self.small = small

    def fit(self, outputs: Any, y: Any, segments: Any = None) -> Self:
        """Thresholds from rows the model did not see.

        Args:
            outputs: (n, c) probabilities, or (n,) predicted numbers.
            y: (n,) the column of the right class, or the right number.
            segments: values (n,), a frame with a column per kind of segment, or (n, G) true and false; they may
                overlap. None: all rows are one.

        Raises: InputError for outputs and labels that do not fit together, and options out of range.
        """
        self._checked()
        values, truth = _given(outputs, y)
        scores = np.abs(values[:, 0] - truth)
        if values.shape[1] > 1:
            scores = self._all_scores(values)[np.arange(len(truth)), truth]
        members, names = _members(segments, len(scores))
        self.segments_ = names
        self.n_rows_ = members.sum(axis=0)
        self.thresholds_ = np.array([self._threshold(scores[inside]) for inside in members.T])
        self.all_rows_ = self._threshold(scores)
        self.few_ = [name for name, limit in zip(names, self.thresholds_, strict=True) if np.isinf(limit)]
        self.n_outputs_ = values.shape[1]
        return self

    def predict(self, outputs: Any, segments: Any = None) -> Array:
        """(m, c) which classes are in the set of each row, or (m, 2) ends of the interval.

        The most probable class is always in the set. `segments` as in `fit`; a row in several gets the largest set.
        """
        check_is_fitted(self)
        values = _values(outputs)
        if values.shape[1] != self.n_outputs_:
            raise InputError(
                "other outputs than the thresholds are of", where="outputs", got=f"{values.shape[1]} columns",
                fix=f"pass outputs of the same model, {self.n_outputs_} columns",
            )  # fmt: skip
        limit = self._limits(segments, len(values))[:, None]
        if values.shape[1] == 1:
            return np.column_stack([values[:, 0] - limit[:, 0], values[:, 0] + limit[:, 0]])
        inside = self._all_scores(values) <= limit
        inside[np.arange(len(values)), values.argmax(axis=1)] = True
        return np.asarray(inside)

    def coverage(self, outputs: Any, y: Any, segments: Any = None) -> SegmentCoverage:
        """How often the sets hold the truth on rows that neither the model nor the thresholds have seen.

        Returns: `SegmentCoverage`, with exact intervals per segment.   Raises: InputError as `fit` and `predict`.
        """
        check_is_fitted(self)
        values, truth = _given(outputs, y)
        sets = self.predict(outputs, segments)
        if values.shape[1] > 1:
            held, size = sets[np.arange(len(truth)), truth.astype(np.intp)], sets.sum(axis=1)
        else:
            held, size = (sets[:, 0] <= truth) & (truth <= sets[:, 1]), sets[:, 1] - sets[:, 0]
        members, names = _members(segments, len(truth))
        rows = [(ALL_ROWS, np.ones(len(truth), dtype=bool))]
        rows += [] if names == (ALL_ROWS,) else list(zip(names, members.T, strict=True))
        counts = np.array([inside.sum() for _, inside in rows])
        hits = np.array([held[inside].sum() for _, inside in rows])
        low, high = share_interval(hits, counts, CONFIDENCE)
        columns = {
            "segment": [name for name, _ in rows], "rows": counts, "held": hits / counts, "low": low, "high": high,
            "size": np.array([float(np.mean(size[inside])) for _, inside in rows]),
        }  # fmt: skip
        return SegmentCoverage(Table(columns, index="segment").to_frame(), 1.0 - self.miscoverage)

    def report(self, confidence: float = CONFIDENCE) -> Any:
        """Frame with one line per segment: `rows`, `threshold`, and what its coverage is with these thresholds.

        `promised` holds on average over calibration rows. These very thresholds cover `low` to `high` of the segment's
        rows (the middle of a beta distribution): with few calibration rows that is a wide range.
        """
        check_is_fitted(self)
        require_share(confidence, "confidence")
        ranks = np.array([conformal_rank(int(count), 1.0 - self.miscoverage) for count in self.n_rows_])
        told = ranks <= self.n_rows_
        spread = beta(np.where(told, ranks, 1), np.where(told, self.n_rows_ + 1 - ranks, 1))
        low, high = (spread.ppf((1.0 + sign * confidence) / 2.0) for sign in (-1.0, 1.0))
        untold = 1.0 if self.small == "whole" else np.nan  # too small: its sets hold all, or nothing is promised
        columns = {
            "segment": list(self.segments_), "rows": self.n_rows_, "threshold": self.thresholds_,
            "promised": np.where(told, 1.0 - self.miscoverage, untold), "low": np.where(told, low, untold),
            "high": np.where(told, high, untold),
        }  # fmt: skip
        return Table(columns, index="segment").to_frame()

    def _checked(self) -> None:
        require_share(self.miscoverage, "miscoverage")
        for kind, allowed in (("score", SCORES), ("small", SMALL)):
            if getattr(self, kind) not in allowed:
                raise unknown_name(kind, getattr(self, kind), allowed)

    def _threshold(self, scores: Floats) -> float:
        rank = conformal_rank(len(scores), 1.0 - self.miscoverage)
        return float(np.partition(scores, rank - 1)[rank - 1]) if rank <= len(scores) else np.inf

    def _limits(self, segments: Any, count: int) -> Floats:
        """(m,) the largest threshold of the segments each row is in."""
        fallback = np.inf if self.small == "whole" else self.all_rows_
        if segments is None and self.segments_ != (ALL_ROWS,):
            return np.full(count, fallback)
        members, names = _members(segments, count)
        known = dict(zip(self.segments_, self.thresholds_, strict=True))
        limits = np.array([known.get(name, np.inf) for name in names])
        limits = np.where(np.isinf(limits), fallback, limits)
        return np.where(members.any(axis=1), np.where(members, limits, -np.inf).max(axis=1), fallback)

    def _all_scores(self, values: Floats) -> Floats:
        """(n, c) the score of every class: how unlike the row each of them is."""
        if self.score == "probability":
            return 1.0 - values
        order = np.argsort(-values, axis=1, kind="stable")
        sums = np.cumsum(np.take_along_axis(values, order, axis=1), axis=1)
        scores = np.empty_like(sums)
        np.put_along_axis(scores, order, sums, axis=1)
        return scores


def _values(outputs: Any) -> Floats:
    """(n, c) probabilities, or (n, 1) predicted numbers."""
    if np.ndim(outputs) == 1:
        return as_numbers(outputs, "outputs", finite=True)[:, None]
    return probabilities_of(outputs, "outputs")


def _given(outputs: Any, y: Any) -> tuple[Floats, Array]:
    """Outputs, and the right column (n,) or number (n,) of each row."""
    values = _values(outputs)
    truth = as_numbers(y, "y", finite=True) if values.shape[1] == 1 else as_classes(y, "y")
    if len(truth) != len(values) or not len(values):
        raise InputError(
            "outputs and labels must be of the same rows", where="y", got=f"{len(values)} outputs, {len(truth)} labels",
            fix="pass one label per row of the outputs",
        )  # fmt: skip
    if values.shape[1] > 1 and truth.max() >= values.shape[1]:
        raise InputError(
            "a label has no column of probabilities", where="y", got=f"code {truth.max()}, {values.shape[1]} columns",
            fix="pass a column per class, in the order of the codes",
        )  # fmt: skip
    return values, truth


def _members(segments: Any, count: int) -> tuple[Mask, tuple[str, ...]]:
    """(n, G) rows of each segment; without segments all rows are one."""
    if segments is None:
        return np.ones((count, 1), dtype=bool), (ALL_ROWS,)
    return segment_members(segments, count)
