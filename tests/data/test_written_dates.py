"""Dates as people write them."""

import pytest

from samplewise.data.written_dates import FORMATS, date_formats

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
