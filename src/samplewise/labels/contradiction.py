"""How strongly held-out predictions contradict each given label, and how often its two classes are confused."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.randomness import hashed_order
from samplewise.labels.chunked_rows import ENTRIES, LEAST, row_slices

LEAST_IN_ODDS = 1e-7  # probabilities below this count as this in log odds
FEWEST = 2_000  # rows the temperature is fitted on, at the least, where there are so many
SHARPNESS = (-3.0, 2.0)  # logarithms of the temperatures tried
AGAINST, FOR = 3.0, -4.0  # log odds against the label, where predictions come without probabilities
LIFTS = (-2.0, 3.0)  # limits of the log lift of a pair of classes


@dataclass(frozen=True, slots=True, eq=False)
class Contradiction:
    """What predictions alone say against n labels.

    Args:
        strength: (n,) log odds of the likeliest other class against the given one, calibrated; above 0 the label is
            contradicted; NaN where the row has no prediction.
        lift: (n,) how much more often the two classes contradict each other than other classes do, as a logarithm,
            less its mean over the contradicted rows; 0 for two classes.
        other: (n,) the likeliest other class, -1 where the row has no prediction.
        graded: whether predictions came with probabilities; bare answers cannot tell a flip from an ambiguous row.
    """

    strength: Floats
    lift: Floats
    other: Ints
    graded: bool = True

    @property
    def against(self) -> Mask:
        """(n,) rows whose label is contradicted."""
        return np.asarray(self.strength > 0.0)


def contradiction(probabilities: Any, codes: Ints, ids: Array) -> Contradiction:
    """Log odds against every label, by out-of-sample probabilities made sharper or flatter by one temperature.

    The temperature is the one that makes the given labels likeliest. Rows that hold nothing but 0 and 1 are answers
    without probabilities: 3 against the label, or -4.

    Args:
        probabilities: (n, c), rows of NaN where there is none; in memory, on disk, or `BlockedRows`.
        codes: (n,) given classes.   ids: (n,) keys; with very many rows the temperature is fitted on some, drawn by id.

    Returns:
        `Contradiction`.

    Cost: three passes over the probabilities, a block of rows at a time.
    """
    strength, other = np.full(len(codes), np.nan), np.full(len(codes), -1)
    answers_only = True
    for rows in row_slices(probabilities.shape):
        P = np.array(probabilities[rows], dtype=np.float64)
        known = np.isfinite(P).all(axis=1)
        P, given = P[known], codes[rows][known]
        answers_only &= bool(np.isin(P, (0.0, 1.0)).all())
        each = np.arange(len(P))
        own = P[each, given].copy()
        P[each, given] = -1.0
        best = P.argmax(axis=1)
        at = rows.start + np.flatnonzero(known)
        other[at] = best
        strength[at] = np.log(np.maximum(P[each, best], LEAST_IN_ODDS)) - np.log(np.maximum(own, LEAST_IN_ODDS))
    if answers_only:
        strength = np.where(np.isnan(strength), np.nan, np.where(strength > 0.0, AGAINST, FOR))
    else:
        strength *= _temperature(probabilities, codes, ids)
    lift = pair_lift(codes, other, strength > 0.0, probabilities.shape[1])
    return Contradiction(strength, lift, other, graded=not answers_only)


def pair_lift(codes: Ints, other: Ints, against: Mask, classes: int) -> Floats:
    """(n,) logarithm of how often the given and the other class contradict each other, against chance, less its mean.

    A row counts itself out; both the count and what chance gives are raised by one. People confuse the classes that
    models confuse: in labels that are facts such rows are wrong more often, not less.

    Args:
        codes, other: (n,) the given and the likeliest other class.   against: (n,) rows that are contradicted.
        classes: how many there are.
    """
    if classes < 3 or not against.any():
        return np.zeros(len(codes))
    pairs = np.minimum(codes, other) * classes + np.maximum(codes, other)
    named, counts = np.unique(pairs[against], return_counts=True)
    at = np.minimum(np.searchsorted(named, pairs), len(named) - 1)
    seen = np.where(named[at] == pairs, counts[at], 0) - against
    of_class = np.bincount(np.r_[codes[against], other[against]], minlength=classes).astype(np.float64)
    by_chance = of_class[codes] * of_class[other] / (2.0 * against.sum())
    lift = np.clip(np.log((seen + 1.0) / (by_chance + 1.0)), *LIFTS)
    return np.asarray(lift - lift[against].mean())


def _temperature(probabilities: Any, codes: Ints, ids: Array) -> float:
    """The power of the probabilities under which the given labels are likeliest."""
    most = max(FEWEST, ENTRIES // probabilities.shape[1])
    drawn = np.arange(len(codes)) if len(codes) <= most else np.sort(hashed_order(0, ids, "temperature")[:most])
    P = np.asarray(probabilities[drawn], dtype=np.float64)
    known = np.isfinite(P).all(axis=1)
    logs, given = np.log(np.clip(P[known], LEAST, 1.0)), codes[drawn][known]
    each = np.arange(len(given))

    def surprise(log_power: float) -> float:
        scaled = logs * np.exp(log_power)
        scaled -= scaled.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[each, given]))

    return float(np.exp(minimize_scalar(surprise, bounds=SHARPNESS, method="bounded").x))
