"""Predictions and losses of many fits on one supersample: for every pair its membership, and the ghost it left out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError, name_rows
from samplewise.generalization.gap.information import ranked


@dataclass(frozen=True, slots=True, eq=False)
class SupersampleRuns:
    """Fits on s supersamples of n pairs, k each; the membership is 1 where the second row of the pair was trained on.

    Losses are chances to err: 0 or 1 for classes, anything between for bounded losses. Fits whose rows were not
    paired are held too, each row by itself, with membership 1 where it was trained on: then losses have no last axis.
    """

    selectors: Ints  # (s, k, n) in {0, 1}
    losses: Floats  # (s, k, n, 2) or, unpaired, (s, k, n), in [0, 1]
    symbols: Ints | None = None  # (s, k, n) what was predicted for the pair or row, numbered; None: unknown

    @property
    def fits(self) -> int:
        """Fits on each supersample."""
        return int(self.selectors.shape[1])

    @property
    def pairs(self) -> int:
        """Pairs in each supersample."""
        return int(self.selectors.shape[2])

    def each(self) -> Iterator[tuple[Ints, Floats, Ints | None]]:
        """Memberships (k, n), losses and symbols of one supersample after the other."""
        for number, memberships in enumerate(self.selectors):
            yield memberships, self.losses[number], None if self.symbols is None else self.symbols[number]

    def errors(self) -> tuple[float, float]:
        """Mean loss on training rows and on ghosts, both memberships of every pair weighing the same."""
        rows = self.losses if self.losses.ndim == 4 else self.losses[..., None]
        trained = self.trained()
        inside = (rows * trained).sum(axis=1) / trained.sum(axis=1)
        outside = (rows * ~trained).sum(axis=1) / (~trained).sum(axis=1)
        return float(inside.mean()), float(outside.mean())

    def trained(self) -> Array:
        """(s, k, n, 2) or, unpaired, (s, k, n, 1): whether the row was trained on."""
        second = self.selectors[..., None] == 1
        return np.concatenate([~second, second], axis=-1) if self.losses.ndim == 4 else second

    def shuffled(self, draw: np.random.Generator) -> "SupersampleRuns":
        """The same runs with every pair's memberships shuffled over the fits, so that nothing depends on them."""
        return replace(self, selectors=draw.permuted(self.selectors, axis=1))


def supersample_runs(selectors: Any, codes: Any, losses: Any, n_classes: int | None = None) -> SupersampleRuns:
    """Arrays from any fits as `SupersampleRuns`, refused where they cannot be read.

    Args:
        selectors: (k, n) or (s, k, n) in {0, 1}.
        codes: (k, n, 2) or (s, k, n, 2) predicted classes for both rows of every pair, or None.
        losses: the same shape, in [0, 1].
        n_classes: number of classes the codes run over; default: as many as occur.

    Raises:
        InputError: shapes that do not fit, selectors other than 0 and 1, a row that was always or never trained
            on, losses outside [0, 1], NaN among losses or codes, or codes outside the classes.
    """
    memberships = _with_axis(np.asarray(selectors), 3)
    lost = _with_axis(np.asarray(losses, dtype=np.float64), 4)
    if memberships.ndim != 3 or lost.shape != (*memberships.shape, 2) or not memberships.size:
        raise InputError(
            "selectors and losses do not fit together", where="losses",
            got=f"selectors {memberships.shape}, losses {lost.shape}",
            fix="pass selectors (k, n) and losses (k, n, 2): k fits, n pairs, one loss for each row of a pair",
        )  # fmt: skip
    if not np.isin(memberships, (0, 1)).all():
        raise InputError(
            "selectors are not 0 or 1", where="selectors", got=f"values such as {np.unique(memberships)[:5].tolist()}",
            fix="0 where the first row of the pair was trained on, 1 where the second was",
        )  # fmt: skip
    memberships = memberships.astype(np.intp)
    _require_both_sides(memberships)
    require_losses(lost, np.arange(memberships.shape[2]))
    symbols = None if codes is None else _pair_symbols(codes, lost.shape, n_classes)
    return SupersampleRuns(memberships, lost, symbols)


def require_losses(losses: Floats, ids: Array) -> None:
    """Refuse losses (..., n, 2) or (..., n) that are NaN or leave [0, 1], naming pairs or rows by `ids` (n,)."""
    axis = losses.ndim - 2 if losses.shape[-1] == 2 and losses.ndim > 2 else losses.ndim - 1
    others = tuple(number for number in range(losses.ndim) if number != axis)
    for bad, what, fix in (
        (np.isnan(losses), "losses hold NaN", "every fit must have a loss for both rows of every pair"),
        ((losses < 0) | (losses > 1), "losses lie outside [0, 1]",
         "pass loss_range=(low, high), and losses are rescaled to [0, 1]"),
    ):  # fmt: skip
        found = bad.any(axis=others)
        if found.any():
            known = losses[~np.isnan(losses)]
            got = f"from {known.min():.3g} to {known.max():.3g}" if known.size else "nothing else"
            raise InputError(what, where=name_rows(ids[found]), got=got, fix=fix)


def _with_axis(values: Array, axes: int) -> Array:
    return values[None] if values.ndim == axes - 1 else values


def _require_both_sides(memberships: Ints) -> None:
    trained = memberships.sum(axis=1)
    alone = ((trained == 0) | (trained == memberships.shape[1])).any(axis=0)
    if alone.any():
        raise InputError(
            "some rows were always trained on, so nothing is known of them as ghosts",
            where=f"pairs {name_rows(np.flatnonzero(alone))}",
            got=f"{memberships.shape[1]} fits", fix="add every split's complement: selectors = np.vstack([U, 1 - U])",
        )  # fmt: skip


def _pair_symbols(predicted: Any, shape: tuple[int, ...], n_classes: int | None) -> Ints:
    given = _with_axis(np.asarray(predicted), 4)
    if given.shape != shape:
        raise InputError(
            "codes and losses differ in shape", where="codes", got=f"{given.shape} and {shape}",
            fix="pass one class code for each row of each pair, or codes=None",
        )  # fmt: skip
    whole = np.isfinite(given) & (given == np.rint(given)) & (given >= 0)
    whole &= given < (np.inf if n_classes is None else n_classes)
    if not whole.all():
        bad = np.flatnonzero(~whole.all(axis=(0, 1, 3)))
        raise InputError(
            "codes are not class codes", where=f"pairs {name_rows(bad)}", got=f"{given[~whole][:3].tolist()}",
            fix="pass whole numbers from 0 to n_classes - 1; drop fits that gave NaN",
        )  # fmt: skip
    codes = given.astype(np.intp)
    together = codes[..., 0] * (int(codes.max()) + 1) + codes[..., 1]
    return np.stack([ranked(one) for one in together])
