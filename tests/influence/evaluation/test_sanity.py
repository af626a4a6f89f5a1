"""What an attribution must show: hand-made attributions that pass and that fail each question."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import spearmanr

from samplewise.core.errors import InputError
from samplewise.core.values import Attribution
from samplewise.influence import same_class_share, top_overlap, weight_dependence


def drawn(m=12, n=60, seed=0):
    values = np.random.default_rng(seed).normal(size=(m, n))
    return Attribution(values, np.arange(m) + 100, np.arange(n), "margin")


def test_weight_dependence_is_the_mean_rank_correlation_in_any_order():
    one, other = drawn(), drawn(seed=1)
    rows, queries = np.random.default_rng(2).permutation(60), np.random.default_rng(3).permutation(12)
    turned = Attribution(other.values[np.ix_(queries, rows)], other.query_ids[queries], other.ids[rows], "margin")
    expected = np.mean([spearmanr(a, b).statistic for a, b in zip(one.values, other.values, strict=True)])
    found = weight_dependence(one, turned)
    assert found.value == pytest.approx(expected)
    assert found.low < 0 < found.high
    assert weight_dependence(one, one).low == pytest.approx(1.0)


def test_overlap_is_the_mean_over_pairs():
    attribution = drawn()
    tops = [set(np.argsort(-row)[:7].tolist()) for row in attribution.values]
    expected = np.mean([len(one & other) / 7 for one, other in permutations(tops, 2)])
    assert top_overlap(attribution, 7).value == pytest.approx(expected)
    same = Attribution(np.tile(attribution.values[:1], (12, 1)), attribution.query_ids, attribution.ids, "margin")
    assert top_overlap(same, 7).value == pytest.approx(1.0)
    assert "independent" in top_overlap(attribution).reason


def test_same_class_share_counts_the_first_row():
    attribution = drawn()
    labels, queried = np.arange(60) % 3, np.arange(12) % 3
    expected = np.mean(labels[attribution.values.argmax(axis=1)] == queried)
    found = same_class_share(attribution, labels, queried)
    assert found.value == pytest.approx(expected)
    assert found.low <= found.value <= found.high


def test_refusals():
    attribution = drawn()
    with pytest.raises(InputError, match="smaller n_rows"):
        top_overlap(attribution, 60)
    with pytest.raises(InputError, match="attribute more queries"):
        top_overlap(drawn(m=1))
    with pytest.raises(InputError, match="one label per row"):
        same_class_share(attribution, np.zeros(59), np.zeros(12))
    with pytest.raises(InputError, match="rows id 111"):
        weight_dependence(attribution, drawn(m=11))
    with pytest.raises(InputError, match="attribute one target"):
        top_overlap(Attribution(np.zeros((2, 60, 3)), np.arange(2), np.arange(60), "margin"))
