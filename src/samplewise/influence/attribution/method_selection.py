"""Which attribution method: by the kind of model, the number of rows and parameters, and the memory available."""

from dataclasses import dataclass

from samplewise.core.errors import InputError
from samplewise.core.units import bytes_text

EXACT_ROWS = 20_000  # above this, a Cholesky factorization takes more than some minutes on two cores
LONGEST_SKETCH, SHORTEST_SKETCH = 4096, 512


@dataclass(frozen=True, slots=True)
class Choice:
    """A method and why it was chosen."""

    method: str
    reason: str
    size: int = 2048  # of sketches, where the method makes them


def choose_method(rows: int, models: int, memory: int, *, classes: bool = True) -> Choice:
    """The method that is exact where that is affordable, and a sketch where it is not.

    Args:
        rows: n.
        models: how many trained models are given.
        memory: bytes.
        classes: whether labels are classes.
    """
    needed = gram_bytes(rows)
    if rows <= EXACT_ROWS and needed <= memory:
        return Choice("tangent_kernel", f"{rows:,} rows: the exact kernel fits in {bytes_text(needed)}")
    if not classes:
        return Choice("ekfac", f"{rows:,} rows of numbers: the exact Gram matrix would need {bytes_text(needed)}")
    size = LONGEST_SKETCH
    while size > SHORTEST_SKETCH and sketch_bytes(rows, size, models) > memory:
        size //= 2
    least = sketch_bytes(rows, size, models)
    if least > memory:
        raise InputError(
            "`memory` is too small for any method", where=f"{rows:,} rows, {models} models",
            got=f"memory {bytes_text(memory)}", fix=f'pass at least memory="{bytes_text(least)}"',
        )  # fmt: skip
    return Choice("sketch", f"{rows:,} rows: the exact Gram matrix would need {bytes_text(needed)}", size)


def gram_bytes(rows: int) -> int:
    """What the dual methods hold at once: the Gram matrix, whose place its factor takes, and a tile of work."""
    return 8 * rows * rows + 64 * 1024 * rows


def sketch_bytes(rows: int, size: int, models: int) -> int:
    """What the sketched method holds: one sketch per model, one moment matrix and its factor."""
    return 4 * rows * size * models + 16 * size * size
