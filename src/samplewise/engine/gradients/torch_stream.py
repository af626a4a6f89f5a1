"""Sketches of the gradients of more rows than fit in memory, written batch by batch to a folder."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from samplewise.core.arrays import Array, Floats, fingerprint
from samplewise.core.errors import InputError
from samplewise.engine.gradients.rows import RowGradients
from samplewise.engine.gradients.sketching import require_size
from samplewise.engine.gradients.torch_batches import row_batches_of
from samplewise.engine.gradients.torch_rows import Engine, Loss
from samplewise.engine.models.function_fingerprint import identity_of

PARTS = ("sketch", "norms", "values", "outputs", "labels")
PROGRESS = "progress.json"


@dataclass(frozen=True, slots=True, eq=False)
class RowSketches:
    """What was written: sketches whose inner products are those of the gradients on average; all memory-mapped.

    Args:
        ids: (n,).   sketch: (n, k) in the precision of the factors.   norms, values: (n,).   outputs: (n, c).
        labels: (n,) or (n, c).   skipped: parameter name -> numbers in it that do not enter.
    """

    ids: Array
    sketch: Array
    norms: Floats
    values: Floats
    outputs: Floats
    labels: Array
    skipped: Mapping[str, int]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.ids)


def stream_sketches(
    module: nn.Module,
    data: Any,
    folder: str | os.PathLike[str],
    *,
    size: int,
    seed: int,
    loss: Loss = "cross_entropy",
    layers: Iterable[str] | None = None,
    forward: Callable[[nn.Module, Any], Tensor] | None = None,
) -> RowSketches:
    """Sketches (n, size) of the row gradients, in units of value per unit of parameter, memory-mapped in a folder.

    As `row_gradients(...).sketch(size, seed=seed)`, a batch in memory at a time. A run that was interrupted continues
    where it stopped, when it is called again with the same module, rows and settings, and ends with the same bits.

    Args:
        module, data, loss, layers, forward: as for `row_gradients`.
        folder: made if it is not there; holds one .npy file per part and the progress.
        size: k numbers per row.   seed: of the hashes.

    Returns:
        RowSketches of n rows.

    Raises:
        InputError: as `row_gradients`; or the folder holds a run of another module, other rows or settings.

    Cost: one forward and one backward pass; n (4 k + 8 c + 24) bytes on disk, 8 k for a float64 module.
    Not for: rows whose exact inner products fit in memory (n up to about 20,000).
    Source: pham2013.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     stream_sketches(nn.Linear(2, 3), (np.eye(2), [0, 2]), folder, size=8, seed=0).sketch.shape
    (2, 8)
    """
    require_size(size)
    engine = Engine.of(module, loss, layers, forward, None)
    rows = row_batches_of(data)
    precision = np.float64 if engine.layout.dtype == torch.float64 else np.float32
    store = _Store.at(Path(folder), _settings(engine, rows.ids, size, seed))
    with torch.inference_mode(False), torch.enable_grad():
        for start, batch in engine.batches(rows, done=store.done):
            parts = {
                "sketch": batch.sketch(size, seed=seed).astype(precision),
                "norms": batch.norms(),
                **{name: getattr(batch, name) for name in ("values", "outputs", "labels")},
            }
            if start < store.done:
                store.require_same(parts, batch)
            else:
                store.write(start, parts, len(rows.ids))
    return RowSketches(rows.ids, **store.read(), skipped=engine.skipped | engine.unused)


def _settings(engine: Engine, ids: Array, size: int, seed: int) -> dict[str, Any]:
    """What must be the same for a run to go on."""
    held = {name: fingerprint(one.detach().double().cpu().numpy()) for name, one in engine.module.state_dict().items()}
    return {
        "size": size,
        "seed": seed,
        "loss": identity_of(engine.loss) if callable(engine.loss) else engine.loss,
        "module": fingerprint(held),
        "parameters": sorted(engine.layout.names.values()),
        "ids": fingerprint(ids),
    }


@dataclass(slots=True, eq=False)
class _Store:
    """The files of one run."""

    folder: Path
    settings: dict[str, Any]
    done: int

    @classmethod
    def at(cls, folder: Path, settings: dict[str, Any]) -> "_Store":
        """A new run, or the one that was interrupted here."""
        folder.mkdir(parents=True, exist_ok=True)
        progress = folder / PROGRESS
        if not progress.exists():
            return cls(folder, settings, 0)
        recorded = json.loads(progress.read_text(encoding="utf-8"))
        differing = [name for name, value in settings.items() if recorded["settings"].get(name) != value]
        if differing:
            raise _another_run(folder, f"another {', '.join(differing)}")
        return cls(folder, settings, int(recorded["rows"]))

    def require_same(self, parts: dict[str, Array], batch: RowGradients) -> None:
        """The first batch is made again: rows that changed under the same ids are noticed."""
        held = np.load(self.folder / "sketch.npy", mmap_mode="r")[: len(batch)]
        if not np.allclose(held, parts["sketch"], rtol=1e-3, atol=1e-5 * float(np.abs(held).max(initial=0.0))):
            raise _another_run(self.folder, "other values in the first rows")

    def write(self, start: int, parts: dict[str, Array], count: int) -> None:
        """Add a batch; the progress is recorded only after the numbers are on disk."""
        for name, values in parts.items():
            path = self.folder / f"{name}.npy"
            shape = (count, *values.shape[1:])
            new = start == 0
            file = np.lib.format.open_memmap(
                path, mode="w+" if new else "r+", dtype=values.dtype if new else None, shape=shape if new else None
            )
            file[start : start + len(values)] = values
            file.flush()
        self.done = start + len(parts["sketch"])
        waiting = self.folder / f"{PROGRESS}.part"
        waiting.write_text(json.dumps({"rows": self.done, "settings": self.settings}), encoding="utf-8")
        os.replace(waiting, self.folder / PROGRESS)

    def read(self) -> dict[str, Array]:
        """All parts, memory-mapped."""
        return {name: np.load(self.folder / f"{name}.npy", mmap_mode="r") for name in PARTS}


def _another_run(folder: Path, got: str) -> InputError:
    return InputError(
        "the folder holds the sketches of another run", where=str(folder), got=got,
        fix="use an empty folder, or the module, rows and settings it was begun with",
    )  # fmt: skip
