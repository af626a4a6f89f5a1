"""One repeat of a test: the random remedy, the rows a refit leaves out, and what leaves nothing to learn from."""

import numpy as np

from samplewise.engine.models.learner import Fit
from samplewise.engine.refits import RowEdit, prepare
from samplewise.engine.refits.folded_rows import outer_folds
from samplewise.engine.refits.remedy_arms import LEFT_OUT, _subset, nothing_to_learn, random_twin


def test_random_twin_has_the_same_kind_and_size_and_other_labels(folded):
    change = RowEdit("relabel", np.arange(30), 1 - folded.codes[:30])
    twin = random_twin(change, folded, 0)
    assert len(twin.rows) == 30 == len(np.unique(twin.rows))
    assert (twin.values != folded.codes[twin.rows]).all()
    assert random_twin(RowEdit("drop", np.arange(7)), folded, 0).values is None


def test_a_further_refit_leaves_out_a_twentieth_drawn_by_id_and_the_first_none(two_moons):
    prepared = prepare(two_moons(400)[0])
    part = outer_folds(prepared.runner, prepared.folds())[0]
    assert _subset(part, 0, 0, 0) is None
    drawn = [_subset(part, 0, repeat, again) for repeat in (0, 1) for again in (1, 2)]
    assert all(abs((~each).mean() - LEFT_OUT) < 0.04 for each in drawn)
    assert len({each.tobytes() for each in drawn}) == 4
    np.testing.assert_array_equal(drawn[0], _subset(part, 0, 0, 1))


def test_a_fit_needs_rows_that_count_of_two_classes(two_moons):
    runner = prepare(two_moons(20)[0]).runner
    codes, rows = runner.target.codes, np.arange(20)
    assert not nothing_to_learn(Fit(np.ones(20, dtype=bool), rows), runner)
    assert nothing_to_learn(Fit(np.zeros(20, dtype=bool), rows), runner)
    assert nothing_to_learn(Fit(codes == 0, rows), runner)
    assert nothing_to_learn(Fit(np.ones(20, dtype=bool), rows, weights=np.where(codes == 0, 1.0, 0.0)), runner)
    assert nothing_to_learn(Fit(np.ones(20, dtype=bool), rows, codes=np.zeros(20, dtype=int)), runner)
