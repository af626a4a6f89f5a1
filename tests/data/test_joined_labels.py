"""Cells that hold several labels."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.data.joined_labels import JoinedLabels, joined_by


def test_several_labels_in_a_cell_recombine():
    tags = np.array(["red;blue", "red", "blue;green", "green", "red;green"] * 10, dtype=object)
    assert joined_by(tags) == (";", 0.6)
    assert joined_by(np.array(["Smith, John", "Doe, Jane", "Roe, Ann"] * 9)) == ("", 0.0)
    assert joined_by(np.array(["red", "blue"] * 20)) == ("", 0.0)
    assert joined_by(np.array(["a|b", "b|c", "a", "c"] + ["a"] * 96)) == ("", 0.0)  # two rows of a hundred
    assert joined_by(np.arange(30)) == ("", 0.0)


def test_a_set_of_labels_is_written_as_the_data_write_it():
    tags = np.array(["blue; red"] * 3 + ["red; blue", "red", "red", "blue; green", None], dtype=object)
    held = JoinedLabels.of(tags)
    assert (held.mark, held.names, held.between) == (";", ("red", "blue", "green"), "; ")
    assert held.parts("blue; red") == ("blue", "red")
    assert held.parts(None) == ()
    assert held.cell(["red", "blue"]) == "blue; red"  # in the order that most rows have
    assert held.cell(["green", " red", "red"]) == "red; green"  # no row has these two
    with pytest.raises(InputError, match="gren"):
        held.cell(["red", "gren"])
    with pytest.raises(InputError, match="at least one"):
        held.cell([])


def test_one_label_a_row_is_joined_by_nothing():
    assert JoinedLabels.of(np.array(["a", "b"] * 9)) is None
    assert JoinedLabels.of(None) is None
    assert JoinedLabels.of(np.zeros((4, 2))) is None
