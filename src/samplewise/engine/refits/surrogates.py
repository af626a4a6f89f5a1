"""A ridge head that approximates any learner, so that what a deletion changes is known in closed form."""

from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, one_hot
from samplewise.core.randomness import generator, hashed_order
from samplewise.engine.closed_form import KernelMap, SubsetRidge, median_bandwidth
from samplewise.engine.closed_form.smoother import Smoother, smoother_of
from samplewise.engine.refits.folded_rows import FoldedRows

WORK = 1e9  # n p^2 of one fit, in multiplications: bounds the features of large data
FEWEST, MOST = 100, 256  # kernel features
LEAST_RIDGE = 1e-4  # of the mean diagonal: below it round-off, not the labels, decides the value of a row
SAMPLED = 1000  # rows the bandwidth is measured on
WIDEST = 64  # class indicators of more classes are projected at random to so many outputs


@dataclass(frozen=True, slots=True, eq=False)
class Surrogate:
    """Label-free kernel features of rows, what is fitted on them, and the ridge chosen from their labels."""

    features: Floats  # (n, p)
    responses: Floats  # (n, c) class indicators, or the number in standard deviations
    ridge: float  # penalty on the sum of squares
    sets: Ints | None = None  # (n,) exact duplicates, one observation where the ridge is chosen

    def at(self, positions: Ints) -> "Surrogate":
        """The same on some of the rows (r,); the ridge is chosen again, from their labels alone."""
        sets = None if self.sets is None else self.sets[positions]
        return _with_ridge(self.features[positions], self.responses[positions], sets)

    def fitted(self) -> Smoother:
        """The head on all of its rows, knowing what each contributes."""
        return smoother_of(self.features, self.responses, self.ridge)


def surrogate(folded: FoldedRows) -> Surrogate:
    """The closed-form surrogate model of some rows: Gaussian kernel features spanned by up to 256 hash-chosen rows.

    Args:    folded: n rows; no other label is read.
    Returns: `Surrogate`. The ridge minimizes generalized cross-validation.
    Cost:    O(n p^2), p at most 256, and 150 or fewer from 50,000 rows on.
    Not for: predictions that are to be trusted as the learner's own.   Source: williams2001, golub1979.
    """
    features = kernel_features(folded.space, folded.runner.data.ids[folded.positions])
    return _with_ridge(features, responses(folded), folded.duplicates)


def kernel_features(space: Floats, ids: Array) -> Floats:
    """(n, p) kernel features of points (n, d), the same for a row whatever the order of the rows."""
    return np.asarray(kernel_map(space, ids)(space))


def kernel_map(space: Floats, ids: Array) -> KernelMap:
    """The map to the kernel features of points (n, d), for them and for others."""
    count = int(np.clip(np.sqrt(WORK / len(space)), FEWEST, MOST))
    order = hashed_order(0, ids, "surrogate")
    bandwidth = median_bandwidth(space[np.sort(order[:SAMPLED])])
    return KernelMap(space[order[:count]], bandwidth)


def responses(folded: FoldedRows) -> Floats:
    """(n, c) what the head is fitted to, where 1 is a whole class or one standard deviation of the label."""
    if not folded.class_count:
        numbers = np.asarray(folded.codes, dtype=np.float64)
        return ((numbers - numbers.mean()) / (float(numbers.std()) or 1.0))[:, None]
    if folded.class_count <= WIDEST:
        return one_hot(folded.codes, folded.class_count)
    # Random directions keep the lengths of differences to about a sixth, at a fraction of the memory.
    directions = generator(0, "class directions").standard_normal((folded.class_count, WIDEST)) / np.sqrt(WIDEST)
    return np.asarray(directions[folded.codes])


def _with_ridge(features: Floats, targets: Floats, sets: Ints | None) -> Surrogate:
    head = SubsetRidge(features, targets, sets=sets).fit(np.ones(len(features), dtype=bool), standardize=False)
    diagonal = float(np.var(features, axis=0).sum()) * len(features) / features.shape[1]
    return Surrogate(features, targets, max(head.ridge, LEAST_RIDGE) * max(diagonal, 1e-12), sets)
