"""A fit costs more the larger it is."""

import pytest

from samplewise.engine.models import KernelHead
from samplewise.engine.models.cost_model import seconds_per_fit


class Fitted:
    closed_form = False


def test_more_rows_columns_and_classes_cost_more():
    base = seconds_per_fit(1000, 10, 2, Fitted())
    assert seconds_per_fit(2000, 10, 2, Fitted()) > base
    assert seconds_per_fit(1000, 20, 2, Fitted()) > base
    assert seconds_per_fit(1000, 10, 2, Fitted()) == seconds_per_fit(1000, 10, 0, Fitted())  # one tree a round
    assert seconds_per_fit(1000, 10, 5, Fitted()) == pytest.approx(0.03 + 5 * (base - 0.03))
    assert seconds_per_fit(1000, 10, 2, KernelHead()) < seconds_per_fit(8000, 10, 2, KernelHead())
