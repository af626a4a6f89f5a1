"""How labels are flipped: a noise matrix told apart from classes that are merely hard to tell apart.

Both a wrong label and an ambiguous row make a model disagree with the given label. They differ in where: ambiguity
fades away from the border between classes, flips do not. So the SHAPE of the noise matrix is read from the rows each
class is surest of; its SIZE, with the sharpness of the class probabilities, from the likelihood of all given labels.
"""

from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.randomness import hashed_order
from samplewise.engine.models.calibration import temperature

SURE = 0.2  # share of the rows predicted in a class, those with the largest margins, that tell how labels flip
SMALLEST = 1e-6  # no class probability is taken to be below this
BEYOND_CHANCE = 10.83  # twice the gain in log-likelihood that chance exceeds once in 1,000 (chi-squared, 1 degree)
INSIDE = 1.96  # root of the same for the ends of a 95 % interval
MOST_ROWS, MOST_ENTRIES = 20_000, 4_000_000  # hash-drawn rows the likelihood is taken on, and entries rows x classes
SHARES = np.array([0, 0.01, 0.02, 0.035, 0.05, 0.075, *np.arange(0.1, 1.51, 0.05)])  # of the shape; 1 = as on sure rows
SHARPER = np.exp(np.linspace(np.log(0.7), np.log(8.0), 23))  # factors on the temperature that ignores flips
LEARNED = 0.5  # share of the way from guessing to perfect, from which a model has learned the classes
FADED = 0.4  # doubt on sure rows over the average doubt: clean data show .0 to .41, flips alone 1
BLOCK = 65_536  # rows worked on at once


@dataclass(frozen=True, slots=True, eq=False)
class NoiseFit:
    """How outputs become class probabilities, and how true labels become given ones.

    Args:
        shape: (c, c) P(given | true) as the sure rows show it.
        share: how much of that shape all rows support; 0 = ambiguity explains every disagreement.
        low, high: 95 % likelihood interval of `share`.
        factor: class probabilities are softmax(factor * outputs).
        likelihood_ratio: twice the log-likelihood gained over "no label is flipped".
        rows: number of rows it is about.
        log_likelihood: of the given labels of the rows it was fitted to.
    """

    shape: Floats
    share: float
    low: float
    high: float
    factor: float
    likelihood_ratio: float
    rows: int
    log_likelihood: float

    @property
    def beyond_chance(self) -> bool:
        """Whether flipped labels explain the data better than ambiguity alone does, at the 0.1 % level."""
        return self.likelihood_ratio > BEYOND_CHANCE

    def matrix(self, share: float | None = None) -> Floats:
        """(c, c) P(given | true), rows sum to 1; half a label in the whole data may always be wrong."""
        supported = (self.share if share is None else share) * self.beyond_chance
        count = len(self.shape)
        floor = 0.5 / self.rows
        flips = np.eye(count) + supported * (self.shape - np.eye(count))
        return (1.0 - floor) * flips + floor * (1.0 - np.eye(count)) / (count - 1)

    def probabilities(self, outputs: Array) -> Array:
        """(n, c) float32 class probabilities of outputs (n, c), none below 1e-6; rows of NaN stay NaN."""
        held_out = np.empty(outputs.shape, dtype=np.float32)
        for start in range(0, len(outputs), BLOCK):
            held_out[start : start + BLOCK] = _softmax(outputs[start : start + BLOCK], self.factor)
        return held_out


