"""Points of a learning curve from arrays and files: what is accepted, what is refused, and what is said."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import CurvePoints, LearningCurve

SIZES, ERRORS = [10, 20, 40, 80], [0.4, 0.3, 0.25, 0.2]


def test_repeated_sizes_are_repeats_in_any_order():
    curve = LearningCurve.from_arrays([20, 10, 40, 20, 10, 40], [0.3, 0.5, 0.2, 0.2, 0.3, 0.1])
    np.testing.assert_allclose(curve.error, [0.4, 0.25, 0.15])
    assert (curve.repeats, type(curve)) == (2, LearningCurve)
    np.testing.assert_allclose(curve.standard_error, [0.1, 0.05, 0.05])


def test_a_size_with_fewer_repeats_counts_those_it_has():
    curve = CurvePoints.from_arrays([10, 10, 20, 40], [0.5, 0.3, 0.2, 0.1])
    np.testing.assert_allclose(curve.error, [0.4, 0.2, 0.1])
    assert np.isnan(curve.standard_error).tolist() == [False, True, True]


def test_single_points_get_the_noise_of_the_judging_rows():
    curve = CurvePoints.from_arrays(SIZES, ERRORS, test_size=100)
    np.testing.assert_allclose(curve.standard_error, np.sqrt(np.multiply(ERRORS, np.subtract(1, ERRORS)) / 100))
    assert np.isnan(CurvePoints.from_arrays(SIZES, ERRORS).standard_error).all()


def test_given_standard_errors_follow_their_points():
    curve = CurvePoints.from_arrays([40, 10, 20], [0.1, 0.4, 0.2], [0.03, 0.01, 0.02])
    np.testing.assert_allclose(curve.standard_error, [0.01, 0.02, 0.03])


def test_zero_constant_and_slightly_rising_errors_are_accepted():
    for errors in ([0.1, 0.05, 0.0, 0.0], [0.3] * 4, [0.3, 0.305, 0.31, 0.315]):
        assert CurvePoints.from_arrays(SIZES, errors).error.tolist() == errors


@pytest.mark.parametrize(
    ("n", "error", "what", "where", "fix"),
    [
        ([10, 20], [0.4, 0.3], "at least three training sizes", "", "three sizes"),
        ([10, 10, 10, 20], [0.4, 0.3, 0.3, 0.2], "at least three training sizes", "", "twice the one before"),
        ([10, 20, 40], [0.4, 0.3], "one error per size", "", "repeat a size"),
        ([0, 20, 40], [0.4, 0.3, 0.2], "whole numbers", "points [0]", "1 or more"),
        ([10, 20.5, 40], [0.4, 0.3, 0.2], "whole numbers", "points [1]", "1 or more"),
        (SIZES, [0.4, np.nan, 0.2, np.inf], "missing or infinite", "n [20, 80] (2 in all)", "measure them again"),
        (SIZES, [40, 30, 25, 20], "between 0 and 1", "n [10, 20, 40, 80]", "percentages"),
        (SIZES, [0.4, 0.3, -0.1, 0.2], "between 0 and 1", "n [40]", "wrong predictions / rows"),
        (SIZES, [0.6, 0.7, 0.75, 0.8], "as an accuracy does", "", "pass 1 - accuracy"),
    ],
)
def test_what_no_curve_of_errors_can_be_is_refused(n, error, what, where, fix):
    with pytest.raises(InputError) as caught:
        CurvePoints.from_arrays(n, error)
    assert what in caught.value.what
    assert where in caught.value.where
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("sizes", "errors", "what", "fix"),
    [
        ([10, 20, 40], [[0.4, np.nan, 0.2]], "missing or infinite", "measure them again"),
        ([10, 20, 40], [[0.4, np.inf, 0.2]], "missing or infinite", "measure them again"),
        ([10, 20, 40], [[40, 30, 20]], "between 0 and 1", "percentages"),
        ([10, 20, 40], [[0.4, -0.3, 0.2]], "between 0 and 1", "wrong predictions / rows"),
        ([10, 20, 40], [[0.6, 0.7, 0.8]], "as an accuracy does", "pass 1 - accuracy"),
        ([20, 10, 40], [[0.4, 0.3, 0.2]], "increasing sizes", "from_arrays sorts"),
        ([10, 10, 40], [[0.4, 0.3, 0.2]], "increasing sizes", "joins repeats"),
        ([10, 20.5, 40], [[0.4, 0.3, 0.2]], "whole numbers", "1 or more"),
        ([0, 20, 40], [[0.4, 0.3, 0.2]], "whole numbers", "1 or more"),
        ([10, np.nan, 40], [[0.4, 0.3, 0.2]], "whole numbers", "1 or more"),
        ([], [[]], "increasing sizes", "increasing order"),
    ],
)
def test_curves_of_whole_draws_are_checked_as_well(sizes, errors, what, fix):
    with pytest.raises(InputError, match=what) as caught:
        CurvePoints(sizes, errors)
    assert fix in caught.value.fix


def test_other_units_may_exceed_one_and_measured_errors_may_rise():
    assert CurvePoints([10, 20, 40], [[4.0, 3.0, 2.0]], unit="absolute error").error[0] == 4.0
    assert CurvePoints([10, 20, 40], [[0.6, 0.7, 0.8]], np.full(3, 0.01)).error[-1] == 0.8
    assert CurvePoints([10, 20, 40], [[0.1, 0.2, 0.3]]).error[-1] == 0.3
    one_lost = CurvePoints([10, 20], [[0.4, np.nan], [0.2, 0.2]])
    np.testing.assert_allclose(one_lost.error, [0.3, 0.2])


@pytest.mark.parametrize("spread", [[0.1], [0.1, -0.1, 0.1], [0.1, np.inf, 0.1]])
def test_standard_errors_that_are_none_are_refused(spread):
    with pytest.raises(InputError, match="one standard error per size") as caught:
        CurvePoints([10, 20, 40], [[0.4, 0.3, 0.2]], np.array(spread))
    assert "NaN where unknown" in caught.value.fix


def test_no_error_in_few_rows_has_a_standard_error():
    spread = CurvePoints.from_arrays([10, 20, 40], [0.2, 0.1, 0.0], test_size=50).standard_error
    assert spread[-1] == pytest.approx(np.sqrt(0.01 * 0.99 / 50))


def test_a_rise_within_the_noise_is_no_accuracy():
    rising = [0.2, 0.21, 0.22, 0.24]
    with pytest.raises(InputError, match="accuracy"):
        CurvePoints.from_arrays(SIZES, rising, [0.005] * 4)
    assert CurvePoints.from_arrays(SIZES, rising, [0.05] * 4).error[-1] == 0.24


def test_standard_errors_with_repeats_are_refused():
    with pytest.raises(InputError, match="without repeats") as caught:
        CurvePoints.from_arrays([10, 10, 20, 40], [0.4, 0.4, 0.3, 0.2], [0.1] * 4)
    assert "each size once" in caught.value.fix


def test_a_file_gives_the_same_curve(tmp_path):
    path = tmp_path / "curve.csv"
    path.write_text(
        "N, error, standard_error\n" + "\n".join(f"{n}, {e}, 0.01" for n, e in zip(SIZES, ERRORS, strict=True))
    )
    curve = LearningCurve.read_csv(path)
    assert (curve.sizes.tolist(), curve.error.tolist(), curve.standard_error.tolist()) == (SIZES, ERRORS, [0.01] * 4)
    path.write_text(
        "repeat,n,error\n" + "\n".join(f"{r},{n},{e}" for r in (1, 2) for n, e in zip(SIZES, ERRORS, strict=True))
    )
    assert LearningCurve.read_csv(path).repeats == 2


@pytest.mark.parametrize(
    ("text", "what", "where", "fix"),
    [
        ("size,error\n10,0.4\n", "columns n and error", "curve.csv", "standard_error or repeat"),
        ("n,error\n10,0.4\n20,?\n40,\n", "no numbers", "lines 3, 4 (2 in all)", "one number per cell"),
        ("n,error\n", "at least three", "", "three sizes"),
    ],
)
def test_files_that_hold_no_curve_are_refused(tmp_path, text, what, where, fix):
    (tmp_path / "curve.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        CurvePoints.read_csv(tmp_path / "curve.csv")
    assert what in caught.value.what
    assert where in caught.value.where
    assert fix in caught.value.fix
