"""Information between membership and what a learner did: tables of counts in, nats out, two corrections of bias.

Axes: k fits, n pairs or rows, c different outcomes, r values of the membership of a pair, which of its rows was trained
on (2, or 2^m for m pairs read together).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from samplewise.core.arrays import Array, Floats, Ints, Mask

MOST_CELLS = 2**24

Measure = Callable[[Floats], Floats]  # tables (n, r, c) -> (n,)


@dataclass(frozen=True, slots=True, eq=False)
class Estimated:
    """One quantity of every pair by three estimators; corrected values may be below 0, which says "none"."""

    plug_in: Floats  # (n,) as counted, too large on average
    miller_madow: Floats  # (n,) NaN where the correction is not defined
    jackknife: Floats  # (n,) NaN where it was not computed

    def among(self, moved: Mask) -> "Estimated":
        """The same with 0 for every pair outside a mask (m,) that holds n."""
        spread = np.zeros((3, len(moved)))
        spread[:, moved] = self.plug_in, self.miller_madow, self.jackknife
        return Estimated(*spread)


def mutual_information(tables: Floats) -> Floats:
    """(n,) nats between the rows and the columns of tables (n, r, c) of counts or masses."""
    sides = _last(tables)
    total = _last(sides)
    margins = _last(_xlogx(sides)) + _last(_xlogx(_memberships(tables)))
    return np.asarray(np.maximum((_last(_last(_xlogx(tables))) - margins + _xlogx(total)) / total, 0.0))


def squared_hellinger(tables: Floats) -> Floats:
    """(n,) sum of (sqrt p - sqrt q)^2, 0..2, between each table and the product of its margins."""
    joint, product = _joint_and_product(tables)
    return _last(_last(np.square(np.sqrt(joint) - np.sqrt(product))))


def jensen_shannon(tables: Floats) -> Floats:
    """(n,) nats, 0..ln 2: Jensen-Shannon divergence of each table from the product of its margins."""
    joint, product = _joint_and_product(tables)
    middle = (joint + product) / 2.0
    parts = special.rel_entr(joint, middle) + special.rel_entr(product, middle)
    return _last(_last(parts)) / 2.0


@dataclass(frozen=True, slots=True, eq=False)
class MergedMeasure:
    """What is measured on tables (n, r, c), after their columns were merged by a matrix (c, b)."""

    merge: Floats | None = None
    measure: Measure = mutual_information

    def __call__(self, tables: Floats) -> Floats:
        """(..., n) of tables (..., n, r, c)."""
        merged = fair(tables if self.merge is None else tables @ self.merge)
        flat = merged.reshape(-1, *merged.shape[-2:])
        return self.measure(flat).reshape(merged.shape[:-2])


def estimate_information(
    memberships: Ints, outcomes: Array, measures: Mapping[str, MergedMeasure], *, levels: int = 2, correct: bool = True
) -> dict[str, Estimated]:
    """The information each membership (k, n) shares with its outcomes, in every form requested and by every estimator.

    `outcomes` are numbers from 0 (k, n), or masses (k, n, c) where an outcome is known up to chance. Fits 2p and 2p + 1
    with opposite memberships throughout are one draw, and the jackknife leaves them out together.
    """
    moved = (outcomes != outcomes[:1]).reshape(len(outcomes), memberships.shape[1], -1).any(axis=(0, 2))
    found = _of_moved(memberships[:, moved], outcomes[:, moved], measures, levels, correct) if moved.any() else {}
    # An outcome that never changes has no information, by every estimator; most rows of a good learner are such.
    return {name: found[name].among(moved) if found else Estimated(*np.zeros((3, len(moved)))) for name in measures}


def _of_moved(
    memberships: Ints, outcomes: Array, measures: Mapping[str, MergedMeasure], levels: int, correct: bool
) -> dict[str, Estimated]:
    """As `estimate_information`, for outcomes of which every one changes."""
    merged = [one.merge.shape[0] for one in measures.values() if one.merge is not None]
    width = outcomes.shape[2] if outcomes.ndim == 3 else max(int(outcomes.max()) + 1, *merged, 1)
    step = 2 if complementary(memberships, levels) else 1
    parts, pairs = len(memberships) // step, memberships.shape[1]
    # A block of draws at a time, so that no more than about 100 MB of tables are held.
    block = max(1, MOST_CELLS // (pairs * levels * width))
    tables = [
        tabulated(
            memberships[start : start + block * step], outcomes[start : start + block * step], levels, width, step
        )
        for start in range(0, parts * step, block * step)
    ]
    whole = np.sum([table.sum(axis=0) for table in tables], axis=0)
    none = np.full(pairs, np.nan)
    counted = outcomes.ndim == 2 or bool(np.isin(outcomes, (0.0, 1.0)).all())
    estimates = {}
    for name, one in measures.items():
        found, corrected, jackknife = one(whole), none, none
        if correct and counted and one.measure is mutual_information:
            corrected = found + _miller_madow(whole if one.merge is None else whole @ one.merge)
        if correct and parts > 1:
            left_out = np.sum([one(whole - table).sum(axis=0) for table in tables], axis=0)
            jackknife = parts * found - (parts - 1) * left_out / parts
        estimates[name] = Estimated(found, corrected, jackknife)
    return estimates


def tabulated(memberships: Ints, outcomes: Array, levels: int, width: int, step: int | None = None) -> Floats:
    """(p, n, levels, width) how often each outcome came with each membership, in each `step` fits (all: one)."""
    fits, pairs = memberships.shape
    parts = 1 if step is None else fits // step
    if outcomes.ndim == 3:
        drawn = memberships.reshape(parts, -1, pairs)
        masses = outcomes.reshape(parts, -1, pairs, width)
        sides = [((drawn == level)[..., None] * masses).sum(axis=1) for level in range(levels)]
        return np.stack(sides, axis=2)
    part = np.repeat(np.arange(parts), fits // parts)[:, None]
    cells = ((part * pairs + np.arange(pairs)) * levels + memberships) * width + outcomes
    counts = np.bincount(cells.ravel(), minlength=parts * pairs * levels * width)
    return counts.reshape(parts, pairs, levels, width).astype(np.float64)


def ranked(symbols: Array) -> Ints:
    """(k, n) outcomes numbered from 0 within each column, so that a table has no more cells than there are fits."""
    order = np.argsort(symbols, axis=0, kind="stable")
    inside = np.take_along_axis(symbols, order, axis=0)
    numbers = np.zeros(symbols.shape, dtype=np.intp)
    numbers[1:] = np.cumsum(inside[1:] != inside[:-1], axis=0)
    ranks = np.empty_like(numbers)
    np.put_along_axis(ranks, order, numbers, axis=0)
    return ranks


def complementary(memberships: Ints, levels: int = 2) -> bool:
    """Whether fits 2p and 2p + 1 have opposite memberships (k, n) throughout."""
    return len(memberships) % 2 == 0 and bool((memberships[::2] + memberships[1::2] == levels - 1).all())


def fair(tables: Floats) -> Floats:
    """Tables in which both values of a single membership weigh the same: that it is fair is known, not estimated."""
    if tables.shape[-2] > 2:
        return tables
    sides = _last(tables)[..., None]
    return np.asarray(tables / np.where(sides > 0, sides, 1.0))


def _miller_madow(tables: Floats) -> Floats:
    """What Miller and Madow add: minus the cells that were needed to describe the dependence, over twice the fits."""
    cells = (tables > 0).sum(axis=(1, 2))
    margins = (tables.sum(axis=1) > 0).sum(axis=1) + (tables.sum(axis=2) > 0).sum(axis=1)
    return np.asarray((margins - cells - 1) / (2.0 * tables.sum(axis=(1, 2))))


def _joint_and_product(tables: Floats) -> tuple[Floats, Floats]:
    joint = tables / _last(_last(tables))[:, None, None]
    return joint, _last(joint)[..., None] * _memberships(joint)[:, None]


def _last(values: Floats) -> Floats:
    """Sums over the last axis: a matrix product, several times as fast as a sum over an axis so short."""
    return (values.reshape(-1, values.shape[-1]) @ np.ones(values.shape[-1])).reshape(values.shape[:-1])


def _memberships(tables: Floats) -> Floats:
    """(n, c) sums over the values of the membership, slice by slice for the same reason."""
    total = tables[:, 0].copy()
    for level in range(1, tables.shape[1]):
        total += tables[:, level]
    return total


def _xlogx(values: Floats) -> Floats:
    return np.asarray(special.xlogy(values, values))
