"""Errors are told without labels only where source rows lie, with the assumption said, and never as a bare number."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.shift import label_free_error, synthetic_shifts


@pytest.fixture(autouse=True, scope="module")
def _fewer_shifts():
    """Twenty shifts are enough for an interval of 95 %, and cost less than half."""
    usual, synthetic_shifts.PER_KIND = synthetic_shifts.PER_KIND, 5
    yield
    synthetic_shifts.PER_KIND = usual


def place(rows, seed, moved=0.0):
    """Features, probabilities that are right about themselves, and classes drawn from them."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 3))
    X[:, 0] += moved
    chance = 1.0 / (1.0 + np.exp(-1.5 * X[:, 0] + 0.5 * X[:, 1]))
    return X, np.c_[1.0 - chance, chance], (rng.random(rows) < chance).astype(int)


def wrong(outputs, labels):
    return float(np.mean(outputs.argmax(axis=1) != labels))


@pytest.fixture(scope="module")
def source():
    return place(1000, 0)


@pytest.fixture(scope="module")
def moved():
    return place(600, 1, moved=0.8)


@pytest.fixture(scope="module")
def found(source, moved):
    return label_free_error(source, moved[0], moved[1])


def test_the_estimate_follows_the_rows_where_the_rules_are_the_same(found, source, moved):
    truth, before = wrong(*moved[1:]), wrong(*source[1:])
    assert before - truth > 0.03
    assert abs(found.estimate.value - truth) < abs(before - truth) / 2
    assert found.estimate.low <= truth <= found.estimate.high
    assert found.source_error.value == pytest.approx(before)
    assert len(found.by_method) == 9


def test_the_assumption_stands_beside_the_number(found):
    assert "IF the same rules hold there" in str(found)
    assert "if the same rules hold" in found.estimate.reason
    with pytest.raises(TypeError):
        float(found)


def test_the_tipping_point_is_what_lies_between_the_limit_and_the_tolerance(found):
    tolerance = found.estimate.high + 0.07
    assert found.tipping(tolerance) == pytest.approx(0.07)
    assert found.tipping(found.estimate.low) == 0.0
    with pytest.raises(InputError, match="not per cent"):
        found.tipping(18)


def test_rows_in_another_order_give_the_same_answer(source, moved, found):
    turn, back = np.random.default_rng(3).permutation(1000), np.random.default_rng(4).permutation(600)
    here, there = Dataset(source[0], ids=np.arange(1000)).take(turn), Dataset(moved[0], ids=np.arange(600)).take(back)
    again = label_free_error((here, source[1][turn], source[2][turn]), there, moved[1][back])
    assert again.estimate == found.estimate
    assert again.outside_ids.tolist() == found.outside_ids.tolist()


def test_rows_unlike_any_in_the_source_give_no_number():
    source, target = place(300, 0), place(300, 1, moved=6.0)
    found = label_free_error(source, target[0], target[1], leave_out=[])
    assert found.grade == "cannot be told"
    assert np.isnan(found.estimate.value)
    assert np.isnan(found.tipping(0.5))
    assert "apart nearly always" in found.estimate.reason
    assert "plan_labels" in str(found)
    assert found.outside > 0.5
    assert len(found.outside_ids) == round(found.outside * 300)


def test_columns_that_give_the_place_away_are_left_out_and_named():
    source, target = place(300, 0), place(300, 1)
    here = pd.DataFrame(source[0], columns=list("abc")).assign(site="north")
    there = pd.DataFrame(target[0], columns=list("abc")).assign(site="south")
    found = label_free_error((here, *source[1:]), there, target[1])
    assert found.left_out == ("site",)
    assert found.grade == "reaches outside"
    assert "site; they are assumed not to matter" in str(found)
    kept = label_free_error((here, *source[1:]), there, target[1], leave_out=[])
    assert kept.grade == "cannot be told"
    assert "nearly always" in kept.estimate.reason
    alone = label_free_error((here[["site"]], *source[1:]), there[["site"]], target[1])
    assert (alone.grade, alone.effective_share) == ("cannot be told", 0.0)
    with pytest.raises(InputError, match="not there"):
        label_free_error((here, *source[1:]), there, target[1], leave_out=["town"])


