"""Ranks, cuts and texts of times."""

import numpy as np

from samplewise.shift.times import cut_indicators, moment_text, ranks


def test_ranks_go_from_0_to_1_and_ties_share_the_middle():
    assert ranks(np.array([5.0, 1.0, 3.0])).tolist() == [1.0, 0.0, 0.5]
    assert ranks(np.array([1.0, 1.0, 1.0])).tolist() == [0.5, 0.5, 0.5]


def test_cuts_lie_between_times_and_leave_enough_on_either_side():
    inside, wheres = cut_indicators(np.arange(120), least=30)
    assert inside.shape == (120, len(wheres))
    assert min(wheres) == 30
    assert max(wheres) == 90
    assert inside[:, 0].tolist() == [0.0] * 30 + [1.0] * 90


def test_times_that_many_rows_share_are_cut_where_the_next_begins():
    assert [int(where) for where in cut_indicators(np.repeat([1, 2, 3], [80, 10, 30]), least=8)[1]] == [2, 3]
    inside, wheres = cut_indicators(np.zeros(50), least=8)
    assert wheres == []
    assert inside.shape == (50, 0)


def test_dates_are_written_as_days():
    assert moment_text(np.datetime64("2013-04-04T12:00", "ns")) == "2013-04-04"
    assert moment_text(3.5) == "3.5"
