"""Sets hold the truth as often as they say, over calibration sets and for the one at hand."""

import numpy as np
import pytest
from scipy import stats

from samplewise.core.errors import InputError
from samplewise.generalization import conformal_threshold


@pytest.mark.parametrize(("n", "miscoverage"), [(9, 0.1), (30, 0.1), (99, 0.1), (50, 0.25), (200, 0.05)])
def test_coverage_over_calibration_sets_is_what_is_promised(n, miscoverage):
    draw = np.random.default_rng(n)
    scores = np.sort(draw.gamma(2.0, size=(20_000, n)), axis=1)
    found = conformal_threshold(scores[0], miscoverage)
    place = int(np.flatnonzero(scores[0] == found.thresholds[0])[0])
    held = stats.gamma.cdf(scores[:, place], 2.0)  # exact coverage of each calibration set
    promised = found.coverage[0]
    assert 1 - miscoverage <= promised.value <= 1 - miscoverage + 1 / (n + 1) + 1e-12
    assert held.mean() == pytest.approx(promised.value, abs=4 * held.std() / np.sqrt(20_000))
    inside = (held >= promised.low) & (held <= promised.high)
    assert inside.mean() == pytest.approx(0.95, abs=0.006)


def test_real_predictions_are_covered_and_sets_are_smaller_than_all_labels():
    draw = np.random.default_rng(0)
    logits = draw.normal(size=(40_000, 4)) * 1.5
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    flat = probabilities**0.5 / (probabilities**0.5).sum(axis=1, keepdims=True)  # the truth is flatter than the model
    labels = (draw.random((40_000, 1)) > flat.cumsum(axis=1)).sum(axis=1)
    scores = 1 - probabilities[np.arange(40_000), labels]
    found = conformal_threshold(scores[:1000], 0.1)
    sets = found.sets(probabilities[1000:])
    held = sets[np.arange(39_000), labels[1000:]].mean()
    assert found.coverage[0].low <= held <= found.coverage[0].high
    assert sets.sum(axis=1).mean() < 3.5


def test_classes_are_covered_one_by_one_only_on_request():
    draw = np.random.default_rng(1)
    labels = (draw.random(30_000) < 0.1).astype(int)
    scores = draw.random(30_000) * np.where(labels == 1, 1.0, 0.5)  # the rare class looks stranger
    together = conformal_threshold(scores[:5000], 0.1)
    apart = conformal_threshold(scores[:5000], 0.1, classes=labels[:5000])
    rare = scores[5000:][labels[5000:] == 1]
    assert np.mean(rare <= together.thresholds[0]) < 0.6
    assert np.mean(rare <= apart.thresholds[1]) == pytest.approx(0.9, abs=0.04)
    assert apart.counts.sum() == 5000
    assert apart.counts[0] > 4000


def test_thresholds_of_classes_go_to_their_columns():
    scores, labels = [0.1] * 20 + [0.6] * 20, ["b"] * 20 + ["a"] * 20
    found = conformal_threshold(scores, 0.1, classes=labels)
    assert found.sets([[0.5, 0.5], [0.05, 0.95]], classes=["a", "b"]).tolist() == [[True, False], [False, True]]
    low, high = found.intervals([1.0, 2.0], classes=["a", "b"])
    assert low == pytest.approx([0.4, 1.9])
    assert high == pytest.approx([1.6, 2.1])


def test_intervals_of_a_regression():
    draw = np.random.default_rng(2)
    truth = draw.normal(size=20_000)
    outputs = truth + draw.laplace(size=20_000)
    found = conformal_threshold(np.abs(truth - outputs)[:500], 0.2)
    low, high = found.intervals(outputs[500:])
    held = np.mean((low <= truth[500:]) & (truth[500:] <= high))
    assert found.coverage[0].low <= held <= found.coverage[0].high


def test_too_few_rows_bound_nothing_and_say_so():
    found = conformal_threshold([0.2] * 8, 0.1)
    assert found.thresholds[0] == np.inf
    assert found.sets([[0.0, 1.0]]).all()
    assert "8 calibration rows allow no bound" in found.coverage[0].reason
    assert "9 are the fewest" in found.coverage[0].reason
    assert np.isfinite(conformal_threshold([0.2] * 9, 0.1).thresholds[0])


def test_row_order_changes_nothing():
    scores = np.random.default_rng(3).random(101)
    assert conformal_threshold(scores).thresholds == conformal_threshold(scores[::-1]).thresholds


FOUND = conformal_threshold([0.5] * 40, classes=["a", "b"] * 20)


@pytest.mark.parametrize(
    ("call", "where", "fix"),
    [
        (lambda: conformal_threshold([]), "scores", "keep rows aside"),
        (lambda: conformal_threshold([0.5], miscoverage=10), "miscoverage", "did you mean 0.1?"),
        (lambda: conformal_threshold([0.5, np.nan]), "1", "score every calibration row"),
        (lambda: conformal_threshold([0.5, 0.4], classes=["a"]), "classes", "in the order of the scores"),
        (lambda: FOUND.sets([[0.5, 0.5]], classes=["a", "z"]), "classes z", "needs rows of every class"),
        (lambda: FOUND.intervals([1.0]), "classes 0.0", "name them with classes="),
        (lambda: FOUND.sets([[0.5, 0.5]], classes=["a"]), "classes", "model.classes_"),
        (lambda: FOUND.sets([0.5, 0.5]), "probabilities", "(n, c)"),
        (lambda: FOUND.sets([[0.5, np.nan]], classes=["a", "b"]), "0", "predict every row"),
        (lambda: FOUND.intervals([[1.0, 2.0]]), "outputs", "(n,)"),
    ],
)
def test_refusals(call, where, fix):
    with pytest.raises(InputError) as refused:
        call()
    assert where in str(refused.value)
    assert fix in str(refused.value)
