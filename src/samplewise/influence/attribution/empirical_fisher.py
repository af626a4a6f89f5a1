"""Influence under the exact empirical Fisher matrix of ALL parameters, through the n by n Gram matrix of row gradients.

The push-through identity (G'G + r I)^-1 G' = G' (G G' + r I)^-1 turns a system in p parameters into one in n rows, and
the Gram matrix K = G G' follows from layer inputs and output gradients: no vector of length p exists at any time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg
from scipy.special import expit

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.engine.closed_form import cholesky
from samplewise.engine.gradients import RowGradients
from samplewise.engine.gradients.gradient_sources import Source
from samplewise.influence.attribution.attribution_method import Additive, Settings, mean_of

FISHER_RIDGE, MARGIN_RIDGE = 0.1, 1.0  # shares of the mean diagonal; docs/methods say how they were found
HIGHEST_RIDGE = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class RidgedGram:
    """The Cholesky factor of K + r I, with r = ridge * mean diagonal of K."""

    factor: Floats  # (n, n), of which the lower triangle counts; above it K is kept
    diagonal: Floats  # (n,) of K
    added: float  # r
    ridge: float

    @classmethod
    def of(cls, gram: Floats, ridge: float) -> "RidgedGram":
        """Factorize in the place of `gram`; a ridge too small for rounding is raised tenfold until it is not."""
        mean = float(np.mean(np.diagonal(gram)))
        if not mean > 0:
            raise InputError(
                "every row has a gradient of zero, so none has any influence",
                got=f"mean squared gradient norm {mean:g}",
                fix="check that the loss depends on the module's parameters and is not exactly zero on every row",
            )
        diagonal = np.diagonal(gram).copy()
        while ridge <= HIGHEST_RIDGE:
            np.fill_diagonal(gram, diagonal + ridge * mean)
            if cholesky.factorize(gram):
                return cls(gram, diagonal, ridge * mean, ridge)
            cholesky.restore(gram, diagonal)
            ridge = max(10 * ridge, 1e-12)
        raise InputError(
            "the Gram matrix of the gradients cannot be factorized", got=f"ridge up to {HIGHEST_RIDGE:g} tried",
            fix="look for rows with gradients of very different size (fitted.gradient norms), or use a float64 module",
        )  # fmt: skip

    def undone(self) -> Floats:
        """K again, in the place of the factor, which is gone."""
        cholesky.restore(self.factor, self.diagonal)
        return self.factor

    def solve(self, right: Floats) -> Floats:
        """(K + r I)^-1 right for (n, m)."""
        return cholesky.solve(self.factor, right)

    def among(self, rows: Ints) -> Floats:
        """(u, u) entries of (K + r I)^-1 between these rows."""
        unit = np.zeros((len(self.factor), len(rows)))
        unit[rows, np.arange(len(rows))] = 1.0
        return self.solve(unit)[rows]

    def inverse_diagonal(self) -> Floats:
        """(n,) diagonal of (K + r I)^-1."""
        count, found = len(self.factor), np.empty(len(self.factor))
        for start in range(0, count, cholesky.BLOCK):
            own = slice(start, min(start + cholesky.BLOCK, count))
            columns = np.zeros((count, own.stop - start), dtype=self.factor.dtype)
            columns[own] = np.eye(own.stop - start)
            # The diagonal of (L L')^-1 holds the squared lengths of the columns of L^-1.
            found[own] = np.sum(np.square(cholesky.solve_lower(self.factor, columns, start)), axis=0)
        return found

    def leverage(self) -> Floats:
        """(n,) diagonal of K (K + r I)^-1, in [0, 1)."""
        return 1.0 - self.added * self.inverse_diagonal()


@dataclass(frozen=True, slots=True, eq=False)
class DualFisher:
    """S = -psi' (G'G + r I)^-1 G', rows of G the gradients of the training loss; exact for any number of parameters.

    Cost: O(n^2 (p / width) + n^3 / 3 + m n^2), memory 16 n^2 bytes.   Source: park2023, grosse2023.
    """

    source: Source
    rows: RowGradients
    inverse: RidgedGram

    @classmethod
    def prepare(cls, source: Source, train: Any, settings: Settings) -> "DualFisher":
        """Gradients of the loss, their Gram matrix, its factor."""
        rows = source.gradients(train, source.loss)
        ridge = FISHER_RIDGE if settings.ridge is None else settings.ridge
        return cls(source, rows, RidgedGram.of(rows.gram(), ridge))

    @property
    def ids(self) -> Array:
        """(n,) of the training rows."""
        return self.rows.ids

    @property
    def ridge(self) -> float:
        """The ridge used, as a share of the mean diagonal."""
        return self.inverse.ridge

    def effects(self, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m, n) first-order effects."""
        queried = self.source.gradients(queries, target)
        return self._solved(queried), queried.ids

    def group_effect(self, rows: Ints, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m,) one Newton step without the whole group, whose share of the curvature leaves with it."""
        queried = self.source.gradients(queries, target)
        single = self._solved(queried)[:, rows]
        return single @ _without_group(self.inverse, rows, np.ones(len(rows))), queried.ids

    def self_influence(self) -> Floats:
        """(n,) g_i' (G'G + r I)^-1 g_i: the leverage of the row."""
        return self.inverse.leverage()

    def _solved(self, queried: RowGradients) -> Floats:
        return -self.inverse.solve(queried.gram(self.rows).T).T


@dataclass(frozen=True, slots=True, eq=False)
class DualMargin(Additive):
    """S = mean_t[psi' (F'F + r I)^-1 F'] mean_t[1 - p_i], rows of F the gradients of the margins of model t.

    A logistic regression on the linearized network, one step from its optimum, without random projection.
    Cost: as `DualFisher`, once per model.   Source: park2023.
    """

    sources: tuple[Source, ...]
    rows: tuple[RowGradients, ...]
    inverses: tuple[RidgedGram, ...]
    doubt: Floats  # (n,) mean over models of 1 - p_i

    @classmethod
    def prepare(cls, sources: tuple[Source, ...], train: Any, settings: Settings) -> "DualMargin":
        """One Gram matrix per model."""
        ridge = MARGIN_RIDGE if settings.ridge is None else settings.ridge
        rows = tuple(source.gradients(train, "margin") for source in sources)
        inverses = tuple(RidgedGram.of(own.gram(), ridge) for own in rows)
        return cls(tuple(sources), rows, inverses, mean_doubt([own.values for own in rows]))

    @property
    def ids(self) -> Array:
        """(n,) of the training rows."""
        return self.rows[0].ids

    @property
    def ridge(self) -> float:
        """The mean ridge of the models, as a share of the mean diagonal."""
        return float(np.mean([inverse.ridge for inverse in self.inverses]))

    def effects(self, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m, n) effects; the scale is that of a logistic regression whose curvature weights are 1."""
        bracket, query_ids = self._bracket(queries, target)
        return bracket * self.doubt, query_ids

    def self_influence(self) -> Floats:
        """(n,) what the row does to its own loss: (1 - p_i)^2 times its leverage."""
        return np.square(self.doubt) * np.mean([inverse.leverage() for inverse in self.inverses], axis=0)

    def _bracket(self, queries: Any, target: Any) -> tuple[Floats, Array]:
        queried = [source.gradients(queries, target) for source in self.sources]
        solved = (
            inverse.solve(own.gram(rows).T).T
            for own, rows, inverse in zip(queried, self.rows, self.inverses, strict=True)
        )
        return mean_of(solved), queried[0].ids


def mean_doubt(margins: Sequence[Floats]) -> Floats:
    """(n,) mean over models of 1 - p, the sigmoid of minus the margin: exact where p is 1 to the last digit."""
    return np.mean([expit(-own) for own in margins], axis=0)


def _without_group(inverse: RidgedGram, rows: Ints, steps: Floats) -> Floats:
    """(I - H_UU)^-1 steps, with H = K (K + r I)^-1: the group's share of the curvature is removed too."""
    without = inverse.added * inverse.among(rows)  # I - H = r (K + r I)^-1
    return linalg.solve(without, steps, assume_a="pos", check_finite=False)
