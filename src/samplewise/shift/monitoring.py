"""Batch after batch beside the rows a model was trained on: whether they differ, and cost more than a margin."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.errors import InputError, require_amount
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, keys_text, shortened
from samplewise.core.values import Estimate, with_unit
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_labeled
from samplewise.data.targets import Task
from samplewise.engine.refits import Prepared, prepare
from samplewise.engine.statistics.intervals import CONFIDENCE
from samplewise.engine.statistics.multiplicity import holm
from samplewise.shift.column_drift import SIGNIFICANT
from samplewise.shift.compared_rows import compared_rows
from samplewise.shift.error_change import MARGIN, ErrorChange, change_between
from samplewise.shift.train_test import TrainTestDrift, drift_of, second_side

ABOVE = "above margin"
Source = Callable[[], Dataset]


@dataclass(frozen=True, slots=True, eq=False)
class Batch(Result):
    """One batch beside the reference.

    Args:
        name: of the batch: of its file, its key or its number.
        n_rows: how many rows it has; 0 where it could not be read.
        drift: whether the rows differ, by which columns; None where they could not be compared.
        change: the change of the error and its parts; None where that could not be told.
        reason: why it could not be compared, or "".
    """

    MADE_BY: ClassVar[str] = "shift.monitor(reference, batches).batches"

    name: str
    n_rows: int
    drift: TrainTestDrift | None
    change: ErrorChange | None
    reason: str = ""

    @property
    def judged(self) -> Estimate:
        """The change of the error, or without labels the part that other rows bring."""
        return Estimate("change_of_error", np.nan, reason=self.reason) if self.change is None else self.change.judged

    @property
    def n_labels(self) -> int:
        """Rows whose label is known."""
        return 0 if self.change is None else self.change.n_labels

    @property
    def alarm(self) -> str:
        """As of `ErrorChange`; "not compared" where it could not be."""
        return "not compared" if self.change is None else self.change.alarm

    def words(self) -> str:
        """The batch and what its error changes by."""
        return f"{shortened(self.name, 40)} ({self.judged.without_reason()})"

    def _sentences(self) -> Iterable[str]:
        yield f"{self.name}: {count_of(self.n_rows, 'row')}."
        if self.drift is None or self.change is None:
            yield f"It could not be compared: {self.reason}."
            return
        yield from self.drift.differences()
        yield from self.change._sentences()

    def _table(self) -> Table:
        return Table({}) if self.change is None else self.change._table()


@dataclass(frozen=True, slots=True, eq=False)
class Monitored(Result):
    """Batches beside a reference, in their order.

    Args:
        batches: one entry per batch.
        margin: points of error that matter (of predicted numbers hundredths of the error of always answering the
            median).
        confidence: with which the interval of one batch holds, so that those of all batches hold together in 95 %.
    """

    MADE_BY: ClassVar[str] = "shift.monitor(reference, batches)"

    batches: tuple[Batch, ...]
    margin: float
    confidence: float

    @property
    def alarms(self) -> list[str]:
        """Names of the batches whose error is larger than that of the reference by more than the margin."""
        return [batch.name for batch in self.batches if batch.alarm == ABOVE]

    @property
    def p_values(self) -> np.ndarray:
        """(k,) of "the rows of this batch are like those of the reference", corrected for all batches; NaN: unknown."""
        known = [at for at, batch in enumerate(self.batches) if batch.drift is not None]
        found = np.full(len(self.batches), np.nan)
        if known:
            drifts = [batch.drift.family_p_value for batch in self.batches if batch.drift is not None]
            found[known] = holm(drifts)
        return found

    @property
    def drifted(self) -> list[str]:
        """Names of the batches whose rows differ from the reference beyond chance."""
        return [batch.name for batch, p in zip(self.batches, self.p_values, strict=True) if p < SIGNIFICANT]

    @property
    def not_compared(self) -> list[Batch]:
        """The batches of which nothing can be said."""
        return [batch for batch in self.batches if batch.change is None]

    def margin_text(self) -> str:
        """The margin as a person reads it; points where no batch was compared."""
        known = [batch.change.margin_text() for batch in self.batches if batch.change is not None]
        return known[0] if known else with_unit(self.margin, "points")

    def to_frame(self) -> Any:
        """One line per batch: rows, labels, p of the rows being alike, change of the error, alarm and reason."""
        return self._table().to_frame()

    def _sentences(self) -> Iterable[str]:
        compared = len(self.batches) - len(self.not_compared)
        above = [batch.words() for batch in self.batches if batch.alarm == ABOVE]
        margin = self.margin_text()
        yield f"{count_of(compared, 'batch', 'batches')} compared with the reference."
        if compared:
            yield (
                f"The error is larger by more than {margin} in {keys_text(above)}."
                if above
                else (f"In none is the error shown to be larger by more than {margin}.")
            )
            yield f"Rows differ beyond chance in {count_of(len(self.drifted), 'batch', 'batches')}."
            yield "The intervals of all batches hold together in 95 %."
            if not all(batch.n_labels for batch in self.batches if batch.change is not None):
                yield "Without labels in a batch its number holds if equal rows keep their labels."
        if self.not_compared:
            reasons = [f"{shortened(batch.name, 40)} ({batch.reason})" for batch in self.not_compared]
            yield f"Not compared: {keys_text(reasons)}."

    def _table(self) -> Table:
        judged = [batch.judged for batch in self.batches]
        columns = {
            "batch": [batch.name for batch in self.batches], "rows": [batch.n_rows for batch in self.batches],
            "labels": [batch.n_labels for batch in self.batches], "p": self.p_values,
            "change": [one.value for one in judged], "low": [one.low for one in judged],
            "high": [one.high for one in judged], "unit": [one.unit for one in judged],
            "alarm": [batch.alarm for batch in self.batches], "reason": [batch.reason for batch in self.batches],
        }  # fmt: skip
        texts = {"change": [one.without_reason() for one in judged]}
        return Table(columns, index="batch", texts=texts, hidden=("low", "high", "unit"))


@checked
def monitor(
    reference: Any, batches: Any, *, label: str | None = None, margin: float = MARGIN, use_labels: bool = True,
    learner: Any = None, task: Task = "auto", seed: int = 0,
) -> Monitored:  # fmt: skip
    """Which of many batches differ from the rows a model was trained on, and in which the error is larger by a margin.

    One model is cross-fitted to the reference and applied to every batch: `train_test_drift` and `error_change` of
    each, with p corrected and intervals widened for the number of batches, so that a year of months in which nothing
    happened gives an alarm in at most one year of twenty.

    Args:
        reference: n labeled rows, in any form `samplewise.data.as_dataset` takes.
        batches: a folder of files, in the order of their names (2 before 10); or a mapping from names, or a list, of
            paths or of rows in any form. Labels a batch holds count as known.
        label: name of the label's column in tables or paths; batches may lack it.
        margin: points of error that matter; of predicted numbers hundredths of the error of always answering the
            median.
        use_labels: False takes no notice of labels in batches.
        learner: what is fitted; None for the default of this shape of data.
        task: "auto", "classification" or "regression".
        seed: of halves, folds and fits.

    Returns:
        `Monitored`; `.alarms` names the batches above the margin, `.drifted` those whose rows differ. A batch that
        cannot be read, lacks columns or has too few rows stands there with the reason, and the others go on.

    Raises:
        InputError: no batch, or a reference without labels or with fewer than 20 rows.

    Cost: the fits of a cross-validation, and per batch eight boosted classifiers of at most 40,000 rows.
    Not for: rows that follow one another in time within a batch, whose intervals are too narrow.
    Source: robins1994; clopper1934 for the interval of a change; holm1979.

    >>> rng = np.random.default_rng(0)
    >>> rows = lambda n, wrong: (X := rng.normal(size=(n, 2)), (X[:, 0] > 0) ^ (rng.random(n) < wrong))
    >>> monitor(rows(400, 0.05), {"May": rows(200, 0.05), "June": rows(200, 0.4)}, learner="linear").alarms
    ['June']
    """
    margin = require_amount(margin, "margin", zero=True)
    named = named_batches(batches, lambda given: second_side(given, label, "batches"))
    ready = prepare(as_labeled(reference, None, label=label, name="reference"), learner, task=task, seed=seed)
    found = tuple(compared_batches(ready, named, margin, use_labels=use_labels))
    return Monitored(found, margin, confidence_of(len(named)))


def confidence_of(count: int) -> float:
    """Confidence of each of so many intervals that hold together in 95 %."""
    return 1.0 - (1.0 - CONFIDENCE) / max(count, 1)


def named_batches(batches: Any, read: Callable[[Any], Dataset]) -> dict[str, Source]:
    """What makes the rows of every batch, by name, in order; nothing is read yet."""
    if isinstance(batches, str | os.PathLike):
        batches = files_of(Path(batches))
    if not isinstance(batches, Mapping):
        if not isinstance(batches, Sequence):
            raise InputError(
                "batches must be a folder, a list or a mapping from names", where="batches", got=type(batches).__name__,
                fix="pass the folder with the files, or {'May': rows, 'June': rows}",
            )  # fmt: skip
        batches = {_name_of(given, at): given for at, given in enumerate(batches, 1)}
    if not batches:
        raise InputError("there is no batch", where="batches", got="none", fix="pass at least one file or set of rows")
    return {str(name): partial(read, given) for name, given in batches.items()}


def files_of(folder: Path) -> dict[str, Path]:
    """The files of a folder by name, numbers in names by their size."""
    if not folder.is_dir():
        raise InputError(
            "the folder of batches is not there", where="batches", got=str(folder), fix="pass a folder with a file each"
        )
    kept = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    return {path.name: path for path in sorted(kept, key=lambda path: _order(path.name))}


def _order(name: str) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if at % 2 else (-1, part) for at, part in enumerate(parts)]


def _name_of(given: Any, number: int) -> str:
    return Path(given).name if isinstance(given, str | os.PathLike) else f"batch {number}"


def compared_batches(
    ready: Prepared, named: Mapping[str, Source], margin: float, *, use_labels: bool = True
) -> Iterator[Batch]:
    """Each batch beside the rows the learner was prepared on, as soon as it is compared."""
    confidence = confidence_of(len(named))
    here = ready.whole.held_out_outputs()
    model = ready.learner.fit(ready.data, seed=ready.seed, target=ready.target)
    for name, read in named.items():
        held: Dataset | None = None
        try:
            held = read()
            held = held if use_labels else held.with_labels(None)
            both = compared_rows(ready.data, held, ready.seed, ("reference", name))
            drift = drift_of(both)
            there = model.outputs(both.held.X)
            change = change_between(both, ready.target, here, there, margin, drift, confidence)
        except InputError as lacking:
            told = lacking.where or lacking.got
            reason = lacking.what + (f": {told}" if told else "")
            yield Batch(name, 0 if held is None else len(held), None, None, reason)
        else:
            yield Batch(name, len(held), drift, change)
