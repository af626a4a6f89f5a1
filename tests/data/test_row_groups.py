"""Columns whose values look like groups of rows."""

import numpy as np
import pandas as pd
import pytest

from samplewise.data.row_groups import group_like

GROUPS, EACH = 30, 4
ROWS = GROUPS * EACH
GROUP = np.repeat(np.arange(GROUPS), EACH)
RNG = np.random.default_rng(0)
OWN = RNG.normal(size=GROUPS)[GROUP]
SIDE = RNG.integers(0, 3, GROUPS)[GROUP]
NOISE = RNG.normal(size=ROWS)


def found(order=None, **columns):
    return group_like(columns.items(), np.arange(ROWS) if order is None else order)


def test_adjacent_rows_under_a_name_of_a_group_are_one():
    assert found(patient=GROUP * 7, noise=NOISE) == ("patient",)
    assert found(patient=np.array([f"p{code}" for code in GROUP], dtype=object), noise=NOISE) == ("patient",)


def test_a_group_is_found_whatever_the_row_order_where_ids_keep_it():
    mixing = np.argsort(np.sin(np.arange(ROWS)))
    shuffled = {"unit": GROUP[mixing], "own": OWN[mixing], "side": SIDE[mixing], "noise": NOISE[mixing]}
    assert found(order=np.argsort(mixing), **shuffled) == ("unit",)


def test_companions_that_are_constant_within_values_make_a_group():
    mixing = RNG.permutation(ROWS)
    assert found(host=GROUP[mixing], own=OWN[mixing], noise=NOISE) == ("host",)
    assert found(host=GROUP[mixing], noise=NOISE) == ()


@pytest.mark.parametrize(
    "column",
    [
        np.sort(RNG.integers(18, 60, ROWS)),  # whole numbers by which the file is sorted
        RNG.integers(0, 30, ROWS),
        np.arange(ROWS) % 3,
        np.arange(ROWS),
        GROUP + 0.5,
    ],
)
def test_other_whole_numbers_are_no_group(column):
    assert found(age=column, noise=NOISE, other=RNG.permutation(SIDE)) == ()


def test_few_rows_have_no_groups():
    assert group_like({"patient": GROUP[:20]}.items(), np.arange(20)) == ()


def test_large_files_are_read_in_whole_groups():
    codes = np.repeat(np.arange(9000), 4)[np.random.default_rng(1).permutation(36_000)]
    own = np.random.default_rng(2).normal(size=9000)[codes]
    assert group_like(pd.DataFrame({"patient": codes, "own": own}).items(), np.arange(36_000)) == ("patient",)
