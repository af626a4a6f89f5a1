"""Bands from the errors of forecasts on groups left out: quantiles by octaves ahead, and the share they held.

Rows are pairs of a truncated curve and a later point; `standard` is (error - forecast) / spread. Every group of related
data sets has the same weight, for a new data set is a new group.
"""

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask

PROBABILITIES = np.array([0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99])
HORIZONS = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])  # octaves ahead
CONFIDENCES = np.array([0.5, 0.8, 0.9, 0.95])


def quantiles_by_horizon(standard: Floats, octaves: Floats, groups: Array) -> Floats:
    """(h, q) quantiles at PROBABILITIES, a little wider for k groups being few: outward by (k + 1) / k."""
    table = []
    for horizon in HORIZONS:
        near = _near(octaves, horizon)
        values = standard[near]
        _, place, counts = np.unique(groups[near], return_inverse=True, return_counts=True)
        order = np.argsort(values, kind="stable")
        weight = 1.0 / counts[place][order]
        reached = (np.cumsum(weight) - weight / 2.0) / weight.sum()
        outward = 0.5 + (PROBABILITIES - 0.5) * (1.0 + 1.0 / len(counts))
        table.append(np.interp(outward, reached, values[order]))
    return np.array(table)


def share_covered(standard: Floats, octaves: Floats, groups: Array, fold: Ints) -> Floats:
    """(h, levels) share of the rows inside bands that were set on the other folds."""
    folds = np.unique(fold)
    tables = [quantiles_by_horizon(*(part[fold != left] for part in (standard, octaves, groups))) for left in folds]
    covered = np.empty((len(HORIZONS), len(CONFIDENCES)))
    for row, horizon in enumerate(HORIZONS):
        near = _near(octaves, horizon)
        _, place, counts = np.unique(groups[near], return_inverse=True, return_counts=True)
        for column, level in enumerate(CONFIDENCES):
            inside = np.zeros(len(place), dtype=bool)
            for left, table in zip(folds, tables, strict=True):
                mine = fold[near] == left
                values, ahead = standard[near][mine], octaves[near][mine]
                low, high = (quantile_at(table, ahead, tail) for tail in tails(level))
                inside[mine] = (values >= low) & (values <= high)
            covered[row, column] = np.mean(np.bincount(place, inside) / counts)
    return covered


def quantile_at(table: Floats, octaves: Floats, probability: float) -> Floats:
    """Quantiles (h, q) read at one probability and at distances of any shape."""
    at_horizons = [np.interp(probability, PROBABILITIES, row) for row in table]
    return np.interp(octaves, HORIZONS, at_horizons)


def tails(confidence: float) -> tuple[float, float]:
    """Probabilities below the low and the high end of a band."""
    return (1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0


def _near(octaves: Floats, horizon: float) -> Mask:
    """Rows within half an octave of a horizon, the first one from 0 on; all rows where there are none."""
    lower = 0.0 if horizon == HORIZONS[0] else horizon - 0.5
    near = (octaves > lower) & (octaves <= horizon + 0.5)
    return near if near.any() else np.ones_like(near)
