"""Bounds on memorized label information: reference values, brute force, limits."""

import numpy as np
import pytest
from scipy.integrate import quad

from samplewise.core.errors import InputError
from samplewise.labels import channel_information, label_noise_entropy, least_training_errors


def uniform(share, classes):
    return share / (classes - 1) * np.ones((classes, classes)) + (1 - share - share / (classes - 1)) * np.eye(classes)


def to_others(share, classes, others):
    """Noise that goes to the next `others` classes in equal parts."""
    matrix = (1 - share) * np.eye(classes)
    for step in range(1, others + 1):
        matrix += share / others * np.roll(np.eye(classes), step, axis=1)
    return matrix


@pytest.mark.parametrize(
    ("matrix", "memorized", "expected"),
    [
        (uniform(0.8, 10), 0.0, 0.8),
        (to_others(0.4, 10, 1), 0.0, 0.131),
        (to_others(0.4, 10, 2), 0.0, 0.204),
        (to_others(0.4, 4, 2), 0.0, 0.306),
        (uniform(0.8, 10), np.log(2), 0.406),
    ],
)
def test_published_values(matrix, memorized, expected):
    """Of the authors' notebook; one bit is log 2 nats."""
    found = least_training_errors(label_noise_entropy(matrix), memorized, len(matrix))
    assert found == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_with_nothing_memorized_uniform_noise_gives_its_own_rate(share):
    assert least_training_errors(label_noise_entropy(uniform(share, 5)), 0.0, 5) == pytest.approx(share, abs=1e-9)


def test_limits():
    entropy = label_noise_entropy(uniform(0.5, 4))
    assert least_training_errors(entropy, entropy, 4) == 0.0
    assert least_training_errors(np.log(4), 0.0, 4) == pytest.approx(0.75)
    assert least_training_errors(np.log(2) / 2, 0.0, 2) == pytest.approx(0.110, abs=1e-3)
    assert label_noise_entropy(np.eye(3)) == 0.0
    assert label_noise_entropy(to_others(0.5, 2, 1)) == pytest.approx(np.log(2))


def test_the_bound_holds_for_every_deterministic_learner_of_one_label():
    """Three classes, one row: all 27 maps from label to answer, exact information and errors."""
    shares = np.array([0.5, 0.3, 0.2])
    entropy = -np.sum(shares * np.log(shares))
    for code in range(27):
        answers = [(code // 3**label) % 3 for label in range(3)]
        errors = sum(share for label, share in enumerate(shares) if answers[label] != label)
        said = np.bincount(answers, weights=shares, minlength=3)
        information = -sum(p * np.log(p) for p in said if p > 0)
        assert errors >= least_training_errors(entropy, min(information, entropy), 3) - 1e-9


@pytest.mark.parametrize("size", [0.3, 1.0, 3.0])
def test_a_gaussian_channel_carries_no_more_than_is_said(size):
    def density(x):
        return np.mean([np.exp(-0.5 * (x - sign * size) ** 2) for sign in (-1, 1)]) / np.sqrt(2 * np.pi)

    entropy = quad(lambda x: -density(x) * np.log(density(x)), -12, 12)[0]
    exact = entropy - 0.5 * np.log(2 * np.pi * np.e)
    assert exact <= channel_information(size**2, 1.0, 1) + 1e-9 <= channel_information(size**2, 1.0) + 2e-9


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: label_noise_entropy(np.ones((2, 2))), "rows sum to 1"),
        (lambda: least_training_errors(3.0, 0.0, 4), "nats per row"),
        (lambda: least_training_errors(0.5, -0.1, 4), "nats per row"),
        (lambda: channel_information(1.0, 0.0), "noise above 0"),
    ],
)
def test_refusals(call, text):
    with pytest.raises(InputError, match=text):
        call()
