"""A second kind of model, used before many labels are called wrong: what one model cannot learn looks like errors."""

from dataclasses import replace

import lazy_loader
import numpy as np

from samplewise.core.arrays import Floats, Ints
from samplewise.core.errors import require_kind
from samplewise.core.randomness import derive_seed, hashed_order
from samplewise.engine.refits.folded_rows import FoldedRows
from samplewise.labels.noise import NoiseFit, candidate_logits, noise_shape, supported_noise

sklearn = lazy_loader.load("sklearn")

MOST_ROWS = 2000  # hash-drawn rows the forest sees
TREES, SMALLEST_LEAF = 60, 3
MOST_CLASSES = 50  # with more, a forest of so few rows says nothing
FLOOR = 0.01  # vote shares below this count as this
WEIGHTS = (0.0, 0.5, 1.0, 2.0, 4.0)  # of the forest's log votes, added to the learner's logits


def second_opinion(folded: FoldedRows) -> NoiseFit | None:
    """Whether labels still look wrong once a forest, which errs where a ridge head or a network does not, is added.

    The learner's held-out logits and the forest's out-of-bag log votes are added with the weight that makes the given
    labels likeliest; a region that one of them fails to learn is then explained, a flipped label is not.

    Args:    folded: n rows of two or more classes.
    Returns: `NoiseFit` on up to 2,000 rows, or None above 50 classes and for regression. Its `share` is of the shape
             that the learner's own surest rows show.
    Cost:    one forest of 60 trees on 2,000 rows.
    Source:  breiman2001.
    """
    require_kind(folded, FoldedRows)
    if not 2 <= folded.class_count <= MOST_CLASSES:
        return None
    outputs = folded.held_out_outputs()
    known = np.flatnonzero(np.isfinite(outputs).all(axis=1))
    drawn = known[hashed_order(0, folded.data.ids[known], "second opinion")[:MOST_ROWS]]
    codes, logits = folded.codes[drawn], np.asarray(outputs[drawn], dtype=np.float64)
    given = folded.space[drawn], codes, folded.class_count
    if folded.runner.groups is None:
        votes = np.log(_out_of_bag(*given, folded.runner.seed))
    else:  # out of bag, trees would still see a row's duplicates and its group
        votes = np.log(_out_of_fold(*given, folded.folds[drawn], folded.runner.seed))
    shape = noise_shape(outputs[known], folded.codes[known])
    fits = [
        supported_noise(alone + weight * votes, codes, shape, len(known))
        for alone in candidate_logits(logits, codes)
        for weight in WEIGHTS
    ]
    plain = max(fit.log_likelihood - 0.5 * fit.likelihood_ratio for fit in fits)
    best = max(fits, key=lambda fit: fit.log_likelihood)
    ratio = max(0.0, 2.0 * (best.log_likelihood - plain))
    return replace(best, likelihood_ratio=ratio)


def _out_of_bag(space: Floats, codes: Ints, classes: int, seed: int) -> Floats:
    """(r, c) vote shares of the trees that did not see the row, none below .01."""
    forest = sklearn.ensemble.RandomForestClassifier(
        TREES, min_samples_leaf=SMALLEST_LEAF, bootstrap=True, oob_score=_no_score,
        random_state=derive_seed(seed, "second opinion") % 2**31,
    )  # fmt: skip
    forest.fit(space, codes)
    votes = np.full((len(codes), classes), FLOOR)
    found = np.asarray(forest.oob_decision_function_).reshape(len(codes), -1)
    votes[:, forest.classes_] = np.nan_to_num(found, nan=1.0 / found.shape[1])
    return np.maximum(votes, FLOOR)


def _out_of_fold(space: Floats, codes: Ints, classes: int, folds: Ints, seed: int) -> Floats:
    """(r, c) vote shares of a forest that saw no row of the row's fold, none below .01."""
    votes = np.full((len(codes), classes), FLOOR)
    for fold in np.unique(folds):
        inside = folds != fold
        forest = sklearn.ensemble.RandomForestClassifier(
            TREES, min_samples_leaf=SMALLEST_LEAF, random_state=derive_seed(seed, "second opinion", int(fold)) % 2**31
        )
        forest.fit(space[inside], codes[inside])
        votes[np.ix_(~inside, forest.classes_)] = forest.predict_proba(space[~inside])
    return np.maximum(votes, FLOOR)


def _no_score(codes: Ints, votes: Floats) -> float:
    """The forest keeps its out-of-bag votes only if it has a score to compute from them."""
    return float(len(codes))
