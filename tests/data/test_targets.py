"""The task is decided by a rule that says what it decided."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.data.targets import class_codes, compared_labels, describe_target, with_read_labels


def test_strings_are_sorted_classes():
    target = describe_target(["no", "yes", "no", "yes"])
    assert target.task == "classification"
    assert target.classes.tolist() == ["no", "yes"]
    assert target.codes.tolist() == [0, 1, 0, 1]
    assert len(target) == 4


@pytest.mark.parametrize("labels", [[True, False, True, False], pd.Categorical(["u", "v", "u", "v"]), [1, "a", 1, "a"]])
def test_what_is_not_a_number_is_a_class(labels):
    target = describe_target(labels)
    assert target.task == "classification"
    assert [target.classes[code] for code in target.codes] == list(labels)


@pytest.mark.parametrize(
    ("labels", "task", "question"),
    [
        ([3.5, 7.25] * 6, "classification", ""),  # two values, whatever they are
        (np.arange(40) % 10, "classification", ""),
        (np.arange(40) % 5 + 1, "classification", "5 different whole numbers from 1 to 5 and is read as classes"),
        ([2, 3, 5] * 9, "regression", "--task classification"),
        ([-1, 0, 1] * 9, "regression", "--task classification"),
        (np.arange(40) % 20, "regression", ""),
        (np.arange(40), "regression", ""),
        (np.arange(1000) % 100, "classification", "--task regression"),  # codes: as many rows of each
        (np.arange(1000) % 100 + 1, "regression", ""),
        (np.repeat(np.arange(12), np.arange(4, 28, 2)), "regression", ""),  # a count: few rows of the rarest
        (["1", "2", "10"] * 9, "regression", "--task classification"),
        ([f"{number}" for number in range(12)] * 20, "classification", "--task regression"),
        ([f"{number:,}" for number in range(0, 40_000, 1000)], "regression", ""),
        ([f"0{number}" for number in range(60)], "classification", ""),  # codes, as postcodes are
        ([1.5, 2.5, 7.0] * 4, "regression", ""),
        ([True, False] * 4, "classification", ""),
    ],
)
def test_the_task_follows_from_the_values_whatever_the_number_of_rows(labels, task, question):
    target = compared_labels(labels)
    assert target.task == task
    assert question in target.question
    assert bool(question) == bool(target.question)
    assert compared_labels(list(labels) * 3).task == task or len(set(labels)) == len(labels)


def test_words_among_numbers_are_missing_and_named():
    labels = [f"$ {number:,}" for number in range(0, 40_000, 1000)] + ["n.a.", "n.a.", None]
    target = describe_target(labels)
    assert target.codes[:2].tolist() == [0.0, 1000.0]
    assert target.usable.tolist() == [True] * 40 + [False] * 3
    assert "read as missing: the words 'n.a.' (2)" in target.note
    assert describe_target([*labels, "1", "2"], "regression").codes[-1] == 2.0
    assert describe_target([f"{number}" for number in range(20)] + list("abcdef") * 2).task == "classification"


def test_spellings_of_a_class_are_one_class_called_by_the_commonest():
    labels = np.array(["rain"] * 3 + ["rain ", "Rain"] + ["sun."] + ["sun"] * 2)
    target = describe_target(labels)
    assert target.classes.tolist() == ["rain", "sun"]
    assert target.codes.tolist() == [0, 0, 0, 0, 0, 1, 1, 1]
    assert target.spellings == (("rain", "Rain", "rain "), ("sun", "sun."))
    assert with_read_labels(Dataset(np.ones((8, 1)), labels), target).y.tolist() == ["rain"] * 5 + ["sun"] * 3
    assert describe_target([1, "1", 1, "b", "b"]).spellings == ((1, "1"),)
    assert describe_target(["a", "A", "a", "A", "+1", "-1"]).spellings == ()


def test_labels_that_are_numbers_written_as_text_are_handed_on_as_numbers():
    rows = Dataset(np.ones((40, 1)), [f"{number:,} %" for number in range(40)])
    read = with_read_labels(rows, describe_target(rows.y))
    np.testing.assert_array_equal(read.y, np.arange(40.0))
    assert with_read_labels(read, describe_target(read.y)) is read


def test_labels_of_other_rows_are_matched_by_what_they_are_called():
    classes = np.array(["<=50K", ">50K"])
    assert class_codes(np.array([">50K.", "<=50k", ">50K", "?"]), classes).tolist() == [1, 0, 1, -1]
    assert class_codes(np.array(["1", "0", "2"]), np.array([0, 1])).tolist() == [1, 0, -1]
    assert describe_target([1.5, 2.5, 4.0]).codes_of(np.array(["2,5", "1,5"]), np.arange(2), "test").tolist() == [
        2.5,
        1.5,
    ]


def test_floats_that_look_like_classes_are_classes_with_a_note():
    target = describe_target([0.0, 1.0, 2.0] * 5)
    assert target.task == "classification"
    assert target.classes.tolist() == [0, 1, 2]
    assert target.classes.dtype.kind == "i"
    assert "floats that look like classes" in target.note
    assert "task='regression'" in target.note
    assert describe_target([0.0, 1.0, 2.0] * 5, task="regression").codes.dtype == np.float64


def test_floats_with_fractions_are_numbers():
    target = describe_target([0.5, 1.25, np.nan, 2.0])
    assert target.task == "regression"
    assert target.classes is None
    assert target.usable.tolist() == [True, True, False, True]


def test_missing_labels_have_no_code():
    target = describe_target(["a", None, "b", "a", "b"])
    assert target.codes.tolist() == [0, -1, 1, 0, 1]
    assert target.usable.tolist() == [True, False, True, True, True]


def test_a_class_with_one_row_is_set_aside_not_fatal():
    target = describe_target(["a", "a", "b", "b", "rare"])
    assert target.single == ("rare",)
    assert target.usable.tolist() == [True, True, True, True, False]


def test_the_positive_class_goes_last():
    target = describe_target(["no", "yes", None, "no", "yes"], positive="no")
    assert target.classes.tolist() == ["yes", "no"]
    assert target.codes.tolist() == [1, 0, -1, 1, 0]
    assert describe_target([0, 1, 0, 1], positive="0").classes.tolist() == [1, 0]


def test_an_unknown_positive_class_gets_the_nearest_match():
    with pytest.raises(InputError, match=r"(?s)no class named 'yess'.*did you mean 'yes'"):
        describe_target(["no", "yes", "no", "yes"], positive="yess")


def test_row_order_changes_no_code():
    labels = np.array(["c", "a", "b", "a", "c", "b"])
    order = np.array([3, 1, 5, 0, 2, 4])
    whole, shuffled = describe_target(labels), describe_target(labels[order])
    np.testing.assert_array_equal(whole.codes[order], shuffled.codes)


@pytest.mark.parametrize(
    ("labels", "options", "what", "fix"),
    [
        ([], {}, "too few rows", "two rows of each"),
        (["a"], {}, "too few rows", "two rows of each"),
        ([None, None, None], {}, "every label is missing", "label="),
        ([np.nan, np.nan], {}, "every label is missing", "label="),
        (["a", "a", "a"], {}, "every row has the same label.*one class: a", "label="),
        ([1.5, 1.5], {"task": "regression"}, "same number", "label="),
        (["a", "b", "c", "c"], {}, "two classes have two rows.*classes with one row: a, b", "merge"),
        ([f"c{i}" for i in range(1001)] * 2, {}, "more than 1,000 classes.*1,001", "task='regression'"),
        (["a", "b", "a"], {"task": "regression", "ids": [7, 8, 9]}, "needs numbers.*rows id 7, 8, 9", "classification"),
        ([1.0, np.inf, 2.0], {"ids": ["p", "q", "r"]}, "missing or infinite.*rows id q", "drop these rows"),
        (["a", "b"], {"task": "ranking"}, "no task named 'ranking'", "classification, regression"),
        (np.eye(3), {}, "one axis", r"argmax\(axis=1\)"),
    ],
)  # fmt: skip
def test_labels_nothing_can_be_learned_from_are_refused(labels, options, what, fix):
    with pytest.raises(InputError, match=rf"(?s){what}.*fix: .*{fix}"):
        describe_target(labels, **options)


def test_labels_that_are_only_compared_may_be_one_class_or_missing():
    assert compared_labels([3.0, 3.0, np.nan]).classes.tolist() == [3]
    assert compared_labels([3.0, 3.0, np.nan]).codes.tolist() == [0, 0, -1]
    assert compared_labels([np.nan, np.nan]).codes.tolist() == [-1, -1]
    assert compared_labels(["a"]).codes.tolist() == [0]
    np.testing.assert_array_equal(compared_labels([1.5, np.nan, 2.5, 0.5]).codes, [1.5, np.nan, 2.5, 0.5])
    with pytest.raises(InputError, match="no task named"):
        compared_labels([0, 1], "nonsense")
    with pytest.raises(InputError, match="regression needs numbers"):
        compared_labels(["a", "b"], "regression")
