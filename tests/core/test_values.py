"""Scores, attributions and exhibits: what they return and what they refuse."""

import math

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.core.values import Attribution, Estimate, Exhibit, Scores


def scores(values, spread=None):
    keys = np.array([10, 20, 30])
    return Scores("surprise", np.asarray(values), keys, "nats", "less expected", spread=spread)


def test_top_is_best_first_and_keeps_the_spread():
    top = scores([1.0, 3.0, 2.0], np.array([0.1, 0.3, 0.2])).top(2)
    assert top.keys.tolist() == [20, 30]
    assert top.spread.tolist() == [0.3, 0.2]


def test_top_puts_nan_last_and_can_turn_round():
    assert scores([math.nan, 3.0, 2.0]).top(3).keys.tolist() == [20, 30, 10]
    assert scores([1.0, 3.0, 2.0]).top(1, largest=False).keys.tolist() == [10]


def test_scores_print_from_the_end_they_were_ranked_from():
    assert str(scores([1.0, 3.0, 2.0])).split().index("20") < str(scores([1.0, 3.0, 2.0])).split().index("30")
    lowest = str(scores([1.0, 3.0, 2.0]).top(2, largest=False)).splitlines()
    assert [line.split()[0] for line in lowest[-2:]] == ["10", "30"]


def test_aligned_to_follows_the_ids_and_names_missing_ones():
    assert scores([1.0, 3.0, 2.0]).aligned_to(np.array([30, 10])).values.tolist() == [2.0, 1.0]
    with pytest.raises(InputError, match="rows id 99"):
        scores([1.0, 3.0, 2.0]).aligned_to(np.array([99]))


def test_frame_is_indexed_by_id():
    frame = scores([1.0, 3.0, 2.0]).to_frame()
    assert frame.index.name == "id"
    assert frame.loc[20, "surprise"] == 3.0


def test_scores_refuse_keys_of_another_length():
    with pytest.raises(InputError, match="one key per value"):
        Scores("s", np.zeros(2), np.zeros(3), "nats", "more")


def test_attribution_sums_outputs_and_averages_queries():
    values = np.arange(12.0).reshape(2, 3, 2)
    found = Attribution(values, np.array(["q", "r"]), np.array([1, 2, 3]), "margin")
    assert found.top(1, query="r").keys.tolist() == [3]
    np.testing.assert_allclose(found.aggregate().values, values.sum(axis=2).mean(axis=0))
    with pytest.raises(InputError, match="one row per query"):
        Attribution(values, np.array(["q"]), np.array([1, 2, 3]), "margin")


def test_rows_that_lower_a_query_are_the_other_end():
    one = Attribution(np.array([[0.5, -2.0, 1.0]]), np.array(["q"]), np.array([1, 2, 3]), "log-odds")
    assert one.top(1).keys.tolist() == [3]
    assert one.top(2, largest=False).keys.tolist() == [2, 1]
    assert "least" not in str(one)  # one query has no range


def test_exhibit_refuses_ragged_columns():
    with pytest.raises(InputError, match="differ in length"):
        Exhibit("table", "t", {"a": np.zeros(2), "b": np.zeros(3)})


def test_estimate_reads_as_a_sentence():
    assert str(Estimate("gap", 1.234, 1.0, 1.5, "points")) == "1.23 [1, 1.5] points"
    assert str(Estimate("gap", 1.234, unit="points", reason="one split")) == "1.23 points (no interval: one split)"


def test_thousands_are_written_out():
    assert str(Estimate("error", 81_234.0, 60_291.9, 102_102.3, "kg")) == "81,200 [60,300, 102,000] kg"
    assert str(Estimate("error", 812.3, 60.29, 0.00001, "kg")) == "812 [60.3, 1e-05] kg"
