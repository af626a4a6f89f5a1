import numpy as np
import pytest

from samplewise.labels.chunked_rows import BlockedRows
from samplewise.labels.contradiction import contradiction, pair_lift


def drawn(classes=4, rows=300, seed=0):
    """Probabilities with some sharpness, and labels drawn from a flatter version of them."""
    draw = np.random.default_rng(seed)
    logits = 2.0 * draw.normal(size=(rows, classes))
    P = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    flat = P**0.6 / (P**0.6).sum(axis=1, keepdims=True)
    return P, np.array([draw.choice(classes, p=row) for row in flat])


def by_hand(P, codes, temperature):
    """The same, a row at a time."""
    n, c = P.shape
    other = [max((k for k in range(c) if k != codes[i]), key=lambda k: P[i, k]) for i in range(n)]
    strength = [temperature * np.log(P[i, other[i]] / P[i, codes[i]]) for i in range(n)]
    against = [i for i in range(n) if strength[i] > 0]
    pairs = [{codes[i], other[i]} for i in range(n)]
    lift = []
    for i in range(n):
        seen = sum(pairs[j] == pairs[i] for j in against if j != i)
        of = [sum(one in pairs[j] for j in against) for one in (codes[i], other[i])]
        lift.append(np.clip(np.log((seen + 1) / (of[0] * of[1] / (2 * len(against)) + 1)), -2, 3))
    return np.array(strength), np.array(lift) - np.mean([lift[i] for i in against]), np.array(other)


def temperature_of(P, codes):
    """The best of many, tried one by one."""
    tried = np.exp(np.linspace(-3, 2, 4001))
    surprise = [
        np.mean(np.log((P**t).sum(axis=1)) - t * np.log(P[np.arange(len(P)), codes])) for t in tried
    ]  # fmt: skip
    return tried[int(np.argmin(surprise))]


def test_as_computed_row_by_row():
    P, codes = drawn()
    found = contradiction(P, codes, np.arange(len(codes)))
    strength, lift, other = by_hand(P, codes, temperature_of(P, codes))
    np.testing.assert_array_equal(found.other, other)
    np.testing.assert_allclose(found.strength, strength, rtol=2e-3)
    np.testing.assert_allclose(found.lift, lift, atol=1e-12)
    assert 0.2 < found.against.mean() < 0.8


@pytest.mark.parametrize("power", [0.5, 1.5])
def test_sharper_or_flatter_probabilities_say_the_same(power):
    P, codes = drawn()
    raised = P**power / (P**power).sum(axis=1, keepdims=True)
    one, two = (contradiction(each, codes, np.arange(len(codes))) for each in (P, raised))
    np.testing.assert_allclose(one.strength, two.strength, atol=1e-3)
    np.testing.assert_array_equal(one.lift, two.lift)


def test_names_of_classes_do_not_matter():
    P, codes = drawn()
    order = np.array([2, 0, 3, 1])
    renamed = contradiction(P[:, order], np.argsort(order)[codes], np.arange(len(codes)))
    plain = contradiction(P, codes, np.arange(len(codes)))
    np.testing.assert_allclose(renamed.strength, plain.strength, atol=1e-4)
    np.testing.assert_allclose(renamed.lift, plain.lift)
    np.testing.assert_array_equal(order[renamed.other], plain.other)


def test_answers_without_probabilities_are_as_strong_as_a_middling_contradiction():
    P, codes = drawn()
    found = contradiction(np.eye(4)[P.argmax(axis=1)], codes, np.arange(len(codes)))
    assert set(found.strength) == {3.0, -4.0}
    assert not found.graded
    assert contradiction(P, codes, np.arange(len(codes))).graded
    np.testing.assert_array_equal(found.against, P.argmax(axis=1) != codes)


def test_rows_without_prediction_stay_unknown_and_count_nowhere():
    P, codes = drawn()
    P[::7] = np.nan
    found = contradiction(P, codes, np.arange(len(codes)))
    known = np.isfinite(P[:, 0])
    assert np.isnan(found.strength[~known]).all()
    assert set(found.other[~known]) == {-1}
    alone = contradiction(P[known], codes[known], np.arange(len(codes))[known])
    np.testing.assert_allclose(found.strength[known], alone.strength)
    np.testing.assert_allclose(found.lift[known], alone.lift)


def test_two_classes_have_no_pairs_to_compare():
    P, codes = drawn(classes=2)
    found = contradiction(P, codes, np.arange(len(codes)))
    assert set(found.lift) == {0.0}
    np.testing.assert_array_equal(found.other, 1 - codes)
    assert not pair_lift(codes, 1 - codes, np.zeros(len(codes), dtype=bool), 5).any()


def test_a_class_that_is_often_confused_with_another_is_lifted():
    every = np.array([(one, two) for one in range(5) for two in range(5) if one != two] * 2)  # as often as any other
    codes, other = np.r_[np.zeros(40, dtype=int), every[:, 0]], np.r_[np.ones(40, dtype=int), every[:, 1]]
    lift = pair_lift(codes, other, np.ones(80, dtype=bool), 5)
    assert lift[:40].min() > lift[[set(pair) != {0, 1} for pair in zip(codes, other, strict=True)]].max()
    assert lift.mean() == pytest.approx(0.0, abs=1e-12)


def test_blocks_of_rows_say_what_all_rows_say(monkeypatch):
    P, codes = drawn()
    whole = contradiction(P, codes, np.arange(len(codes)))
    monkeypatch.setattr("samplewise.labels.chunked_rows.ENTRIES", 64)
    parts = contradiction(BlockedRows(P, lambda block: block), codes, np.arange(len(codes)))
    np.testing.assert_array_equal(parts.strength, whole.strength)


def test_the_temperature_of_very_many_rows_is_that_of_some_of_them_drawn_by_id(monkeypatch):
    P, codes = drawn(rows=3000)
    whole = contradiction(P, codes, np.arange(3000))
    monkeypatch.setattr("samplewise.labels.contradiction.ENTRIES", 64)
    some = contradiction(P, codes, np.arange(3000))
    ratio = some.strength / whole.strength
    assert ratio.std() < 1e-9
    assert ratio[0] == pytest.approx(1.0, abs=0.1)
    assert ratio[0] != 1.0
    order = np.random.default_rng(1).permutation(3000)
    moved = contradiction(P[order], codes[order], order)
    np.testing.assert_allclose(moved.strength, some.strength[order])
