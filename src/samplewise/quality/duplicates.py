"""Sets of rows that are duplicates: equal cells, or far nearer to each other than the density around them explains."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.errors import InputError
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Estimate
from samplewise.data.columns import Column
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_dataset
from samplewise.data.targets import Target, Task, compared_labels
from samplewise.engine.models.feature_encoding import feature_space
from samplewise.engine.neighbors import NeighborGraph, exact_groups
from samplewise.engine.refits.folded_rows import FoldedRows, RowEdit
from samplewise.quality.cells import cell_matrix, coincidence, coincident_pairs, is_beyond_chance, pairs_within
from samplewise.quality.nearness import (
    FEWEST_NEAR,
    agree_but_for_rounding,
    farthest_duplicate,
    graph_of,
    is_mixed,
    near_pairs,
)

APART = 0.5  # standard deviations by which the numeric labels of duplicates differ when they contradict each other
COUNTED = "a count on these rows, not an estimate for others"


@dataclass(frozen=True, eq=False)
class DuplicateSets:
    """Which rows belong to a set of duplicates, by position.

    Args:
        members: (n,) number of the set of every row; rows of no set stand alone in theirs.
        exact: (n,) rows with an equal row.
        expected: pairs of equal rows that coincidence explains.
        pairs: pairs of equal rows there are.
    """

    members: Ints
    exact: Mask
    expected: float
    pairs: float

    @cached_property
    def sizes(self) -> Ints:
        """(n,) size of the set of every row."""
        return np.bincount(self.members)[self.members]

    @property
    def exact_beyond_chance(self) -> bool:
        """Whether there are more equal rows than coincidence makes."""
        return is_beyond_chance(self.pairs, self.expected)

    def beyond_chance(self, rows: Mask) -> bool:
        """Whether duplicates among these rows are more than coincidence and a false near one or two make."""
        near = len(np.unique(self.members[rows & ~self.exact]))
        return bool((rows & self.exact).any() and self.exact_beyond_chance) or near >= FEWEST_NEAR


@dataclass(frozen=True, slots=True, eq=False)
class Duplicates(Result):
    """Sets of duplicates by row id: one entry per row of a set, set by set, sets with contradicting labels first.

    Args:
        ids: (k,) of the rows.
        sets: (k,) number of the set of each, from 1.
        exact: (k,) whether all cells equal those of another row; else the row is a near duplicate.
        keep: (k,) the one row of each set to keep.
        contradicting: (k,) rows of sets whose labels differ; all False without labels.
        labels: (k,) as given; None without labels.
        share: rows beyond the first of their set, as a share of all rows.
        equal_pairs: pairs of equal rows.
        expected_pairs: those that coincidence explains, in a table with few different values.
        beyond_chance: whether the sets are more than coincidence and a false near duplicate or two make.
    """

    ids: Array
    sets: Ints
    exact: Mask
    keep: Mask
    contradicting: Mask
    labels: Array | None
    share: Estimate
    equal_pairs: float
    expected_pairs: float
    beyond_chance: bool

    @property
    def redundant(self) -> Array:
        """Ids of the rows that a set with one label does not need: all but the one to keep."""
        return self.ids[~self.keep & ~self.contradicting]

    def _sentences(self) -> Iterable[str]:
        if not len(self.ids):
            yield "No row is a duplicate of another."
            return
        near, apart = int((~self.exact).sum()), len(np.unique(self.sets[self.contradicting]))
        yield f"{count_of(len(self.ids), 'row')} in {count_of(len(np.unique(self.sets)), 'set')} of duplicates,"
        yield f"{len(self.ids) - near:,} exact and {near:,} near;"
        yield f"{percent_text(self.share.value)} of all rows are beyond the first of their set."
        if apart:
            yield f"Labels contradict each other in {count_of(apart, 'set')}."
        yield from coincidence(self.equal_pairs, self.expected_pairs)

    def _table(self) -> Table:
        columns: dict[str, Array] = {"id": self.ids, "set": self.sets}
        if self.labels is not None:
            columns |= {"label": self.labels, "contradicting": self.contradicting}
        columns |= {"kind": np.where(self.exact, "exact", "near"), "keep": self.keep}
        return Table(columns, index="id")


def find_duplicates(data: Any, y: Any = None, *, label: str | None = None, task: Task = "auto") -> Duplicates:
    """Sets of rows that are exact or near duplicates (share of rows), and the row of each set to keep.

    Exact: all cells are equal (id columns left out), or all pixels at the size images are learned from. Near: a row
    lies far nearer than the density around both rows explains, at most 2 % of them by chance; in a table with
    categories or text a near duplicate agrees in everything but the rounding of numbers.

    Args:
        data, y, label: n rows in any form `samplewise.data.as_dataset` takes; labels are optional, and decide which
            sets contradict themselves.
        task: "auto", "classification" or "regression": numbers contradict each other when they are more than half a
            standard deviation apart.

    Returns:
        `Duplicates` by id; a larger share means fewer different rows than the table has lines.

    Raises:
        InputError: no column that varies, or labels that cannot be read.

    Cost: O(n d log n), and one neighbor graph: O(n^2 d), or about O(n d log n) from 30,000 rows on.
    Not for: other recordings of the same thing (frames of one film): name them with Dataset(..., groups=...).
    Source: levina2004 (dimension), benjamini1995 (share of false near duplicates).

    >>> X = np.random.default_rng(0).normal(size=(60, 3)); X[59] = X[4]
    >>> find_duplicates(X).ids
    array([ 4, 59])
    """
    rows = as_dataset(data, y, label=label)
    require_features(rows)
    target = _labels(rows, task)
    space = feature_space(rows)
    graph = graph_of(space, rows.ids) if len(rows) > 1 else None
    return _by_id(rows, duplicate_sets(rows.X, rows.columns, space, graph), target, graph)


def require_features(rows: Dataset) -> None:
    """Refuse a table of which no column says anything about a row."""
    if rows.columns and not any(column.role == "feature" for column in rows.columns):
        raise InputError(
            "no column says anything about a row, so all rows are alike", where="X",
            got=f"{len(rows.columns)} columns, each constant, missing, an id or a date",
            fix="pass at least one column whose values differ",
        )  # fmt: skip


def _labels(rows: Dataset, task: Task) -> Target | None:
    """Labels to compare; for several labels a row, each combination of them is a class."""
    if rows.y is None:
        return None
    if rows.y.ndim == 1:
        return compared_labels(rows.y, task, rows.ids)
    codes = np.where(rows.unlabeled(), -1, exact_groups(rows.y))
    return Target("classification", np.arange(int(codes.max(initial=0)) + 1), codes)


def _by_id(rows: Dataset, sets: DuplicateSets, target: Target | None, graph: NeighborGraph | None) -> Duplicates:
    repeated = sets.sizes > 1
    contradicting = np.zeros(len(rows), dtype=bool)
    if target is not None and repeated.any():
        contradicting = contradicting_sets(sets.members, target.codes, tolerance_of(target))[sets.members]
    listed = in_sets(sets, rows.ids, repeated, contradicting)
    kept = kept_rows(sets, rows.ids, listed, contradicting[listed], target, graph)[0]
    surplus = len(listed) - len(np.unique(sets.members[listed]))
    return Duplicates(
        rows.ids[listed], set_numbers(sets, listed), sets.exact[listed], kept, contradicting[listed],
        None if rows.y is None else _as_vector(rows.y[listed]),
        surplus_share(surplus, len(rows)), sets.pairs, sets.expected, sets.beyond_chance(repeated),
    )  # fmt: skip


def _as_vector(labels: Array) -> Array:
    """(k,) one entry per row; several labels a row are a tuple."""
    if labels.ndim == 1:
        return labels
    rows = np.empty(len(labels), dtype=object)
    rows[:] = [tuple(row) for row in labels.tolist()]
    return rows


# ---- by position: what the audit and the function above share --------------------------------------------------------


def duplicate_sets(
    X: Any, columns: tuple[Column, ...], space: Floats, graph: NeighborGraph | None, *, embedded: bool = False
) -> DuplicateSets:
    """Exact and near duplicates joined into sets.

    Args:
        X: n rows.   columns: theirs.   space: (n, d) points.   graph: nearest rows of each; None for a single row.
        embedded: whether the points are features of the user's own network, in which a small distance is enough.

    Cost: O(n d log n).
    """
    cells = cell_matrix(X, columns)
    groups = exact_groups(cells)
    pairs = pairs_within(groups)
    left, right = (np.empty(0, np.intp),) * 2 if graph is None else near_pairs(graph, farthest_duplicate(space))
    apart = groups[left] != groups[right]
    left, right = left[apart], right[apart]
    if is_mixed(columns) and not embedded:
        same = agree_but_for_rounding(columns, cells, left, right)
        left, right = left[same], right[same]
    first = np.unique(groups, return_index=True)[1][groups]
    rows = np.arange(len(groups))
    links = sparse.coo_array(
        (np.ones(len(left) + len(rows)), (np.r_[left, rows], np.r_[right, first])), (len(rows), len(rows))
    )
    members = csgraph.connected_components(links, directed=False)[1].astype(np.intp)
    exact = np.bincount(groups)[groups] > 1
    return DuplicateSets(members, exact, coincident_pairs(cells, pairs), pairs)


def tolerance_of(target: Target) -> float:
    """How far labels may differ within a set without contradicting each other: 0 for classes."""
    known = target.codes[np.isfinite(target.codes)]
    return 0.0 if target.classes is not None or not len(known) else APART * float(np.std(known))


def contradicting_sets(members: Ints, codes: Array, tolerance: float) -> Mask:
    """(s,) sets whose known labels differ by more than the tolerance; codes of -1 and NaN are unknown."""
    size = int(members.max()) + 1
    known = is_known(codes)
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(low, members[known], codes[known])
    np.maximum.at(high, members[known], codes[known])
    return high - low > tolerance


def is_known(codes: Array) -> Mask:
    """(n,) which rows have a label: class codes from 0, or finite numbers."""
    return np.asarray(codes >= 0 if codes.dtype.kind == "i" else np.isfinite(codes))


def drop_redundant_duplicates(folded: FoldedRows, sets: DuplicateSets, tolerance: float) -> RowEdit:
    """All but the first by id of every set whose labels agree among the training rows."""
    members = sets.members[folded.positions]
    agree = ~contradicting_sets(members, folded.codes, tolerance)[members]
    order = np.lexsort((id_rank(folded.data.ids), members))
    later = np.r_[False, members[order][1:] == members[order][:-1]]
    return RowEdit("drop", np.sort(order[later & agree[order]]))


def relabel_duplicates(folded: FoldedRows, sets: DuplicateSets, graph: NeighborGraph) -> RowEdit:
    """The favored label for every training row of a set that carries another one."""
    codes = np.full(len(sets.members), -1, dtype=np.intp)
    inside = np.zeros(len(sets.members), dtype=bool)
    codes[folded.positions], inside[folded.positions] = folded.codes, True
    favored, _ = favored_labels(sets, codes, inside, graph, folded.class_count)
    wanted = favored[sets.members[folded.positions]]
    rows = np.flatnonzero((wanted >= 0) & (wanted != folded.codes))
    return RowEdit("relabel", rows, wanted[rows])


def in_sets(sets: DuplicateSets, ids: Array, rows: Mask, first: Mask | None = None) -> Ints:
    """Positions of these rows set by set, the set with the first id first; rows marked `first` before all others."""
    listed = np.flatnonzero(rows)
    if not len(listed):
        return listed
    rank, members = id_rank(ids[listed]), sets.members[listed]
    least = np.full(int(sets.members.max()) + 1, len(listed))
    np.minimum.at(least, members, rank)
    listed = listed[np.lexsort((rank, least[members]))]
    return listed if first is None else listed[np.argsort(~first[listed], kind="stable")]


def set_numbers(sets: DuplicateSets, listed: Ints) -> Ints:
    """(k,) numbers 1, 2, ... of the sets of these rows, in the order in which they first appear."""
    found, first, inverse = np.unique(sets.members[listed], return_index=True, return_inverse=True)
    number = np.empty(len(found), dtype=np.intp)
    number[np.argsort(first)] = np.arange(1, len(found) + 1)
    return number[inverse.reshape(-1)]


def kept_rows(
    sets: DuplicateSets, ids: Array, listed: Ints, contradicting: Mask, target: Target | None,
    graph: NeighborGraph | None,
) -> tuple[Mask, Ints, Ints]:  # fmt: skip
    """Which of these rows to keep, one a set: with the favored label where labels contradict, then the first by id.

    Args:    listed: (k,) positions of rows of sets.   contradicting: (k,) whether the labels of their set differ.
    Returns: (k,) whether to keep each, (k,) the favored class of its set or -1, (k,) neighbors that vote for it.
    """
    members = sets.members[listed]
    if not len(listed):
        return np.zeros(0, dtype=bool), members, members
    preferred, support = np.full(len(sets.members), -1), np.zeros(len(sets.members), dtype=np.intp)
    codes = np.zeros(len(sets.members), dtype=np.intp) if target is None else target.codes
    known = is_known(codes)
    if target is not None and target.classes is not None and graph is not None and known.any():
        found = favored_labels(sets, codes, known, graph, len(target.classes))
        preferred[: len(found[0])], support[: len(found[1])] = found
    favored = (codes[listed] == preferred[members]) & (preferred[members] >= 0)
    agrees = known[listed] & (favored | ~contradicting)
    order = np.lexsort((id_rank(ids[listed]), ~agrees, members))
    kept = np.zeros(len(listed), dtype=bool)
    kept[order[np.r_[True, members[order][1:] != members[order][:-1]]]] = True
    return kept, preferred[members], support[members]


def outvoted_share(sets: DuplicateSets, rows: Mask, codes: Array, n_classes: int) -> Estimate:
    """Rows whose class is not that of most rows of their set: no model of these features gets them right."""
    pairs, counts = np.unique(sets.members[rows] * n_classes + codes[rows], return_counts=True)
    most = np.zeros(int(sets.members.max()) + 1, dtype=np.intp)
    np.maximum.at(most, pairs // n_classes, counts)
    share = (int(rows.sum()) - int(most.sum())) / len(codes)
    return Estimate("rows outvoted by their duplicates", share, unit="share of rows", source="counted", reason=COUNTED)


def surplus_share(surplus: int, rows: int) -> Estimate:
    """Rows beyond the first of their set, as a share of all rows."""
    share = surplus / rows
    return Estimate("rows beyond the first of their set", share, unit="share of rows", source="counted", reason=COUNTED)


def id_rank(ids: Array) -> Ints:
    """(n,) position of every id among the sorted ids, so that "the first" means the same whatever the row order."""
    rank = np.empty(len(ids), dtype=np.intp)
    rank[np.argsort(ids if ids.dtype.kind in "iufU" else ids.astype(str), kind="stable")] = np.arange(len(ids))
    return rank


def favored_labels(
    sets: DuplicateSets, codes: Any, inside: Mask, graph: NeighborGraph, classes: int
) -> tuple[Ints, Ints]:
    """For every set (s,) the label most of its rows carry, ties by the votes of their neighbors outside the set.

    Args:    codes: (n,) class codes.   inside: (n,) rows whose label may be used.
    Returns: codes (s,), -1 where votes are equal or there is no row; and the neighbors' votes for them (s,).
    """
    count = int(sets.members.max()) + 1
    key = sets.members[inside] * classes + codes[inside]
    candidates, duplicates = np.unique(key, return_counts=True)
    rows = np.flatnonzero(inside & (sets.sizes > 1))
    near = graph.indices[rows].astype(np.intp)
    votes_for = np.where(inside[near] & (sets.members[near] != sets.members[rows][:, np.newaxis]), codes[near], -1)
    voted = (sets.members[rows][:, np.newaxis] * classes + votes_for)[votes_for >= 0]
    place = np.minimum(np.searchsorted(candidates, voted), len(candidates) - 1)
    votes = np.bincount(place[candidates[place] == voted], minlength=len(candidates))
    score = duplicates * (near.size + 1.0) + votes
    owner = candidates // classes
    order = np.lexsort((-score, owner))
    first = order[np.r_[True, np.diff(owner[order]) > 0]]
    best = np.full(count, -1.0)
    best[owner[first]] = score[first]
    tied = np.bincount(owner[score == best[owner]], minlength=count) > 1
    favored, support = np.full(count, -1, dtype=np.intp), np.zeros(count, dtype=np.intp)
    favored[owner[first]], support[owner[first]] = candidates[first] % classes, votes[first]
    favored[tied] = -1
    return favored, support
