"""Error of every segment of the rows, compared with the error of all other rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from scipy import stats

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.errors import InputError, require_share
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import with_unit
from samplewise.data.conversions import as_numbers, kind_text
from samplewise.engine.statistics.intervals import half_width, share_interval
from samplewise.engine.statistics.means import summed_by_group
from samplewise.engine.statistics.multiplicity import holm
from samplewise.engine.statistics.significance import p_value_above
from samplewise.shift.bins import Cells

LEAST_ROWS = 20
MARGIN = 5.0  # points a segment must be worse by to matter, or this factor of the error of the rest
FACTOR = 1.5
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class SegmentErrors(Result):
    """Mean loss of k segments in the unit of the losses (0..1 for rates), compared with the rows outside; worst first.

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

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(len(self), 'segment')}, worst first, each compared with the rows outside it."
        if len(self):
            apart = with_unit(self.difference[0], "points", self.difference_low[0], self.difference_high[0])
            yield f"{self.names[0]}: {apart} worse, p = {self.p_value[0]:.2g}."

    def _table(self) -> Table:
        names = ("rows", "error", "low", "high", "rest", "difference", "p_value")
        return Table({"segment": self.names} | {name: getattr(self, name) for name in names}, index="segment")

    def to_frame(self) -> Any:
        """One line per segment, every number."""
        columns = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("names", "confidence")}
        return Table({"segment": self.names} | columns, index="segment").to_frame()


@dataclass(frozen=True, slots=True, eq=False)
class WorstSegments(Result):
    """Segments with their errors, worst first, and the rows of each."""

    errors: SegmentErrors
    ids: tuple[Array, ...]  # rows of each segment
    single: tuple[bool, ...]  # whether each is made of single values (of a category), not of ranges of numbers
    searched: bool  # True where the segments were found by search and measured on the other half of the rows
    unit: str  # of the errors

    def material(self) -> list[int]:
        """Positions of the segments that are significantly worse than the rest, and by enough to matter."""
        table = self.errors
        enough = (table.difference >= MARGIN) | ((table.error >= FACTOR * table.rest) & (table.difference >= 1.0))
        return np.flatnonzero(enough & (table.p_value < SIGNIFICANT)).tolist()

    def _sentences(self) -> Iterable[str]:
        how = (
            "found by search on one half of the rows and measured on the other"
            if self.searched
            else "as they were named"
        )
        yield f"{count_of(len(self.errors), 'segment')} {how}, worst first."
        if len(self.errors):
            worst = self.errors
            apart = with_unit(worst.difference[0], "points", worst.difference_low[0], worst.difference_high[0])
            yield f"{worst.names[0]}: {with_unit(worst.error[0], self.unit, worst.low[0], worst.high[0])},"
            yield f"{apart} worse than the rows outside, p = {worst.p_value[0]:.2g}."

    def _table(self) -> Table:
        units = dict.fromkeys(("error", "low", "high", "rest"), self.unit) | {"difference": "points"}
        return replace(self.errors._table(), units=units)

    def to_frame(self) -> Any:
        """One line per segment, every number."""
        return self.errors.to_frame()


def segment_errors(
    losses: Floats,  # (n,)
    segments: Sequence[Cells],
    *,
    groups: Array | None = None,
    least: int = LEAST_ROWS,
    confidence: float = 0.95,
) -> SegmentErrors:
    """Mean loss of every cell of the given columns (0..1 for rates), with intervals, compared with all other rows.

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
            got=f"{len(segments)} columns, {int(np.isfinite(losses).sum())} rows with a loss",
            fix=f"pass columns with values that at least {least} rows share, and that not all rows share",
        )
    return compare_cells(losses, names, members, groups, confidence)


def require_cells(segments: Any, rows: int) -> None:
    """Refuse what are no cells of these rows, (n,) each."""
    if not isinstance(segments, Iterable) or not all(isinstance(cells, Cells) for cells in segments):
        raise InputError(
            "segments must be columns cut into cells", where="segments", got=kind_text(segments),
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
    # One group says nothing of how groups differ: it counts as one row, and no difference from it can be tested.
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
