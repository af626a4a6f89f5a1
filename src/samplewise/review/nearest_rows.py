"""The rows most like one row, for those that the audit's record shows no nearest rows of."""

import threading
from functools import cached_property

import numpy as np

from samplewise.core.arrays import Floats, Ints
from samplewise.core.errors import InputError
from samplewise.core.randomness import hashed_order
from samplewise.data.dataset import Dataset
from samplewise.engine.models.feature_encoding import SpaceEncoder

MOST = 5000  # rows among which the nearest is looked for: of more as many are drawn


class NearestRows:
    """The nearest of at most 5,000 rows, as soon as these have been encoded on a thread of its own.

    Args:    data: n rows.
    Cost:    encoding 5,000 rows once; of `nearest`, encoding one and O(5,000 d).
    """

    def __init__(self, data: Dataset) -> None:
        self._data = data
        self._encoded: tuple[SpaceEncoder, Floats] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to encode the rows, where that was not begun; nobody waits for it."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._encode, name="nearest rows of the review", daemon=True)
            self._thread.start()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the rows are encoded, or for so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def nearest(self, position: int, members: Ints) -> int | None:
        """The row nearest to one among some others; None where none of these was drawn, or nothing is encoded yet.

        Args:    position: of the row.   members: (k,) positions of the others.
        """
        if self._encoded is None:
            return None
        encoder, space = self._encoded
        places = np.flatnonzero(np.isin(self._rows, members) & (self._rows != position))
        if not len(places):
            return None
        own = encoder(self._data.take(np.array([position])).X)
        return int(self._rows[places[np.square(space[places] - own).sum(axis=1).argmin()]])

    @cached_property
    def _rows(self) -> Ints:
        count = len(self._data)
        return np.arange(count) if count <= MOST else np.sort(hashed_order(0, self._data.ids, "nearest")[:MOST])

    def _encode(self) -> None:
        drawn = self._data.take(self._rows)
        try:
            encoder = SpaceEncoder(drawn.X, columns=drawn.columns)
            self._encoded = encoder, encoder(drawn.X)
        except (InputError, OSError):  # a picture that cannot be opened: cards then show no nearest rows
            return
