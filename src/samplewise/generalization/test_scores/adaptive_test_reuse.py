"""What a test score still promises after many evaluations on the same rows, and how many fresh rows it would take.

A claim that holds for N models at once divides its miss by N. Evaluations make N large only through the scores they
gave: a model can depend on the test rows by nothing else, so there are at most as many models as lists of scores.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import special, stats

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError, require_share
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.values import Estimate, numbers_table
from samplewise.engine.statistics.intervals import quantile
from samplewise.engine.statistics.means import effective_counts
from samplewise.generalization.test_scores.certificates import certified, require_counts
from samplewise.generalization.test_scores.error_rates import absolute_error

TRIED = 256  # sizes at once
MOST_ROWS = 1_000_000
HOLDS_IF = {  # the accounts of `EvaluationsClaim`, as short as a table needs them
    "once": "these rows played no part in a choice",
    "fixed": "all models were fixed before any score",
    "compared": "scores were only compared with the best",
    "improved": "only improvements showed their score",
    "seen": "every score was seen and used",
}


@dataclass(frozen=True, slots=True)
class EvaluationsClaim(Result):
    """The highest error rate (0..1) of the chosen model, under five accounts of how it came to be chosen.

    Each is an `Estimate` whose `high` may be claimed, IF its account is true. The less is known
    of the choice, the larger the bound.

    Source: clopper1934, blum2015, dwork2015.

    >>> claim = claim_after_evaluations(28, 400, n_evaluations=1)
    >>> claim.seen.high == claim.once.high
    True
    """

    once: Estimate  # these rows played no part in any choice
    fixed: Estimate  # all models were fixed before the first score was seen
    compared: Estimate  # of every score no more was used than whether it beat the best so far
    improved: Estimate  # a score was seen only where it beat the best so far, to one of `answers` values
    seen: Estimate  # every score was seen, to one of `answers` values, and used at will

    def _sentences(self) -> Iterable[str]:
        yield f"If these rows played no part in any choice, claim {percent_text(self.once.high)} at most;"
        yield f"if every score was seen and used, {percent_text(self.seen.high)}."
        yield "Claim the high end of the first line that is true of how the model was chosen."

    def _table(self) -> Table:
        bounds = [replace(getattr(self, name), quantity=name) for name in HOLDS_IF]
        table = numbers_table(*bounds)
        texts = {**table.texts, "high": [percent_text(bound.high) for bound in bounds]}
        columns = {**table.columns, "holds_if": list(HOLDS_IF.values())}
        return replace(table, columns=columns, texts=texts, hidden={"value", "low", "unit"})


@checked
def claim_after_evaluations(
    errors: float,
    n: float,
    n_evaluations: int,
    *,
    answers: int | None = None,
    improvements: int | None = None,
    confidence: float = 0.95,
) -> EvaluationsClaim:
    """Highest error rate (0..1) that may be claimed for the best of many models that were scored on the same rows.

    The bound of `clopper_pearson_bound` for N models at once, (1 - confidence) / N. With m evaluations, N = m
    where all were fixed before; m C(m - 1, i) where each score only said better or not, i times better (2^m - 1 where i
    was not counted); that times C(A + i - 1, i) where an improvement also showed one of A scores, as on a leaderboard
    of bests; 1 + A + ... + A^(m - 1) where every evaluation showed one.

    Args:
        errors: wrong rows of the chosen model: the best of those that were scored.
        n: test rows.
        n_evaluations: m, how often any model was scored on them, by whomever.
        answers: A, different scores an evaluation could show: 101 for whole percents; default n + 1, the whole count.
        improvements: i, evaluations after the first that beat the best so far; None: not counted.
        confidence: between 0 and 1, over test sets.

    Returns:
        EvaluationsClaim: five Estimates "error" in shares of rows (0..1); larger promises less, 1 promises nothing.

    Raises:
        InputError: no rows, more errors than rows, a rate in place of the count of errors, fewer than one evaluation,
            more improvements than evaluations could make, fewer than two answers.

    Cost: constant.   Not for: rows that were seen themselves (errors read one by one, labels used in training): no
    bound holds then, only fresh rows help.   Source: clopper1934, blum2015, dwork2015.

    >>> claim = claim_after_evaluations(28, 400, 50, answers=101, improvements=6)
    >>> [round(bound.high, 3) for bound in (claim.once, claim.fixed, claim.compared, claim.improved, claim.seen)]
    [0.095, 0.118, 0.183, 0.245, 0.568]
    """
    require_counts(errors, n, confidence)
    if 0.0 < errors < 1.0:
        raise InputError(
            "errors is the count of wrong rows, and not a rate", where="errors", got=f"errors={errors:g}",
            fix=f"did you mean {round(errors * n)}, {percent_text(errors)} of {n:g} rows?",
        )  # fmt: skip
    return _claim(errors, n, n_evaluations, answers, improvements, confidence)


def _claim(
    errors: float, n: float, n_evaluations: int, answers: int | None, improvements: int | None, confidence: float
) -> EvaluationsClaim:
    """The same for effective counts, of which less than one error may be left."""
    require_counts(errors, n, confidence)
    values = int(n) + 1 if answers is None else answers
    _require_evaluations(n_evaluations, values, improvements)
    counted = "" if improvements is None else f", and {improvements:,} did"
    choices = {
        "once": (0.0, "if these rows played no part in any choice"),
        "fixed": (
            math.log(n_evaluations),
            f"if all {n_evaluations:,} models were fixed before the first score was seen",
        ),
        "compared": (
            _lists_of_comparisons(n_evaluations, improvements),
            f"if of every score no more was used than whether it beat the best so far{counted}",
        ),
        "improved": (
            _lists_of_improvements(n_evaluations, values, improvements),
            f"if a score was seen, to one of {values:,} values, only where it beat the best so far{counted}",
        ),
        "seen": (_lists_of_answers(n_evaluations, values), f"if every score was seen to one of {values:,} values"),
    }
    found = {
        name: certified(errors, n, confidence, log_count, "clopper1934", reason)
        for name, (log_count, reason) in choices.items()
    }
    return EvaluationsClaim(**found)


def claim_of_losses(losses: Floats, groups: Array | None, n_evaluations: int, confidence: float) -> EvaluationsClaim:
    """`claim_after_evaluations` of 0-1 losses (m,); a group counts as one row; scores show counts of errors."""
    errors, rows = effective_counts(losses, groups)
    return _claim(errors, rows, n_evaluations, len(losses) + 1, None, confidence)


def mean_error_after_evaluations(
    losses: Floats, groups: Array | None, n_evaluations: int, confidence: float
) -> Estimate:
    """The highest mean absolute error (m,) on test rows, one-sided, for as many models as were scored on them."""
    return absolute_error(losses, np.zeros(len(losses)), groups, 1.0 - 2.0 * (1.0 - confidence) / n_evaluations)


@checked
def rows_to_claim(
    error: float, claim: float, *, confidence: float = 0.95, chance: float = 0.8, n_evaluations: int = 1
) -> int:
    """How many fresh test rows it takes to certify that a model is wrong on at most a share `claim` of rows.

    The fewest n at which P[clopper_pearson_bound(wrong rows, n) <= claim] >= chance, wrong rows ~ Binomial(n, error).

    Args:
        error: the error rate (0..1) that the model is believed to have.
        claim: the error rate (0..1) that is to be certified; above `error`.
        confidence: of the certificate.
        chance: with which the certificate is to come out, if `error` is right.
        n_evaluations: models, fixed before, that will be scored on these rows.

    Returns:
        rows; more means that the claim is nearer to the truth or surer.

    Raises:
        InputError: not 0 <= error < claim < 1, a chance or confidence outside (0, 1), more than a million rows.

    Cost: some hundred binomial tails.   Not for: rows in groups (multiply by the design effect).   Source: clopper1934.

    >>> rows_to_claim(0.07, 0.10)
    549
    """
    _require_rates(error, claim, confidence, chance, n_evaluations)
    miss = (1.0 - confidence) / n_evaluations
    start = max(1, math.ceil(0.8 * _rows_if_normal(error, claim, miss, chance)) - 100)
    while True:
        rows = np.arange(start, start + TRIED)
        passing = _most_errors(rows, claim, miss)
        enough = np.flatnonzero(stats.binom.cdf(passing, rows, error) >= chance)
        if len(enough):
            return int(rows[enough[0]])
        start += TRIED


def _rows_if_normal(error: float, claim: float, miss: float, chance: float) -> float:
    """Rows it would take if counts were normal: a little off, but near enough to start from."""
    wide, narrow = math.sqrt(claim * (1.0 - claim)), math.sqrt(error * (1.0 - error))
    ends = -wide * quantile(miss) + narrow * quantile(chance)
    rows = (max(0.0, ends) / (claim - error)) ** 2
    if rows > MOST_ROWS:
        raise InputError(
            "such a claim takes more than a million rows",
            where="claim",
            got=f"error={percent_text(error, 'g')}, claim={percent_text(claim, 'g')}",
            fix="claim a rate that is further above the error",
        )
    return rows


def _most_errors(rows: Ints, rate: float, miss: float) -> Floats:
    """(k,) the most errors among `rows` (k,) that still certify `rate`; -1 where none do."""
    at = np.asarray(stats.binom.ppf(miss, rows, rate), dtype=np.float64)
    return np.where(stats.binom.cdf(at, rows, rate) <= miss, at, at - 1.0)


def _lists_of_comparisons(n_evaluations: int, improvements: int | None) -> float:
    """Log of the models that answers "better" or "not" can lead to, the first evaluation having nothing to beat."""
    if improvements is None:
        return _lists_of_answers(n_evaluations, 2)
    # The number of improvements is data too: each of the `n_evaluations` possible ones gets an equal share of the miss.
    return math.log(n_evaluations) + float(_log_choose(n_evaluations - 1, improvements))


def _lists_of_improvements(n_evaluations: int, values: int, improvements: int | None) -> float:
    """The same where each improvement also shows a score: a rising list of as many values as there were before it."""
    if improvements is not None:
        return _lists_of_comparisons(n_evaluations, improvements) + float(
            _log_choose(values + improvements - 1, improvements)
        )
    every = np.arange(n_evaluations)
    return float(special.logsumexp(_log_choose(n_evaluations - 1, every) + _log_choose(values + every - 1, every)))


def _log_choose(n: Any, k: Any) -> Any:
    """Log of n over k, for numbers or arrays."""
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)


def _lists_of_answers(n_evaluations: int, values: int) -> float:
    """Log of 1 + A + ... + A^(m - 1): the model of every evaluation, for every list of answers before it."""
    longest = n_evaluations * math.log(values)
    return longest + math.log1p(-math.exp(-longest)) - math.log(values - 1)


def _require_evaluations(n_evaluations: int, answers: int, improvements: int | None) -> None:
    if n_evaluations < 1 or answers < 2 or not 0 <= (improvements or 0) < n_evaluations:
        raise InputError(
            "evaluations count from one, have two possible scores or more, and improve less often than they are made",
            where="n_evaluations, answers or improvements",
            got=f"n_evaluations={n_evaluations}, answers={answers}, improvements={improvements}",
            fix="for 50 scores in whole percent that 6 times got better: n_evaluations=50, answers=101, improvements=6",
        )


def _require_rates(error: float, claim: float, confidence: float, chance: float, n_evaluations: int) -> None:
    require_share(error, "error", low_open=False)
    for name, share in (("claim", claim), ("confidence", confidence), ("chance", chance)):
        require_share(share, name)
    if not (error < claim and n_evaluations >= 1):
        raise InputError(
            "a claim lies above the error that is believed, and is made after at least one evaluation",
            where="error, claim or n_evaluations",
            got=f"error={error}, claim={claim}, n_evaluations={n_evaluations}",
            fix="to certify 10 % for a model that errs by about 7 %: rows_to_claim(0.07, 0.10)",
        )
