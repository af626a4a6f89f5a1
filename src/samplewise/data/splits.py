"""Which rows train and which test: drawn by hash(seed, id), stratified, groups together, the past before the future.

Every function treats a row the same whatever the order the rows come in. `ids` may be ids or hashes of ids
(`core.randomness.key_hashes`): hash once, draw often.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import TypeAliasType

from samplewise.core.arrays import Array, Ints, Mask
from samplewise.core.errors import InputError
from samplewise.core.randomness import derive_seed, key_hashes, uniform_from_hashes

Folds = TypeAliasType("Folds", npt.NDArray[np.int8])
GREEDY_GROUPS = 2000  # the largest groups are placed one by one; chance balances the many small ones


def fold_of_rows(
    ids: Any, codes: Any = None, groups: Any = None, *, n_folds: int = 5, seed: int = 0, time: Any = None,
    shift: float = 0.0,
) -> Folds:  # fmt: skip
    """The fold 0..folds-1 of every row: folds of equal size (to one row) that hold every class in equal share.

    Without groups: rows sorted by class, within a class by hash(seed, id), are assigned in turn. With groups: they
    go, the larger first and about equal ones in hashed order, to the fold that has least of their classes so far. With
    time: contiguous blocks, fold 0 the earliest; equal times share a block, so blocks are only about equal;
    a group goes with its latest row, and classes are not balanced.

    Args:
        ids: (n,) ids or hashes.   codes: (n,) classes to balance, or None (regression).   groups: (n,) or None.
        time: (n,) sortable or None.
        shift: with time, how much earlier the cuts between blocks lie, in blocks, from -.5 to .5: other blocks of the
            same time, for repeats.

    Returns:
        (n,) int8.

    Raises:
        InputError: fewer than 2 or more than 127 folds, or fewer rows (groups, times) than folds.

    Cost: O(n log n).   Not for: evaluating a model on the future; use `forward_folds`.

    >>> fold_of_rows(["a", "b", "c", "d"], [0, 0, 1, 1], n_folds=2).tolist().count(0)
    2
    """
    hashes = key_hashes(ids)
    _require_folds(n_folds, len(hashes), "rows")
    if time is not None:
        member = None if groups is None else _group_numbers(groups)[1]
        return _time_blocks(_time_ranks(time), member, n_folds, shift)
    draws = uniform_from_hashes(seed, hashes, "folds")
    strata = _strata(codes, len(hashes))
    if groups is None:
        return _in_turn(strata, draws, hashes, n_folds)
    return _balanced_groups(strata, groups, n_folds, seed)


def forward_folds(ids: Any, time: Any, groups: Any = None, *, n_folds: int = 5) -> tuple[Mask, Mask]:
    """Train and test rows of `n_folds` forward-chained splits: every test row is later than every row trained on.

    Time is cut into folds + 1 blocks of about equal size; split k trains on blocks 0..k and tests on block k + 1. Rows
    with equal times share a block. Training rows of a group that is tested are left out of that split.

    Args:
        ids: (n,) ids, only counted.   time: (n,) sortable.   groups: (n,) or None.

    Returns:
        (train, test), each (folds, n) bool; the earliest block is never tested.

    Raises:
        InputError: fewer than folds + 1 different times.

    Cost: O(folds n).

    >>> train, test = forward_folds([7, 8, 9], [2020, 2021, 2022], n_folds=2)
    >>> train.astype(int).tolist(), test.astype(int).tolist()
    ([[1, 0, 0], [1, 1, 0]], [[0, 1, 0], [0, 0, 1]])
    """
    _require_folds(n_folds, len(ids), "rows")
    block = _time_blocks(_time_ranks(time), None, n_folds + 1)
    numbers = np.arange(n_folds)[:, np.newaxis]
    train, test = block <= numbers, block == numbers + 1
    if groups is not None:
        _, member = _group_numbers(groups)
        for split in range(n_folds):
            tested = np.zeros(member.max() + 1, dtype=bool)
            tested[member[test[split]]] = True
            train[split] &= ~tested[member]
    return train, test


def random_halves(ids: Any, codes: Any = None, groups: Any = None, *, n_pairs: int = 16, seed: int = 0) -> Mask:
    """Which rows are inside each of 2 x `n_pairs` random halves; halves 2p and 2p + 1 are complements.

    Args:
        ids: (n,) ids or hashes.   codes: (n,) classes every half holds in equal share, or None.   groups: (n,) or None.

    Returns:
        (2 * pairs, n) bool: every row is inside exactly `n_pairs` of them.

    Raises:
        InputError: fewer than one pair, or fewer than two rows or groups.

    Cost: O(pairs n log n).

    >>> random_halves([1, 2, 3, 4], n_pairs=3).sum(axis=0)
    array([3, 3, 3, 3])
    """
    hashes = key_hashes(ids)
    if n_pairs < 1:
        raise InputError("halves come in pairs", got=f"n_pairs={n_pairs}", fix="use pairs=1 or more")
    inside = np.empty((2 * n_pairs, len(hashes)), dtype=bool)
    for pair in range(n_pairs):
        drawn = derive_seed(seed, "half", pair)
        inside[2 * pair] = fold_of_rows(hashes, codes, groups, n_folds=2, seed=drawn) == 0
    inside[1::2] = ~inside[::2]
    return inside


def nested_subsets(
    ids: Any, codes: Any = None, groups: Any = None, *, sizes: Sequence[int], n_repeats: int = 1, seed: int = 0
) -> Mask:
    """Which rows are inside subsets of growing size, each containing the one before; repeats are drawn anew.

    One row of every class comes first, then classes in equal share. With groups whole groups are added while they fit,
    so a subset may be somewhat smaller than its size.

    Args:
        ids: (n,) ids or hashes.   codes: (n,) classes or None.   groups: (n,) or None.   sizes: growing, 1..n.

    Returns:
        (repeats, len(sizes), n) bool.

    Raises:
        InputError: sizes that do not grow or do not lie in 1..n.

    Cost: O(repeats n log n).

    >>> nested_subsets(range(10), sizes=[2, 5], n_repeats=3).sum(axis=2).tolist()
    [[2, 5], [2, 5], [2, 5]]
    """
    hashes = key_hashes(ids)
    _require_sizes(sizes, len(hashes))
    strata = _strata(codes, len(hashes))
    if groups is None:
        units, member, unit_strata = hashes, np.arange(len(hashes)), strata
    else:
        keys, member = _group_numbers(groups)
        units, unit_strata = key_hashes(keys), _commonest(member, strata)
    rows_of_unit = np.bincount(member, minlength=len(units))
    inside = np.empty((n_repeats, len(sizes), len(hashes)), dtype=bool)
    for repeat in range(n_repeats):
        order = _growing_order(unit_strata, uniform_from_hashes(derive_seed(seed, "nested", repeat), units), units)
        reached = np.empty(len(units), dtype=np.intp)
        reached[order] = np.cumsum(rows_of_unit[order])
        reached[order[0]] = 1  # the first group is always in, however large
        inside[repeat] = reached[member] <= np.asarray(sizes)[:, np.newaxis]
    return inside


def different_times(time: Any, groups: Any = None) -> int:
    """How many blocks of time there can be: different times, where a group goes with its latest row.

    >>> different_times([1, 1, 2, 3], groups=["a", "b", "b", "c"])
    3
    """
    return len(np.unique(_latest(_time_ranks(time), None if groups is None else _group_numbers(groups)[1])))


def _strata(codes: Any, count: int) -> Ints:
    return np.zeros(count, dtype=np.intp) if codes is None else np.unique(np.asarray(codes), return_inverse=True)[1]


def _group_numbers(groups: Any) -> tuple[Array, Ints]:
    """Different groups (sorted) and each row's number among them."""
    keys = np.asarray(groups)
    keys = keys.astype(str) if keys.dtype.kind == "O" else keys
    values, member = np.unique(keys, return_inverse=True)
    return values, member.astype(np.intp)


