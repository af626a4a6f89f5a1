"""How much of the labels a model memorized, and how many training errors it must make if it has not (nats)."""

import numpy as np
from scipy.optimize import brentq

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats
from samplewise.core.errors import InputError
from samplewise.data.conversions import as_numbers


@checked
def label_noise_entropy(noise_matrix: Floats, shares: Floats | None = None) -> float:
    """H(given label | true label) per row in nats: what there is to memorize beyond the truth.

    Args:    noise_matrix: (c, c) P(given | true), rows sum to 1.   shares: (c,) of the true classes; None for equal.
    Returns: nats per row, larger means noisier labels; 0 for clean ones.
    Raises:  InputError for rows that do not sum to 1.   Cost: O(c^2).   Source: harutyunyan2020.

    >>> round(label_noise_entropy(np.array([[0.5, 0.5], [0.0, 1.0]])), 4)
    0.3466
    """
    matrix = as_numbers(noise_matrix, "noise_matrix", 2, fix="pass P(given | true), (c, c)", finite=True)
    if (
        matrix.ndim != 2
        or matrix.shape[0] != matrix.shape[1]
        or (matrix < 0).any()
        or not np.allclose(matrix.sum(1), 1)
    ):
        raise InputError(
            "a noise matrix is square, and its rows sum to 1",
            where="noise_matrix",
            got=f"shape {matrix.shape}",
            fix="divide each row by its sum",
        )
    rows = -np.sum(matrix * np.log(np.where(matrix > 0, matrix, 1.0)), axis=1)
    return float(np.average(rows, weights=shares))


@checked
def least_training_errors(entropy: float, memorized: float, n_classes: int) -> float:
    """Least share of given labels a model gets wrong in training if it holds so much about them (0..1), by Fano.

    The smallest r with r log(c - 1) + h(r) >= entropy - memorized, h the binary entropy.

    Args:
        entropy: H(y | x), nats per row, as `label_noise_entropy` gives it.
        memorized: I(w; y | x) / n, nats per row, >= 0.
        n_classes: c >= 2.

    Returns:
        share of training errors; 0 once the model may hold all there is. For uniform noise and nothing memorized it is
        the noise rate itself; for noise on few classes it is far below (loose).

    Raises:
        InputError: values out of range.

    Cost: microseconds.   Not for: certifying a model: it says how many errors a model WITHOUT the labels must make.
    Source: harutyunyan2020.

    >>> noise = 0.8 / 9 * np.ones((10, 10)) + (0.2 - 0.8 / 9) * np.eye(10)
    >>> round(least_training_errors(label_noise_entropy(noise), 0.0, 10), 3)
    0.8
    """
    if n_classes < 2 or memorized < 0 or not 0 <= entropy <= np.log(n_classes) + 1e-9:
        raise InputError(
            "entropy lies between 0 and log(n_classes), and memorized is at least 0",
            got=f"entropy={entropy}, memorized={memorized}, n_classes={n_classes}", fix="pass nats per row, not bits",
        )  # fmt: skip
    left, most = entropy - memorized, 1.0 - 1.0 / n_classes

    def missing(share: float) -> float:
        entropy_ = -sum(p * np.log(p) for p in (share, 1.0 - share) if p > 0)
        return float(share * np.log(n_classes - 1) + entropy_ - left)

    if left <= 0:
        return 0.0
    return most if missing(most) <= 0 else float(brentq(missing, 0.0, most, xtol=1e-12))


@checked
def channel_information(missed: float, noise: float, dimensions: int | None = None) -> float:
    """Most nats one noisy gradient can reveal about a label that its prediction does not (an upper bound).

    |g - mu|^2 / (2 noise^2), or with `dimensions` the tighter d / 2 log(1 + |g - mu|^2 / (d noise^2)).

    Args:    missed: mean squared distance of the gradient from its prediction.   noise: standard deviation per
             coordinate, > 0.   dimensions: d of the gradient.
    Returns: nats per visit of a row; their sum over the visits bounds what training memorized of it.
    Raises:  InputError for values out of range.   Cost: none.   Source: harutyunyan2020.

    >>> channel_information(0.5, 1.0), round(channel_information(0.5, 1.0, 1), 3)
    (0.25, 0.203)
    """
    if not (missed >= 0 and noise > 0 and (dimensions is None or dimensions >= 1)):
        raise InputError(
            "missed is at least 0 and noise above 0", got=f"missed={missed}, noise={noise}, dimensions={dimensions}",
            fix="pass the standard deviation of the noise that was added",
        )  # fmt: skip
    ratio = missed / noise**2
    return ratio / 2.0 if dimensions is None else dimensions / 2.0 * float(np.log1p(ratio / dimensions))
