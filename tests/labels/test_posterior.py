import numpy as np
import pytest
from sklearn.datasets import make_blobs, make_friedman1
from sklearn.metrics import average_precision_score
from sklearn.naive_bayes import GaussianNB

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.refits import prepare
from samplewise.labels import confident_learning
from samplewise.labels.ambiguity import likely_errors
from samplewise.labels.posterior import label_posterior


@pytest.mark.parametrize(("kind", "rate", "least"), [("sym", 0.1, 0.98), ("pair", 0.1, 0.98), ("pair", 0.2, 0.98)])
def test_planted_flips_are_ranked_first(spoilt, kind, rate, least):
    folded, truth = spoilt(kind, rate)
    posterior = label_posterior(folded)
    bad = folded.codes != truth
    assert posterior.beyond_chance
    assert average_precision_score(bad, posterior.wrong) > least
    assert posterior.noise_rate.low <= rate + 0.02
    assert posterior.noise_rate.high >= rate - 0.02
    assert bad[posterior.flagged].mean() > 0.9
    assert posterior.flagged[bad].mean() > 0.9
    assert (posterior.suggested[posterior.flagged] == truth[posterior.flagged]).mean() > 0.9


def test_structured_flips_are_ranked_better_than_by_self_confidence(spoilt):
    folded, truth = spoilt("pair", 0.2)
    P = folded.probabilities(folded.held_out_outputs())
    bad = folded.codes != truth
    plain = average_precision_score(bad, -confident_learning(P, folded.codes).self_confidence)
    assert average_precision_score(bad, label_posterior(folded).wrong) > plain + 0.005


def test_clean_digits_keep_their_labels(digits):
    X, truth = digits
    posterior = label_posterior(prepare((X, truth), "kernel").whole)
    assert posterior.flagged.sum() <= 5
    assert posterior.noise_rate.value < 0.005


def test_overlapping_classes_are_not_called_wrong():
    X, y = make_blobs(1200, n_features=5, centers=3, cluster_std=6.0, random_state=0)
    folded = prepare((X, y), "kernel").whole
    posterior = label_posterior(folded)
    disagree = np.mean(folded.held_out_outputs().argmax(axis=1) != folded.codes)
    assert disagree > 0.15
    assert posterior.flagged.mean() < 0.005
    assert posterior.rounds == 1
    assert np.isnan(posterior.noise_rate.low)
    assert "ambiguity" in posterior.noise_rate.reason


def test_two_classes_that_overlap_among_clear_ones_are_ambiguous_not_wrong():
    for seed in range(3):
        X, y = make_blobs(600, centers=[[0, 0], [1.2, 0], [8, 8], [-8, 8]], random_state=seed)
        folded = prepare((X, y), "kernel").whole
        assert np.mean(folded.held_out_outputs().argmax(axis=1) != y) > 0.1
        assert likely_errors(label_posterior(folded)).mean() < 0.03


def test_probabilities_are_calibrated_on_planted_flips(spoilt):
    wrong, bad = [], []
    for seed in range(3):
        folded, truth = spoilt("sym", 0.2, seed)
        wrong.append(label_posterior(folded).wrong)
        bad.append(folded.codes != truth)
    wrong, bad = np.concatenate(wrong), np.concatenate(bad)
    for low, high, slack in [(0.0, 0.1, 0.02), (0.1, 0.5, 0.25), (0.5, 0.9, 0.25), (0.9, 1.01, 0.04)]:
        inside = (wrong >= low) & (wrong < high)
        assert bad[inside].mean() == pytest.approx(wrong[inside].mean(), abs=slack)


def test_the_posterior_is_a_distribution_and_agrees_with_its_summaries(spoilt):
    folded, _ = spoilt("sym", 0.1)
    found = label_posterior(folded)
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1.0)
    np.testing.assert_allclose(1 - found.posterior[np.arange(len(folded)), folded.codes], found.wrong, atol=1e-6)
    np.testing.assert_array_equal(found.posterior.argmax(axis=1), found.suggested)
    assert set(found.reasons[found.flagged]) & {"the held-out model is confident of another class"}


def test_order_of_rows_does_not_matter(digits):
    X, truth = (values[:500] for values in digits)
    codes = np.where(np.arange(500) % 9 == 0, (truth + 1) % 10, truth)
    order = np.random.default_rng(0).permutation(500)
    plain = label_posterior(prepare(Dataset(X, codes), "kernel").whole)
    moved = label_posterior(prepare(Dataset(X[order], codes[order], ids=order), "kernel").whole)
    np.testing.assert_allclose(moved.wrong, plain.wrong[order], atol=1e-5)
    np.testing.assert_array_equal(moved.suggested, plain.suggested[order])