def _in_turn(strata: Array, draws: Array, hashes: Array, folds: int) -> Folds:
    """Units in turn, stratum after stratum, within one in hashed order. No stratum and no fold is off by two."""
    fold = np.empty(len(strata), dtype=np.int8)
    fold[np.lexsort((hashes, draws, strata))] = np.arange(len(strata)) % folds
    return fold


def _balanced_groups(strata: Ints, groups: Any, folds: int, seed: int) -> Folds:
    """The largest groups one by one to the fold with least of their classes; the rest in turn, by size and class."""
    keys, member = _group_numbers(groups)
    _require_folds(folds, len(keys), "groups or different rows")
    hashes = key_hashes(keys)
    draws = uniform_from_hashes(seed, hashes, "groups")
    sizes = np.bincount(member)
    fold = np.zeros(len(keys), dtype=np.int8)
    by_size = np.lexsort((draws, -sizes))
    large, small = by_size[:GREEDY_GROUPS], by_size[GREEDY_GROUPS:]
    if len(small):
        mixed = _commonest(member, strata)[small] * (int(sizes.max()) + 1) + sizes[small]
        fold[small] = _in_turn(mixed, draws[small], hashes[small], folds)
    large = large[np.lexsort((draws[large], -np.floor(np.log2(sizes[large]))))]  # what comes late cannot unbalance much
    fold[large] = _placed(_class_counts(member, strata, large), folds)
    return fold[member]


