"""A model that knows nothing must not seem to."""

import numpy as np
import pytest

from samplewise.generalization import beats_guessing


def test_no_better_than_guessing_is_seldom_called_better():
    rng = np.random.default_rng(0)
    p_values = [beats_guessing(rng.random(100), rng.random(100))[1] for _ in range(400)]
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.03)


def test_a_better_model_is_seen():
    rng = np.random.default_rng(1)
    saved, p = beats_guessing(rng.random(100), rng.random(100) + 0.5)
    assert saved.low > 0
    assert p < 1e-6


def test_copies_count_once():
    rng = np.random.default_rng(2)
    a, b = rng.random(20), rng.random(20) + 0.1
    once = beats_guessing(a, b)[1]
    assert beats_guessing(np.repeat(a, 50), np.repeat(b, 50), np.repeat(np.arange(20), 50))[1] == pytest.approx(once)
    assert beats_guessing(np.repeat(a, 50), np.repeat(b, 50))[1] < once


def test_equal_losses_save_nothing():
    saved, p = beats_guessing(np.ones(5), np.ones(5))
    assert saved.value == 0.0
    assert p == 1.0
