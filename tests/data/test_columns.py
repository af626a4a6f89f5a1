"""What a column is, whether it is learned from, and that the rows' order does not matter."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from samplewise.data.columns import describe_columns
from samplewise.data.conversions import as_features
from samplewise.data.images import Images
from samplewise.data.text_columns import Conversion

ROWS = 40
MIXING = np.argsort(np.sin(np.arange(ROWS)))  # a fixed shuffle
WORDS = ["a long walk", "the red house on a hill", "no rain fell today", "we went to town by bus"]
CASES = {
    "numeric": MIXING % 7 * 1.5,
    "numeric_whole": MIXING * 3,
    "category": ["red", "green", "blue", "red"] * 10,
    "category_typed": pd.Categorical(["u", "v"] * 20),
    "text": [f"{WORDS[row % 4]} {row}" for row in range(ROWS)],
    "date_typed": pd.date_range("2024-01-01", periods=ROWS),
    "date_written": [f"2024-03-{row % 28 + 1:02d}" for row in range(ROWS)],
    "date_local": [f"{row % 28 + 1}.03.2024 10:30" for row in range(ROWS)],
    "date_number": [20240101 + row for row in range(20)] * 2,
    "boolean": [True, False] * 20,
    "boolean_gaps": pd.array([True, False, None, True] * 10, dtype="boolean"),
    "boolean_objects": pd.Series([True, False, None, True] * 10, dtype=object),
    "id_counter": MIXING + 500,
    "id_uuid": [f"{row:08x}-0000-4000-8000-{row:012x}" for row in range(ROWS)],
    "id_token": [f"p{row * 37}" for row in range(ROWS)],
    "constant": [3] * ROWS,
    "constant_empty": [None] * ROWS,
    "nested_json": ['{"a": 1}', "[1, 2]"] * 20,
    "nested_lists": [[1, 2]] * ROWS,
}
EXCLUDED = {"id", "date", "constant", "nested"}


@pytest.mark.parametrize("case", sorted(CASES))
def test_the_kind_is_found_whatever_the_row_order(case):
    frame = pd.DataFrame({"value_date" if case == "date_number" else "value": CASES[case], "other": MIXING % 5 * 0.5})
    column = describe_columns(frame)[0]
    assert column.kind == case.split("_")[0]
    assert (column.role == "excluded") == (column.kind in EXCLUDED)
    assert bool(column.note) == (column.kind in EXCLUDED)
    assert describe_columns(frame.iloc[MIXING].reset_index(drop=True))[0] == column


@pytest.mark.parametrize(
    "name", ["id", "customer_id", "CustomerID", "customerId", "uuid", "Unnamed: 0", "row", "Index"]
)
def test_different_whole_numbers_under_an_id_name_are_ids(name):
    assert describe_columns(pd.DataFrame({name: MIXING * 7, "x": MIXING % 5 * 0.5}))[0].kind == "id"


@pytest.mark.parametrize("name", ["valid", "paid", "humid", "arrow", "income"])
def test_words_that_merely_end_like_an_id_are_not_ids(name):
    assert describe_columns(pd.DataFrame({name: MIXING * 7, "x": MIXING % 5 * 0.5}))[0].kind == "numeric"


def test_repeating_numbers_under_an_id_name_are_numbers():
    assert describe_columns(pd.DataFrame({"store_id": [1, 2] * 20, "x": np.arange(ROWS) % 5}))[0].kind == "numeric"


def test_numbers_mixed_with_words_are_categories_with_the_words_named():
    mixed = ["1", "2", "3", "4.5", "five"] * 8
    column = describe_columns(pd.DataFrame({"m": mixed}), ids=[f"r{row}" for row in range(ROWS)])[0]
    assert column.kind == "category"
    assert "words in rows id r4, r9, r14, r19, r24 (8 in all)" in column.note


def test_codes_of_digits_are_categories_and_many_of_them_are_mentioned():
    texts = [f"{number:03d}" for number in range(200)]
    few, many, ids = describe_columns(pd.DataFrame({"zip": ["08", "09"] * 200, "size": texts * 2, "id": range(400)}))
    assert (few.kind, few.note) == ("category", "")
    assert many.kind == "category"
    assert "codes of digits" in many.note
    assert ids.kind == "id"


def test_numbers_named_like_a_code_are_categories_and_asked_about():
    column = describe_columns(pd.DataFrame({"zip_code": MIXING % 5 + 10115, "x": MIXING % 5 * 0.5}))[0]
    assert (column.kind, column.role) == ("category", "feature")
    assert "columns={'zip_code': 'number'}" in column.question


def test_ids_may_repeat_a_little_under_the_name_of_an_id():
    ids = np.arange(400) * 7
    ids[5] = ids[4]
    frame = pd.DataFrame(
        {"key": ids, "other": ids, "texts": [f"t{value}" for value in ids], "x": np.arange(400) % 7 * 0.5}
    )
    assert [column.kind for column in describe_columns(frame)[:2]] == ["id", "numeric"]
    assert describe_columns(frame.rename(columns={"texts": "text_id"}))[2].kind == "id"
    assert "nearly every value" in describe_columns(frame)[0].note
    assert describe_columns(frame)[2].kind == "category"


def test_running_numbers_with_gaps_are_ids_and_measurements_by_which_a_file_is_sorted_are_not():
    drawn = np.sort(np.random.default_rng(0).permutation(1200)[:400])
    prices = np.cumsum(np.random.default_rng(1).integers(1, 4, 400)) ** 2
    frame = pd.DataFrame({"drawn": drawn, "price": prices, "fraction": drawn + 0.5, "x": np.arange(400) % 7 * 0.5})
    described = describe_columns(frame)
    assert [column.kind for column in described] == ["id", "numeric", "numeric", "numeric"]
    assert "--number" in described[0].question
    mixing = np.random.default_rng(2).permutation(400)
    assert describe_columns(frame.iloc[mixing], mixing) == described


@pytest.mark.parametrize("name", ["year", "Year_built"])
def test_consecutive_years_are_numbers(name):
    assert describe_columns(pd.DataFrame({name: np.arange(1960, 2000), "x": MIXING % 5 * 0.5}))[0].kind == "numeric"


def test_dates_in_several_formats_are_dates_and_said_to_be():
    written = ["2024-01-31", "31.01.2024", "Jan 31, 2024"] * 20
    column = describe_columns(pd.DataFrame({"when": written, "x": np.arange(60) % 7 * 0.5}))[0]
    assert column.kind == "date"
    assert "3 formats" in column.note


def test_a_column_is_what_the_user_says():
    frame = pd.DataFrame({"a": MIXING * 0.5, "b": MIXING, "c": ["u", "v"] * 20, "d": [1] * ROWS, "x": MIXING % 5 * 0.5})
    said = {"a": "category", "b": "number", "c": "text", "d": "category", "x": "id"}
    described = describe_columns(frame, kinds=said)
    assert [column.kind for column in described] == ["category", "numeric", "text", "constant", "id"]
    assert describe_columns(frame, kinds={"c": "date"})[2].role == "excluded"


def test_what_was_done_to_a_column_is_noted():
    column = describe_columns(pd.DataFrame({"a": MIXING * 0.5}), conversions={"a": Conversion("from text", "sure?")})[0]
    assert (column.note, column.question) == ("from text", "sure?")


def test_long_texts_without_spaces_are_texts():
    cells = ["长" * 30 + str(row) for row in range(ROWS)]
    assert describe_columns(pd.DataFrame({"t": cells, "x": MIXING % 5}))[0].kind == "text"


def test_many_categories_are_said_to_be_many():
    values = [f"c{row % 150}" for row in range(600)]
    assert "150 different values in 600 rows" in describe_columns(pd.DataFrame({"c": values}))[0].note


def test_missing_and_different_values_are_counted():
    column = describe_columns(pd.DataFrame({"c": ["a", None, "b", "a"] * 10}))[0]
    assert (column.missing, column.distinct) == (10, 2)
    assert describe_columns(np.array([[1.5, 0], [np.nan, 1.5]]))[0].missing == 1


def test_one_value_or_nothing_is_constant_and_says_so():
    column = describe_columns(pd.DataFrame({"c": ["a", None] * 20, "x": MIXING % 5}))[0]
    assert column.kind == "constant"
    assert "missing (20 rows)" in column.note


def test_where_nothing_else_is_left_counters_and_tokens_stay():
    alone = describe_columns(np.arange(50).reshape(-1, 1))[0]
    assert (alone.kind, alone.role) == ("numeric", "feature")
    texts = describe_columns(as_features(["good", "bad", "ugly"]))[0]
    assert (texts.kind, texts.role) == ("text", "feature")


def test_arrays_and_sparse_matrices_name_columns_by_place():
    array = np.column_stack([MIXING * 0.5, np.ones(ROWS), MIXING])
    assert [(column.name, column.kind) for column in describe_columns(array)] == [
        ("x0", "numeric"),
        ("x1", "constant"),
        ("x2", "id"),
    ]
    sparse = describe_columns(sp.csr_matrix(np.column_stack([MIXING % 2, np.zeros(ROWS), np.ones(ROWS)])))
    assert [column.kind for column in sparse] == ["numeric", "constant", "constant"]


def test_images_have_no_columns():
    assert describe_columns(Images.from_array(np.zeros((2, 3, 3), dtype=np.uint8))) == ()


def test_names_with_markup_are_kept_verbatim():
    assert (
        describe_columns(pd.DataFrame({"<script>alert(1)</script>": [1.5, 2.5]}))[0].name == "<script>alert(1)</script>"
    )


def test_adult_is_understood(shared_data):
    frame = pd.read_csv(shared_data / "groups" / "adult.csv.gz")
    kinds = {column.name: column.kind for column in describe_columns(frame)}
    numbers = {"age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week"}
    assert {name for name, kind in kinds.items() if kind == "numeric"} == numbers
    assert {kind for name, kind in kinds.items() if name not in numbers} == {"category"}


def test_an_ordered_categorical_has_its_order():
    made = pd.Categorical(["b", "a", "c", None], categories=["c", "a", "b"], ordered=True)
    (column,) = describe_columns(pd.DataFrame({"x": made}))
    assert (column.kind, column.ranks, column.unordered, column.missing) == ("ordinal", ("c", "a", "b"), False, 1)
    (column,) = describe_columns(pd.DataFrame({"x": made.as_unordered()}))
    assert (column.kind, column.ranks, column.unordered) == ("category", (), True)
    cut = pd.cut(pd.Series([1, 5, 9, 2]), [0, 3, 6, 10])
    assert describe_columns(pd.DataFrame({"x": cut}))[0].ranks == ("(0, 3]", "(3, 6]", "(6, 10]")


def test_an_order_read_off_words_is_named_and_not_used():
    (column,) = describe_columns(pd.DataFrame({"size": ["large", "small", "medium", "small"]}))
    assert (column.kind, column.ranks, column.unordered) == ("ordinal", (), True)
    assert "('small' < 'medium' < 'large'): treated as categories" in column.note
    assert "(--order)" in column.note


def test_an_order_that_is_said_makes_ranks():
    frame = pd.DataFrame({"size": ["large", "small", "medium"], "grade": [3.0, 1.0, np.nan]})
    kinds = {"size": ["small", "medium", "large"], "grade": ["3", "1"]}
    assert [column.ranks for column in describe_columns(frame, kinds=kinds)] == [tuple(one) for one in kinds.values()]
