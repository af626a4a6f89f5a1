"""Whether a numeric label has the order of a column, or is one straight line of it."""

import numpy as np
from scipy import stats

from samplewise.core.arrays import Floats

FEWEST_ROWS = 20
LEAST = 0.92  # rank correlation below which no straight line is looked for
EXACT = 1e-5  # of the label's spread: how far a row on the line may lie from it
LINE_ROUNDS = 10  # fits of the line, each without the rows that are far from it


def follows(numbers: Floats | None, label: Floats | None) -> tuple[float, float]:
    """|Rank correlation| of a column (n,) with a numeric label, and the share of the rows on one straight line.

    0 where there is no column of numbers, no numeric label, or fewer than 20 rows with both.

    Cost: O(n log n).   Source: no publication; the line is least squares, repeated without the rows that are far off.

    >>> x = np.arange(40.0); label = 3.0 * x; label[0] = 50.0
    >>> follows(x, label)[1]
    0.975
    """
    if numbers is None or label is None:
        return 0.0, 0.0
    present = np.isfinite(numbers)
    held, given = numbers[present], label[present]
    if len(held) < FEWEST_ROWS or held.min() == held.max() or given.min() == given.max():
        return 0.0, 0.0
    correlation = abs(float(np.corrcoef(stats.rankdata(held), stats.rankdata(given))[0, 1]))
    return correlation, (_on_line(held, given) if correlation >= LEAST else 0.0)


def _on_line(numbers: Floats, label: Floats) -> float:
    """Share of the rows in which the label is one straight line of the numbers, found by leaving out rows far off."""
    kept = np.ones(len(label), dtype=bool)
    close = EXACT * float(np.std(label))
    for _ in range(LINE_ROUNDS):
        centered = numbers[kept] - numbers[kept].mean()
        spread = float(centered @ centered)
        if spread == 0:
            return 0.0
        slope = float(centered @ label[kept]) / spread
        apart = np.abs(label - label[kept].mean() - slope * (numbers - numbers[kept].mean()))
        kept = apart <= max(3.0 * float(np.median(apart)), close)
    return float(np.mean(apart <= close))
