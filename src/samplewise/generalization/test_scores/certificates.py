"""What can be promised about ONE model: upper bounds on its error with a confidence, and no assumption on the model.

Each holds for rows drawn independently from one population, and only for a model that these rows did not choose. None
of them is made from numbers per training row: those speak of expectations (see `formal_counterexample`).
"""

import math
from collections.abc import Iterable
from typing import Any

from scipy import special

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, require_finite
from samplewise.core.errors import InputError, name_rows, require_count, require_loss_range, require_share
from samplewise.core.values import Estimate
from samplewise.data.conversions import as_numbers
from samplewise.data.dataset import row_ids
from samplewise.engine.statistics.betting import highest_mean, in_orders
from samplewise.engine.statistics.divergences import kl_inverse
from samplewise.engine.statistics.intervals import highest_rate
from samplewise.generalization.test_scores.error_rates import are_counts

MOST_EXACT = 600.0  # beyond exp(-600) the beta quantile leaves double precision; the Chernoff bound takes over


@checked
def clopper_pearson_bound(errors: float, n: float, confidence: float = 0.95, n_evaluations: int = 1) -> Estimate:
    """Highest error rate (0..1) that so few wrong rows allow; exact for any model and any population.

    The rate at which at most `errors` wrong rows among n have probability (1 - confidence) / n_evaluations.

    Args:
        errors: wrong rows; a fraction where rows were weighted or grouped.
        n: test rows, drawn independently of the model.
        confidence: between 0 and 1; in that share of test sets the bound is not below the truth.
        n_evaluations: models that were scored on these rows, ALL fixed before the first score was seen. The bound then
            holds for every one of them, so also for the best (Bonferroni). Where scores shaped later models:
            `claim_after_evaluations`.

    Returns:
        Estimate "error" in shares of rows (0..1): the rate seen, low 0, high the bound; a larger bound promises less.

    Raises:
        InputError: no rows, more errors than rows, a confidence outside (0, 1), fewer than one evaluation.

    Cost: constant.   Not for: rows that were trained on or that shaped the model.   Source: clopper1934, langford2005.

    >>> print(clopper_pearson_bound(5, 50))
    10 % [0, 19.9] of rows
    """
    require_counts(errors, n, confidence)
    n_evaluations = require_count(n_evaluations, "n_evaluations", 1, "count the models that were scored on these rows")
    return certified(errors, n, confidence, math.log(n_evaluations), "clopper1934")


@checked
def betting_bound(
    losses: Any,  # (n,)
    confidence: float = 0.95,
    *,
    loss_range: tuple[float, float] = (0.0, 1.0),
    ids: Iterable[Any] | None = None,
    seed: int = 0,
) -> Estimate:
    """Highest mean loss that the losses seen allow, in their own unit; they must be bounded, not 0 or 1.

    A mean m is ruled out where a bettor against "the mean is at least m" ends with 1 / (1 - confidence) times the
    stake; a row changes the capital by the factor 1 - bet (loss - m), the bet (at most 0.75 / (1 - m)) being set by the
    rows before it to the size that suits their spread. The capital is averaged over 20 orders of the rows: if the mean
    is m or more, each is expected to end with no more than the stake, and so is their average, so Markov's inequality
    holds for it, and no single order decides. The capital rises with m, so the means not ruled out are an interval;
    where it would end below the mean seen it is extended to it, and a longer interval covers no less. Losses with
    little spread give a much lower bound than Hoeffding's.

    Args:
        losses: (n,) on rows drawn independently of the model.
        confidence: between 0 and 1.
        loss_range: the least and greatest loss there can be, known before; losses are rescaled to it.
        ids: (n,) names of the rows, which fix the orders of the bets so that row order changes nothing; default: the
            positions.
        seed: of these orders; choose it before you see the bound.

    Returns:
        Estimate "loss" in the unit of the losses: the mean seen, low the least possible loss, high the bound, never
        below the mean.

    Raises:
        InputError: no losses, NaN, losses outside `loss_range`, a confidence outside (0, 1).

    Cost: memory of 40 n numbers, about 15 passes over it; ten seconds for a million rows.
    Not for: losses that are 0 or 1 (`clopper_pearson_bound` is lower); unbounded losses.
    Source: waudby-smith2024.

    >>> print(betting_bound([0.1, 0.2, 0.1, 0.3] * 50))
    0.175 [0, 0.195]
    """
    require_share(confidence, "confidence")
    least, greatest = require_loss_range(loss_range)
    values = as_numbers(losses, "losses")
    names = row_ids(ids, len(values))
    _require_losses(values, names, least, greatest)
    scaled = (values - least) / (greatest - least)
    drawn = in_orders(scaled, names, seed)
    mean, bound = float(drawn[0].mean()), highest_mean(drawn, 1.0 - confidence)
    value, high = (least + (greatest - least) * end for end in (mean, bound))
    return Estimate("loss", value, least, high, "", confidence, "waudby-smith2024")


