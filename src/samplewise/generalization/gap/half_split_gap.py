"""Error on training rows, on others, and the gap between them: read from refits on complementary halves."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError, require_kind, require_share
from samplewise.core.rates import percent
from samplewise.core.results import Result, Table
from samplewise.core.units import LABEL_UNIT
from samplewise.core.values import Estimate, numbers_table
from samplewise.data.targets import Target
from samplewise.engine.refits import Refits
from samplewise.engine.statistics.intervals import half_width
from samplewise.engine.statistics.means import mean_and_error
from samplewise.generalization.gap.memorization import successes

REASON = (
    "of models trained on half of the rows; the model on all rows has a smaller gap; the interval counts the chance"
    " of which rows were evaluated, not of which rows were trained on"
)


@dataclass(frozen=True, slots=True)
class HalfSplitGap(Result):
    """Errors of models of half of the rows on the rows they were trained on and on the others, and their difference."""

    training_error: Estimate
    held_out_error: Estimate
    gap: Estimate

    def _sentences(self) -> Iterable[str]:
        yield f"The gap is {self.gap.without_reason()}: the error is {self.held_out_error.without_reason()} where they"
        yield f"were held out, {self.training_error.without_reason()} where they were trained on."
        yield "Of models of half of the rows."

    def _table(self) -> Table:
        return numbers_table(self.training_error, self.held_out_error, self.gap)


def gap_of_refits(
    refits: Refits, target: Target, groups: Array | None = None, confidence: float = 0.95
) -> HalfSplitGap:
    """Error on training rows, error on other rows, and the gap between them in points, for models of half the rows.

    Every row is averaged over the models trained on it and over the others; the interval is over rows (or groups).

    Args:    refits: design "halves".   target: labels of the same n rows.   groups: (n,) or None.
             confidence: of the intervals.
    Returns: `HalfSplitGap`; a larger gap means more was memorized. Errors are shares of rows
             (0..1) and the gap is in points; of numbers all three are in the label's unit.
    Raises:  InputError as `memorization_of_refits`.
    Cost:    one pass over the outputs.
    Not for: the model on all rows (its gap is smaller), or other samples: `generalization_gap` has intervals
             that also count which rows were trained on.
    Source:  feldman2020.

    >>> import numpy as np
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from samplewise.engine.refits import prepare, fit_design
    >>> data = (np.arange(40.0)[:, None], np.arange(40) // 4 % 2)
    >>> folded = prepare(data, KNeighborsClassifier(1)).whole
    >>> refits = fit_design(folded.runner, "halves", folded.all_folds, count=4)
    >>> found = gap_of_refits(refits, folded.target)
    >>> found.training_error.value, bool(np.isclose(100 * found.held_out_error.value, found.gap.value))
    (0.0, True)
    """
    require_kind(refits, Refits)
    groups = refits.groups if groups is None else groups
    confidence = require_share(confidence, "confidence")
    counts = refits.inside.sum(axis=0), (~refits.inside).sum(axis=0)
    if refits.design != "halves" or min(int(count.min()) for count in counts) < 2:
        raise InputError(
            "the gap needs every row trained on and left out at least twice",
            got=f"design {refits.design!r}, {len(refits)} models",
            fix="samplewise.models.refit(data, design='halves')",
        )
    right = successes(refits.outputs, target)
    losses = 1.0 - right if target.classes is not None else -right
    trained = (losses * refits.inside).sum(axis=0) / counts[0]
    others = (losses * ~refits.inside).sum(axis=0) / counts[1]

    def estimate(quantity: str, rows: Floats, unit: str) -> Estimate:
        mean, error = mean_and_error(rows, groups)
        half = half_width(error, confidence)
        return Estimate(quantity, mean, mean - half, mean + half, unit, confidence, "feldman2020", REASON)

    unit, difference_unit, gap = "share of rows", "points", percent(others - trained)
    if target.classes is None:  # successes are in standard deviations of the label
        one = float(np.std(target.codes)) or 1.0
        unit = difference_unit = LABEL_UNIT
        trained, others, gap = one * trained, one * others, one * (others - trained)
    return HalfSplitGap(
        estimate("error_on_training_rows", trained, unit), estimate("error_on_held_out_rows", others, unit),
        estimate("gap", gap, difference_unit),
    )  # fmt: skip
