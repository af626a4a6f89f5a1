"""Slips of numbers: the decimal point, the sign, and what a column shows without any model."""

import numpy as np
import pytest

from samplewise.labels.number_slips import NumberSlips, odd_signs, slips_alone, turned_signs_alone


def test_a_trace_is_a_slip_that_undone_leaves_the_number_near_what_is_expected():
    expected = np.full(8, 50.0)
    labels = np.array([500.0, 5.1, -50.0, 90.0, 52.0, 49.0, 5100.0, 50.0])
    found = NumberSlips(labels, expected)
    np.testing.assert_array_equal(found.odd_sign, labels < 0)
    np.testing.assert_array_equal(found.traces(1.0), [True, True, True, False, False, False, True, False])
    np.testing.assert_array_equal(found.known, [True, True, True, False, False, False, True, False])


def test_a_number_near_what_is_expected_has_no_trace_though_a_tenth_of_it_is_as_near():
    found = NumberSlips(np.full(10, 1.0), np.full(10, 0.5))
    assert not found.traces(1.0).any()  # half a spread away
    assert found.traces(0.1).sum() == 0  # five spreads away, and undone still four
    assert not found.known.any()


def test_where_both_signs_are_common_nothing_is_a_slip():
    labels = np.array([-50.0, 50.0] * 10 + [500.0])
    found = NumberSlips(labels, np.r_[labels[:-1], 50.0])
    assert not found.odd_sign.any()
    assert not found.traces(1.0).any()
    assert not found.known.any()


def test_the_odd_sign_may_be_the_positive_one():
    np.testing.assert_array_equal(odd_signs(np.r_[-np.arange(1.0, 10), 4.0]), np.arange(10) == 9)
    assert not odd_signs(np.array([1.0, -1.0, 2.0])).any()


@pytest.mark.parametrize("factor", [10.0, 0.1, 100.0, 0.01, -1.0])
def test_a_narrow_column_shows_its_slips_alone(factor):
    draw = np.random.default_rng(0)
    labels = draw.normal(120.0, 18.0, 500)
    struck = draw.random(500) < 0.1
    labels[struck] *= factor
    found = slips_alone(labels)
    assert not found[~struck].any()
    assert found[struck].mean() > 0.95


def test_a_long_tail_is_no_slip():
    draw = np.random.default_rng(0)
    assert not slips_alone(draw.lognormal(0.0, 1.0, 2000)).any()  # wider than a power of ten
    assert not slips_alone(draw.pareto(2.0, 2000) + 1.0).any()  # more lie between the bulk and its tenfold
    assert not slips_alone(draw.poisson(1.0, 500).astype(float)).any()
    assert not slips_alone(draw.normal(1.0, 0.7, 500)).any()  # some are below zero, and many near it


def test_a_column_without_slips_has_none():
    assert not slips_alone(np.random.default_rng(0).normal(120.0, 18.0, 500)).any()
    assert not slips_alone(np.zeros(30)).any()


def test_the_order_of_rows_changes_nothing():
    draw = np.random.default_rng(1)
    labels = draw.normal(50.0, 5.0, 200) * np.where(draw.random(200) < 0.05, 10.0, 1.0)
    order = draw.permutation(200)
    np.testing.assert_array_equal(slips_alone(labels)[order], slips_alone(labels[order]))


@pytest.mark.parametrize("spread", [0.1, 1.0, 2.0])
def test_turned_signs_show_in_columns_however_wide(spread):
    draw = np.random.default_rng(0)
    sizes = draw.lognormal(3.0, spread, 500)
    struck = draw.random(500) < 0.05
    np.testing.assert_array_equal(turned_signs_alone(np.where(struck, -sizes, sizes)), struck)
    np.testing.assert_array_equal(turned_signs_alone(np.where(struck, sizes, -sizes)), struck)


def test_zeros_have_no_sign_and_hide_none():
    counts = np.r_[np.zeros(60), np.tile([1.0, 2.0, 3.0, 4.0], 9), -2.0, -3.0]
    assert not odd_signs(counts).any()  # too few are above zero
    np.testing.assert_array_equal(turned_signs_alone(counts), counts < 0)


def test_a_tail_that_reaches_through_zero_is_no_turned_sign():
    warm = np.random.default_rng(0).normal(15.0, 9.0, 1000)
    assert odd_signs(warm).any()
    assert not turned_signs_alone(warm).any()


def test_no_sign_is_turned_where_one_is_all_there_is_or_both_are_common():
    assert not turned_signs_alone(np.arange(1.0, 30.0)).any()
    assert not turned_signs_alone(np.zeros(30)).any()
    assert not turned_signs_alone(np.r_[np.zeros(20), np.full(10, -1.0)]).any()
    assert not turned_signs_alone(np.tile([-5.0, 5.0], 10)).any()


def test_a_wider_bulk_shows_moved_decimal_points_only_where_that_is_asked_for():
    draw = np.random.default_rng(2)
    labels = np.exp(draw.uniform(0.0, np.log(2.1), 400))  # the bulk, widened, reaches about fivefold
    struck = np.arange(400) % 20 == 0
    labels[struck] *= 100.0
    assert not slips_alone(labels, tenfold=2.0).any()
    np.testing.assert_array_equal(slips_alone(labels, tenfold=10.0), struck)
