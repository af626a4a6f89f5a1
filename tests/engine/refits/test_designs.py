"""Which rows each model is trained on, and what every model says about every row."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.models import Fit
from samplewise.engine.refits import prepare
from samplewise.engine.refits.designs import fit_design, refit_supersamples, supersamples


@pytest.fixture
def rows(two_moons):
    return prepare(two_moons(100)[0])


def test_folds_and_pairs_leave_out_what_they_say(rows):
    folds = rows.folds()
    single = fit_design(rows.runner, "folds", folds)
    for fold in range(5):
        np.testing.assert_array_equal(single.inside[fold], folds != fold)
    double = fit_design(rows.runner, "pairs", folds)
    assert len(double) == 10
    np.testing.assert_array_equal(double.inside[0], (folds != 0) & (folds != 1))
    assert single.sizes().tolist() == [80] * 5
    assert double.sizes().tolist() == [60] * 10


def test_every_model_answers_for_every_row(rows):
    made = fit_design(rows.runner, "folds", rows.folds())
    assert made.outputs.shape == (5, 100, 2)
    alone = rows.runner.outputs([Fit(made.inside[3], np.arange(100))], blocks=rows.folds())[0]
    np.testing.assert_array_equal(made.outputs[3], alone)
    np.testing.assert_array_equal(made.ids, rows.data.ids)


def test_halves_come_with_their_complements(rows):
    made = fit_design(rows.runner, "halves", rows.folds(), count=3)
    np.testing.assert_array_equal(made.inside.sum(axis=0), [3] * 100)
    assert made.sizes().tolist() == [50] * 6


def test_nested_subsets_grow_and_stay_among_the_rows_named(rows):
    among = np.arange(100) < 60
    made = fit_design(rows.runner, "nested", rows.folds(), count=2, sizes=[10, 30], among=among)
    assert made.sizes().tolist() == [10, 30, 10, 30]
    assert not made.inside[:, 60:].any()
    assert (made.inside[0] <= made.inside[1]).all()


def test_a_pairing_trains_on_one_row_of_each_pair(rows):
    pairings = supersamples(rows.runner, n_splits=4, n_draws=2)
    made = refit_supersamples(rows.runner, rows.folds(), pairings)
    assert [len(one) for one in made] == [4, 4]
    for one, pairing in zip(made, pairings, strict=True):
        assert one.pairing is pairing
        np.testing.assert_array_equal(one.inside, pairing.inside())
        assert (one.sizes() == 50).all()


def test_other_rows_and_designs_are_refused(rows):
    made = fit_design(rows.runner, "folds", rows.folds())
    made.require_rows(rows.data.ids)
    with pytest.raises(InputError, match=r"(?s)of other rows.*100 rows for 99"):
        made.require_rows(rows.data.ids[1:])
    with pytest.raises(InputError, match="no design named 'fold'"):
        fit_design(rows.runner, "fold", rows.folds())
