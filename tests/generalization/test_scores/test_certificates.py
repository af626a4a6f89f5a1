"""Certificates hold as often as they say: summed over binomial probabilities where that is possible, else simulated."""

import numpy as np
import pytest
from scipy import stats

from samplewise.core.errors import InputError
from samplewise.core.randomness import hashed_order
from samplewise.engine.statistics.betting import ORDERS
from samplewise.generalization import (
    betting_bound,
    clopper_pearson,
    clopper_pearson_bound,
    pac_bayes_kl_bound,
    sample_compression_bound,
)

PUBLISHED = [(0, 50, 0.058), (5, 50, 0.199), (10, 100, 0.164), (50, 500, 0.125), (200, 2000, 0.112)]


@pytest.mark.parametrize(("errors", "n", "bound"), PUBLISHED)
def test_known_values(errors, n, bound):
    found = clopper_pearson_bound(errors, n)
    assert found.high == pytest.approx(bound, abs=5e-4)
    assert (found.value, found.low) == (errors / n, 0.0)
    assert stats.binom.cdf(errors, n, found.high) == pytest.approx(0.05)


def test_without_errors_it_is_the_rule_of_three_and_with_all_wrong_it_is_one():
    assert clopper_pearson_bound(0, 200).high == pytest.approx(1 - 0.05 ** (1 / 200))
    assert clopper_pearson_bound(200, 200).high == 1


def test_it_is_the_upper_end_of_the_two_sided_interval_at_half_the_miss():
    assert clopper_pearson_bound(7, 90, confidence=0.975).high == pytest.approx(clopper_pearson(7, 90).high)


def coverage(n, rate, **options):
    """The exact chance that the bound is not below the true rate."""
    held = [clopper_pearson_bound(errors, n, **options).high >= rate for errors in range(n + 1)]
    return float(stats.binom.pmf(np.arange(n + 1), n, rate) @ held)


@pytest.mark.parametrize("n", [20, 100, 400])
def test_coverage_is_never_below_and_on_average_close(n):
    rates = np.linspace(0.01, 0.6, 60)
    found = np.array([coverage(n, rate) for rate in rates])
    assert found.min() >= 0.95
    enough = found[n * rates >= 5]
    assert enough.mean() < 0.971
    assert enough.max() < 0.99  # a count is a step: between two steps the bound promises less than it keeps


def test_two_sided_coverage_is_never_below_and_within_two_hundredths_on_average():
    for n in (50, 400):
        ends = [clopper_pearson(errors, n) for errors in range(n + 1)]
        low, high = (np.array([getattr(end, side) for end in ends]) for side in ("low", "high"))
        rates = np.linspace(5 / n, 0.5, 80)[:, None]
        found = (stats.binom.pmf(np.arange(n + 1), n, rates) * ((low <= rates) & (rates <= high))).sum(axis=1)
        assert found.min() >= 0.95
        assert np.mean(found) < 0.97
        assert found.max() < 0.985


def test_the_best_of_twenty_fixed_models_keeps_its_promise():
    draw = np.random.default_rng(0)
    errors = draw.binomial(200, 0.1, size=(20_000, 20)).min(axis=1)  # twenty models, all truly 10 % wrong
    once = np.array([clopper_pearson_bound(count, 200).high for count in range(60)])[errors]
    fixed = np.array([clopper_pearson_bound(count, 200, n_evaluations=20).high for count in range(60)])[errors]
    assert np.mean(once >= 0.1) < 0.6
    assert np.mean(fixed >= 0.1) >= 0.95


def test_a_thousand_decades_of_evaluations_stay_finite():
    bound = clopper_pearson_bound.__wrapped__  # without the check that a count fits into 64 bits
    far = bound(28, 400, n_evaluations=10**300).high
    assert bound(28, 400, n_evaluations=10**200).high < far < 1
    nearly = bound(28, 400, n_evaluations=10**256).high  # the exact quantile ends here
    beyond = bound(28, 400, n_evaluations=10**261).high  # and the Chernoff bound goes on, never lower
    assert nearly < beyond < nearly + 0.015


