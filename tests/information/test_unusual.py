"""Rows far above the others on the logarithm, and no false alarms."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.core.values import Scores
from samplewise.information.unusual import LEAST_ROWS, unusual_information, unusual_positions


def scores(values):
    return Scores("unique_information", np.asarray(values, dtype=float), np.arange(len(values)), "nats", "rare")


def test_rows_far_above_are_found_most_first():
    values = np.exp(np.random.default_rng(0).normal(size=100) * 0.1)
    values[[7, 40]] = 1e3, 1e5
    assert unusual_information(scores(values)).tolist() == [40, 7]


def test_ids_are_returned_not_positions():
    values = np.r_[np.linspace(0.9, 1.1, 99), 1000.0]
    named = Scores("unique_information", values, np.array([f"row{i}" for i in range(100)]), "nats", "rare")
    assert unusual_information(named).tolist() == ["row99"]
    assert unusual_positions(named).tolist() == [99]


def test_the_border_is_a_number_of_upper_spreads():
    values = np.exp(np.r_[np.linspace(-1, 1, 100), 0.0])
    spread = np.quantile(np.log(values), 0.75) / 0.6745
    values[-1] = np.exp(4.2 * spread)
    assert unusual_information(scores(values)).tolist() == [100]
    assert unusual_information(scores(values), threshold=5.0).tolist() == []


def test_squared_residuals_raise_no_alarm():
    draw = np.random.default_rng(0)
    assert not any(len(unusual_information(scores(np.square(draw.normal(size=2000))))) for _ in range(50))


def test_low_and_unknown_scores_and_few_rows_are_left_alone():
    values = np.r_[np.ones(100), 1e-9, np.nan, 0.0]
    assert unusual_information(scores(values)).tolist() == []
    few = np.r_[np.linspace(0.9, 1.1, LEAST_ROWS - 2), 1e6]
    assert unusual_information(scores(few)).tolist() == []
    with pytest.raises(InputError, match="Scores"):
        unusual_information(values)
