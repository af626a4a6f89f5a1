"""The pairs of columns that go together most."""

import numpy as np

from samplewise.quality.strongest_pairs import CATEGORIES, MIXED, MOST_CATEGORIES, MOST_NUMBERS, RANKS, strongest_pairs

ROWS = 300
DRAW = np.random.default_rng(0)
A = DRAW.normal(size=ROWS)
GROUP = DRAW.integers(0, 4, ROWS)


def found(numbers=None, categories=None):
    return strongest_pairs(numbers or {}, categories or {}, np.arange(ROWS))


def only(numbers=None, categories=None):
    (pair,) = found(numbers, categories).pairs
    return pair


def test_of_numbers_the_order_counts():
    assert only({"a": A, "b": np.exp(A)}).exact == "same order"
    assert only({"a": A, "b": -A}).strength == -1.0
    assert only({"a": A, "b": -A}).exact == "opposite order"
    assert only({"a": A, "b": np.where(A > 0, A, np.nan)}).exact == "same values"
    near = only({"a": A, "b": A + 0.01 * DRAW.normal(size=ROWS)})
    assert near.exact == ""
    assert 0.99 < near.strength < 1.0
    assert near.measure == RANKS


def test_of_categories_it_counts_who_tells_whom():
    assert only(categories={"a": GROUP, "b": 3 - GROUP}).exact == "same groups"
    assert only(categories={"a": GROUP, "b": GROUP // 2}).exact == "one tells other"
    assert only(categories={"a": GROUP // 2, "b": GROUP}).exact == "other tells one"
    mixed = np.where(DRAW.random(ROWS) < 0.5, GROUP, 0)
    assert only(categories={"a": GROUP, "b": mixed}).exact == ""
    assert only(categories={"a": GROUP, "b": mixed}).measure == CATEGORIES


def test_a_category_may_tell_a_number_and_never_the_other_way_round():
    told = only({"n": 10.0 * GROUP}, {"g": GROUP})
    assert (told.measure, told.exact, told.strength) == (MIXED, "same groups", 1.0)
    assert (told.one, told.other) == ("g", "n")
    every = only({"n": GROUP + 0.001 * DRAW.random(ROWS)}, {"g": GROUP})  # every row has a number of its own
    assert every.exact == ""
    assert every.strength < 1.0


def test_what_holds_in_the_drawn_rows_only_is_not_called_exact():
    draw = np.random.default_rng(1)
    long = draw.normal(size=9000)
    other = long.copy()
    other[8999] = -long[8999]
    pair = strongest_pairs({"a": long, "b": other}, {}, np.arange(9000)).pairs[0]
    assert pair.exact == ""
    assert strongest_pairs({"a": long, "b": other}, {}, np.arange(9000)).rows == 5000


def test_pairs_that_chance_explains_are_not_listed():
    draw = np.random.default_rng(2)
    noise = {f"n{place}": draw.normal(size=20) for place in range(100)}
    groups = {f"g{place}": draw.integers(0, 5, 20) for place in range(20)}
    assert not strongest_pairs(noise, groups, np.arange(20)).pairs
    assert not strongest_pairs({"a": A[:5], "b": A[:5]}, {}, np.arange(5)).pairs  # of five rows nothing can be told


def test_at_most_twenty_strongest_first():
    columns = {f"c{place}": A + place / 20 * DRAW.normal(size=ROWS) for place in range(12)}
    pairs = found(columns).pairs
    assert len(pairs) == 20
    sizes = [abs(pair.strength) for pair in pairs]
    assert sizes == sorted(sizes, reverse=True)


def test_columns_that_are_not_compared_are_counted():
    draw = np.random.default_rng(3)
    numbers = {f"n{place}": draw.normal(size=30) for place in range(MOST_NUMBERS + 7)}
    numbers["n3"] = np.repeat([0.0, 1.0], 15)  # varies least
    categories = {f"g{place}": draw.integers(0, 3, 30) for place in range(MOST_CATEGORIES + 2)}
    seen = strongest_pairs(numbers, categories, np.arange(30))
    assert seen.compared == MOST_NUMBERS + MOST_CATEGORIES
    assert seen.left_out == 9
    constant = strongest_pairs({"a": A, "b": np.ones(ROWS)}, {"ids": np.arange(ROWS)}, np.arange(ROWS))
    assert (constant.compared, constant.left_out) == (1, 2)
