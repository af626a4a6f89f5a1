"""Groups from segments: missing, constant, overlapping, the same as the label."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.shift.group_members import balanced_subset, balanced_weights, crossed_groups, segment_members

CLASSES = np.array(["no", "yes"])


def test_ids_and_bools_and_frames_name_the_same_rows():
    ids = np.array(["a", "b", "a"])
    members, names = segment_members(ids, 3)
    assert names == ("segment = a", "segment = b")
    np.testing.assert_array_equal(members, segment_members(members, 3)[0])
    np.testing.assert_array_equal(members, segment_members(pd.DataFrame({"place": ids}), 3)[0])


def test_columns_of_a_frame_overlap():
    groups = crossed_groups(pd.DataFrame({"a": [0, 0, 1], "b": [1, 1, 1]}), np.array([0, 1, 0]), CLASSES)
    assert groups.members.sum(axis=1).tolist() == [2, 2, 2]


def test_group_numbers_may_have_gaps():
    assert len(crossed_groups([0, 1, 3, 3], np.array([0, 0, 0, 1]), CLASSES).names) == 4


@pytest.mark.parametrize(
    ("segments", "said"),
    [
        (["a", None, "a", "b"], "1 row without a segment"),
        (["a"] * 4, "same segment"),
        (["a", "a", "b", "b"], "say the same"),
        ([np.nan, np.nan, 1.0, 2.0], "2 rows without"),
    ],
)
def test_what_groups_cannot_show_is_said(segments, said):
    assert any(said in note for note in crossed_groups(segments, np.array([0, 0, 1, 1]), CLASSES).notes)


def test_a_class_without_any_segment_is_a_group_of_its_own():
    groups = crossed_groups([None, None, "a"], np.array([0, 0, 1]), CLASSES)
    assert groups.names == ("yes, segment = a", "no, no segment")
    assert groups.counts.tolist() == [1, 2]


def test_taken_rows_leave_out_empty_groups():
    taken = crossed_groups(["x", "y", "x"], np.array([0, 0, 1]), CLASSES).take(np.array([0, 1]))
    assert taken.names == ("no, segment = x", "no, segment = y")


def test_every_group_weighs_the_same():
    members = np.eye(3, dtype=bool)[[0, 0, 0, 1, 1, 2]]
    weights = balanced_weights(members)
    np.testing.assert_allclose(members.T @ weights, 2.0)
    assert weights.mean() == pytest.approx(1.0)


def test_rows_in_no_group_have_the_mean_weight():
    assert balanced_weights(np.array([[1, 0], [0, 1], [0, 1], [0, 0]], dtype=bool))[3] == 1.0


def test_a_subset_has_as_many_rows_of_every_group():
    members = np.eye(3, dtype=bool)[[0] * 10 + [1] * 5 + [2] * 4]
    kept = balanced_subset(members, np.random.default_rng(0))
    assert members[kept].sum(axis=0).tolist() == [4, 4, 4]


@pytest.mark.parametrize(
    ("segments", "said"),
    [(["a"], "one line per row"), (np.ones((3, 2)), "two axes"), ([None] * 3, "no row"), (3, "one line per row")],
)
def test_what_is_no_segment(segments, said):
    with pytest.raises(InputError, match=said):
        segment_members(segments, 3)
