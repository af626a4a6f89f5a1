"""The error of a model in another place from a few labels: which rows to label, and what may then be claimed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.isotonic import IsotonicRegression

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Ints
from samplewise.core.errors import InputError, require_count, require_kind, require_share
from samplewise.core.randomness import hashed_order
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Estimate, with_unit
from samplewise.data.conversions import as_classes, as_segments, as_vector
from samplewise.engine.statistics.guessed_shares import MOST_TRIALS, any_time_interval, guessed_interval
from samplewise.engine.statistics.intervals import highest_rate, share_interval
from samplewise.shift.bins import cells_of
from samplewise.shift.outputs import probabilities_of, require_alike

Side = Literal["both", "upper"]
LEAST_CHANCE = 0.002  # of an error, whatever the confidence: no guess is a certainty


@dataclass(frozen=True, slots=True, eq=False)
class LabelPlan(Result):
    """Rows to label in another place, drawn at random, and a guess of the error there that costs no label.

    Args:
        ids: (k,) of the rows to label, in the order to label them in.
        predicted: (k,) column of the class the model predicts for each.
        segments: (k,) name of the segment of each row; "" where there are none.
        guess: by segment, the error expected from the model's confidence alone, 0 to 1.
        share: by segment, its share of all rows of that place.
        n_classes: columns of the probabilities.
    """

    MADE_BY: ClassVar[str] = "shift.plan_labels(source, outputs)"

    ids: Array
    predicted: Ints
    segments: Array
    guess: dict[str, float]
    share: dict[str, float]
    n_classes: int

    def __len__(self) -> int:
        """Rows to label."""
        return len(self.ids)

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(len(self), 'row')} to label, drawn at random: label all of them, in this order."
        for name, guess in self.guess.items():
            where = f" where {name}" if name else ""
            yield f"From its confidence alone the model would err in {percent_text(guess)} of the rows{where}."

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
        segments: frame with one line per segment: labels, wrong, error, low, high, guess; all intervals hold together.
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
            most = with_unit(self.error.high, self.error.unit)
            yield f"The error there is at most {most} with {surely}{when}; {percent_text(self.error.value)} was seen."
            return
        yield f"The error there is {self.error.without_reason()} with {surely}{when}."
        if len(self.segments) == 1 and not self.any_time:
            yield f"From the labels alone: {self.labels_only.without_reason()}."

    def _table(self) -> Table:
        columns = {str(name): self.segments[name].to_numpy() for name in self.segments.columns}
        units = dict.fromkeys(("error", "low", "high", "guess"), "error rate")
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
        outputs: (m, c) probabilities of the rows of the other place.
        n_labels: rows to label, in every segment.
        ids: (m,) of the rows there; None numbers them from 0.
        segments: (m,) or a frame of one column whose values get a claim each; None for none.
        seed: of the draw.

    Returns:
        `LabelPlan`; a larger guess is a larger expected error. Keep it with the labels.

    Raises:
        InputError: probabilities that are none, other classes, too few rows on a side or in a segment, repeated ids.

    Cost: O(n log n + m).   Not for: regression, whose losses have no exact interval from so few labels; labels that
        somebody else chose, such as complaints.
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
    known = probabilities_of(source[0], "source[0]")
    codes = as_classes(source[1], "source[1]")
    there = probabilities_of(outputs, "outputs")
    require_alike(known, codes, there)
    wrong = (known.argmax(axis=1) != codes).astype(np.float64)
    fitted = IsotonicRegression(increasing=False, out_of_bounds="clip", y_min=LEAST_CHANCE, y_max=1.0 - LEAST_CHANCE)
    expected = np.asarray(fitted.fit(known.max(axis=1), wrong).predict(there.max(axis=1)), dtype=np.float64)
    names, members = _segments_of(segments, len(there))
    keys = _keys(ids, len(there))
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
    return LabelPlan(keys[chosen], there.argmax(axis=1)[chosen], labels, guess, share, known.shape[1])


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
    an interval, all hold together, and the error of all rows is put together from them.

    Args:
        plan: of `plan_labels`.
        labels: the column of the right class of every row of the plan, in its order; with `any_time` the first few
            will do.
        any_time: whether the interval must hold however often one looks while labeling. It is a third wider or more.
        side: "upper" claims no more than that the error is at most so large, which is a lower limit than the upper end
            of an interval; a guess of the error cannot help there, and at any time it is that upper end.
        confidence: of all intervals together, between 0 and 1.

    Returns:
        `ErrorCertificate`; larger errors are worse.

    Raises:
        InputError: labels missing or of other classes, no plan, or a confidence outside (0, 1).

    Cost: a second for 1,000 labels.   Not for: rows labeled for another reason than the plan; other places or times.
    Source: pratt1961, clopper1934 (beyond 1,000 labels, and alone), ville1939 (at any time).

    >>> sure = np.tile([0.8, 0.2], (100, 1))
    >>> plan = plan_labels((sure, np.arange(100) % 5 == 0), sure, n_labels=30)
    >>> certify_error(plan, np.arange(30) < 6).error
    error in the other place: 20 % [9.07, 35.9]
    """
    require_kind(plan, LabelPlan, "plan")
    confidence = require_share(confidence, "confidence")
    codes = as_classes(labels, "labels")
    if len(codes) > len(plan) or (len(codes) < len(plan) and not any_time) or not len(codes):
        raise InputError(
            "every row of the plan needs its label", where="labels", got=f"{len(codes)} labels, {len(plan)} rows",
            fix="label the rows of plan.ids in their order; any_time=True allows to stop early",
        )  # fmt: skip
    if codes.max() >= plan.n_classes:
        raise InputError(
            "labels must be columns of the probabilities", where="labels", got=f"a label {codes.max()}",
            fix=f"pass whole numbers from 0 to {plan.n_classes - 1}",
        )  # fmt: skip
    wrong = codes != plan.predicted[: len(codes)]
    each = 1.0 - (1.0 - confidence) / len(plan.guess)
    lines = [_claim(name, plan, wrong, any_time, side, each) for name in plan.guess]
    names = ("segment", "labels", "wrong", "error", "low", "high", "guess")
    table = {name: np.array(column) for name, column in zip(names, zip(*lines, strict=True), strict=True)}
    weights = np.array([plan.share[name] for name in plan.guess])
    value, low, high = (float(weights @ table[name]) for name in ("error", "low", "high"))
    source = "ville1939" if any_time else "clopper1934" if side == "upper" else "pratt1961"
    error = Estimate("error_in_the_other_place", value, low, high, "error rate", confidence, source)
    alone = _labels_alone(value, wrong, confidence, len(lines))
    return ErrorCertificate(error, alone, Table(table, index="segment").to_frame(), any_time, side)


def _claim(name: str, plan: LabelPlan, wrong: Array, any_time: bool, side: Side, confidence: float) -> tuple[Any, ...]:
    """One segment: labels, wrong rows, error with interval, and the guess."""
    inside = plan.segments[: len(wrong)] == name
    hits, trials, guess = int(wrong[inside].sum()), int(inside.sum()), plan.guess[name]
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


def _labels_alone(value: float, wrong: Array, confidence: float, n_segments: int) -> Estimate:
    """Clopper-Pearson of one segment; over several, whose rows were drawn apart, there is no such interval."""
    if n_segments > 1:
        return Estimate("error_by_labels_alone", value, unit="error rate", reason="rows were drawn by segment")
    low, high = share_interval(wrong.sum(), len(wrong), confidence)
    return Estimate(
        "error_by_labels_alone", value, float(low), float(high), "error rate", confidence, "clopper1934"
    )  # fmt: skip
