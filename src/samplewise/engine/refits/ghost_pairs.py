"""Rows in random pairs; the membership of a pair says, per split, which row is trained on; the other is its ghost."""

from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Array, Ints, Mask
from samplewise.core.errors import InputError
from samplewise.core.randomness import Hashes, derive_seed, key_hashes, uniform_from_hashes


@dataclass(frozen=True, slots=True, eq=False)
class Supersample:
    """n rows in p pairs of rows, or of whole groups, and k splits of them."""

    pair: Ints  # (n,) number of the pair a row belongs to; -1: it is left out
    second: Mask  # (n,) whether it is the second of its pair
    selectors: Ints  # (k, p) 1 where the second is trained on; splits 2i and 2i + 1 are complements

    def inside(self) -> Mask:
        """(k, n) which rows are trained on; a row that is left out never is."""
        return np.asarray((self.selectors[:, self.pair] == self.second) & (self.pair >= 0))


def deal_pairs(ids: Array, codes: Array | None, groups: Array | None, *, n_splits: int, seed: int) -> Supersample:
    """Random pairs within classes, rows of one group on the same side, and `n_splits` balanced splits of them.

    Args:
        ids: (n,) keys; draws depend on them, not on the order of rows.
        codes: (n,) classes; the odd rows of two classes are paired, and at most one row is left out. None:
            pairs of any two rows.
        groups: (n,) rows that stay together, or None; a group is of its commonest class.
        n_splits: an even number, because every split comes with its complement.
        seed: fixes pairs and memberships.

    Raises:
        InputError: an odd number of splits, or fewer than two rows or groups.

    Cost: O(n log n + splits n).
    """
    if n_splits < 2 or n_splits % 2:
        raise InputError(
            "every split comes with its complement",
            got=f"n_splits={n_splits}",
            fix=f"use n_splits={max(n_splits + 1, 2)}",
        )
    unit, hashes = _units(ids, groups)
    if len(hashes) < 2:
        raise InputError("a pair needs two rows or groups", got=f"{len(hashes)}", fix="add rows, or split the groups")
    strata = _strata(unit, codes, len(hashes))
    order = _paired_order(strata, uniform_from_hashes(seed, hashes, "pair"), hashes)
    pairs = len(order) // 2
    pair, second = np.full(len(hashes), -1), np.zeros(len(hashes), dtype=bool)
    pair[order[: 2 * pairs]] = np.repeat(np.arange(pairs), 2)
    second[order[1 : 2 * pairs : 2]] = True
    first = hashes[order[: 2 * pairs : 2]]
    memberships = np.empty((n_splits, pairs), dtype=np.intp)
    for split in range(0, n_splits, 2):
        memberships[split] = uniform_from_hashes(derive_seed(seed, "coin", split), first) < 0.5
    memberships[1::2] = 1 - memberships[::2]
    return Supersample(pair[unit], second[unit], memberships)


def _units(ids: Array, groups: Array | None) -> tuple[Ints, Hashes]:
    """Number of each row's unit (n,), a row or a group, and the hash of every unit."""
    if groups is None:
        return np.arange(len(ids)), key_hashes(ids)
    keys = np.asarray(groups)
    values, unit = np.unique(keys.astype(str) if keys.dtype.kind == "O" else keys, return_inverse=True)
    return unit.astype(np.intp), key_hashes(values)


def _strata(unit: Ints, codes: Array | None, count: int) -> Ints:
    """(units,) the commonest class of every unit."""
    if codes is None:
        return np.zeros(count, dtype=np.intp)
    classes = int(codes.max()) + 1
    table = np.bincount(unit * classes + codes, minlength=count * classes).reshape(count, classes)
    return np.asarray(table.argmax(axis=1))


def _paired_order(strata: Ints, draws: Array, hashes: Hashes) -> Ints:
    """Units in an order in which neighbors 2i and 2i + 1 are a pair: class by class, the odd ones last."""
    order = np.lexsort((hashes, draws, strata))
    ends = np.flatnonzero(np.diff(strata[order], append=-1))
    sizes = np.diff(ends, prepend=-1)
    odd = ends[sizes % 2 == 1]
    left = order[odd]
    left = left[np.lexsort((hashes[left], draws[left]))]
    return np.concatenate([np.delete(order, odd), left])
