"""Training dynamics: running sums against whole trajectories, and the identities each quantity obeys."""

import numpy as np
import pytest
from scipy.special import log_softmax

from samplewise.core.errors import InputError
from samplewise.engine.models import DynamicsRecorder


def recorded(trajectory, labels, **options):
    """A recorder fed with outputs (epochs, n, c), in two batches an epoch."""
    recorder = DynamicsRecorder(trajectory.shape[1], **options)
    for epoch, outputs in enumerate(trajectory, start=1):
        for rows in (np.arange(0, len(labels), 2), np.arange(1, len(labels), 2)):
            recorder.update(rows, outputs[rows], labels[rows], epoch)
    return recorder.columns()


@pytest.fixture
def drawn():
    draw = np.random.default_rng(0)
    return draw.normal(size=(9, 40, 4)) * 3, draw.integers(0, 4, 40)


def test_running_sums_equal_the_whole_trajectory(drawn):
    trajectory, labels = drawn
    found = recorded(trajectory, labels, error_epochs=(2, 5))
    own = np.arange(40), labels
    p = np.exp(log_softmax(trajectory, axis=2))
    confidence = p[:, *own]
    others = trajectory.copy()
    others[:, *own] = -np.inf
    right = trajectory.argmax(axis=2) == labels
    expected = {
        "margin": (trajectory[:, *own] - others.max(axis=2)).mean(axis=0),
        "confidence": confidence.mean(axis=0),
        "variability": confidence.std(axis=0),
        "correctness": right.mean(axis=0),
        "forgetting": np.where(right.any(axis=0), (right[:-1] & ~right[1:]).sum(axis=0), 9),
        "first_learned": np.where(right.any(axis=0), right.argmax(axis=0) + 1.0, np.inf),
        "mean_loss": -np.log(confidence).mean(axis=0),
        "error@2": np.linalg.norm(p[1] - np.eye(4)[labels], axis=1),
        "error@5": np.linalg.norm(p[4] - np.eye(4)[labels], axis=1),
    }
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-12, atol=1e-12, err_msg=name)


def test_shifts_of_logits_change_nothing_and_scales_scale_the_margin(drawn):
    trajectory, labels = drawn
    shift = np.random.default_rng(1).normal(size=(9, 40, 1)) * 100
    plain, moved = (recorded(values, labels, error_epochs=(1,)) for values in (trajectory, trajectory + shift))
    for name, values in plain.items():
        np.testing.assert_allclose(moved[name], values, rtol=1e-9, atol=1e-9, err_msg=name)
    np.testing.assert_allclose(recorded(3 * trajectory, labels)["margin"], 3 * plain["margin"], rtol=1e-12)


def test_rows_in_another_order_get_the_same(drawn):
    trajectory, labels = drawn
    order = np.random.default_rng(2).permutation(40)
    plain, moved = recorded(trajectory, labels), recorded(trajectory[:, order], labels[order])
    for name, values in plain.items():
        np.testing.assert_array_equal(moved[name], values[order])


@pytest.mark.parametrize("length", [1, 4, 7])
def test_forgetting_of_an_alternating_row_is_half_its_length(length):
    right, wrong = [[2.0, 0.0], [2.0, 0.0]], [[2.0, 0.0], [0.0, 2.0]]
    trajectory = np.array([right if epoch % 2 == 0 else wrong for epoch in range(length)])
    found = recorded(trajectory, np.array([0, 0]))["forgetting"]
    assert found.tolist() == [0, length // 2]


def test_a_row_never_right_is_forgotten_at_every_evaluation_and_never_learned():
    found = recorded(np.array([[[0.0, 1.0]]] * 5), np.array([0]))
    assert found["forgetting"].tolist() == [5]
    assert np.isposinf(found["first_learned"]).all()


def test_a_tie_is_not_right():
    assert recorded(np.zeros((3, 2, 2)), np.array([0, 1]))["correctness"].tolist() == [0, 0]


def test_early_error_lies_between_zero_and_root_two():
    extreme = np.array([[[800.0, -800.0], [-800.0, 800.0], [0.0, 0.0]]])
    found = recorded(extreme, np.array([0, 0, 0]), error_epochs=(1,))["error@1"]
    np.testing.assert_allclose(found, [0.0, np.sqrt(2), np.sqrt(0.5)])


def test_the_state_can_be_taken_up_again(drawn):
    trajectory, labels = drawn
    whole, first = (DynamicsRecorder(40, error_epochs=(7,)) for _ in range(2))
    for epoch in range(9):
        whole.update(np.arange(40), trajectory[epoch], labels, epoch + 1)
    for epoch in range(4):
        first.update(np.arange(40), trajectory[epoch], labels, epoch + 1)
    second = DynamicsRecorder(40, error_epochs=(7,))
    second.restore(first.state())
    for epoch in range(4, 9):
        second.update(np.arange(40), trajectory[epoch], labels, epoch + 1)
    for name, values in whole.columns().items():
        np.testing.assert_array_equal(second.columns()[name], values)


def test_rows_never_evaluated_are_unknown():
    recorder = DynamicsRecorder(3, error_epochs=(1,))
    recorder.update([1], [[1.0, 0.0]], [0], 1)
    for values in recorder.columns().values():
        assert np.isnan(values).tolist() == [True, False, True]


def test_refusals():
    with pytest.raises(InputError, match="training dynamics are about classes") as fact:
        DynamicsRecorder(2).update([0], [[1.0]], [0], 1)
    assert "at least two columns" in fact.value.fix
    with pytest.raises(InputError, match="way of counting") as fact:
        DynamicsRecorder(2, counted="in_batches")
    assert "did you mean 'in_batch'" in fact.value.fix
