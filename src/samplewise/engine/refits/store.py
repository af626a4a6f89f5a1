"""Outputs of finished fits, in memory and in the run folder, so that no fit is made twice, even after a crash."""

import contextlib
import io
import os
from pathlib import Path

import numpy as np

from samplewise.core.arrays import Array
from samplewise.core.sealed_files import seal, unseal

ROUNDED = 1e-5  # how far single precision may move an output, relative to the spread of all: their third decimal stays


class FitStore:
    """Outputs by key; with a folder, each is written as it is finished and read back by the next run.

    A file is complete or absent: it is written under another name and renamed. It carries its key and its checksum: one
    that was damaged, or copied from another fit, is made again and counted in `damaged`. A disk that is full or
    read-only costs the resume, never the result.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is made on the first write."""
        self.folder = folder
        self.reused = 0
        self.made = 0
        self.damaged = 0
        self._memory: dict[str, Array] = {}

    def get(self, key: str) -> Array | None:
        """The outputs under this key, or None."""
        if key not in self._memory and self.folder is not None:
            kept = self._read(self.folder / f"{key}.npy", key)
            if kept is not None:
                self._memory[key] = kept
                self.reused += 1
        return self._memory.get(key)

    def put(self, key: str, outputs: Array) -> Array:
        """Keep outputs, as float32 where that is precise enough, in memory and, where there is a folder, on disk."""
        outputs = _compact(np.asarray(outputs))
        self._memory[key] = outputs
        self.made += 1
        if self.folder is not None:
            self._write(self.folder / f"{key}.npy", key, outputs)
        return outputs

    def _read(self, file: Path, key: str) -> Array | None:
        """What the file holds, where its checksum says that it is what was written under this key."""
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            self.damaged += 1
            return None
        body = unseal(key, content)
        if body is None:
            self.damaged += 1
            return None
        kept: Array = np.load(io.BytesIO(body), allow_pickle=False)
        return kept

    @staticmethod
    def _write(file: Path, key: str, outputs: Array) -> None:
        buffer = io.BytesIO()
        np.save(buffer, outputs, allow_pickle=False)
        unfinished = file.with_name(f"{key}.{os.getpid()}.part")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(seal(key, buffer.getvalue()))
            unfinished.replace(file)
        except OSError:
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)


def _compact(outputs: Array) -> Array:
    """Outputs as float32, or as float64 where their differences would drown in rounding, as those of 1e9 + 0, 1, 2."""
    with np.errstate(over="ignore", invalid="ignore"):
        single = outputs.astype(np.float32)
        known = np.isfinite(outputs)
        moved = np.abs(single - outputs).max(where=known, initial=0.0)
    spread = float(np.std(outputs[known])) if known.any() else 0.0
    return single if moved <= ROUNDED * (spread or 1.0) else outputs.astype(np.float64)
