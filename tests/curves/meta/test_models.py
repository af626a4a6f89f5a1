"""The branches of a meta model on trees of one leaf, where every answer is known; and their file."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import CurvePoints
from samplewise.curves.laws import LAWS
from samplewise.curves.meta.bands import CONFIDENCES, HORIZONS, tails
from samplewise.curves.meta.curve_features import NAMES
from samplewise.curves.meta.models import (
    SWITCHES,
    Branch,
    MetaModel,
    error_rows,
    features_of,
    reach_rows,
    shipped_meta,
)
from samplewise.curves.meta.trees import Trees

CURVE = CurvePoints(np.array([16, 32, 64]), np.array([[0.4, 0.3, 0.2]]), np.array([0.01, 0.01, 0.01]))
NOBODY = np.array([-1])


def says(*numbers):
    """One tree with one leaf."""
    none = np.zeros(1, dtype=np.int32)
    return Trees(none - 1, np.zeros(1), none, none, np.array([numbers], dtype=float), none, np.empty(0, np.uint32))


@pytest.fixture
def branch():
    """An error of half the level, usually off by a tenth of it, reached with even odds; bands grow by quantile."""
    n_quantiles = len(shipped_meta().plain.quantiles[0])
    quantiles = np.tile(np.linspace(-1.0, 1.0, n_quantiles), (len(HORIZONS), 1))
    covered = np.tile(CONFIDENCES, (len(HORIZONS), 1))
    return Branch(
        says(0.5), says(np.log(0.1)), says(0.0), quantiles, np.stack([2 * quantiles] * len(LAWS)), covered, 0.5
    )


def test_errors_and_spreads_are_relative_to_the_level(branch):
    curves = features_of(CURVE)
    np.testing.assert_allclose(branch.errors(curves, [128, 256], NOBODY), 0.5 * curves.level[0] * np.ones((1, 2)))
    np.testing.assert_allclose(branch.spreads(curves, [128], NOBODY), 0.1 * curves.level[:, None])
    np.testing.assert_allclose(branch.reaches(curves, [128], [0.1], NOBODY), 0.5)


def test_a_band_is_the_forecast_and_quantiles_of_its_error(branch):
    curves = features_of(CURVE)
    error, low, high = branch.band(curves, [128], NOBODY, 0.8)
    lower, upper = tails(0.8)
    width = 0.1 * curves.level[0]
    assert lower + upper == pytest.approx(1.0)
    np.testing.assert_allclose((high - error)[0, 0], -(low - error)[0, 0], rtol=1e-9)  # symmetric quantiles
    assert 0 < (high - error)[0, 0] <= width
    law_low, law_high = branch.band_of_law(next(iter(LAWS)), np.array([0.1]), curves, [128], NOBODY, 0.8)
    np.testing.assert_allclose(law_high - 0.1, 2 * (high - error)[0], rtol=1e-9)
    np.testing.assert_allclose(0.1 - law_low, 2 * (error - low)[0], rtol=1e-9)
    assert branch.measured_coverage(1.0, 0.9) == pytest.approx(0.9)


def test_a_path_begins_at_the_largest_size_and_never_rises(branch):
    sizes, error, low, high = branch.path(features_of(CURVE), NOBODY, 0.9)
    assert sizes[0] == 64
    assert sizes[-1] == 64 * 2**6
    assert (np.diff(error) <= 0).all()
    assert ((low <= error) & (error <= high)).all()


def test_a_learner_with_a_name_has_models_of_its_own(branch):
    meta = MetaModel(branch, branch, says(*range(len(SWITCHES))), ("fast", "slow"), 3)
    assert meta.for_learner("slow")[1].tolist() == [1]
    assert meta.for_learner(None)[1].tolist() == [-1]
    with pytest.raises(InputError, match=r"(?s)learner_name='fat'.*\['fast'\]"):
        meta.for_learner("fat")
    np.testing.assert_allclose(meta.switch_of(features_of(CURVE)), SWITCHES[0] * 64)  # the least expected loss


def test_a_file_holds_the_same_models(branch, tmp_path):
    meta = MetaModel(branch, None, says(*range(len(SWITCHES))), (), 3)
    meta.save(tmp_path / "meta.npz")
    again = MetaModel.load(tmp_path / "meta.npz")
    assert (again.groups, again.names, again.named) == (3, (), None)
    curves = features_of(CURVE)
    np.testing.assert_array_equal(again.plain.errors(curves, [128], NOBODY), branch.errors(curves, [128], NOBODY))
    np.testing.assert_array_equal(again.switch_of(curves), meta.switch_of(curves))


def test_rows_hold_the_learner_the_features_and_each_size():
    curves = features_of(CURVE)
    ahead = curves.ahead([128, 256])
    rows = error_rows(curves.table, ahead, np.array([4]))
    assert rows.shape == (1, 2, 1 + len(NAMES) + 3)
    assert (rows[..., 0] == 4).all()
    np.testing.assert_array_equal(rows[0, 1, 1:-3], curves.table[0])
    np.testing.assert_array_equal(rows[..., -3:], ahead)
    fall = np.array([[-0.5]])
    reach = reach_rows(curves.table, ahead, fall, np.array([4]))
    np.testing.assert_allclose(reach[..., -3], -0.5)
    np.testing.assert_allclose(reach[..., -2:], -0.5 - np.log(ahead[..., 1:]))


def test_the_shipped_models_are_read_once():
    assert shipped_meta() is shipped_meta()
    assert shipped_meta().groups > 100
