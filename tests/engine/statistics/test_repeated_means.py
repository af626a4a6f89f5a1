"""The variance of a repeated mean: against made-up data of known parts, and against the plain formula in its limits."""

import numpy as np
import pytest

from samplewise.engine.statistics.means import mean_and_error
from samplewise.engine.statistics.repeated_means import combined_mean, repeated_mean


def drawn(draw, *, rows=400.0, luck=9.0, rest=100.0, n=500, folds=5, repeats=4):
    """Values (R, n) of mean 1 with known variances, and their folds."""
    own = 1.0 + draw.normal(0, rows**0.5, n)
    fold = np.stack([draw.permutation(n) % folds for _ in range(repeats)])
    models = draw.normal(0, luck**0.5, (repeats, folds))
    return own + np.take_along_axis(models, fold, 1) + draw.normal(0, rest**0.5, (repeats, n)), fold


@pytest.mark.parametrize(
    ("parts", "within"),
    [({}, 0.09), ({"repeats": 2}, 0.09), ({"repeats": 12}, 0.09), ({"rows": 0.0, "repeats": 3}, 0.12)],
)
def test_the_stated_variance_and_coverage_are_true(parts, within):
    draw = np.random.default_rng(0)
    found = [repeated_mean(*drawn(draw, **parts)) for _ in range(1200)]
    values = np.array([each.value for each in found])
    stated = np.mean([each.error**2 for each in found])
    assert stated == pytest.approx(values.var(), rel=within)
    assert np.mean([each.luck for each in found]) == pytest.approx(9.0, rel=0.05)
    covered = np.mean([abs(each.value - 1.0) <= each.half_width(0.975) for each in found])
    assert 0.93 <= covered <= 0.98


def test_the_plain_error_is_too_small_where_models_have_luck():
    draw = np.random.default_rng(1)
    errors = []
    for _ in range(300):
        values, folds = drawn(draw, rows=25.0, luck=9.0, rest=1.0)
        errors.append(mean_and_error(values.mean(axis=0))[1] / repeated_mean(values, folds).error)
    assert np.mean(errors) < 0.75


def test_many_repeats_leave_the_spread_over_rows():
    draw = np.random.default_rng(2)
    mean = repeated_mean(*drawn(draw, repeats=200, luck=1.0, rest=1.0))
    assert mean.rows == pytest.approx(400 / 500, rel=0.2)
    assert mean.repeats < 0.01
    assert mean.error_after(400) < mean.error


def test_without_luck_and_rest_it_is_the_plain_formula():
    draw = np.random.default_rng(3)
    values, folds = drawn(draw, luck=0.0, rest=0.0)
    mean = repeated_mean(values, folds)
    assert mean.error == pytest.approx(mean_and_error(values[0])[1])
    assert (mean.luck, mean.repeats) == (0.0, 0.0)
    again = repeated_mean(values[:1], folds[:1])
    assert again.rows == pytest.approx(mean.rows)


def test_rows_of_a_group_are_one_observation():
    draw = np.random.default_rng(4)
    values, folds = drawn(draw, n=200)
    twice, folds_twice = np.repeat(values, 2, axis=1), np.repeat(folds, 2, axis=1)
    alone, grouped = repeated_mean(values, folds), repeated_mean(twice, folds_twice, np.repeat(np.arange(200), 2))
    assert grouped.error == pytest.approx(alone.error)
    assert grouped.luck == pytest.approx(alone.luck)
    assert repeated_mean(twice, folds_twice).error < 0.8 * alone.error


def test_rows_that_were_not_evaluated_do_not_count():
    draw = np.random.default_rng(5)
    values, folds = drawn(draw)
    holes = np.concatenate([values, np.full((4, 50), np.nan)], axis=1)
    wider = np.concatenate([folds, np.zeros((4, 50), dtype=int)], axis=1)
    assert repeated_mean(holes, wider) == repeated_mean(values, folds)
    assert repeated_mean(np.full((2, 3), np.nan), np.zeros((2, 3), dtype=int)).value == 0.0


def test_a_row_that_was_evaluated_in_some_repeats_counts_with_what_it_has():
    draw = np.random.default_rng(6)
    found = []
    for _ in range(500):
        values, folds = drawn(draw, n=300)
        values[0, draw.random(300) < 0.3] = np.nan
        found.append(repeated_mean(values, folds))
    assert np.mean([each.error**2 for each in found]) == pytest.approx(np.var([each.value for each in found]), rel=0.2)


def test_one_repeat_is_judged_by_its_folds_where_they_differ_more_than_rows():
    values = np.repeat([[5.0, -5.0, 4.0, -4.0, 1.0]], 40, axis=0).T.reshape(1, -1)
    folds = np.repeat(np.arange(5), 40)[None]
    mean = repeated_mean(values, folds)
    assert mean.freedom == 4
    assert mean.error**2 == pytest.approx(np.var([5, -5, 4, -4, 1], ddof=1) / 5)


def test_no_spread_is_no_evidence():
    nothing = repeated_mean(np.zeros((2, 50)), np.tile(np.arange(50) % 5, (2, 1)))
    assert (nothing.p_value_above(), nothing.p_value_below(), nothing.error) == (1.0, 1.0, 0.0)


def test_few_rows_have_few_degrees_of_freedom():
    draw = np.random.default_rng(7)
    assert repeated_mean(*drawn(draw, n=60, repeats=12)).freedom <= 12


def test_a_difference_of_independent_means_adds_their_variances():
    draw = np.random.default_rng(0)
    one, other = (repeated_mean(draw.normal(size=(1, 50)), np.arange(50)[None] % 5) for _ in range(2))
    apart = one.minus(other)
    assert apart.value == one.value - other.value
    assert abs(apart.error**2 - one.error**2 - other.error**2) < 1e-12
    assert min(one.freedom, other.freedom) <= apart.freedom <= one.freedom + other.freedom
    nothing = repeated_mean(np.zeros((1, 50)), np.arange(50)[None] % 5)
    assert nothing.minus(nothing).error == 0.0


def test_a_combination_of_two_designs_knows_what_rows_share():
    draw = np.random.default_rng(5)
    found, plain = [], []
    for _ in range(600):
        own = draw.normal(0, 20.0, 400)
        designs = []
        for factor, repeats, folds in ((1.8, 2, 10), (-0.8, 3, 5)):
            values, fold = drawn(draw, rows=0.0, rest=25.0, n=400, folds=folds, repeats=repeats)
            designs.append((factor, values + own, fold))
        found.append(combined_mean(designs))
        plain.append(sum(factor**2 * repeated_mean(*rest).error ** 2 for factor, *rest in designs))
    values = np.array([each.value for each in found])
    assert values.mean() == pytest.approx(1.0, abs=0.2)
    assert np.mean([each.error**2 for each in found]) == pytest.approx(values.var(), rel=0.12)
    assert np.mean(plain) > 1.5 * values.var()


def test_a_design_less_itself_is_nothing_and_one_design_is_its_mean():
    values, folds = drawn(np.random.default_rng(6))
    twice = combined_mean([(1.0, values, folds), (-1.0, values, folds)])
    assert twice.value == pytest.approx(0.0)
    assert twice.rows == pytest.approx(0.0)
    groups = np.arange(500) // 2
    one, alone = combined_mean([(2.0, values, folds)], groups), repeated_mean(values, folds, groups)
    assert (one.value, one.error) == pytest.approx((2 * alone.value, 2 * alone.error))
    assert one.freedom == pytest.approx(alone.freedom)