@pytest.mark.parametrize(
    "law",
    [
        lambda draw, size: draw.beta(2, 8, size),
        lambda draw, size: draw.beta(0.2, 0.8, size),
        lambda draw, size: (draw.random(size) < 0.2).astype(float),
        lambda draw, size: 0.15 + 0.1 * draw.random(size),
        lambda draw, size: np.where(draw.random(size) < 0.02, 1.0, 0.1837),
    ],
    ids=["spread", "two heaps", "coin", "narrow", "rare"],
)
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_betting_covers(law, confidence):
    draw = np.random.default_rng(1)
    truth = law(draw, 2_000_000).mean()
    for n in (20, 200):
        high = np.array([betting_bound(law(draw, n), confidence, seed=trial).high for trial in range(200)])
        assert np.mean(high >= truth) >= confidence - 2.6 * np.sqrt(confidence * (1 - confidence) / 200)


def test_betting_uses_a_small_spread_where_hoeffding_cannot():
    losses = 0.2 + 0.05 * np.random.default_rng(0).random(500)
    hoeffding = losses.mean() + np.sqrt(np.log(20) / 1000)
    assert betting_bound(losses).high < losses.mean() + 0.3 * (hoeffding - losses.mean())


def test_betting_is_exact_arithmetic_on_a_single_loss():
    # The first bet is sqrt(2 ln 20 / .25) = 4.9, cut at .75 / (1 - m): one loss of 0 multiplies the stake too little.
    assert betting_bound([0.0]).high == 1.0
    assert betting_bound([0.0], confidence=0.4).high == pytest.approx(8 / 17)  # 1 + .75 m / (1 - m) = 1 / .6


def test_betting_belongs_to_rows_not_to_their_order():
    draw = np.random.default_rng(2)
    losses, ids = draw.random(300), np.array([f"r{row}" for row in range(300)])
    order = draw.permutation(300)
    one, other = betting_bound(losses, ids=ids), betting_bound(losses[order], ids=ids[order])
    assert (one.value, one.high) == (other.value, other.high)
    assert betting_bound(losses, seed=1).high != betting_bound(losses, seed=2).high


def test_no_order_of_the_bets_decides():
    # A single order once put the bound at .092 for these losses, whose mean is .167.
    losses = [1.0] * 20 + [0.0] * 100
    high = [betting_bound(losses, seed=seed).high for seed in range(10)]
    assert min(high) > 0.25
    assert max(high) - min(high) < 0.02


@pytest.mark.parametrize("confidence", [0.05, 0.2, 0.5, 0.8, 0.95])
def test_betting_never_rules_out_the_mean_that_was_seen(confidence):
    draw = np.random.default_rng(8)
    for trial in range(100):
        losses = (draw.random(25) < draw.random()).astype(float)
        found = betting_bound(losses, confidence, seed=trial)
        assert found.value == pytest.approx(losses.mean())
        assert found.high >= losses.mean() - 1e-12


def test_betting_promises_less_the_surer_it_is():
    losses = np.random.default_rng(9).beta(1, 5, 80)
    high = [betting_bound(losses, confidence).high for confidence in (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)]
    assert high == sorted(high)
    assert high[0] < high[-1]


def test_betting_is_the_mean_capital_of_its_orders_by_brute_force():
    losses, confidence = np.random.default_rng(10).random(40), 0.9
    orders = [hashed_order(0, np.arange(40), f"bets {order}") for order in range(ORDERS)]

    def capital(mean):
        ends = []
        for order in orders:
            stake, seen = 1.0, []
            for number, loss in enumerate(losses[order]):
                means = [(0.5 + sum(seen[: k + 1])) / (k + 2) for k in range(number)]
                variance = (0.25 + sum((x - m) ** 2 for x, m in zip(seen, means, strict=True))) / (number + 1)
                bet = min(np.sqrt(2 * np.log(1 / (1 - confidence)) / (40 * variance)), 0.75 / (1 - mean))
                stake *= 1 - bet * (loss - mean)
                seen.append(loss)
            ends.append(stake)
        return np.mean(ends)

    high = betting_bound(losses, confidence).high
    assert capital(high - 1e-6) < 1 / (1 - confidence) <= capital(high + 1e-6)


def test_betting_rescales_only_on_request():
    losses = np.random.default_rng(3).random(200)
    stretched = betting_bound(10 * losses - 5, loss_range=(-5, 5))
    assert stretched.high == pytest.approx(10 * betting_bound(losses).high - 5)
    assert stretched.low == -5
    with pytest.raises(InputError, match=r"losses lie outside \[0, 1\]") as refused:
        betting_bound([0.5, 2.0], ids=["a", "b"])
    assert "b" in str(refused.value)
    assert "loss_range=" in str(refused.value)


