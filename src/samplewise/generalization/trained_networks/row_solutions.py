"""Kernel ridge on given targets, from the eigenpairs of the kernel: norms, fitted and left-out outputs.

Axis N is n rows times the b outputs that have kernels of their own; b is 1 where all outputs share one.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.engine.closed_form import Spectrum

NULL = 1e-12  # share of the largest eigenvalue below which a direction is no part of a kernel
RESIDUE = 1e-10  # share of the targets' squared length that rounding leaves in directions they do not have


@dataclass(frozen=True, eq=False)
class RowInverse:
    """(K + ridge)^-1 for n rows, and what of it does not depend on the targets."""

    spectrum: Spectrum
    ridge: float

    @cached_property
    def vectors(self) -> Floats:
        """(N, r) eigenvectors of directions that are part of the kernel; zero for those that are rounding."""
        vectors = self.spectrum.vectors(slice(None)).reshape(-1, len(self.spectrum.values))
        return vectors if self.kept.all() else vectors * self.kept

    @cached_property
    def kept(self) -> Mask:
        """(r,) whether a direction is part of the kernel."""
        return np.asarray(self.spectrum.values > NULL * self.spectrum.values.max())

    @cached_property
    def inverse(self) -> Floats:
        """(r,) 1 / (s + ridge), and 0 outside of the kernel."""
        return np.where(self.kept, 1.0 / np.where(self.kept, self.spectrum.values + self.ridge, 1.0), 0.0)

    @property
    def weights(self) -> Floats:
        """(r,) s / (s + ridge)^2: what a unit of target in a direction adds to the squared norm."""
        return np.asarray(self.spectrum.values * np.square(self.inverse))

    @property
    def singular(self) -> bool:
        """Whether some directions are missing and there is no ridge."""
        return self.ridge == 0 and not (self.spectrum.complete and bool(self.kept.all()))

    @property
    def condition(self) -> float:
        """Largest over smallest eigenvalue, the ridge added to both."""
        if self.singular:
            return np.inf
        values = self.spectrum.values
        least = float(values.min()) if self.spectrum.complete else 0.0
        return (float(values.max()) + self.ridge) / (least + self.ridge)

    @cached_property
    def squares(self) -> Floats:
        """(N, r) of the eigenvectors' entries."""
        return np.square(self.vectors)

    def diagonal(self, values: Floats) -> Floats:
        """(N,) diagonal of the matrix with these eigenvalues (r,)."""
        return np.asarray(self.squares @ values)

    def blocks(self, values: Floats) -> Floats:
        """(n, b, b) blocks of the same on its diagonal, one per row."""
        vectors = self.vectors.reshape(self.spectrum.count, self.spectrum.width, -1)
        return np.asarray((vectors * values) @ vectors.transpose(0, 2, 1))

    @cached_property
    def own(self) -> Floats:
        """(n, b, b) each row's block of the inverse; needs a ridge, or a kernel without missing directions."""
        if self.spectrum.width > 1:
            missing = np.eye(self.spectrum.width) - self.blocks(self.kept.astype(np.float64))
            return self.blocks(self.inverse) + (missing / self.ridge if self.ridge > 0 else 0.0)
        found = self.diagonal(self.inverse)
        if self.ridge > 0:
            found += np.maximum(1.0 - self.squares.sum(axis=1), 0.0) / self.ridge
        return found[:, np.newaxis, np.newaxis]

    def block_of(self, positions: Ints) -> Floats:
        """(p, p) block of the inverse at some positions; needs a ridge, or a kernel without missing directions."""
        vectors = self.vectors[positions]
        block = (vectors * self.inverse) @ vectors.T
        if self.ridge > 0:
            block += (np.eye(len(positions)) - (vectors * self.kept) @ vectors.T) / self.ridge
        return np.asarray(block)

    def random_norm(self, moment: Floats) -> tuple[float, float]:
        """Mean and standard deviation of the squared norm where every row's targets are drawn anew.

        Rows are independent, centered, all of one length and of this second moment over columns (c, c); exact for signs
        and for labels of equally likely classes.
        """
        if self.singular:
            return np.inf, np.nan
        if self.spectrum.width == 1:
            own = self.diagonal(self.weights)
            apart = max(0.0, float(np.square(self.weights).sum() - np.square(own).sum()))
            return float(own.sum() * np.trace(moment)), float(np.sqrt(2.0 * np.square(moment).sum() * apart))
        blocks = self.blocks(self.weights) @ moment
        vectors = self.vectors.reshape(self.spectrum.count, self.spectrum.width, -1)
        scaled = np.sqrt(self.weights)[:, np.newaxis]
        seen = scaled * (self.vectors.T @ (moment @ vectors).reshape(self.vectors.shape)) * scaled.T
        apart = max(0.0, float((seen * seen.T).sum() - np.einsum("nab,nba->", blocks, blocks)))
        return float(np.trace(blocks, axis1=1, axis2=2).sum()), float(np.sqrt(2.0 * apart))


