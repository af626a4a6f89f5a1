"""A model that has learned nothing must not seem to have."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.generalization import beats_baseline, discrimination


def test_no_better_than_the_baseline_is_seldom_called_better():
    rng = np.random.default_rng(0)
    p_values = [beats_baseline(rng.random(100), rng.random(100)).p_value for _ in range(400)]
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.03)


def test_a_better_model_is_seen():
    rng = np.random.default_rng(1)
    found = beats_baseline(rng.random(100), rng.random(100) + 0.5)
    assert found.estimate.low > 0
    assert found.p_value < 1e-6


def test_duplicates_count_once():
    rng = np.random.default_rng(2)
    a, b = rng.random(20), rng.random(20) + 0.1
    once = beats_baseline(a, b).p_value
    assert beats_baseline(np.repeat(a, 50), np.repeat(b, 50), np.repeat(np.arange(20), 50)).p_value == pytest.approx(
        once
    )
    assert beats_baseline(np.repeat(a, 50), np.repeat(b, 50)).p_value < once


def test_equal_losses_save_nothing():
    found = beats_baseline(np.ones(5), np.ones(5))
    assert found.estimate.value == 0.0
    assert found.p_value == 1.0


def test_discrimination_of_noise_is_seldom_seen():
    p_values = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        said, codes = rng.random(200), rng.integers(0, 2, 200)
        p_values.append(discrimination(np.column_stack([1 - said, said]), np.eye(2)[codes]).p_value)
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.03)


def test_discrimination_is_the_difference_of_mean_probabilities():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, 500)
    said = np.clip(0.3 + 0.2 * codes + 0.1 * rng.normal(size=500), 0, 1)
    found = discrimination(np.column_stack([1 - said, said]), np.eye(2)[codes])
    assert found.estimate.value == pytest.approx(100 * (said[codes == 1].mean() - said[codes == 0].mean()))
    assert found.estimate.low < 20 < found.estimate.high
    assert found.p_value < 1e-10


def test_a_rare_class_that_is_ranked_right_is_seen():
    rng = np.random.default_rng(0)
    codes = (rng.random(1000) < 0.05).astype(int)
    said = np.clip(0.05 + 0.05 * codes + 0.03 * rng.normal(size=1000), 0, 1)
    assert discrimination(np.column_stack([1 - said, said]), np.eye(2)[codes]).p_value < 1e-4


def test_rows_that_do_not_match_are_refused():
    with pytest.raises(InputError, match="one entry per row") as caught:
        beats_baseline([1.0, 2.0], [1.0])
    assert "equal shape" in caught.value.fix
    with pytest.raises(InputError, match="one entry per row"):
        discrimination(np.ones((3, 2)), np.ones((3, 1)))
