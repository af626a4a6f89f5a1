"""Which rows lie far nearer to each other than the density around them explains: near duplicates, by distance."""

from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.engine.neighbors import NeighborGraph, build_graph
from samplewise.engine.statistics.multiplicity import discoveries
from samplewise.quality.compared_cells import ComparedCells, texts_agree

NEIGHBORS = 10
FALSE_DUPLICATES = 0.02  # expected share of near duplicates that are none (Benjamini-Hochberg)
FALSE_MATCHES = 0.005  # the same for queries, where a single false one already matters
BULK, TAIL = 0.4, 0.8  # quantiles between which the fall is measured
ROUNDS = 3
FEWEST_NEAR = 4  # near duplicates below which all of them may be false ones
FARTHEST = 0.2  # of the distance of two rows in the mean
FEWEST_NEIGHBORS = 6  # the density around a row cannot be told from fewer
SAME_NUMBER = 1e-3  # in standard deviations of the column: whole numbers further apart differ on purpose
ROUNDED = 0.1  # the same for fractions, root mean square over the columns of a mixed table


def graph_of(space: Floats, ids: Array) -> NeighborGraph:
    """The ten nearest other rows (all, where there are fewer) of at least two rows given as points (n, d)."""
    return build_graph(space, n_neighbors=min(NEIGHBORS, len(space) - 1), keys=ids)


def near_pairs(graph: NeighborGraph, farthest: float = np.inf) -> tuple[Ints, Ints]:
    """Neighbors that are near duplicates: nearer than the density around both of them explains.

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
    """Queries (k,) and the rows (k,) they duplicate; the bulk is that of the rows, so many duplicates hide nothing."""
    if min(graph.distances.shape[1], nearest.distances.shape[1]) < FEWEST_NEIGHBORS:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    first = _closeness(graph, nearest)[:, 0]
    chance = _calibrated(_closeness(graph, graph)).chance(first)
    duplicates = discoveries(chance, FALSE_MATCHES)
    found = np.flatnonzero(duplicates & (nearest.distances[:, 0] <= farthest))
    return found, nearest.indices[found, 0].astype(np.intp)


def farthest_duplicate(space: Floats) -> float:
    """A fifth of the root mean square distance of two rows: on coarse grids even neighbors are farther apart."""
    return FARTHEST * float(np.sqrt(2.0 * np.var(space, axis=0).sum()))


@dataclass(frozen=True, slots=True)
class _Fall:
    """How closeness falls off among rows that are no duplicates."""

    start: float
    slope: float
    threshold: float = np.inf

    def chance(self, closeness: Floats) -> Floats:
        """Probability of being so close without being a duplicate."""
        if not self.slope > 0:
            return np.ones(closeness.shape)
        return np.asarray(np.minimum(1.0, (1.0 - BULK) * np.exp(-(closeness - self.start) / self.slope)))


def _calibrated(closeness: Floats) -> _Fall:
    """The fall of the closeness of nearest neighbors between two quantiles, and where duplicates begin."""
    nearest = closeness.max(axis=1)
    nearest = nearest[np.isfinite(nearest)]
    fall, bulk = _Fall(0.0, 0.0), nearest
    for _ in range(ROUNDS):
        if len(bulk) < FEWEST_NEIGHBORS:
            break
        start, end = np.quantile(bulk, [BULK, TAIL])
        fall = _Fall(float(start), float(end - start) / np.log((1.0 - BULK) / (1.0 - TAIL)))
        hits = discoveries(fall.chance(nearest), FALSE_DUPLICATES)
        if not hits.any():
            break
        fall = _Fall(fall.start, fall.slope, float(nearest[hits].min()))
        bulk = nearest[~hits]
    return fall


def _closeness(graph: NeighborGraph, of: NeighborGraph) -> Floats:
    """(m, k - 1) minus the logarithm of the chance that a neighbor is so near, the mean over both ends of the pair.

    `of` holds the neighbors of rows or queries among the rows of `graph`; exact duplicates (distance 0) are -inf.
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


def agreeing_pairs(compared: ComparedCells, left: Ints, right: Ints, *, embedded: bool = False) -> tuple[Ints, Ints]:
    """Of pairs of rows (p,), (p,) that lie near each other, those that nothing else tells apart.

    No column outside the features may differ; where categories or texts are among the features, a small distance
    proves little, and the pair must agree in all of them but for rounding, capitals, spaces or a few words of a text.
    `embedded` points are features of the user's own network, in which a small distance is enough.
    """
    same = compared.others_agree(left, right)
    left, right = left[same], right[same]
    mixed = any(column.kind in ("category", "ordinal", "text") for column in compared.seen_columns)
    if mixed and not embedded and isinstance(compared.seen, np.ndarray):
        same = _agree_but_for_rounding(compared, left, right)
        left, right = left[same], right[same]
    return left, right


def _agree_but_for_rounding(compared: ComparedCells, left: Ints, right: Ints) -> Mask:
    """(p,) pairs equal in every category and gap, nearly in every text, and in every number up to rounding."""
    kinds = np.array([column.kind for column in compared.seen_columns])
    cells, numeric, fixed = compared.seen, kinds == "numeric", (kinds != "numeric") & (kinds != "text")
    same = (cells[left][:, fixed] == cells[right][:, fixed]).all(axis=1)
    for texts in compared.texts.values():
        same[same] = [texts_agree(*pair) for pair in zip(texts[left[same]], texts[right[same]], strict=True)]
    if not numeric.any():
        return np.asarray(same)
    one, two = cells[left][:, numeric], cells[right][:, numeric]
    spread = np.nanstd(cells[:, numeric], axis=0)
    gap = np.abs(one - two) / np.where(spread > 0, spread, 1.0)
    gaps_agree = (np.isnan(one) == np.isnan(two)).all(axis=1)
    whole = (one == np.rint(one)) & (two == np.rint(two))
    on_purpose = (whole & (gap > SAME_NUMBER)).any(axis=1)
    squares = np.where(np.isnan(gap), 0.0, np.square(gap)).sum(axis=1)
    known = np.maximum((~np.isnan(gap)).sum(axis=1), 1)
    return np.asarray(same & gaps_agree & ~on_purpose & (np.sqrt(squares / known) <= ROUNDED))
