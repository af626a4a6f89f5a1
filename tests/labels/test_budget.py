"""Check labels or collect rows: by hand-made curves."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.labels import budget

CHECKS, ROWS = ([0, 100, 1000], [0.20, 0.17, 0.16]), ([1000, 2000, 4000], [0.20, 0.18, 0.15])


def test_the_cheaper_gain_wins_and_changes_place():
    found = budget(CHECKS, ROWS, prices=(1.0, 0.2))
    assert found.better[1] == "check"
    assert found.better[-1] in ("collect", "unknown")
    assert len(found.changes_at) == 1
    assert "Check labels up to" in found.advice
    np.testing.assert_allclose(found.checked[0], 0.20)
    np.testing.assert_allclose(found.collected[0], 0.20)
    place = int(np.argmin(np.abs(found.money - 200)))
    assert found.collected[place] == pytest.approx(np.interp(np.log1p(2000), np.log1p(ROWS[0]), ROWS[1]), abs=3e-3)


def test_prices_decide():
    assert set(budget(CHECKS, ROWS, prices=(0.01, 10.0)).better[1:]) <= {"check", "unknown"}
    assert set(budget(CHECKS, ROWS, prices=(100.0, 0.001)).better[1:]) <= {"collect", "unknown"}


def test_nothing_is_carried_beyond_what_was_measured():
    found = budget(CHECKS, ROWS, prices=(1.0, 1.0), money=1e5)
    assert np.isnan(found.checked[-1])
    assert np.isnan(found.collected[-1])
    assert found.better[-1] == "unknown"


def test_noise_is_pooled_and_small_differences_are_equal():
    found = budget(([0, 10, 20], [0.2, 0.21, 0.19]), ([10, 20, 40], [0.2, 0.2, 0.2]), prices=(1.0, 1.0), tolerance=0.05)
    assert (np.diff(found.checked[np.isfinite(found.checked)]) <= 1e-12).all()
    assert set(found.better) <= {"equal", "unknown"}
    assert found.advice == "Neither is measured to be better."
    assert list(found.exhibit().columns) == ["money", "error after checking", "error after collecting", "better"]


@pytest.mark.parametrize(
    ("quality", "quantity", "cost", "text"),
    [
        (([0], [0.2]), ROWS, (1, 1), "at least two increasing"),
        (([5, 10], [0.2, 0.1]), ROWS, (1, 1), "starts at none"),
        (CHECKS, ([10, 5], [0.2, 0.1]), (1, 1), "quantity"),
        (CHECKS, ([10, 20], [0.2, np.nan]), (1, 1), "must be finite"),
        (CHECKS, ROWS, (0, 1), "prices must be above 0"),
    ],
)
def test_refusals(quality, quantity, cost, text):
    with pytest.raises(InputError, match=text):
        budget(quality, quantity, cost)
