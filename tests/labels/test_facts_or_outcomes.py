import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.labels.facts_or_outcomes import LabelMeaning, label_meaning

Y = np.arange(40) % 2
NUMBERS = Dataset(np.random.default_rng(0).normal(size=(40, 3)), Y)
PICTURES = Dataset(np.zeros((40, 8, 8)), Y)
TEXTS = Dataset([f"what was said of it, number {row}, in a few words more" for row in range(40)], Y)
TABLE = Dataset(pd.DataFrame({"age": NUMBERS.X[:, 0], "note": TEXTS.X["text"]}), Y)


@pytest.mark.parametrize(
    ("rows", "embedded", "are", "why"),
    [
        (PICTURES, False, "facts", "pictures show what they are labeled as"),
        (TEXTS, False, "facts", "texts show what they are labeled as"),
        (TABLE, False, "outcomes", "the columns of a table"),
        (TABLE, True, "outcomes", "the columns of a table"),
        (NUMBERS, False, "outcomes", "nothing says"),
        (NUMBERS, True, "facts", "embeddings are made of"),
    ],
)
def test_what_the_rows_are_decides(rows, embedded, are, why):
    found = label_meaning("auto", rows, classes=True, embedded=embedded)
    assert (found.are, found.chosen_by) == (are, "samplewise")
    assert why in found.why
    other = "outcomes" if are == "facts" else "facts"
    assert str(found).startswith(f"The labels are read as {are}, because ")
    assert f'labels_are="{other}"' in str(found)


@pytest.mark.parametrize("are", ["facts", "outcomes"])
def test_the_user_decides_first(are):
    found = label_meaning(are, TABLE, classes=True)
    assert found == LabelMeaning(are, "you")
    assert str(found) == f"The labels are read as {are}, as you said."


def test_numbers_are_outcomes():
    assert label_meaning("auto", PICTURES, classes=False).are == "outcomes"
    with pytest.raises(InputError, match="only classes can be read as facts"):
        label_meaning("facts", PICTURES, classes=False)


def test_another_word_is_refused():
    with pytest.raises(InputError, match="did you mean 'facts'"):
        label_meaning("fact", TABLE, classes=True)