def test_betting_takes_many_rows():
    losses = np.random.default_rng(4).random(300_000)
    assert losses.mean() < betting_bound(losses).high < losses.mean() + 0.002


def test_pac_bayes_against_brute_force():
    for risk, n, divergence in ((0.0, 100, 0.0), (0.05, 1000, 20.0), (0.3, 200, 5.0), (1.0, 50, 1.0)):
        allowed = (divergence + np.log(2 * np.sqrt(n) / 0.05)) / n
        grid = np.linspace(1e-9, 1 - 1e-9, 400_001)
        parts = np.array([risk, 1 - risk])
        kl = sum(p * np.log(p / q) for p, q in zip(parts, (grid, 1 - grid), strict=True) if p > 0)
        brute = grid[(kl <= allowed) & (grid >= risk)].max(initial=risk)
        assert pac_bayes_kl_bound(risk, n, divergence).high == pytest.approx(brute, abs=5e-6)


def test_pac_bayes_covers_a_posterior_that_follows_the_data():
    # Prior: 50 models alike; posterior: all weight on the one that errs least on the training rows. KL = ln 50.
    errors = np.random.default_rng(5).binomial(300, 0.2, size=(5_000, 50)).min(axis=1)
    high = np.array([pac_bayes_kl_bound(count / 300, 300, np.log(50)).high for count in range(100)])[errors]
    assert np.mean(high >= 0.2) >= 0.95


def test_sample_compression_on_threshold_models_without_a_test_set():
    # One class up to a threshold, the other beyond: the largest row of the first class alone rebuilds the model.
    draw = np.random.default_rng(6)
    x = draw.random((2_000, 100))
    learned = np.where(x <= 0.5, x, 0.0).max(axis=1)  # no training errors; true error: what lies between it and .5
    truth = 0.5 - learned
    bound = sample_compression_bound(0, 100, size=1).high
    assert np.mean(truth <= bound) >= 0.95
    assert bound == pytest.approx(1 - (0.05 / (100 * 100)) ** (1 / 99))


def test_nothing_compressed_pays_only_for_the_choice_of_size():
    assert sample_compression_bound(3, 80, size=0).high == pytest.approx(
        clopper_pearson_bound(3, 80, n_evaluations=80).high
    )


@pytest.mark.parametrize(
    ("call", "where", "fix"),
    [
        (lambda: clopper_pearson_bound(0, 0), "errors or n", "count the wrong rows"),
        (lambda: clopper_pearson_bound(4, 3), "errors or n", "count the wrong rows"),
        (lambda: clopper_pearson_bound(float("nan"), 3), "errors", "pass a number as errors="),
        (lambda: clopper_pearson_bound(1, 3, confidence=1.0), "confidence", "above 0 and below 1"),
        (lambda: clopper_pearson_bound(1, 3, n_evaluations=0), "n_evaluations", "use n_evaluations=1"),
        (lambda: betting_bound([]), "losses", "losses (n,) of test rows"),
        (lambda: betting_bound([0.5, np.nan], ids=["a", "b"]), "b", "leave these rows out"),
        (lambda: betting_bound([0.5], loss_range=(1, 1)), "loss_range", "least and greatest"),
        (lambda: betting_bound([0.5], confidence=95), "confidence", "did you mean 0.95?"),
        (lambda: pac_bayes_kl_bound(0.1, 0, 1.0), "n or divergence", "KL(posterior || prior)"),
        (lambda: pac_bayes_kl_bound(0.1, 10, -1.0), "n or divergence", "KL(posterior || prior)"),
        (lambda: pac_bayes_kl_bound(18, 10, 1.0), "risk", "did you mean 0.18?"),
        (lambda: sample_compression_bound(0, 10, size=10), "size", "svm.support_"),
        (lambda: sample_compression_bound(9, 10, size=2), "errors or n", "count the wrong rows"),
    ],
)
def test_refusals(call, where, fix):
    with pytest.raises(InputError) as refused:
        call()
    assert where in str(refused.value)
    assert fix in str(refused.value)
