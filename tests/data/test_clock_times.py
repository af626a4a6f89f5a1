"""Times of day and durations."""

import numpy as np
import pytest

from samplewise.data.clock_times import read_times


@pytest.mark.parametrize(
    ("cells", "name", "values"),
    [
        (["14:30", "00:15"], "start", [14.5, 0.25]),
        (["2:00 PM", "12:30 am"], "start", [14, 0.5]),
        (["14:30:36", "1:00:00"], "", [14.51, 1]),
        (["30:00:00", "1:00:30"], "", [108000, 3630]),
        (["75:30", "1:15"], "", [4530, 75]),
        (["3:30", "4:00"], "lap_duration", [210, 240]),
        (["2h 30m", "45m"], "", [9000, 2700]),
        (["1 day 02:00:00", "0 days 00:00:30"], "", [93600, 30]),
        (["PT2H", "PT1H30M"], "", [7200, 5400]),
    ],
)
def test_times_are_numbers(cells, name, values):
    np.testing.assert_allclose(read_times(cells, name).values, values)


def test_words_among_times_are_missing_and_named():
    read = read_times(["8:15", "9:30", "noon", "10:00"])
    assert read.words == ("noon",)
    assert np.isnan(read.values[2])
    assert "times of day" in read.note


@pytest.mark.parametrize(
    "cells", [["a", "b"], ["2:99", "3:77"], ["1", "2"], ["3D", "2H"], ["h", "m"], ["10:30", *"abcdefgh"]]
)
def test_other_cells_are_no_times(cells):
    assert read_times(cells) is None
