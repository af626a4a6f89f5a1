"""How labels are flipped: a noise matrix, separated from classes that are merely hard to distinguish.

Both a wrong label and an ambiguous row make a model disagree with the given label. They differ in where: ambiguity
fades away from the border between classes, flips do not. So the SHAPE of the noise matrix is read from the rows each
class is surest of; its SIZE, with the sharpness of the class probabilities, from the likelihood of all given labels.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.randomness import hashed_order
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import with_unit
from samplewise.engine.models.temperature import temperature
from samplewise.engine.statistics.intervals import quantile
from samplewise.labels.chunked_rows import BlockedRows, row_slices

SURE = 0.2  # share of the rows predicted in a class, those with the largest margins, that show how labels flip
SMALLEST = 1e-6  # no class probability is taken to be below this
BEYOND_CHANCE = 7.88  # twice the gain in log-likelihood that chance exceeds once in 200 (chi-squared, 1 degree)
INSIDE = quantile(0.975)  # root of the same for the ends of a 95 % interval
MOST_ROWS, MOST_ENTRIES = 10_000, 1_000_000  # hash-drawn rows the likelihood is taken on, and entries rows x classes
SHARES = np.array([0, 0.01, 0.02, 0.035, 0.05, 0.075, *np.arange(0.1, 1.51, 0.05)])  # of the shape; 1 = as on sure rows
SHARPER = np.exp(np.linspace(np.log(0.2), np.log(8.0), 26))  # factors on the temperature that ignores flips
LEARNED = 0.7  # share of a predicted class that has its label, from which a model has learned that class
FLAT, ONE_WAY, PREDICTED = 0.7, 0.5, 0.7  # of the doubt, of the doubt, and of the given rows: see flipped_one_way
APART = (0.1, 0.5)  # standard deviations of the classes' sharpness on the logarithmic scale: alike, or not
RULED_OUT = -1e9  # log-likelihood of what cannot be
FADED = 0.3  # doubt on sure rows over the average doubt: clean classes mostly show less, flips alone show 1
BLENDS = (0.0, 0.5, 1.0)  # of a ridge head's values and their logarithms; neither alone fits all data
LEAST_VALUE = 0.03  # head values below this count as this


@dataclass(frozen=True, slots=True, eq=False)
class NoiseFit(Result):
    """How outputs become class probabilities, and how true labels become given ones.

    Args:
        shape: (c, c) P(given | true) as the sure rows show it.
        share: how much of that shape all rows support; 0 = ambiguity explains every disagreement.
        low, high: 95 % likelihood interval of `share`.
        factors: (c,) sharpness by likeliest class: some classes overlap more than others.
        blend: how much outputs and their logarithms count in the logits.
        likelihood_ratio: twice the log-likelihood gained over "no label is flipped".
        rows: number of rows it is about.
        log_likelihood: of the given labels of the rows it was fitted to.
    """

    shape: Floats
    share: float
    low: float
    high: float
    factors: Floats
    blend: tuple[float, float]
    likelihood_ratio: float
    rows: int
    log_likelihood: float

    @property
    def beyond_chance(self) -> bool:
        """Whether flipped labels explain the data better than ambiguity alone does, at the 0.5 % level."""
        return self.likelihood_ratio > BEYOND_CHANCE

    def matrix(self, share: float | None = None) -> Floats:
        """(c, c) P(given | true), rows sum to 1; half a label in the whole data may always be wrong."""
        supported = (self.share if share is None else share) * self.beyond_chance
        count = len(self.shape)
        floor = 0.5 / self.rows
        flips = np.eye(count) + supported * (self.shape - np.eye(count))
        return (1.0 - floor) * flips + floor * (1.0 - np.eye(count)) / (count - 1)

    def probabilities(self, outputs: Array | BlockedRows) -> Any:
        """(n, c) float32 class probabilities of outputs (n, c), none below 1e-6; rows of NaN stay NaN.

        Of rows that are read in blocks they are computed in blocks too, when they are read.
        """
        if isinstance(outputs, BlockedRows):
            return BlockedRows(outputs, lambda block: _softmax(self.logits(block)).astype(np.float32))
        held_out = np.empty(outputs.shape, dtype=np.float32)
        for rows in row_slices(outputs.shape):
            held_out[rows] = _softmax(self.logits(outputs[rows]))
        return held_out

    def logits(self, outputs: Array) -> Floats:
        """(n, c) outputs made so sharp that their softmax is a probability."""
        likeliest = outputs.argmax(axis=1)  # any class will do for a row of NaN
        return np.asarray(self.factors[likeliest][:, None] * _blended(outputs, self.blend))

    def _sentences(self) -> Iterable[str]:
        share = with_unit(self.share, "share", self.low, self.high)
        yield f"{share} of the confusion that sure rows show is supported by all {count_of(self.rows, 'row')}:"
        yield "labels are flipped, beyond chance." if self.beyond_chance else "ambiguity explains the disagreements."
        yield "Below: the chance of a given class by the true one."

    def _table(self) -> Table:
        given = {f"given {code}": column for code, column in enumerate(self.matrix().T)}
        return Table(
            {"true_class": np.arange(len(self.shape))} | given, dict.fromkeys(given, "probability"), "true_class"
        )


def fit_noise(outputs: Array | BlockedRows, codes: Ints, ids: Array) -> NoiseFit:
    """Noise matrix (probabilities) and sharpness that make the given labels likeliest.

    log L(b, s) = sum_i log sum_k softmax(b o_i)_k T(s)[k, g_i], with T(s) = I + s (shape - I).

    Args:
        outputs: (n, c) held-out outputs, finite.   codes: (n,) given classes.   ids: (n,) keys; they draw the subset.

    Returns:
        `NoiseFit`; a larger `likelihood_ratio` means stronger evidence that labels are flipped.

    Cost: about 35 passes over at most 20,000 rows.
    Not for: noise that strikes only where classes overlap; that is counted as ambiguity.
    Source: patrini2017 (noise from the surest rows), docs/decisions/0005.

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
    """How much of a given shape (c, c) the given labels support, and the logits of the outputs (r, c) with it.

    Every predicted class has its own sharpness, drawn to that of all, so that two classes that overlap among others
    that do not are ambiguous, not flipped. Of the values of a ridge head and their logarithms the likelier blend is
    taken, with flips and without.
    """
    shares = SHARES[SHARES * (1.0 - shape.diagonal()).max(initial=0.0) < 0.95]
    blends = _blends(outputs, codes)
    profiles, sharpest = zip(
        *(_profile(_blended(outputs, blend), codes, shape, shares) for blend in blends), strict=True
    )
    surface = np.array(profiles)  # (blends, s)
    profile = surface.max(axis=0)
    best = int(profile.argmax())
    ratio = max(0.0, 2.0 * float(profile[best] - profile[0]))
    low, high = _ends(shares, np.sqrt(2.0 * (profile[best] - profile)), best)
    shown = best if ratio > BEYOND_CHANCE else 0
    chosen = int(surface[:, shown].argmax())
    factors = sharpest[chosen][:, shown]
    return NoiseFit(shape, float(shares[best]), low, high, factors, blends[chosen], ratio, rows, float(profile[best]))


