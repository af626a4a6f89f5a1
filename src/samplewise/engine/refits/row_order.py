"""Rows of a part in an order of their own, so that the last bit of a sum does not depend on how they came in."""

from dataclasses import replace

import numpy as np

from samplewise.core.arrays import Ints
from samplewise.core.randomness import key_hashes
from samplewise.engine.refits.parts import Part


def in_id_order(part: Part) -> tuple[Part, Ints]:
    """The same part with its rows sorted by the hash of their id, and where each of them stood (n,)."""
    order = np.argsort(key_hashes(part.runner.data.ids[part.positions]), kind="stable")
    return replace(part, positions=part.positions[order]), order
