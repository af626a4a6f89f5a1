"""Forecasts of learning curves: what the band promises, whether it holds on measured curves, and what is refused."""

import csv

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import LearningCurve, forecast
from samplewise.curves.forecasts import sizes_ahead
from samplewise.curves.laws import LAWS
from samplewise.curves.meta.models import features_of, path, shipped_meta
from samplewise.curves.points import spread_of_draws

SIZES = np.array([25, 50, 100, 200, 400, 800])


def falling(noise=0.01, seed=0, floor=0.05):
    draws = floor + 2.0 * SIZES**-0.6 + noise * np.random.default_rng(seed).normal(size=(5, 6))
    return LearningCurve(SIZES, draws)


def test_the_band_holds_the_forecast_and_widens_with_distance_and_coverage():
    near, far = (falling().forecast([size]) for size in (1600, 12_800))
    assert near.low[0] < near.error[0] < near.high[0]
    assert far.high[0] - far.low[0] > near.high[0] - near.low[0]
    surer = forecast(falling(), [1600], confidence=0.95)
    assert surer.low[0] < near.low[0]
    assert surer.high[0] > near.high[0]
    assert near.last_value == pytest.approx(falling().error[-1])
    assert (near.method, near.unit) == ("meta", "error rate")
    assert 0.7 < near.measured_coverage[0] < 0.9
    assert near.groups > 100


def test_more_rows_never_make_the_forecast_worse():
    sizes = SIZES[-1] * 2.0 ** (np.arange(1, 25) / 4)
    for name in (None, "RandomForestClassifier", "LogisticRegression"):
        assert (np.diff(forecast(falling(), sizes, learner_name=name).error) <= 1e-12).all()


def test_the_learner_matters():
    plain, forest = (forecast(falling(), [12_800], learner_name=name) for name in (None, "RandomForestClassifier"))
    assert plain.error[0] != forest.error[0]


@pytest.mark.parametrize("law", LAWS)
def test_every_law_is_there_by_name_with_a_band_of_its_own(law):
    ahead = falling().forecast([1600, 12_800], method=law)
    assert ahead.method == law
    assert (ahead.low <= ahead.error).all()
    assert (ahead.error <= ahead.high).all()
    truth = 0.05 + 2.0 * 12_800**-0.6
    assert ahead.low[1] - 0.03 <= truth <= ahead.high[1] + 0.03


def test_sizes_already_passed_are_read_from_the_curve():
    ahead = forecast(falling(), [100, 141.4, 800])
    error = falling().error
    assert ahead.error[0] == pytest.approx(error[2])
    assert ahead.error[1] == pytest.approx((error[2] + error[3]) / 2, rel=1e-3)
    assert ahead.error[2] == pytest.approx(error[-1])


def test_an_asymptote_is_named_where_it_shows_only():
    sizes = 25 * 2 ** np.arange(9)
    settled = LearningCurve(sizes, 0.2 + 3.0 * sizes[None, :] ** -1.0, np.full(9, 0.001))
    assert forecast(settled, [10_000]).asymptote == pytest.approx(0.2, abs=0.01)
    assert forecast(falling(floor=0.0), [1600]).asymptote is None


def test_an_error_rate_stays_between_0_and_1():
    flat = LearningCurve(SIZES, np.full((5, 6), 0.97) + 0.02 * np.random.default_rng(0).normal(size=(5, 6)))
    ahead = forecast(flat, [51_200])
    assert ahead.high[0] <= 1.0
    assert ahead.low[0] >= 0.0


def test_other_units_get_the_law_and_a_warning():
    curve = LearningCurve(SIZES, 1.5 + falling().errors, unit="absolute error")
    ahead = forecast(curve, [1600])
    assert ahead.method == "power_law_3"
    assert ahead.error[0] > 1.0
    assert any("unchecked" in said for said in ahead.warnings)


@pytest.mark.parametrize(
    ("curve", "size", "said"),
    [
        (LearningCurve(SIZES, np.full((5, 6), 0.3)), 1600, "same at every size"),
        (LearningCurve.from_arrays(SIZES, [0.3, 0.2, 0.1, 0.05, 0.0, 0.0]), 1600, "No error was left"),
        (falling(), 51_200, "beyond 12,800 rows"),
        (LearningCurve(SIZES, falling().errors[:1]), 1600, "no standard error the noise is unknown"),
        (LearningCurve(SIZES, falling().errors[:, ::-1]), 1600, "rows"),
    ],
)
def test_odd_curves_are_forecast_with_a_warning(curve, size, said):
    ahead = forecast(curve, [size])
    assert np.isfinite([ahead.error[0], ahead.low[0], ahead.high[0]]).all()
    assert any(said in one for one in ahead.warnings)
    assert sum("noise" in one for one in ahead.warnings) <= 1  # what is odd about a curve is said once


