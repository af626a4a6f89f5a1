"""Where two learners' curves cross, and which is better at a given size."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import CurvePoints, compare_curves

SIZES = np.array([25, 50, 100, 200, 400])


def simple(n):
    return 0.15 + 1.0 * n**-0.9


def rich(n):
    return 0.04 + 2.2 * n**-0.45


def points(law, noise=0.003, seed=0, sizes=SIZES, unit="error rate"):
    draw = np.random.default_rng(seed)
    errors = law(sizes)[None] + noise * np.sqrt(5) * draw.normal(size=(5, len(sizes)))
    return CurvePoints(sizes, errors, unit=unit)


def test_the_crossing_lies_inside_its_interval_and_the_winner_changes():
    found = compare_curves(points(simple), points(rich, seed=1), rows=10_000)
    n = np.arange(400, 20_000)
    truth = n[np.argmax(simple(n) > rich(n))]
    assert found.crossing.low < truth < found.crossing.high
    assert found.crosses > 0.8
    assert found.better == "second"
    assert found.at(400) < 0.1
    assert found.at(10_000) > 0.8


def test_swapping_the_curves_swaps_the_answer():
    one, other = points(simple), points(rich, seed=1)
    here, there = compare_curves(one, other, rows=3000), compare_curves(other, one, rows=3000)
    assert there.difference == pytest.approx(-here.difference)
    assert there.chance == pytest.approx(1 - here.chance)
    assert there.crossing == here.crossing
    assert (here.better, there.better) == ("second", "first")


def test_curves_that_are_the_same_are_undecided():
    found = compare_curves(points(rich), points(rich, seed=1), rows=1600)
    assert found.better == "undecided"
    assert found.low[-1] < 0 < found.high[-1]
    assert (compare_curves(points(rich), points(rich)).chance == 0.5).all()


def test_a_curve_far_below_wins_without_crossing():
    found = compare_curves(points(simple), points(lambda n: simple(n) / 4), rows=1600)
    assert found.better == "second"
    assert found.crosses < 0.05
    same = CurvePoints(SIZES, np.full((1, 5), 0.5)), CurvePoints(SIZES, np.full((1, 5), 0.1))
    never = compare_curves(*same, rows=500)
    assert never.at(500) == 1.0


def test_noise_and_distance_widen_the_band():
    calm = compare_curves(points(simple), points(rich, seed=1))
    noisy = compare_curves(points(simple, 0.02), points(rich, 0.02, seed=1))
    width = calm.high - calm.low
    assert width[-1] > width[0]
    assert (noisy.high - noisy.low)[0] > width[0]
    assert calm.rows == 1600


def test_same_seed_same_bits_and_sizes_may_differ():
    longer = points(rich, seed=1, sizes=np.append(SIZES, 800))
    one, again = compare_curves(points(simple), longer), compare_curves(points(simple), longer)
    assert np.array_equal(one.chance, again.chance)
    assert one.sizes[0] == 400


@pytest.mark.parametrize(
    ("other", "options", "message", "fix"),
    [
        (points(rich, unit="points"), {}, "different units", "same loss"),
        (points(rich, sizes=SIZES[:2]), {}, "at least three training sizes of each", "measure more sizes"),
        (points(rich), {"rows": 100}, "that far away", "use 400 to 25600 rows"),
        (points(rich), {"rows": 10**6}, "that far away", "use 400 to 25600 rows"),
        (points(rich), {"confidence": 80}, "confidence must be a number", "did you mean 0.8"),
    ],
)
def test_bad_input_is_refused(other, options, message, fix):
    with pytest.raises(InputError, match=message) as caught:
        compare_curves(points(simple), other, **options)
    assert fix in caught.value.fix
