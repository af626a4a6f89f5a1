"""The closed-form learner: ridge on label-free kernel features, so any fit on a subset is one Gram down-date."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask, fingerprint, one_hot
from samplewise.core.errors import InputError
from samplewise.core.randomness import hashed_order
from samplewise.data.dataset import Dataset
from samplewise.data.targets import Target, describe_target
from samplewise.engine.closed_form import KernelMap, SubsetRidge, median_bandwidth
from samplewise.engine.models.feature_encoding import SpaceEncoder, exact_duplicates, feature_space
from samplewise.engine.models.learner import Fit, Objective
from samplewise.engine.models.temperature import probabilities, temperature

FEWEST_LANDMARKS = 200
GRAM_PRODUCTS = 2e10  # n p^2 a Gram matrix may cost


@dataclass(frozen=True)
class KernelHead:
    """Ridge regression to the class indicators (or the numbers) on kernel features; every fit in closed form.

    The features are RBF kernel values of the encoded rows (`SpaceEncoder`) against `landmarks` hash-chosen rows
    (Nystroem); with `landmarks=0` they are the encoded rows themselves. Each fit chooses its own ridge by generalized
    cross-validation on its own rows.

    Args:
        landmarks: most rows the kernel is spanned by; fewer where a quarter of the rows is fewer, or where the Gram
            matrix would cost more than about a second, but at least 200; 0 keeps the plain linear head.
        width: bandwidth as a share of the median distance between rows.
        drawn_from: (n,) rows of the data that may be landmarks; None: all.

    Cost: O(n p^2) once, then O(p^3 + r p^2) a fit that leaves r rows out of whole folds, p = landmarks, or d without.
    Source: williams2001, golub1979.
    """

    landmarks: int = 1000
    width: float = 1.0
    drawn_from: Mask | None = field(default=None, compare=False)
    closed_form = True

    @property
    def name(self) -> str:
        """How reports call it."""
        return "kernel ridge head" if self.landmarks else "linear ridge head"

    def fingerprint(self) -> str:
        """A name for the learner and its settings."""
        drawn = () if self.drawn_from is None else (np.packbits(self.drawn_from),)
        return fingerprint("KernelHead", self.landmarks, self.width, *drawn)

    def drawing_from(self, rows: Mask) -> "KernelHead":
        """The same head with landmarks among these rows (n,) only: a landmark that is evaluated is not like a new row.

        Where every row would be a landmark they all stay: then a new row differs from none of them.
        """
        every = self.landmarks == 0 or landmark_count(len(rows), self.landmarks) >= len(rows)
        return self if every else replace(self, drawn_from=rows)

    def fitter(self, data: Dataset, target: Target, *, blocks: Ints, space: Floats | None = None) -> "KernelFitter":
        """Kernel features of all rows, once; `space` (n, d) spares the encoding."""
        space = feature_space(data) if space is None else space
        features = self._kernel_map(space, data.ids)(space)
        sets = exact_duplicates(data.X, space)
        responses = _responses(target, target.codes)
        ridge = SubsetRidge(features, responses, blocks=blocks, sets=sets, weights=data.weights)
        return KernelFitter(features, target, ridge)

    def fit(
        self, data: Dataset, *, seed: int, objective: Objective | None = None, target: Target | None = None
    ) -> "FittedHead":
        """Train on all rows, labels read as `target` says; `seed` changes nothing, the fit has no randomness."""
        if objective is not None:
            raise InputError(
                "the kernel head is a least-squares fit and takes no objective",
                got=type(objective).__name__, fix="use a TorchLearner for other losses",
            )  # fmt: skip
        target = describe_target(data.y, ids=data.ids) if target is None else target
        encoder = SpaceEncoder(data.X, columns=data.columns)
        space = encoder(data.X)
        kernel = self._kernel_map(space, data.ids)
        features = kernel(space)
        responses = _responses(target, target.codes)
        sets = exact_duplicates(data.X, space)
        engine = SubsetRidge(features, responses, sets=sets, weights=data.weights)
        head = engine.fit(np.ones(len(data), dtype=bool), standardize=False)
        held_out = _held_out(features, responses, data, sets)
        factor = temperature(held_out, target.codes) if target.task == "classification" else 1.0
        return FittedHead(target.classes, encoder, kernel, head, factor)

    def landmark_rows(self, ids: Array) -> Ints:
        """(p,) positions of the landmarks among rows with these ids (n,)."""
        order = hashed_order(0, ids, "landmarks")
        order = order if self.drawn_from is None else order[self.drawn_from[order]]
        return np.sort(order[: landmark_count(len(ids), self.landmarks)])

    def _kernel_map(self, space: Floats, ids: Array) -> "_FeatureMap":
        if not self.landmarks:
            return _FeatureMap(None)
        chosen = self.landmark_rows(ids)
        bandwidth = self.width * median_bandwidth(space[np.sort(hashed_order(0, ids, "bandwidth")[:1000])])
        return _FeatureMap(KernelMap(space[chosen], bandwidth))


def landmark_count(rows: int, most: int = 1000) -> int:
    """How many landmarks a kernel head takes for so many rows."""
    affordable = int(np.sqrt(GRAM_PRODUCTS / max(rows, 1)))
    return min(most, max(FEWEST_LANDMARKS, min(rows // 4, affordable)))


class _FeatureMap:
    """Kernel features of the space; without a kernel the space itself, for a linear head."""

    def __init__(self, kernel: KernelMap | None) -> None:
        self.kernel = kernel

    def __call__(self, space: Floats) -> Floats:
        return space if self.kernel is None else np.asarray(self.kernel(space))


class KernelFitter:
    """One data set's kernel features and their Gram blocks; a fit is a down-date and a solve."""

    def __init__(self, features: Floats, target: Target, ridge: SubsetRidge) -> None:
        """Keep the shared pieces."""
        self.features, self._target, self._ridge = features, target, ridge

    def outputs(self, fit: Fit, *, seed: int) -> Floats:
        """(q, c) head values; `seed` is part of the protocol and changes nothing here."""
        replaced = None if fit.codes is None else _responses(self._target, fit.codes)
        head = self._ridge.fit(fit.keep, targets=replaced, weights=fit.weights, standardize=False)
        return np.asarray(head.outputs(self.features[fit.query]))