def _class_counts(member: Ints, strata: Ints, wanted: Ints) -> Array:
    """Rows of every class, and of all classes, in the wanted groups: (len(wanted), c + 1)."""
    place = np.full(int(member.max()) + 1, -1)
    place[wanted] = np.arange(len(wanted))
    kept, classes = place[member] >= 0, int(strata.max()) + 1
    counts = np.bincount(place[member][kept] * classes + strata[kept], minlength=len(wanted) * classes)
    counts = counts.reshape(len(wanted), classes)
    return np.column_stack([counts, counts.sum(axis=1)]).astype(np.float64)


def _placed(counts: Array, folds: int) -> Folds:
    """Greedy folds of groups in the given order: adding v to fold F changes the squared imbalance by 2 v.F + const."""
    weight = 1.0 / np.maximum(counts.sum(axis=0), 1.0) ** 2  # every class weighs the same, and so do the totals
    filled = np.zeros((folds, counts.shape[1]))
    fold = np.empty(len(counts), dtype=np.int8)
    for position, group in enumerate(counts):
        fold[position] = chosen = int(np.argmin(filled @ (weight * group)))
        filled[chosen] += group
    return fold


def _commonest(member: Ints, strata: Ints) -> Ints:
    """The commonest class of every group, the lowest of equally common ones."""
    classes = int(strata.max()) + 1
    pairs, counts = np.unique(member * classes + strata, return_counts=True)
    owner = pairs // classes
    order = np.lexsort((pairs, -counts, owner))
    first = np.r_[True, np.diff(owner[order]) > 0]
    commonest: Ints = (pairs[order] % classes)[first]
    return commonest


def _growing_order(strata: Ints, draws: Array, hashes: Array) -> Ints:
    """Units so that every prefix holds the classes in equal share: the r-th of k in a class is at (r + 1/2) / k."""
    order = np.lexsort((hashes, draws, strata))
    counts = np.bincount(strata)
    rank = np.arange(len(strata)) - np.repeat(np.cumsum(counts) - counts, counts)
    place = (rank + 0.5) / counts[strata[order]]
    order = order[np.lexsort((hashes[order], draws[order], place, rank > 0))]
    return order


def _time_ranks(time: Any) -> Ints:
    """How many rows are strictly earlier, (n,)."""
    values = np.asarray(time)
    ranks: Ints = np.searchsorted(np.sort(values), values, side="left")
    return ranks


def _time_blocks(ranks: Ints, member: Ints | None, blocks: int, shift: float = 0.0) -> Folds:
    ranks = _latest(ranks, member)
    cut = ranks * blocks // len(ranks) if shift == 0.0 else np.floor(ranks * blocks / len(ranks) + shift)
    found, block = np.unique(np.clip(cut, 0, blocks - 1), return_inverse=True)
    if len(found) < blocks:  # a time that many rows share covers a whole block
        block = _blocks_of_different_times(ranks, blocks)
    return block.astype(np.int8)


def _latest(ranks: Ints, member: Ints | None) -> Ints:
    """The rank of the latest row of its group, for every row."""
    if member is None:
        return ranks
    latest = np.zeros(int(member.max()) + 1, dtype=np.intp)
    np.maximum.at(latest, member, ranks)
    return _time_ranks(latest[member])


def _blocks_of_different_times(ranks: Ints, blocks: int) -> Ints:
    """About equal blocks of whole times, none of them empty: each takes times until more would take it further off."""
    times, member, counts = np.unique(ranks, return_inverse=True, return_counts=True)
    if len(times) < blocks:
        raise InputError(
            "there are too few different times", got=f"{len(times)} different times for {blocks} blocks",
            fix="use fewer folds, or a finer time column",
        )  # fmt: skip
    until = np.cumsum(counts)
    block, taken, start = np.empty(len(times), dtype=np.intp), 0, 0
    for number in range(blocks):
        left = blocks - number - 1  # blocks that need a time each
        wanted = taken + (len(ranks) - taken) / (left + 1)
        nearest = int(np.argmin(np.abs(until - wanted))) + 1 if left else len(times)
        end = min(max(nearest, start + 1), len(times) - left)
        block[start:end] = number
        taken, start = int(until[end - 1]), end
    return block[member]


def _require_folds(folds: int, count: int, what: str) -> None:
    if not 2 <= folds <= 127:
        raise InputError("the number of folds is out of range", got=f"n_folds={folds}", fix="use 2 to 127 folds")
    if count < folds:
        raise InputError(
            f"there are fewer {what} than folds", got=f"{count} {what}, {folds} folds", fix=f"use at most {count} folds"
        )


def _require_sizes(sizes: Sequence[int], count: int) -> None:
    given = list(sizes)
    if not given or given != sorted(set(given)) or given[0] < 1 or given[-1] > count:
        raise InputError(
            "subset sizes must grow and lie between 1 and the number of rows", got=f"sizes={given}, {count} rows",
            fix=f"for example sizes=[{max(1, count // 4)}, {max(2, count // 2)}, {count}]",
        )  # fmt: skip
