"""Features split into what belongs to the class, what belongs to a segment, and the rest."""

import warnings
from collections.abc import Sequence
from typing import Any, Self

import lazy_loader
import numpy as np
from scipy import linalg
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from samplewise.core.arguments import require_seed
from samplewise.core.arrays import Array, Floats, Mask
from samplewise.core.errors import InputError, unknown_name
from samplewise.data.conversions import as_vector
from samplewise.shift.cell_moments import SIGNIFICANT, CellMoments, require_cells
from samplewise.shift.split_report import SplitReport, probes, strength_of_coordinates

pd = lazy_loader.load("pandas")

BLOCKS = ("core", "spurious", "other")
ONE = 0.9  # entanglement from which class and segment are as good as one direction
HALF = 0.5  # of what tells the class, in the spurious block
SAME = 1e-6  # of a direction's length: what is left of it is rounding


class FeatureSplit(TransformerMixin, BaseEstimator):
    """Embeddings in three blocks: core (the class), spurious (a segment, at the same class) and other; nothing is lost.

    In closed form: features are whitened within class and segment, every pair of them weighing the same. The
    directions in which segments of one class differ are the spurious block, those in which classes differ besides are
    the core block. A direction no longer than those of permuted segments (p > 0.01) is in neither. Encoding and
    decoding are exact, and any invertible linear map of the features gives the same blocks.

    Where segments are known at training, group weights are the stronger tool against a shortcut. The split is for
    looking at a representation, and for cleaning it in front of a model that stays as it is.

    Args:
        core_first: whether directions that class and segment share stay in the core block; by default they are erased.
        random_state: fixes the permutations.

    Attributes:
        core_size_, spurious_size_: directions of the blocks; the other block has the rest of d.
        entanglement_: 0..1, the largest squared cosine between what classes and what segments add to the whitened
            features; 1 means that no linear map tells them apart.
        core_taken_: 0..1, the share of the difference between classes that lies in the spurious block.
        p_value_: of "segments of one class do not differ".
        classes_: (K,).   segments_: (A,).   counts_: (K, A) rows.   n_left_out_: rows without a segment.

    Raises:
        InputError: fewer than 5 rows of a class in a segment, with the counts; so where a segment is the label.

    Warns where class and segment cannot be separated.

    Cost: one product of n d^2, one eigendecomposition of d^3, and 99 permutations of n d.
    Not for: traces that are not linear (`report` with rows of your own measures them); segments unlike those fitted on.
    Source: darbinyan2023 for the question; belrose2023 for erasing in closed form. The definition is our own.

    >>> draw = np.random.default_rng(0); y, a = draw.integers(0, 2, (2, 400))
    >>> E = draw.normal(size=(400, 3)) + 3.0 * np.column_stack([y, a, 0 * y])
    >>> FeatureSplit().fit(E, y, segments=a).transform(E, drop="spurious").shape
    (400, 2)
    """

    def __init__(self, *, core_first: bool = False, random_state: int = 0) -> None:
        self.core_first, self.random_state = core_first, random_state

    def fit(self, X: Any, y: Any, *, segments: Any = None) -> Self:
        """Split by rows (n, d), their classes (n,) and their values of the segment (n,); rows without one are left out.

        Returns: self.   Raises: InputError, as the class says.
        """
        require_seed(self.random_state, "random_state")
        rows, labels, values = self._read(X, y, segments)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self.segments_, cells = np.unique(values, return_inverse=True)
        shape = (len(self.classes_), len(self.segments_))
        self.counts_ = np.bincount(codes * shape[1] + cells, minlength=shape[0] * shape[1]).reshape(shape)
        require_cells(self.counts_, self.classes_, self.segments_)
        # Columns are scaled and centered first, so that what is added to the variances means the same for all of them.
        self.scale_ = _spread(rows)
        self.mean_ = rows.mean(axis=0)
        moments = CellMoments.of((rows - self.mean_) / self.scale_, codes, cells, shape, int(self.random_state))
        self._split(moments)
        self.coordinates_ = strength_of_coordinates(moments)
        self._warn()
        return self

    def encode(self, X: Any) -> Floats:
        """(m, d) coordinates in the blocks core, spurious, other, in this order; 0 is the mean of classes and segments.

        Args:   X: (m, d) features.   Cost: O(m d^2).
        """
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(((rows - self.mean_) / self.scale_ - self.center_) @ self.encoder_)

    def decode(self, encoded: Any) -> Floats:
        """(m, d) features of rows that `encode` encoded; exact but for rounding.

        Args:   encoded: (m, d) coordinates, as `encode` gives them.
        """
        check_is_fitted(self)
        blocks = np.asarray(encoded, dtype=np.float64)
        if blocks.ndim != 2 or blocks.shape[1] != len(self.mean_):
            raise InputError(
                "what is decoded has a column per feature", where="encoded", got=f"shape {blocks.shape}",
                fix=f"pass (m, {len(self.mean_)}) coordinates that encode() gave",
            )  # fmt: skip
        return np.asarray((blocks @ self.decoder_ + self.center_) * self.scale_ + self.mean_)

    def transform(self, X: Any, drop: str | Sequence[str] = "spurious") -> Floats:
        """(m, k) coordinates of the blocks that are kept.

        Args:   X: (m, d) features.   drop: a block, or several: "core", "spurious", "other".
        """
        named = (drop,) if isinstance(drop, str) else tuple(drop)
        for name in named:
            if name not in BLOCKS:
                raise unknown_name("drop", name, BLOCKS)
        kept = ~np.logical_or.reduce([self.block(name) for name in named] or [np.zeros(len(self.mean_), dtype=bool)])
        return np.asarray(self.encode(X)[:, kept])

    def replace_spurious(self, X: Any) -> Floats:
        """(m, d) features in their own coordinates, the spurious block at its mean: for a head that stays as it is.

        Args:   X: (m, d) features.   Cost: O(m d k), k directions of the spurious block.
        """
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        at = self.block("spurious")
        moved = ((rows - self.mean_) / self.scale_ - self.center_) @ self.encoder_[:, at]
        return np.asarray(rows - moved @ self.decoder_[at] * self.scale_)

    def block(self, name: str) -> Mask:
        """(d,) which of the encoded coordinates are of this block.

        Args:   name: "core", "spurious" or "other".
        """
        check_is_fitted(self)
        if name not in BLOCKS:
            raise unknown_name("block", name, BLOCKS)
        ends = np.cumsum([self.core_size_, self.spurious_size_])
        return np.asarray(np.searchsorted(ends, np.arange(len(self.mean_)), side="right") == BLOCKS.index(name))

    def report(self, X: Any = None, y: Any = None, *, segments: Any = None) -> SplitReport:
        """What the blocks hold; with rows that were not fitted on, also what a linear and another rule still tell.

        Args:
            X, y, segments: other rows, their classes and segments; None for a report without probes.
        """
        check_is_fitted(self)
        measured: tuple[Any, ...] = ()
        if X is not None:
            rows, labels, values = self._read(X, y, segments, reset=False)
            measured = probes(rows, self.replace_spurious(rows), labels, values, int(self.random_state))
        return SplitReport(
            self.core_size_, self.spurious_size_, len(self.mean_), self.entanglement_, self.core_taken_, self.p_value_,
            self.coordinates_, measured,
        )  # fmt: skip

    def _read(self, X: Any, y: Any, segments: Any, *, reset: bool = True) -> tuple[Floats, Array, Array]:
        """Rows that have a segment, with their classes and segments."""
        if segments is None or y is None:
            raise InputError(
                "the split needs the class and the segment of every row", where="segments" if y is not None else "y",
                got="None", fix="pass fit(E, y, segments=attribute)",
            )  # fmt: skip
        rows = validate_data(self, X, dtype=np.float64, reset=reset)
        labels, values = as_vector(y, "y"), as_vector(segments, "segments")
        for name, given in (("y", labels), ("segments", values)):
            if len(given) != len(rows):
                raise InputError(
                    f"every row needs one of {name}", where=name, got=f"{len(given)} for {len(rows)} rows",
                    fix="pass one per row, None or NaN for a segment that is not known",
                )  # fmt: skip
        known = ~pd.isna(values)
        if reset:
            self.n_left_out_ = int((~known).sum())
        return rows[known], labels[known].astype(str), values[known].astype(str)

    def _split(self, moments: CellMoments) -> None:
        """The blocks, as directions of the whitened features."""
        within = moments.within.copy()
        within[np.diag_indices_from(within)] += moments.ridge()
        values, vectors = linalg.eigh(within)
        values = np.maximum(values, moments.ridge())
        whiten, color = (vectors / np.sqrt(values)) @ vectors.T, (vectors * np.sqrt(values)) @ vectors.T
        order = (moments.class_directions, moments.segment_directions)
        first, second = order if self.core_first else order[::-1]
        found, p_first = first(whiten)
        one = _orthonormal(whiten @ found)
        rest = _complement(one)
        found, p_second = second(whiten @ rest)
        two = rest @ _orthonormal(rest.T @ whiten @ found)
        core, spurious = (one, two) if self.core_first else (two, one)
        self.core_size_, self.spurious_size_ = core.shape[1], spurious.shape[1]
        self.p_value_ = p_second if self.core_first else p_first
        basis = np.column_stack([core, spurious, _complement(np.column_stack([core, spurious]))])
        self.encoder_, self.decoder_, self.center_ = whiten @ basis, basis.T @ color, moments.center
        segment, label = (effect @ whiten for effect in moments.main_effects())
        self.core_taken_ = float(np.square(label @ spurious).sum() / max(np.square(label).sum(), 1e-300))
        # What segments add by chance alone points anywhere; it is asked before the core has taken its part.
        p_value = moments.segment_directions(whiten)[1] if self.core_first else self.p_value_
        told = p_value <= SIGNIFICANT
        self.entanglement_ = _largest_cosine(segment, label) if told else 0.0

    def _warn(self) -> None:
        lost = self.spurious_size_ and not self.core_size_ and self.core_taken_ >= HALF
        if lost or self.entanglement_ >= ONE:
            warnings.warn(
                f"class and segment cannot be separated: entanglement {self.entanglement_:.2f} of 1, "
                f"{self.core_size_} core directions are left; what is erased takes the class with it. With known "
                "segments, weights of their rows in training are the stronger tool",
                UserWarning, stacklevel=3,
            )  # fmt: skip


def _spread(rows: Floats) -> Floats:
    """(d,) standard deviations, 1 for constant columns."""
    spread = rows.std(axis=0)
    return np.where(spread > 1e-12 * np.maximum(np.abs(rows).max(axis=0), 1e-300), spread, 1.0)


def _orthonormal(directions: Floats) -> Floats:
    """(d, r) an orthonormal basis of directions (d, k)."""
    if not directions.shape[1]:
        return directions
    left, values, _ = np.linalg.svd(directions, full_matrices=False)
    return np.asarray(left[:, values > SAME * values[0]])


def _complement(basis: Floats) -> Floats:
    """(d, d - r) an orthonormal basis of what is orthogonal to a basis (d, r)."""
    if not basis.shape[1]:
        return np.eye(len(basis))
    whole = linalg.qr(basis, mode="full")[0]
    return np.asarray(whole[:, basis.shape[1] :], dtype=np.float64)


def _largest_cosine(one: Floats, other: Floats) -> float:
    """The largest squared cosine between the spans of the rows of two matrices."""
    first, second = _orthonormal(one.T), _orthonormal(other.T)
    return float(min(np.linalg.svd(first.T @ second, compute_uv=False)[0] ** 2, 1.0))
