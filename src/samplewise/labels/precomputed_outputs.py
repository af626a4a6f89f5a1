"""Held-out outputs of models that exist already, in the place of a first round of fits."""

from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Array, Floats, Mask
from samplewise.core.errors import InputError
from samplewise.engine.refits import Part, Refits


@dataclass(frozen=True, eq=False)
class ReadPart(Part):
    """A part whose first held-out outputs exist already; later rounds are fitted.

    Args:
        known: (n, c) outputs of models that did not see the row, NaN where there are none.
    """

    known: Floats | None = None

    @property
    def needs_fits(self) -> bool:
        """Whether even the first outputs take fits."""
        return self.known is None and super().needs_fits

    def held_out_outputs(self, *, keep: Mask | None = None, codes: Array | None = None) -> Floats:
        """(n, c) as of any part; with all rows teaching the given labels they are read, not made."""
        if self.known is not None and keep is None and codes is None:
            return self.known
        return Part.held_out_outputs(self, keep=keep, codes=codes)


def read_refits(part: Part, refits: Refits) -> ReadPart:
    """The part with the mean output of the models that saw neither the row nor a row of its group."""
    _require_same_data(part, refits)
    groups = part.runner.groups
    numbers = np.arange(len(part)) if groups is None else np.unique(groups, return_inverse=True)[1]
    total, looks = np.zeros((len(part), refits.outputs.shape[2])), np.zeros(len(part))
    for inside, outputs in zip(refits.inside, refits.outputs, strict=True):
        taught = np.zeros(int(numbers.max()) + 1, dtype=bool)
        taught[numbers[inside]] = True
        outside = ~taught[numbers]
        total[outside] += outputs[outside]
        looks += outside
    if not looks.any():
        raise InputError(
            "every model of these refits saw every row", where="refits", got=f"{len(refits)} models",
            fix='pass refits of a design that leaves rows out: "folds", "halves"',
        )  # fmt: skip
    known = np.full_like(total, np.nan)
    known[looks > 0] = total[looks > 0] / looks[looks > 0, None]
    return ReadPart(part.runner, part.positions, part.all_folds, part.ordered, known=known)


def _require_same_data(part: Part, refits: Refits) -> None:
    refits.require_rows(part.data.ids)
    width = max(part.class_count, 1)
    if refits.outputs.shape[2] != width:
        raise InputError(
            "these refits are of other labels", where="refits",
            got=f"{refits.outputs.shape[2]} outputs a row for {width}",
            fix="pass refits of exactly this data, or leave them out",
        )  # fmt: skip
