"""Limits of the mean of bounded losses from bets against it: valid for every law, short where losses vary little."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy import optimize, special

from samplewise.core.arrays import Array, Floats
from samplewise.core.randomness import key_hashes, uniform_from_hashes

LARGEST_BET = 0.75  # share of the capital that may be lost on one row
ORDERS = 20  # in which the bets are made; their capital is averaged
BLOCK = 65_536  # rows whose bets are multiplied at once
NEAR_ONE, PRECISION = 1.0 - 1e-12, 1e-9


def in_orders(losses: Floats, ids: Iterable[Any] | Array, seed: int) -> Floats:
    """(20, n) losses in the orders that their ids (n,) and the seed fix, whatever the order they came in."""
    hashes = key_hashes(ids)
    keys = (uniform_from_hashes(seed, hashes, f"bets {order}") for order in range(ORDERS))
    return np.stack([losses[np.lexsort((hashes, key))] for key in keys])


def highest_mean(drawn: Floats, miss: float) -> float:
    """The least mean in [0, 1], not below that of the losses, that betting on them (k orders, n) rules out; 1 for none.

    At their own mean, and above it, the capital is a continuous rising function of the mean that is bet against.

    Args:    drawn: losses from 0 to 1, of `in_orders`.   miss: chance that the mean is larger, at most.
    Cost:    about 15 passes over the losses.   Source: waudby-smith2024.

    >>> losses = np.tile([0.1, 0.2, 0.1, 0.3], 50)
    >>> round(highest_mean(in_orders(losses, np.arange(200), 0), 0.05), 3)
    0.195
    """
    count = np.arange(1, drawn.shape[1] + 1)
    means = (0.5 + np.cumsum(drawn, axis=1)) / (count + 1)
    variances = (0.25 + np.cumsum(np.square(drawn - means), axis=1)) / (count + 1)
    before = np.hstack([np.full((len(drawn), 1), 0.25), variances[:, :-1]])  # a bet may rest on earlier rows only
    bets = np.sqrt(2.0 * math.log(1.0 / miss) / (drawn.shape[1] * before))

    def beyond(mean: float) -> float:
        """Log of the capital, a mean over the orders, less that of what rules the mean out."""
        logs = np.zeros(len(drawn))
        for start in range(0, drawn.shape[1], BLOCK):
            part = slice(start, start + BLOCK)
            stakes = np.minimum(bets[:, part], LARGEST_BET / (1.0 - mean))
            logs += np.log1p(-stakes * (drawn[:, part] - mean)).sum(axis=1)
        return float(special.logsumexp(logs)) - math.log(len(drawn)) + math.log(miss)

    low = float(drawn[0].mean())
    if low >= NEAR_ONE or beyond(NEAR_ONE) < 0.0:
        return 1.0
    if beyond(low) >= 0.0:
        return low
    # The solver's error is added, so that it errs towards promising less.
    return min(1.0, float(optimize.brentq(beyond, low, NEAR_ONE, xtol=PRECISION)) + PRECISION)
