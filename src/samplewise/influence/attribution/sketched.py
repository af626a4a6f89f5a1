"""Influence from short sketches of the gradients: what to do when the n by n Gram matrix would not fit."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy import linalg

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.engine.gradients.gradient_sources import Source
from samplewise.influence.attribution.attribution_method import Settings
from samplewise.influence.attribution.empirical_fisher import MARGIN_RIDGE, mean_doubt

ROWS_AT_ONCE = 8192


@dataclass(frozen=True, slots=True, eq=False)
class Sketched:
    """S = mean_t[psi~' (F~'F~ + r I)^-1 F~'] mean_t[1 - p_i], with sketches F~ (n, k) of the margin gradients.

    Sketches keep inner products in the mean, with an error that falls as 1 / sqrt(k). Without a ridge a k near n sits
    on the interpolation peak, where the result is noise; so a ridge of 0 is refused there.

    Cost: O(n (p / width + k log k + k^2)), memory 4 n k bytes.   Source: park2023, pham2013.
    """

    sources: tuple[Source, ...]
    sketches: tuple[Floats, ...]  # (n, k) each
    factors: tuple[Any, ...]  # Cholesky of F~'F~ + r I
    doubt: Floats  # (n,)
    ids: Array
    ridge: float
    seed: int
    scratch: Any = None  # a temporary folder lives as long as what it holds

    @classmethod
    def prepare(cls, sources: tuple[Source, ...], train: Any, settings: Settings) -> "Sketched":
        """One sketch per model, streamed to the folder; an interrupted run goes on there."""
        ridge = MARGIN_RIDGE if settings.ridge is None else settings.ridge
        scratch = None if settings.folder else TemporaryDirectory(prefix="samplewise-")
        folder = Path(scratch.name) if scratch else settings.folder or Path()
        found = [
            source.sketches(train, "margin", settings.size, settings.seed, folder / f"model{place}")
            for place, source in enumerate(sources)
        ]
        ids, sketches = found[0].ids, tuple(own.sketch for own in found)
        _require_apart(settings.size, len(ids), ridge)
        doubt = mean_doubt([own.values for own in found])
        factors = tuple(_factor(sketch, ridge) for sketch in sketches)
        return cls(tuple(sources), sketches, factors, doubt, ids, ridge, settings.seed, scratch)

    def effects(self, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m, n) effects."""
        solved, query_ids = self._solved(queries, target)
        total = solved[0] @ self.sketches[0].T
        for own, sketch in zip(solved[1:], self.sketches[1:], strict=True):
            total += own @ sketch.T
        return total * (self.doubt / len(self.sources)), query_ids

    def group_effect(self, rows: Ints, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m,) sum over the group, to first order."""
        solved, query_ids = self._solved(queries, target)
        steps = [own @ (sketch[rows].T @ self.doubt[rows]) for own, sketch in zip(solved, self.sketches, strict=True)]
        return np.mean(steps, axis=0), query_ids

    def self_influence(self) -> Floats:
        """(n,) (1 - p_i)^2 times the leverage of the sketched row."""
        leverages = []
        for factor, sketch in zip(self.factors, self.sketches, strict=True):
            blocks = [sketch[start : start + ROWS_AT_ONCE] for start in range(0, len(sketch), ROWS_AT_ONCE)]
            leverages.append(
                np.concatenate([np.sum(block.T * linalg.cho_solve(factor, block.T), axis=0) for block in blocks])
            )
        return np.square(self.doubt) * np.mean(leverages, axis=0)

    def _solved(self, queries: Any, target: Any) -> tuple[list[Floats], Array]:
        solved, query_ids = [], np.empty(0)
        for source, factor, sketch in zip(self.sources, self.factors, self.sketches, strict=True):
            queried = source.gradients(queries, target)
            own = queried.sketch(sketch.shape[1], seed=self.seed)
            solved.append(linalg.cho_solve(factor, own.T).T.astype(sketch.dtype, copy=False))
            query_ids = queried.ids
        return solved, query_ids


def _factor(sketch: Floats, ridge: float) -> Any:
    moment = np.zeros((sketch.shape[1],) * 2)
    for start in range(0, len(sketch), ROWS_AT_ONCE):
        block = np.asarray(sketch[start : start + ROWS_AT_ONCE], dtype=np.float64)
        moment += block.T @ block
    moment[np.diag_indices_from(moment)] += max(ridge, 1e-9) * np.trace(moment) / len(sketch)
    return linalg.cho_factor(moment, overwrite_a=True, check_finite=False)


def _require_apart(size: int, count: int, ridge: float) -> None:
    if ridge == 0 and 2 * size > count:
        raise InputError(
            "a sketch this long needs a ridge: with nearly as many coordinates as rows its result is noise",
            where=f"size={size}, {count} rows", got="ridge=0",
            fix=f'use ridge="auto", or a size of at most {count // 2}',
        )  # fmt: skip
