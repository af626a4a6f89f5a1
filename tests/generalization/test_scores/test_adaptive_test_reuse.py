"""Claims after looking hold under the attacks they are made for, and the naive claim does not."""

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from samplewise.core.errors import InputError
from samplewise.generalization import claim_after_evaluations, clopper_pearson_bound, rows_to_claim
from samplewise.generalization.test_scores import adaptive_test_reuse as counting

N, TIMES = 200, 30


def climbing(trials=1500, seed=0):
    """Hill climbing on random labels: a change is kept where the test score gets better. Truth: 50 % wrong."""
    draw = np.random.default_rng(seed)
    best = draw.random((trials, N)) < 0.5  # which rows are wrong
    improvements = np.zeros(trials, dtype=int)
    for _ in range(TIMES - 1):
        changed = draw.random((trials, N)) < 0.1
        tried = np.where(changed, draw.random((trials, N)) < 0.5, best)
        better = tried.sum(axis=1) < best.sum(axis=1)
        best = np.where(better[:, None], tried, best)
        improvements += better
    return best.sum(axis=1), improvements


def test_climbing_breaks_the_plain_bound_and_not_the_one_that_counts_comparisons():
    errors, improvements = climbing()
    claims = [
        claim_after_evaluations(wrong, N, TIMES, improvements=better)
        for wrong, better in zip(errors.tolist(), improvements.tolist(), strict=True)
    ]
    assert np.mean([claim.once.high >= 0.5 for claim in claims]) < 0.9
    assert np.mean([claim.compared.high >= 0.5 for claim in claims]) >= 0.95
    assert np.mean([claim.improved.high >= 0.5 for claim in claims]) >= 0.95
    assert np.mean([claim_after_evaluations(wrong, N, TIMES).compared.high >= 0.5 for wrong in errors.tolist()]) >= 0.95


def test_a_vote_of_what_scored_well_breaks_the_bound_for_fixed_models_and_not_the_one_for_seen_scores():
    draw = np.random.default_rng(1)
    wrong = draw.random((1500, TIMES - 1, N)) < 0.5
    sign = np.sign(N / 2 - wrong.sum(axis=2))[:, :, None]  # a model that scored badly votes with its answers reversed
    final = ((sign * (wrong - 0.5)).sum(axis=1) > 0).sum(axis=1)  # still random, yet good on these rows
    claims = [claim_after_evaluations(errors, N, TIMES) for errors in final.tolist()]
    assert np.mean([claim.once.high >= 0.5 for claim in claims]) < 0.05
    assert np.mean([claim.fixed.high >= 0.5 for claim in claims]) < 0.2
    assert np.mean([claim.seen.high >= 0.5 for claim in claims]) >= 0.95


