"""What a doubling buys: the gain of the law, in points, with a band that holds noise."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import CurvePoints, next_doubling

SIZES = np.array([25, 50, 100, 200, 400, 800])


def falling(noise=0.01, seed=0):
    draws = 0.05 + 2.0 * SIZES**-0.6 + noise * np.random.default_rng(seed).normal(size=(5, 6))
    return CurvePoints(SIZES, draws)


def test_a_doubling_buys_what_the_law_says():
    gain = next_doubling(falling(noise=0.0), 1000)
    truth = 200.0 * (1000**-0.6 - 2000**-0.6)
    assert gain.quantity == "forecast"
    assert gain.unit == "points"
    assert gain.value == pytest.approx(truth, rel=0.05)
    assert gain.low < truth < gain.high
    assert "calibrated" in gain.reason


def test_a_flat_curve_may_gain_nothing():
    flat = CurvePoints(SIZES, np.full((5, 6), 0.3) + 0.01 * np.random.default_rng(1).normal(size=(5, 6)))
    assert next_doubling(flat, 1000).low <= 0.0


def test_the_same_seed_gives_the_same_band_and_noise_widens_it():
    one, two, other = (next_doubling(falling(), 1000, seed=seed) for seed in (1, 1, 2))
    assert one.low == two.low
    assert one.low != other.low
    quiet = CurvePoints(SIZES, falling(0.0).errors[:1], np.full(6, 1e-4))
    loud = CurvePoints(SIZES, falling(0.0).errors[:1], np.full(6, 0.05))
    assert next_doubling(loud, 1000).high - next_doubling(loud, 1000).low > 2 * (
        next_doubling(quiet, 1000).high - next_doubling(quiet, 1000).low
    )


@pytest.mark.parametrize(
    ("rows", "confidence", "what", "fix"),
    [(26_000, 0.8, "carried that far", "25600 rows"), (1000, 0.999, "confidence", "at least 0.5 and at most 0.98")],
)
def test_what_cannot_be_promised_is_refused(rows, confidence, what, fix):
    with pytest.raises(InputError, match=what) as caught:
        next_doubling(falling(), rows, confidence)
    assert fix in caught.value.fix
