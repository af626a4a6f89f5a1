"""Accuracy of groups: averages that differ, intervals that hold together, comparisons that may be undecided."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.shift.group_accuracy import gain_interval, group_accuracy
from samplewise.shift.group_members import GroupMembers

MEMBERS = np.eye(2, dtype=bool)[np.repeat([0, 1], [60, 20])]
GROUPS = GroupMembers(MEMBERS, ("large", "small"))


def test_three_averages():
    hits = np.r_[np.ones(60), np.zeros(20)].astype(bool)
    found = group_accuracy(hits, GROUPS, {"large": 0.9, "small": 0.1})
    assert found.names[0] == "small"
    assert (found.worst.value, found.average, found.group_mean) == (0.0, 0.75, 0.5)
    assert found.adjusted == pytest.approx(0.9)
    assert "Average over these rows 75 %" in str(found)


def test_a_constant_answer_has_a_worst_group_of_none():
    y = np.arange(40) % 2
    found = group_accuracy(y == 0, GroupMembers(np.eye(2, dtype=bool)[y], ("0", "1")), {"0": 0.5, "1": 0.5})
    assert found.worst.value == 0.0


def test_a_group_never_trained_on_is_marked():
    found = group_accuracy(np.ones(80, dtype=bool), GROUPS, {"large": 1.0})
    assert found.unseen[list(found.names).index("small")]
    assert "No training row was in: small" in str(found)


def test_intervals_hold_for_all_groups_together():
    draw, inside = np.random.default_rng(0), 0
    members = np.eye(4, dtype=bool)[np.repeat(np.arange(4), 50)]
    groups = GroupMembers(members, tuple("abcd"))
    for _ in range(300):
        worst = group_accuracy(draw.random(200) < 0.7, groups, {}).worst
        inside += worst.low <= 0.7 <= worst.high
    assert inside >= 0.95 * 300


def test_equal_ways_are_not_told_apart():
    draw = np.random.default_rng(1)
    one, other = draw.random((2, 80)) < 0.7
    low, high = gain_interval(one, other, GROUPS, seed=0)
    assert low < 0 < high
    assert gain_interval(one, one, GROUPS, seed=0) == (0.0, 0.0)
    assert gain_interval(np.ones(80, dtype=bool), np.arange(80) % 4 == 0, GROUPS, seed=0)[0] > 0.4


def test_no_group():
    with pytest.raises(InputError, match="no row is in a group"):
        group_accuracy(np.ones(3, dtype=bool), GroupMembers(np.zeros((3, 0), dtype=bool), ()), {})
