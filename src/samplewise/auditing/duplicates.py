"""Sets of rows that are copies of one another: equal cells, or far nearer than the density around them explains."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.exact_match import cell_matrix, coincident_pairs, is_beyond_chance, pairs_within
from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.engine.neighbors import NeighborGraph, exact_groups
from samplewise.engine.statistics.multiplicity import discoveries

FALSE_COPIES = 0.02  # expected share of near copies that are none (Benjamini-Hochberg)
FALSE_TWINS = 0.005  # the same for queries, where one twin is already a reproach
BULK, TAIL = 0.4, 0.8  # quantiles between which the fall is measured
ROUNDS = 3
FEWEST_NEAR = 4  # near copies below which all of them may be false ones
FARTHEST = 0.2  # of the distance of two rows in the mean
FEWEST_NEIGHBORS = 6  # the density around a row cannot be told from fewer
SAME_NUMBER = 1e-3  # in standard deviations of the column: whole numbers further apart differ on purpose
ROUNDED = 0.1  # the same for fractions, root mean square over the columns of a mixed table


@dataclass(frozen=True, eq=False)
class DuplicateSets:
    """Which rows belong to a set of copies.

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
        """Whether copies among these rows are more than coincidence and a false near copy or two make."""
        near = len(np.unique(self.members[rows & ~self.exact]))
        return bool((rows & self.exact).any() and self.exact_beyond_chance) or near >= FEWEST_NEAR


def duplicate_sets(evidence: Evidence) -> DuplicateSets:
    """Exact and near copies joined into sets. Cost: O(n d log n) beside the graph."""
    cells = cell_matrix(evidence.data.X, evidence.columns)
    groups = exact_groups(cells)
    pairs = pairs_within(groups)
    left, right = near_pairs(evidence.graph, farthest_duplicate(evidence.space))
    apart = groups[left] != groups[right]
    left, right = left[apart], right[apart]
    if is_mixed(evidence):
        same = agree_but_for_rounding(evidence, cells, left, right)
        left, right = left[same], right[same]
    first = np.unique(groups, return_index=True)[1][groups]
    rows = np.arange(len(groups))
    links = sparse.coo_array(
        (np.ones(len(left) + len(rows)), (np.r_[left, rows], np.r_[right, first])), (len(rows), len(rows))
    )
    members = csgraph.connected_components(links, directed=False)[1].astype(np.intp)
    exact = np.bincount(groups)[groups] > 1
    return DuplicateSets(members, exact, coincident_pairs(cells, pairs), pairs)


def near_pairs(graph: NeighborGraph, farthest: float = np.inf) -> tuple[Ints, Ints]:
    """Neighbors that are copies: nearer than the density around both of them explains.

    Where rows lie as if scattered at random with a local density, the nearest of k neighbors is within r times the
    distance of the last with probability 1 - (1 - r^D)^(k - 1). Real rows keep more distance than that, so the measure
    is calibrated on the rows themselves: its logarithm falls off exponentially in the bulk, and what lies beyond the
    continued fall is selected by the false discovery rate. Rows found are left out, and the bulk is measured again.

    Source: levina2004 (dimension), benjamini1995.
    """
    if graph.distances.shape[1] < FEWEST_NEIGHBORS:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    closeness = _closeness(graph, graph)
    level = _calibrated(closeness)
    found = np.nonzero((closeness >= level.threshold) & (graph.distances[:, :-1] <= farthest))
    return found[0], graph.indices[found].astype(np.intp)


def near_queries(graph: NeighborGraph, nearest: NeighborGraph, farthest: float = np.inf) -> tuple[Ints, Ints]:
    """Queries (k,) and the rows (k,) they are copies of; the bulk is that of the rows, so many copies hide nothing."""
    if min(graph.distances.shape[1], nearest.distances.shape[1]) < FEWEST_NEIGHBORS:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    first = _closeness(graph, nearest)[:, 0]
    chance = _calibrated(_closeness(graph, graph)).chance(first)
    duplicates = discoveries(chance, FALSE_TWINS)
    found = np.flatnonzero(duplicates & (nearest.distances[:, 0] <= farthest))
    return found, nearest.indices[found, 0].astype(np.intp)


def farthest_duplicate(space: Floats) -> float:
    """A fifth of the root mean square distance of two rows: on coarse grids even neighbors are farther apart."""
    return FARTHEST * float(np.sqrt(2.0 * np.var(space, axis=0).sum()))


@dataclass(frozen=True, slots=True)
class _Fall:
    """How closeness falls off among rows that are no copies."""

    start: float
    slope: float
    threshold: float = np.inf

    def chance(self, closeness: Floats) -> Floats:
        """Probability of being so close without being a copy."""
        if not self.slope > 0:
            return np.ones(closeness.shape)
        return np.asarray(np.minimum(1.0, (1.0 - BULK) * np.exp(-(closeness - self.start) / self.slope)))


def _calibrated(closeness: Floats) -> _Fall:
    """The fall of the closeness of nearest neighbors between two quantiles, and where copies begin."""
    nearest = closeness.max(axis=1)
    nearest = nearest[np.isfinite(nearest)]
    fall, bulk = _Fall(0.0, 0.0), nearest
    for _ in range(ROUNDS):
        if len(bulk) < FEWEST_NEIGHBORS:
            break
        start, end = np.quantile(bulk, [BULK, TAIL])
        fall = _Fall(float(start), float(end - start) / np.log((1.0 - BULK) / (1.0 - TAIL)))
        hits = discoveries(fall.chance(nearest), FALSE_COPIES)
        if not hits.any():
            break
        fall = _Fall(fall.start, fall.slope, float(nearest[hits].min()))
        bulk = nearest[~hits]
    return fall