@checked
def pac_bayes_kl_bound(risk: float, n: int, divergence: float, confidence: float = 0.95) -> Estimate:
    """Highest mean loss of a random model, certified by the rows it was trained on, in the unit of the risk (0..1).

    The largest R with kl(risk || R) <= (divergence + ln(2 sqrt(n) / (1 - confidence))) / n.

    Args:
        risk: mean loss, between 0 and 1, on the n rows of models drawn from the posterior.
        n: rows, which may have trained the posterior but not chosen the prior.
        divergence: KL(posterior || prior) in nats, not negative; a prior learned on OTHER rows keeps it small.
        confidence: between 0 and 1; holds for all posteriors at once.

    Returns:
        Estimate "loss": the risk, low 0, high the bound on the mean over the posterior.

    Raises:
        InputError: no rows, a risk outside [0, 1], a negative divergence, a confidence outside (0, 1).

    Cost: constant.   Not for: a single deterministic model: it has no divergence; hold rows out and use
    `clopper_pearson_bound`.
    Source: maurer2004, langford2005.

    >>> print(pac_bayes_kl_bound(0.05, 1000, divergence=20.0))
    0.05 [0, 0.117]
    """
    require_share(confidence, "confidence")
    risk = require_share(risk, "risk", low_open=False, high_open=False)
    if not (n > 0 and divergence >= 0.0):
        raise InputError(
            "a PAC-Bayes bound needs rows, and a divergence of at least 0",
            where="n or divergence",
            got=f"n={n}, divergence={divergence}",
            fix="give the training rows, and KL(posterior || prior) in nats",
        )
    nats = divergence + math.log(2.0 * math.sqrt(n) / (1.0 - confidence))
    return Estimate("loss", float(risk), 0.0, kl_inverse(risk, nats / n), "", confidence, "maurer2004")


@checked
def sample_compression_bound(errors: int, n: int, size: int, confidence: float = 0.95) -> Estimate:
    """Highest error rate (0..1), certified without a test set, for a model that some training rows alone would rebuild.

    `clopper_pearson_bound` on the n - size other rows, its miss divided by the n (n over size) ways to choose them.

    Args:
        errors: wrong rows among the n - size that are not needed to rebuild the model.
        n: training rows.
        size: rows from which the same algorithm makes the same model: support vectors, condensed neighbors.
        confidence: between 0 and 1.

    Returns:
        Estimate "error" in shares of rows (0..1): the rate on the other rows, low 0, high the bound; larger promises
        less.

    Raises:
        InputError: size outside 0..n-1, more errors than other rows, a confidence outside (0, 1).

    Cost: constant.   Not for: models that every row shapes a little (networks, boosting): size is n there.
    Source: langford2005.

    >>> print(sample_compression_bound(0, 1000, size=10))
    0 % [0, 6.24] of rows
    """
    if not 0 <= size < n:
        raise InputError(
            "a compression set holds fewer rows than there are",
            where="size",
            got=f"size={size}, n={n}",
            fix="count the rows that are needed to rebuild the model, such as len(svm.support_)",
        )
    require_counts(errors, n - size, confidence)
    choices = special.gammaln(n + 1) - special.gammaln(size + 1) - special.gammaln(n - size + 1)
    return certified(errors, n - size, confidence, math.log(n) + float(choices), "langford2005")


# ---- what the bounds share ------------------------------------------------------------------------------------------


def certified(errors: float, n: float, confidence: float, log_count: float, source: str, reason: str = "") -> Estimate:
    """The bound (0..1) that holds for exp(log_count) models at once."""
    high = _highest_rate_of_many(errors, n, math.log(1.0 - confidence) - log_count)
    return Estimate("error", errors / n, 0.0, high, "share of rows", confidence, source, reason)


def _highest_rate_of_many(errors: float, n: float, log_miss: float) -> float:
    if log_miss > -MOST_EXACT:
        return highest_rate(errors, n, math.exp(log_miss))
    return kl_inverse(errors / n, -log_miss / n)


def require_counts(errors: float, n: float, confidence: float) -> None:
    """Refuse counts that are no error rate."""
    require_share(confidence, "confidence")
    if not are_counts(errors, n):
        raise InputError(
            "an error rate needs rows and at most as many errors",
            where="errors or n",
            got=f"{errors} errors in {n} rows",
            fix="count the wrong rows among those evaluated, for example clopper_pearson_bound(3, 100)",
        )


def _require_losses(values: Floats, names: Array, least: float, greatest: float) -> None:
    if not len(values) or len(names) != len(values):
        raise InputError(
            "a bound on the mean loss needs losses and one id for each",
            where="losses or ids",
            got=f"{len(values)} losses, {len(names)} ids",
            fix="pass the losses (n,) of test rows, and ids=(n,) or none",
        )
    require_finite(values, names, "the losses", "leave these rows out only if that was decided before seeing them")
    outside = (values < least) | (values > greatest)
    if outside.any():
        raise InputError(
            f"losses lie outside [{least:g}, {greatest:g}]",
            where=name_rows(names[outside].tolist()),
            got=f"losses from {values.min():.4g} to {values.max():.4g}",
            fix="pass loss_range=(least, greatest) as known before the losses were seen",
        )
