"""Dates as people write them."""

import numpy as np
import pandas as pd
import pytest

from samplewise.data.written_dates import FORMATS, date_formats, times_of

ONE = {
    "year-month-day": "2024-01-31T10:00:00Z", "year/month/day": "2024/01/31", "day.month.year": "31.1.24",
    "n/n/year": "1/31/2024 10:30", "day-month-year": "31-01-2024", "month day, year": "Jan 31st, 2024",
    "day month year": "31 January 2024",
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_known(name):
    assert date_formats([ONE[name]]) == ((name,), 1.0)


def test_formats_are_listed_by_their_cells_and_rare_ones_left_out():
    cells = ["2024-01-31"] * 300 + ["31.01.2024"] * 100 + ["31 Jan 2024"]
    assert date_formats(cells)[0] == ("year-month-day", "day.month.year")


def test_other_cells_are_no_dates():
    assert date_formats(["2024-01", "1.5", "soon", "192.168.1.1"]) == ((), 0.0)


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["2024-01-31", "2023-12-01 10:30"], ["2024-01-31", "2023-12-01"]),
        (["1.2.2024", "3.2.2024"], ["2024-02-01", "2024-02-03"]),  # points: the day first
        (["1/2/2024", "13/2/2024"], ["2024-02-01", "2024-02-13"]),
        (["1/2/2024", "1/13/2024"], ["2024-01-02", "2024-01-13"]),
        (["31 January 2024", "Feb 1st, 2024"], ["2024-01-31", "2024-02-01"]),
        (["2024-01-31", "01.02.2024"], ["2024-01-31", "2024-02-01"]),  # two formats in one column
    ],
)
def test_dates_as_people_write_them_sort(cells, days):
    assert times_of(pd.Series(cells)).astype("M8[D]").astype(str).tolist() == days


def test_a_day_that_may_be_a_month_has_no_order():
    assert times_of(pd.Series(["1/2/2024", "3/2/2024"])) is None


def test_missing_cells_and_words_are_no_time_and_numbers_stay():
    assert np.isnat(times_of(pd.Series(["2024-01-31", None, "soon"]))).tolist() == [False, True, True]
    assert times_of(pd.Series([3, 1])).dtype == np.int64
    assert np.isnan(times_of(pd.Series([3, None], dtype="Int64"))[1])
    assert times_of(pd.Series(pd.period_range("2024-01", periods=2, freq="M"))).dtype.kind == "M"
    assert times_of(pd.Series(pd.date_range("2024-01-01", periods=2, tz="UTC"))).dtype.kind == "M"
