"""Rules for disputed labels, on a posterior that is given."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.core.values import Estimate
from samplewise.data.dataset import Dataset
from samplewise.engine.refits import prepare
from samplewise.labels.posterior import LabelPosterior
from samplewise.labels.remedies import drop_disputed, relabel_disputed, reweight_disputed

Y = np.array([0] * 6 + [1] * 4 + [2] * 2)
WRONG = np.zeros(12)
WRONG[[2, 7]] = 0.95
WRONG[[10, 11]] = 0.9


def posterior(folded):
    suggested = np.array(folded.codes)
    suggested[[2, 7, 10, 11]] = [1, 0, 0, 1]
    held_out = np.eye(3)[suggested] * 0.9 + 0.05
    noise = np.full((3, 3), 0.1) + 0.7 * np.eye(3)
    rate = Estimate("noise_rate", 0.3)
    chance = np.full(12, 0.95)
    return LabelPosterior(np.asarray(folded.codes), WRONG, suggested, chance, held_out, noise, rate, 50.0, True, 2)


@pytest.fixture
def folded():
    return prepare(Dataset(np.arange(12.0)[:, None], Y)).unsplit


def test_labels_get_their_suggestion(folded):
    change = relabel_disputed(folded, posterior)
    assert change.kind == "relabel"
    assert dict(zip(change.rows.tolist(), change.values.tolist(), strict=True)) == {2: 1, 7: 0, 10: 0, 11: 1}


def test_rows_go_but_no_class_vanishes(folded):
    assert drop_disputed(folded, posterior).rows.tolist() == [2, 7]  # 10 and 11 are all there is of class 2


def test_rows_count_as_far_as_they_are_right(folded):
    change = reweight_disputed(folded, posterior)
    assert change.rows.tolist() == [2, 7, 10, 11]
    np.testing.assert_allclose(change.values, [0.05, 0.05, 0.1, 0.1])
    weighted = prepare(Dataset(np.arange(12.0)[:, None], Y, weights=np.full(12, 3.0))).unsplit
    np.testing.assert_allclose(reweight_disputed(weighted, posterior).values, 3 * change.values)


def test_a_method_is_called_once_for_the_same_rows(folded):
    calls = []

    def counted(one):
        calls.append(one)
        return posterior(one)

    relabel_disputed(folded, counted)
    drop_disputed(folded, counted)
    assert calls == [folded]


def test_rules_need_folded_rows():
    for rule in (relabel_disputed, drop_disputed, reweight_disputed):
        with pytest.raises(InputError, match="needs a FoldedRows"):
            rule(Y)
