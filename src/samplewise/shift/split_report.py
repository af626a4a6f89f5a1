"""What a split of features holds: its blocks, its coordinates, and what rules still read from cleaned features."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from samplewise.core.arrays import Array, Floats
from samplewise.core.randomness import generator
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Estimate
from samplewise.engine.statistics.intervals import share_interval
from samplewise.shift.cell_moments import CellMoments

TELLS = 0.1  # correlation from which a coordinate counts as telling
FEWEST_OF_CELL, MOST_OF_CELL = 20, 500  # rows of a class in a segment that a probe uses


@dataclass(frozen=True, slots=True, eq=False)
class SplitReport(Result):
    """The blocks of a `FeatureSplit`, every coordinate of the features, and probes of the segment.

    Args:
        core, spurious, size: directions of the two blocks, and of all.
        entanglement, core_taken, p_value: see `FeatureSplit`.
        coordinates: (d, 2) correlation of every feature with the segment and with the class, 0..1, every pair of class
            and segment weighing the same.
        probes: shares of other rows whose segment a rule tells at the same class, before and after erasing.
    """

    core: int
    spurious: int
    size: int
    entanglement: float
    core_taken: float
    p_value: float
    coordinates: Floats
    probes: tuple[Estimate, ...] = ()

    @property
    def kinds(self) -> Array:
        """(d,) "both", "segment", "class" or "neither": what a coordinate tells, with a correlation above 0.1."""
        segment, label = (self.coordinates > TELLS).T
        return np.select([segment & label, segment, label], ["both", "segment", "class"], "neither")

    def _sentences(self) -> Iterable[str]:
        yield (
            f"{count_of(self.spurious, 'direction')} of {self.size:,} tell the segment at the same class "
            f"(p = {self.p_value:.2g}), {self.core:,} the class besides."
        )
        yield (
            f"Entanglement is {self.entanglement:.2f} of 1; {percent_text(self.core_taken, '.0f')} of what tells the "
            "class lies in the spurious block."
        )
        both, alone = int((self.kinds == "both").sum()), int((self.kinds == "segment").sum())
        yield f"{count_of(both, 'coordinate')} tell both, {alone:,} the segment only."
        for probe in self.probes:
            yield f"{probe!r}."
        yield "Where segments are known in training, weights of their rows are the stronger tool."

    def _table(self) -> Table:
        order = np.argsort(-self.coordinates[:, 0], kind="stable")
        columns = {"coordinate": order, "segment": self.coordinates[order, 0], "class": self.coordinates[order, 1],
                   "tells": self.kinds[order]}  # fmt: skip
        return Table(columns, index="coordinate")


def strength_of_coordinates(moments: CellMoments) -> Floats:
    """(d, 2) correlation of every coordinate with the segment and with the class (root of eta squared)."""
    total = np.diag(moments.within) + np.square(moments.means - moments.center).mean(axis=(0, 1))
    total = np.where(total > 0, total, 1.0)
    return np.column_stack([np.sqrt(np.square(effect).mean(axis=0) / total) for effect in moments.main_effects()])


def probes(before: Floats, after: Floats, labels: Array, segments: Array, seed: int) -> tuple[Estimate, ...]:
    """Shares of held-out rows whose segment a linear and a kernel rule tell, before and after; each with its chance.

    Every class has as many rows of every segment, so that 1 / (number of segments) is what chance gives.
    """
    chosen = _equal_cells(labels, segments, seed)
    names = ("linear rule", "kernel rule")
    if chosen is None:
        reason = f"fewer than {FEWEST_OF_CELL} rows of a class in a segment"
        return tuple(Estimate(f"segment told by a {name}", np.nan, reason=reason) for name in names)
    train, test = chosen
    chance = percent_text(1.0 / len(np.unique(segments)), ".0f")
    rules = (LogisticRegression(max_iter=1000), SVC())
    found = []
    for name, rule in zip(names, rules, strict=True):
        for when, rows in (("before", before), ("after", after)):
            model = make_pipeline(StandardScaler(), rule).fit(rows[train], segments[train])
            hits = int((model.predict(rows[test]) == segments[test]).sum())
            low, high = share_interval(hits, len(test))
            quantity = f"segment told by a {name}, {when} (chance {chance})"
            found.append(
                Estimate(quantity, hits / len(test), float(low), float(high), "share of rows", 0.95, "clopper1934")
            )
    return tuple(found)


def _equal_cells(labels: Array, segments: Array, seed: int) -> tuple[Array, Array] | None:
    """Positions of train and test rows, the same number of every class and segment; None where there are too few."""
    draw = generator(seed, "probes")
    cells = [
        draw.permutation(np.flatnonzero((labels == one) & (segments == other)))
        for one in np.unique(labels) for other in np.unique(segments)
    ]  # fmt: skip
    count = min(*map(len, cells), MOST_OF_CELL)
    if count < FEWEST_OF_CELL:
        return None
    half = count // 2
    return np.concatenate([cell[:half] for cell in cells]), np.concatenate([cell[half:count] for cell in cells])
