"""Pruning by difficulty: windows, quotas, warnings."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.core.values import Scores
from samplewise.selection import prune


def scores(values, axis="row"):
    values = np.asarray(values, dtype=float)
    return Scores("error", values, np.arange(100, 100 + len(values)), "share", "harder", axis)


def test_a_window_below_the_hardest():
    ranked = scores(np.arange(20))
    assert prune(ranked, 0.25).ids.tolist() == [115, 116, 117, 118, 119]
    assert prune(ranked, 0.25, skip_hardest=0.1).ids.tolist() == [113, 114, 115, 116, 117]
    assert prune(ranked, 0.25, order="easiest").ids.tolist() == [100, 101, 102, 103, 104]
    both = prune(ranked, 0.25)
    assert sorted([*both.ids, *both.dropped]) == list(range(100, 120))


def test_every_class_keeps_its_share():
    labels = np.repeat(["a", "b"], [80, 20])
    values = np.r_[np.arange(80) + 100.0, np.arange(20)]  # class b is easy throughout
    alone, quota = prune(scores(values), 0.5), prune(scores(values), 0.5, labels=labels)
    assert (alone.ids >= 180).sum() == 0
    assert (quota.ids >= 180).sum() == 10
    assert len(quota.ids) == 50


def test_random_rows_are_the_same_for_a_seed_whatever_the_order():
    ranked = scores(np.arange(30))
    one = prune(ranked, 0.5, order="random", seed=3)
    turned = Scores("error", ranked.values[::-1], ranked.keys[::-1], "share", "harder")
    assert set(prune(turned, 0.5, order="random", seed=3).ids) == set(one.ids)
    assert set(prune(ranked, 0.5, order="random", seed=4).ids) != set(one.ids)


def test_what_was_measured_to_fail_is_said():
    ranked = scores(np.arange(30))
    assert len(prune(ranked, 0.2).warnings) == 2
    assert len(prune(ranked, 0.2, skip_hardest=0.1).warnings) == 1
    assert prune(ranked, 0.6, skip_hardest=0.1).warnings == ()
    assert prune(ranked, 0.1, order="random").warnings == ()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: prune(scores([1, 2]), 50), "did you mean 0.5"),
        (lambda: prune(scores([1, 2]), 0.9, skip_hardest=0.3), "shares of the rows"),
        (lambda: prune(scores([1, np.nan]), 0.5), "rows id 101"),
        (lambda: prune(scores([1, 2], "column"), 0.5), "scores of columns"),
        (lambda: prune(scores([1, 2]), 0.5, labels=["a"]), "one entry per score"),
        (lambda: prune(scores([1, 2]), 0.5, order="best"), "known: hardest, easiest, random"),
    ],
)
def test_refusals(call, text):
    with pytest.raises(InputError, match=text):
        call()
