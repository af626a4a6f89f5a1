"""What a linear model trained for some time would predict without each row: all rows from one eigendecomposition.

A filter of the matrix without a row is no small update of the filter of the whole matrix, but a resolvent is:
(K_-i - z)^-1 follows from (K - z)^-1 by a rank-b correction. With the filter as a sum of poles, and G_p = (K - z_p)^-1,

    delta_i = (phi - phi_-)(K) r + sum_p w_p G_p[:, i] G_p[ii]^-1 (G_p r)[i]

is the change of the dual coefficients, phi being the filter of training on all rows and phi_- on one row fewer. In the
eigenbasis U every G_p is diagonal, so changes are kept as U^T delta_i (c, r) and no n by n matrix but U is needed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.engine.closed_form.filters import DescentFilter, Filter
from samplewise.engine.closed_form.pole_fitting import PartialFractions, partial_fractions
from samplewise.engine.closed_form.spectrum import NOISE, Spectrum
from samplewise.engine.statistics.means import standard_error

Route = Literal["poles", "steps", "row by row"]
NUMBERS_AT_ONCE = 2**21  # of a block of rows in the eigenbasis
STEPS_PER_DIRECTION = 100  # up to so many, going the steps is cheaper than an eigendecomposition per row
SPREAD_ROWS = 256
LARGE_GROUP = 0.25  # share of all directions from which on one eigendecomposition is cheaper than solves per pole
MOST_WORK = 3e13  # multiplications of one eigendecomposition per row


@dataclass(frozen=True, slots=True, eq=False)
class RowChanges:
    """What each of n rows changes."""

    functional: Floats  # (n,) mean over the evaluation rows of the squared change of their outputs, summed over outputs
    functional_error: Floats  # (n,) its standard error over the evaluation rows
    weights: Floats  # (n,) squared distance by which the weights move
    own: Floats  # (n, b, c) output at the row with it minus without it


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationRows:
    """Where changes of outputs are measured: a mean over queries, and some of them for its standard error."""

    form: Floats  # (r,) diagonal or (r, r) second moments, or (m b, r) the queries themselves
    kind: Literal["diagonal", "moments", "queries"]
    sample: Floats  # (j, b, r)
    count: int  # m

    @classmethod
    def training_rows(cls, spectrum: Spectrum) -> "EvaluationRows":
        """The training rows themselves: no product is needed."""
        sample = spectrum.vectors(_spread_over(spectrum.count)) * spectrum.values
        return cls(np.square(spectrum.values) / spectrum.count, "diagonal", sample, spectrum.count)

    @classmethod
    def at(cls, seen: Floats) -> "EvaluationRows":
        """Queries in the basis of the spectrum (m, b, r)."""
        flat, sample = seen.reshape(-1, seen.shape[-1]), seen[_spread_over(len(seen))]
        if len(flat) <= flat.shape[1]:
            return cls(flat, "queries", sample, len(seen))
        return cls(flat.T @ flat / len(seen), "moments", sample, len(seen))

    def mean_square(self, changes: Floats) -> Floats:
        """(q,) mean over the queries of the squared change of their outputs, for changes (q, c, r)."""
        flat = changes.reshape(-1, changes.shape[-1])
        if self.kind == "diagonal":
            squares = np.square(flat) @ self.form
        elif self.kind == "queries":
            squares = np.square(flat @ self.form.T).sum(axis=1) / self.count
        else:
            squares = np.einsum("qr,qr->q", flat @ self.form, flat)
        return np.asarray(squares.reshape(changes.shape[:2]).sum(axis=1))

    def standard_error(self, changes: Floats) -> Floats:
        """(q,) of that mean, from the spread over at most 256 of the evaluation rows; NaN for a single one."""
        rows, width, r = self.sample.shape
        if rows < 2:
            return np.full(len(changes), np.nan)
        moved = changes.reshape(-1, r) @ self.sample.reshape(-1, r).T
        squares = np.square(moved).reshape(len(changes), -1, rows, width).sum(axis=(1, 3))
        return standard_error(squares, axis=1)


def _spread_over(count: int) -> Ints:
    """At most 256 positions, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, min(count, SPREAD_ROWS)).astype(np.intp))


