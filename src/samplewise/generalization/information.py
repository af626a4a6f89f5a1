"""Information between a coin and what a learner did: tables of counts in, nats out, with two corrections of bias.

Axes: k fits, n pairs or rows, c different outcomes, r values of the coin (2, or 2^m for m pairs read together).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from samplewise.core.arrays import Array, Floats, Ints

Measure = Callable[[Floats], Floats]  # tables (n, r, c) -> (n,)


@dataclass(frozen=True, slots=True, eq=False)
class Estimated:
    """One quantity of every pair by three estimators; corrected values may be below 0, which says "none"."""

    plug_in: Floats  # (n,) as counted, too large on average
    miller_madow: Floats  # (n,) NaN where the correction is not defined
    jackknife: Floats  # (n,) NaN where it was not asked for


def mutual_information(tables: Floats) -> Floats:
    """(n,) nats between the rows and the columns of tables (n, r, c) of counts or masses."""
    total = tables.sum(axis=(1, 2))
    margins = _xlogx(tables.sum(axis=1)).sum(axis=1) + _xlogx(tables.sum(axis=2)).sum(axis=1)
    return np.asarray(np.maximum((_xlogx(tables).sum(axis=(1, 2)) - margins + _xlogx(total)) / total, 0.0))


def squared_hellinger(tables: Floats) -> Floats:
    """(n,) sum of (sqrt p - sqrt q)^2, 0..2, between each table and the product of its margins."""
    joint, product = _joint_and_product(tables)
    return np.asarray(np.square(np.sqrt(joint) - np.sqrt(product)).sum(axis=(1, 2)))


def jensen_shannon(tables: Floats) -> Floats:
    """(n,) nats, 0..ln 2: Jensen-Shannon divergence of each table from the product of its margins."""
    joint, product = _joint_and_product(tables)
    middle = (joint + product) / 2.0
    parts = special.rel_entr(joint, middle) + special.rel_entr(product, middle)
    return np.asarray(parts.sum(axis=(1, 2)) / 2.0)


def estimate_information(
    coins: Ints,
    outcomes: Array,
    *,
    levels: int = 2,
    measure: Measure = mutual_information,
    correct: bool = True,
) -> Estimated:
    """The information each coin (k, n) shares with its outcomes, by every estimator.

    `outcomes` are numbers from 0 (k, n), or masses (k, n, c) where an outcome is known up to chance. Fits 2p and 2p + 1
    with opposite coins throughout are one draw, and the jackknife leaves them out together.
    """
    width = outcomes.shape[2] if outcomes.ndim == 3 else int(outcomes.max()) + 1
    whole = tabulated(coins, outcomes, levels, width)
    found, none = measure(fair(whole)), np.full(whole.shape[0], np.nan)
    if not correct:
        return Estimated(found, none, none)
    counted = outcomes.ndim == 2 or bool(np.isin(outcomes, (0.0, 1.0)).all())
    corrected = found + _miller_madow(whole) if counted and measure is mutual_information else none
    step = 2 if complementary(coins, levels) else 1
    starts = range(0, len(coins), step)
    if len(starts) < 2:  # nothing is left when the only draw is left out
        return Estimated(found, corrected, none)
    left_out = np.zeros_like(found)
    for start in starts:
        part = slice(start, start + step)
        left_out += measure(fair(whole - tabulated(coins[part], outcomes[part], levels, width)))
    parts = len(starts)
    return Estimated(found, corrected, parts * found - (parts - 1) * left_out / parts)


def tabulated(coins: Ints, outcomes: Array, levels: int, width: int) -> Floats:
    """(n, levels, width) how often each outcome came with each value of the coin."""
    if outcomes.ndim == 3:
        return np.stack([np.einsum("kn,knc->nc", coins == level, outcomes) for level in range(levels)], axis=1)
    pairs = coins.shape[1]
    cells = (np.arange(pairs) * levels + coins) * width + outcomes
    counts = np.bincount(cells.ravel(), minlength=pairs * levels * width)
    return counts.reshape(pairs, levels, width).astype(np.float64)


def ranked(symbols: Array) -> Ints:
    """(k, n) outcomes numbered from 0 within each column, so that a table has no more cells than there are fits."""
    order = np.argsort(symbols, axis=0, kind="stable")
    inside = np.take_along_axis(symbols, order, axis=0)
    numbers = np.zeros(symbols.shape, dtype=np.intp)
    numbers[1:] = np.cumsum(inside[1:] != inside[:-1], axis=0)
    ranks = np.empty_like(numbers)
    np.put_along_axis(ranks, order, numbers, axis=0)
    return ranks


def complementary(coins: Ints, levels: int = 2) -> bool:
    """Whether fits 2p and 2p + 1 have opposite coins (k, n) throughout."""
    return len(coins) % 2 == 0 and bool((coins[::2] + coins[1::2] == levels - 1).all())


def fair(tables: Floats) -> Floats:
    """Tables in which both sides of a single coin weigh the same: that it is fair is known, not estimated."""
    if tables.shape[1] > 2:
        return tables
    sides = tables.sum(axis=2, keepdims=True)
    return np.asarray(tables / np.where(sides > 0, sides, 1.0))


def _miller_madow(tables: Floats) -> Floats:
    """What Miller and Madow add: minus the cells that were needed to describe the dependence, over twice the fits."""
    cells = (tables > 0).sum(axis=(1, 2))
    margins = (tables.sum(axis=1) > 0).sum(axis=1) + (tables.sum(axis=2) > 0).sum(axis=1)
    return np.asarray((margins - cells - 1) / (2.0 * tables.sum(axis=(1, 2))))


def _joint_and_product(tables: Floats) -> tuple[Floats, Floats]:
    joint = tables / tables.sum(axis=(1, 2), keepdims=True)
    return joint, joint.sum(axis=2, keepdims=True) * joint.sum(axis=1, keepdims=True)


def _xlogx(values: Floats) -> Floats:
    return np.asarray(special.xlogy(values, values))
