"""Row scalars in closed form: derivatives by finite differences, extreme logits, and the labels they accept."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.gradients.differentiated_losses import OutputSum, checked_labels, values_and_cotangents

IDS = np.arange(6)


def queried(loss, columns):
    draw = np.random.default_rng(0)
    outputs = draw.normal(size=(6, columns))
    labels = draw.normal(size=(6, columns)) if loss == "squared_error" else draw.integers(0, max(2, columns), 6)
    return outputs, labels


@pytest.mark.parametrize(
    ("loss", "columns"),
    [(loss, columns) for loss in ("cross_entropy", "margin", "squared_error") for columns in (1, 2, 4)]
    + [("output", 1)],
)
def test_cotangents_are_derivatives(loss, columns):
    outputs, labels = queried(loss, columns)
    values, slopes = values_and_cotangents(outputs, labels, loss)
    for column in range(columns):
        step = np.eye(columns)[column] * 1e-6
        above, below = (values_and_cotangents(outputs + side * step, labels, loss)[0] for side in (1, -1))
        np.testing.assert_allclose((above - below) / 2e-6, slopes[:, column], atol=1e-8)
    assert values.shape == (6,)


def test_gradients_of_loss_and_margin_are_proportional():
    """Of the cross-entropy: -(1 - p) times those of the margin, exactly."""
    outputs, labels = queried("margin", 4)
    losses, slopes = values_and_cotangents(outputs, labels, "cross_entropy")
    margins, margin_slopes = values_and_cotangents(outputs, labels, "margin")
    np.testing.assert_allclose(slopes, -(1 - np.exp(-losses))[:, np.newaxis] * margin_slopes, atol=1e-14)
    np.testing.assert_allclose(margins, np.log(np.exp(-losses) / (1 - np.exp(-losses))))


@pytest.mark.parametrize("columns", [1, 3])
def test_margins_of_certain_rows_do_not_overflow(columns):
    outputs, labels = np.full((6, columns), -800.0), np.zeros(6, dtype=int)
    outputs[:, 0] = 800.0 if columns > 1 else -800.0
    values, slopes = values_and_cotangents(outputs, labels, "margin")
    assert (values > 790).all()
    assert np.isfinite(slopes).all()
    assert (values_and_cotangents(outputs, labels, "cross_entropy")[0] < 1e-300).all()


def test_both_libraries_agree():
    torch = pytest.importorskip("torch")
    from samplewise.engine.gradients.torch_named_losses import row_values

    for loss in ("cross_entropy", "margin", "squared_error"):
        for columns in (1, 3):
            outputs, labels = queried(loss, columns)
            tensor = torch.tensor(outputs, requires_grad=True)
            values = row_values(loss, tensor, torch.as_tensor(labels))
            wanted, slopes = values_and_cotangents(outputs, labels, loss)
            np.testing.assert_allclose(values.detach(), wanted, atol=1e-14)
            np.testing.assert_allclose(torch.autograd.grad(values.sum(), tensor)[0], slopes, atol=1e-14)


def test_a_sum_of_outputs():
    outputs, _ = queried("margin", 3)
    np.testing.assert_allclose(OutputSum((1.0, 0.0, -2.0))(outputs, None), outputs[:, 0] - 2 * outputs[:, 2])


def test_labels_become_codes_or_targets():
    codes = checked_labels([0.0, 1.0, 1.0, 0.0, 1.0, 0.0], (6, 1), IDS, "cross_entropy")
    assert codes.dtype == np.int64
    np.testing.assert_array_equal(checked_labels([0, 2, 1, 0, 1, 0], (6, 3), IDS, "squared_error")[1], [0, 0, 1])
    assert checked_labels(np.zeros(6), (6, 1), IDS, "squared_error").shape == (6, 1)
    assert np.isnan(checked_labels(None, (6, 1), IDS, "output")).all()


def test_labels_that_are_refused():
    with pytest.raises(InputError, match=r"targets must be numbers[\s\S]*convert"):
        checked_labels(["a"] * 6, (6, 1), IDS, "squared_error")
    with pytest.raises(InputError, match=r"out of range[\s\S]*rows id 5\n[\s\S]*label 2 for a model with 2 classes"):
        checked_labels([0, 1, 0, 1, 0, 2], (6, 1), IDS, "margin")
    with pytest.raises(InputError, match=r"class codes[\s\S]*return_inverse"):
        checked_labels(np.zeros((6, 2)), (6, 2), IDS, "margin")
