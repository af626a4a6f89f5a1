"""The error of a model in another place from a few labels: which rows to label, and what may then be claimed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError, require_count, require_kind, require_share
from samplewise.core.randomness import hashed_order
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, number_text
from samplewise.core.units import LABEL_UNIT
from samplewise.core.values import Estimate, with_unit
from samplewise.data.conversions import as_classes, as_numbers, as_segments, as_vector
from samplewise.engine.statistics.betting import highest_mean, in_orders
from samplewise.engine.statistics.guessed_shares import MOST_TRIALS, any_time_interval, guessed_interval
from samplewise.engine.statistics.intervals import highest_rate, share_interval
from samplewise.shift.bins import cells_of
from samplewise.shift.error_estimators import chances_of_error
from samplewise.shift.outputs import FEWEST_SOURCE, outputs_of

Side = Literal["both", "upper"]


@dataclass(frozen=True, slots=True, eq=False)
class LabelPlan(Result):
    """Rows to label in another place, drawn at random, and a guess of the error there that costs no label.

    Args:
        ids: (k,) of the rows to label, in the order to label them in.
        predicted: (k,) column of the class the model predicts for each, or the number.
        segments: (k,) name of the segment of each row; "" where there are none.
        guess: by segment, the error expected from the model's confidence alone, 0 to 1; for numbers the mean absolute
            error of the source.
        share: by segment, its share of all rows of that place.
        n_classes: columns of the probabilities; 0 for numbers.
        largest: the error of a row at which it is cut, in the label's unit; 1 for classes.
    """

    MADE_BY: ClassVar[str] = "shift.plan_labels(source, outputs)"

    ids: Array
    predicted: Array
    segments: Array
    guess: dict[str, float]
    share: dict[str, float]
    n_classes: int
    largest: float = 1.0

    @property
    def unit(self) -> str:
        """Of errors: a share of rows, or the label's own."""
        return "error rate" if self.n_classes else LABEL_UNIT

    def __len__(self) -> int:
        """Rows to label."""
        return len(self.ids)

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(len(self), 'row')} to label, drawn at random: label all of them, in this order."
        for name, guess in self.guess.items():
            where = f" where {name}" if name else ""
            if self.n_classes:
                yield f"From its confidence alone the model would err in {percent_text(guess)} of the rows{where}."
        if not self.n_classes:
            yield f"Absolute errors count up to {number_text(self.largest)}: one source row in 200 lies beyond."

    def _table(self) -> Table:
        columns = {"id": self.ids, "predicted": self.predicted, "segment": self.segments}
        return Table(columns, index="id", hidden=() if any(self.guess) else ("segment",))


@dataclass(frozen=True, slots=True, eq=False)
class ErrorCertificate(Result):
    """What may be claimed of a model's error in another place.

    Args:
        error: of all rows of that place like those the plan drew from; its interval covers as often as it says,
            whatever the model and whatever changed. Over segments it is put together from theirs.
        labels_only: the same from the labels alone (Clopper-Pearson), for comparison; none of several segments.
        segments: frame with one line per segment: labels, wrong (of numbers cut: rows with the largest error that is
            counted), error, low, high, guess; all intervals hold together.
        any_time: whether the intervals hold at every moment of labeling.
        side: "both", or "upper" where only the upper limits are claimed and the lower ones are 0.
    """

    error: Estimate
    labels_only: Estimate
    segments: Any
    any_time: bool
    side: Side = "both"

    def _sentences(self) -> Iterable[str]:
        when = ", however often you look" if self.any_time else ""
        surely = f"{percent_text(self.error.confidence)} confidence"
        if self.side == "upper":
            most, seen = (with_unit(number, self.error.unit) for number in (self.error.high, self.error.value))
            yield f"The error there is at most {most} with {surely}{when}; {seen} was seen."
            return
        yield f"The error there is {self.error.without_reason()} with {surely}{when}."
        if not np.isnan(self.labels_only.low) and not self.any_time:
            yield f"From the labels alone: {self.labels_only.without_reason()}."

    def _table(self) -> Table:
        columns = {str(name): self.segments[name].to_numpy() for name in self.segments.columns}
        units = dict.fromkeys(("error", "low", "high", "guess"), self.error.unit)
        named = {"segment": self.segments.index.to_numpy(), **columns}
        return Table(named, units=units, index="segment", hidden=() if len(self.segments) > 1 else ("segment",))


