"""Held-out rows that answer many queries, each chosen after the answers before, without being used up by them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import special

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats
from samplewise.core.errors import InputError, require_share
from samplewise.core.randomness import generator
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Estimate, numbers_table


@dataclass(eq=False)
class ReusableHoldout(Result):
    """Answers with the training value while the held-out rows agree with it, else with their mean, noisy and rounded.

    So a query that does not overfit reveals nothing else about the held-out rows. Made by `reusable_holdout`.

    Source: dwork2015.

    >>> holdout = reusable_holdout(10_000, n_queries=20, n_answers=3)
    >>> holdout.query(0.8, [1] * 8_000 + [0] * 2_000).value
    0.8
    """

    rows: int
    n_queries: int  # that may be made
    n_answers: int  # answers that may come from the held-out rows
    confidence: float
    threshold: float
    step: float  # to which held-out means are rounded
    sampling: float  # how far the held-out mean of any query may be from the truth
    shifts: Floats = field(repr=False)  # (n_answers + 1,) of the threshold, a new one after every held-out answer
    jitters: Floats = field(repr=False)  # (n_queries,) of every comparison
    noises: Floats = field(repr=False)  # (n_answers,) of every held-out answer
    queried: int = 0
    spent: int = 0

    @property
    def tolerance(self) -> float:
        """No answer is further from the truth than this, all at once, with that confidence; 1 and more say nothing."""
        return self.sampling + max(self._agreement, self._blur)

    def query(self, training_value: float, held_out_values: Any) -> Estimate:
        """The mean of a quantity between 0 and 1 over the population, such as an accuracy.

        Args:    training_value: its mean over training rows.   held_out_values: (n,) its value on every held-out row.
        Returns: Estimate "mean": the answer, with an interval that holds for all answers at once.
        Raises:  InputError: values outside [0, 1], NaN, another number of rows, no query or no answer left.
        Cost:    O(n).
        """
        values = np.asarray(held_out_values, dtype=np.float64).reshape(-1)
        self._require(training_value, values)
        mean = float(values.mean())
        limit = self.threshold + self.shifts[self.spent] + self.jitters[self.queried]
        self.queried += 1
        if abs(mean - training_value) <= limit:
            return self._answer(
                float(training_value), self._agreement, "the held-out rows agree with the training value"
            )
        noisy = mean + self.noises[self.spent]
        self.spent += 1
        rounded = min(1.0, max(0.0, self.step * round(noisy / self.step)))
        return self._answer(rounded, self._blur, "the training value does not hold; from the held-out rows")

    @property
    def _agreement(self) -> float:
        """How far a training value that is returned may be from the held-out mean."""
        return max(0.0, self.threshold + float(self.shifts.max()) + float(self.jitters.max()))

    @property
    def _blur(self) -> float:
        """How far a held-out answer may be from the held-out mean."""
        return float(np.abs(self.noises).max()) + self.step / 2.0

    def _answer(self, value: float, off: float, reason: str) -> Estimate:
        low, high = max(0.0, value - off - self.sampling), min(1.0, value + off + self.sampling)
        return Estimate("mean", value, low, high, "", self.confidence, "dwork2015", reason)

    def _require(self, training_value: float, values: Floats) -> None:
        if self.queried == self.n_queries or self.spent == self.n_answers:
            raise InputError(
                "the held-out rows have answered all they may",
                where="n_queries" if self.queried == self.n_queries else "n_answers",
                got=f"{self.queried} of {self.n_queries} queries, {self.spent} of {self.n_answers} held-out answers",
                fix="take fresh held-out rows; more answers from these would be no better than training values",
            )
        require_share(training_value, "training_value", low_open=False, high_open=False)
        outside = int((~((values >= 0.0) & (values <= 1.0))).sum())  # NaN too
        if len(values) != self.rows or outside:
            raise InputError(
                "a query is the mean of a quantity between 0 and 1, with one value for every held-out row",
                where="held_out_values",
                got=f"{len(values)} of {self.rows} rows, {outside} outside",
                fix="query an accuracy (1 where right), or rescale to [0, 1]",
            )

    def _sentences(self) -> Iterable[str]:
        yield f"{self.queried} of {self.n_queries:,} queries made; {self.spent} of {self.n_answers:,} answers that"
        yield f"{count_of(self.rows, 'held-out row')} may give are spent."
        yield f"Every answer is right to {self.tolerance:.3g} with confidence {percent_text(self.confidence)}."

    def _table(self) -> Table:
        return numbers_table(
            threshold=(self.threshold, ""), step=(self.step, ""), sampling=(self.sampling, ""),
            tolerance=(self.tolerance, ""),
        )  # fmt: skip


@checked
def reusable_holdout(
    rows: int, *, n_queries: int = 1000, n_answers: int = 20, threshold: float | None = None,
    noise: float | None = None, confidence: float = 0.95, seed: int = 0,
) -> ReusableHoldout:  # fmt: skip
    """Held-out rows that can be queried for means of quantities between 0 and 1, one after the other (Thresholdout).

    Let a be the training value and h the held-out mean. Where |a - h| <= threshold + shift + jitter the answer is a,
    else h + noise, rounded. All that comes back is which queries overfit (at most `n_answers`) and a rounded
    number for each, so N = sum_b C(n_queries - 1, b) A^b lists of answers are possible, A the values a rounded mean
    can take, and every held-out mean is within sqrt(ln(2 n_queries N / (1 - confidence)) / (2 n)) of the truth,
    whatever was queried.

    Args:
        rows: n, held out; nothing else may have seen them.
        n_queries: that may be made.
        n_answers: answers that may come from the held-out rows; the next query is then refused.
        threshold: up to which disagreement the training value stands; default 4 / sqrt(n).
        noise: scale of the Laplace noise on held-out answers, four times that on comparisons; default
            1 / (4 sqrt(n)). It hides more of the rows than the bound counts; 0 for none.
        confidence: between 0 and 1, for all answers at once.
        seed: of the noise, which is fixed before the first query.

    Returns:
        ReusableHoldout, with `query(training_value, held_out_values)` and the guarantee as `tolerance`.

    Raises:
        InputError: no rows, queries or answers, a negative threshold or noise, a confidence outside (0, 1).

    Cost: O(n_queries).   Not for: a few hundred rows: the guarantee starts to say something at some 10,000, though the
    answers mislead far less than plain held-out means long before (docs/what-may-i-claim.md).
    Source: dwork2015; freedman1983 (the trap it is tested on).

    >>> round(reusable_holdout(20_000, n_queries=100, n_answers=5).tolerance, 2)
    0.1
    """
    require_share(confidence, "confidence")
    if not (rows > 0 and n_queries > 0 and n_answers > 0):
        raise InputError(
            "a reusable holdout needs rows, queries and answers",
            where="rows, n_queries or n_answers",
            got=f"rows={rows}, n_queries={n_queries}, n_answers={n_answers}",
            fix="for example reusable_holdout(10_000, n_queries=500, n_answers=10)",
        )
    if threshold is not None:
        require_share(threshold, "threshold", low_open=False, high_open=False)
    limit = 4.0 / math.sqrt(rows) if threshold is None else threshold
    scale = 0.25 / math.sqrt(rows) if noise is None else noise
    if not 0.0 <= scale < math.inf:
        raise InputError(
            "a noise is not negative",
            where="noise",
            got=f"noise={noise}",
            fix="leave it out: 1 / (4 sqrt(n)) suits most queries",
        )
    values = math.isqrt(rows) + 1
    draw = generator(seed, "reusable holdout")
    return ReusableHoldout(
        rows, n_queries, n_answers, confidence, limit, 1.0 / (values - 1),
        _sampling_error(rows, n_queries, n_answers, values, confidence),
        draw.laplace(0.0, 2.0 * scale, n_answers + 1), draw.laplace(0.0, 4.0 * scale, n_queries),
        draw.laplace(0.0, scale, n_answers),
    )  # fmt: skip


def _sampling_error(rows: int, n_queries: int, n_answers: int, values: int, confidence: float) -> float:
    """Hoeffding's bound for every query after every list of answers that could have led to it."""
    spent = np.arange(min(n_answers, n_queries - 1) + 1)
    choices = special.gammaln(n_queries) - special.gammaln(spent + 1) - special.gammaln(n_queries - spent)
    lists = float(special.logsumexp(choices + spent * math.log(values)))
    return math.sqrt((math.log(2.0 * n_queries / (1.0 - confidence)) + lists) / (2.0 * rows))