def fit_noise(outputs: Array, codes: Ints, ids: Array) -> NoiseFit:
    """Noise matrix (probabilities) and sharpness that make the given labels likeliest.

    log L(b, s) = sum_i log sum_k softmax(b o_i)_k T(s)[k, g_i], with T(s) = I + s (shape - I).

    Args:
        outputs: (n, c) held-out outputs, finite.   codes: (n,) given classes.   ids: (n,) keys; they draw the subset.

    Returns:
        `NoiseFit`; a larger `likelihood_ratio` means stronger evidence that labels are flipped.

    Cost: about 25 passes over at most 20,000 rows.
    Not for: noise that strikes only where classes overlap; that is counted as ambiguity.
    Source: patrini2017 (noise from the surest rows), docs/methods/labels.md.

    >>> clear = np.repeat(np.eye(2), 100, axis=0)
    >>> given = np.repeat([0, 1], 100); given[::10] ^= 1
    >>> fit_noise(clear, given, np.arange(200)).matrix().round(1)
    array([[0.9, 0.1],
           [0.1, 0.9]])
    """
    shape = noise_shape(outputs, codes)
    most = min(MOST_ROWS, max(1000, MOST_ENTRIES // outputs.shape[1]))
    drawn = hashed_order(0, ids, "noise")[:most]
    return supported_noise(np.asarray(outputs[drawn], dtype=np.float64), codes[drawn], shape, len(ids))


def supported_noise(outputs: Floats, codes: Ints, shape: Floats, rows: int) -> NoiseFit:
    """How much of a given shape (c, c) the given labels support, and the sharpness of the outputs (r, c) with it."""
    shares = SHARES[SHARES * (1.0 - shape.diagonal()).max(initial=0.0) < 0.95]
    plain = temperature(outputs, codes)
    factors = plain * SHARPER[_fades(outputs, codes, plain)]
    surface = np.array([_log_likelihoods(outputs, codes, factor, shape, shares) for factor in factors])
    profile = surface.max(axis=0)
    best = int(profile.argmax())
    ratio = max(0.0, 2.0 * float(profile[best] - profile[0]))
    low, high = _ends(shares, np.sqrt(2.0 * (profile[best] - profile)), best)
    factor = float(factors[int(surface[:, best if ratio > BEYOND_CHANCE else 0].argmax())])
    return NoiseFit(shape, float(shares[best]), low, high, factor, ratio, rows, float(profile[best]))


def _ends(shares: Floats, distance: Floats, best: int) -> tuple[float, float]:
    """Where the root of the likelihood's drop reaches that of a 95 % interval, by straight lines between shares."""
    high = np.interp(INSIDE, np.maximum.accumulate(distance[best:]), shares[best:])
    low = np.interp(INSIDE, np.maximum.accumulate(distance[best::-1]), shares[best::-1])
    return float(low), float(high)


def noise_shape(outputs: Array, codes: Ints) -> Floats:
    """(c, c) share of given labels among the rows each class is surest of, shrunk towards even flips.

    Rows of the matrix share their strength by empirical Bayes: as much as the rows differ no more than chance makes
    them, all classes flip alike and to every other class alike.
    """
    count = outputs.shape[1]
    predicted, sure = _sure_rows(outputs)
    seen = np.zeros((count, count))
    np.add.at(seen, (predicted[sure], codes[sure]), 1.0)
    totals = seen.sum(axis=1)
    flips = seen - np.diag(seen.diagonal())
    wrong = flips.sum(axis=1)
    rate = (wrong.sum() + 0.5) / (totals.sum() + 1.0)  # none seen among a few sure rows is not none at all
    alike = max(1.0, _concentration(wrong[:, None], totals, np.array([rate])))
    rates = rate if np.isinf(alike) else (wrong + alike * rate) / (totals + alike)
    even = (1.0 - np.eye(count)) / (count - 1)
    spread = even
    if count > 2:  # with two classes there is only one other
        strength = max(0.5, _concentration(flips, wrong, even))
        spread = even if np.isinf(strength) else (flips + strength * even) / (wrong + strength)[:, None]
    shape = np.broadcast_to(np.asarray(rates), count)[:, None] * spread
    return np.asarray(shape + np.diag(1.0 - shape.sum(axis=1)))


def wrong_and_suggested(held_out: Array, matrix: Floats, codes: Ints) -> tuple[Floats, Ints, Floats]:
    """P(given label is wrong) (n,), the likeliest class (n,), and its probability (n,); NaN rows give NaN and -1."""
    wrong, chance = np.full(len(codes), np.nan), np.full(len(codes), np.nan)
    suggested = np.full(len(codes), -1)
    for start in range(0, len(codes), BLOCK):
        rows = slice(start, start + BLOCK)
        known = np.flatnonzero(np.isfinite(held_out[rows, 0])) + start
        true = class_posterior(held_out[known], matrix, codes[known])
        wrong[known] = 1.0 - true[np.arange(len(known)), codes[known]]
        suggested[known] = true.argmax(axis=1)
        chance[known] = true.max(axis=1, initial=0.0)
    return np.clip(wrong, 0.0, 1.0), suggested, chance


def class_posterior(held_out: Array, matrix: Floats, codes: Ints) -> Floats:
    """(n, c) P(true class | row, given label), proportional to held_out[k] * matrix[k, given]."""
    joint = held_out.astype(np.float64) * matrix.T[codes]
    return np.asarray(joint / joint.sum(axis=1, keepdims=True))


def _fades(outputs: Floats, codes: Ints, plain: float) -> Mask:
    """Which of the sharpnesses make ambiguity what it is: less on sure rows than on all.

    Where classes are well apart, a soft enough model explains a few flips as the same small doubt about every row. That
    is flipping by another name, so where a model has learned the classes, doubt must be under .4 of the average on the
    sure rows, or nowhere.
    """
    predicted, sure = _sure_rows(outputs)
    accuracy, guessed = np.mean(predicted == codes), np.bincount(codes).max() / len(codes)
    if accuracy - guessed < LEARNED * (1.0 - guessed):
        return np.ones(len(SHARPER), dtype=bool)
    fades = np.zeros(len(SHARPER), dtype=bool)
    for place, sharper in enumerate(SHARPER):
        doubt = 1.0 - _softmax(outputs, plain * sharper).max(axis=1)
        fades[place] = doubt[sure].mean() < FADED * doubt.mean() or doubt.sum() < 0.5
    return fades if fades.any() else ~fades


def _softmax(outputs: Array, factor: float) -> Floats:
    scaled = factor * np.asarray(outputs, dtype=np.float64)
    scaled -= scaled.max(axis=1, keepdims=True)
    np.exp(scaled, out=scaled)
    scaled /= scaled.sum(axis=1, keepdims=True)
    np.maximum(scaled, SMALLEST, out=scaled)
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def _log_likelihoods(outputs: Floats, codes: Ints, factor: float, shape: Floats, shares: Floats) -> Floats:
    """Log-likelihood of the given labels for every share of the shape."""
    held_out = _softmax(outputs, factor)
    own = held_out[np.arange(len(codes)), codes]
    flipped = np.einsum("nk,nk->n", held_out, shape.T[codes])
    return np.array([np.log(np.maximum(own + share * (flipped - own), 1e-300)).sum() for share in shares])


def _sure_rows(outputs: Array) -> tuple[Ints, Array]:
    """Predicted class of every row (n,), and whether its margin is among the top fifth of that class (ties count)."""
    predicted = outputs.argmax(axis=1)
    pair = np.partition(outputs, -2, axis=1)[:, -2:]
    margin = pair[:, 1] - pair[:, 0]
    order = np.lexsort((-margin, predicted))
    counts = np.bincount(predicted, minlength=outputs.shape[1])
    last = np.cumsum(counts) - counts + np.maximum(np.ceil(SURE * counts).astype(np.intp) - 1, 0)
    least = np.full(len(counts), np.inf)
    least[counts > 0] = margin[order[last[counts > 0]]]
    return predicted, margin >= least[predicted]


def _concentration(counts: Floats, totals: Floats, expected: Floats) -> float:
    """Pseudo-counts of a Dirichlet prior, by moments: infinite where rows differ no more than chance makes them."""
    varying = np.where(expected > 0, 1.0 - expected, 0.0) * expected
    observed = float(np.square(counts - totals[:, None] * expected)[np.broadcast_to(expected > 0, counts.shape)].sum())
    chance = float((totals[:, None] * varying).sum())
    most = float((np.square(totals)[:, None] * varying).sum())
    return (most - observed) / (observed - chance) if observed > chance else np.inf
