"""Which columns go together most: rank correlations, Cramer's V of categories, correlation ratios between the two."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.engine.statistics import holm
from samplewise.engine.statistics.column_association import (
    Strengths,
    column_ranks,
    correlation_ratios,
    cramers_v,
    rank_correlation,
    rank_correlations,
    rank_spread,
)

MOST_NUMBERS = 500  # columns of numbers that are compared: those whose ranks vary most
MOST_CATEGORIES = 60  # columns of categories that are compared: those whose values are spread most evenly
MOST_VALUES = 50  # of a column of categories that is compared
COMPARED_ROWS = 5_000
LISTED = 20
LEVEL = 0.05  # chance that any pair is listed where no columns go together
NEARLY = 0.98  # pairs that go together so much are compared in all rows
PLACES = 9  # that count in comparisons: the last bits hang on the order of sums
FEWEST = 10  # rows: among fewer any two columns seem to go together

RANKS, CATEGORIES, MIXED = "rank correlation", "Cramer's V", "correlation ratio"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns and how much they go together.

    Args:
        one, other: their names.   measure: which of the three.   strength: from -1 (of ranks only) to 1.
        exact: what holds in every row that has both values: "same values", "same order", "opposite order", "same
            groups" (of categories), "one tells other", "other tells one"; "" where nothing of the kind does.
    """

    one: str
    other: str
    measure: str
    strength: float
    exact: str = ""


@dataclass(frozen=True, slots=True)
class StrongestPairs:
    """The pairs that go together most, beyond chance.

    Args:
        pairs: at most 20, strongest first.   rows: how many rows were compared.   compared: columns among them.
        left_out: columns of numbers and categories that were not compared.
    """

    pairs: tuple[Pair, ...]
    rows: int
    compared: int
    left_out: int


def strongest_pairs(numbers: Mapping[str, Floats], categories: Mapping[str, Ints], order: Ints) -> StrongestPairs:
    """The strongest pairs among columns.

    Args:
        numbers: columns (n,) by name, with NaN for missing values.
        categories: codes (n,) by name, with -1 for missing values.
        order: (n,) positions in an order that hangs on ids only; the first 5,000 are compared.

    Cost: O(n d^2) for at most 5,000 rows, 500 columns of numbers and 60 of categories.   Not for: cause and effect.

    >>> draw = np.random.default_rng(0).normal(size=50)
    >>> strongest_pairs({"a": draw, "b": draw**3}, {}, np.arange(50)).pairs[0].exact
    'same order'
    """
    drawn = order[:COMPARED_ROWS]
    chosen = _varying({name: values[drawn] for name, values in numbers.items()}, rank_spread, MOST_NUMBERS)
    grouped = _varying({name: codes[drawn] for name, codes in categories.items()}, _evenness, MOST_CATEGORIES)
    left_out = len(numbers) + len(categories) - len(chosen) - len(grouped)
    found = StrongestPairs((), len(drawn), len(chosen) + len(grouped), left_out)
    if len(drawn) < FEWEST or found.compared < 2:
        return found
    ranks = column_ranks(np.column_stack([*chosen.values()])) if chosen else np.empty((len(drawn), 0))
    codes = np.column_stack([*grouped.values()]) if grouped else np.empty((len(drawn), 0), dtype=np.intp)
    candidates = _strongest(_all_pairs(list(chosen), list(grouped), ranks, codes))
    pairs = [_verified(pair, numbers, categories) for pair in candidates]
    pairs.sort(key=lambda pair: (-abs(round(pair.strength, PLACES)), not pair.exact))
    return StrongestPairs(tuple(pairs), found.rows, found.compared, found.left_out)


def _varying(columns: dict[str, Any], measure: Any, most: int) -> dict[str, Any]:
    """The columns that vary, in their order; of more than `most` those that vary most."""
    spread = {name: measure(values) for name, values in columns.items()}
    kept = sorted((name for name in columns if spread[name] > 0), key=lambda name: -round(spread[name], PLACES))[:most]
    return {name: columns[name] for name in columns if name in set(kept)}


