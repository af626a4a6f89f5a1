"""Losses of single rows against their formulas, and refusals of losses that belong to no row."""

import numpy as np
import pytest

from samplewise.core.errors import InputError

torch = pytest.importorskip("torch")

from samplewise.engine.models.torch_loss_functions import (  # noqa: E402 (only where torch is)
    PlainObjective,
    ReplacesGradient,
    require_row_losses,
    row_loss,
    two_columns,
)

OUTPUTS = torch.tensor([[1.0, 0.0, -1.0], [0.0, 2.0, 0.0]], dtype=torch.float64)
LABELS = torch.tensor([0, 2])


def test_cross_entropy_is_minus_the_log_of_the_softmax():
    shares = np.exp(OUTPUTS.numpy())
    shares /= shares.sum(axis=1, keepdims=True)
    for name in ("auto", "cross_entropy"):
        np.testing.assert_allclose(row_loss(name, 3)(OUTPUTS, LABELS), -np.log(shares[[0, 1], [0, 2]]))


def test_squared_error_is_half_the_sum_of_squares_to_the_indicators():
    np.testing.assert_allclose(row_loss("squared_error", 3)(OUTPUTS, LABELS), [0.5 * 1, 0.5 * (4 + 1)])
    numbers = row_loss("auto", 0)(OUTPUTS[:, :1], torch.tensor([3.0, 1.0]))
    np.testing.assert_allclose(numbers, [0.5 * 4, 0.5 * 1])


def test_a_callable_is_taken_as_it_is():
    def own(outputs, labels):
        return outputs[:, 0]

    assert row_loss(own, 3) is own
    objective = PlainObjective(own)
    np.testing.assert_allclose(objective.loss(OUTPUTS, LABELS, None, None), [1.0, 0.0])
    assert list(objective.parameters()) == []
    assert not isinstance(objective, ReplacesGradient)


@pytest.mark.parametrize(("name", "classes"), [("hinge", 3), ("cross_entropy", 0)])
def test_an_unknown_loss_and_one_that_needs_classes_are_refused(name, classes):
    with pytest.raises(InputError, match=r"hinge|needs classes"):
        row_loss(name, classes)


@pytest.mark.parametrize("bad", [torch.tensor(1.0), torch.ones(3), torch.ones(2, 1), 1.0])
def test_a_loss_gives_one_number_per_row(bad):
    assert require_row_losses(torch.ones(2), 2).shape == (2,)
    with pytest.raises(InputError, match="one number per row"):
        require_row_losses(bad, 2)


def test_one_logit_of_two_classes_becomes_two_columns():
    logit = torch.tensor([[2.0], [-1.0]])
    np.testing.assert_allclose(two_columns(logit, 2).softmax(1)[:, 1], torch.sigmoid(logit[:, 0]))
    assert two_columns(logit, 0) is logit
    assert two_columns(OUTPUTS, 3) is OUTPUTS
