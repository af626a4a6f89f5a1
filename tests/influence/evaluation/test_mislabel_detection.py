"""Finding wrong rows: against scikit-learn with ties, the interval, directions and refusals."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from samplewise.core.errors import InputError
from samplewise.core.values import Scores
from samplewise.influence import mislabel_score
from samplewise.influence.evaluation.mislabel_detection import _ranked


def planted(rows=300, share=0.1, shift=1.5, seed=0, digits=1):
    draw = np.random.default_rng(seed)
    wrong = draw.random(rows) < share
    values = np.round(draw.normal(size=rows) + shift * wrong, digits)
    return Scores("loss", values, np.arange(rows) + 1000, "nats", "less expected"), wrong


def test_equals_scikit_learn_with_ties():
    scores, wrong = planted()
    found = mislabel_score(scores, wrong)
    assert found.area.value == pytest.approx(roc_auc_score(wrong, scores.values), abs=1e-12)
    assert found.precision.value == pytest.approx(average_precision_score(wrong, scores.values), abs=1e-12)
    assert found.chance == wrong.mean()


def test_a_resample_is_scored_as_its_rows():
    scores, wrong = planted(80, 0.3)
    order = np.argsort(-scores.values, kind="stable")
    ends = np.flatnonzero(np.r_[np.diff(scores.values[order]) != 0, True])
    counts = np.random.default_rng(0).multinomial(80, np.full(80, 1 / 80), size=5)
    found = _ranked(counts.astype(float), wrong[order], ends)
    for one, (area, precision) in zip(counts, found.T, strict=True):
        rows = np.repeat(order, one)
        assert area == pytest.approx(roc_auc_score(wrong[rows], scores.values[rows]))
        assert precision == pytest.approx(average_precision_score(wrong[rows], scores.values[rows]))


def test_ids_flags_and_direction_say_the_same():
    scores, wrong = planted()
    values = Scores("value", -scores.values, scores.keys, "points", "helps")
    one, two = mislabel_score(scores, scores.keys[wrong]), mislabel_score(values, wrong, larger_is_wrong=False)
    assert one.area == two.area
    assert one.precision == two.precision


def test_the_interval_covers():
    """The area of this shift is known: P(N(1.5, 2) > 0)."""
    held = 0
    for seed in range(40):
        area = mislabel_score(*planted(seed=seed, digits=9), n_resamples=200).area
        held += area.low <= 0.8556 <= area.high
    assert held >= 34


def test_row_order_changes_nothing():
    scores, wrong = planted()
    turned = np.random.default_rng(1).permutation(300)
    shuffled = Scores("loss", scores.values[turned], scores.keys[turned], "nats", "less expected")
    assert mislabel_score(shuffled, wrong[turned]).precision == mislabel_score(scores, wrong).precision


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda s, w: (s, w[:-1]), "pass the ids"),
        (lambda s, w: (s, [5]), "rows id 5"),
        (lambda s, w: (s, np.zeros(300, dtype=bool)), "plant flips"),
        (lambda s, w: (Scores("loss", np.where(w, np.nan, s.values), s.keys, "nats", "x"), w), "leave these rows out"),
    ],
)
def test_refusals(change, text):
    with pytest.raises(InputError, match=text):
        mislabel_score(*change(*planted()))
