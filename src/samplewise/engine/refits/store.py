"""Outputs of finished fits, in memory and in the run folder, so that no fit is made twice, even after a crash."""

import contextlib
import os
from pathlib import Path

import numpy as np

from samplewise.core.arrays import Array

ROUNDED = 1e-5  # how far single precision may move an output, relative to the spread of all: their third decimal stays


class FitStore:
    """Outputs by key; with a folder, each is written as it is finished and read back by the next run.

    A file is complete or absent: it is written under another name and renamed. A disk that is full or read-only costs
    the resume, never the result.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is made on the first write."""
        self.folder = folder
        self.reused = 0
        self.made = 0
        self._memory: dict[str, Array] = {}

    def get(self, key: str) -> Array | None:
        """The outputs under this key, or None."""
        if key not in self._memory and self.folder is not None:
            with contextlib.suppress(OSError, ValueError, EOFError):
                self._memory[key] = np.load(self.folder / f"{key}.npy", allow_pickle=False)
                self.reused += 1
        return self._memory.get(key)

    def put(self, key: str, outputs: Array) -> Array:
        """Keep outputs, as float32 where that is precise enough, in memory and, where there is a folder, on disk."""
        outputs = _compact(np.asarray(outputs))
        self._memory[key] = outputs
        self.made += 1
        if self.folder is not None:
            folded = self.folder / f"{key}.{os.getpid()}.part"
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                with folded.open("wb") as file:
                    np.save(file, outputs, allow_pickle=False)
                folded.replace(self.folder / f"{key}.npy")
            except OSError:
                with contextlib.suppress(OSError):
                    folded.unlink(missing_ok=True)
        return outputs


def _compact(outputs: Array) -> Array:
    """Outputs as float32, or as float64 where their differences would drown in rounding, as those of 1e9 + 0, 1, 2."""
    with np.errstate(over="ignore", invalid="ignore"):
        single = outputs.astype(np.float32)
        known = np.isfinite(outputs)
        moved = np.abs(single - outputs).max(where=known, initial=0.0)
    spread = float(np.std(outputs[known])) if known.any() else 0.0
    return single if moved <= ROUNDED * (spread or 1.0) else outputs.astype(np.float64)
