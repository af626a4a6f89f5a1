"""Kernel ridge on given targets, seen through the eigenpairs of the kernel: norms, fitted and left-out outputs."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from samplewise.core.arrays import Floats
from samplewise.engine.kernels import Spectrum

NULL = 1e-12  # share of the largest eigenvalue below which a direction is no part of a kernel
RESIDUE = 1e-10  # share of the targets' squared length that rounding leaves in directions they do not have


@dataclass(frozen=True, eq=False)
class RowSolution:
    """f = K (K + ridge)^-1 Y for n rows; axis N is n rows times the b outputs that have kernels of their own."""

    spectrum: Spectrum
    targets: Floats  # (n, c)
    ridge: float

    @cached_property
    def vectors(self) -> Floats:
        """(N, r) eigenvectors."""
        return self.spectrum.vectors(slice(None)).reshape(-1, len(self.spectrum.values))

    @cached_property
    def given(self) -> Floats:
        """(N, c / b) targets as the spectrum takes them."""
        return self.targets.reshape(len(self.vectors), -1)

    @cached_property
    def kept(self) -> Floats:
        """(r,) 1 for directions that are part of the kernel, 0 for those that are rounding."""
        values = self.spectrum.values
        return np.asarray(values > NULL * values.max(), dtype=np.float64)

    @cached_property
    def inverse(self) -> Floats:
        """(r,) 1 / (s + ridge), and 0 where that has no end."""
        shifted = self.spectrum.values * self.kept + self.ridge
        return np.where(shifted > 0, 1.0 / np.where(shifted > 0, shifted, 1.0), 0.0)

    @cached_property
    def coordinates(self) -> Floats:
        """(r, c / b) targets in the eigenbasis."""
        return self.vectors.T @ self.given

    @cached_property
    def outside(self) -> Floats:
        """(N, c / b) what of the targets no function of this kernel can say."""
        return self.given - (self.vectors * self.kept) @ self.coordinates

    @property
    def singular(self) -> bool:
        """Whether some directions are missing and no ridge stands in for them."""
        return self.ridge == 0 and not (self.spectrum.complete and bool(self.kept.all()))

    @property
    def endless(self) -> bool:
        """Whether the targets ask for such a direction: no function of the kernel fits them."""
        return self.singular and bool(np.square(self.outside).sum() > RESIDUE * np.square(self.given).sum())

    @property
    def weights(self) -> Floats:
        """(r,) s / (s + ridge)^2: what a unit of target in a direction adds to the squared norm."""
        return np.asarray(self.spectrum.values * self.kept * np.square(self.inverse))

    @property
    def squared_norm(self) -> float:
        """|f|^2 in the space of the kernel."""
        return np.inf if self.endless else float(self.weights @ np.square(self.coordinates).sum(axis=1))

    @cached_property
    def duals(self) -> Floats:
        """(N, c / b) (K + ridge)^-1 Y, infinite where nothing holds it."""
        found = self.vectors @ (self.inverse[:, np.newaxis] * self.kept[:, np.newaxis] * self.coordinates)
        if self.ridge > 0:
            return found + self.outside / self.ridge
        if self.endless:
            reach = np.abs(self.outside) > np.sqrt(RESIDUE) * np.abs(self.given).max()
            found[reach] = np.copysign(np.inf, self.outside[reach])
        return found

    @property
    def fitted(self) -> Floats:
        """(n, c) outputs f."""
        if self.ridge > 0:
            return (self.given - self.ridge * self.duals).reshape(self.targets.shape)
        return (self.given - self.outside).reshape(self.targets.shape)

    def held_out_residuals(self) -> Floats:
        """(n, c) target minus output of the solution without the row: C_ii^-1 (C Y)_i, C = (K + ridge)^-1."""
        width = self.spectrum.width
        if width == 1:
            own = np.square(self.vectors) * self.kept
            diagonal = own @ self.inverse
            if self.ridge > 0:
                diagonal += np.maximum(1.0 - own.sum(axis=1), 0.0) / self.ridge
            return np.asarray(self.duals / diagonal[:, np.newaxis])
        vectors = self.vectors.reshape(self.spectrum.count, width, -1)
        blocks = (vectors * self.inverse) @ vectors.transpose(0, 2, 1)  # (n, b, b)
        return np.asarray(np.linalg.solve(blocks, self.duals.reshape(-1, width, 1)))[:, :, 0]

    @property
    def unreachable(self) -> float:
        """Share of the targets' squared length in directions whose eigenvalue the ridge outweighs (0..1)."""
        reached = self.kept * (self.spectrum.values >= self.ridge)
        within = float(reached @ np.square(self.coordinates).sum(axis=1))
        size = float(np.square(self.given).sum())
        return min(1.0, max(0.0, 1.0 - within / size)) if size else 0.0

    @property
    def condition(self) -> float:
        """Largest over smallest eigenvalue, the ridge added to both."""
        if self.singular:
            return np.inf
        values = self.spectrum.values
        least = float(values.min()) if self.spectrum.complete else 0.0
        return (float(values.max()) + self.ridge) / (least + self.ridge)

    def of_random_targets(self) -> tuple[float, float]:
        """Mean and standard deviation of the squared norm where every row's targets are drawn anew.

        Rows are independent, centred, as long as those given and of their second moment over columns; exact for signs
        and for labels of equally likely classes.
        """
        if self.singular:
            return np.inf, np.nan
        width, moment = self.spectrum.width, self.targets.T @ self.targets / len(self.targets)
        if width == 1:
            own = np.square(self.vectors) @ self.weights
            off_diagonal = max(0.0, float(np.square(self.weights).sum() - np.square(own).sum()))
            return float(own.sum() * np.trace(moment)), float(np.sqrt(2.0 * np.square(moment).sum() * off_diagonal))
        vectors = self.vectors.reshape(self.spectrum.count, width, -1)
        blocks = (vectors * self.weights) @ vectors.transpose(0, 2, 1)  # (n, b, b)
        scaled = np.sqrt(self.weights)[:, np.newaxis]
        seen = scaled * (self.vectors.T @ (moment @ vectors).reshape(len(self.vectors), -1)) * scaled.T
        own_parts = blocks @ moment
        own = np.einsum("nab,nba->", own_parts, own_parts)
        off_diagonal = max(0.0, float((seen * seen.T).sum() - own))
        return float(np.einsum("nab,ba->", blocks, moment)), float(np.sqrt(2.0 * off_diagonal))
