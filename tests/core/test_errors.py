"""Messages say what, where, got, fix, and survive the way back from a worker process."""

import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from samplewise.core.errors import InputError, name_rows, require_amount, require_count, require_kind, unknown_name
from samplewise.core.values import Scores


def test_message_has_four_lines_and_the_action():
    error = InputError("X has gaps", where="rows id 3", got="shape (5, 2)", fix="impute").during("auditing")
    assert str(error).splitlines() == [
        "X has gaps", "  where:  rows id 3", "  got:    shape (5, 2)", "  fix:    impute", "  during: auditing",
    ]  # fmt: skip


def test_empty_parts_are_left_out():
    assert str(InputError("no labels", fix="pass y")) == "no labels\n  fix:    pass y"


def test_error_survives_a_process_border():
    again = pickle.loads(pickle.dumps(InputError("a", where="b", got="c", fix="d").during("e")))
    assert str(again) == str(InputError("a", where="b", got="c", fix="d").during("e"))


def test_rows_are_named_five_at_most():
    assert name_rows(range(3)) == "rows id 0, 1, 2"
    assert name_rows(range(8)) == "rows id 0, 1, 2, 3, 4 (8 in all)"


def test_unknown_name_suggests_the_intention():
    error = unknown_name("learner", "bosting", ["boosting", "kernel"])
    assert "did you mean 'boosting'?" in error.fix
    assert "kernel" in error.fix


def test_a_name_that_was_begun_is_nearer_than_one_of_like_letters():
    assert "did you mean 'accuracy'?" in unknown_name("metric", "acc", ["accuracy", "balanced_accuracy", "auc"]).fix


@pytest.mark.parametrize("given", [None, 3, ["a"]])
def test_what_is_no_text_is_near_no_name(given):
    error = unknown_name("task", given, ["auto", "classification"])
    assert error.got == repr(given)
    assert error.fix == "known: auto, classification"


def test_counts_are_whole_numbers():
    assert require_count(np.int64(3), "draws") == 3
    for given in ("a", 2.5, None, True, 1, -3):
        with pytest.raises(InputError, match=r"(?s)draws must be a whole number of at least 2.*where: +draws.*draws=2"):
            require_count(given, "draws", 2)
    with pytest.raises(InputError, match=r"of at least 2: why[\s\S]*use draws=30, at least 2"):
        require_count(1, "draws", 2, "why", usual=30)


def test_a_result_that_holds_what_is_needed_is_told_by_its_part():
    scores = Scores("surprise", np.ones(1), np.zeros(1), "nats", "less expected")
    with pytest.raises(InputError, match=r"fix: +pass its \.scores"):
        require_kind(Holder(scores), Scores)
    with pytest.raises(InputError, match="a method that scores rows"):
        require_kind(np.ones(1), Scores)
    require_kind(scores, Scores)


@dataclass
class Holder:
    scores: Scores


def test_an_amount_is_a_finite_number_above_zero():
    assert (require_amount(2, "rate"), require_amount(0, "rate", zero=True)) == (2.0, 0.0)
    for given in (0, -1, float("nan"), float("inf"), "1", True, None, [1.0]):
        with pytest.raises(InputError, match="rate must be a finite number above 0") as refused:
            require_amount(given, "rate")
        assert refused.value.where == "rate"


def test_of_very_many_names_only_a_beginning_is_near():
    names = [f"class {number}" for number in range(50_000)]
    assert "did you mean 'class 499'" in unknown_name("class", "class 499", [*names[500:], "class 499"]).fix
    assert "did you mean" not in unknown_name("class", "clas 499", names).fix  # letter by letter it takes seconds
    assert "did you mean 'class 49'" in unknown_name("class", "clas 49", names[:50]).fix
