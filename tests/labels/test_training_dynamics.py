"""Training dynamics as a room gives them: by id, over runs, with standard errors."""

from functools import partial

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score

from samplewise.core.errors import InputError
from samplewise.core.execution import SerialExecutor
from samplewise.data.dataset import Dataset

pytest.importorskip("torch")

from samplewise import labels
from samplewise.engine.models import KernelHead, TorchLearner, dense_network

LEARNER = TorchLearner(partial(dense_network, widths=(64,)), epochs=10, batch=32, rate=0.005)
QUANTITIES = ("margin", "confidence", "variability", "correctness", "forgetting", "first_learned", "mean_loss")
quick = partial(labels.training_dynamics, learner=LEARNER, executor=SerialExecutor())


@pytest.fixture(scope="module")
def flipped():
    """(data, struck) of 500 digits, a fifth of the labels wrong."""
    X, truth = load_digits(return_X_y=True)
    struck = np.random.default_rng(0).random(500) < 0.2
    y = np.where(struck, (truth[:500] + np.random.default_rng(1).integers(1, 10, 500)) % 10, truth[:500])
    return Dataset(X[:500], y, ids=[f"digit {i}" for i in range(500)]), struck


@pytest.fixture(scope="module")
def found(flipped):
    return quick(flipped[0], n_runs=2, error_epochs=(2, 5))


def test_wrong_labels_stand_out(flipped, found):
    struck = flipped[1]
    hard = {
        "margin": -found.margin.values,
        "confidence": -found.confidence.values,
        "mean_loss": found.mean_loss.values,
        "early_error@2": found.early_error[2].values,
        "early_error@5": found.early_error[5].values,
    }
    for name, values in hard.items():
        assert roc_auc_score(struck, values) > 0.93, name
    assert roc_auc_score(struck, -found.correctness.values) > 0.85


def test_scores_carry_ids_units_and_spread(flipped, found):
    assert found.margin.top(1, largest=False).keys[0].startswith("digit ")
    for name in QUANTITIES:
        scores = getattr(found, name)
        assert scores.quantity == name
        assert scores.unit
        assert scores.larger_means
        assert scores.keys.tolist() == flipped[0].ids.tolist()
        assert scores.spread.shape == (500,)
    assert list(found.to_frame().columns) == [*QUANTITIES, "early_error@2", "early_error@5"]
    assert found.to_frame().index.name == "id"
    assert quick(flipped[0], n_runs=1).margin.spread is None


def test_default_epoch_of_the_early_error_is_a_fifth(flipped):
    assert list(quick(flipped[0], n_runs=1).early_error) == [2]


def test_row_order_changes_nothing_and_the_seed_does(flipped):
    data = flipped[0]
    order = np.random.default_rng(2).permutation(500)
    plain, moved, other = quick(data, n_runs=1), quick(data.take(order), n_runs=1), quick(data, n_runs=1, seed=1)
    for name in QUANTITIES:
        same = getattr(moved, name).aligned_to(data.ids).values
        np.testing.assert_allclose(same, getattr(plain, name).values, rtol=1e-4, atol=1e-4, err_msg=name)
    assert np.abs(other.margin.values - plain.margin.values).max() > 0.01


def test_more_runs_spread_less(flipped):
    draws = [quick(flipped[0].take(np.arange(150)), n_runs=1, seed=seed).confidence.values for seed in range(16)]
    single = np.std(draws, axis=0, ddof=1).mean()
    means = np.std(np.reshape(draws, (4, 4, -1)).mean(axis=1), axis=0, ddof=1).mean()
    assert means == pytest.approx(single / 2, rel=0.25)


def test_in_batch_counting_sees_the_same_rows_as_hard(flipped, found):
    within = quick(flipped[0], n_runs=2, counted="in_batch")
    assert np.corrcoef(within.margin.values, found.margin.values)[0, 1] > 0.95
    assert np.abs(within.margin.values - found.margin.values).max() > 0.01


REFUSALS = [
    ({"learner": KernelHead()}, "has no such loop", "TorchLearner(make_module)"),
    ({"n_runs": 0}, "n_runs must be a whole number", "n_runs=3"),
    ({"error_epochs": (3, 11)}, "beyond the last", "from 1 to 10"),
    ({"counted": "epoch"}, "counted cannot be 'epoch'", "epoch_end"),
]


@pytest.mark.parametrize(("options", "what", "fix"), REFUSALS)
def test_what_cannot_be_recorded_is_refused(flipped, options, what, fix):
    with pytest.raises(InputError, match=what) as fact:
        quick(flipped[0], **options)
    assert fix in fact.value.fix


def test_data_without_classes_is_refused(flipped):
    X = flipped[0].X
    with pytest.raises(InputError, match="about classes") as fact:
        quick((X, X[:, 20] + np.linspace(0, 0.1, 500)))
    assert "held-out residuals" in fact.value.fix
    with pytest.raises(InputError, match="no labels") as fact:
        quick(Dataset(X))
    assert "pass y" in fact.value.fix
