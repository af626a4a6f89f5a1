"""Rows of two sides as one matrix, with and without columns that give the place away."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.shift.compared_rows import compared_rows


def sides(count=200):
    rng = np.random.default_rng(0)
    one, two = (pd.DataFrame({"age": rng.normal(size=count), "site": value}) for value in (1.0, 2.0))
    return Dataset(one), Dataset(two)


def test_without_a_column_the_sides_are_no_longer_told_apart():
    both = compared_rows(*sides())
    assert both.names == ["age", "site"]
    assert both.chances[200:].mean() > 0.9
    fewer = both.without(["site"])
    assert fewer.names == ["age"]
    assert abs(fewer.chances[200:].mean() - fewer.chances[:200].mean()) < 0.1
    assert fewer.sides is both.sides


def test_too_few_rows_are_refused_by_the_name_they_came_in():
    one, two = sides()
    with pytest.raises(InputError, match="target"):
        compared_rows(one, two.take(np.arange(10)), 0, ("source", "target"))
