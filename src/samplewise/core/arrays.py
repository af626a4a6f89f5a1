"""Array types, fingerprints, positions of ids, and the checks that name rows by id."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import TypeAliasType

from samplewise.core.errors import InputError, name_rows

# Named, so that help() shows `Floats` and not its definition.
Array = TypeAliasType("Array", npt.NDArray[Any])
Floats = TypeAliasType("Floats", npt.NDArray[np.float64])
Ints = TypeAliasType("Ints", npt.NDArray[np.intp])
Mask = TypeAliasType("Mask", npt.NDArray[np.bool_])
Numbers = TypeAliasType("Numbers", npt.ArrayLike)  # what numpy reads as numbers: a list, an array, a number

# Two ways to compute one number differ in their last bits, and so do two processors; what is decided by a comparison of
# computed numbers must not depend on that.
SAME_RANK = 1e-9  # relative gap of two scores, in double precision, up to which neither is the larger one
SAME_OUTPUT = 1e-5  # gap of two outputs, kept in single precision, in units of the largest one


def fingerprint(*parts: Any) -> str:
    """A 32-character name for arrays, strings, numbers and mappings of them; equal content, equal name."""
    digest = blake2b(digest_size=16)
    for part in parts:
        _feed(digest, part)
    return digest.hexdigest()


def _feed(digest: Any, part: Any) -> None:
    if isinstance(part, np.ndarray):
        digest.update(f"array{part.dtype.str}{part.shape}".encode())
        objects = part.dtype.kind == "O"
        digest.update(repr(part.tolist()).encode("utf-8", "surrogatepass") if objects else np.ascontiguousarray(part))
    elif isinstance(part, Mapping):
        for key in sorted(part, key=str):
            _feed(digest, key)
            _feed(digest, part[key])
    elif isinstance(part, list | tuple):
        digest.update(f"list{len(part)}".encode())
        for item in part:
            _feed(digest, item)
    else:
        digest.update(f"{type(part).__name__}:{part!r};".encode("utf-8", "surrogatepass"))


def positions_of(wanted: Iterable[Any], ids: Array) -> Ints:
    """Position of each wanted id in `ids` (k,); raises `InputError` naming the ids that are not there."""
    lookup = {key: position for position, key in enumerate(ids.tolist())}
    keys = wanted.tolist() if isinstance(wanted, np.ndarray) else list(wanted)
    missing = [key for key in keys if key not in lookup]
    if missing:
        raise InputError(
            "some ids are not in the data",
            where=name_rows(missing),
            got=f"ids such as {', '.join(map(str, ids[:3].tolist()))}",
            fix="use ids of this data set: data.ids lists them",
        )
    return np.fromiter((lookup[key] for key in keys), dtype=np.intp, count=len(keys))


def require_finite(values: Array, ids: Array, what: str, fix: str) -> None:
    """Raise `InputError` naming the rows of `values` (n,) or (n, d) that hold NaN or infinity."""
    finite = np.isfinite(values)
    rows = finite if finite.ndim == 1 else finite.all(axis=tuple(range(1, finite.ndim)))
    if not rows.all():
        bad = np.asarray(ids)[~rows]
        raise InputError(
            f"{what} has missing or infinite entries", where=name_rows(bad), got=f"shape {values.shape}", fix=fix
        )


def in_order(values: Array) -> Ints:
    """Positions (n,) from the smallest value to the largest, NaN last; values equal but for rounding go by position.

    >>> in_order(np.array([0.3, 2.0, 0.1 + 0.2, 0.1]))
    array([3, 0, 2, 1])
    """
    order = np.argsort(values, kind="stable")
    lined = np.asarray(values, dtype=np.float64)[order]
    same = np.isclose(lined[1:], lined[:-1], rtol=SAME_RANK, atol=0.0, equal_nan=True)
    run = np.cumsum(np.r_[False, ~same]) if len(order) else order
    return order[np.lexsort((order, run))]


def equal_but_for_rounding(one: Array, other: Array) -> bool:
    """Whether two arrays of computed outputs, any shape, agree up to single precision.

    >>> equal_but_for_rounding(np.array([1.0, 0.3]), np.array([1.0, 0.1 + 0.2]))
    True
    """
    one, other = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if one.shape != other.shape:
        return False
    scale = np.max(np.abs(one), where=np.isfinite(one), initial=0.0)
    return bool(np.allclose(one, other, rtol=0.0, atol=SAME_OUTPUT * scale, equal_nan=True))


def one_hot(codes: Ints, count: int) -> Floats:
    """Class codes (n,) as indicator rows (n, count)."""
    return np.eye(count)[codes]


def is_number(value: Any) -> bool:
    """Whether a cell or a label can be read as a number."""
    try:
        float(value)
    except (ValueError, TypeError):
        return False
    return True
