"""Rows far from everything: how much farther the neighbors of a row are than is usual around it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, Mask, in_order
from samplewise.core.errors import InputError
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Scores
from samplewise.data.inputs import as_dataset
from samplewise.engine.models.feature_encoding import feature_space
from samplewise.engine.neighbors import NeighborGraph
from samplewise.engine.statistics.multiplicity import discoveries
from samplewise.quality.duplicates import require_features
from samplewise.quality.nearness import graph_of

FEWEST_ROWS = 50  # below, the tail cannot be told from the bulk
FALSE_LISTINGS = 0.02
BULK, TAIL = 0.6, 0.9  # quantiles between which the fall of the tail is measured; a tenth of outliers moves neither
ROUNDS = 3  # neighbors of neighbors of neighbors


@dataclass(frozen=True, slots=True, eq=False)
class Outliers(Result):
    """How far every row is from all others, and which rows are too far to belong to the rest.

    Args:
        outlierness: times the distance that is usual around there; 1 is usual.
        far: (k,) ids of the rows beyond the tail of all others, the farthest first; 2 % false ones in the mean.
        nearest: (k,) id of the nearest row of each of them.
    """

    outlierness: Scores
    far: Array
    nearest: Array

    def _sentences(self) -> Iterable[str]:
        if len(self.far):
            share = percent_text(len(self.far) / len(self.outlierness))
            yield f"{count_of(len(self.far), 'row')} far from everything ({share})."
        else:
            yield "No row lies far from everything."
        median = float(np.median(self.outlierness.values))
        yield f"The median row lies at {median:.2g} times the distance usual around it."

    def _table(self) -> Table:
        values = self.outlierness.aligned_to(self.far).values
        return Table({"id": self.far, "outlierness": values, "nearest": self.nearest}, index="id")


@checked
def outlier_scores(data: Any, y: Any = None, *, label: str | None = None) -> Outliers:
    """How many times farther a row's tenth neighbor is than is usual around there; no label enters.

    Usual is the median of that distance over the ten neighbors, theirs, and theirs. A row is far when it lies beyond
    an exponential tail that continues the fall between the 60 % and 90 % quantile of all rows.

    Args:
        data, y, label: n rows in any form `samplewise.data.as_dataset` takes; labels are only set apart from features.

    Returns:
        `Outliers` by id; larger means farther from everything than the rows around it are.

    Raises:
        InputError: fewer than 50 rows, or no column that varies.

    Cost: one neighbor graph: O(n^2 d), or about O(n d log n) from 30,000 rows on.
    Not for: errors (rare but correct rows are far too); outliers in tight groups, which are near each other.
    Source: breunig2000 (comparison with the density around), benjamini1995 (share of false listings).

    >>> X = np.random.default_rng(0).normal(size=(200, 3)); X[7] += 20
    >>> outlier_scores(X).far
    array([7])
    """
    rows = as_dataset(data, y, label=label)
    require_features(rows)
    if len(rows) < FEWEST_ROWS:
        raise InputError(
            "so few rows do not show what is usual", where="data", got=f"{len(rows)} rows",
            fix=f"pass at least {FEWEST_ROWS} rows",
        )  # fmt: skip
    graph = graph_of(feature_space(rows), rows.ids)
    excess = log_isolation(graph)
    far = far_rows(excess)
    return Outliers(outlierness(excess, rows.ids), rows.ids[far], rows.ids[graph.indices[far, 0]])


# ---- by position: what the audit and the function above share --------------------------------------------------------


def outlierness(excess: Floats, ids: Array) -> Scores:
    """Scores of logarithms (n,) from `log_isolation`."""
    return Scores(
        "outlierness", np.exp(excess), ids, "times the distance usual around there",
        "farther from everything than the rows around it are",
    )  # fmt: skip


def log_isolation(graph: NeighborGraph) -> Floats:
    """(n,) logarithm of the distance to the last neighbor over what is usual around there; 0 among exact duplicates."""
    reach = graph.distances[:, -1].astype(np.float64)
    log_reach = np.log(np.where(reach > 0, reach, np.nan))
    usual = np.where(np.isnan(log_reach), np.nanmin(log_reach) if (reach > 0).any() else 0.0, log_reach)
    log_reach = usual.copy()
    for _ in range(ROUNDS):
        usual = np.median(usual[graph.indices], axis=1)
    return np.asarray(log_reach - usual)


def far_out(excess: Floats) -> Mask:
    """(n,) rows beyond an exponential tail that continues the fall between the 60 % and 90 % quantile."""
    bulk, tail = np.quantile(excess, [BULK, TAIL])
    slope = (tail - bulk) / np.log((1.0 - BULK) / (1.0 - TAIL))
    if slope <= 0:
        return np.zeros(len(excess), dtype=bool)
    chance = np.minimum(1.0, (1.0 - BULK) * np.exp(-(excess - bulk) / slope))
    return discoveries(chance, FALSE_LISTINGS)


def far_rows(excess: Floats) -> Ints:
    """Positions of the rows beyond the tail, the farthest first."""
    listed = np.flatnonzero(far_out(excess))
    return listed[in_order(-excess[listed])]
