"""Counts of features of any number of rows: in memory while they are few, in files beyond, read again in blocks."""

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.core.sealed_files import seal, unseal
from samplewise.engine.neighbors.hashed_ngrams import summed_rows

IN_MEMORY = 256 << 20  # bytes of counts; more are kept in files


class CountBlock(NamedTuple):
    """Features of some rows, one row after another."""

    buckets: Array  # (sum of sizes,) features
    values: Floats | None  # how often each; None for once
    sizes: Ints  # (n,) entries of every row
    signatures: Array  # (n,) equal rows, equal signatures


class StoredCounts:
    """Counts of rows that are added in blocks, and sums over them in one pass."""

    def __init__(self, n_features: int, run_dir: Any = None, *, in_memory: int = IN_MEMORY) -> None:
        self.n_features = n_features
        self.totals = np.zeros(n_features)
        self.signatures = np.zeros(0, dtype=np.uint64)
        self.lengths = np.zeros(0)  # sum of the counts of every row
        self._parts: list[tuple[Array, Array]] = []  # signatures, lengths
        self._blocks: list[CountBlock | Path] = []
        self._kept = None if run_dir is None else Path(run_dir)
        self._own: Any = None  # the temporary folder, which goes when these counts do
        self._room = in_memory

    def known(self, key: str) -> CountBlock | None:
        """A block that an earlier run finished under this key; None where there is none or it was damaged."""
        if self._kept is None:
            return None
        try:
            body = unseal(key, (self._kept / f"{key}.npz").read_bytes())
        except OSError:
            return None
        return None if body is None else _read(body)

    def add(self, block: CountBlock, key: str = "") -> None:
        """The next rows; with a key they are kept in `run_dir` for the next run."""
        lengths = block.sizes.astype(np.float64)
        if block.values is not None:
            lengths = summed_rows(block.values, block.sizes)
        self._parts.append((block.signatures, lengths))
        self.totals += np.bincount(block.buckets, block.values, minlength=self.n_features)
        size = block.buckets.nbytes + (0 if block.values is None else block.values.nbytes)
        if self._kept is not None and key:
            file = self._kept / f"{key}.npz"
            if self.known(key) is None:
                _write(file, key, block)
            self._blocks.append(file)
        elif size <= self._room:
            self._room -= size
            self._blocks.append(block)
        else:
            self._own = self._own or tempfile.TemporaryDirectory(prefix="samplewise-counts-")
            file = Path(self._own.name) / f"{len(self._blocks)}.npz"
            _write(file, file.stem, block)
            self._blocks.append(file)

    def close(self) -> None:
        """No more rows come: what is known of every row lies in one array from now on."""
        if self._parts:
            self.signatures = np.concatenate([signatures for signatures, _ in self._parts])
            self.lengths = np.concatenate([lengths for _, lengths in self._parts])
        self._parts = []

    def __len__(self) -> int:
        """Rows."""
        return len(self.lengths)

    def row_sums(self, per_feature: Floats) -> Floats:
        """(n,) of every row, the sum of a number per feature over its counts. Cost: one pass."""
        sums = np.zeros(len(self))
        for start, block in self._read_blocks():
            each = per_feature[block.buckets]
            if block.values is not None:
                each *= block.values
            sums[start : start + len(block.sizes)] = summed_rows(each, block.sizes)
        return sums

    def counts_of(self, *chosen: Array) -> Floats:
        """(k, d) counts of every feature over each of k sets of rows, given as masks (n,). Cost: one pass."""
        sums = np.zeros((len(chosen), self.n_features))
        for start, block in self._read_blocks():
            masks = [mask[start : start + len(block.sizes)] for mask in chosen]
            needed = np.flatnonzero(np.logical_or.reduce(masks))
            if not len(needed):
                continue
            sizes = block.sizes[needed]
            first = (np.cumsum(block.sizes) - block.sizes)[needed]
            places = np.arange(sizes.sum()) + np.repeat(first - (np.cumsum(sizes) - sizes), sizes)
            buckets = block.buckets[places]
            values = None if block.values is None else block.values[places]
            for row, mask in enumerate(masks):
                inside = np.repeat(mask[needed], sizes)
                of = None if values is None else values[inside]
                sums[row] += np.bincount(buckets[inside], of, minlength=self.n_features)
        return sums

    def _read_blocks(self) -> Iterator[tuple[int, CountBlock]]:
        start = 0
        for held in self._blocks:
            block = held if isinstance(held, CountBlock) else self._from_file(held)
            yield start, block
            start += len(block.sizes)

    @staticmethod
    def _from_file(file: Path) -> CountBlock:
        try:
            body = unseal(file.stem, file.read_bytes())
        except OSError:
            body = None
        if body is None:
            raise InputError(
                "counts that were kept in a file are gone or damaged", where=str(file), got="another content",
                fix="run the same call again: it counts these rows anew",
            )  # fmt: skip
        return _read(body)


def block_key(texts: list[str], n_features: int) -> str:
    """A name for the counts of these texts, which changes with any of them."""
    digest = blake2b(f"hashed n-grams 1, {n_features}, {len(texts)};".encode(), digest_size=16)
    for text in texts:
        digest.update(f"{len(text)};".encode())
        digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _read(body: bytes) -> CountBlock:
    with np.load(io.BytesIO(body), allow_pickle=False) as held:
        values = held.get("values", None)
        return CountBlock(held["buckets"], values, held["sizes"].astype(np.intp), held["signatures"])


def _write(file: Path, key: str, block: CountBlock) -> None:
    """Whole, or not at all: a run that is killed here leaves no half block."""
    buffer = io.BytesIO()
    parts = {"buckets": block.buckets, "sizes": block.sizes.astype(np.uint32), "signatures": block.signatures}
    np.savez(buffer, **parts, **({} if block.values is None else {"values": block.values}))  # type: ignore[arg-type]
    unfinished = file.with_name(f"{key}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(seal(key, buffer.getvalue()))
        unfinished.replace(file)
    except OSError as fault:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise InputError(
            "counts cannot be kept in a file", where=str(file.parent), got=str(fault),
            fix="make room there, or set TMPDIR (run_dir) to a folder that can be written",
        ) from None  # fmt: skip
