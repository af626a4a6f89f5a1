"""Whether a model has learned anything: against the constant baseline, and whether its outputs follow the labels."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError, require_share
from samplewise.core.results import Result, Table
from samplewise.core.values import Estimate, numbers_table
from samplewise.data.conversions import as_numbers
from samplewise.engine.statistics.association import discrimination_rows, p_value_of_mean
from samplewise.engine.statistics.intervals import half_width
from samplewise.engine.statistics.means import clustered


@dataclass(frozen=True, slots=True)
class BaselineTest(Result):
    """What a model does better than a baseline, and how likely chance alone does as much."""

    estimate: Estimate
    p_value: float  # one-sided, of "nothing"

    def _sentences(self) -> Iterable[str]:
        yield f"{self.estimate!r}, p = {self.p_value:.2g} that it is nothing."

    def _table(self) -> Table:
        return numbers_table(self.estimate, p_value=(self.p_value, ""))


@checked
def beats_baseline(
    losses: Any,  # (n,)
    baseline: Any,  # (n,)
    groups: Array | None = None,
    confidence: float = 0.95,
) -> BaselineTest:
    """Mean loss saved against the baseline, in the unit of the losses, and the one-sided p-value that nothing is saved.

    Paired over rows (or groups): mean of baseline - losses with a t interval.

    Args:    losses: (n,) of the model on rows it did not see.   baseline: (n,) of the best constant prediction.
             groups: (n,) or None.   confidence: of the interval.
    Returns: `BaselineTest`, its estimate "saved"; larger values and smaller p mean the model has learned more.
    Raises:  InputError for arrays of different length or fewer than two rows.   Cost: O(n).   Source: diebold1995.
    >>> found = beats_baseline([0.1, 0.2, 0.1, 0.2], [0.5, 0.5, 0.5, 0.6])
    >>> round(found.estimate.value, 3), found.p_value < 0.01
    (0.375, True)
    """
    model, constant = as_numbers(losses, "losses", finite=True), as_numbers(baseline, "baseline", finite=True)
    _require_pairs(model, constant, "losses and baseline")
    return _tested("saved", constant - model, groups, confidence, "", "diebold1995")


@checked
def discrimination(
    outputs: Any,  # (n, c)
    truth: Any,  # (n, c)
    groups: Array | None = None,
    confidence: float = 0.95,
) -> BaselineTest:
    """How far outputs follow the labels, in points (0 not at all, 100 fully), and the p-value of "not at all".

    100 cov(outputs, truth) / var(truth), summed over outputs: for two classes the mean probability of a class among its
    own rows minus that among the others. It sees a right ranking of rare classes that accuracy and Brier score miss.

    Args:    outputs: (n, c) probabilities, or (n, 1) predicted numbers, for rows the model did not see.
             truth: (n, c) class indicators, or (n, 1) numbers.   groups: (n,) or None.   confidence: of the interval.
    Returns: `BaselineTest`, its estimate "discrimination"; larger values and smaller p mean the model has learned more.
    Raises:  InputError for shapes that differ or fewer than two rows.   Cost: O(n c).   Source: yates1982.
    >>> found = discrimination([[0.9, 0.1], [0.2, 0.8], [0.8, 0.2]], [[1, 0], [0, 1], [1, 0]])
    >>> round(found.estimate.value, 1)
    65.0
    """
    outputs = as_numbers(outputs, "outputs", 2, finite=True)
    fix = "pass class indicators, np.eye(c)[codes], or numbers as y.reshape(-1, 1)"
    true = as_numbers(truth, "truth", 2, fix=fix, finite=True)
    _require_pairs(outputs, true, "outputs and truth")
    rows = discrimination_rows(outputs, true)
    return _tested("discrimination", 100.0 * rows, groups, confidence, "points of discrimination", "yates1982")


def _tested(
    quantity: str, rows: Floats, groups: Array | None, confidence: float, unit: str, source: str
) -> BaselineTest:
    """The mean of rows with its t interval, and the one-sided p-value of a mean of at most 0."""
    error, count = clustered(rows, groups)
    freedom, mean = max(count - 1, 1), float(rows.mean())
    half = half_width(error, require_share(confidence, "confidence"), freedom)
    estimate = Estimate(quantity, mean, mean - half, mean + half, unit, confidence, source)
    return BaselineTest(estimate, p_value_of_mean(rows, groups))


def _require_pairs(one: Array, other: Array, names: str) -> None:
    if one.shape != other.shape or len(one) < 2:
        raise InputError(
            "a comparison needs one entry per row on both sides and at least two rows",
            where=names,
            got=f"shapes {one.shape} and {other.shape}",
            fix="pass arrays of equal shape for the same rows",
        )
