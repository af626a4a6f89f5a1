import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.labels import confident_learning


def loop_reference(P, codes):
    """Thresholds, confident classes and calibrated counts as the paper writes them, row by row."""
    n, c = P.shape
    thresholds = [np.mean([P[i, k] for i in range(n) if codes[i] == k]) for k in range(c)]
    confident, counts = [], np.zeros((c, c))
    for i in range(n):
        reached = [k for k in range(c) if P[i, k] >= thresholds[k] - 1e-6]
        confident.append(max(reached, key=lambda k: P[i, k]) if reached else -1)
        if reached:
            counts[codes[i], confident[-1]] += 1
    counts[np.arange(c), np.arange(c)] = np.maximum(1, counts.diagonal())
    return np.array(thresholds), np.array(confident), counts


def random_case(seed, n=300, c=4, spread=1.5):
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, c, n)
    logits = spread * np.eye(c)[truth] + draw.normal(size=(n, c))
    P = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    codes = np.where(draw.random(n) < 0.15, draw.integers(0, c, n), truth)
    return P, codes


@pytest.mark.parametrize("seed", range(3))
def test_counts_equal_the_papers_loop(seed):
    P, codes = random_case(seed)
    found = confident_learning(P, codes)
    thresholds, confident, counts = loop_reference(P, codes)
    np.testing.assert_allclose(found.thresholds, thresholds)
    np.testing.assert_array_equal(found.confident, confident)
    scaled = counts / counts.sum(axis=1, keepdims=True) * np.bincount(codes)[:, None]
    assert np.abs(found.counts - scaled).max() < 1


def test_joint_rows_sum_to_the_share_of_given_labels():
    P, codes = random_case(5)
    found = confident_learning(P, codes)
    np.testing.assert_allclose(found.joint.sum(axis=1), np.bincount(codes) / len(codes))
    np.testing.assert_allclose(found.noise_matrix.sum(axis=0), 1.0)
    np.testing.assert_allclose(found.inverse_noise_matrix.sum(axis=1), 1.0)


def test_perfect_predictions_flag_nothing():
    codes = np.arange(100) % 4
    P = np.full((100, 4), 0.01)
    P[np.arange(100), codes] = 0.97
    found = confident_learning(P, codes)
    assert found.noise_rate == 0.0
    assert not found.flagged().any()


def test_ideal_probabilities_recover_a_known_joint_exactly():
    noise = np.array([[0.8, 0.2, 0.0], [0.0, 0.9, 0.1], [0.3, 0.0, 0.7]])  # P(given | true)
    truth = np.repeat([0, 1, 2], 100)
    codes = np.concatenate([np.repeat([0, 1, 2], (100 * row).astype(int)) for row in noise])
    found = confident_learning(noise[truth], codes)
    np.testing.assert_allclose(found.joint, np.histogram2d(codes, truth, bins=3)[0] / 300, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_order_of_rows_and_classes_does_not_matter(seed):
    P, codes = random_case(seed)
    rows, classes = np.random.default_rng(seed).permutation(len(P)), np.array([2, 0, 3, 1])
    plain = confident_learning(P, codes)
    np.testing.assert_array_equal(confident_learning(P[rows], codes[rows]).flagged(), plain.flagged()[rows])
    renamed = confident_learning(P[:, classes], np.argsort(classes)[codes])
    np.testing.assert_array_equal(
        renamed.confident, np.where(plain.confident < 0, -1, np.argsort(classes)[plain.confident])
    )
    assert np.abs(renamed.counts - plain.counts[np.ix_(classes, classes)]).max() <= 1  # ties of the rounding


def test_a_row_below_its_likeliest_classs_threshold_goes_to_the_class_it_reaches():
    # class 0 has the threshold .9; the last row reaches 1 (.45 >= .40) and 2 (.5 >= .5) and is likeliest 2
    P = np.array([[0.9, 0.05, 0.05], [0.9, 0.05, 0.05], [0.55, 0.4, 0.05], [0.25, 0.25, 0.5], [0.48, 0.45, 0.07]])
    codes = np.array([0, 0, 1, 2, 2])
    P[4] = [0.5, 0.45, 0.05]
    codes[4] = 2
    paper, peer = confident_learning(P, codes), confident_learning(P, codes, compat="cleanlab")
    assert paper.thresholds[0] > P[4, 0]
    assert paper.confident[4] == 1
    assert set(paper.confident) <= {-1, 0, 1, 2}
    assert (P[np.arange(5), paper.confident] >= paper.thresholds[paper.confident] - 1e-6).all()
    assert peer.confident[4] in (0, 1)


@pytest.mark.parametrize("seed", range(3))
def test_cleanlab_agrees_in_its_own_mode(seed):
    peer = pytest.importorskip("cleanlab", reason="cleanlab is installed for benchmarks only")
    P, codes = random_case(seed, n=500)
    found = confident_learning(P, codes, compat="cleanlab")
    joint = peer.count.compute_confident_joint(codes, P)
    np.testing.assert_array_equal(found.counts, joint)
    for by in ("prune_by_noise_rate", "prune_by_class", "both", "confident_learning", "predicted_neq_given"):
        np.testing.assert_array_equal(
            found.flagged(by), peer.filter.find_label_issues(codes, pred_probs=P, filter_by=by), err_msg=by
        )
    scores = peer.rank
    np.testing.assert_allclose(found.self_confidence, scores.get_label_quality_scores(codes, P))
    margin = scores.get_label_quality_scores(codes, P, method="normalized_margin")
    np.testing.assert_allclose(found.normalized_margin, margin)
    entropy = scores.get_label_quality_scores(codes, P, method="confidence_weighted_entropy")
    assert np.corrcoef(np.argsort(np.argsort(found.weighted_entropy)), np.argsort(np.argsort(entropy)))[0, 1] > 0.999


def test_equal_probabilities_say_nothing():
    found = confident_learning(np.full((40, 4), 0.25), np.arange(40) % 4)
    assert not found.flagged().any()


def test_a_class_without_rows_is_never_confident():
    P, codes = random_case(1)
    codes = np.where(codes == 2, 1, codes)
    found = confident_learning(P, codes)
    assert found.thresholds[2] == 2.0
    assert not (found.confident == 2).any()


@pytest.mark.parametrize("by", ["low_self_confidence", "low_normalized_margin"])
def test_low_filters_take_as_many_rows_as_are_confidently_off_the_diagonal(by):
    P, codes = random_case(2)
    found = confident_learning(P, codes)
    assert found.flagged(by).sum() == found.flagged("confident_learning").sum() > 0


def test_unknown_filters_and_modes_are_named():
    P, codes = random_case(0)
    with pytest.raises(InputError, match="prune_by_noise_rate"):
        confident_learning(P, codes).flagged("prune_by_noise")
    with pytest.raises(InputError, match="cleanlab"):
        confident_learning(P, codes, compat="cleanlabs")
