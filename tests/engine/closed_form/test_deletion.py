"""What a deletion changes, against heads that really were fitted without the row."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.closed_form import deletion_effects, deletion_effects_from_gram, leave_one_out

RIDGE = 0.4


def problem(n=25, d=4, c=3, m=11, seed=0):
    draw = np.random.default_rng(seed)
    features, targets = draw.normal(size=(n, d)) + 2.0, draw.normal(size=(n, c))
    return features, targets, draw.normal(size=(m, d)) + 2.0, draw.normal(size=(m, c))


def head(features, targets, queries, kept):
    x, y = features[kept], targets[kept]
    z = x - x.mean(axis=0)
    coef = np.linalg.solve(z.T @ z + RIDGE * np.eye(x.shape[1]), z.T @ (y - y.mean(axis=0)))
    return (queries - x.mean(axis=0)) @ coef + y.mean(axis=0), coef


def by_refits(features, targets, queries, wanted):
    """Everything deletion_effects says, by n + 1 fits."""
    n = len(features)
    whole, coef = head(features, targets, queries, np.ones(n, bool))
    fits = [head(features, targets, queries, np.arange(n) != i) for i in range(n)]
    change = np.stack([whole - outputs for outputs, _ in fits], axis=1)
    return {
        "change": change,
        "functional": np.sum(change**2, axis=(0, 2)) / (2 * len(queries)),
        "weight": np.array([np.sum((coef - other) ** 2) / 2 for _, other in fits]),
        "effect": np.array(
            [np.mean(np.sum((whole - wanted) ** 2 - (outputs - wanted) ** 2, axis=1)) for outputs, _ in fits]
        ),
    }


@pytest.mark.parametrize(("n", "d"), [(25, 4), (25, 1), (10, 30), (12, 12)])
def test_every_row_at_once_is_n_refits(n, d):
    features, targets, queries, wanted = problem(n, d)
    expected = by_refits(features, targets, queries, wanted)
    effects = deletion_effects(features, targets, RIDGE, queries)
    np.testing.assert_allclose(effects.functional_information, expected["functional"], rtol=1e-8)
    np.testing.assert_allclose(effects.weight_information, expected["weight"], rtol=1e-8)
    np.testing.assert_allclose(effects.prediction_change(queries), expected["change"], rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(effects.effect_on(queries, wanted), expected["effect"], rtol=1e-8, atol=1e-12)
    dual = deletion_effects_from_gram(features @ features.T, targets, RIDGE, queries @ features.T)
    np.testing.assert_allclose(dual.functional_information, expected["functional"], rtol=1e-8)
    np.testing.assert_allclose(dual.weight_information, expected["weight"], rtol=1e-8)
    np.testing.assert_allclose(dual.effect_on(queries @ features.T, wanted), expected["effect"], rtol=1e-8, atol=1e-12)


def test_without_intercept_it_is_the_block_inverse_of_the_kernel():
    features, targets, queries, _ = problem()
    gram, across = features @ features.T, queries @ features.T
    effects = deletion_effects_from_gram(gram, targets, RIDGE, across, intercept=False)
    inverse = np.linalg.inv(gram + RIDGE * np.eye(25))
    alpha = inverse @ targets
    for i in (0, 7, 24):
        delta = np.outer(inverse[:, i], alpha[i] / inverse[i, i])
        assert effects.functional_information[i] == pytest.approx(np.sum((across @ delta) ** 2) / 22, rel=1e-8)
        assert effects.weight_information[i] == pytest.approx(np.trace(delta.T @ gram @ delta) / 2, rel=1e-8)


def test_it_is_cooks_distance():
    """At a vanishing ridge with one output, sum_j (f - f_-i)^2 / (p s^2) = e^2 h / (p s^2 (1 - h)^2)."""
    features, targets, _, _ = problem(c=1)
    design = np.column_stack([np.ones(25), features])
    hat = design @ np.linalg.solve(design.T @ design, design.T)
    residual, leverage = targets[:, 0] - hat @ targets[:, 0], np.diag(hat)
    cook = residual**2 * leverage / (1 - leverage) ** 2
    effects = deletion_effects(features, targets, ridge=1e-11)
    np.testing.assert_allclose(effects.functional_information * 2 * 25, cook, rtol=1e-7)


def test_held_out_outputs_are_those_of_leave_one_out():
    features, targets, _, _ = problem()
    effects = deletion_effects(features, targets, RIDGE)
    np.testing.assert_allclose(effects.held_out, leave_one_out(features, targets, RIDGE).outputs, rtol=1e-12)


@pytest.mark.parametrize("d", [4, 40])
def test_a_group_is_not_the_sum_of_its_members(d):
    features, targets, queries, _ = problem(d=d)
    members = np.array([1, 5, 6, 20])
    kept = ~np.isin(np.arange(25), members)
    expected = head(features, targets, queries, np.ones(25, bool))[0] - head(features, targets, queries, kept)[0]
    effects = deletion_effects(features, targets, RIDGE, queries)
    np.testing.assert_allclose(effects.group_change(members, queries), expected, rtol=1e-8, atol=1e-12)
    assert effects.group_information(members) == pytest.approx(np.sum(expected**2) / 22, rel=1e-8)
    assert effects.group_information(members[:1]) == pytest.approx(effects.functional_information[1], rel=1e-8)
    summed = effects.prediction_change(queries)[:, members].sum(axis=1)
    assert np.abs(summed - expected).max() > 1e-3


def test_duplicates_share_what_only_the_pair_carries():
    features, targets, queries, _ = problem()
    features[3], targets[3] = 6.0, 4.0
    alone = deletion_effects(features, targets, RIDGE, queries)
    doubled = deletion_effects(np.vstack([features, features[3:4]]), np.vstack([targets, targets[3:4]]), RIDGE, queries)
    assert doubled.functional_information[3] == pytest.approx(doubled.functional_information[25], rel=1e-9)
    assert doubled.functional_information[3] < 0.2 * alone.functional_information[3]
    assert doubled.group_information([3, 25]) > 5 * doubled.functional_information[3]


def test_invariances():
    features, targets, queries, wanted = problem()
    draw = np.random.default_rng(1)
    before = deletion_effects(features, targets, RIDGE, queries)
    order, turn = draw.permutation(25), np.linalg.qr(draw.normal(size=(3, 3)))[0]
    shuffled = deletion_effects(features[order], targets[order], RIDGE, queries[::-1])
    np.testing.assert_allclose(shuffled.functional_information, before.functional_information[order], rtol=1e-10)
    turned = deletion_effects(features, targets @ turn, RIDGE, queries)
    np.testing.assert_allclose(turned.functional_information, before.functional_information, rtol=1e-9)
    np.testing.assert_allclose(turned.effect_on(queries, wanted @ turn), before.effect_on(queries, wanted), rtol=1e-9)
    louder = deletion_effects(features, targets, RIDGE, queries, sigma=3.0)
    np.testing.assert_allclose(louder.functional_information, before.functional_information / 9, rtol=1e-12)
    np.testing.assert_allclose(louder.weight_information, before.weight_information / 9, rtol=1e-12)


def test_blocks_of_rows_change_nothing(monkeypatch):
    features, targets, queries, wanted = problem()
    whole = deletion_effects(features, targets, RIDGE, queries)
    monkeypatch.setattr("samplewise.engine.closed_form.smoother.ROWS_AT_ONCE", 4)
    for piecewise in (
        deletion_effects(features, targets, RIDGE, queries),
        deletion_effects_from_gram(features @ features.T, targets, RIDGE, queries @ features.T),
    ):
        np.testing.assert_allclose(piecewise.functional_information, whole.functional_information, rtol=1e-9)
    np.testing.assert_allclose(
        deletion_effects(features, targets, RIDGE).effect_on(queries, wanted),
        whole.effect_on(queries, wanted),
        rtol=1e-9,
    )


def test_a_row_at_the_mean_whose_target_is_the_fit_carries_nothing():
    features, targets, queries, _ = problem(n=24)
    outputs, _ = head(features, targets, np.array([[1.0, 2.0, 3.0, 4.0]]), np.ones(24, bool))
    features, targets = np.vstack([features, [[1.0, 2.0, 3.0, 4.0]]]), np.vstack([targets, outputs])
    effects = deletion_effects(features, targets, RIDGE, queries)
    assert effects.functional_information[24] < 1e-25
    assert effects.weight_information[24] < 1e-25


def test_one_row_is_undetermined():
    effects = deletion_effects(np.ones((1, 2)), np.array([3.0]), RIDGE)
    assert effects.undetermined.tolist() == [0]
    assert np.isnan(effects.functional_information).all()
    alone = deletion_effects_from_gram(np.eye(1), np.array([1.0]), 1.0, intercept=False)
    np.testing.assert_allclose(alone.functional_information, 0.125)


@pytest.mark.parametrize(
    ("call", "where", "fix"),
    [
        (lambda x, y: deletion_effects(x, y, RIDGE, sigma=0.0), "sigma", "use 1.0"),
        (lambda x, y: deletion_effects(x, y, RIDGE, x[:, :2]), "validation", "encode it"),
        (lambda x, y: deletion_effects(x, y, RIDGE).effect_on(x, y[:, :1]), "targets", "encode them"),
        (lambda x, y: deletion_effects(x, y, RIDGE).prediction_change(x[:, :1]), "queries", "encode the queries"),
        (lambda x, y: deletion_effects(x, y, RIDGE).group_change([99], x), "rows", "0 to 24"),
    ],
)
def test_refusals(call, where, fix):
    features, targets, _, _ = problem()
    with pytest.raises(InputError, match=f"where: +{where}") as caught:
        call(features, targets)
    assert caught.match(fix)
