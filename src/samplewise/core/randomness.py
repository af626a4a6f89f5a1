"""Randomness that belongs to a row, not to its position: every draw is a hash of (seed, id).

Shuffling the rows, or dropping some, leaves the draw of every other row as it was, and the same seed gives the same
bits on every machine.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import TypeAliasType

Hashes = TypeAliasType("Hashes", npt.NDArray[np.uint64])


def key_hashes(ids: Iterable[Any] | npt.NDArray[Any]) -> Hashes:
    """A 64-bit hash of every id (n,): equal ids, equal hashes, whatever machine or row order. Cost: O(n)."""
    keys = np.asarray(ids)
    if keys.dtype.kind in "iub":
        return mixed_hashes(keys.astype(np.int64).view(np.uint64))
    return np.fromiter((text_hash(str(key)) for key in keys.tolist()), dtype=np.uint64, count=len(keys))


def hashed_uniform(seed: int, ids: Iterable[Any] | npt.NDArray[Any], purpose: str = "") -> npt.NDArray[np.float64]:
    """One number in [0, 1) for every id (n,), fixed by (seed, purpose, id)."""
    return uniform_from_hashes(seed, key_hashes(ids), purpose)


def uniform_from_hashes(seed: int, hashes: Hashes, purpose: str = "") -> npt.NDArray[np.float64]:
    """As `hashed_uniform`, for ids hashed before: draws many times without hashing again."""
    mixed = mixed_hashes(hashes ^ np.uint64(derive_seed(seed, purpose)))
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def hashed_order(seed: int, ids: Iterable[Any] | npt.NDArray[Any], purpose: str = "") -> npt.NDArray[np.intp]:
    """Positions (n,) in a random order that does not depend on the order the rows came in."""
    hashes = key_hashes(ids)
    return np.lexsort((hashes, uniform_from_hashes(seed, hashes, purpose)))


def derive_seed(seed: int, *parts: Any) -> int:
    """A 63-bit seed for one purpose, different for every list of parts."""
    return text_hash("\x1f".join(map(str, (seed, *parts)))) >> 1


def generator(seed: int, *parts: Any) -> np.random.Generator:
    """A numpy generator for one purpose; only for draws that belong to no row."""
    return np.random.default_rng(derive_seed(seed, *parts))


def text_hash(text: str) -> int:
    """A 64-bit hash of a text, the same on every machine."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def mixed_hashes(values: Hashes) -> Hashes:
    """The splitmix64 finalizer: every input bit moves every output bit."""
    with np.errstate(over="ignore"):
        mixed = values + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
