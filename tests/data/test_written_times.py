"""Times as people write them sort as they mean."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.data.written_times import as_times

DAY = np.datetime64("2016-06-18T00:00:00")
SPELLINGS = {
    "2016-06-18": "2015-12-01", "6/18/2016": "12/1/2015", "18/6/2016": "1/12/2015", "18-06-16": "01-12-15",
    "18.6.2016": "1.12.2015", "June 18, 2016": "Dec 1st, 2015", "18 Jun 2016": "1 December 2015",
    "2016/06/18": "2015/12/01", "18. Juni 2016": "1. Dez 2015",
}  # fmt: skip


@pytest.mark.parametrize("later", SPELLINGS)
def test_a_day_is_read_in_every_spelling(later):
    read = as_times(np.array([later, SPELLINGS[later]]), "when")
    assert read[0] == DAY
    assert read[1] == np.datetime64("2015-12-01")


@pytest.mark.parametrize(
    "cells",
    [
        ["2012Q1", "2012Q3", "2013Q2"], ["Q4 2011", "Q1 2012", "Q2 2012"], ["Feb 2012", "Oct 2012", "Jan 2013"],
        ["2012 March", "2012 April", "2013 January"], ["2012-02", "2012-11", "2013-01"], ["9", "10", "100"],
        ["1/31/2020 9:05 AM", "1/31/2020 1:30 PM", "2/1/2020 0:10 AM"],
        ["31-12-98", "31-12-99", "31-12-00"], [dt.date(2020, 1, 31), dt.date(2020, 2, 1)],
    ],
)  # fmt: skip
def test_cells_in_order_are_in_order_once_read(cells):
    values = np.array(cells, dtype=object)
    assert np.array_equal(np.argsort(as_times(values[::-1], "when")), np.arange(len(cells))[::-1])


def test_numbers_and_dates_are_as_they_are():
    for values in (np.array([3, 1]), np.array(["2020-01-01"], dtype="M8[D]"), np.array([2.5])):
        assert as_times(values, "when") is values


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        (["2020-01-01", "soon"], "must hold numbers or dates.*column 'when'.*'soon'"),
        (["3/4/2020", "5/6/2020"], "which number is the day and which the month cannot be told.*3/4/2020"),
        (["January", "February"], "must hold numbers or dates"),
        (["31/31/2020", "1/2/2020"], "must hold numbers or dates.*31/31/2020"),
    ],
)
def test_times_that_have_no_order_are_refused(cells, what):
    with pytest.raises(InputError, match=f"(?s){what}"):
        as_times(np.array(cells), "when")


def test_a_data_set_reads_its_times_and_names_the_rows_it_cannot_read():
    data = Dataset([[1.0], [2.0]], time=["12/31/2015", "6/18/2016"])
    assert data.time[0] < data.time[1]
    with pytest.raises(InputError, match="rows id b"):
        Dataset([[1.0], [2.0]], ids=["a", "b"], time=["2020-01-01", "soon"])
    with pytest.raises(InputError, match="missing"):
        Dataset(pd.DataFrame({"x": [1.0, 2.0]}), time=pd.Series(["2020-01-01", None]))
