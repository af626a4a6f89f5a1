"""Wrong numbers: held-out residuals as a heavy-tailed core and labels that have nothing to do with their row."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import special

from samplewise.core.arrays import Array, Floats, in_order
from samplewise.core.randomness import hashed_order
from samplewise.core.results import Result, Table
from samplewise.core.values import with_unit
from samplewise.labels.noise import BEYOND_CHANCE

FREEDOMS = (5.0, 7.0, 10.0, 30.0, 200.0)  # degrees of freedom of the core: from heavy tails to a normal
STEPS = 100  # of expectation-maximization at the most
SETTLED = 1e-3  # gain in log-likelihood below which it ends
ROWS_PER_BIN, BINS = 50, 20  # residuals are scaled by their spread among rows of like prediction
SHOWN = 500  # hash-drawn labels that stand for the distribution of all
TO_DEVIATION = 1.4826  # median absolute deviation of a normal, inverted
STARTS = (0.02, 0.2)  # shares of wrong labels the search starts from


@dataclass(frozen=True, slots=True, eq=False)
class ResidualFit(Result):
    """A robust reading of held-out residuals.

    Args:
        wrong: (n,) probability that the label belongs to another row; NaN where there is no prediction.
        rate: share of wrong labels.   low, high: its 95 % likelihood interval.
        scale: median spread of the core, in the label's unit.
        likelihood_ratio: evidence against "heavy tails alone".
    """

    wrong: Floats
    rate: float
    low: float
    high: float
    scale: float
    likelihood_ratio: float

    @property
    def beyond_chance(self) -> bool:
        """Whether wrong labels explain the residuals better than heavy tails alone do, at the 0.1 % level."""
        return self.likelihood_ratio > BEYOND_CHANCE

    def _sentences(self) -> Iterable[str]:
        rate = with_unit(self.rate, "share of labels", self.low, self.high)
        yield f"Wrong labels: {rate}, {'beyond' if self.beyond_chance else 'not beyond'} what heavy tails explain."
        yield f"The usual residual spreads by {self.scale:.3g} in the label's unit. Rows are by position."

    def _table(self) -> Table:
        columns = {"position": np.arange(len(self.wrong)), "wrong": self.wrong}
        return Table(columns, {"wrong": "probability"}, "position", in_order(-self.wrong))


def fit_residuals(predicted: Floats, labels: Floats, ids: Array) -> ResidualFit:
    """P(label is wrong) for every row of a regression, from held-out predictions.

    y_i ~ (1 - e) Student-t(f_i, s(f_i), v) + e p(y): a right label lies around its prediction, a wrong one anywhere
    labels lie; v (5 or more), the core's width and e by maximum likelihood.

    Args:
        predicted: (n,) held-out predictions, NaN where there are none.   labels: (n,) as given.   ids: (n,) keys.

    Returns:
        `ResidualFit`; larger `wrong` means less trust in the given number.

    Cost: O(n) x 100 steps x 5 tails.
    Source: lange1989 (robust t regression by expectation-maximization).

    >>> x = np.linspace(0, 10, 200); y = x + np.sin(7919.0 * np.arange(200)); y[50] = 9.9
    >>> int(fit_residuals(x, y, np.arange(200)).wrong.argmax())
    50
    """
    known = np.isfinite(predicted)
    expected, given = predicted[known], np.asarray(labels, dtype=np.float64)[known]
    spread = local_spread(expected, given)
    residual = (given - expected) / spread
    anywhere = _density_of_labels(given, ids[known]) * spread
    null = max(_core(residual, np.zeros(len(residual)), 0.0, freedom) for freedom in FREEDOMS)
    best = max(_core(residual, anywhere, start, freedom) for freedom in FREEDOMS for start in STARTS)
    ratio = max(0.0, 2.0 * (best[0] - null[0]))
    _, rate, width, freedom = best
    core = _student(np.square(residual), width, freedom)
    if ratio <= BEYOND_CHANCE:
        rate = 0.5 / len(residual)
    wrong = np.full(len(predicted), np.nan)
    wrong[known] = rate * anywhere / (rate * anywhere + (1.0 - rate) * core)
    low, high = _interval(rate, core, anywhere)
    return ResidualFit(wrong, rate, low, high, float(np.median(spread)), ratio)


def local_spread(predicted: Floats, labels: Floats) -> Floats:
    """(n,) robust standard deviation of the residuals among rows of like prediction."""
    residual = np.abs(labels - predicted)
    n_bins = int(np.clip(len(residual) // ROWS_PER_BIN, 1, BINS))
    bins = np.array_split(np.argsort(predicted, kind="stable"), n_bins)
    overall = max(TO_DEVIATION * float(np.median(residual)), 1e-9 * float(np.std(labels)) + 1e-300)
    spreads = [max(TO_DEVIATION * float(np.median(residual[rows])), 0.1 * overall) for rows in bins]
    return np.asarray(np.interp(predicted, [float(np.median(predicted[rows])) for rows in bins], spreads))


def _density_of_labels(labels: Floats, ids: Array) -> Floats:
    """(n,) how likely any label lies here: half a smoothed histogram, half a wide bell for the far ends."""
    drawn = labels[hashed_order(0, ids, "labels")[:SHOWN]]
    center, width = float(np.median(labels)), float(np.std(labels)) or 1.0
    smooth = width * len(drawn) ** -0.2
    near = np.zeros(len(labels))
    for value in drawn:
        near += np.exp(-0.5 * np.square((labels - value) / smooth))
    near /= len(drawn) * smooth * np.sqrt(2.0 * np.pi)
    return np.asarray(0.5 * near + 0.5 * _student(np.square(labels - center), width, 3.0))


def _core(residual: Floats, anywhere: Floats, share: float, freedom: float) -> tuple[float, float, float, float]:
    """Log-likelihood, share of wrong labels, width and freedom of the core, by expectation-maximization."""
    width, squares, before = 1.0, np.square(residual), -np.inf
    for _ in range(STEPS):
        core = (1.0 - share) * _student(squares, width, freedom)
        density = core + share * anywhere
        reached = float(np.log(np.maximum(density, 1e-300)).sum())
        if reached - before < SETTLED:
            break
        before, right = reached, core / np.maximum(density, 1e-300)
        weight = right * (freedom + 1.0) / (freedom + squares / width**2)
        width = max(1e-9, float(np.sqrt(np.sum(weight * squares) / max(float(np.sum(right)), 1e-9))))
        share = min(0.5, float(np.mean(1.0 - right)))
    return reached, share, width, freedom


def _student(squares: Floats, width: float, freedom: float) -> Floats:
    """Density of Student's t at residuals with these squares."""
    log_top = special.gammaln((freedom + 1.0) / 2.0) - special.gammaln(freedom / 2.0)
    top = float(np.exp(log_top)) / (width * np.sqrt(np.pi * freedom))
    return np.asarray(top * np.power(1.0 + squares / (freedom * width**2), -(freedom + 1.0) / 2.0))


def _interval(rate: float, core: Floats, anywhere: Floats) -> tuple[float, float]:
    """95 % likelihood interval of the share of wrong labels, the core as fitted."""
    shares = np.unique(np.r_[rate, np.linspace(0.0, min(1.0, 3.0 * rate + 10.0 / len(core)), 61)])
    likelihood = np.array([np.log(np.maximum((1 - s) * core + s * anywhere, 1e-300)).sum() for s in shares])
    inside = shares[2.0 * (likelihood.max() - likelihood) <= 3.84]  # chi-squared, 1 degree, 95 %
    return float(min(inside.min(), rate)), float(max(inside.max(), rate))
