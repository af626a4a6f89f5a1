"""The error of a model in another place by nine methods that need no label of it, each under its own assumption."""

import numpy as np
from scipy import special
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.isotonic import IsotonicRegression

from samplewise.core.arrays import Floats, Ints, Mask
from samplewise.core.randomness import derive_seed
from samplewise.engine.models.temperature import probabilities, temperature
from samplewise.shift.domain_classifier import MOST_FITTED, TREES
from samplewise.shift.outputs import Outputs

LEAST_CHANCE = 0.002  # of an error, whatever the confidence: no confidence is a certainty
TINY = 1e-12
ROUNDS = 200  # of the class shares, most
STILL = 1e-9  # change of the class shares at which they are found


def expected_losses(
    matrix: Floats, categorical: Mask, source: Outputs, target: Outputs, half: Mask, seed: int
) -> tuple[Floats, Floats]:
    """The loss (n,) and (m,) that boosting expects at every row of the source and the target, from its features.

    Trees are fitted on either half of the source rows, on features and confidence; a source row is judged by the half
    it is not in, a target row by the mean of both.

    Args:    matrix: (n + m, d), source rows first.   categorical: (d,).   source, target: outputs of the same rows.
             half: (n,) which half a source row is in; groups are never divided.   seed: of the fits.
    Cost:    forty trees of at most 20,000 rows, twice.
    """
    assert source.losses is not None
    features = np.c_[matrix, np.r_[source.confidence(), target.confidence()]]
    categorical = np.r_[categorical, False]
    known, there = np.full(len(half), source.losses.mean()), np.zeros(len(features) - len(half))
    for which in (False, True):
        rows = np.flatnonzero(half == which)[:MOST_FITTED]
        if len(rows) < 2:
            return known, there + source.losses.mean()
        model = HistGradientBoostingRegressor(
            max_iter=TREES, early_stopping=False, categorical_features=categorical if categorical.any() else None,
            min_samples_leaf=int(np.clip(len(rows) // 20, 5, 20)), random_state=derive_seed(seed, which) % 2**31,
        ).fit(features[rows], source.losses[rows])  # fmt: skip
        known[half != which] = model.predict(features[: len(half)][half != which])
        there += 0.5 * model.predict(features[len(half) :])
    return np.clip(known, 0.0, source.largest), np.clip(there, 0.0, source.largest)


def estimates_of(
    source: Outputs, target: Outputs, weights: Floats, expected: tuple[Floats, Floats]
) -> dict[str, float]:
    """The loss of a model on target rows by every method there is for its outputs, by name.

    Numbers, and classes without any confidence, have the last three: weights, error model, both.

    Args:    source: with losses.   target: without.   weights: (n,) of the source rows, mean 1 or 0.
             expected: of `expected_losses`.
    Returns: nine losses or three, each from 0 to the largest there is.
    Cost:    O((n + m) log(n + m) + (n + m) c).
    Source:  guillory2021, garg2022, bialek2024, saerens2002, sugiyama2007, robins1994.
    """
    losses = source.losses
    assert losses is not None
    found: dict[str, float] = {}
    if source.classes and np.ptp(source.confidence()) > 0:
        found = _by_confidence(source, target, losses, weights)
    corrected = float(np.mean(weights * (losses - expected[0])))
    found["importance weights"] = float(np.mean(weights * losses) if weights.any() else losses.mean())
    found["error model"] = float(expected[1].mean())
    found["error model and weights"] = float(expected[1].mean()) + corrected
    return {name: float(np.clip(value, 0.0, source.largest)) for name, value in found.items()}


def _by_confidence(source: Outputs, target: Outputs, losses: Floats, weights: Floats) -> dict[str, float]:
    """The six methods that look at the confidence of the model, or at all its probabilities."""
    known, there = source.confidence(), target.confidence()
    return {
        "difference of confidence": float(losses.mean() + known.mean() - there.mean()),
        "confidence below a threshold": _below(known, there, float(losses.mean())),
        "entropy above a threshold": _below(-_entropy(source.values), -_entropy(target.values), float(losses.mean())),
        "calibrated confidence": float(chances_of_error(known, losses, there).mean()),
        "calibrated confidence, weighted": float(chances_of_error(known, losses, there, weights).mean()),
        "class shares": _by_class_shares(source, target, losses),
    }


def _entropy(values: Floats) -> Floats:
    return np.asarray(special.entr(values).sum(axis=1))


def _below(known: Floats, there: Floats, error: float) -> float:
    """Share of target scores below the value that as large a share of source scores lies below as are wrong.

    Scores equal to that value count by the part that makes the source right.
    """
    ordered = np.sort(known)
    rank = min(int(error * len(ordered)), len(ordered) - 1)
    cut = ordered[rank]
    below, equal = np.searchsorted(ordered, cut), np.searchsorted(ordered, cut, side="right")
    part = (error * len(ordered) - below) / (equal - below)
    return float(np.mean(there < cut) + part * np.mean(there == cut))


def chances_of_error(known: Floats, losses: Floats, there: Floats, weights: Floats | None = None) -> Floats:
    """Chance of error at the confidence of every target row (m,), by a falling step function fitted on the source."""
    if weights is not None and not weights.any():
        weights = None
    steps = IsotonicRegression(increasing=False, out_of_bounds="clip", y_min=LEAST_CHANCE, y_max=1.0 - LEAST_CHANCE)
    kept = slice(None) if weights is None else weights > 0
    steps.fit(known[kept], losses[kept], None if weights is None else weights[kept])
    return np.asarray(steps.predict(there), dtype=np.float64)


def _by_class_shares(source: Outputs, target: Outputs, losses: Floats) -> float:
    """Error of every class in the source, at the class shares that make the target's probabilities most likely."""
    assert source.labels is not None
    codes = source.labels.astype(np.intp)
    logs, others = (np.log(np.maximum(part.values, TINY)) for part in (source, target))
    count = np.bincount(codes, minlength=logs.shape[1])
    shares = _target_shares(probabilities(others, temperature(logs, codes)), count)
    wrong = np.bincount(codes, losses, minlength=logs.shape[1])
    errors = np.where(count > 0, wrong / np.maximum(count, 1), losses.mean())
    return float(shares @ errors)


def _target_shares(values: Floats, count: Ints) -> Floats:
    """Class shares of rows with these probabilities (m, c), which were learned where classes had this count (c,)."""
    before = count / count.sum()
    ratio = np.divide(1.0, before, out=np.zeros(len(before)), where=before > 0)  # a class never seen cannot be told
    shares = before
    for _ in range(ROUNDS):
        odds = values * (shares * ratio)
        total = odds.sum(axis=1, keepdims=True)
        moved = np.where(total > 0, odds / np.maximum(total, TINY), before).mean(axis=0)
        if np.abs(moved - shares).max() < STILL:
            return moved
        shares = moved
    return shares