@dataclass(frozen=True, eq=False)
class FittedHead:
    """A fitted kernel head: encoder, features, coefficients and the temperature of its probabilities."""

    classes: Array | None
    encoder: SpaceEncoder
    kernel: _FeatureMap
    head: Any
    factor: float

    def embed(self, X: Any) -> Floats:
        """(n, p) kernel features."""
        return self.kernel(self.encoder(X))

    def outputs(self, X: Any) -> Floats:
        """(n, c) head values, about 1 for the class a row belongs to; (n, 1) predicted numbers for regression."""
        return np.asarray(self.head.outputs(self.embed(X)))

    def probabilities(self, X: Any) -> Floats:
        """(n, c) softmax of the outputs at the temperature found on held-out rows."""
        if self.classes is None:
            raise InputError("a regression head has no class probabilities", fix="use outputs(X)")
        return probabilities(self.outputs(X), self.factor)


def _responses(target: Target, codes: Array) -> Floats:
    """What ridge is fitted to: class indicators (n, c), or the numbers (n, 1)."""
    if target.classes is None:
        return np.asarray(codes, dtype=np.float64)[:, None]
    return one_hot(np.asarray(codes, dtype=np.intp), len(target.classes))


def _held_out(features: Floats, responses: Floats, data: Dataset, sets: Ints) -> Floats:
    """(n, c) outputs for every row by a head trained on neither it nor a duplicate of it, two hash-drawn halves."""
    order = hashed_order(0, data.ids, "temperature")
    _, first, member = np.unique(sets[order], return_index=True, return_inverse=True)
    second = np.empty(len(data), dtype=np.intp)
    second[order] = (np.argsort(np.argsort(first)) % 2)[member.reshape(-1)]
    ridge = SubsetRidge(features, responses, blocks=second, sets=sets, weights=data.weights)
    outputs = np.empty_like(responses)
    for half in (0, 1):
        outputs[second == half] = ridge.fit(second != half, standardize=False).outputs(features[second == half])
    return outputs
