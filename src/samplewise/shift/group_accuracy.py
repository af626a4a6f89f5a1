"""Accuracy of every group and of the worst one, with intervals that hold for all groups at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Floats, Ints, Mask
from samplewise.core.errors import InputError
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.values import Estimate
from samplewise.engine.statistics.intervals import share_interval
from samplewise.engine.statistics.resampling import percentile_interval, resampled_counts
from samplewise.shift.group_members import FEW, GroupMembers

N_RESAMPLES = 500
SHARE = "share of rows"


@dataclass(frozen=True, slots=True, eq=False)
class GroupAccuracy(Result):
    """Accuracy (0..1) of G groups, least first, and three averages that are easily taken for one another."""

    names: tuple[str, ...]
    rows: Ints  # (G,)
    accuracy: Floats  # (G,)
    low: Floats  # (G,) Clopper-Pearson, all G hold together with `confidence` (Sidak)
    high: Floats  # (G,)
    unseen: Mask  # (G,) groups that no training row was in
    average: float  # over all rows given
    group_mean: float  # every group counts the same
    adjusted: float  # groups weighed by their shares of the training rows: the "average" of most publications
    confidence: float
    notes: tuple[str, ...] = ()

    @property
    def worst(self) -> Estimate:
        """The least accuracy of a group; the interval holds whichever group is truly worst."""
        few = f"{self.names[0]} has {self.rows[0]} rows" if self.rows[0] < FEW else ""
        return Estimate(
            "worst-group accuracy", float(self.accuracy.min()), float(self.low.min()), float(self.high.min()),
            SHARE, self.confidence, self.names[0], few,
        )  # fmt: skip

    def _sentences(self) -> Iterable[str]:
        yield f"Worst group: {self.names[0]}, {self.worst.without_reason()}."
        yield (
            f"Average over these rows {percent_text(self.average)}, over groups {percent_text(self.group_mean)}, "
            f"over groups by their shares in training {percent_text(self.adjusted)}."
        )
        if self.unseen.any():
            yield f"No training row was in: {', '.join(np.array(self.names, dtype=object)[self.unseen])}."
        yield from self.notes

    def _table(self) -> Table:
        columns = {name: getattr(self, name) for name in ("rows", "accuracy", "low", "high", "unseen")}
        units = dict.fromkeys(("accuracy", "low", "high"), SHARE)
        return Table({"group": self.names} | columns, units=units, index="group")


@dataclass(frozen=True, slots=True, eq=False)
class GroupComparison(Result):
    """Ways of training beside one another on the same rows, each chosen by the same rule."""

    arms: tuple[str, ...]  # the method first
    average: Floats  # (k,) accuracy over all rows, 0..1
    group_mean: Floats  # (k,)
    worst: Floats  # (k,) accuracy of the worst group
    low: Floats  # (k,) of `worst`
    high: Floats  # (k,)
    gain_low: Floats  # (k,) method minus arm, worst group: paired bootstrap within groups; approximate
    gain_high: Floats  # (k,)
    selection: str
    notes: tuple[str, ...] = ()

    def _sentences(self) -> Iterable[str]:
        yield f"Settings of every way of training were chosen by the same rule: {self.selection}."
        for at in range(1, len(self.arms)):
            if self.gain_low[at] > 0 or self.gain_high[at] < 0:
                side = "above" if self.gain_low[at] > 0 else "below"
                yield f"{self.arms[0]} is {side} {self.arms[at]} in the worst group."
            else:
                yield f"Whether {self.arms[0]} or {self.arms[at]} is better in the worst group cannot be told."
        yield from self.notes

    def _table(self) -> Table:
        names = ("average", "group_mean", "worst", "low", "high", "gain_low", "gain_high")
        units = dict.fromkeys(names, SHARE)
        return Table(
            {"trained": self.arms} | {name: getattr(self, name) for name in names}, units=units, index="trained"
        )


def group_accuracy(
    hits: Mask, groups: GroupMembers, shares: Mapping[str, float], *, confidence: float = 0.95
) -> GroupAccuracy:
    """Accuracy of every group of rows that were right or not.

    Args:    hits: (n,) whether each row was right.   groups: of these rows.
             shares: of every group among the training rows, by name; others were never trained on.
             confidence: of all intervals together.
    Returns: `GroupAccuracy`, least first.
    Raises:  InputError where no row is in a group.   Cost: O(n G).   Source: clopper1934, sagawa2020.
    """
    rows = groups.counts
    if not len(rows):
        raise InputError("no row is in a group", where="segments", got=f"{len(hits)} rows", fix="leave segments out")
    right = groups.members.T @ hits.astype(np.float64)
    accuracy = right / rows
    low, high = share_interval(right, rows, confidence ** (1.0 / len(rows)))
    order = np.lexsort((np.array(groups.names), accuracy))
    trained = np.array([shares.get(name, 0.0) for name in groups.names])
    total = trained.sum()
    return GroupAccuracy(
        tuple(groups.names[at] for at in order), rows[order], accuracy[order], low[order], high[order],
        trained[order] == 0, float(hits.mean()), float(accuracy.mean()),
        float(trained @ accuracy / total) if total else np.nan, confidence, groups.notes,
    )  # fmt: skip


def gain_interval(one: Mask, other: Mask, groups: GroupMembers, *, seed: int) -> tuple[float, float]:
    """95 % limits of the worst-group accuracy of one way minus that of another, on the same rows (n,); approximate.

    Rows are drawn again within every pattern of membership, for both ways alike.   Cost: O(500 n).
    """
    draw = np.random.default_rng(seed)
    _, pattern = np.unique(groups.members, axis=0, return_inverse=True)
    right = np.zeros((2, N_RESAMPLES, len(groups.names)))
    for which in range(int(pattern.max()) + 1):
        rows = np.flatnonzero(pattern.ravel() == which)
        counts = resampled_counts(draw, len(rows), N_RESAMPLES)
        for at, hits in enumerate((one, other)):
            right[at] += (counts @ hits[rows].astype(np.float64))[:, None] * groups.members[rows[0]]
    worst = (right / groups.counts).min(axis=2)
    low, high = percentile_interval(worst[0] - worst[1])
    return float(low), float(high)
