"""Down-dated heads against the same head fitted from the rows, in double precision."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from samplewise.core.errors import InputError
from samplewise.engine.closed_form import SubsetRidge
from samplewise.engine.closed_form.ridge import CAUTION, GCV_RIDGES


def problem(n=120, d=9, c=3, seed=0):
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(n, d)) * 10.0 ** draw.integers(-3, 4, size=d) + draw.normal(size=d) * 50
    targets = np.tanh(features @ draw.normal(size=(d, c)) / 20) + draw.normal(size=(n, c)) + 7.0
    return features, targets, draw.integers(0, 5, size=n)


def from_the_rows(features, targets, weights, ridge, standardize, queries):
    """The definition, written out: center, scale, solve on a stacked least-squares problem."""
    kept = weights > 0
    x, y, w = features[kept].astype(float), targets[kept], weights[kept]
    mean, target_mean = np.average(x, axis=0, weights=w), np.average(y, axis=0, weights=w)
    varies = np.ptp(x, axis=0) > 0
    scale = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=w)) if standardize else np.ones(x.shape[1])
    scale = np.where(varies, scale, np.inf)
    z = (x - mean) / scale
    penalty = ridge * (z**2 * w[:, None]).sum() / max(varies.sum(), 1)
    stacked = np.vstack([z * np.sqrt(w)[:, None], np.sqrt(penalty) * np.eye(x.shape[1])])
    wanted = np.vstack([(y - target_mean) * np.sqrt(w)[:, None], np.zeros((x.shape[1], y.shape[1]))])
    coef = np.linalg.lstsq(stacked, wanted, rcond=None)[0]
    return (queries - mean) / scale @ coef + target_mean


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("share", [1.0, 0.9, 0.5, 0.2])
def test_any_subset_equals_the_fit_from_its_rows(share, standardize):
    features, targets, blocks = problem()
    engine = SubsetRidge(features, targets, blocks)
    keep = (blocks != 2) & (np.random.default_rng(1).random(len(features)) <= share)
    head = engine.fit(keep, ridge=0.01, standardize=standardize)
    expected = from_the_rows(features, targets, keep.astype(float), 0.01, standardize, features)
    np.testing.assert_allclose(head.outputs(features), expected, rtol=1e-10)


def test_relabeled_and_weighted_rows():
    features, targets, blocks = problem()
    draw = np.random.default_rng(2)
    relabeled = targets.copy()
    relabeled[draw.choice(len(targets), 15, replace=False)] += 1.5
    weights = draw.choice([0.0, 0.3, 1.0, 2.0], size=len(targets), p=[0.1, 0.2, 0.5, 0.2])
    keep = blocks != 0
    head = SubsetRidge(features, targets, blocks).fit(keep, relabeled, weights, ridge=0.1)
    expected = from_the_rows(features, relabeled, np.where(keep, weights, 0.0), 0.1, True, features)
    np.testing.assert_allclose(head.outputs(features), expected, rtol=1e-10)


def test_weight_two_is_a_row_twice():
    features, targets, _ = problem(n=40, d=4)
    twice = np.r_[np.arange(40), np.arange(10)]
    weights = np.where(np.arange(40) < 10, 2.0, 1.0)
    weighted = SubsetRidge(features, targets).fit(np.ones(40, bool), weights=weights, ridge=0.2)
    doubled = SubsetRidge(features[twice], targets[twice]).fit(np.ones(50, bool), ridge=0.2)
    np.testing.assert_allclose(weighted.outputs(features), doubled.outputs(features), rtol=1e-10)


def test_agrees_with_scikit_learn():
    features, targets, _ = problem(n=80, d=6)
    z = (features - features.mean(0)) / features.std(0)
    other = Ridge(alpha=0.3 * 80).fit(z, targets)
    head = SubsetRidge(features, targets).fit(np.ones(80, bool), ridge=0.3)
    np.testing.assert_allclose(head.outputs(features), other.predict(z), rtol=1e-9)


def test_gcv_is_the_minimum_over_the_grid_of_the_written_out_score():
    features, targets, blocks = problem(n=60, d=12, seed=4)
    keep = blocks != 1
    head = SubsetRidge(features, targets, blocks).fit(keep)
    x, y = features[keep], targets[keep]
    z = (x - x.mean(0)) / x.std(0)
    scores = []
    for ridge in GCV_RIDGES:
        hat = z @ np.linalg.solve(z.T @ z + ridge * len(z) * np.eye(12), z.T) + 1 / len(z)
        scores.append(np.sum((y - hat @ y) ** 2) / (len(z) - 1 - CAUTION * (np.trace(hat) - 1)) ** 2)
        if ridge == head.ridge:
            assert head.effective_parameters == pytest.approx(np.trace(hat), rel=1e-9)
    assert head.ridge == GCV_RIDGES[np.argmin(scores)]


def test_copied_rows_do_not_pass_an_interpolating_head_for_a_perfect_one():
    draw = np.random.default_rng(0)
    features = draw.normal(size=(60, 60))
    targets = draw.normal(size=(60, 1))
    copied = [np.vstack([part, part[:3]]) for part in (features, targets)]
    head = SubsetRidge(*copied).fit(np.ones(63, dtype=bool))
    assert head.effective_parameters < 63 / CAUTION + 1


def test_left_out_rows_leave_no_trace():
    """Poisoned left-out rows (huge values, another ridge choice) must not move the head, not even its scaling."""
    features, targets, blocks = problem()
    keep = blocks != 3
    poisoned, wrong = features.copy(), targets.copy()
    poisoned[~keep] *= 30.0
    wrong[~keep] -= 100.0
    clean = SubsetRidge(features, targets, blocks).fit(keep)
    other = SubsetRidge(poisoned, wrong, blocks).fit(keep)
    assert clean.ridge == other.ridge
    np.testing.assert_allclose(clean.outputs(features), other.outputs(features), rtol=1e-8)


def test_row_order_changes_nothing():
    features, targets, blocks = problem()
    order = np.random.default_rng(5).permutation(len(features))
    keep = np.arange(len(features)) % 7 != 0
    one = SubsetRidge(features, targets, blocks).fit(keep)
    two = SubsetRidge(features[order], targets[order], blocks[order]).fit(keep[order])
    assert one.ridge == two.ridge
    np.testing.assert_allclose(one.outputs(features), two.outputs(features), rtol=1e-10)


def test_a_column_constant_over_the_kept_rows_gets_no_weight():
    features, targets, blocks = problem(d=3)
    rare = np.zeros(len(features))
    rare[blocks == 4] = np.arange((blocks == 4).sum())
    wide = np.column_stack([features, rare, np.full(len(features), 0.1)])
    head = SubsetRidge(wide, targets, blocks).fit(blocks != 4, ridge=0.05)
    assert (head.coef[3:] == 0).all()
    narrow = SubsetRidge(features, targets, blocks).fit(blocks != 4, ridge=0.05)
    np.testing.assert_allclose(head.outputs(wide), narrow.outputs(features), rtol=1e-10)


def test_a_column_left_with_one_small_entry_keeps_its_digits():
    """A down-date would subtract 1e16 from 1e16 here: the column is measured again from the rows."""
    features, targets, blocks = problem(d=3)
    spiky = np.where(blocks == 4, 1e8, 0.0)
    spiky[np.flatnonzero(blocks == 1)[0]] = 1.0
    wide = np.column_stack([features, spiky])
    weights = (blocks != 4).astype(float)
    head = SubsetRidge(wide, targets).fit(blocks != 4, ridge=0.05)
    expected = from_the_rows(wide, targets, weights, 0.05, True, wide[blocks != 4])
    np.testing.assert_allclose(head.outputs(wide[blocks != 4]), expected, rtol=1e-10)


def test_more_features_than_rows_and_one_feature_and_one_row():
    features, targets, _ = problem(n=15, d=40)
    everything = np.ones(15, bool)
    expected = from_the_rows(features, targets, np.ones(15), 0.01, True, features)
    fitted = SubsetRidge(features, targets).fit(everything, ridge=0.01).outputs(features)
    np.testing.assert_allclose(fitted, expected, rtol=1e-9)
    assert np.isfinite(SubsetRidge(features, targets).fit(everything).coef).all()
    single = from_the_rows(features[:, :1], targets, np.ones(15), 0.01, True, features[:, :1])
    fitted = SubsetRidge(features[:, :1], targets).fit(everything, ridge=0.01).outputs(features[:, :1])
    np.testing.assert_allclose(fitted, single, rtol=1e-10)
    alone = SubsetRidge(features, targets).fit(np.arange(15) == 3)
    np.testing.assert_allclose(alone.outputs(features), np.tile(targets[3], (15, 1)), rtol=1e-12)


def test_single_precision_is_read_not_copied():
    features, targets, blocks = problem()
    small = features.astype(np.float32)
    engine = SubsetRidge(small, targets, blocks)
    assert engine._features is small
    head = engine.fit(blocks != 0, ridge=0.1)
    expected = from_the_rows(small.astype(float), targets, (blocks != 0).astype(float), 0.1, True, small.astype(float))
    np.testing.assert_allclose(head.outputs(small), expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("change", "where", "fix"),
    [
        ({"keep": np.zeros(120, bool)}, "keep", "True for the rows to keep"),
        ({"keep": np.ones(7, bool)}, "keep", r"shape \(120,\)"),
        ({"ridge": 0.0}, "ridge", "1e-6"),
        ({"weights": np.full(120, -1.0)}, "weights", "use 0"),
        ({"weights": np.ones(7)}, r"shape \(7,\)", "use 0"),
        ({"weights": np.zeros(120)}, "weights", "use 0"),
        ({"targets": np.zeros((120, 2))}, "targets", "this width"),
        ({"targets": np.zeros((7, 3))}, "targets", r"\(120, c\)"),
        ({"targets": np.where(np.arange(360).reshape(120, 3) == 9, np.nan, 0.0)}, "rows id 3", "drop the rows"),
    ],
)
def test_refusals(change, where, fix):
    features, targets, blocks = problem()
    arguments = {"keep": np.ones(120, bool)} | change
    with pytest.raises(InputError, match=where) as caught:
        SubsetRidge(features, targets, blocks).fit(**arguments)
    assert caught.match(fix)


@pytest.mark.parametrize(
    ("features", "blocks", "where", "fix"),
    [
        (np.ones(120), None, "features", r"features\[:, None\]"),
        (np.full((120, 2), np.inf), None, r"rows id 0, 1, 2, 3, 4 \(120 in all\)", "impute"),
        (np.ones((120, 2)), np.zeros(3), "blocks", r"\(120,\)"),
    ],
)
def test_refusals_when_built(features, blocks, where, fix):
    with pytest.raises(InputError, match=where) as caught:
        SubsetRidge(features, np.ones(120), blocks)
    assert caught.match(fix)


def test_a_constant_column_counts_as_constant_whatever_single_precision_left_of_it():
    features, targets, blocks = problem()
    draw = np.random.default_rng(4)
    border = np.full((len(features), 6), 0.7, dtype=np.float32)  # white in every picture
    left = border + draw.integers(-2, 3, border.shape).astype(np.float32) * np.float32(6e-8)
    assert np.ptp(left, axis=0).all()
    fits = [
        SubsetRidge(np.hstack([features, columns]), targets, blocks).fit(blocks != 1, ridge=1e-3, standardize=False)
        for columns in (border, left)
    ]
    np.testing.assert_allclose(fits[0].coef, fits[1].coef, rtol=1e-9, atol=1e-12)
    assert not fits[1].coef[9:].any()
    assert fits[1].effective_parameters == pytest.approx(fits[0].effective_parameters, rel=1e-9)


def test_duplicates_count_once_where_the_ridge_is_chosen():
    """Every row twice says no more than every row once: the same ridge up to its scale, and the same outputs."""
    draw = np.random.default_rng(0)
    features, targets = draw.normal(size=(60, 40)), draw.normal(size=60)
    once = SubsetRidge(features, targets).fit(np.ones(60, dtype=bool))
    twice = np.tile(features, (2, 1)), np.tile(targets, 2)
    sets = np.tile(np.arange(60), 2)
    counted = SubsetRidge(*twice, sets=sets).fit(np.ones(120, dtype=bool))
    fooled = SubsetRidge(*twice).fit(np.ones(120, dtype=bool))
    assert counted.ridge == once.ridge
    np.testing.assert_allclose(counted.outputs(features), once.outputs(features), atol=1e-9)
    assert fooled.ridge < once.ridge


@pytest.mark.parametrize("kept", [0.3, 0.9], ids=["a few rows", "most rows"])
def test_weights_of_the_engine_are_those_of_every_fit(kept):
    features, targets, blocks = problem()
    draw = np.random.default_rng(1)
    weights, keep = draw.choice([0.0, 0.5, 1.0, 4.0], size=len(features)), draw.random(len(features)) < kept
    of_the_engine = SubsetRidge(features, targets, blocks=blocks, weights=weights).fit(keep, ridge=0.1)
    of_the_fit = SubsetRidge(features, targets, blocks=blocks).fit(keep, weights=weights, ridge=0.1)
    np.testing.assert_allclose(of_the_engine.outputs(features), of_the_fit.outputs(features), rtol=1e-6)
    instead = SubsetRidge(features, targets, blocks=blocks, weights=weights).fit(keep, weights=np.ones(120), ridge=0.1)
    plain = SubsetRidge(features, targets, blocks=blocks).fit(keep, ridge=0.1)
    np.testing.assert_allclose(instead.outputs(features), plain.outputs(features), rtol=1e-6)
