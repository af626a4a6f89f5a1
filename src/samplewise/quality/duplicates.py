"""Sets of rows that are duplicates: equal cells, or far nearer to each other than the density around them explains.

Two rows are duplicates where every column agrees that the user gave, whether or not a model sees it: people of the same
age, class and sex are not one person while their names differ. Which rows a model cannot tell apart is another
question, and it alone decides the least error any model can have.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import lazy_loader
import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.errors import InputError
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, sentence
from samplewise.core.values import Estimate
from samplewise.data.columns import Column
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_reading
from samplewise.data.roles import Roles
from samplewise.data.targets import Target, Task, compared_labels
from samplewise.engine.models.feature_encoding import feature_space
from samplewise.engine.neighbors import NeighborGraph, exact_groups
from samplewise.engine.refits.folded_rows import FoldedRows, RowEdit
from samplewise.quality.cells import TIMES_CHANCE, coincidence, is_beyond_chance, pairs_within
from samplewise.quality.compared_cells import compared_cells, joined_groups, plain_texts
from samplewise.quality.contradicting_labels import contradicting_sets, is_known, tolerance_of
from samplewise.quality.error_floor import error_floor
from samplewise.quality.nearness import FEWEST_NEAR, agreeing_pairs, farthest_duplicate, graph_of, near_pairs
from samplewise.quality.one_cell_apart import one_cell_apart

pd = lazy_loader.load("pandas")

FEW_COINCIDENT = 0.5  # equal pairs by coincidence, below which rows of a table are told apart by a few cells
FEW_WORDS, MOSTLY = 5, 0.5  # of a text that may be a category; share of the texts that repeat where they are some
COUNTED = "a count on these rows, not an estimate for others"


@dataclass(frozen=True, eq=False)
class DuplicateSets:
    """Which rows belong to a set of duplicates, by position.

    Args:
        members: (n,) number of the set of every row; rows of no set stand alone in theirs.
        equal: (n,) number that rows share which are equal in every column the user gave.
        expected: pairs of equal rows that coincidence explains.
        seen: (n,) number that rows share which are equal in every column models see.
        seen_expected: pairs of those that coincidence explains.
        numbering: names of columns that number the rows, and so differ in every pair.
        texts: for every text column beside others, unless short texts mostly repeat there, (n,) numbers that rows with
            the same text share.
    """

    members: Ints
    equal: Ints
    expected: float
    seen: Ints
    seen_expected: float
    numbering: tuple[str, ...] = ()
    texts: Mapping[str, Ints] = field(default_factory=dict)

    @cached_property
    def sizes(self) -> Ints:
        """(n,) size of the set of every row."""
        return np.bincount(self.members)[self.members]

    @cached_property
    def exact(self) -> Mask:
        """(n,) rows with an equal row."""
        return repeated(self.equal)

    @cached_property
    def pairs(self) -> float:
        """Pairs of equal rows."""
        return pairs_within(self.equal)

    @property
    def coincidental(self) -> bool:
        """Whether coincidence may explain most equal rows."""
        return self.pairs < TIMES_CHANCE * self.expected

    @cached_property
    def cleared(self) -> Mask:
        """(n,) rows that models cannot tell from another, which an id, a name or another column tells apart."""
        return repeated(self.seen) & (np.bincount(self.seen)[self.seen] > np.bincount(self.equal)[self.equal])

    def only_exact(self) -> "DuplicateSets":
        """The same without near duplicates."""
        return replace(self, members=self.equal)

    def as_seen(self) -> "DuplicateSets":
        """Sets of the rows that models cannot tell apart."""
        return replace(self, members=self.seen, equal=self.seen)

    def proven(self, rows: Mask) -> bool:
        """Whether equal pairs among these rows alone are more than coincidence makes in all rows."""
        return is_beyond_chance(pairs_within(self.equal[rows]), self.expected)

    def beyond_chance(self, rows: Mask) -> bool:
        """Whether duplicates among these rows are more than coincidence and a false near one or two make."""
        near = len(np.unique(self.members[rows & ~self.exact]))
        return self.proven(rows) or near >= FEWEST_NEAR


def repeated(groups: Ints) -> Mask:
    """(n,) whether another row has the same number."""
    return np.asarray(np.bincount(groups)[groups] > 1)


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
        tolerance: difference of numeric labels up to which they agree, in the label's unit; 0 for classes.
        error_floor: error no model of the features can undercut, as rows equal in all of them have different labels: a
            share of rows, or a mean absolute error in the label's unit; None without labels.
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
    tolerance: float
    error_floor: Estimate | None
    share: Estimate
    equal_pairs: float
    expected_pairs: float
    beyond_chance: bool

    @property
    def redundant(self) -> Array:
        """Ids of the rows that a set with one label does not need: all but the one to keep."""
        return self.ids[~self.keep & ~self.contradicting]

    def _sentences(self) -> Iterable[str]:
        floor = self.error_floor
        told = [] if floor is None or not floor.value else [f"{sentence(floor.quantity)[:-1]}: {floor}."]
        if not len(self.ids):
            yield "No row is a duplicate of another."
            yield from told
            return
        near, apart = int((~self.exact).sum()), len(np.unique(self.sets[self.contradicting]))
        yield f"{count_of(len(self.ids), 'row')} in {count_of(len(np.unique(self.sets)), 'set')} of duplicates,"
        yield f"{len(self.ids) - near:,} exact and {near:,} near;"
        yield f"{percent_text(self.share.value)} of all rows are beyond the first of their set."
        if apart:
            yield f"Labels contradict each other in {count_of(apart, 'set')}."
        yield from coincidence(self.equal_pairs, self.expected_pairs)
        yield from told

    def _table(self) -> Table:
        columns: dict[str, Array] = {"id": self.ids, "set": self.sets}
        if self.labels is not None:
            columns |= {"label": self.labels, "contradicting": self.contradicting}
        columns |= {"kind": np.where(self.exact, "exact", "near"), "keep": self.keep}
        return Table(columns, index="id")


@checked
def find_duplicates(
    data: Any, y: Any = None, *, label: str | None = None, task: Task = "auto", tolerance: float | None = None
) -> Duplicates:
    """Sets of rows that are exact or near duplicates (share of rows), and the row of each set to keep.

    Exact: every column agrees that was given, those a model never sees as well (names, ids, dates, groups; not columns
    that merely number the rows), or all pixels at the size images are learned from. Near: a row lies far nearer than
    the density around both rows explains, at most 2 % of them by chance, where in a table with categories or text it
    agrees in everything but the rounding of numbers and the spelling of text; or it agrees in every column but one, far
    more often than coincidence explains.

    Args:
        data, y, label: n rows in any form `samplewise.data.as_dataset` takes; labels are optional, and decide which
            sets contradict themselves.
        task: "auto", "classification" or "regression".
        tolerance: difference of numbers up to which labels agree, in the label's unit; default: half a standard
            deviation.

    Returns:
        `Duplicates` by id; a larger share means fewer different rows than the table has lines.

    Raises:
        InputError: no column that varies, labels that cannot be read, or a negative tolerance.

    Cost: O(n d log n), and one neighbor graph: O(n^2 d), or about O(n d log n) from 30,000 rows on.
    Not for: other recordings of the same thing (frames of one film): name them with Dataset(..., groups=...).
    Source: levina2004 (dimension), benjamini1995 (share of false near duplicates).

    >>> X = np.random.default_rng(0).normal(size=(60, 3)); X[59] = X[4]
    >>> find_duplicates(X).ids
    array([ 4, 59])
    """
    if tolerance is not None and not 0.0 <= tolerance < np.inf:
        raise InputError(
            "a tolerance is a difference of labels, 0 or more", where="tolerance", got=repr(tolerance),
            fix="0 for equal labels, or None for half a standard deviation",
        )  # fmt: skip
    reading = as_reading(data, y, Roles(label=label))
    rows = reading.data
    require_features(rows)
    target = _labels(rows, task)
    space = feature_space(rows)
    graph = graph_of(space, rows.ids) if len(rows) > 1 else None
    sets = duplicate_sets(rows, rows.columns, space, graph, other_columns=reading.other_columns)
    if tolerance is None:
        tolerance = 0.0 if target is None else tolerance_of(target)
    return _by_id(rows, sets, target, graph, tolerance)


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


def _by_id(
    rows: Dataset, sets: DuplicateSets, target: Target | None, graph: NeighborGraph | None, tolerance: float
) -> Duplicates:
    twice = sets.sizes > 1
    contradicting = np.zeros(len(rows), dtype=bool)
    if target is not None and twice.any():
        contradicting = contradicting_sets(sets.members, target.codes, tolerance)[sets.members]
    listed = in_sets(sets, rows.ids, twice, contradicting)
    kept = kept_rows(sets, rows.ids, listed, contradicting[listed], target, graph)[0]
    surplus = len(listed) - len(np.unique(sets.members[listed]))
    floor = None if target is None or not is_known(target.codes).any() else error_floor(sets.seen, target)
    return Duplicates(
        rows.ids[listed], set_numbers(sets, listed), sets.exact[listed], kept, contradicting[listed],
        None if rows.y is None else _as_vector(rows.y[listed]), tolerance, floor,
        surplus_share(surplus, len(rows)), sets.pairs, sets.expected, sets.beyond_chance(twice),
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
    data: Dataset, columns: tuple[Column, ...], space: Floats, graph: NeighborGraph | None, *,
    other_columns: Any = None, embedded: bool = False,
) -> DuplicateSets:  # fmt: skip
    """Exact and near duplicates joined into sets.

    Args:
        data: n rows.   columns: of their features.   space: (n, d) points.
        graph: nearest rows of each; None for a single row.
        other_columns: frame of what the user gave besides features and label; None where nothing was.
        embedded: whether the points are features of the user's own network, in which a small distance is enough.

    Cost: O(n d log n).
    """
    compared = compared_cells(data, columns, other_columns)
    cells, equal, seen = compared.every_cell(), compared.equal_groups(), compared.seen_groups()
    left, right = (np.empty(0, np.intp),) * 2 if graph is None else near_pairs(graph, farthest_duplicate(space))
    apart = equal[left] != equal[right]
    left, right = agreeing_pairs(compared, left[apart], right[apart], embedded=embedded)
    expected = compared.coincident(cells, equal)
    if compared.countable and expected < FEW_COINCIDENT:  # a table that makes equal rows makes nearly equal ones
        one, two = one_cell_apart(cells, compared.seen.shape[1], compared.groups)
        left, right = np.r_[left, one], np.r_[right, two]
    plain = {name: plain_texts(texts) for name, texts in compared.texts.items()}
    alike = equal if not plain else joined_groups(compared.groups_with(plain), compared.other)
    members = _joined(len(equal), left, right, equal, alike)
    told = {name: groups for name, groups in plain.items() if not _categories(compared.texts[name], groups)}
    alone = compared.seen.shape[1] + compared.other.shape[1] == 1
    return DuplicateSets(
        members, equal, expected, seen, compared.coincident(compared.seen, seen),
        compared.numbering, {} if alone else told
    )  # fmt: skip


def _categories(texts: Array, groups: Ints) -> bool:
    """Whether short texts mostly repeat, as the names of towns do: then a column holds categories."""
    known = ~pd.isna(texts)
    words = [len(str(text).split()) for text in texts[known].tolist()]
    return bool(words) and float(np.median(words)) <= FEW_WORDS and float(repeated(groups)[known].mean()) > MOSTLY


def _joined(count: int, left: Ints, right: Ints, *groups: Ints) -> Ints:
    """(n,) number of the set of every row: rows of a pair, and rows that share the number of a group, are in one."""
    rows = np.arange(count)
    firsts = [np.unique(group, return_index=True)[1][group] for group in groups]
    one, two = np.r_[left, np.tile(rows, len(firsts))], np.r_[right, *firsts]
    links = sparse.coo_array((np.ones(len(one)), (one, two)), (count, count))
    return csgraph.connected_components(links, directed=False)[1].astype(np.intp)


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