def _profile(logits: Floats, codes: Ints, shape: Floats, shares: Floats) -> tuple[Floats, Floats]:
    """Log-likelihood (s,) of every share, and the sharpness (c, s) of every class that reaches it.

    How far classes may be apart in sharpness is what the labels make likelier; two say nothing about that.
    """
    surface = _by_class(logits, codes, SHARPER, shape, shares)  # (b, c, s)
    common = surface.sum(axis=1).argmax(axis=0)  # (s,)
    distance = np.square(np.log(SHARPER)[:, None] - np.log(SHARPER[common]))[:, None, :]
    tried = APART if len(shape) > 2 else APART[-1:]
    drawn = [surface - 0.5 * distance / apart**2 - np.log(apart / tried[0]) for apart in tried]
    totals = np.array([likely.max(axis=0).sum(axis=0) for likely in drawn])  # (a, s)
    sharpest = np.array([SHARPER[likely.argmax(axis=0)] for likely in drawn])  # (a, c, s)
    best = totals.argmax(axis=0)
    return totals.max(axis=0), np.take_along_axis(sharpest, best[None, None, :], axis=0)[0]


def _blends(outputs: Floats, codes: Ints) -> list[tuple[float, float]]:
    """Scales of outputs and of their logarithms at a temperature of 1; only class indicators have logarithms."""
    plain = temperature(outputs, codes)
    if not np.allclose(outputs.sum(axis=1), 1.0, atol=1e-3):
        return [(plain, 0.0)]
    curved = temperature(np.log(np.maximum(outputs, LEAST_VALUE)), codes)
    return [((1.0 - weight) * plain, weight * curved) for weight in BLENDS]


def _blended(outputs: Array, blend: tuple[float, float]) -> Floats:
    """(n, c) outputs and their logarithms, added."""
    plain, curved = blend
    logits = plain * np.asarray(outputs, dtype=np.float64)
    if curved:
        logits += curved * np.log(np.maximum(outputs, LEAST_VALUE))
    return logits


def _ends(shares: Floats, distance: Floats, best: int) -> tuple[float, float]:
    """Where the root of the likelihood's drop reaches that of a 95 % interval, by straight lines between shares."""
    high = np.interp(INSIDE, np.maximum.accumulate(distance[best:]), shares[best:])
    low = np.interp(INSIDE, np.maximum.accumulate(distance[best::-1]), shares[best::-1])
    return float(low), float(high)


def noise_shape(outputs: Array | BlockedRows, codes: Ints) -> Floats:
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


