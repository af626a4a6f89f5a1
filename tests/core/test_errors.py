"""Messages say what, where, got, fix, and survive the way back from a worker process."""

import pickle

from samplewise.core.errors import InputError, name_rows, unknown_name


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


def test_unknown_name_guesses_the_intention():
    error = unknown_name("learner", "bosting", ["boosting", "kernel"])
    assert "did you mean 'boosting'?" in error.fix
    assert "kernel" in error.fix
