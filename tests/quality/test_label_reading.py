"""What looks wrong with a label before any model."""

import numpy as np

from samplewise.quality.label_reading import are_splits, classes_of_test, is_id_like


def test_names_of_splits_are_no_classes():
    assert are_splits(np.array(["test", "train", "VAL"]))
    assert not are_splits(np.array(["train", "tram"]))
    assert not are_splits(np.array(["train"]))


def test_a_label_that_counts_rows_is_like_an_id():
    shuffled = np.random.default_rng(0).permutation(200)
    assert is_id_like(shuffled)
    assert is_id_like(shuffled.astype(float))
    assert not is_id_like(shuffled[:19])
    assert not is_id_like(shuffled * 5)
    assert not is_id_like(shuffled / 2)
    assert not is_id_like(np.r_[shuffled, shuffled])


def test_classes_of_other_rows_are_known_spelled_otherwise_or_unknown():
    found = classes_of_test(np.array(["yes.", "no", "maybe", "yes"]), np.array(["no", "yes"]))
    assert found.unknown.tolist() == [False, False, True, False]
    assert found.classes == ("maybe",)
    assert found.spellings == (("yes.", "yes"),)
    missing = classes_of_test(np.array(["yes", None], dtype=object), np.array(["no", "yes"]))
    assert missing.classes == missing.spellings == ()
    assert classes_of_test(np.array(["1", "0"]), np.array([0, 1])).spellings == ()