@pytest.mark.parametrize(
    ("arguments", "what", "fix"),
    [
        ({"sizes": [1e6]}, "carried that far", "25 to 819200 rows"),
        ({"sizes": [10]}, "carried that far", "25 to 819200 rows"),
        ({"confidence": 0.999}, "confidence", "at least 0.5 and at most 0.95"),
        ({"method": "power_law"}, "no method of forecasting", "power_law_"),
    ],
)
def test_what_cannot_be_promised_is_refused(arguments, what, fix):
    with pytest.raises(InputError, match=what) as caught:
        forecast(falling(), **({"sizes": [1600]} | arguments))
    assert fix in caught.value.fix


def test_beyond_what_was_checked_bands_are_wider_and_a_warning_says_so():
    sizes = 800 * np.array([64, 128, 256, 1024])
    ahead = forecast(falling(), sizes)
    assert any("Beyond 51,200 rows" in said for said in ahead.warnings)
    assert not any("Beyond" in said for said in forecast(falling(), sizes[:1]).warnings)
    features = features_of(falling())
    there = path(shipped_meta(), features, sizes.astype(float), shipped_meta().for_learner(None, 800)[0])
    assert (np.diff((there.quantile(0.9) - there.error)[0]) >= 0).all()
    assert there.spread[0, -1] > 0


def test_a_learner_nobody_knows_is_no_error():
    for name, size, words in (("LGBMClassifier", 64, "its class, boosting"), ("Mine", 64, "curve alone")):
        sizes = size // 2 ** np.arange(3)[::-1]
        curve = LearningCurve(sizes, 0.05 + 2.0 * sizes[None, :] ** -0.6, np.full(3, 0.01))
        ahead = forecast(curve, [4 * size], learner_name=name)
        assert any(words in said for said in ahead.warnings)
    plain, unknown = (forecast(falling(), [12_800], learner_name=name) for name in (None, "Mine"))
    assert plain.error[0] == unknown.error[0]


def test_noisier_curves_have_wider_bands():
    calm, noisy = (
        forecast(LearningCurve(SIZES, 0.05 + 2.0 * SIZES[None, :] ** -0.6, np.full(6, spread)), [1600])
        for spread in (0.001, 0.02)
    )
    assert noisy.high[0] - noisy.low[0] > 1.5 * (calm.high[0] - calm.low[0])


def test_too_few_sizes_are_refused():
    with pytest.raises(InputError, match="three training sizes") as caught:
        forecast(LearningCurve([10, 20], [[0.4, 0.3]]), [40])
    assert "measure more" in caught.value.fix
    with pytest.raises(InputError, match="more parameters") as caught:
        forecast(LearningCurve([10, 20, 40], [[0.4, 0.3, 0.2]]), [80], method="mmf")
    assert "auto" in caught.value.fix


def test_bands_hold_on_measured_curves_and_the_default_beats_the_last_value(shared_data):
    """Nominal 80 % at the next doubling, every data set of the same weight; noise as of five draws.

    The models were grown on these curves, so this guards the arithmetic; what holds on unseen data sets is measured by
    benchmarks/curves.py.
    """
    folder = shared_data / "learning-curves"
    with np.load(folder / "curves.npz") as stored:
        parts = {name: stored[name] for name in ("openml_id", "learner", "n", "err_test", "se_test", "curve_start")}
    with (folder / "datasets.csv").open() as lines:
        known = {int(row["openml_id"]) for row in csv.DictReader(lines)}
    rng = np.random.default_rng(11)
    hits: dict[int, list[bool]] = {}
    off: list[tuple[float, float]] = []
    for number in rng.permutation(len(parts["curve_start"]) - 1)[:400]:
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
        draws = np.clip(error[at] + spread[at] * shared, 0, 1)
        curve = LearningCurve(np.array(ladder), draws, spread_of_draws(draws))  # some of them truly rise
        ahead = forecast(curve, 2 * ladder[-1])
        truth = error[place[2 * ladder[-1]]]
        hits.setdefault(data_set, []).append(bool(ahead.low[0] <= truth <= ahead.high[0]))
        off.append((abs(ahead.error[0] - truth), abs(ahead.last_value - truth)))
    covered = np.mean([np.mean(group) for group in hits.values()])
    assert len(hits) > 80
    assert 0.72 < covered < 0.95
    ours, baseline = np.mean(off, axis=0)
    assert ours < 0.8 * baseline


def test_sizes_ahead_begin_at_the_rows_there_are_and_end_where_curves_do():
    sizes = sizes_ahead(falling(), 1000)
    assert (sizes[0], sizes[-1]) == (1000, 16_000)
    assert (np.diff(sizes) > 0).all()
    assert sizes_ahead(falling(), 40_000)[-1] == 64 * 800