@checked
def plan_labels(
    source: Any, outputs: Any, *, n_labels: int = 30, ids: Any = None, segments: Any = None, seed: int = 0
) -> LabelPlan:
    """Which rows of another place to label, so that `certify_error` may claim an error (0 to 1) for all of them.

    Rows are drawn by a hash of their id, the same number in every segment. The model's confidence, turned into a chance
    of error on labeled rows of its own place, gives a guess of the error there; it enters no claim but its width.

    Args:
        source: (probabilities, codes) of at least 30 labeled rows the model did not see: (n, c), and the column of
            the right class, (n,). One-hot rows where a model predicts classes only: the guess is then the error there.
            Of numbers, predictions (n,) and right numbers (n,): they say where absolute errors are cut.
        outputs: (m, c) probabilities of the rows of the other place, or (m,) predicted numbers.
        n_labels: rows to label, in every segment.
        ids: (m,) of the rows there; None numbers them from 0.
        segments: (m,) or a frame of one column whose values get a claim each; None for none.
        seed: of the draw.

    Returns:
        `LabelPlan`; a larger guess is a larger expected error. Keep it with the labels.

    Raises:
        InputError: probabilities that are none, other classes, too few rows on a side or in a segment, repeated ids.

    Cost: O(n log n + m).   Not for: labels that somebody else chose, such as complaints.
    Source: pratt1961.

    >>> sure = np.tile([0.8, 0.2], (100, 1))
    >>> plan_labels((sure, np.arange(100) % 5 == 0), sure, n_labels=3).guess
    {'': 0.2}
    """
    require_count(n_labels, "n_labels")
    if not isinstance(source, tuple) or len(source) != 2:
        raise InputError(
            "source must be (probabilities, codes) of labeled rows", where="source", got=type(source).__name__,
            fix="pass the probabilities (n, c) of rows the model did not see, and the column of their class (n,)",
        )  # fmt: skip
    known, there = outputs_of(source[0], source[1], outputs, ("source", "outputs"), FEWEST_SOURCE)
    assert known.losses is not None
    count = len(there.values)
    expected = np.full(count, known.losses.mean())
    if known.classes:
        expected = chances_of_error(known.confidence(), known.losses, there.confidence())
    names, members = _segments_of(segments, count)
    keys = _keys(ids, count)
    order = hashed_order(seed, keys, "labels")
    drawn = []
    for code, name in enumerate(names):
        rows = order[members[order] == code]
        if len(rows) < n_labels:
            raise InputError(
                "there are fewer rows than are to be labeled", where=f"segments, {name}" if name else "outputs",
                got=f"{count_of(len(rows), 'row')}, n_labels={n_labels}",
                fix="use a smaller n_labels=, or merge segments that are so small",
            )  # fmt: skip
        drawn.append(rows[:n_labels])
    chosen = np.concatenate(drawn)
    guess = {name: round(float(expected[members == code].mean()), 12) for code, name in enumerate(names)}
    share = {name: float((members == code).mean()) for code, name in enumerate(names)}
    labels = np.array(names)[members[chosen]]
    predicted = there.values.argmax(axis=1) if known.classes else there.values[:, 0]
    n_classes = known.values.shape[1] if known.classes else 0
    return LabelPlan(keys[chosen], predicted[chosen], labels, guess, share, n_classes, known.largest)


def _keys(ids: Any, count: int) -> Array:
    keys = np.arange(count) if ids is None else as_vector(ids, "ids")
    if len(keys) != count or len(np.unique(keys.astype(str))) < count:
        raise InputError(
            "every row of outputs needs an id of its own", where="ids",
            got=f"{len(keys)} ids, {len(np.unique(keys.astype(str)))} different, {count} rows",
            fix="leave ids out to number the rows",
        )  # fmt: skip
    return keys


def _segments_of(segments: Any, count: int) -> tuple[tuple[str, ...], Ints]:
    """Names of the segments and the segment of every row."""
    if segments is None:
        return ("",), np.zeros(count, dtype=np.intp)
    frame = as_segments(segments)
    if frame.shape != (count, 1):
        raise InputError(
            "segments must be one column with a value for every row of outputs", where="segments",
            got=f"shape {tuple(frame.shape)}, {count} rows", fix="pass one array or column; join several into one",
        )  # fmt: skip
    cells = cells_of(str(frame.columns[0]), frame.iloc[:, 0])
    there = np.unique(cells.codes)
    return tuple(cells.names[code] for code in there), np.searchsorted(there, cells.codes)


