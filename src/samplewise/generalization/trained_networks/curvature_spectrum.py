"""How curved the loss is around trained weights: largest eigenvalues, trace, and how the others are spread."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import linalg
from scipy.sparse.linalg import LinearOperator, eigsh

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError, require_amount, require_count, unknown_name
from samplewise.core.randomness import generator
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Estimate
from samplewise.data.inputs import as_given
from samplewise.engine import gradients  # its torch half is loaded where a module comes
from samplewise.engine.gradients import loss_for, sources_of
from samplewise.engine.statistics.intervals import half_width
from samplewise.engine.statistics.means import mean_and_error

METHODS = ("lanczos", "exact")
STEPS = 80  # of the recurrence behind the density
CLOSE = 1e-7  # relative accuracy required of the largest eigenvalues
MOST_EXACT = 4_000  # parameters whose matrix is written out
UNIT = "loss per squared unit of parameter"
ENDED = 1e-10  # share of the matrix' size below which a recurrence has ended


@dataclass(frozen=True, slots=True, eq=False)
class CurvatureSpectrum(Result):
    """Eigenvalues of the loss's curvature; see `curvature_spectrum`.

    Attributes:
        largest: (count,) eigenvalues, largest first.   residuals: (count,) an eigenvalue lies within so much of each.
        lowest: the least eigenvalue; below 0 the weights are no minimum.
        trace: sum of all, with a t interval over random probes.
        nodes, weights: (probes, steps) the spectrum by each probe; weights of a probe add up to 1.
        size: parameters.   mean_loss: at the weights.   matrix: "hessian" or "gauss_newton".

    Source: ubaru2017, ghorbani2019b.
    """

    largest: Floats
    residuals: Floats
    lowest: float
    trace: Estimate
    nodes: Floats
    weights: Floats
    size: int
    mean_loss: float
    matrix: str

    @checked
    def density(self, grid: Any = None, width: float | None = None) -> tuple[Floats, Floats]:
        """Grid and share of eigenvalues per unit there, smoothed by a normal curve; it integrates to 1.

        Args:    grid: (g,) values; None for 400 of them over the whole range.   width: standard deviation of the
                 smoothing; None for a hundredth of the range.
        Returns: (g,), (g,) in 1 / unit of the eigenvalues.   Cost: O(g probes steps).   Source: ghorbani2019b.
        """
        low, high = min(self.lowest, 0.0), max(float(self.largest[0]), 0.0)
        spread = (high - low or 1.0) / 100.0 if width is None else require_amount(width, "width")
        points = (
            np.linspace(low - 4 * spread, high + 4 * spread, 400) if grid is None else np.asarray(grid, dtype=float)
        )
        heights = np.zeros(len(points))
        for node, weight in zip(self.nodes.ravel(), self.weights.ravel(), strict=True):
            if weight > 0:
                heights += weight * np.exp(-0.5 * np.square((points - node) / spread))
        return points, heights / (len(self.nodes) * spread * math.sqrt(2.0 * math.pi))

    @checked
    def share_above(self, value: float) -> Estimate:
        """Share of the eigenvalues above a value (0..1), with a t interval over probes.

        Args:    value: in units of the eigenvalues; `1e-3 * largest[0]` counts directions that are curved at all.
        Returns: Estimate "share_of_eigenvalues".   Cost: O(probes steps).   Source: ubaru2017.
        """
        seen = np.where(self.nodes > value, self.weights, 0.0).sum(axis=1)
        return _over_probes("share_of_eigenvalues", seen, "share of eigenvalues", "ubaru2017")

    def _sentences(self) -> Iterable[str]:
        yield f"Curvature of the loss ({self.matrix.replace('_', '-')}) in {count_of(self.size, 'parameter')}:"
        yield f"largest eigenvalue {self.largest[0]:.3g}, least {self.lowest:.3g}; trace {self.trace.without_reason()}."
        if self.lowest < -CLOSE * abs(self.largest[0]):
            yield "Eigenvalues below 0 say that the weights are no minimum."

    def _table(self) -> Table:
        rank = np.arange(1, len(self.largest) + 1)
        return Table({"rank": rank, "eigenvalue": self.largest, "residual": self.residuals}, index="rank")


@checked
def curvature_spectrum(
    data: Any,
    y: Any = None,
    *,
    module: Any,
    label: str | None = None,
    loss: Any = "auto",
    matrix: Literal["hessian", "gauss_newton"] = "hessian",
    n_eigenvalues: int = 10,
    method: Literal["lanczos", "exact"] = "lanczos",
    n_probes: int = 10,
    seed: int = 0,
) -> CurvatureSpectrum:
    """Eigenvalues of the curvature of the mean loss at a network's weights, in loss per squared unit of parameter.

    H = (1 / n) sum_i second derivatives of loss_i, or its Gauss-Newton part, which has no negative eigenvalues. The
    largest come from a restarted Lanczos iteration, the rest as a density from Lanczos quadrature of random probes, the
    trace from the same probes: z' H z with z of random signs.

    Args:
        data, y, label: n labeled rows, in any form `samplewise.data.as_dataset` takes, or a torch data set; the
            training rows for the curvature of the training loss.
        module: a trained torch module in evaluation mode, or a fitted network of a `TorchLearner`.
        loss: "cross_entropy", "squared_error" (half), "auto" by the labels, or a callable of outputs and labels.
        matrix: see above.   n_eigenvalues: how many of the largest eigenvalues.
        method: "lanczos" for any size; "exact" writes the matrix out, up to 4,000 parameters.
        n_probes: random vectors, at least 2.   seed: of them and of the start.

    Returns:
        `CurvatureSpectrum`; larger eigenvalues mean that some change of the weights costs more.

    Raises:
        InputError: a module in training mode, rows or labels it cannot take, an unknown name, count or probes out of
            range, no torch module.

    Cost: about 30 + 3 count products for the eigenvalues and 80 probes for the density, two passes over the rows each;
        memory of (2 count + 20) vectors of parameters.
    Not for: comparing networks. Scaling one layer up and the next down leaves every prediction and changes all of
        these numbers; neither flat nor sharp says anything by itself. It serves to follow one network in training, to
        choose a rate (below 2 / largest), or to see whether training has ended in a minimum.
    Source: ubaru2017, hutchinson1989, ghorbani2019b; dinh2017 for the limits.

    >>> import torch
    >>> X = np.array([[1.0, 0.0], [0.0, 2.0]])
    >>> line = torch.nn.Linear(2, 1, bias=False)
    >>> curvature_spectrum((X, np.zeros(2)), module=line, n_eigenvalues=2, method="exact").largest
    array([2. , 0.5])
    """
    if method not in METHODS:
        raise unknown_name("method", str(method), METHODS)
    (source,) = sources_of(module, loss, None, None)
    if not hasattr(source, "opened"):
        raise InputError(
            "second derivatives are taken of torch modules", got=type(module).__name__,
            fix="pass a torch module, or what a TorchLearner's fit returned",
        )  # fmt: skip
    network, rows, forward = source.opened(as_given(data, y, label=label))
    labels = getattr(rows, "y", rows[1] if isinstance(rows, tuple) else None)
    curved = gradients.LossCurvature(network, rows, loss_for(loss, labels), matrix, None, forward)
    _require_sizes(curved.size, n_eigenvalues, n_probes, method)
    if method == "exact":
        return _exact(curved, n_eigenvalues, matrix)
    largest, residuals, lowest = _ends(curved, n_eigenvalues, seed)
    nodes, weights, quadratic = _quadrature(curved, n_probes, seed)
    trace = _over_probes("curvature_trace", quadratic, UNIT, "hutchinson1989")
    return CurvatureSpectrum(
        largest, residuals, lowest, trace, nodes, weights, curved.size, curved.mean_loss, matrix
    )  # fmt: skip


def _require_sizes(size: int, n_eigenvalues: int, n_probes: int, method: str) -> None:
    most = size if method == "exact" else size - 1
    if require_count(n_eigenvalues, "n_eigenvalues", usual=min(10, most)) > most:
        raise InputError(
            "there are not so many eigenvalues", got=f"n_eigenvalues={n_eigenvalues} of {size} parameters",
            fix=f'use n_eigenvalues from 1 to {most}, or method="exact"',
        )  # fmt: skip
    if method == "exact" and size > MOST_EXACT:
        raise InputError(
            "the matrix is too large to be written out", got=f"{size:,} parameters",
            where=f"the widest is {MOST_EXACT:,}", fix='use method="lanczos"',
        )  # fmt: skip
    require_count(n_probes, "n_probes", 2, "an interval over probes needs as many", usual=10)


def _exact(curved: Any, count: int, matrix: str) -> CurvatureSpectrum:
    """From the whole matrix: one probe that weighs every eigenvalue the same."""
    whole = curved.product(np.eye(curved.size))
    values = np.asarray(linalg.eigvalsh((whole + whole.T) / 2.0), dtype=np.float64)
    total = float(values.sum())
    trace = Estimate("curvature_trace", total, total, total, UNIT, 1.0, "exact", "of the whole matrix")
    even = np.full((1, len(values)), 1.0 / len(values))
    return CurvatureSpectrum(
        values[::-1][:count].copy(), np.zeros(count), float(values[0]), trace, values[np.newaxis], even,
        curved.size, curved.mean_loss, matrix,
    )  # fmt: skip


def _ends(curved: Any, count: int, seed: int) -> tuple[Floats, Floats, float]:
    """Largest eigenvalues with residuals, and the least one."""
    size = curved.size
    operator = LinearOperator((size, size), matvec=lambda v: curved.product(v.reshape(-1, 1))[:, 0], dtype=np.float64)
    start = generator(seed, "start").normal(size=size)
    values, vectors = eigsh(operator, k=count, which="LA", v0=start, tol=CLOSE)
    order = np.argsort(values)[::-1]
    residuals = np.asarray(np.linalg.norm(curved.product(vectors) - vectors * values, axis=0), dtype=np.float64)
    lowest = eigsh(operator, k=1, which="SA", v0=start, tol=CLOSE, return_eigenvectors=False)
    return np.asarray(values[order], dtype=np.float64), residuals[order], float(lowest[0])


def _quadrature(curved: Any, probes: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Nodes and weights (probes, steps) of every probe, and its z' H z.

    Without reorthogonalization: eigenvalues found come back repeatedly, and their weights add up to that of one.
    """
    size, steps = curved.size, min(STEPS, curved.size)
    now = generator(seed, "probes").choice([-1.0, 1.0], size=(size, probes)) / math.sqrt(size)
    before, link = np.zeros_like(now), np.zeros(probes)
    diagonal, links = np.zeros((steps, probes)), np.zeros((steps, probes))
    running = np.ones(probes, dtype=bool)
    for step in range(steps):
        moved = curved.product(now) - before * link
        diagonal[step] = np.einsum("pk,pk->k", now, moved)
        moved -= now * diagonal[step]
        link = np.linalg.norm(moved, axis=0)
        running &= link > ENDED * np.abs(diagonal).max(axis=0)
        link = np.where(running, link, 0.0)
        links[step] = link
        before, now = now, np.where(running, moved / np.where(running, link, 1.0), 0.0)
        if not running.any():
            break
    parts = [linalg.eigh_tridiagonal(diagonal[:, k], links[:-1, k]) for k in range(probes)]
    nodes: Array = np.array([values for values, _ in parts])
    weights: Array = np.array([np.square(vectors[0]) for _, vectors in parts])
    return nodes, weights, size * diagonal[0]


def _over_probes(quantity: str, seen: Floats, unit: str, source: str) -> Estimate:
    """Mean with a t interval."""
    mean = float(seen.mean())
    if len(seen) < 2:
        return Estimate(quantity, mean, mean, mean, unit, 1.0, source, "of the whole matrix")
    half = half_width(mean_and_error(seen)[1], 0.95, len(seen) - 1)
    return Estimate(quantity, mean, mean - half, mean + half, unit, 0.95, source, "over random probes")
