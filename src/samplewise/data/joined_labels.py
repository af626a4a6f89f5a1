"""Several labels in one cell, separated by a mark: which they are, and a set of them written as the data write it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from samplewise.core.arrays import Array
from samplewise.core.errors import InputError, unknown_name
from samplewise.data.dataset import missing

SEPARATORS = ("|", ";", ",")
JOINED_ROWS = 0.05  # share of the rows with several labels, from which they are no accident


def joined_by(labels: Array) -> tuple[str, float]:
    """The mark that separates several labels in a cell and the share of rows with it; ("", 0.0) where there is none.

    The parts must recombine: at least two of them stand in two or more different cells, and there are fewer different
    parts than different cells.

    >>> import numpy as np
    >>> joined_by(np.array(["a|b", "a", "b|c", "c"]))
    ('|', 0.5)
    """
    cells = Counter(str(label) for label in labels[~missing(labels)].tolist()) if labels.dtype.kind in "OU" else {}
    for mark in SEPARATORS:
        rows = sum(count for cell, count in cells.items() if mark in cell)
        if not rows or rows < JOINED_ROWS * len(labels):
            continue
        parts = Counter(part.strip() for cell in cells for part in set(cell.split(mark)) if part.strip())
        if len(parts) < len(cells) and sum(count > 1 for count in parts.values()) > 1:
            return mark, rows / len(labels)
    return "", 0.0


@dataclass(frozen=True, slots=True)
class JoinedLabels:
    """Labels of which a cell may hold several.

    Args:
        mark: between two of them.   names: all there are, the most frequent first.
        cells: as the data write a set of them; of several ways the most frequent one.
        between: the mark as most cells have it, with the blank behind it where there is one.
    """

    mark: str
    names: tuple[str, ...]
    cells: Mapping[frozenset[str], str]
    between: str

    @classmethod
    def of(cls, labels: Array | None) -> "JoinedLabels | None":
        """The labels (n,) of these rows; None where every cell holds one label. Cost: O(n)."""
        if labels is None or labels.ndim != 1 or not (mark := joined_by(labels)[0]):
            return None
        written = Counter(str(cell) for cell in labels[~missing(labels)].tolist())
        names = Counter[str]()
        cells: dict[frozenset[str], str] = {}
        for cell, count in written.most_common():
            parts = _parts(cell, mark)
            names.update(dict.fromkeys(parts, count))
            cells.setdefault(frozenset(parts), cell)
        blank = sum(count for cell, count in written.items() if f"{mark} " in cell)
        joined = sum(count for cell, count in written.items() if mark in cell)
        return cls(mark, tuple(name for name, _ in names.most_common()), cells, mark + " " * (2 * blank > joined))

    def parts(self, cell: Any) -> tuple[str, ...]:
        """The labels in a cell, in their order; none of an empty one."""
        return () if cell is None else _parts(str(cell), self.mark)

    def cell(self, parts: Iterable[str]) -> str:
        """A set of labels as one cell: as some row has it, else in the order of `names`.

        Raises:
            InputError: no label, or one that no row has.

        >>> import numpy as np
        >>> JoinedLabels.of(np.array(["a|b", "a", "b|c", "c"])).cell(["c", "a"])
        'a|c'
        """
        wanted = dict.fromkeys(part.strip() for part in parts)
        if not wanted:
            raise InputError(
                "a row has at least one label", got="none", fix="choose one; a row that no label fits is dropped"
            )  # fmt: skip
        for part in wanted:
            if part not in self.names:
                raise unknown_name("label", part, self.names)
        held = self.cells.get(frozenset(wanted))
        return self.between.join(name for name in self.names if name in wanted) if held is None else held


def _parts(cell: str, mark: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in cell.split(mark) if part.strip()))