def _evenness(codes: Ints) -> float:
    """Chance that two rows differ in their category; 0 for columns of more categories than are compared."""
    known = codes[codes >= 0]
    if not len(known) or len(np.unique(known)) > MOST_VALUES:
        return 0.0
    return float(1.0 - np.square(np.bincount(known) / len(codes)).sum() - (1.0 - len(known) / len(codes)) ** 2)


_Listed = tuple[str, list[tuple[str, str]], Strengths]


def _all_pairs(names: list[str], grouped: list[str], ranks: Floats, codes: Ints) -> list[_Listed]:
    """Every measure with the pairs it compares, their strengths and p-values (pairs,)."""
    listed: list[_Listed] = []
    if len(names) > 1:
        upper = np.triu_indices(len(names), 1)
        strengths, p_values = rank_correlations(ranks)
        listed.append((RANKS, list(combinations(names, 2)), (strengths[upper], p_values[upper])))
    if len(grouped) > 1:
        upper = np.triu_indices(len(grouped), 1)
        strengths, p_values = cramers_v(codes)
        listed.append((CATEGORIES, list(combinations(grouped, 2)), (strengths[upper], p_values[upper])))
    if names and grouped:
        strengths, p_values = correlation_ratios(codes, ranks)
        both = [(one, other) for one in grouped for other in names]
        listed.append((MIXED, both, (strengths.ravel(), p_values.ravel())))
    return listed


def _strongest(listed: list[_Listed]) -> list[Pair]:
    """The strongest pairs of all measures that are beyond chance over all of them."""
    total = sum(len(pairs) for _, pairs, _ in listed)
    best = [
        (abs(float(strengths[place])), float(p_values[place]), Pair(*pairs[place], measure, float(strengths[place])))
        for measure, pairs, (strengths, p_values) in listed
        for place in _largest(strengths)
    ]
    best.sort(key=lambda item: -round(item[0], PLACES))
    best = best[:LISTED]
    adjusted = holm([p_value for _, p_value, _ in best], total) if best else []
    return [pair for (_, _, pair), p_value in zip(best, adjusted, strict=True) if p_value <= LEVEL]


def _largest(strengths: Floats) -> list[int]:
    sizes = np.round(np.nan_to_num(np.abs(strengths), nan=-1.0), PLACES)
    places: list[int] = np.argsort(-sizes, kind="stable")[:LISTED].tolist()
    return [place for place in places if sizes[place] > 0]


def _verified(pair: Pair, numbers: Mapping[str, Floats], categories: Mapping[str, Ints]) -> Pair:
    """A pair that goes together nearly perfectly, as it is in all rows."""
    if abs(pair.strength) < NEARLY:
        return replace(pair, strength=round(pair.strength, 4))
    if pair.measure == RANKS:
        one, other = numbers[pair.one], numbers[pair.other]
        strength = rank_correlation(one, other)
        return Pair(pair.one, pair.other, RANKS, round(strength, 4), _exact_order(one, other, strength))
    codes = categories[pair.one]
    others = categories.get(pair.other)
    exact = _exact_groups(codes, _codes_of(numbers[pair.other]) if others is None else others)
    if pair.measure == MIXED and exact not in ("one tells other", "same groups"):
        exact = ""  # of few rows of a number each has its own, which tells nothing
    return replace(pair, strength=1.0 if exact else min(round(pair.strength, 4), 0.9999), exact=exact)


def _exact_order(one: Floats, other: Floats, strength: float) -> str:
    if 1.0 - abs(strength) > 1e-9:
        return ""
    both = ~np.isnan(one) & ~np.isnan(other)
    if np.array_equal(one[both], other[both]):
        return "same values"
    return "same order" if strength > 0 else "opposite order"


def _exact_groups(one: Ints, other: Ints) -> str:
    """Which of two columns of codes tells the other in every row that has both."""
    both = (one >= 0) & (other >= 0)
    pairs = len(np.unique(one[both] * (other.max() + 1) + other[both]))
    first, second = (len(np.unique(codes[both])) for codes in (one, other))
    if pairs == first == second:
        return "same groups"
    return "one tells other" if pairs == first else "other tells one" if pairs == second else ""


def _codes_of(values: Floats) -> Ints:
    known = ~np.isnan(values)
    codes: Array = np.full(len(values), -1, dtype=np.intp)
    codes[known] = np.unique(values[known], return_inverse=True)[1]
    return codes
