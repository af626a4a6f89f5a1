"""Measuring a curve: what a budget buys, going on after a kill, and models that exist already."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import measure_learning_curve
from samplewise.engine.refits import fit_design, prepare

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
Y = (X[:, 0] + 0.5 * RNG.normal(size=200) > 0).astype(int)
SIZES = [20, 40, 80]


def test_a_budget_buys_draws_from_a_table_of_prices():
    whole = measure_learning_curve((X, Y), learner="linear", sizes=SIZES, n_repeats=4)
    assert (
        measure_learning_curve((X, Y), learner="linear", sizes=SIZES, n_repeats=4, budget="1h").repeats
        == whole.repeats
        == 4
    )
    few = measure_learning_curve((X, Y), learner="linear", sizes=SIZES, n_repeats=4, budget=0.15)
    assert 1 <= few.repeats < 4
    np.testing.assert_array_equal(few.errors, whole.errors[: few.repeats])
    with pytest.raises(InputError, match="too small for one draw"):
        measure_learning_curve((X, Y), learner="linear", sizes=SIZES, budget=1e-6)
    with pytest.raises(InputError, match="write it like 60s"):
        measure_learning_curve((X, Y), learner="linear", sizes=SIZES, budget="soon")


def test_finished_fits_are_kept_and_read_back(tmp_path):
    first = measure_learning_curve((X, Y), learner="forest", sizes=SIZES, n_repeats=2, run_dir=tmp_path)
    kept = sorted(tmp_path.glob("*.npy"))
    assert len(kept) == 6
    times = [file.stat().st_mtime_ns for file in kept]
    again = measure_learning_curve((X, Y), learner="forest", sizes=SIZES, n_repeats=2, run_dir=tmp_path)
    np.testing.assert_array_equal(first.errors, again.errors)
    assert [file.stat().st_mtime_ns for file in sorted(tmp_path.glob("*.npy"))] == times


def test_models_that_exist_are_read_and_not_fitted_again():
    folded = prepare((X, Y), "linear").whole
    made = fit_design(folded.runner, "nested", folded.folds, count=3, sizes=SIZES)
    found = measure_learning_curve((X, Y), learner="linear", refits=made)
    np.testing.assert_array_equal(
        found.errors, measure_learning_curve((X, Y), learner="linear", sizes=SIZES, n_repeats=3).errors
    )
    with pytest.raises(InputError, match="other rows"):
        measure_learning_curve((X[:100], Y[:100]), learner="linear", refits=made)
