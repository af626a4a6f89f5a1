"""Rows of two places are compared without the columns that give the place away."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.shift.overlap import overlap_of


def rows(seed, site, moved=0.0):
    draw = np.random.default_rng(seed)
    return Dataset(pd.DataFrame({"a": draw.normal(size=300) + moved, "b": draw.normal(size=300), "site": site}))


def test_the_column_that_names_the_place_is_found_and_left_out():
    found = overlap_of(rows(0, "north"), rows(1, "south"), "target_X", None)
    assert found.left_out == ("site",)
    assert found.matrix.shape == (600, 2)
    assert found.effective_share > 0.5
    assert abs(found.auc - 0.5) < 0.1
    assert found.outside.shape == (300,)
    assert not found.outside.any()


def test_what_lies_elsewhere_is_outside_and_weighs_nothing():
    found = overlap_of(rows(0, "north"), rows(1, "south", moved=9.0), "target_X", ["site"])
    assert found.left_out == ("site",)
    assert found.outside.mean() > 0.9
    assert found.auc > 0.99


def test_columns_are_named_as_they_are():
    assert overlap_of(rows(0, "x"), rows(1, "x"), "target_X", ["b"]).left_out == ("b",)
    with pytest.raises(InputError, match="town"):
        overlap_of(rows(0, "x"), rows(1, "x"), "target_X", ["town"])


def test_without_any_column_nothing_is_known_to_be_alike():
    found = overlap_of(rows(0, "x"), rows(1, "x"), "target_X", ["a", "b"])
    assert found.effective_share == 0.0
    assert found.outside.all()
