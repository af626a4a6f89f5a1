"""Held-out outputs of models that exist already, in place of a first round of fits."""

from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Array, Floats, Mask
from samplewise.core.errors import InputError
from samplewise.engine.refits import FoldedRows, Refits


@dataclass(frozen=True, eq=False)
class ReadRows(FoldedRows):
    """Rows whose first held-out outputs exist already; later rounds are fitted.

    Args:
        known: (n, c) outputs of models that did not see the row, NaN where there are none.
    """

    known: Floats | None = None

    @property
    def needs_fits(self) -> bool:
        """Whether even the first outputs take fits."""
        return self.known is None and super().needs_fits

    def held_out_outputs(self, *, keep: Mask | None = None, codes: Array | None = None) -> Floats:
        """(n, c) as of any folded rows; with all rows trained on their given labels they are read, not fitted."""
        if self.known is not None and keep is None and codes is None:
            return self.known
        return FoldedRows.held_out_outputs(self, keep=keep, codes=codes)


def read_refits(folded: FoldedRows, refits: Refits) -> ReadRows:
    """The rows with the mean output of the models that saw neither the row nor a row of its group."""
    _require_same_data(folded, refits)
    groups = folded.runner.groups
    numbers = np.arange(len(folded)) if groups is None else np.unique(groups, return_inverse=True)[1]
    total, counts = np.zeros((len(folded), refits.outputs.shape[2])), np.zeros(len(folded))
    for inside, outputs in zip(refits.inside, refits.outputs, strict=True):
        trained = np.zeros(int(numbers.max()) + 1, dtype=bool)
        trained[numbers[inside]] = True
        outside = ~trained[numbers]
        total[outside] += outputs[outside]
        counts += outside
    if not counts.any():
        raise InputError(
            "every model of these refits saw every row", where="refits", got=f"{len(refits)} models",
            fix='pass refits of a design that leaves rows out: "folds", "halves"',
        )  # fmt: skip
    known = np.full_like(total, np.nan)
    known[counts > 0] = total[counts > 0] / counts[counts > 0, None]
    return ReadRows(folded.runner, folded.positions, folded.all_folds, folded.ordered, known=known)


def _require_same_data(folded: FoldedRows, refits: Refits) -> None:
    refits.require_rows(folded.data.ids)
    width = max(folded.class_count, 1)
    if refits.outputs.shape[2] != width:
        raise InputError(
            "these refits are of other labels", where="refits",
            got=f"{refits.outputs.shape[2]} outputs a row for {width}",
            fix="pass refits of exactly this data, or leave them out",
        )  # fmt: skip
