"""One column in few numbers."""

import numpy as np
import pandas as pd
import pytest

from samplewise.data.columns import Column
from samplewise.quality.column_summary import (
    category_summary,
    cell_text,
    histogram,
    number_summary,
    rounded,
    summary_of,
)

DRAW = np.random.default_rng(0)


def summary(values, kind):
    return summary_of(pd.Series(values), Column("c", kind), np.arange(len(values)))


def test_numbers_have_quartiles_and_a_histogram_that_counts_every_value():
    values = DRAW.normal(size=500)
    found = number_summary(np.concatenate([values, [np.nan, np.inf]]))
    assert found["distinct"] == 500
    assert found["numbers"]["median"] == pytest.approx(np.median(values), abs=1e-4)
    assert found["numbers"]["quarter"] == pytest.approx(np.quantile(values, 0.25), rel=1e-3)
    binned = found["histogram"]
    assert len(binned["counts"]) == 20
    assert sum(binned["counts"]) + binned.get("below", 0) + binned.get("above", 0) == 500


def test_a_few_values_far_out_do_not_flatten_the_others():
    ordered = np.sort(np.concatenate([DRAW.random(990), [1e4] * 5, [-1e4] * 5]))
    binned = histogram(ordered)
    assert binned["high"] <= 1.0
    assert binned["below"] >= 5
    assert binned["above"] >= 5
    assert max(binned["counts"]) < 100
    assert "below" not in histogram(np.sort(DRAW.random(990)))


def test_positive_values_over_more_than_three_decades_have_a_logarithmic_axis():
    ordered = np.sort(10 ** DRAW.uniform(0, 5, 400))
    binned = histogram(ordered)
    assert binned["scale"] == "log"
    assert sum(binned["counts"]) == 400
    assert max(binned["counts"]) < 60  # even in its logarithm
    assert histogram(ordered - 2.0)["scale"] == "linear"
    assert histogram(ordered, logarithmic=False)["scale"] == "linear"


@pytest.mark.parametrize("span", [1, 2, 19, 20, 21, 100, 2018])
def test_bins_of_whole_numbers_hold_the_same_number_of_them(span):
    values = np.repeat(np.arange(1, span + 1.0), 3)
    binned = histogram(values)
    assert len(binned["counts"]) <= 20
    assert binned["counts"][0] == 3 * binned["step"]
    assert sum(binned["counts"]) + binned.get("below", 0) + binned.get("above", 0) == len(values)
    assert binned["low"] == 1


def test_few_whole_numbers_have_a_bin_each_however_rare():
    assert histogram(np.sort(np.repeat([1.0, 3.0, 5.0], [1, 500, 499])))["counts"] == [1, 0, 500, 0, 499]


def test_no_number_at_all():
    assert number_summary(np.full(3, np.nan)) == {"distinct": 0}
    assert histogram(np.array([7.0]))["counts"] == [1]


def test_categories_are_the_ten_most_frequent_and_the_rest():
    found = category_summary({f"c{place:02d}": 20 - place for place in range(15)})
    assert found["values"][0] == ["c00", 20]
    assert len(found["values"]) == 10
    assert found["others"] == [5, 10 + 9 + 8 + 7 + 6]
    assert category_summary({"b": 1, "a": 1})["values"] == [["a", 1], ["b", 1]]  # ties by name, not by place


def test_missing_values_are_a_share_of_the_rows_and_no_category():
    found = summary(["a", None, "b", "a"], "category")
    assert found["missing"] == 0.25
    assert found["values"] == [["a", 2], ["b", 1]]
    assert summary([True, False, True], "boolean")["values"] == [["True", 2], ["False", 1]]
    assert summary([7.0, 7.0, np.nan], "constant")["values"] == [["7", 2]]
    assert summary(["u1", "u2", "u3"], "id")["distinct"] == 3
    assert set(summary([["x"], None], "nested")) == {"name", "kind", "role", "missing"}


@pytest.mark.parametrize(
    "dates",
    [
        pd.date_range("2020-01-01", "2023-12-31", 50),
        pd.date_range("2020-01-01", "2023-12-31", 50, tz="Asia/Tokyo").tz_convert("UTC"),
        pd.period_range("2020-01", "2023-12", freq="M").to_series().reset_index(drop=True),
        pd.date_range("2020-01-01", "2023-12-31", 50).strftime("%d.%m.%Y"),
        pd.date_range("2020-01-01", "2023-12-31", 50).strftime("%Y%m%d").astype(int),
    ],
    ids=["dates", "zone", "periods", "text", "digits"],
)
def test_dates_have_a_histogram_over_time_in_any_form(dates):
    found = summary(dates, "date")
    assert found["dates"]["first"][:10] in ("2020-01-01", "2019-12-31")
    assert found["dates"]["last"][:7] == "2023-12"
    assert found["histogram"]["scale"] == "time"
    assert sum(found["histogram"]["counts"]) == len(dates)


def test_dates_that_cannot_be_read_are_counted_only():
    assert summary(["1/2/2020", "3/4/2021"], "date") == {
        "name": "c", "kind": "date", "role": "feature", "missing": 0, "distinct": 2,
    }  # fmt: skip  # day or month first?


def test_texts_have_lengths_and_examples_in_the_given_order():
    texts = ["one " * place for place in range(1, 60)]
    found = summary_of(pd.Series([None, *texts]), Column("t", "text"), np.arange(60)[::-1])
    assert found["lengths"]["low"] == 4
    assert found["lengths"]["high"] == 4 * 59
    assert len(found["examples"]) == 3
    assert all(len(text) <= 120 for text in found["examples"])
    assert found["examples"][0].startswith("one one")


def test_numbers_are_written_shortly_and_whole_ones_exactly():
    assert rounded(1234567.0) == 1234567
    assert rounded(0.123456789) == 0.12346
    assert cell_text(3.0) == "3"
    assert cell_text(np.nan) == ""
    assert cell_text(-122.366) == "-122.366"
    assert len(cell_text("x" * 500)) <= 60