@pytest.mark.parametrize("n_evaluations", [1, 2, 7])
def test_counts_of_models_are_those_of_the_lists(n_evaluations):
    claim = claim_after_evaluations(3, 50, n_evaluations, answers=5, improvements=n_evaluations // 2)
    expected = {
        "once": 1,
        "fixed": n_evaluations,
        "compared": n_evaluations * math.comb(n_evaluations - 1, n_evaluations // 2),
        "improved": n_evaluations
        * math.comb(n_evaluations - 1, n_evaluations // 2)
        * math.comb(5 + n_evaluations // 2 - 1, n_evaluations // 2),
        "seen": sum(5**before for before in range(n_evaluations)),
    }
    for name, models in expected.items():
        assert getattr(claim, name).high == pytest.approx(
            clopper_pearson_bound(3, 50, n_evaluations=models).high, rel=1e-9
        )


def test_lists_of_improvements_are_all_that_a_leaderboard_of_bests_can_show():
    # Brute force: scores of 4 evaluations among 3 values; what is shown is which beat the best so far, and their scores
    # up to the last but one (the last is that of the chosen model, which it cannot have shaped).
    shown = set()
    for scores in product(range(3), repeat=4):
        bests, places = [scores[0]], [0]
        for number, score in enumerate(scores):
            if score > bests[-1]:
                bests, places = [*bests, score], [*places, number]
        shown.add((tuple(places), tuple(bests[:-1])))
    counted = round(math.exp(counting._lists_of_improvements(4, 3, None)))
    assert len(shown) <= counted
    assert counted == sum(math.comb(3, i) * math.comb(3 + i - 1, i) for i in range(4))


def test_the_account_comes_with_the_number():
    claim = claim_after_evaluations(28, 400, 50, answers=101, improvements=6)
    assert claim.once.high < claim.fixed.high < claim.compared.high < claim.improved.high < claim.seen.high < 1
    assert "no part in any choice" in claim.once.reason
    assert "all 50 models were fixed before" in claim.fixed.reason
    assert "6 did" in claim.compared.reason
    assert "only where it beat the best so far, and 6 did" in claim.improved.reason
    assert "101 values" in claim.seen.reason
    assert (
        claim_after_evaluations(28, 400, 50).seen.high > claim.seen.high
    )  # the whole count shows more than two digits


def test_a_thousand_seen_scores_promise_nothing():
    assert claim_after_evaluations(28, 400, 1000).seen.high > 0.998


@pytest.mark.parametrize(("error", "claim"), [(0.07, 0.10), (0.0, 0.01), (0.20, 0.30)])
def test_rows_to_claim_is_the_first_size_that_will_do(error, claim):
    found = rows_to_claim(error, claim)

    def chance(rows):
        counts = np.arange(rows + 1)
        passed = np.array([clopper_pearson_bound(count, rows).high <= claim for count in counts])
        return stats.binom.pmf(counts, rows, error) @ passed

    assert chance(found) >= 0.8
    assert chance(found - 1) < 0.8


def test_surer_or_nearer_takes_more_rows():
    plain = rows_to_claim(0.07, 0.10)
    assert rows_to_claim(0.07, 0.09) > plain
    assert rows_to_claim(0.07, 0.10, chance=0.95) > plain
    assert rows_to_claim(0.07, 0.10, confidence=0.99) > plain
    assert rows_to_claim(0.07, 0.10, n_evaluations=20) > plain


@pytest.mark.parametrize(
    ("call", "where", "fix"),
    [
        (lambda: claim_after_evaluations(1, 0, 1), "errors or n", "count the wrong rows"),
        (lambda: claim_after_evaluations(1, 10, 0), "n_evaluations", "n_evaluations=50"),
        (lambda: claim_after_evaluations(1, 10, 5, answers=1), "answers", "answers=101"),
        (lambda: claim_after_evaluations(1, 10, 5, improvements=5), "improvements", "improvements=6"),
        (lambda: claim_after_evaluations(1, 10, 5, confidence=0), "confidence", "above 0 and below 1"),
        (lambda: rows_to_claim(0.1, 0.1), "claim", "rows_to_claim(0.07, 0.10)"),
        (lambda: rows_to_claim(7, 10), "error", "did you mean 0.07?"),
        (lambda: rows_to_claim(float("nan"), 0.1), "error", "pass a number as error="),
        (lambda: rows_to_claim(0.07, 0.070001), "claim", "further above the error"),
    ],
)
def test_refusals(call, where, fix):
    with pytest.raises(InputError) as refused:
        call()
    assert where in str(refused.value)
    assert fix in str(refused.value)


def test_losses_of_rows_that_come_in_groups_promise_less():
    losses = np.tile([1.0, 0.0, 0.0, 0.0], 30)
    alone = counting.claim_of_losses(losses, None, 5, 0.95)
    assert alone.fixed.high == claim_after_evaluations(30, 120, 5).fixed.high
    copied = counting.claim_of_losses(np.repeat(losses, 4), np.repeat(np.arange(120), 4), 5, 0.95)
    assert copied.fixed.high == pytest.approx(alone.fixed.high, abs=0.01)
    off = np.random.default_rng(0).exponential(size=200)
    once, often = (counting.mean_error_after_evaluations(off, None, n_evaluations, 0.95) for n_evaluations in (1, 50))
    assert off.mean() < once.high < often.high


def test_a_rate_in_place_of_the_count_of_errors_is_refused():
    with pytest.raises(InputError, match="did you mean 28"):
        claim_after_evaluations(0.07, 400, 50)
    assert claim_after_evaluations(0, 400, 50).once.value == 0.0


def test_a_claim_prints_what_each_of_its_bounds_supposes():
    claim = claim_after_evaluations(28, 400, 50)
    assert "11.8 %  all models were fixed before any score" in str(claim)
    assert claim.to_frame().loc["fixed", "high"] == claim.fixed.high


def test_less_than_one_error_may_be_left_of_rows_in_groups():
    losses = np.zeros(40)
    losses[0] = 1.0
    claim = counting.claim_of_losses(losses, np.arange(40) // 2, 5, 0.95)
    assert claim.once.high < claim.fixed.high < 1.0