def wrong_and_suggested(held_out: Array | BlockedRows, matrix: Floats, codes: Ints) -> tuple[Floats, Ints, Floats]:
    """P(given label is wrong) (n,), the likeliest class (n,), and its probability (n,); NaN rows give NaN and -1."""
    wrong, chance = np.full(len(codes), np.nan), np.full(len(codes), np.nan)
    suggested = np.full(len(codes), -1)
    for rows in row_slices(held_out.shape):
        block = held_out[rows]
        finite = np.flatnonzero(np.isfinite(block[:, 0]))
        known = finite + rows.start
        true = class_posterior(block[finite], matrix, codes[known])
        wrong[known] = 1.0 - true[np.arange(len(known)), codes[known]]
        suggested[known] = true.argmax(axis=1)
        chance[known] = true.max(axis=1, initial=0.0)
    return np.clip(wrong, 0.0, 1.0), suggested, chance


def class_posterior(held_out: Array | BlockedRows, matrix: Floats, codes: Ints) -> Floats:
    """(n, c) P(true class | row, given label), proportional to held_out[k] * matrix[k, given]."""
    joint = np.asarray(held_out, dtype=np.float64) * matrix.T[codes]
    return np.asarray(joint / joint.sum(axis=1, keepdims=True))


def _softmax(logits: Floats) -> Floats:
    """(n, c) class probabilities, none below 1e-6."""
    scaled = logits - logits.max(axis=1, keepdims=True)
    np.exp(scaled, out=scaled)
    scaled /= scaled.sum(axis=1, keepdims=True)
    np.maximum(scaled, SMALLEST, out=scaled)
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def _by_class(outputs: Floats, codes: Ints, factors: Floats, shape: Floats, shares: Floats) -> Floats:
    """Log-likelihood of the given labels: (b, c, s) for every sharpness, predicted class and share of the shape.

    Where classes are well apart, a soft enough model explains a few flips as the same small doubt about every row. That
    is flipping by another name, so in a class that a model has learned, or that is flipped one way, doubt must be under
    .3 of the average on the sure rows, or nowhere; sharpnesses that break this are ruled out.
    """
    predicted, sure = _sure_rows(outputs)
    order = np.argsort(predicted, kind="stable")
    outputs, codes, sure = outputs[order], codes[order], sure[order]
    classes, starts, sizes = np.unique(predicted[order], return_index=True, return_counts=True)
    right = np.add.reduceat(codes == predicted[order], starts)
    learned = (right >= LEARNED * sizes) | flipped_one_way(predicted[order], codes, sure, len(shape))[classes]
    surface = np.zeros((len(factors), len(shape), len(shares)))
    allowed = np.ones((len(factors), len(classes)), dtype=bool)
    own, turned = np.arange(len(codes)), shape.T[codes]
    for place, factor in enumerate(factors):
        held_out = _softmax(factor * outputs)
        given = held_out[own, codes]
        flipped = np.einsum("nk,nk->n", held_out, turned)
        mixed = given[:, None] + shares * (flipped - given)[:, None]
        surface[place, classes] = np.add.reduceat(np.log(np.maximum(mixed, 1e-300)), starts, axis=0)
        doubt = 1.0 - held_out.max(axis=1)
        total, surest = np.add.reduceat(doubt, starts), np.add.reduceat(doubt * sure, starts)
        shown = surest / np.maximum(np.add.reduceat(sure, starts, dtype=np.float64), 1.0)
        allowed[place] = ~learned | (shown < FADED * total / sizes) | (total < 0.5)
    allowed |= ~allowed.any(axis=0)
    surface[:, classes] += np.where(allowed, 0.0, RULED_OUT)[:, :, None]
    return surface


def flipped_one_way(predicted: Ints, codes: Ints, sure: Array, count: int) -> Array:
    """(c,) classes k whose rows carry another label j about as often where k is surest, and never the other way round.

    Ambiguity goes both ways: if rows of k look like j, rows of j look like k. Where they do not, and j is no rare class
    that k has swallowed (it is predicted about as often as it is given), labels are flipped, however many they are.
    """
    seen, surest = np.zeros((2, count, count))
    np.add.at(seen, (predicted, codes), 1.0)
    np.add.at(surest, (predicted[sure], codes[sure]), 1.0)
    right, rows, others = seen.diagonal(), seen.sum(axis=1), 1.0 - np.eye(count)
    doubt, sure_doubt = rows - right, surest.sum(axis=1) - surest.diagonal()
    met = rows >= PREDICTED * seen.sum(axis=0)
    leaving = (np.maximum(seen - seen.T, 0.0) * met).sum(axis=1)
    flat = sure_doubt * rows >= FLAT * doubt * surest.sum(axis=1)
    return np.asarray((right > (seen * others).max(axis=1)) & flat & (leaving >= ONE_WAY * doubt) & (doubt > 0))


def _sure_rows(outputs: Array | BlockedRows) -> tuple[Ints, Array]:
    """Predicted class of every row (n,), and whether its margin is among the top fifth of that class (ties count)."""
    predicted, margin = np.empty(len(outputs), dtype=np.intp), np.empty(len(outputs))
    for rows in row_slices(outputs.shape):
        block = outputs[rows]
        pair = np.partition(block, -2, axis=1)[:, -2:]
        predicted[rows], margin[rows] = block.argmax(axis=1), pair[:, 1] - pair[:, 0]
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
