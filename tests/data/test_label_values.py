"""Numbers that stand as text, and names that differ only in how they are written."""

import numpy as np

from samplewise.data.label_values import merged_spellings, numbers_of_values


def test_few_words_may_stand_among_many_numbers():
    texts = np.array([f"{number}" for number in range(20)] + ["n.a.", "-"])
    numbers = numbers_of_values(texts, np.ones(22, dtype=int))
    assert np.flatnonzero(np.isnan(numbers)).tolist() == [20, 21]
    assert numbers_of_values(texts[10:], np.ones(12, dtype=int)) is None  # ten numbers may be names of classes
    assert numbers_of_values(texts, np.r_[np.ones(20, dtype=int), 50, 50]) is None
    assert numbers_of_values(np.array([True, False]), np.ones(2, dtype=int)) is None
    assert numbers_of_values(np.array([1, 2]), np.ones(2, dtype=int)).tolist() == [1.0, 2.0]


def test_the_commonest_spelling_stands_for_the_others():
    places, spellings = merged_spellings(np.array(["No", "Yes", "no"]), np.array([2, 3, 5]))
    assert places.tolist() == [2, 1, 2]
    assert spellings == (("no", "No"),)
    assert merged_spellings(np.array([1, 2]), np.array([1, 1]))[1] == ()