@dataclass(frozen=True, eq=False)
class RowSolution:
    """f = K (K + ridge)^-1 Y for targets (n, c)."""

    held: RowInverse
    targets: Floats

    @cached_property
    def given(self) -> Floats:
        """(N, c / b) targets as the spectrum takes them."""
        return self.targets.reshape(len(self.held.vectors), -1)

    @cached_property
    def coordinates(self) -> Floats:
        """(r, c / b) targets in the eigenbasis."""
        return np.asarray(self.held.vectors.T @ self.given)

    @cached_property
    def energy(self) -> Floats:
        """(r,) squared length of the targets along each direction."""
        return np.asarray(np.square(self.coordinates).sum(axis=1))

    @cached_property
    def outside(self) -> Floats:
        """(N, c / b) what of the targets no function of this kernel can fit."""
        return np.asarray(self.given - self.held.vectors @ self.coordinates)

    @property
    def endless(self) -> bool:
        """Whether the targets have a component in a missing direction: no function of the kernel fits them."""
        return self.held.singular and bool(np.square(self.outside).sum() > RESIDUE * np.square(self.given).sum())

    @property
    def squared_norm(self) -> float:
        """|f|^2 in the space of the kernel."""
        return np.inf if self.endless else float(self.held.weights @ self.energy)

    @cached_property
    def duals(self) -> Floats:
        """(N, c / b) (K + ridge)^-1 Y, infinite where nothing holds it."""
        found = self.held.vectors @ (self.held.inverse[:, np.newaxis] * self.coordinates)
        if self.held.ridge > 0:
            return np.asarray(found + self.outside / self.held.ridge)
        if self.endless:
            reach = np.abs(self.outside) > np.sqrt(RESIDUE) * np.abs(self.given).max()
            found[reach] = np.copysign(np.inf, self.outside[reach])
        return np.asarray(found)

    @property
    def fitted(self) -> Floats:
        """(n, c) outputs f."""
        left = self.held.ridge * self.duals if self.held.ridge > 0 else self.outside
        return (self.given - left).reshape(self.targets.shape)

    def held_out_residuals(self, groups: Array | None = None) -> Floats:
        """(n, c) target minus output of the solution without the row, or without the rows of its group (n,).

        C_gg^-1 (C Y)_g for the rows g that are left out together, C = (K + ridge)^-1.
        """
        width = self.held.spectrum.width
        if width == 1:
            left_out = np.asarray(self.duals / self.held.own[:, 0])
        else:
            left_out = np.asarray(np.linalg.solve(self.held.own, self.duals.reshape(-1, width, 1)))[:, :, 0]
        for rows in _together(groups):
            positions = (rows[:, np.newaxis] * width + np.arange(width)).ravel()
            found = np.linalg.solve(self.held.block_of(positions), self.duals[positions])
            left_out[rows] = found.reshape(len(rows), -1)
        return left_out

    @property
    def unreachable(self) -> float:
        """Share of the targets' squared length in directions whose eigenvalue the ridge outweighs (0..1)."""
        within = float(self.energy[self.held.spectrum.values >= self.held.ridge].sum())
        size = float(np.square(self.given).sum())
        return min(1.0, max(0.0, 1.0 - within / size)) if size else 0.0


def _together(groups: Array | None) -> list[Ints]:
    """Positions of the rows of every group of two rows or more."""
    if groups is None:
        return []
    _, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.argsort(member.reshape(-1), kind="stable")
    return [rows for rows in np.split(order, np.cumsum(sizes)[:-1]) if len(rows) > 1]
