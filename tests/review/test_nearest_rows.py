"""The nearest rows of a row that the record shows none of."""

import numpy as np

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.review import nearest_rows
from samplewise.review.nearest_rows import NearestRows

DATA = Dataset(np.array([[0.0], [1.0], [5.0], [6.0], [40.0]]), ["a", "b", "a", "b", "a"])


def test_the_nearest_of_some_rows_is_found_once_all_are_encoded():
    found = NearestRows(DATA)
    assert found.nearest(0, np.array([1, 3])) is None  # not begun
    found.start()
    found.start()
    found.wait(30)
    assert found.nearest(0, np.array([1, 3])) == 1
    assert found.nearest(4, np.array([0, 2, 4])) == 2  # never itself
    assert found.nearest(4, np.array([4])) is None


def test_of_many_rows_some_are_drawn(monkeypatch):
    monkeypatch.setattr(nearest_rows, "MOST", 2)
    found = NearestRows(DATA)
    found.start()
    found.wait(30)
    named = {found.nearest(row, np.arange(5)) for row in range(5)}
    assert len(named) == 2


def test_rows_that_cannot_be_encoded_have_no_nearest_one(monkeypatch):
    def refused(*_: object, **__: object) -> None:
        raise InputError("a picture cannot be opened", got="x", fix="y")

    monkeypatch.setattr(nearest_rows, "SpaceEncoder", refused)
    found = NearestRows(DATA)
    found.start()
    found.wait(30)
    assert found.nearest(0, np.array([1])) is None
