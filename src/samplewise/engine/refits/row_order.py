"""Rows sorted by a hash of their id, so that the last bit of a sum does not depend on the order they came in."""

from dataclasses import replace

import numpy as np

from samplewise.core.arrays import Ints
from samplewise.core.randomness import key_hashes
from samplewise.engine.refits.folded_rows import FoldedRows


def in_id_order(folded: FoldedRows) -> tuple[FoldedRows, Ints]:
    """The same rows sorted by the hash of their id, and the earlier position of each (n,)."""
    order = np.argsort(key_hashes(folded.runner.data.ids[folded.positions]), kind="stable")
    return replace(folded, positions=folded.positions[order]), order
