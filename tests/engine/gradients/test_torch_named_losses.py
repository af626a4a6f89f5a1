"""Scalars of single rows on tensors against their formulas, and what a user's loss may return."""

import numpy as np
import pytest

from samplewise.core.errors import InputError

torch = pytest.importorskip("torch")

from samplewise.engine.gradients.torch_named_losses import as_labels, checked_values, row_values  # noqa: E402

OUTPUTS = torch.tensor([[1.0, 0.0, -1.0], [0.0, 2.0, 0.5]], dtype=torch.float64)
LABELS = torch.tensor([0, 2])


def test_classes():
    shares = OUTPUTS.softmax(1)[[0, 1], LABELS]
    torch.testing.assert_close(row_values("cross_entropy", OUTPUTS, LABELS), -shares.log())
    torch.testing.assert_close(row_values("margin", OUTPUTS, LABELS), (shares / (1 - shares)).log())


def test_one_logit_of_two_classes():
    logit, labels = OUTPUTS[:, :1], torch.tensor([1, 0])
    sign = torch.tensor([1.0, -1.0], dtype=torch.float64)
    torch.testing.assert_close(row_values("margin", logit, labels), sign * logit[:, 0])
    torch.testing.assert_close(row_values("cross_entropy", logit, labels), -(sign * logit[:, 0]).sigmoid().log())


def test_numbers():
    targets = torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.0, 0.5]], dtype=torch.float64)
    torch.testing.assert_close(row_values("squared_error", OUTPUTS, targets), torch.tensor([2.5, 2.0]).double())
    torch.testing.assert_close(row_values("output", OUTPUTS[:, :1], None), OUTPUTS[:, 0])


def test_a_loss_of_ones_own_gives_one_value_per_row():
    torch.testing.assert_close(row_values(lambda out, y: out[:, :1], OUTPUTS, LABELS), OUTPUTS[:, 0])
    for bad, words in ((1.0, "must return a tensor"), (torch.tensor(1.0), "reduced already"), (OUTPUTS, "one value")):
        with pytest.raises(InputError, match=words):
            checked_values(bad, 2)


def test_labels_take_the_type_their_loss_reads():
    assert as_labels(None, OUTPUTS, "margin") is None
    assert as_labels(np.array([0, 1], np.int8), OUTPUTS, "cross_entropy").dtype == torch.int64
    assert as_labels(np.array([0, 1]), OUTPUTS, "squared_error").dtype == torch.float64
    assert as_labels(np.array([0.5], np.float32), OUTPUTS, lambda out, y: out).dtype == torch.float64
    words = np.array(["a"])
    assert as_labels(words, OUTPUTS, "cross_entropy") is words
