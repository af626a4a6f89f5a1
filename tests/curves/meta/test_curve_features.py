"""The features of a curve mean what their names say, for any grid of sizes."""

import numpy as np
import pytest

from samplewise.curves.meta.curve_features import NAMES, UNKNOWN, describe

AT = {name: place for place, name in enumerate(NAMES)}
DENSE = np.unique(np.ceil(16 * 2 ** (np.arange(33) / 8)))
COARSE = np.array([32.0, 64, 128, 256])
UNKNOWN_SPREAD = np.full((1, 4), np.nan)


def power(n):
    return (2.0 * n**-0.5)[None, :]


def test_a_power_law_has_its_slope_everywhere_and_is_carried_on():
    for sizes in (DENSE, COARSE):
        found = describe(sizes, power(sizes), np.full((1, len(sizes)), 0.001))
        for name in NAMES:
            if name.startswith("slope"):
                assert found.table[0, AT[name]] == pytest.approx(-0.5)
        assert found.table[0, AT["bend"]] == pytest.approx(0.0, abs=1e-6)
        assert found.level[0] == pytest.approx(2.0 * 256**-0.5)
        ahead = found.ahead([512, 4096])[0]
        np.testing.assert_allclose(ahead[:, 0], np.log([2, 16]))
        np.testing.assert_allclose(ahead[:, 2] * found.level[0], 2.0 * np.array([512, 4096]) ** -0.5, rtol=1e-6)
        np.testing.assert_allclose(ahead[:, 1], ahead[:, 2], rtol=0.4)  # some weight lies on laws with an asymptote


def test_nothing_has_a_scale_but_the_level_and_the_sizes():
    one = describe(COARSE, power(COARSE), 0.01 * power(COARSE))
    half = describe(COARSE, power(COARSE) / 2.0, 0.005 * power(COARSE))
    many = describe(10 * COARSE, power(COARSE), 0.01 * power(COARSE))
    apart = np.arange(len(NAMES)) != AT["level"]
    np.testing.assert_allclose(half.table[:, apart], one.table[:, apart], rtol=1e-9, atol=1e-9)
    assert half.table[0, AT["level"]] == pytest.approx(one.table[0, AT["level"]] / 2)
    np.testing.assert_allclose(many.table[:, 1:], one.table[:, 1:], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(many.ahead(80 * COARSE), one.ahead(8 * COARSE))


def test_laws_never_rise():
    errors = np.random.default_rng(0).uniform(0.1, 0.6, (200, 4))
    ahead = describe(COARSE, errors, np.full(errors.shape, np.nan)).ahead(256 * 2.0 ** np.arange(7))
    assert (np.diff(ahead[..., 1:], axis=1) <= 1e-12).all()


def test_what_is_unknown_is_marked():
    found = describe(COARSE[1:], power(COARSE[1:]), UNKNOWN_SPREAD[:, 1:])
    for name in ("last standard error", "mean standard error", "roughness", "error 3 octaves before"):
        assert found.table[0, AT[name]] == UNKNOWN
    assert np.isfinite(found.table).all()


def test_zero_errors_and_flat_curves_stay_finite():
    for errors in ([[0.1, 0.0, 0.0, 0.0]], [[0.0] * 4], [[0.5] * 4], [[0.1, 0.2, 0.3, 0.4]]):
        found = describe(COARSE, np.array(errors), UNKNOWN_SPREAD)
        assert np.isfinite(found.table).all()
        assert np.isfinite(found.ahead([1000])).all()


def test_sizes_may_differ_between_curves():
    errors = np.vstack([power(COARSE), 0.2 + power(COARSE)])
    found = describe(COARSE, errors, np.full(errors.shape, np.nan))
    np.testing.assert_allclose(found.ahead([[512.0], [1024.0]])[1, 0], found.ahead([512, 1024])[1, 1])
