"""Shares are percent wherever a person reads them, and nothing else is."""

import numpy as np
import pytest

from samplewise.core.rates import in_per_cent, is_share, percent, percent_text, shown
from samplewise.core.values import Estimate


@pytest.mark.parametrize(
    ("unit", "read"),
    [
        ("share", "%"), ("share of labels", "% of labels"), ("error rate", "%"), ("probability", "%"),
        ("rate of row pairs", "% of row pairs"), ("proportion", "%"), ("fraction", "%"),
    ],
)  # fmt: skip
def test_a_share_has_a_unit_in_per_cent(unit, read):
    assert is_share(unit)
    assert in_per_cent(unit) == read
    assert shown(0.25, unit) == (25.0, read)


@pytest.mark.parametrize("unit", ["", "points", "rows", "nats", "error rates", "shares", "times the share"])
def test_any_other_unit_stays(unit):
    assert not is_share(unit)
    assert shown(0.25, unit) == (0.25, unit)


def test_arrays_become_per_cent_at_once():
    np.testing.assert_array_equal(percent(np.array([0.0, 0.5, 1.0])), [0, 50, 100])
    shares = np.array([0.125, np.nan])
    np.testing.assert_array_equal(shown(shares, "share of rows")[0], [12.5, np.nan])
    assert shares[0] == 0.125


def test_a_share_in_a_sentence_has_three_digits_or_the_form_it_is_given():
    assert [percent_text(share) for share in (0, 0.1667, 1, 0.00012345)] == ["0 %", "16.7 %", "100 %", "0.0123 %"]
    assert percent_text(0.1667, ".0f") == "17 %"


def test_a_share_is_written_in_per_cent_and_nothing_else_is():
    assert str(Estimate("error", 0.1667, 0.102, 0.249, "share of rows")) == "16.7 % [10.2, 24.9] of rows"
    assert str(Estimate("error", 0.1667, 0.102, 0.249, "error rate")) == "16.7 % [10.2, 24.9]"
    assert str(Estimate("chance", 0.8, unit="probability", reason="none")) == "80 % (no interval: none)"
    assert str(Estimate("carried", 0.031, unit="share of all information")) == "3.1 % of all information"
    assert str(Estimate("explained", 0.83, 0.8, 0.86, "R²")) == "0.83 [0.8, 0.86] R²"
    assert str(Estimate("gap", 12.5, 10, 15, "points")) == "12.5 [10, 15] points"
