"""How much a model leans on a column, a block of columns, or what belongs to a segment: measured by swapping it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.results import Result, Table
from samplewise.core.texts import keys_text, shortened
from samplewise.core.values import Estimate, numbers_table
from samplewise.data.conversions import as_segments
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_labeled
from samplewise.data.targets import class_codes, describe_target
from samplewise.engine.refits import joined_groups
from samplewise.shift.bins import cells_of
from samplewise.shift.feature_split import FeatureSplit
from samplewise.shift.swapped_columns import Outputs, Swap, swapped

ABSENT = -1e3  # log-probability of a class the model never saw
SMALLEST = 1e-12
FEWEST = 20


@dataclass(frozen=True, slots=True, eq=False)
class Reliance(Result):
    """What changes when a part of every row is swapped with that of a row that has another value of it.

    Args:
        on: what is swapped.
        flip_rate: share of rows whose predicted class changes, 0..1; NaN where labels are numbers.
        variance: share of the variance of the outputs (centered log-probabilities) that goes with the part, alone or
            together with the rest (total index); may exceed 1 where the part and the rest cancel.
        change_of_error: error with swapped parts minus error as it is, points (or the label's unit).
        rows: number of rows.
        labels_only: whether the model gives no more than classes, so that the variance is that of predicted classes.
    """

    on: str
    flip_rate: Estimate
    variance: Estimate
    change_of_error: Estimate
    rows: int
    labels_only: bool = False

    def _sentences(self) -> Iterable[str]:
        yield f"{shortened(self.on, 60)} swapped between {self.rows:,} rows: {self.flip_rate} change their class"
        yield f"and the error moves by {self.change_of_error}."
        yield f"Of the variance of the outputs {self.variance.without_reason()} goes with it."
        if self.labels_only:
            yield "The model gives classes only; a model that gives probabilities would tell more."

    def _table(self) -> Table:
        return numbers_table(self.flip_rate, self.variance, self.change_of_error)


@checked
def reliance(
    data: Any,
    y: Any = None,
    *,
    module: Any,
    on: Any,
    label: str | None = None,
    segments: Any = None,
    seed: int = 0,
) -> Reliance:
    """How much a fitted model leans on part of its input: flip rate, share of output variance, change of the error.

    A part is swapped with that of a random row that has another value of it, five times. That is an intervention: heat
    maps of gradients hardly move where this moves many times over (see docs/decisions/0049).

    Args:
        data, y, label: n labeled rows the model was not trained on.
        module: a fitted scikit-learn model, a `Fitted`, or a function rows -> outputs (n, c).
        on: a column, several columns (names; positions of an array), the name of a column of the segments, or a fitted
            `FeatureSplit`, whose spurious block is swapped.
        segments: (n,) values that a partner must differ in; None for those of the part itself. A `FeatureSplit` and a
            name of the segments need them, or the segments of `data`.
        seed: of the partners, and of the split where `on` names a segment.

    Returns:
        `Reliance`; larger means that the model leans on it more, which is no fault where the part is honest.

    Raises:
        InputError: no such column, a part with one value, a model that answers nothing, fewer than 20 rows.

    Cost: 11 predictions of n rows.
    Not for: parts that rows cannot exchange: swapped values may make rows that do not occur.
    Source: jansen1999, sobol2001.

    >>> draw = np.random.default_rng(0); X = draw.normal(size=(200, 2)); y = (X[:, 0] > 0).astype(int)
    >>> reliance(X, y, module=lambda rows: np.column_stack([-rows[:, 0], rows[:, 0]]), on=1).flip_rate.value
    0.0
    """
    rows = as_labeled(data, y, label=label)
    if len(rows) < FEWEST:
        raise InputError(
            "too few rows to swap between", where="data", got=f"{len(rows)} rows",
            fix=f"pass at least {FEWEST} rows",
        )  # fmt: skip
    target = describe_target(rows.y, ids=rows.ids)
    own = _segments(rows, segments)
    name, swap, values = _part(rows, on, own, seed)
    outputs, labels_only = answers_of(module, target.classes)
    if len(np.unique(values.astype(str))) < 2:
        raise InputError(
            "a part with one value cannot be swapped", where="on", got=f"{shortened(name, 60)} is constant",
            fix="name a part, or segments, with two values",
        )  # fmt: skip
    found = swapped(outputs, rows.X, target, swap, values, joined_groups(rows), seed)
    return Reliance(name, found.flips, found.variance, found.change, len(rows), labels_only)


def answers_of(module: Any, classes: Array | None) -> tuple[Outputs, bool]:
    """A function rows -> (n, c) outputs in the order of `classes`, and whether the model gives classes only."""
    if hasattr(module, "outputs"):
        return module.outputs, False
    if classes is None and hasattr(module, "predict"):
        return lambda X: np.asarray(module.predict(X), dtype=np.float64).reshape(len(X), -1), False
    if hasattr(module, "predict_proba"):
        return lambda X: _aligned(np.log(np.clip(module.predict_proba(X), SMALLEST, None)), module, classes), False
    if hasattr(module, "decision_function"):
        return lambda X: _aligned(_two_columns(module.decision_function(X)), module, classes), False
    if hasattr(module, "predict"):
        return lambda X: _indicators(module.predict(X), classes), True
    if callable(module):
        return lambda X: _two_dimensional(module(X), classes), False
    raise InputError(
        "module must be a fitted model", where="module", got=type(module).__name__,
        fix="pass a fitted scikit-learn model, or a function rows -> outputs (n, c)",
    )  # fmt: skip


def swap_of_columns(X: Any, places: Sequence[int]) -> Swap:
    """A swap of columns, by position, of a frame or an array."""
    if hasattr(X, "iloc"):
        names = [X.columns[place] for place in places]
        return lambda rows: X.assign(**{name: X[name].iloc[rows].set_axis(X.index) for name in names})

    def swap(rows: Ints) -> Any:
        changed = X.copy()
        changed[:, list(places)] = X[rows][:, list(places)]
        return changed

    return swap


def _part(rows: Dataset, on: Any, own: Array | None, seed: int) -> tuple[str, Swap, Array]:
    """What is swapped: its name, the swap, and the values (n,) a partner differs in."""
    if isinstance(on, FeatureSplit):
        return "the spurious block", swap_of_block(rows.X, on), _required(own)
    names = _column_names(rows)
    wanted = [on] if isinstance(on, str | int | np.integer) else list(on) if isinstance(on, Iterable) else []
    if rows.segments is not None and isinstance(on, str) and on not in names and on in rows.segments.columns:
        values = np.asarray(rows.segments[on])
        split = FeatureSplit(random_state=seed).fit(rows.X, rows.y, segments=values)
        return f"what tells {on}", swap_of_block(rows.X, split), values
    places = [_place(one, names) for one in wanted]
    if not places:
        raise InputError(
            "nothing to swap", where="on", got=repr(on)[:60], fix="pass a column, several columns or a FeatureSplit"
        )
    if own is not None:
        values = own
    elif len(places) == 1:
        values = np.asarray(_column(rows.X, places[0]))
    else:
        values = np.arange(len(rows))
    return keys_text([names[place] for place in places]), swap_of_columns(rows.X, places), values


def swap_of_block(X: Any, split: FeatureSplit) -> Swap:
    """A swap of the spurious block, decoded."""
    encoded, block = split.encode(X), split.block("spurious")

    def swap(partners: Ints) -> Any:
        changed = encoded.copy()
        changed[:, block] = encoded[partners][:, block]
        return split.decode(changed)

    return swap


def _segments(rows: Dataset, given: Any) -> Array | None:
    """(n,) the segments given, or the one column of those of the data."""
    frame = rows.segments if given is None else as_segments(given)
    if frame is None or (given is None and frame.shape[1] != 1):
        return None
    if len(frame) != len(rows):
        raise InputError(
            "every row needs one segment", where="segments", got=f"{len(frame)} segments, {len(rows)} rows",
            fix="pass one per row",
        )  # fmt: skip
    name = str(frame.columns[0])
    cells = cells_of(name, frame.iloc[:, 0])
    return np.asarray(cells.names, dtype=object)[cells.codes]


def _required(own: Array | None) -> Array:
    if own is None:
        raise InputError(
            "partners must differ in the segment", where="segments", got="None",
            fix="pass segments=, the attribute the split was fitted on",
        )  # fmt: skip
    return own


def _column_names(rows: Dataset) -> list[str]:
    if hasattr(rows.X, "iloc"):
        return [str(name) for name in rows.X.columns]
    return [f"x{place}" for place in range(rows.X.shape[1])]


def _place(one: Any, names: list[str]) -> int:
    if isinstance(one, int | np.integer) and 0 <= int(one) < len(names):
        return int(one)
    if isinstance(one, str) and one in names:
        return names.index(one)
    raise unknown_name("column", str(one), names[:50])


def _column(X: Any, place: int) -> Any:
    return X.iloc[:, place] if hasattr(X, "iloc") else X[:, place]


def _two_columns(values: Any) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    return np.column_stack([-found / 2, found / 2]) if found.ndim == 1 else found


def _two_dimensional(values: Any, classes: Array | None) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    if classes is None:
        return found.reshape(len(found), -1)
    found = _two_columns(found)
    if found.shape[1] != len(classes):
        raise InputError(
            "the model needs one output per class", where="module", got=f"{found.shape[1]} outputs",
            fix=f"give {len(classes)} outputs, classes in sorted order",
        )  # fmt: skip
    return found


def _aligned(outputs: Floats, module: Any, classes: Array | None) -> Floats:
    """Columns in the order of the classes of the data."""
    names = () if classes is None else classes
    places = class_codes(np.asarray(module.classes_), np.asarray(names))
    found = np.full((len(outputs), len(names)), ABSENT)
    found[:, places[places >= 0]] = outputs[:, places >= 0]
    return found


def _indicators(predicted: Any, classes: Array | None) -> Floats:
    names = np.asarray(() if classes is None else classes)
    return (class_codes(np.asarray(predicted), names)[:, None] == np.arange(len(names))).astype(np.float64)
