"""Rows far from everything, by id: planted ones are found, clouds have next to none."""

import numpy as np
import pytest

from samplewise import quality
from samplewise.core.errors import InputError
from samplewise.data import Dataset


def planted(rows=600, far=6):
    X = np.random.default_rng(0).normal(size=(rows, 6))
    X[:far] += 12 * np.random.default_rng(1).choice([-1.0, 1.0], size=(far, 6))
    return Dataset(X, ids=np.arange(rows) + 1000)


def test_planted_rows_are_far_and_named_with_their_nearest():
    found = quality.outlier_scores(planted())
    assert set(found.far) == set(range(1000, 1006))
    assert set(found.outlierness.top(6).keys) == set(found.far)
    assert np.median(found.outlierness.values) == pytest.approx(1.0, abs=0.2)
    table = found.to_frame()
    assert table.index.tolist() == found.far.tolist()
    assert (np.diff(table["outlierness"]) <= 0).all()
    assert not (table.index == table["nearest"]).any()
    assert str(found).startswith("6 rows far from everything (1 %).")


def test_clouds_have_next_to_no_far_rows():
    far = sum(len(quality.outlier_scores(np.random.default_rng(s).normal(size=(500, 5))).far) for s in range(8))
    assert far <= 4
    flat = quality.outlier_scores(np.tile(np.arange(20.0)[:, None], (30, 1)))
    assert (flat.outlierness.values == 1.0).all()
    assert "No row lies far" in str(flat)


def test_labels_do_not_enter():
    data = planted()
    with_labels = quality.outlier_scores(data, np.arange(600) % 2)
    np.testing.assert_array_equal(with_labels.outlierness.values, quality.outlier_scores(data).outlierness.values)


def test_few_rows_and_constant_tables_are_refused():
    with pytest.raises(InputError, match=r"(?s)so few rows do not.*at least 50 rows"):
        quality.outlier_scores(planted(49, 1))
    with pytest.raises(InputError, match="no column says anything"):
        quality.outlier_scores(np.ones((60, 2)))
