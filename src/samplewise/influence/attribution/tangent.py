"""Leave-one-out of the network linearized at its weights: kernel ridge with the network's own tangent kernel.

With f_c(x) linear in the parameters around the trained ones, training on the labels by least squares is kernel ridge
with K[i, j] = sum over outputs c of <grad f_c(x_i), grad f_c(x_j)>. There the effect of a row is known exactly: the
output at a query changes by the row's weight in it, times the row's HELD-OUT residual. That residual cannot be read off
the trained network, which has fitted the row.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg

from samplewise.core.arrays import Array, Floats, Ints, one_hot
from samplewise.core.errors import InputError
from samplewise.engine.gradients import OutputSum, RowGradients
from samplewise.engine.gradients.differentiated_losses import values_and_cotangents
from samplewise.engine.gradients.gradient_sources import Source
from samplewise.engine.gradients.tangents import Tangents, output_sums, sums_at_most
from samplewise.influence.attribution.attribution_method import Settings, mean_of
from samplewise.influence.attribution.empirical_fisher import RidgedGram

TANGENT_RIDGE, MORE, HIGHEST = 1.0, 10**0.5, 100.0  # shares of the mean diagonal


@dataclass(frozen=True, slots=True, eq=False)
class TangentKernel:
    """S[q, i] = H[q, i] v_q' e_i: weight of row i at query q, held-out residual e_i, and v_q = d target / d outputs.

    H = k (K + r I)^-1, e_i = a_i / [(K + r I)^-1]_ii, a = (K + r I)^-1 (Y - mean). Exact for least squares in the
    linearized network. For classes every row counts with unit length; the kernels of several models are averaged
    before the one solve, each with random sums of its own where the outputs are many.

    Cost: O(n^2 (p / width) + n^3), memory 16 n^2 bytes.   Source: jacot2018, cook1977.
    """

    sources: tuple[Source, ...]
    tangents: tuple[Tangents, ...]
    sums: tuple[tuple[OutputSum, ...], ...]  # per model
    unit: bool
    inverse: RidgedGram
    steps: Floats  # (n, c) a
    held_out: Floats  # (n, c) e

    @classmethod
    def prepare(cls, sources: tuple[Source, ...], train: Any, settings: Settings) -> "TangentKernel":
        """One kernel per model, their mean, its factor."""
        first = sources[0].gradients(train, sources[0].loss)
        unit = np.asarray(first.labels).dtype.kind != "f"
        most = sums_at_most(first)
        outputs = first.outputs.shape[1]
        sums = tuple(output_sums(outputs, settings.seed + place, most) for place in range(len(sources)))
        known = (first, *[None] * (len(sources) - 1))
        tangents = tuple(
            Tangents.of(source, train, own, unit=unit, rows=rows)
            for source, own, rows in zip(sources, sums, known, strict=True)
        )
        kernel = mean_of(own.kernel() for own in tangents)
        # Checkpoints of its training may be given with the model that is explained: the best fit is that model's.
        error = min(_error(_as_responses(own.rows), _responses(own.rows)) for own in tangents)
        inverse, steps = _solved(kernel, _responses(first), error, settings.ridge)
        held_out = steps / inverse.inverse_diagonal()[:, np.newaxis]
        return cls(tuple(sources), tangents, sums, unit, inverse, steps, held_out)

    @property
    def ids(self) -> Array:
        """(n,) of the training rows."""
        return self.tangents[0].rows.ids

    @property
    def ridge(self) -> float:
        """The ridge used, as a share of the mean diagonal of the kernel."""
        return self.inverse.ridge

    def effects(self, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m, n) effects of single rows."""
        weights, slopes, query_ids = self._at(queries, target)
        weights *= slopes @ self.held_out.T
        return weights, query_ids

    def group_effect(self, rows: Ints, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m,) effect of a group, removed as a whole, so that duplicates in it do not hide each other."""
        weights, slopes, query_ids = self._at(queries, target)
        held_out = linalg.solve(self.inverse.among(rows), self.steps[rows], assume_a="pos", check_finite=False)
        return np.sum((weights[:, rows] @ held_out) * slopes, axis=1), query_ids

    def self_influence(self) -> Floats:
        """(n,) half the squared error of the linearized network at the row, held out minus fitted."""
        fitted = self.inverse.added * self.steps
        return 0.5 * np.sum(np.square(self.held_out) - np.square(fitted), axis=1)

    def _at(self, queries: Any, target: Any) -> tuple[Floats, Floats, Array]:
        """(m, n) weights of the rows, (m, c) slopes of the target, and the query ids."""
        queried = [
            Tangents.of(source, queries, sums, unit=self.unit, rows=source.gradients(queries, source.loss))
            for source, sums in zip(self.sources, self.sums, strict=True)
        ]
        kernel = mean_of(own.kernel(trained) for own, trained in zip(queried, self.tangents, strict=True))
        slopes = mean_of(_slopes(own.rows, target) for own in queried)
        return self.inverse.solve(kernel.T).T, slopes, queried[0].rows.ids


def _solved(kernel: Floats, wanted: Floats, error: float, ridge: float | None) -> tuple[RidgedGram, Floats]:
    """The factor and (K + r I)^-1 (Y - mean), at a ridge where the regression fits its rows no better than the network.

    Early stopping acts as a ridge; a regression without it would describe another network.
    """
    centered = wanted - wanted.mean(axis=0)
    chosen = TANGENT_RIDGE if ridge is None else ridge
    while True:
        inverse = RidgedGram.of(kernel, chosen)
        steps = inverse.solve(centered)
        fitted = wanted - inverse.added * steps
        if ridge is not None or chosen >= HIGHEST or _error(fitted, wanted) >= error:
            return inverse, steps
        kernel, chosen = inverse.undone(), chosen * MORE


def _responses(rows: RowGradients) -> Floats:
    """(n, c) what the linearized network is fitted to: class indicators, or the numbers themselves."""
    labels, width = np.asarray(rows.labels), rows.outputs.shape[1]
    if labels.dtype.kind == "f":
        return labels.reshape(len(labels), -1).astype(np.float64)
    return labels[:, np.newaxis].astype(np.float64) if width == 1 else one_hot(labels, width)


def _as_responses(rows: RowGradients) -> Floats:
    """(n, c) the network's outputs on the scale of the responses, as far as an error rate needs."""
    if np.asarray(rows.labels).dtype.kind == "f" or rows.outputs.shape[1] > 1:
        return rows.outputs
    return (rows.outputs > 0).astype(np.float64)


def _error(outputs: Floats, wanted: Floats) -> float:
    """Share of wrong classes where the responses are indicators, else the mean squared error."""
    if not np.isin(wanted, (0.0, 1.0)).all():
        return float(np.mean(np.square(outputs - wanted)))
    if wanted.shape[1] == 1:
        return float(np.mean((outputs > 0.5) != (wanted > 0.5)))
    return float(np.mean(outputs.argmax(axis=1) != wanted.argmax(axis=1)))


def _slopes(rows: RowGradients, target: Any) -> Floats:
    """(m, c) derivatives of a named target with respect to the outputs."""
    if callable(target):
        raise InputError(
            "the tangent kernel takes named targets only", got="a callable",
            fix='use target="margin", "output" or "loss", or method="dual_fisher"',
        )  # fmt: skip
    return values_and_cotangents(rows.outputs, rows.labels, target)[1]
