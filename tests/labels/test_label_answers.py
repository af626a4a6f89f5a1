import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.labels.facts import Answer
from samplewise.labels.label_answers import read_answers

IDS, CODES = np.array(["p", "q", "r", "s"]), np.array([0, 1, 2, 1])
CLASSES = np.array(["cat", "dog", "fox"])


def read(ids, answers, classes=CLASSES):
    return read_answers(ids, answers, IDS, CODES, classes)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (1, Answer(1.0)),
        (0, Answer(0.0)),
        (True, Answer(1.0)),
        (np.bool_(False), Answer(0.0)),
        (np.int64(1), Answer(1.0)),
        (0.4, Answer(0.4)),
        ("keep", Answer(0.0)),
        ("Right", Answer(0.0)),
        ("drop", Answer(1.0)),
        ("wrong", Answer(1.0)),
        ("cat", Answer(1.0, 0)),
        ("dog", Answer(0.0)),
        ("relabel:fox", Answer(1.0, 2)),
        ("relabel: dog", Answer(0.0)),
        ("relabel:wolf", Answer(1.0)),
    ],
)
def test_every_form_of_an_answer(said, meant):
    assert read(["q"], [said]) == {1: meant}


def test_a_class_that_is_a_number_is_meant_where_it_is_text():
    numbers = np.array([0, 1, 2])
    assert read(["q"], ["1"], numbers) == {1: Answer(0.0)}
    assert read(["q"], [1], numbers) == {1: Answer(1.0)}


def test_a_class_may_be_called_like_an_answer():
    assert read(["p"], ["right"], np.array(["left", "right", "up"])) == {0: Answer(1.0, 1)}


@pytest.mark.parametrize(
    ("ids", "answers", "message"),
    [
        (["p"], [2], "a share between"),
        (["p"], [None], "a share between"),
        (["p"], [float("nan")], "a share between"),
        (["p"], ["kep"], "did you mean 'keep'"),
        (["p"], ["weight:0.5"], "no answer named"),
        (["p", "q"], [1], "lists of equal length"),
        (["p", "p"], [1, 0], "two different answers"),
        (["z"], [1], "z"),
    ],
)
def test_what_cannot_be_understood_is_refused(ids, answers, message):
    with pytest.raises(InputError, match=message):
        read(ids, answers)


def test_the_same_answer_twice_is_one():
    assert read(["p", "p"], [1, True]) == {0: Answer(1.0)}