def test_a_model_without_errors_teaches_nothing_of_where_it_errs():
    X, outputs, _ = place(300, 0)
    found = label_free_error((X, outputs, outputs.argmax(axis=1)), X[:100], outputs[:100])
    assert found.grade == "cannot be told"
    assert "wrong on 0 source rows" in found.estimate.reason


def test_numbers_have_a_mean_absolute_error_in_their_own_unit():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 2))
    X[600:, 0] += 0.7
    y = 10.0 * X[:, 0] + rng.normal(size=1000) * (1.0 + np.maximum(X[:, 0], 0.0))
    predicted = 10.0 * X[:, 0]
    found = label_free_error((X[:600], predicted[:600], y[:600]), X[600:], predicted[600:])
    truth = float(np.minimum(np.abs(y - predicted)[600:], found.largest).mean())
    assert list(found.by_method.index) == ["importance weights", "error model", "error model and weights"]
    assert found.estimate.low <= truth <= found.estimate.high
    assert found.estimate.value > found.source_error.value
    assert found.largest == pytest.approx(np.quantile(np.abs(y - predicted)[:600], 0.995))
    assert "label's unit" in str(found)
    assert found.tipping(found.estimate.high + 0.1 * found.largest) == pytest.approx(0.1, abs=1e-6)


def test_classes_without_confidence_have_the_methods_that_need_none():
    source, target = place(400, 0), place(200, 1)
    hard = [np.eye(2)[part[1].argmax(axis=1)] for part in (source, target)]
    found = label_free_error((source[0], hard[0], source[2]), target[0], hard[1])
    assert len(found.by_method) == 3
    assert found.estimate.low <= wrong(*target[1:]) <= found.estimate.high


def test_gaps_among_features_groups_and_one_class_are_taken():
    source, target = place(400, 0), place(200, 1)
    X, there = source[0].copy(), target[0].copy()
    X[::7, 1] = there[::5, 2] = np.nan
    rows = Dataset(X, groups=np.arange(400) // 2)
    found = label_free_error((rows, source[1], np.zeros(400, dtype=int)), there, target[1])
    assert 0.0 <= found.estimate.low <= found.estimate.value <= found.estimate.high <= 1.0


def test_what_gives_no_answer_is_refused():
    (X, outputs, labels), (there, others, _) = place(200, 0), place(100, 1)
    frame, other = pd.DataFrame(X, columns=list("abc")), pd.DataFrame(there, columns=list("abd"))
    broken = others.copy()
    broken[3] = np.nan
    for call, said in (
        (lambda: label_free_error((X, labels), there, others), r"must be \(X, outputs, labels\)"),
        (lambda: label_free_error((X[:50], outputs[:50], labels[:50]), there, others), "at least 100"),
        (lambda: label_free_error((X, outputs, labels), there[:9], others[:9]), "at least 30"),
        (lambda: label_free_error((X, outputs, labels), there, others[:50]), "each with its outputs"),
        (lambda: label_free_error((X, outputs, labels), there, broken), "missing or infinite"),
        (lambda: label_free_error((X, outputs, labels), there, others[:, 0]), "numbers of shape|probabilities"),
        (lambda: label_free_error((X, outputs, labels), there, np.full((100, 3), 1 / 3)), "same classes"),
        (lambda: label_free_error((frame, outputs, labels), other, others), "columns"),
        (lambda: label_free_error((X, outputs, labels), there, others, confidence=95), "not per cent"),
        (lambda: label_free_error((X, outputs, labels), there, others, confidence=0.99), "cannot tell a confidence"),
    ):
        with pytest.raises(InputError, match=said):
            call()