def _closeness(graph: NeighborGraph, of: NeighborGraph) -> Floats:
    """(m, k - 1) minus the logarithm of the chance that a neighbor is so near, the mean over both ends of the pair.

    `of` holds the neighbors of rows or queries among the rows of `graph`; exact copies (distance 0) are -inf.
    """
    near, distance = of.indices[:, :-1], of.distances[:, :-1].astype(np.float64)
    reach, count = graph.distances[:, -1].astype(np.float64), graph.distances.shape[1]
    dimension = local_dimension(graph)
    own_dimension = dimension if of is graph else dimension[of.indices[:, 0]]
    with np.errstate(divide="ignore", invalid="ignore"):
        own = _surprise(distance / of.distances[:, -1:].astype(np.float64), own_dimension[:, np.newaxis], count)
        other = _surprise(distance / reach[near], dimension[near], count)
    closeness = (own + other) / 2.0
    return np.where((distance > 0) & np.isfinite(closeness), closeness, -np.inf)


def _surprise(ratio: Floats, dimension: Floats, count: int) -> Floats:
    """-log of the chance that the nearest of `count` neighbors lies within `ratio` times the distance of the last."""
    inside = np.minimum(ratio, 1.0) ** dimension
    chance = -np.expm1((count - 1) * np.log1p(-inside))
    return np.asarray(-np.log(np.maximum(chance, np.finfo(np.float64).tiny)))  # NaN, where all distances are 0, stays


def local_dimension(graph: NeighborGraph) -> Floats:
    """(n,) dimension in which distances grow around every row, at most the overall one; NaN where all are equal."""
    distances = graph.distances.astype(np.float64)
    count = distances.shape[1]
    outer = np.arange(count // 2, count)
    steps = np.array([np.sum(1.0 / np.arange(j, count)) for j in outer])
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.log(distances[:, -1:] / distances[:, outer - 1]).sum(axis=1)
    growth[~np.isfinite(growth) | (growth <= 0)] = np.nan
    around = np.column_stack([growth, growth[graph.indices]])
    known = np.isfinite(around)
    if not known.any():
        return np.full(len(distances), np.nan)
    mean = np.divide(
        np.nansum(around, axis=1), known.sum(axis=1), out=np.full(len(around), np.inf), where=known.any(axis=1)
    )
    return steps.sum() / np.maximum(mean, np.nanmean(growth))


def is_mixed(evidence: Evidence) -> bool:
    """Whether categories or texts stand beside the numbers, so that a small distance alone proves little."""
    if evidence.embeddings is not None:
        return False
    return any(column.role == "feature" and column.kind in ("category", "text") for column in evidence.columns)


def agree_but_for_rounding(evidence: Evidence, cells: Floats, left: Ints, right: Ints) -> Mask:
    """Pairs equal in every category, text and gap, and in every number up to rounding."""
    names = [column for column in evidence.columns if column.kind != "id"]
    numeric = np.array([column.kind == "numeric" for column in names])
    equal = (cells[left][:, ~numeric] == cells[right][:, ~numeric]).all(axis=1)
    one, two = cells[left][:, numeric], cells[right][:, numeric]
    spread = np.nanstd(cells[:, numeric], axis=0)
    gap = np.abs(one - two) / np.where(spread > 0, spread, 1.0)
    gaps_agree = (np.isnan(one) == np.isnan(two)).all(axis=1)
    whole = (one == np.rint(one)) & (two == np.rint(two))
    on_purpose = (whole & (gap > SAME_NUMBER)).any(axis=1)
    small = np.sqrt(np.nanmean(np.square(gap), axis=1)) <= ROUNDED if gap.shape[1] else np.zeros(len(left), dtype=bool)
    return equal & gaps_agree & ~on_purpose & small


def id_rank(ids: Array) -> Ints:
    """(n,) place of every id among the sorted ids, so that "the first" means the same whatever the row order."""
    rank = np.empty(len(ids), dtype=np.intp)
    rank[np.argsort(ids if ids.dtype.kind in "iufU" else ids.astype(str), kind="stable")] = np.arange(len(ids))
    return rank


def favored_labels(
    sets: DuplicateSets, codes: Any, inside: Mask, graph: NeighborGraph, classes: int
) -> tuple[Ints, Ints]:
    """For every set (s,) the label most of its copies carry, ties by the votes of their neighbors outside the set.

    Args:    codes: (n,) class codes.   inside: (n,) rows whose label may be looked at.
    Returns: codes (s,), -1 where votes are equal or there is no row; and the neighbors' votes for them (s,).
    """
    count = int(sets.members.max()) + 1
    key = sets.members[inside] * classes + codes[inside]
    candidates, duplicates = np.unique(key, return_counts=True)
    rows = np.flatnonzero(inside & (sets.sizes > 1))
    near = graph.indices[rows].astype(np.intp)
    votes_for = np.where(inside[near] & (sets.members[near] != sets.members[rows][:, np.newaxis]), codes[near], -1)
    queried = (sets.members[rows][:, np.newaxis] * classes + votes_for)[votes_for >= 0]
    place = np.minimum(np.searchsorted(candidates, queried), len(candidates) - 1)
    votes = np.bincount(place[candidates[place] == queried], minlength=len(candidates))
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
