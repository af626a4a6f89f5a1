"""Fits made once through the public door, and read by the methods that take them."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import measure_learning_curve
from samplewise.engine.refits import prepare
from samplewise.engine.refits.designs import fit_design
from samplewise.generalization import generalization_gap
from samplewise.labels import find_label_issues
from samplewise.models import Refits, refit


@pytest.fixture
def rows():
    """80 rows of two clouds, each of the first ten twice."""
    draw = np.random.default_rng(0)
    y = np.arange(80) % 2
    X = draw.normal(size=(80, 2)) + 2.5 * y[:, None]
    return np.concatenate([X, X[:10]]), np.concatenate([y, y[:10]])


@pytest.mark.parametrize(
    ("design", "options", "models"),
    [("folds", {"n_folds": 4}, 4), ("pairs", {"n_folds": 4}, 6), ("halves", {"n_repeats": 3}, 6),
     ("supersample", {"n_repeats": 4}, 4), ("nested", {"n_repeats": 2, "sizes": [20, 40]}, 4)],
)  # fmt: skip
def test_duplicates_are_never_on_both_sides(rows, design, options, models):
    found = refit(rows, learner="linear", design=design, **options)
    assert isinstance(found, Refits)
    assert found.inside.shape == (models, 90)
    assert found.outputs.shape == (models, 90, 2)
    np.testing.assert_array_equal(found.inside[:, :10], found.inside[:, 80:])


def test_they_are_the_fits_of_the_engine(rows):
    prepared = prepare(rows, "linear", seed=3)
    direct = fit_design(prepared.runner, "halves", prepared.folds(), count=2)
    np.testing.assert_array_equal(
        refit(rows, learner="linear", design="halves", n_repeats=2, seed=3).outputs, direct.outputs
    )


def test_methods_read_them(rows):
    folds = refit(rows, learner="logistic")
    assert len(find_label_issues(rows, learner="logistic", refits=folds).wrong.values) == 90
    nested = refit(rows, learner="logistic", design="nested", n_repeats=3, sizes=[20, 40])
    assert measure_learning_curve(rows, learner="logistic", refits=nested).sizes.tolist() == [20, 40]
    paired = refit(rows, learner="logistic", design="supersample", n_repeats=30)
    assert np.isfinite(generalization_gap(rows, learner="logistic", refits=paired).gap.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"design": "fold"}, "did you mean 'folds'"),
        ({"design": "nested"}, r"sizes=\[50, 100, 200\]"),
        ({"sizes": [10]}, "training sizes belong to nested subsets"),
        ({"design": "halves", "n_repeats": 0}, "n_repeats must be a whole number"),
    ],
)
def test_what_cannot_be_fitted_is_refused(rows, options, message):
    with pytest.raises(InputError, match=message):
        refit(rows, learner="linear", **options)
