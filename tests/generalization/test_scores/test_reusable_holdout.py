"""Choosing features on pure noise: plain held-out rows are fooled, the reusable ones are not; the guarantee holds."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.generalization import reusable_holdout

ROWS, FEATURES, KEPT = 800, 3000, 101  # odd, so that no vote is tied


def chosen_on_noise(query, seed):
    """Keeps features whose held-out sign agrees with training, votes with them, queries the accuracy."""
    draw = np.random.default_rng(seed)
    agrees = (
        draw.random((3, ROWS, FEATURES)) < 0.5
    )  # whether a feature's sign is the label's: training, held out, fresh
    training = agrees[0].mean(axis=0)
    notes = np.array([query(training[feature], agrees[1, :, feature]) for feature in range(FEATURES)])
    clear = 0.5 / np.sqrt(ROWS)
    both = (np.abs(training - 0.5) > clear) & (np.abs(notes - 0.5) > clear) & ((training > 0.5) == (notes > 0.5))
    best = np.flatnonzero(both)[np.argsort(-np.abs(training - 0.5)[both])[:KEPT]]
    right = ((2 * agrees[:, :, best] - 1.0) @ np.sign(training[best] - 0.5)) > 0
    return right[0].mean(), query(right[0].mean(), right[1]), right[1].mean(), right[2].mean()


def answers_of(holdout):
    return lambda value, values: holdout.query(value, values).value


def test_plain_held_out_rows_are_fooled_and_reusable_ones_are_not():
    for seed in range(3):
        training, plain, _, fresh = chosen_on_noise(lambda value, values: values.mean(), seed)
        assert training > 0.6
        assert plain > 0.6
        holdout = reusable_holdout(ROWS, n_queries=FEATURES + 1, n_answers=300, seed=seed)
        training, answer, _, again = chosen_on_noise(answers_of(holdout), seed)
        assert training > 0.6
        assert abs(answer - 0.5) < 0.06
        assert abs(fresh - 0.5) < 0.06
        assert abs(again - 0.5) < 0.06
        assert holdout.spent < 300


@pytest.mark.parametrize("threshold", [None, 0.0])
def test_the_guarantee_holds_for_all_answers_of_an_adaptive_run(threshold):
    # Truth: 1/2 for every query. The last query is a vote of those that came out high, the worst there can be.
    missed, worst = [], []
    for seed in range(40):
        draw = np.random.default_rng(seed)
        holdout = reusable_holdout(4000, n_queries=60, n_answers=60, threshold=threshold, seed=seed)
        pool = draw.random((59, 4000)) < 0.5
        answers = [holdout.query(0.5, values) for values in pool]
        high = pool[[answer.value >= 0.5 for answer in answers]]
        answers.append(holdout.query(0.5, high.mean(axis=0) > 0.5))
        missed.append(any(not answer.low <= 0.5 <= answer.high for answer in answers))
        worst.append(max(abs(answer.value - 0.5) for answer in answers) / holdout.tolerance)
    assert np.mean(missed) <= 0.05
    assert max(worst) <= 1
    # Where every question is answered from the held-out rows the vote shines, and only the width of the bound is right.
    assert (np.mean(worst) > 0.1) == (threshold == 0.0)


def test_agreement_returns_the_training_value_and_disagreement_costs_budget():
    holdout = reusable_holdout(10_000, n_queries=5, n_answers=2)
    agrees = holdout.query(0.5, np.arange(10_000) % 2)
    assert (agrees.value, holdout.spent) == (0.5, 0)
    assert "agree" in agrees.reason
    differs = holdout.query(0.9, np.arange(10_000) % 2)
    assert differs.value == pytest.approx(0.5, abs=0.03)
    assert (100 * differs.value) == pytest.approx(round(100 * differs.value))  # rounded to 1 / sqrt(n)
    assert holdout.spent == 1
    assert "does not hold" in differs.reason
    assert differs.low < 0.5 < differs.high


def test_without_noise_it_is_exact():
    holdout = reusable_holdout(100, n_queries=5, n_answers=2, threshold=0.1, noise=0.0)
    assert holdout.query(0.55, [1.0] * 50 + [0.0] * 50).value == 0.55
    assert holdout.query(0.75, [1.0] * 50 + [0.0] * 50).value == 0.5


def test_the_same_seed_gives_the_same_answers():
    values = np.random.default_rng(0).random((20, 900)) < 0.5
    notes = [
        [holdout.query(0.7, value).value for value in values]
        for holdout in (reusable_holdout(900, n_queries=20, n_answers=20, seed=seed) for seed in (1, 1, 2))
    ]
    assert notes[0] == notes[1]
    assert notes[0] != notes[2]


def test_more_rows_promise_more_and_more_questions_less():
    def sampling(rows, questions, budget):
        return reusable_holdout(rows, n_queries=questions, n_answers=budget).sampling

    assert sampling(10_000, 100, 5) < sampling(2_000, 100, 5)
    assert sampling(10_000, 100, 5) < sampling(10_000, 1000, 5) < sampling(10_000, 1000, 50)
    # One query, with nothing to adapt to: Hoeffding's bound itself.
    assert sampling(100, 1, 1) == pytest.approx(np.sqrt(np.log(2 / 0.05) / 200))


def asked_twice():
    holdout = reusable_holdout(10, n_queries=1)
    holdout.query(0.5, [0.5] * 10)
    return holdout.query(0.5, [0.5] * 10)


def overspent():
    holdout = reusable_holdout(10, n_answers=1, threshold=0.0, noise=0.0)
    holdout.query(0.0, [1.0] * 10)
    return holdout.query(0.0, [1.0] * 10)


@pytest.mark.parametrize(
    ("call", "where", "fix"),
    [
        (lambda: reusable_holdout(0), "rows", "reusable_holdout(10_000"),
        (lambda: reusable_holdout(10, n_answers=0), "n_answers", "reusable_holdout(10_000"),
        (lambda: reusable_holdout(10, confidence=95), "confidence", "did you mean 0.95?"),
        (lambda: reusable_holdout(10, noise=-1.0), "noise", "leave it out"),
        (lambda: reusable_holdout(10).query(0.5, [0.5] * 9), "held_out_values", "rescale"),
        (lambda: reusable_holdout(2).query(0.5, [0.5, 2.0]), "held_out_values", "rescale"),
        (lambda: reusable_holdout(2).query(0.5, [0.5, np.nan]), "held_out_values", "rescale"),
        (lambda: reusable_holdout(2).query(80, [0.5, 0.5]), "training_value", "did you mean 0.8?"),
        (asked_twice, "n_queries", "fresh held-out rows"),
        (overspent, "n_answers", "fresh held-out rows"),
    ],
)
def test_refusals(call, where, fix):
    with pytest.raises(InputError) as refused:
        call()
    assert where in str(refused.value)
    assert fix in str(refused.value)
