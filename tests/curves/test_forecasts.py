"""Forecasts of learning curves: what the band promises, and whether it holds on measured curves."""

import csv

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import LearningCurve, forecast, next_doubling

SIZES = np.array([25, 50, 100, 200, 400, 800])


def falling(noise=0.01, seed=0):
    draws = 0.05 + 2.0 * SIZES**-0.6 + noise * np.random.default_rng(seed).normal(size=(5, 6))
    return LearningCurve(SIZES, draws)


def test_the_band_holds_the_forecast_and_widens_with_distance_and_coverage():
    near, far = (forecast(falling(), [size]) for size in (1600, 12_800))
    assert near.low[0] < near.error[0] < near.high[0]
    assert far.high[0] - far.low[0] > near.high[0] - near.low[0]
    surer = forecast(falling(), [1600], coverage=0.95)
    assert surer.low[0] < near.low[0]
    assert surer.high[0] > near.high[0]
    assert near.last_value == pytest.approx(falling().error[-1])


def test_an_error_rate_stays_between_0_and_1():
    flat = LearningCurve(SIZES, np.full((5, 6), 0.97) + 0.02 * np.random.default_rng(0).normal(size=(5, 6)))
    ahead = forecast(flat, [51_200])
    assert ahead.high[0] <= 1.0
    assert ahead.low[0] >= 0.0


def test_the_same_seed_gives_the_same_band():
    one, two, other = (forecast(falling(), [1600], seed=seed) for seed in (1, 1, 2))
    assert one.low[0] == two.low[0]
    assert one.low[0] != other.low[0]


def test_a_doubling_buys_what_the_law_says():
    gain = next_doubling(falling(noise=0.0), 1000)
    truth = 200.0 * (1000**-0.6 - 2000**-0.6)
    assert gain.quantity == "forecast"
    assert gain.unit == "points"
    assert gain.value == pytest.approx(truth, rel=0.05)
    assert gain.low < truth < gain.high
    assert "calibrated" in gain.reason


def test_a_flat_curve_may_gain_nothing():
    flat = LearningCurve(SIZES, np.full((5, 6), 0.3) + 0.01 * np.random.default_rng(1).normal(size=(5, 6)))
    assert next_doubling(flat, 1000).low <= 0.0


def test_one_repeat_is_shaken_by_its_standard_error():
    single = LearningCurve(SIZES, falling(0.0).errors[:1], standard_error=np.full(6, 0.05))
    exact = LearningCurve(SIZES, falling(0.0).errors[:1], standard_error=np.full(6, 1e-4))
    assert np.ptp([forecast(single, [1600]).low[0], forecast(single, [1600]).high[0]]) > np.ptp(
        [forecast(exact, [1600]).low[0], forecast(exact, [1600]).high[0]]
    )


@pytest.mark.parametrize(("sizes", "coverage", "fix"), [([1e6], 0.8, "51200 rows"), ([1600], 0.999, "0.5 to 0.98")])
def test_what_cannot_be_promised_is_refused(sizes, coverage, fix):
    with pytest.raises(InputError) as caught:
        forecast(falling(), sizes, coverage)
    assert fix in caught.value.fix


def test_bands_hold_on_measured_curves(shared_data):
    """Nominal 80 % at the next doubling, every data set of the same weight; noise as of five draws."""
    folder = shared_data / "learning-curves"
    with np.load(folder / "curves.npz") as stored:
        parts = {name: stored[name] for name in ("openml_id", "learner", "n", "err_test", "se_test", "curve_start")}
    with (folder / "datasets.csv").open() as lines:
        known = {int(row["openml_id"]) for row in csv.DictReader(lines)}
    rng = np.random.default_rng(11)
    hits: dict[int, list[bool]] = {}
    for number in rng.permutation(len(parts["curve_start"]) - 1)[:500]:
        rows = slice(*parts["curve_start"][number : number + 2])
        data_set = int(parts["openml_id"][rows][0])
        place = {int(n): at for at, n in enumerate(parts["n"][rows])}
        ladders = [[16 * 2**k for k in range(first, first + 6)] for first in range(8)]
        ladders = [ladder for ladder in ladders if {*ladder, 2 * ladder[-1]} <= place.keys()]
        if parts["learner"][rows][0] == 23 or data_set not in known or not ladders:
            continue
        ladder = ladders[rng.integers(len(ladders))]
        at = [place[n] for n in ladder]
        error, spread = parts["err_test"][rows] / 1e4, 5 * parts["se_test"][rows] / 1e4
        shared = np.sqrt(0.5) * rng.normal(size=(5, 1)) + np.sqrt(0.5) * rng.normal(size=(5, 6))
        ahead = forecast(
            LearningCurve(np.array(ladder), np.clip(error[at] + spread[at] * shared, 0, 1)), 2 * ladder[-1]
        )
        truth = error[place[2 * ladder[-1]]]
        hits.setdefault(data_set, []).append(bool(ahead.low[0] <= truth <= ahead.high[0]))
    covered = np.mean([np.mean(group) for group in hits.values()])
    assert len(hits) > 80
    assert 0.72 < covered < 0.92
