"""Error of every segment of the rows, beside the error of all other rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.errors import InputError, require_share
from samplewise.data.border import as_numbers, shown
from samplewise.engine.statistics.intervals import half_width, share_interval
from samplewise.engine.statistics.means import summed_by_group
from samplewise.engine.statistics.multiplicity import holm
from samplewise.engine.statistics.significance import p_value_above
from samplewise.shift.bins import Cells

LEAST_ROWS = 20


@dataclass(frozen=True, slots=True, eq=False)
class SegmentErrors:
    """Mean loss of k segments in the unit of the losses (0..1 for rates), each beside the rows outside it; worst first.

    Differences are in points, hundredths of that unit.
    """

    names: tuple[str, ...]
    rows: Ints  # (k,) size
    error: Floats  # (k,)
    low: Floats  # (k,) interval of `error`, Clopper-Pearson for 0/1 losses
    high: Floats  # (k,)
    shrunk: Floats  # (k,) drawn towards the error of all rows by as much as chance explains
    rest: Floats  # (k,) mean loss of the rows outside
    difference: Floats  # (k,) error - rest, points
    difference_low: Floats  # (k,)
    difference_high: Floats  # (k,)
    p_value: Floats  # (k,) that the segment is no worse, after Holm's correction over the k
    confidence: float

    def __len__(self) -> int:
        """Number of segments."""
        return len(self.names)


def segment_errors(
    losses: Floats,  # (n,)
    segments: Sequence[Cells],
    *,
    groups: Array | None = None,
    least: int = LEAST_ROWS,
    confidence: float = 0.95,
) -> SegmentErrors:
    """Mean loss of every cell of the given columns (0..1 for rates), with intervals, beside all other rows.

    One-sided test per cell, Fisher's exact for 0/1 losses of independent rows, else Welch's (by group), then Holm's
    correction over all cells.

    Args:    losses: (n,) of models that did not see the row, NaN for rows without one.
             segments: columns cut into cells.   groups: (n,) or None; a group is one observation.
             least: smaller cells are left out.   confidence: between 0 and 1.
    Returns: `SegmentErrors`, worst shrunk error first; larger means worse. Errors are in the unit of the losses, their
             differences in points, 100 times the loss.
    Raises:  InputError where no column has two cells of at least `least` rows, or for a confidence outside (0, 1).
    Cost:    O(n k).   Not for: cells that were searched for on the same rows (see `find_worst_segments`).
    Source:  clopper1934, holm1979.
    """
    require_share(confidence, "confidence")
    losses = as_numbers(losses, "losses")
    require_cells(segments, len(losses))
    names, members = _members(segments, np.isfinite(losses), least)
    if not names:
        raise InputError(
            "no segment has enough rows",
            got=f"{len(segments)} columns, {int(np.isfinite(losses).sum())} judged rows",
            fix=f"pass columns with values that at least {least} rows share, and that not all rows share",
        )
    return compare_cells(losses, names, members, groups, confidence)


def require_cells(segments: Any, rows: int) -> None:
    """Refuse what are no cells of these rows, (n,) each."""
    if not isinstance(segments, Iterable) or not all(isinstance(cells, Cells) for cells in segments):
        raise InputError(
            "segments must be columns cut into cells", where="segments", got=shown(segments),
            fix='pass [cells_of("sex", values)]',
        )  # fmt: skip
    for cells in segments:
        if len(cells.codes) != rows:
            raise InputError(
                "every row needs one loss and one cell", where=cells.column,
                got=f"{rows} losses, {len(cells.codes)} cells", fix="pass losses and columns of the same rows",
            )  # fmt: skip


def compare_cells(
    losses: Floats, names: Sequence[str], members: Sequence[Mask], groups: Array | None, confidence: float
) -> SegmentErrors:
    """The table for given row masks (k of (n,)); rows without a loss are ignored."""
    known = np.isfinite(losses)
    loss, own = losses[known], np.array([member[known] for member in members])
    kept = None if groups is None else np.asarray(groups)[known]
    binary = bool(np.isin(loss, (0.0, 1.0)).all())
    compared = [_against_rest(loss, member, kept, binary, confidence) for member in own]
    mean, low, high, rest, error, variance, p_values = np.array(compared).T
    shrunk = _shrunk(mean, variance, float(loss.mean()))
    half = half_width(error, confidence)
    order = np.lexsort((np.array(names), -shrunk))
    return SegmentErrors(
        names=tuple(names[at] for at in order),
        rows=own.sum(axis=1)[order],
        error=mean[order],
        low=low[order],
        high=high[order],
        shrunk=shrunk[order],
        rest=rest[order],
        difference=100.0 * (mean - rest)[order],
        difference_low=100.0 * (mean - rest - half)[order],
        difference_high=100.0 * (mean - rest + half)[order],
        p_value=holm(p_values)[order],
        confidence=confidence,
    )


def _members(segments: Sequence[Cells], known: Mask, least: int) -> tuple[list[str], list[Mask]]:
    names, members = [], []
    for cells in segments:
        for code, name in enumerate(cells.names):
            member = cells.codes == code
            inside = int((member & known).sum())
            if least <= inside <= int(known.sum()) - least:
                names.append(name)
                members.append(member)
    return names, members


def _against_rest(
    loss: Floats, member: Mask, groups: Array | None, binary: bool, confidence: float
) -> tuple[float, ...]:
    """Mean, low, high, rest, standard error of the difference, variance of the mean, p-value."""
    inside, outside = loss[member], loss[~member]
    count, mean, rest = len(inside), float(inside.mean()), float(outside.mean())
    influence = np.where(member, (loss - mean) / count, -(loss - rest) / len(outside))
    error = float(np.sqrt(np.sum(np.square(summed_by_group(influence, groups)))))
    own = float(np.sum(np.square(summed_by_group(np.where(member, influence, 0.0), groups))))
    # One group says nothing of how groups differ: it counts as one row, and no difference from it can be told.
    single = groups is not None and min(len(np.unique(groups[member])), len(np.unique(groups[~member]))) < 2
    error = np.inf if single else error
    if binary:
        # Fewer effective rows where they come in groups; a spread of 0 says nothing, so the rows count as they are.
        independent = mean * (1.0 - mean) / count
        rows = 1.0 if single else count / max(1.0, own / independent) if independent > 0 else float(count)
        low, high = map(float, share_interval(mean * rows, rows, confidence))
    else:
        half = half_width(float(np.sqrt(own)), confidence)
        low, high = mean - half, mean + half
    if binary and groups is None:
        p_value = float(stats.hypergeom.sf(inside.sum() - 1, len(loss), loss.sum(), count))
    else:
        p_value = p_value_above(mean - rest, error)
    return mean, low, high, rest, error, own, p_value


def _shrunk(means: Floats, variances: Floats, overall: float) -> Floats:
    """Empirical Bayes: each mean moves towards the overall one by the share of chance in the spread between means."""
    between = max(float(np.mean(np.square(means - overall) - variances)), 0.0)
    keep = between / np.maximum(between + variances, 1e-300) if between > 0 else np.zeros(len(means))
    return np.asarray(overall + keep * (means - overall))
