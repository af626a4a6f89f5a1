"""Optimal-transport distance of a mixture of sources to the evaluation rows, and its slope in the mixture."""

from dataclasses import dataclass

import numpy as np

from samplewise.core import extras
from samplewise.core.arrays import Floats, Ints

WHAT = "a forecast of mixtures"
ot = extras.load("ot", WHAT)
PIVOTS = 1_000_000  # of the network simplex, far more than some hundred rows a side ever need


@dataclass(frozen=True, slots=True, eq=False)
class Transport:
    """k sources of pilot rows against m evaluation rows; every row of a source weighs the same.

    The distance of the mixture p is the least total cost of moving sum_k p_k source_k onto the m rows. It is convex in
    p, and its slope is the mean price of a source's rows in the dual problem.
    """

    cost: Floats  # (n, m) of moving one row onto another
    member: Ints  # (n,) source of each row, 0..k-1
    count: int  # k

    def __call__(self, weights: Floats) -> tuple[float, Floats]:
        """Distance of the mixture `weights` (k,) and its slope (k,), in mean squared distances between rows."""
        require_transport()
        sizes = np.bincount(self.member, minlength=self.count)
        mass = (weights / sizes)[self.member]
        used = mass > 0
        goal = np.full(self.cost.shape[1], 1.0 / self.cost.shape[1])
        _, log = ot.emd(mass[used] / mass.sum(), goal, self.cost[used], numItermax=PIVOTS, log=True)
        prices = np.min(self.cost - log["v"], axis=1)  # also for the rows of sources with no weight
        return float(log["cost"]), np.bincount(self.member, prices, minlength=self.count) / sizes


def transport(
    points: Floats, labels: Floats, member: Ints, goal: Floats, goal_labels: Floats, *, nominal: bool
) -> Transport:
    """Squared distances between points, plus as much again between labels; both with mean 1 over all pairs.

    points (n, d), labels (n,), member (n,); goal (m, d), goal_labels (m,). Nominal labels differ or they do not.
    """
    squared = np.sum(points**2, axis=1)[:, None] + np.sum(goal**2, axis=1) - 2.0 * points @ goal.T
    apart = labels[:, None] - goal_labels
    between = (apart != 0).astype(np.float64) if nominal else apart**2
    cost = sum(part / (part.mean() or 1.0) for part in (np.maximum(squared, 0.0), between))
    return Transport(np.ascontiguousarray(cost), member, int(member.max()) + 1)


def require_transport() -> None:
    """Refuse to go on without the library."""
    extras.require_extra("ot", WHAT)
