"""A meta model on trees of one leaf, where every answer is known; and its file."""

from dataclasses import replace

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import CurvePoints
from samplewise.curves.laws import LAWS
from samplewise.curves.meta.curve_features import NAMES
from samplewise.curves.meta.models import (
    SWITCHES,
    MetaModel,
    band_of_law,
    features_of,
    measured_coverage,
    path,
    predict,
    shipped_meta,
    tree_rows,
)
from samplewise.curves.meta.predictive import CONFIDENCES, DISTANCES, LITTLE, MUCH, NOISE, PROBABILITIES
from samplewise.curves.meta.trees import Trees

CURVE = CurvePoints(np.array([16, 32, 64]), np.array([[0.4, 0.3, 0.2]]), np.array([0.001, 0.001, 0.001]))
NOISY = CurvePoints(np.array([16, 32, 64]), np.array([[0.4, 0.3, 0.2]]), np.array([0.03, 0.03, 0.03]))
NOBODY = np.array([[2, 1]])


def says(*numbers):
    """One tree with one leaf."""
    none = np.zeros(1, dtype=np.int32)
    empty = np.empty(0, np.uint32)
    return Trees(
        none - 1, np.zeros(1), none, none, np.array([numbers], dtype=float), none, empty, empty.astype(np.int32)
    )


@pytest.fixture
def meta():
    """An error of half the level, usually off by a tenth of it; quantiles up to 1, of noisy curves up to 2."""
    quantiles = np.tile(np.linspace(-1.0, 1.0, len(PROBABILITIES)), (len(NOISE), len(DISTANCES), 1))
    quantiles[MUCH] *= 2
    covered = np.tile(CONFIDENCES, (len(NOISE), len(DISTANCES), 1))
    laws = np.stack([3 * quantiles[LITTLE]] * len(LAWS))
    return MetaModel(
        says(0.5), says(np.log(0.1)), says(*range(len(SWITCHES))), quantiles, laws, covered, ("fast", "slow"),
        ("boosting",), 3,
    )  # fmt: skip


def test_errors_and_spreads_are_relative_to_the_level(meta):
    curves = features_of(CURVE)
    there = predict(meta, curves, [128, 256], NOBODY)
    np.testing.assert_allclose(there.error, 0.5 * curves.level[0] * np.ones((1, 2)))
    np.testing.assert_allclose(there.spread, 0.1 * curves.level[0] * np.ones((1, 2)))
    np.testing.assert_allclose(there.chance(there.error), 0.5)


def test_noisy_curves_have_quantiles_of_their_own(meta):
    calm, noisy = (predict(meta, features_of(curve), [128], NOBODY) for curve in (CURVE, NOISY))
    np.testing.assert_allclose(noisy.quantile(0.9) - noisy.error, 2 * (calm.quantile(0.9) - calm.error))


def test_a_law_has_a_band_of_its_own(meta):
    curves = features_of(CURVE)
    there = path(meta, curves, np.array([128.0]), NOBODY)
    low, high = band_of_law(meta, next(iter(LAWS)), np.array([0.1]), there, np.array([1.0]), 0.8)
    width = (there.quantile(0.9) - there.error)[0]
    np.testing.assert_allclose(high - 0.1, 3 * width, rtol=1e-9)
    np.testing.assert_allclose(0.1 - low, 3 * width, rtol=1e-9)
    np.testing.assert_allclose(measured_coverage(meta, curves, np.array([1.0]), 0.95), 0.95)


def test_a_size_is_forecast_alike_whatever_else_is_asked(meta):
    shipped, curves = shipped_meta(), features_of(CURVE)
    nobody, _ = shipped.for_learner(None, 64)
    alone = path(shipped, curves, np.array([700.0]), nobody)
    among = path(shipped, curves, np.array([64.0, 100.0, 700.0, 64.0 * 1024]), nobody)
    assert among.error[0, 2] == pytest.approx(alone.error[0, 0], rel=1e-12)
    assert among.spread[0, 2] == pytest.approx(alone.spread[0, 0], rel=1e-12)
    assert (np.diff(among.error[0]) <= 0).all()


def test_learners_are_known_by_name_by_class_or_by_their_curve(meta):
    assert meta.for_learner("slow", 64) == (pytest.approx(np.array([[1, 1]])), "")
    assert meta.for_learner(None, 64) == (pytest.approx(np.array([[2, 1]])), "")
    codes, said = meta.for_learner("LGBMClassifier", 64)
    assert codes.tolist() == [[2, 0]]
    assert "its class, boosting" in said
    for name, size in (("LGBMClassifier", 128), ("SomethingNew", 64)):
        codes, said = meta.for_learner(name, size)
        assert codes.tolist() == [[2, 1]]
        assert name in said
        assert "the shape of the curve alone" in said


def test_a_file_holds_the_same_models(meta, tmp_path):
    meta.save(tmp_path / "meta.npz")
    again = MetaModel.load(tmp_path / "meta.npz")
    assert (again.groups, again.names, again.classes) == (3, ("fast", "slow"), ("boosting",))
    curves = features_of(CURVE)
    one, two = (predict(which, curves, [128], NOBODY).quantile(0.3) for which in (meta, again))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(again.switch_of(curves), meta.switch_of(curves))


def test_files_of_another_version_are_refused(meta, tmp_path):
    replace(meta, quantiles=meta.quantiles[0]).save(tmp_path / "old.npz")
    with pytest.raises(InputError, match="that this version reads") as caught:
        MetaModel.load(tmp_path / "old.npz")
    assert "fit_meta" in caught.value.fix


def test_rows_hold_the_learner_the_features_and_each_size():
    curves = features_of(CURVE)
    ahead = curves.ahead([128, 256])
    rows = tree_rows(curves.table, ahead, np.array([[4, 2]]))
    assert rows.shape == (1, 2, 2 + len(NAMES) + 3)
    assert (rows[..., :2] == [4, 2]).all()
    np.testing.assert_array_equal(rows[0, 1, 2:-3], curves.table[0])
    np.testing.assert_array_equal(rows[..., -3:], ahead)


def test_the_shipped_models_are_read_once():
    assert shipped_meta() is shipped_meta()
    assert shipped_meta().groups > 100
