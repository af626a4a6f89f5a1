"""Slips that explain a wrong number: a decimal point that moved by one or two places, a turned sign."""

from functools import cached_property

import numpy as np

from samplewise.core.arrays import Array, Floats, Mask

FACTORS = (10.0, 0.1, 100.0, 0.01)  # what a number is multiplied by to undo a slip of the decimal point
ONE_SIGN = 0.85  # share of the labels with one sign, from which the other sign is odd
NEAR, AWAY = 2.0, 4.0  # core spreads from what is expected, once the slip is undone and before
LEFT = 0.2  # of the distance to what is expected that is left once the slip of a number is undone
BULK = (0.15, 0.85)  # quantiles between which the bulk of a column lies, even where a tenth of it are slips
WIDEST, WIDEST_TENFOLD = 10.0, 5.0  # ratio of the ends of a bulk that shows odd signs alone; tenfold numbers
SMALL = 0.15  # share of the usual numbers below which those of the rare sign are a tail that reaches through zero


class NumberSlips:
    """What undoing the likeliest slip of every number does; slips are looked for among labels of one sign only.

    Args:    labels, expected: (n,) numbers, and what models that did not see the row expect.
    Source:  docs/decisions/0027.
    """

    def __init__(self, labels: Array, expected: Floats) -> None:
        self.labels, self.expected = labels, expected
        self.away = np.abs(labels - expected)

    @cached_property
    def odd_sign(self) -> Mask:
        """(n,) numbers with the rare sign, where nearly all labels have the other; none where both are common."""
        return odd_signs(self.labels)

    @cached_property
    def _left(self) -> Floats:
        """(n,) how far a number is from what is expected once the likeliest slip of the decimal point is undone."""
        if not _one_sign(self.labels):
            return np.full(len(self.labels), np.inf)
        return np.asarray(np.min([np.abs(self.labels * factor - self.expected) for factor in FACTORS], axis=0))

    def traces(self, spread: float) -> Mask:
        """(n,) numbers far from what is expected, in core spreads, and near it once a slip is undone."""
        return self.odd_sign | ((self.away > AWAY * spread) & (self._left < NEAR * spread))

    @property
    def known(self) -> Mask:
        """(n,) numbers whose slip is known: undone, it takes away most of the distance to what is expected."""
        return np.asarray(self.odd_sign | (self._left <= LEFT * self.away))


def odd_signs(labels: Array) -> Mask:
    """(n,) numbers of the rare sign, where 85 % or more have the other; none where both are common.

    >>> odd_signs(np.array([1.0, 2, 3, 4, 5, 6, -7])).tolist()
    [False, False, False, False, False, False, True]
    """
    if not _one_sign(labels):
        return np.zeros(len(labels), dtype=bool)
    return np.asarray(labels < 0 if (labels > 0).mean() >= ONE_SIGN else labels > 0)


def turned_signs_alone(labels: Array) -> Mask:
    """(n,) numbers of the rare sign that are as large as the others; none where they are a tail through zero.

    However wide the column: a temperature below zero or a small loss is near zero, a turned sign is of a usual size.
    That the middle one of them is larger than 15 % of the others does not prove a slip: debts are large too. Zeros have
    no sign, and do not count.

    Cost: O(n log n).   Source: docs/decisions/0051.

    >>> turned_signs_alone(np.array([1.0, 20, 300, 40, 5, 60, 7, -80])).nonzero()[0].tolist()
    [7]
    """
    turned, signed = np.zeros(len(labels), dtype=bool), labels != 0
    if not signed.any():
        return turned
    odd = odd_signs(labels[signed])
    sizes = np.abs(labels[signed])
    if odd.any() and np.median(sizes[odd]) >= np.quantile(sizes[~odd], SMALL):
        turned[signed] = odd
    return turned


def slips_alone(labels: Array, tenfold: float = WIDEST_TENFOLD) -> Mask:
    """(n,) numbers that the column alone shows to be slips: apart from its bulk, and inside it once the slip is undone.

    The bulk reaches from the 15 % to the 85 % quantile of the sizes, widened on either side by the ratio of the two.
    Its ends must differ less than tenfold (than `tenfold`, where the decimal point is to have moved), for else a slip
    may land in its tail; and of the numbers outside it, more must be slips than anywhere else, for else they are that
    tail.

    Cost: O(n log n).   Source: exact; no publication.

    >>> slips_alone(np.r_[np.linspace(3.0, 4.0, 20), 35.0, -3.5, 5.5]).nonzero()[0].tolist()
    [20, 21]
    """
    none = np.zeros(len(labels), dtype=bool)
    sizes = np.abs(labels)
    first, last = np.quantile(sizes, BULK)
    if not _one_sign(labels) or first <= 0:
        return none
    low, high = first * first / last, last * last / first
    if high >= WIDEST * low:
        return none
    odd, inside = odd_signs(labels), (sizes >= low) & (sizes <= high)
    moved = np.any([(sizes * factor >= low) & (sizes * factor <= high) for factor in FACTORS], axis=0)
    moved &= high < tenfold * low
    slips = np.where(odd, inside, moved)
    elsewhere = ~slips & (odd | ~inside)
    return np.asarray(slips) if slips.sum() > elsewhere.sum() else none


def _one_sign(labels: Array) -> bool:
    return bool(max((labels > 0).mean(), (labels < 0).mean()) >= ONE_SIGN)