def test_supplied_predictions_are_round_one_and_the_learner_joins_where_it_is_as_good(spoilt):
    folded, truth = spoilt("pair", 0.2)
    P = folded.probabilities(folded.held_out_outputs())
    joined = label_posterior(folded, probabilities=P)
    assert joined.rounds == 2
    better = np.where(np.eye(10)[truth] > 0, 0.93, 0.07 / 9)  # a far better model than the learner
    better = 0.8 * better + 0.2 * np.roll(better, 1, axis=1)
    alone = label_posterior(folded, probabilities=better)
    assert alone.rounds == 1
    assert average_precision_score(folded.codes != truth, alone.wrong) > 0.999


def test_predictions_alone_on_real_data_flag_little_and_rank_reviewed_errors(shared_data):
    with np.load(shared_data / "label-errors" / "cifar10.npz", allow_pickle=False) as held:
        P, given = held["pred_probs"].astype(np.float64), held["given_labels"].astype(int)
        rows, wrong = held["reviewed_index"], held["votes"][:, 0].astype(int) < 3
    folded = prepare((P, given), "linear").whole
    posterior = label_posterior(folded, probabilities=P, n_rounds=1)
    assert posterior.flagged.mean() < 0.005  # people confirmed 0.5 % wrong; raw disagreement is 7 %
    assert average_precision_score(wrong, posterior.wrong[rows]) > wrong.mean()


def test_rows_no_earlier_fold_predicts_are_unknown(digits):
    X, truth = (values[:400] for values in digits)
    folded = prepare(Dataset(X, truth, time=np.arange(400)), "kernel").whole
    posterior = label_posterior(folded)
    unknown = np.isnan(posterior.wrong)
    assert 0.1 < unknown.mean() < 0.5
    assert (posterior.suggested[unknown] == -1).all()
    assert not posterior.flagged[unknown].any()
    assert set(posterior.reasons[unknown]) == {"no model could be fitted without this row"}


def test_numbers_of_other_rows_are_found():
    X, truth = make_friedman1(800, noise=1.0, random_state=0)
    draw = np.random.default_rng(0)
    planted = draw.choice(800, 80, replace=False)
    labels = truth.copy()
    labels[planted] = draw.permutation(labels[planted])
    folded = prepare((X, labels), "kernel").whole
    posterior = label_posterior(folded)
    far = np.abs(labels - truth) > 6
    assert (posterior.wrong[far] > 0.5).mean() > 0.8
    assert np.abs(posterior.suggested - truth)[far].mean() < 2.5
    with pytest.raises(InputError, match="suggested"):
        posterior.posterior  # noqa: B018  # the property raises
    clean = label_posterior(prepare((X, truth), "kernel").whole)
    assert clean.flagged.sum() <= 2
    assert not likely_errors(clean).sum() > 2


def test_fewer_than_one_round_is_refused(spoilt):
    with pytest.raises(InputError, match="rounds=2"):
        label_posterior(spoilt("sym", 0.1)[0], n_rounds=0)


def test_a_third_round_is_allowed(spoilt):
    folded, truth = spoilt("pair", 0.2)
    third = label_posterior(folded, n_rounds=3)
    assert third.rounds == 3
    assert average_precision_score(folded.codes != truth, third.wrong) > 0.98


def test_the_kernel_head_spares_a_slow_learner_its_first_round(spoilt):
    folded, truth = spoilt("pair", 0.2)
    fitted = []
    slow = prepare(folded.data, GaussianNB(), seed=folded.runner.seed).whole
    slow.runner.on_fit = lambda: fitted.append(1)
    screened = label_posterior(slow)
    assert len(fitted) == 5
    alone = label_posterior(slow, n_rounds=1)
    bad = slow.codes != truth
    assert average_precision_score(bad, screened.wrong) > average_precision_score(bad, alone.wrong) + 0.02
    assert (screened.rounds, alone.rounds) == (2, 1)


def test_a_learner_is_trained_on_all_rows_where_the_head_disputes_none():
    X, y = make_blobs(300, centers=[[0, 0], [9, 9]], random_state=0)
    folded = prepare((X, y), GaussianNB()).whole
    posterior = label_posterior(folded)
    assert posterior.rounds == 1
    np.testing.assert_array_equal(posterior.wrong, label_posterior(folded, n_rounds=1).wrong)


@pytest.mark.parametrize("regression", [False, True])
def test_repeated_rows_are_no_stronger_evidence(regression):
    draw = np.random.default_rng(4)
    X = draw.normal(size=(150, 3))
    y = X[:, 0] + 0.3 * draw.normal(size=150) if regression else (X[:, 0] + draw.normal(size=150) > 0).astype(int)
    y[:8] = draw.permutation(y)[:8] if regression else 1 - y[:8]
    once, twice = prepare((X, y)).whole, prepare((np.tile(X, (3, 1)), np.tile(y, 3))).whole
    alone, repeated = label_posterior(once, n_rounds=1), label_posterior(twice, n_rounds=1)
    assert repeated.likelihood_ratio < 2.0 * max(alone.likelihood_ratio, 2.0)
    np.testing.assert_array_equal(repeated.wrong[:150], repeated.wrong[150:300])
