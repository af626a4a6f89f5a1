import numpy as np
import pytest
from sklearn.datasets import make_blobs

from samplewise.core.errors import InputError
from samplewise.engine.refits import prepare
from samplewise.labels.ambiguity import confusable_pairs, likely_errors
from samplewise.labels.posterior import label_posterior, skill


def two_of_four_overlap(seed, n=1200):
    centers = np.array([[0, 0], [1.2, 0], [8, 8], [-8, 8]], dtype=float)
    return make_blobs(n, centers=centers, cluster_std=1.0, random_state=seed)


def test_the_pair_that_overlaps_is_named_and_no_other():
    posterior = label_posterior(prepare(two_of_four_overlap(0), "kernel").whole)
    pairs = confusable_pairs(posterior)
    assert list(zip(pairs.first, pairs.second, strict=True)) == [(0, 1)]
    assert pairs.low[0] < pairs.rate[0] < pairs.high[0]
    assert pairs.rate[0] == pytest.approx(0.23, abs=0.06)  # of all rows 27 %, before the surest are disputed
    assert pairs.there[0] > 10
    assert pairs.back[0] > 10


def test_flips_one_way_are_errors_not_ambiguity():
    centers = 8.0 * np.eye(4)
    X, truth = make_blobs(1200, centers=centers, cluster_std=1.0, random_state=1)
    given = np.where((truth == 2) & (np.random.default_rng(0).random(1200) < 0.3), 3, truth)
    posterior = label_posterior(prepare((X, given), "kernel").whole)
    assert not len(confusable_pairs(posterior))
    assert (given != truth)[likely_errors(posterior)].mean() > 0.95


def test_classes_that_overlap_alike_name_no_pair():
    named = 0
    for seed in range(10):
        X, y = make_blobs(600, centers=1.5 * np.eye(4), cluster_std=1.0, random_state=seed)
        named += len(confusable_pairs(label_posterior(prepare((X, y), "kernel").whole)))
    assert named <= 1


def test_rows_of_an_ambiguous_pair_are_errors_only_when_nearly_certain():
    X, truth = two_of_four_overlap(2, 3000)
    given = np.where(np.random.default_rng(1).random(3000) < 0.1, np.random.default_rng(2).integers(0, 4, 3000), truth)
    posterior = label_posterior(prepare((X, given), "kernel").whole)
    between = posterior.flagged & np.isin(posterior.codes, (0, 1)) & np.isin(posterior.suggested, (0, 1))
    likely = likely_errors(posterior)
    assert between.any()
    assert (posterior.wrong[between & likely] >= 0.9).all()
    assert likely[posterior.flagged & ~between].all()


def test_two_classes_have_no_pair_to_compare():
    X, y = make_blobs(200, centers=2, random_state=0)
    with pytest.raises(InputError, match="three classes"):
        confusable_pairs(label_posterior(prepare((X, y), "kernel").whole))


def test_skill_is_near_zero_for_random_labels_and_near_one_for_clear_classes():
    draw = np.random.default_rng(0)
    memberships = label_posterior(prepare((draw.normal(size=(400, 3)), draw.integers(0, 2, 400)), "kernel").whole)
    clear = label_posterior(prepare(make_blobs(400, centers=3, cluster_std=0.5, random_state=0), "kernel").whole)
    assert skill(memberships).low < 0.1
    assert skill(clear).low > 0.9
