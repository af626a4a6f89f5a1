"""Labels and numbers as targets of a kernel."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.generalization.trained_networks.row_targets import from_labels, from_numbers, read_targets

IDS = np.arange(6) * 10
THREE = np.array(list("abcabc"))


def test_two_classes_are_signs_and_more_are_indicators_without_their_mean():
    two = from_labels(np.array(list("nyynny")), IDS)
    assert two.values.ravel().tolist() == [-1, 1, 1, -1, -1, 1]
    assert two.classes
    assert two.probabilities
    three = from_labels(THREE, IDS)
    np.testing.assert_allclose(three.values, np.eye(3)[[0, 1, 2, 0, 1, 2]] - 1 / 3)
    coded = from_labels(np.array([0, 3, 3, 0, 0, 3]), IDS, outputs=4)  # columns of the network
    np.testing.assert_allclose(coded.values, np.eye(4)[[0, 3, 3, 0, 0, 3]] - 1 / 4)


def test_numbers_lose_their_mean_and_one_class_says_nothing():
    numbers = from_labels(np.array([0.5, 1.5, 2.5, 3.5, 4.5, 5.25]), IDS)
    assert not numbers.classes
    assert numbers.values.mean() == pytest.approx(0.0)
    assert (from_labels(np.zeros(6, dtype=int), IDS).values == 0).all()


def test_outputs_of_a_teacher_are_taken_as_they_are_in_what_changes_a_softmax():
    logits = np.random.default_rng(0).normal(size=(6, 3))
    found = from_numbers(logits, IDS)
    np.testing.assert_allclose(found.values, logits - logits.mean(axis=1, keepdims=True))
    assert not found.probabilities
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert from_numbers(shares, IDS).probabilities
    pair = from_numbers(logits[:, :2], IDS)
    np.testing.assert_allclose(pair.values[:, 0], logits[:, 1] - logits[:, 0])
    signs = from_numbers(np.array([1.0, -1.0, 1.0, -1.0, 1.0, 1.0]), IDS)
    assert signs.classes
    assert signs.probabilities
    assert (from_numbers(np.full((6, 3), 0.4), IDS).values == 0).all()


def test_the_kind_follows_the_entries():
    assert read_targets(THREE, IDS, None).classes
    assert not read_targets(np.array([0.1, 1, 2, 3, 4, 5]), IDS, None).classes
    assert read_targets(np.eye(3)[[0, 1, 2, 0, 1, 2]], IDS, None).classes
    with pytest.raises(InputError, match=r"(?s)differ in number.*6 targets, 5 rows"):
        read_targets(THREE, IDS[:5], None)


def test_what_is_left_to_learn_is_targets_less_answers():
    signs = from_labels(np.array(list("nyynny")), IDS)
    logits = np.random.default_rng(0).normal(size=(6, 1))
    np.testing.assert_allclose(signs.less(logits).values, signs.values - np.tanh(logits / 2))
    three = from_labels(THREE, IDS)
    wide = np.random.default_rng(0).normal(size=(6, 3))
    shares = np.exp(wide) / np.exp(wide).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(three.less(wide).values, np.eye(3)[[0, 1, 2, 0, 1, 2]] - shares, atol=1e-12)
    with pytest.raises(InputError, match="different numbers of outputs"):
        three.less(logits)


def test_what_is_no_target_is_refused():
    with pytest.raises(InputError, match="numbers"):
        from_numbers(THREE, IDS)
    with pytest.raises(InputError, match="rows id 20"):
        from_numbers(np.array([[1.0], [2], [np.nan], [1], [2], [3]]), IDS)
