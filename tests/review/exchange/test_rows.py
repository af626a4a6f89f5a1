"""Words of other tools are answers, or named as none."""

from importlib import util
from pathlib import Path

import pytest

from samplewise.auditing.decision_log import Entry
from samplewise.review.exchange.rows import by_key, content_of, entry_for, word_of
from samplewise.review.queue import Task

SPECIFICATION = util.spec_from_file_location("review_examples", Path(__file__).parents[1] / "examples.py")
examples = util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(examples)
ROW = Task("r1", "SW201", 1, 0.9, "dog", "cat", "why", 0.9)
CELL = Task("r1", "SW108", 1, 0.9, None, "-999", "why", 0.9, "age")


def test_words_are_answers():
    names = ["cat", "dog", "keep", "1"]
    for word, decision, value in (
        ("Drop", "drop", None), ("relabel: dog", "relabel", "dog"), ("dog", "relabel", "dog"), ("cat", "keep", None),
        ("keep", "relabel", "keep"), ("unsure", "unsure", None), ("1", "relabel", "1"),
    ):  # fmt: skip
        entry = entry_for(ROW, word, names, "me", 2.0)
        assert (entry.decision, entry.value, entry.given, entry.reviewer) == (decision, value, "cat", "me")
    assert entry_for(ROW, "3.5", None, "me").value == 3.5
    assert entry_for(CELL, "relabel:", None, "me").value is None
    assert entry_for(CELL, "7", names, "me").value == "7"
    for word, classes in (("cow", names), ("relabel:cow", names), ("many", None), ("inf", None)):
        with pytest.raises(ValueError, match="is no"):
            entry_for(ROW, word, classes, "me")


def test_answers_are_words():
    assert word_of(Entry("a", "SW201", "relabel", "dog")) == "relabel:dog"
    assert word_of(Entry("a", "SW201", "drop")) == "drop"
    assert by_key([ROW, CELL])["r1", "SW108", "age"] is CELL


def test_the_row_itself():
    assert list(content_of(ROW, examples.rows()).values()) == ["2", "3"]