@checked
def certify_error(
    plan: LabelPlan, labels: Any, *, any_time: bool = False, side: Side = "both", confidence: float = 0.95
) -> ErrorCertificate:
    """The error (0 to 1) of a model in another place, from the labels of the rows a plan drew, with an exact interval.

    Nothing is assumed of the model or of what changed: the rows were drawn at random, and wrong rows among them are
    counted. The guess of the plan only decides how the miss is divided between both ends. With segments every one has
    an interval, all hold together, and the error of all rows is put together from them. Of predicted numbers the error
    is the mean absolute one, each cut at `plan.largest`, with an interval by betting; without a cut no mean has one.

    Args:
        plan: of `plan_labels`.
        labels: the column of the right class of every row of the plan, or its number, in the order of the plan; with
            `any_time` the first few will do.
        any_time: whether the interval must hold however often one looks while labeling. It is a third wider or more.
        side: "upper" claims no more than that the error is at most so large, which is a lower limit than the upper end
            of an interval; a guess of the error cannot help there, and at any time it is that upper end.
        confidence: of all intervals together, between 0 and 1.

    Returns:
        `ErrorCertificate`; larger errors are worse.

    Raises:
        InputError: labels missing or of other classes, no plan, a confidence outside (0, 1), or any_time for numbers.

    Cost: a second for 1,000 labels.   Not for: rows labeled for another reason than the plan; other places or times.
    Source: pratt1961, clopper1934 (beyond 1,000 labels, and alone), ville1939 (at any time), waudby-smith2024 (of
        numbers).

    >>> sure = np.tile([0.8, 0.2], (100, 1))
    >>> plan = plan_labels((sure, np.arange(100) % 5 == 0), sure, n_labels=30)
    >>> certify_error(plan, np.arange(30) < 6).error
    error in the other place: 20 % [9.07, 35.9]
    """
    require_kind(plan, LabelPlan, "plan")
    confidence = require_share(confidence, "confidence")
    losses = _losses(plan, labels, any_time)
    each = 1.0 - (1.0 - confidence) / len(plan.guess)
    lines = [_claim(name, plan, losses, any_time, side, each) for name in plan.guess]
    names = ("segment", "labels", "wrong" if plan.n_classes else "cut", "error", "low", "high", "guess")
    table = {name: np.array(column) for name, column in zip(names, zip(*lines, strict=True), strict=True)}
    weights = np.array([plan.share[name] for name in plan.guess])
    value, low, high = (float(weights @ table[name]) for name in ("error", "low", "high"))
    source = "ville1939" if any_time else "clopper1934" if side == "upper" else "pratt1961"
    source = source if plan.n_classes else "waudby-smith2024"
    error = Estimate("error_in_the_other_place", value, low, high, plan.unit, confidence, source)
    alone = _labels_alone(value, losses, plan, confidence)
    return ErrorCertificate(error, alone, Table(table, index="segment").to_frame(), any_time, side)


def _losses(plan: LabelPlan, labels: Any, any_time: bool) -> Floats:
    """Loss of every labeled row, from 0 to 1: whether it is wrong, or its absolute error in units of the largest."""
    given = as_classes(labels, "labels") if plan.n_classes else as_numbers(labels, "labels", finite=True)
    if len(given) > len(plan) or (len(given) < len(plan) and not any_time) or not len(given):
        raise InputError(
            "every row of the plan needs its label", where="labels", got=f"{len(given)} labels, {len(plan)} rows",
            fix="label the rows of plan.ids in their order; any_time=True allows to stop early for classes",
        )  # fmt: skip
    predicted = plan.predicted[: len(given)]
    if not plan.n_classes:
        if any_time:
            raise InputError(
                "errors of numbers have no interval that holds at any time", where="any_time", got="any_time=True",
                fix="label all rows of the plan, and leave any_time out",
            )  # fmt: skip
        return np.asarray(np.minimum(np.abs(given - predicted) / plan.largest, 1.0))
    if given.max() >= plan.n_classes:
        raise InputError(
            "labels must be columns of the probabilities", where="labels", got=f"a label {given.max()}",
            fix=f"pass whole numbers from 0 to {plan.n_classes - 1}",
        )  # fmt: skip
    return (given != predicted).astype(np.float64)


def _claim(
    name: str, plan: LabelPlan, losses: Floats, any_time: bool, side: Side, confidence: float
) -> tuple[Any, ...]:
    """One segment: labels, rows that lose the most there is, error with interval, and the guess."""
    inside = plan.segments[: len(losses)] == name
    own, guess = losses[inside], plan.guess[name]
    hits, trials = int((own >= 1.0).sum()), len(own)
    if not plan.n_classes:
        low, high = _by_betting(own, plan.ids[: len(losses)][inside], side, confidence)
        scaled = [plan.largest * float(end) for end in (own.mean(), low, high)]
        return name, trials, hits, *scaled, guess
    if any_time:
        low, high = any_time_interval(hits, trials, guess, confidence)
        low = 0.0 if side == "upper" else low
    elif side == "upper":
        low, high = 0.0, highest_rate(hits, trials, 1.0 - confidence)
    elif trials <= MOST_TRIALS:
        low, high = guessed_interval(hits, trials, guess, confidence)
    else:
        low, high = map(float, share_interval(hits, trials, confidence))
    return name, trials, hits, hits / trials if trials else np.nan, low, high, guess


def _by_betting(losses: Floats, ids: Array, side: Side, confidence: float) -> tuple[float, float]:
    """Limits of a mean loss from 0 to 1: the upper one of the losses, and that of what is lacking to 1."""
    drawn, miss = in_orders(losses, ids, 0), 1.0 - confidence
    if side == "upper":
        return 0.0, highest_mean(drawn, miss)
    return 1.0 - highest_mean(1.0 - drawn, miss / 2.0), highest_mean(drawn, miss / 2.0)


def _labels_alone(value: float, losses: Floats, plan: LabelPlan, confidence: float) -> Estimate:
    """Clopper-Pearson of one segment; over several, whose rows were drawn apart, there is no such interval."""
    if len(plan.guess) > 1 or not plan.n_classes:
        reason = "rows were drawn by segment" if plan.n_classes else "the interval of numbers rests on labels alone"
        return Estimate("error_by_labels_alone", value, unit=plan.unit, reason=reason)
    low, high = share_interval(losses.sum(), len(losses), confidence)
    return Estimate("error_by_labels_alone", value, float(low), float(high), plan.unit, confidence, "clopper1934")
