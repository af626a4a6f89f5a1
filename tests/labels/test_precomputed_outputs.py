"""Outputs of refits that exist in the stead of a first round of fits."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.engine.refits import Refits, fit_design, prepare
from samplewise.labels.precomputed_outputs import read_refits

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(40, 2))
Y = np.where(X[:, 0] > 0, "yes", "no")


@pytest.fixture
def rows():
    return prepare((X, Y))


def test_each_row_has_the_mean_of_the_models_that_did_not_see_it(rows):
    made = fit_design(rows.runner, "halves", rows.folds(), count=4)
    folded = read_refits(rows.whole, made)
    outside = ~made.inside
    expected = (made.outputs * outside[:, :, None]).sum(axis=0) / outside.sum(axis=0)[:, None]
    np.testing.assert_allclose(folded.held_out_outputs(), expected, atol=1e-6)
    assert not folded.needs_fits
    before = rows.runner.store.made
    folded.held_out_outputs()
    assert rows.runner.store.made == before


def test_later_rounds_are_fitted(rows):
    made = fit_design(rows.runner, "folds", rows.folds())
    folded, plain = read_refits(rows.whole, made), rows.whole
    keep = np.arange(40) > 3
    np.testing.assert_array_equal(folded.held_out_outputs(keep=keep), plain.held_out_outputs(keep=keep))
    codes = 1 - folded.codes
    np.testing.assert_array_equal(folded.held_out_outputs(codes=codes), plain.held_out_outputs(codes=codes))


def test_a_model_that_saw_a_row_of_the_group_says_nothing_of_the_others():
    groups = np.arange(40) // 2
    grouped = prepare(Dataset(X, Y, groups=groups))
    inside = np.ones((3, 40), dtype=bool)
    inside[0, 0] = False  # its twin, row 1, was trained on
    inside[1, [2, 3]] = False
    outputs = DRAW.normal(size=(3, 40, 2)).astype(np.float32)
    made = Refits(np.arange(40), inside, outputs, "halves", np.zeros(3), "l", "d")
    known = read_refits(grouped.whole, made).held_out_outputs()
    np.testing.assert_allclose(known[[2, 3]], outputs[1, [2, 3]], atol=1e-6)
    assert np.isnan(np.delete(known, [2, 3], axis=0)).all()


def test_refits_of_other_rows_or_labels_are_refused(rows):
    made = fit_design(rows.runner, "folds", rows.folds())
    everywhere = Refits(made.ids, np.ones_like(made.inside), made.outputs, "halves", made.seeds, "l", "d")
    narrow = Refits(made.ids, made.inside, made.outputs[:, :, :1], "folds", made.seeds, "l", "d")
    other = Refits(made.ids + 1, made.inside, made.outputs, "folds", made.seeds, "l", "d")
    for refits, words in ((everywhere, "saw every row"), (narrow, "other labels"), (other, "other rows")):
        with pytest.raises(InputError, match=words):
            read_refits(rows.whole, refits)