@dataclass(slots=True, eq=False)
class StoppedDeletion:
    """Training of a linear model from its start to a stopping time, with and without rows.

    Args:
        spectrum: of the kernel between the n rows.
        residuals: (n, b, c) targets minus outputs at the start.
        whole: the filter of training on all rows.
        without: rows left out -> the filter of training on the others.
        route: how changes are found; None: by poles where the filter has them, else by going the steps for all rows at
            once, else by an eigendecomposition per row.

    Cost: after the spectrum, O(p n r (b + c)), p the number of poles (about 8), and one product with the evaluation
        rows.
    Source: harutyunyan2021 (the quantities), nakatsukasa2018 (the poles); the update is derived in the docs.
    """

    spectrum: Spectrum
    residuals: Floats
    whole: Filter
    without: Callable[[int], Filter]
    route: Route | None = None
    _coordinates: Floats = field(init=False)  # (r, c) U^T r
    _poles: dict[int, PartialFractions | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Residuals in the eigenbasis, and the way for single rows."""
        s, c = self.spectrum, self.residuals.shape[-1]
        self._coordinates = np.zeros((len(s.values), c))
        for rows in self._blocks():
            block = s.vectors(rows)
            self._coordinates += np.einsum("qbr,qbc->rc", block, self.residuals[rows], optimize=True)
        self.route = self._route(1) if self.route is None else self.route

    @property
    def fit_error(self) -> float:
        """Worst error of the poles relative to the filter; 0 where none are used."""
        found = self._poles_for(1) if self.route == "poles" else None
        return 0.0 if found is None else found.error

    @property
    def trained(self) -> Floats:
        """(c, r) what training on all rows did to the dual coefficients, in the eigenbasis."""
        return np.asarray((self.whole(self.spectrum.values)[:, None] * self._coordinates).T)

    def fitted(self) -> Floats:
        """(n, b, c) outputs of training on all rows minus those at the start."""
        moved = self.trained * self.spectrum.values
        return np.concatenate([np.einsum("qbr,cr->qbc", self.spectrum.vectors(rows), moved) for rows in self._blocks()])

    def outputs_at(self, seen: Floats) -> Floats:
        """(m, b, c) the same at queries in the basis of the spectrum (m, b, r)."""
        return np.asarray(np.einsum("mbr,cr->mbc", seen, self.trained, optimize=True))

    def row_changes(self, evaluated_rows: EvaluationRows) -> RowChanges:
        """What each row changes; one pass over the rows."""
        parts = []
        for block, changes in self._changes():
            far = np.square(changes).sum(axis=1) @ self.spectrum.values
            own = np.matmul(block * self.spectrum.values, changes.transpose(0, 2, 1))
            parts.append((evaluated_rows.mean_square(changes), evaluated_rows.standard_error(changes), far, own))
        return RowChanges(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def query_change(self, seen: Floats) -> Floats:
        """(m, n, b, c) output at each query with each row minus without it. Memory: 8 m n b c bytes."""
        parts = [np.einsum("mbr,qcr->mqbc", seen, changes, optimize=True) for _, changes in self._changes()]
        return np.concatenate(parts, axis=1)

    def group_change(self, rows: Ints) -> Floats:
        """(c, r) change of the dual coefficients, in the eigenbasis, when all these rows go."""
        count = len(rows)
        block = self.spectrum.vectors(rows).reshape(1, -1, len(self.spectrum.values))
        residuals = self.residuals[rows].reshape(1, block.shape[1], -1)
        route = "row by row" if block.shape[1] > LARGE_GROUP * block.shape[2] else self._route(count)
        return self._changes_of(block, residuals, count, route)[0]

    def _changes(self) -> Iterator[tuple[Floats, Floats]]:
        """Blocks of rows: their vectors (q, b, r) and changes (q, c, r)."""
        for rows in self._blocks():
            block = self.spectrum.vectors(rows)
            yield block, self._changes_of(block, self.residuals[rows], 1, self.route)

    def _changes_of(self, block: Floats, residuals: Floats, count: int, route: Route | None) -> Floats:
        if route == "steps":
            return self.trained - self._by_steps(block, residuals, count)
        if route == "row by row":
            return self.trained - self._row_by_row(block, residuals, count)
        poles = self._poles_for(count)
        if poles is None:
            raise InputError(
                "no sum of poles approximates this filter", got=repr(self.without(count)), fix="leave route out"
            )
        values = self.spectrum.values
        gap = (self.whole(values) - self.without(count)(values))[:, None] * self._coordinates
        return gap.T + self._by_poles(block, residuals, poles)

    def _by_poles(self, block: Floats, residuals: Floats, poles: PartialFractions) -> Floats:
        """(q, c, r) sum_p Re w_p U_i' G_p[ii]^-1 (G_p r)[i] / (s - z_p)."""
        (q, b, r), c, p = block.shape, residuals.shape[-1], len(poles.poles)
        resolvents = 1.0 / (self.spectrum.values - poles.poles[:, None])  # (p, r)
        held = resolvents[:, :, None] * self._coordinates  # (p, r, c)
        answers = _times(block.reshape(q * b, r), held.transpose(1, 0, 2).reshape(r, p * c))
        answers = answers.reshape(q, b, p, c).transpose(0, 2, 1, 3)  # (q, p, b, c) of G_p r
        own = _own_blocks(block, resolvents)  # (q, p, b, b)
        if not self.spectrum.complete:
            beyond = -1.0 / poles.poles[None, :, None, None]
            rest = residuals - np.einsum("qbr,rc->qbc", block, self._coordinates, optimize=True)
            answers = answers + beyond * rest[:, None]
            own = own + beyond * (np.eye(b) - np.matmul(block, block.transpose(0, 2, 1)))[:, None]
        steps = answers / own if b == 1 else np.linalg.solve(own, answers)
        steps = steps * poles.weights[:, None, None]
        changes = np.empty((q, c, r))
        for output in range(c):
            total = changes[:, output]
            for place in range(b):
                held_back = _real_times(steps[:, :, place, output], resolvents)
                if place == 0:
                    np.multiply(block[:, 0], held_back, out=total)
                else:
                    total += block[:, place] * held_back
        return changes

    def _by_steps(self, block: Floats, residuals: Floats, count: int) -> Floats:
        """(q, c, r) dual coefficients of training without each row, by gradient descent on all of them at once.

        The coefficient of a row left out stays 0, which in the eigenbasis is a correction of rank b of every step.
        """
        phi = self.without(count)
        if not isinstance(phi, DescentFilter):
            raise InputError("only gradient descent has steps", got=repr(phi), fix="leave route out")
        values, shrink, start = self.spectrum.values, self.spectrum.values + phi.ridge, self._coordinates.T
        seen = block * values
        state = np.zeros((len(block), residuals.shape[-1], len(values)))
        velocity = np.zeros_like(state)
        for _ in range(phi.steps):
            missing = residuals - np.matmul(seen, state.transpose(0, 2, 1))  # (q, b, c)
            velocity *= phi.momentum
            velocity += start - shrink * state - np.matmul(missing.transpose(0, 2, 1), block)
            state += phi.rate * velocity
        return state

    def _row_by_row(self, block: Floats, residuals: Floats, count: int) -> Floats:
        """(q, c, r) the same by one eigendecomposition per row, in the space of the weights."""
        r, phi = len(self.spectrum.values), self.without(count)
        if self.spectrum.count * float(r) ** 3 > MOST_WORK:
            raise InputError(
                "this stopping time has no fast form, and an eigendecomposition for each row is out of reach here",
                got=f"{phi!r}, {self.spectrum.count:,} rows in {r:,} directions",
                fix="use another number of steps, a ridge, or fewer rows",
            )  # fmt: skip
        root = np.sqrt(self.spectrum.values)
        inverse = np.divide(1.0, root, out=np.zeros_like(root), where=root > 0)
        found = np.empty((len(block), residuals.shape[-1], r))
        for place, (vectors, missing) in enumerate(zip(block, residuals, strict=True)):
            own = vectors * root
            values, basis = np.linalg.eigh(np.diag(self.spectrum.values) - own.T @ own)
            pull = basis.T @ (root[:, None] * (self._coordinates - vectors.T @ missing))
            # What the row alone reached is a null direction now; the pull along it is rounding, phi there is the time.
            reached = np.where(values > NOISE * values[-1], phi(np.maximum(values, 0.0)), 0.0)
            found[place] = (inverse[:, None] * (basis @ (reached[:, None] * pull))).T
        return found

    def _route(self, count: int) -> Route:
        """The fastest way that is right for so many rows left out together."""
        if self._poles_for(count) is not None:
            return "poles"
        phi = self.without(count)
        short = isinstance(phi, DescentFilter) and phi.steps <= STEPS_PER_DIRECTION * len(self.spectrum.values)
        return "steps" if short else "row by row"

    def _poles_for(self, count: int) -> PartialFractions | None:
        if count not in self._poles:
            self._poles[count] = partial_fractions(self.without(count), float(self.spectrum.values.max()))
        return self._poles[count]

    def _blocks(self) -> Iterator[slice]:
        width = len(self.spectrum.values) * max(self.spectrum.width, self.residuals.shape[-1])
        size = max(1, NUMBERS_AT_ONCE // width)
        return (slice(start, start + size) for start in range(0, self.spectrum.count, size))


def _own_blocks(block: Floats, resolvents: Array) -> Array:
    """(q, p, b, b) diagonal blocks of every resolvent, for vectors (q, b, r) and resolvents (p, r)."""
    if block.shape[1] == 1:
        return _times(np.square(block[:, 0]), resolvents.T)[:, :, None, None]
    turned = block.transpose(0, 2, 1)
    parts = [np.matmul(block * one.real, turned) + 1j * np.matmul(block * one.imag, turned) for one in resolvents]
    return np.stack(parts, axis=1)


def _times(real: Floats, matrix: Array) -> Array:
    """Real times complex, as two real products side by side."""
    width = matrix.shape[1]
    both = real @ np.hstack([matrix.real, matrix.imag])
    return np.asarray(both[:, :width] + 1j * both[:, width:])


def _real_times(left: Array, right: Array) -> Floats:
    """Real part of a product of complex matrices, as one real product."""
    return np.asarray(np.hstack([left.real, -left.imag]) @ np.vstack([right.real, right.imag]))
