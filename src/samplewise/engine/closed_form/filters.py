"""Spectral filters: how far training with squared error has come along each eigenvector of the kernel.

A model that is linear in its parameters and starts at f0 predicts f0(x) + K(x, X) phi(K) (y - f0) after training, with
phi the filter of the recipe. Rates and ridges here are those of the SUM of the losses, half the squared error each.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from samplewise.core.arrays import Floats


class Filter(Protocol):
    """phi(s) for eigenvalues s >= 0, positive, about min(time, 1 / s)."""

    @property
    def ridge(self) -> float:
        """Penalty on the squared distance from the start, in units of eigenvalues."""
        ...

    @property
    def largest(self) -> float:
        """The eigenvalue from which on training diverges."""
        ...

    def __call__(self, eigenvalues: Floats) -> Floats:
        """Phi at each eigenvalue."""
        ...


@dataclass(frozen=True, slots=True)
class ConvergedFilter:
    """phi(s) = 1 / (s + ridge): training to the end.

    >>> ConvergedFilter(0.5)(np.array([0.5, 1.5]))
    array([1. , 0.5])
    """

    ridge: float

    @property
    def largest(self) -> float:
        """None: the end does not depend on the way."""
        return np.inf

    def __call__(self, eigenvalues: Floats) -> Floats:
        """Phi at each eigenvalue."""
        return np.asarray(1.0 / (eigenvalues + self.ridge))


@dataclass(frozen=True, slots=True)
class FlowFilter:
    """phi(s) = (1 - exp(-time (s + ridge))) / (s + ridge): gradient flow; `time` is rate times time.

    >>> FlowFilter(2.0)(np.array([0.0, 1e9])).round(3)
    array([2., 0.])
    """

    time: float
    ridge: float = 0.0

    @property
    def largest(self) -> float:
        """None: a flow takes no steps that could be too long."""
        return np.inf

    def __call__(self, eigenvalues: Floats) -> Floats:
        """Phi at each eigenvalue."""
        shrink = eigenvalues + self.ridge
        return _over(-np.expm1(-self.time * shrink), shrink, self.time)


@dataclass(frozen=True, slots=True)
class DescentFilter:
    """phi(s) = (1 - (1 - rate (s + ridge))^steps) / (s + ridge): full-batch gradient descent, with or without momentum.

    Momentum as in torch: v = momentum v + gradient, w = w - rate v. Source: polyak1964.

    >>> DescentFilter(2, 0.5)(np.array([0.0, 1.0]))
    array([1.  , 0.75])
    """

    steps: int
    rate: float
    ridge: float = 0.0
    momentum: float = 0.0

    @property
    def largest(self) -> float:
        """Beyond it a step overshoots by more than it had to go."""
        return 2.0 * (1.0 + self.momentum) / self.rate - self.ridge

    def __call__(self, eigenvalues: Floats) -> Floats:
        """Phi at each eigenvalue; 1 - (1 - a)^t by logarithms, because the plain form keeps no digits of a small a."""
        shrink = np.asarray(eigenvalues + self.ridge, dtype=np.float64)
        if self.momentum:
            return self._with_momentum(shrink)
        step = self.rate * shrink
        short = np.minimum(step, 0.5)
        done = np.where(
            step <= 0.5, -np.expm1(self.steps * np.log1p(-short)), 1.0 - np.power(1.0 - step, float(self.steps))
        )
        return _over(done, shrink, self.steps * self.rate)

    def _with_momentum(self, shrink: Floats) -> Floats:
        """By repeated squaring of what one step does to (phi, v, 1)."""
        one = np.zeros((*shrink.shape, 3, 3))
        one[..., 0, 0], one[..., 0, 1], one[..., 0, 2] = 1.0 - self.rate * shrink, self.rate * self.momentum, self.rate
        one[..., 1, 0], one[..., 1, 1], one[..., 1, 2] = -shrink, self.momentum, 1.0
        one[..., 2, 2] = 1.0
        return np.asarray(np.linalg.matrix_power(one, self.steps)[..., 0, 2])


def _over(done: Floats, shrink: Floats, at_zero: float) -> Floats:
    """Done / shrink, and its limit where shrink is 0."""
    return np.where(shrink > 0, done / np.where(shrink > 0, shrink, 1.0), at_zero)
