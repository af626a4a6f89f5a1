"""Columns of texts that mean numbers, times or truth values."""

import decimal as exact

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data.text_columns import UNCHANGED, converted_columns, require_kinds

ROWS = 40


def converted(values, name="c", **how):
    frame, done = converted_columns(pd.DataFrame({name: values}), **how)
    return frame[name], None if done.get(name) is UNCHANGED else done.get(name)


def test_numbers_as_text_are_numbers_and_the_note_says_so():
    column, done = converted(["1,234.50", "999.00", "3.5", "4.5", "n.d.", "n.d."])
    np.testing.assert_array_equal(column, [1234.5, 999, 3.5, 4.5, np.nan, np.nan])
    assert done.note == "text read as numbers: thousands marks (','); 'n.d.' (2 cells) is missing"
    assert converted(["1.5", None, "3"])[0].isna().sum() == 1


@pytest.mark.parametrize(
    ("true", "false"),
    [("yes", "no"), ("J", "N"), ("True", "false"), ("1", "0"), ("oui", "non"), ("t", "f")],
)
def test_truth_values_of_every_spelling_are_booleans(true, false):
    column, done = converted([true, false, false, true] * 10)
    assert column.dtype == bool
    assert column.tolist()[:4] == [True, False, False, True]
    assert done.note == ""
    column, done = converted([true, f"{false} ", None, true.upper()] * 10)
    assert column.dtype == "boolean"
    assert column.isna().sum() == 10


@pytest.mark.parametrize("values", [["f", "m"] * 20, ["no", "none"] * 20, ["yes", "no", "maybe"] * 10])
def test_other_pairs_of_words_stay_words(values):
    assert converted(values)[1] is None


def test_durations_and_times_are_numbers():
    column, done = converted(pd.to_timedelta([90, 30], unit="s"))
    assert column.tolist() == [90, 30]
    assert "seconds" in done.note
    assert converted(["14:30", "15:00", "9:45"])[0].tolist() == [14.5, 15, 9.75]


def test_mixed_types_are_one_column():
    column, done = converted(pd.Series([1, "2", 3, "4"] * 10, dtype=object))
    assert column.tolist()[:4] == [1, 2, 3, 4]
    assert "mixed types, 20 cells are text" in done.note
    assert converted(pd.Series([exact.Decimal("1.5"), exact.Decimal("2")], dtype=object))[0].tolist() == [1.5, 2]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("zip", ["10115", "20095"] * 20),
        ("c", ["01067", "20095"] * 20),
        ("customer_id", [str(row) for row in range(ROWS)]),
        ("c", pd.Categorical(["1", "2"] * 20)),
        ("c", [[1, 2]] * ROWS),
        ("c", ["a", "b"] * 20),
        ("c", [str(9783161484100 + 13 * row) for row in range(ROWS)]),
    ],
)
def test_codes_and_words_stay_what_they_are(name, values):
    frame = pd.DataFrame({name: values})
    assert converted_columns(frame) == (frame, {}) or converted_columns(frame)[0] is frame


def test_one_column_with_a_decimal_comma_decides_for_those_with_two_readings():
    frame = pd.DataFrame({"price": ["8.442", "812"], "area": ["70,3", "12,9"]})
    read, done = converted_columns(frame)
    assert read["price"].tolist() == [8442, 812]
    assert "`price` reads as 8442 because decimal commas" in done["price"].question
    assert done["area"].question == ""
    assert converted_columns(frame[["price"]])[0]["price"].tolist() == [8.442, 812]
    assert converted_columns(frame, decimal=".")[0]["price"].tolist() == [8.442, 812]


def test_what_the_user_says_is_done():
    words = ["1", "2", *"abcdefgh"]
    column, done = converted(words, kinds={"c": "number"})
    assert column.tolist()[:2] == [1, 2]
    assert column.isna().sum() == 8
    assert "'a' (1 cell)" in done.note
    assert converted(["1", "2"], kinds={"c": "category"})[1] is None
    assert converted(["01", "02"], kinds={"c": "number"})[0].tolist() == [1, 2]
    with pytest.raises(InputError, match="is to be a number is none"):
        converted(["a", "b"], kinds={"c": "number"})


def test_unknown_kinds_and_columns_are_refused():
    with pytest.raises(InputError, match="kind of column"):
        require_kinds({"c": "float"}, ["c"])
    with pytest.raises(InputError, match="column"):
        require_kinds({"d": "number"}, ["c"])


def test_columns_done_before_are_left_alone_and_repeated_rows_do_not_matter():
    frame = pd.DataFrame({"c": ["1,5", "2,5"] * 5}, index=[f"r{row}" for row in range(10)])
    read, done = converted_columns(frame)
    assert list(read.index) == list(frame.index)
    assert converted_columns(frame, done=done) == (frame, {}) or converted_columns(frame, done=done)[1] == {}
    assert converted_columns(frame.iloc[::-1])[0]["c"].tolist() == read["c"].tolist()[::-1]


def test_the_reading_does_not_depend_on_the_row_order():
    cells = [f"{row * 1234.5:,.1f}" for row in range(3000)] + ["x", "y"]
    frame = pd.DataFrame({"c": cells})
    mixing = np.random.default_rng(0).permutation(len(frame))
    one, other = converted_columns(frame), converted_columns(frame.iloc[mixing])
    assert one[1] == other[1]
    np.testing.assert_array_equal(one[0]["c"].to_numpy()[mixing], other[0]["c"].to_numpy())


@pytest.mark.parametrize(("mark", "sign"), [(",", "."), (".", ",")])
def test_many_cells_are_read_as_few_are(mark, sign):
    numbers = np.arange(8000) * 1234.5 - 5e5
    cells = [f"{number:,.1f}".translate(str.maketrans(",.", mark + sign)) for number in numbers]
    column, done = converted(cells)
    np.testing.assert_array_equal(column, numbers)
    np.testing.assert_array_equal(converted(cells[:3000])[0], numbers[:3000])
    assert repr(mark) in done.note
    assert converted([*cells, f"12{mark}5{mark}1"])[0].isna().sum() == 1


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (["small", "large"], "does not name"),
        (["small"], "is a list of the different values"),
        (["small", "small"], "is a list of the different values"),
        ([1, 2], "is a list of the different values"),
        ({"small": 1}, "is a list of the different values"),
    ],
)
def test_orders_that_do_not_fit_are_refused(order, words):
    frame = pd.DataFrame({"size": ["small", "medium", "large"], "x": [1, 2, 3]})
    with pytest.raises(InputError, match=words):
        converted_columns(frame, {"size": order})


def test_a_column_with_an_order_is_not_converted():
    frame = pd.DataFrame({"size": ["1", "2", "3"]})
    read, done = converted_columns(frame, {"size": ["3", "2", "1"]})
    assert read["size"].tolist() == ["1", "2", "3"]
    assert done == {}
