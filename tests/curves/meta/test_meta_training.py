"""Models learned from a history of curves: monotone, the same whatever the order, kept in one file."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import CurvePoints, MetaModel, fit_meta, forecast, samples_needed
from samplewise.curves.meta import meta_training, shipped_meta
from samplewise.curves.meta.curve_features import describe
from samplewise.curves.meta.meta_training import quantiles_of, standardized
from samplewise.curves.meta.models import SHIPPED, features_of, path
from samplewise.curves.meta.predictive import value_at
from samplewise.curves.meta.samples import History, parts_of, samples_of, shake
from samplewise.curves.meta.tree_fitting import Boosting

SIZES = 16 * 2 ** np.arange(9)
SHORT = CurvePoints(SIZES[:4], 0.05 + 1.5 * SIZES[None, :4] ** -0.5, np.full(4, 0.005))


def history(groups=8, seed=0):
    """Power laws: each group has its floor, each learner its exponent."""
    draw = np.random.default_rng(seed)
    curves, names, learners = [], [], []
    for group in range(groups):
        floor = draw.uniform(0.0, 0.2)
        for learner, exponent in (("fast", 0.9), ("slow", 0.3)):
            errors = np.clip(floor + 1.5 * SIZES**-exponent + 0.003 * draw.normal(size=(5, 9)), 0, 1)
            curves.append(CurvePoints(SIZES, errors))
            names.append(f"set {group}")
            learners.append(learner)
    return curves, names, learners


@pytest.fixture(scope="module")
def small():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(meta_training, "ERROR", Boosting("absolute_error", rounds=25, least_rows=5))
        patch.setattr(meta_training, "SPREAD", Boosting("squared_error", rounds=5, least_rows=20))
        patch.setattr(meta_training, "SWITCH_TREES", 5)
        curves, groups, learners = history()
        fields = [f"field {int(group[-1]) % 4}" for group in groups]
        order = np.random.default_rng(1).permutation(len(curves))
        shuffled = [[part[at] for at in order] for part in (curves, groups, learners, fields)]
        yield tuple(fit_meta(*parts[:3], fields=parts[3]) for parts in ((curves, groups, learners, fields), shuffled))


def test_the_order_of_the_curves_changes_nothing(small):
    one, two = (forecast(SHORT, [512, 4096], learner_name="fast", meta=meta) for meta in small)
    np.testing.assert_array_equal(one.error, two.error)
    np.testing.assert_array_equal(one.low, two.low)


def test_what_was_learned_shows(small):
    meta, _ = small
    assert (meta.names, meta.groups) == (("fast", "slow"), 8)
    fast, slow = (forecast(SHORT, [4096], learner_name=name, meta=meta) for name in meta.names)
    assert fast.error[0] < SHORT.error[-1]
    assert slow.error[0] < SHORT.error[-1]
    assert np.isfinite(fast.measured_coverage).all()
    assert 0 < samples_needed(SHORT, 0.1, meta=meta).reachable.value <= 1


def test_a_model_comes_back_from_its_file_as_it_was(small, tmp_path):
    meta, _ = small
    meta.save(tmp_path / "models.npz")
    again = MetaModel.load(tmp_path / "models.npz")
    for name in (None, "slow"):
        one, two = (forecast(SHORT, [512], learner_name=name, meta=which) for which in (meta, again))
        assert (one.error[0], one.low[0], one.high[0]) == (two.error[0], two.low[0], two.high[0])
    with np.load(tmp_path / "models.npz", allow_pickle=False) as stored:
        assert all(stored[name].dtype.kind in "ifuU" for name in stored.files)


def test_histories_that_cannot_teach_are_refused():
    curves, groups, learners = history(groups=5)
    with pytest.raises(InputError, match="several groups") as caught:
        fit_meta(curves, groups, learners)
    assert "shipped_meta()" in caught.value.fix
    with pytest.raises(InputError, match="one group") as caught:
        fit_meta(curves, groups[:-1])
    assert "equal length" in caught.value.fix
    curves, groups, learners = history()
    with pytest.raises(InputError, match="several groups") as caught:
        fit_meta(curves, groups, learners, fields=["one", "other"] * 8)
    assert caught.value.where == "fields"


def test_short_histories_teach_what_they_can(monkeypatch):
    for name in ("ERROR", "SPREAD"):
        how = getattr(meta_training, name)
        monkeypatch.setattr(meta_training, name, Boosting(how.loss, rounds=3, least_rows=5))
    monkeypatch.setattr(meta_training, "SWITCH_TREES", 2)
    curves, groups, _ = history()
    short = [CurvePoints(curve.sizes[::2], curve.errors[:, ::2]) for curve in curves]  # five sizes, each four times
    meta = fit_meta(short, groups)
    assert (meta.names, meta.classes) == ((), ())
    for method in ("meta", "power_law_3"):
        ahead = forecast(SHORT, [256], method=method, meta=meta)
        assert ahead.low[0] < ahead.error[0] < ahead.high[0]
    with pytest.raises(InputError, match="too short for the law") as caught:
        forecast(CurvePoints(SIZES[:6], 0.05 + SIZES[None, :6] ** -0.5), [1024], method="broken_power_law", meta=meta)
    assert 'method="meta"' in caught.value.fix
    with pytest.raises(InputError, match="longer than what is forecast") as caught:
        fit_meta([CurvePoints(curve.sizes[:3], curve.errors[:, :3]) for curve in curves], groups)
    assert "more than three sizes" in caught.value.fix


def test_parts_are_short_and_what_comes_later_is_later():
    curves, groups, learners = history()
    held = History.of(curves, groups, learners)
    parts = parts_of(held, seed=0)
    assert {len(part.sizes) for part in parts} >= {3, 4, 5, 8}
    samples = samples_of(held, parts, seed=0)
    assert (samples.ahead[:, 0] > 0).all()
    assert np.isfinite(samples.table).all()
    assert (samples.level > 0).all()


def test_fewer_draws_shake_as_much_as_they_should():
    draw = np.random.default_rng(0)
    errors, spread = np.full((20_000, 3), 0.5), np.full((20_000, 3), 0.01)
    means, shown = shake(errors, spread, (25, np.full((20_000, 1), 5)), draw)
    assert means.std(axis=0) == pytest.approx(0.01 * np.sqrt(25 / 5 - 1), rel=0.03)
    assert np.sqrt(np.mean(shown**2)) == pytest.approx(0.01 * np.sqrt(5), rel=0.03)
    same, notes = shake(errors, spread, (25, np.full((20_000, 1), 25)), draw)
    np.testing.assert_array_equal(same, errors)
    np.testing.assert_array_equal(notes, spread)
    once = (25, np.ones((20_000, 1), dtype=int))
    assert np.isnan(shake(errors, spread, once, draw, 0.0)[1]).all()
    np.testing.assert_allclose(shake(errors, spread, once, draw, 1.0)[1], 0.05)
    assert np.isnan(shake(errors, spread, once, draw)[1][:, 0]).mean() == pytest.approx(0.5, abs=0.02)


def test_models_tell_how_far_they_are_off_on_curves_they_never_saw(small):
    meta, _ = small
    curves, groups, learners = history(groups=4, seed=9)
    z, octaves, noise, families = standardized(meta, curves, groups, ["unheard of", *learners[1:]], 5)
    assert len(z) == len(octaves) == len(noise) == len(families)
    assert (octaves > 0).all()
    held = quantiles_of(meta.quantiles, octaves, noise)
    assert 0.4 < np.mean((z >= value_at(held, 0.05)) & (z <= value_at(held, 0.95))) <= 1.0


def test_the_shipped_models_still_get_the_features_they_were_grown_on():
    """After a change that this finds: tools/train_curve_models.py, make bench-curves, and new figures here."""
    sizes = 25 * 2 ** np.arange(6)
    curve = CurvePoints(sizes, 0.05 + 2.0 * sizes[None, :] ** -0.6, np.full(6, 0.003))
    ahead = forecast(curve, [1600, 12_800])
    np.testing.assert_allclose(ahead.error, [0.07254697, 0.05511952], rtol=1e-6)
    np.testing.assert_allclose(ahead.low, [0.06315326, 0.03358689], rtol=1e-6)
    np.testing.assert_allclose(ahead.high, [0.08153938, 0.07266125], rtol=1e-6)
    named = forecast(curve, [1600, 12_800], learner_name="RandomForestClassifier")
    np.testing.assert_allclose(named.error, [0.06953079, 0.04486075], rtol=1e-6)
    reach = samples_needed(curve, 0.07).reach
    np.testing.assert_allclose(reach[[8, 24, 48]], [0.33205131, 0.83797036, 0.88538431], rtol=1e-6)


def test_the_shipped_models_are_small_monotone_and_were_grown_on_these_features():
    assert SHIPPED.stat().st_size < 1_000_000
    meta = shipped_meta()
    assert (len(meta.names), len(meta.classes)) == (27, 9)
    draw = np.random.default_rng(0)
    errors = np.sort(draw.uniform(0.02, 0.6, (40, 5)))[:, ::-1]
    ahead = SIZES[4] * 2.0 ** np.arange(0, 10.1, 0.5)
    for name in (None, meta.names[3]):
        who, _ = meta.for_learner(name, SIZES[4])
        for row in range(40):
            alone = describe(SIZES[:5], errors[row : row + 1], np.full((1, 5), 0.01))
            there = path(meta, alone, ahead, who)
            assert (np.diff(there.error[0]) <= 0).all()
            assert (np.diff(there.spread[0][ahead >= 64 * SIZES[4]]) >= 0).all()
            chances = [there.chance(np.array([[share * alone.level[0]]]))[0] for share in (0.4, 0.7, 0.9)]
            assert (np.diff(chances, axis=0) >= 0).all()
    ratio = meta.switch_of(features_of(SHORT)) / SHORT.sizes[-1]
    assert 1 / 8 <= ratio[0] <= 8
