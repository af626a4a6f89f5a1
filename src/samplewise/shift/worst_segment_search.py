"""Where a model does worst when no segments are named: searched on half of the rows, measured on the other."""

from collections.abc import Sequence

import numpy as np

from samplewise.core.arrays import Array, Floats, Mask
from samplewise.core.errors import InputError, require_share
from samplewise.data.conversions import as_numbers
from samplewise.data.splits import fold_of_rows
from samplewise.engine.statistics.intervals import quantile
from samplewise.shift.bins import Cells
from samplewise.shift.segments import LEAST_ROWS, WorstSegments, compare_cells, require_cells

LEAST_SHARE = 0.02  # of the rows, for a segment to be named
MOST_CELLS = 400  # cells searched in pairs; of more columns, those whose cells differ most
ALIKE = 0.5  # two segments that share more than this of their rows are one finding


def find_worst_segments(
    losses: Floats,  # (n,)
    segments: Sequence[Cells],
    ids: Array,  # (n,)
    *,
    groups: Array | None = None,
    count: int = 5,
    seed: int = 0,
    confidence: float = 0.95,
    unit: str = "",
) -> WorstSegments:
    """The segments with the worst loss (0..1 for rates) among all cells and pairs of cells, with valid intervals.

    Half of the rows (by hash of the id, groups kept together) choose up to `count` segments by their lower confidence
    limit; only the other half measures them, so the search is not in the interval. Holm's correction over the chosen.

    Args:
        losses: (n,) of models that did not see the row, NaN for rows without one.
        segments: columns cut into cells.
        ids: (n,) of the rows.
        groups: (n,) or None.
        count: segments to measure.
        seed: of the halves.
        confidence: of the intervals.
        unit: of the losses.

    Returns:
        `WorstSegments`: errors on the measuring half, and the ids of all rows of each; larger errors mean worse.

    Raises:
        InputError: fewer than 100 rows with a loss, no cell of enough rows, or a confidence outside (0, 1).

    Cost: O(n q^2) for q cells, at most 400.   Not for: proof of harm to a group (name it with segments= instead).
    Source: eyuboglu2022, holm1979.
    """
    require_share(confidence, "confidence")
    losses = as_numbers(losses, "losses")
    require_cells(segments, len(losses))
    known = np.isfinite(losses)
    if int(known.sum()) < 5 * LEAST_ROWS:
        raise InputError(
            "there are too few rows to search for segments on one half and measure on the other",
            got=f"{int(known.sum())} rows with a loss",
            fix="name the segments to compare: Dataset(..., segments=...)",
        )
    half = np.full(len(losses), -1)
    kept = None if groups is None else np.asarray(groups)[known]
    above = (losses[known] > np.median(losses[known])).astype(int)
    half[known] = fold_of_rows(ids[known], above, kept, n_folds=2, seed=seed)
    names, indicators, single = _indicators(segments, losses, half == 0)
    if not names:
        raise InputError(
            "no segment has enough rows",
            got=f"{len(segments)} columns",
            fix="pass columns with values that at least 2 % of the rows share",
        )
    chosen = _choose(losses, names, indicators, half == 0, count)
    members = [_in_all(indicators, pair) for pair in chosen]
    titles = [" and ".join(names[cell] for cell in pair) for pair in chosen]
    usable = [at for at, member in enumerate(members) if 0 < (member & (half == 1)).sum() < (half == 1).sum()]
    measured = np.where(half == 1, losses, np.nan)
    table = compare_cells(measured, [titles[at] for at in usable], [members[at] for at in usable], groups, confidence)
    at = [titles.index(name) for name in table.names]
    singles = tuple(all(single[cell] for cell in chosen[place]) for place in at)
    return WorstSegments(table, tuple(ids[members[place]] for place in at), singles, True, unit)


def _indicators(segments: Sequence[Cells], losses: Floats, searching: Mask) -> tuple[list[str], Mask, list[bool]]:
    """Names, (n, q) membership and "is one value" of the cells that are large enough in the searching half."""
    least = max(LEAST_ROWS, LEAST_SHARE * searching.sum())
    names, columns, strength, single = [], [], [], []
    for cells in segments:
        for code, name in enumerate(cells.names):
            member = cells.codes == code
            inside = member & searching
            size = int(inside.sum())
            if least <= size <= searching.sum() - least:
                names.append(name)
                columns.append(member)
                single.append(cells.values)
                spread = losses[searching].std() or 1.0
                strength.append((losses[inside].mean() - losses[searching].mean()) / spread * np.sqrt(size))
    if not names:
        return [], np.empty((len(losses), 0), dtype=bool), []
    best = np.sort(np.argsort(-np.asarray(strength), kind="stable")[:MOST_CELLS])
    return [names[at] for at in best], np.column_stack([columns[at] for at in best]), [single[at] for at in best]


def _choose(losses: Floats, names: list[str], indicators: Mask, searching: Mask, count: int) -> list[tuple[int, ...]]:
    """Up to `count` cells or pairs with the highest lower limits of their mean loss, no two much alike."""
    inside = indicators[searching]
    limit = _lower_limits(inside.astype(np.float64), losses[searching])
    one, other = np.triu_indices(len(names))
    order = np.argsort(-limit[one, other], kind="stable")
    chosen: list[tuple[int, ...]] = []
    members: list[Mask] = []
    for at in order[: 50 * count]:
        cells = tuple(sorted({int(one[at]), int(other[at])}))
        member = _in_all(inside, cells)
        if len(chosen) < count and np.isfinite(limit[one[at], other[at]]) and not _alike(member, members):
            chosen.append(cells)
            members.append(member)
    return chosen


def _lower_limits(inside: Floats, loss: Floats) -> Floats:
    """(q, q) lower 95 % limit of the mean loss of every pair of cells, of single cells on the diagonal."""
    size = inside.T @ inside
    total = inside.T @ (inside * loss[:, None])
    squares = inside.T @ (inside * np.square(loss)[:, None])
    mean = np.divide(total, size, out=np.zeros_like(total), where=size > 0)
    # One row of average loss is added, so that a small segment without spread is not taken for certain.
    power = (squares + float(np.mean(np.square(loss)))) / (size + 1.0)
    variance = np.maximum(power - np.square((total + loss.mean()) / (size + 1.0)), 0.0)
    limit = mean - quantile(0.95) * np.sqrt(variance / np.maximum(size, 1.0))
    # A pair must beat both of its cells, or the shorter name is the better one.
    alone = limit.diagonal()
    large = size >= max(LEAST_ROWS, LEAST_SHARE * len(loss))
    worse = large & (limit > np.maximum(alone[:, None], alone[None, :]) + 1e-12)
    return np.where(worse | np.eye(len(limit), dtype=bool), limit, -np.inf)


def _in_all(indicators: Mask, cells: tuple[int, ...]) -> Mask:
    """(n,) rows that lie in every one of the cells."""
    return np.asarray(indicators[:, cells].all(axis=1))


def _alike(member: Mask, others: Sequence[Mask]) -> bool:
    return any((member & other).sum() > ALIKE * min(member.sum(), other.sum()) for other in others)
