"""How well scores find rows that are known to be wrong."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Mask, positions_of, require_finite
from samplewise.core.errors import InputError, require_count, require_kind
from samplewise.core.randomness import generator, key_hashes
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.values import Estimate, Scores, numbers_table
from samplewise.data.conversions import as_vector
from samplewise.engine.statistics.intervals import CONFIDENCE
from samplewise.engine.statistics.resampling import percentile_interval, resampled_counts

RESAMPLES_AT_ONCE = 50


@dataclass(frozen=True, slots=True, eq=False)
class Detection(Result):
    """How far up the wrong rows come in an order of all rows."""

    area: Estimate  # probability that a wrong row comes before a right one; ties count half
    precision: Estimate  # mean share of wrong rows down to each wrong row
    chance: float  # what `precision` is for a random order: the share of wrong rows

    def _sentences(self) -> Iterable[str]:
        yield f"A wrong row comes before a right one with a chance of {self.area.without_reason()}."
        yield f"Mean precision down to each wrong row: {self.precision.without_reason()};"
        yield f"a random order has {percent_text(self.chance)}."

    def _table(self) -> Table:
        return numbers_table(self.area, self.precision, precision_of_a_random_order=(self.chance, "share"))


@checked
def mislabel_score(
    scores: Scores, wrong: Any, *, larger_is_wrong: bool = True, n_resamples: int = 1000, seed: int = 0
) -> Detection:
    """How well scores find wrong labels: area under the ROC curve and average precision (shares, 0..1).

    Args:
        scores: one per row, finite.
        wrong: ids of the rows known to be wrong, or (n,) bool in the order of the scores.
        larger_is_wrong: False where the smallest scores are suspected, as of values (`banzhaf`, `knn_shapley`).
        n_resamples: of the bootstrap.
        seed: of the bootstrap.

    Returns:
        `Detection`; larger means more wrong rows come first, area .5 and precision `chance` are a random order.

    Raises:
        InputError: unknown ids, no wrong row or no right one, or scores that are not finite.

    Cost: O(resamples n).
    Not for: planted flips as a promise of what real label errors will give.
    Source: hanley1982.

    >>> scores = Scores("loss", np.array([0.1, 0.9, 0.2, 0.8]), np.arange(4), "nats", "less expected")
    >>> mislabel_score(scores, [1, 2]).area.value
    0.75
    """
    require_kind(scores, Scores)
    n_resamples = require_count(n_resamples, "n_resamples", 100, "an interval needs them", usual=1000)
    flags = _flags(scores, wrong)
    values = np.asarray(scores.values, dtype=np.float64)
    require_finite(values, scores.keys, "the scores", "leave these rows out before evaluating the scores")
    suspicion = values if larger_is_wrong else -values
    order = np.lexsort((key_hashes(scores.keys), -suspicion))
    ends = np.flatnonzero(np.r_[np.diff(suspicion[order]) != 0, True])
    flags = flags[order]
    exact = _ranked(np.ones((1, len(flags))), flags, ends)[:, 0]
    drawn = np.concatenate([_ranked(counts, flags, ends) for counts in _resampled(flags, n_resamples, seed)], axis=1)
    found = []
    for name, value, means in zip(("area_under_curve", "average_precision"), exact, drawn, strict=True):
        low, high = percentile_interval(means, CONFIDENCE)
        source = f"bootstrap of {int(flags.sum())} wrong and {int((~flags).sum())} right rows"
        found.append(Estimate(name, float(value), float(low), float(high), "share", CONFIDENCE, source))
    return Detection(found[0], found[1], float(flags.mean()))


def _resampled(flags: Mask, resamples: int, seed: int) -> Iterable[Array]:
    """(b, n) counts of bootstrap draws that keep the numbers of wrong and right rows, a block at a time."""
    draw = generator(seed, "detection")
    for start in range(0, resamples, RESAMPLES_AT_ONCE):
        size = min(RESAMPLES_AT_ONCE, resamples - start)
        counts = np.zeros((size, len(flags)))
        for member in (flags, ~flags):
            counts[:, member] = resampled_counts(draw, int(member.sum()), size)
        yield counts


def _ranked(counts: Array, flags: Mask, ends: Array) -> Floats:
    """(2, b) area under the curve and average precision of rows in order, each counted so often; `ends` of ties."""
    hits, all_rows = np.cumsum(counts * flags, axis=1)[:, ends], np.cumsum(counts, axis=1)[:, ends]
    wrong, right = hits[:, -1:], all_rows[:, -1:] - hits[:, -1:]
    misses = all_rows - hits
    gained = np.diff(hits, axis=1, prepend=0.0)
    # A wrong row beats the right rows that come after its ties, and half of those within.
    beaten = right - misses + 0.5 * np.diff(misses, axis=1, prepend=0.0)
    area = np.sum(gained * beaten, axis=1) / (wrong * right)[:, 0]
    precision = np.divide(hits, all_rows, out=np.zeros_like(hits), where=all_rows > 0)
    return np.stack([area, np.sum(gained * precision, axis=1) / wrong[:, 0]])


def _flags(scores: Scores, wrong: Any) -> Mask:
    given = as_vector(wrong, "wrong")
    if given.dtype == bool:
        if given.shape != (len(scores),):
            raise InputError(
                "wrong must be one flag per score, or ids", where="wrong", got=f"{given.shape}, {len(scores)} scores",
                fix="pass the ids of the wrong rows",
            )  # fmt: skip
        flags = given
    else:
        flags = np.zeros(len(scores), dtype=bool)
        if given.dtype.kind == "c":
            raise InputError(
                "wrong must be ids", where="wrong", got="complex numbers", fix="pass the ids of wrong rows"
            )
        try:
            flags[positions_of(given, scores.keys)] = True
        except InputError as fact:
            raise fact.during("reading wrong") from None
    if flags.all() or not flags.any():
        raise InputError(
            "some rows must be wrong and some right", where="wrong",
            got=f"{int(flags.sum())} of {len(flags)} rows wrong",
            fix="plant flips in a share of the labels",
        )  # fmt: skip
    return flags
