"""Groups of rows: every class within every value of a segment, as columns of true and false that may overlap."""

from dataclasses import dataclass
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.errors import InputError
from samplewise.core.texts import count_of
from samplewise.data.conversions import kind_text

pd = lazy_loader.load("pandas")

FEW = 30  # rows of a group below which its accuracy says little


@dataclass(frozen=True, slots=True, eq=False)
class GroupMembers:
    """Which rows are in which of G groups; a row without a segment is in none."""

    members: Mask  # (n, G)
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()  # what the groups cannot show

    @property
    def counts(self) -> Ints:
        """(G,) rows of each group."""
        return np.asarray(self.members.sum(axis=0), dtype=np.intp)

    def take(self, rows: Ints | Mask) -> "GroupMembers":
        """The same groups among some of the rows; groups without a row there are left out."""
        members = self.members[rows]
        kept = members.any(axis=0)
        return GroupMembers(members[:, kept], tuple(np.array(self.names, dtype=object)[kept]), self.notes)


def segment_members(segments: Any, rows: int) -> tuple[Mask, tuple[str, ...]]:
    """(n, k) rows of each segment, and its name: values of ids (n,) or of every column of a frame, or (n, k) bools.

    A missing id (None, NaN) is no segment: the row is in none.

    Raises: InputError: another number of rows, no segment at all, or two axes of anything but true and false.

    >>> segment_members(np.array(["a", None, "b"], dtype=object), 3)[0].astype(int).tolist()
    [[1, 0], [0, 0], [0, 1]]
    """
    named = hasattr(segments, "columns")
    held = segments if named else np.asarray(segments)
    if held.ndim not in (1, 2) or len(held) != rows:
        raise InputError(
            "segments must have one line per row", where="segments", got=f"{kind_text(segments)} for {rows} rows",
            fix="pass ids (n,), a frame of columns, or (n, k) true and false",
        )  # fmt: skip
    if named:
        columns = [(str(name), segments[name].to_numpy()) for name in segments]
    elif held.ndim == 1:
        columns = [("segment", held)]
    else:
        if held.dtype != bool:
            raise InputError(
                "segments of two axes say for every row whether it is in each", where="segments",
                got=f"{held.dtype} {held.shape}", fix="pass segments.astype(bool), or ids (n,)",
            )  # fmt: skip
        return _present(held, tuple(f"segment {at}" for at in range(held.shape[1])))
    parts, names = [], []
    for name, values in columns:
        missing = pd.isna(values)
        text = np.asarray(values).astype(str)
        for value in np.unique(text[~missing]):
            parts.append((text == value) & ~missing)
            names.append(f"{name} = {value}")
    return _present(np.column_stack(parts) if parts else np.zeros((rows, 0), dtype=bool), tuple(names))


def _present(members: Mask, names: tuple[str, ...]) -> tuple[Mask, tuple[str, ...]]:
    kept = members.any(axis=0)
    if not kept.any():
        raise InputError(
            "no row is in a segment", where="segments", got=f"{members.shape[1]} segments, all empty",
            fix="leave segments out: the groups are the classes then",
        )  # fmt: skip
    return members[:, kept], tuple(name for name, some in zip(names, kept, strict=True) if some)


def crossed_groups(segments: Any, codes: Ints, classes: Array) -> GroupMembers:
    """Every class within every segment that has rows; without segments the classes alone.

    Args:    segments: as in `segment_members`, or None.   codes: (n,) positions in `classes` (c,); below 0: no class.
    Returns: `GroupMembers`, with a note where segments are missing, constant, or say the same as the label.
    Raises:  InputError as `segment_members` does.   Cost: O(n c k).   Source: sagawa2020.

    >>> crossed_groups(["x", "y", "x"], np.array([0, 0, 1]), np.array(["no", "yes"])).names
    ('no, segment = x', 'no, segment = y', 'yes, segment = x')
    """
    of_class = codes[:, None] == np.arange(len(classes))
    if segments is None:
        kept = of_class.any(axis=0)
        return GroupMembers(of_class[:, kept], tuple(str(name) for name in np.asarray(classes)[kept]))
    inside, names = segment_members(segments, len(codes))
    lone = of_class & ~(of_class & inside.any(axis=1)[:, None]).any(axis=0)  # classes all of whose rows lack a segment
    members = np.column_stack([(of_class[:, :, None] & inside[:, None, :]).reshape(len(codes), -1), lone])
    titles = [f"{one}, {name}" for one in classes for name in names] + [f"{one}, no segment" for one in classes]
    kept = members.any(axis=0)
    found = tuple(title for title, some in zip(titles, kept, strict=True) if some)
    return GroupMembers(members[:, kept], found, tuple(_notes(of_class, inside, members[:, kept])))


def _notes(of_class: Mask, inside: Mask, members: Mask) -> list[str]:
    notes = []
    absent = int((~inside.any(axis=1)).sum())
    if absent:
        notes.append(f"{count_of(absent, 'row')} without a segment: in no group, trained on with the mean weight.")
    known = inside.any(axis=1)
    if inside.shape[1] == 1 and known.all():
        notes.append("Every row is in the same segment: the groups are the classes.")
    elif members.shape[1] == min(int(of_class[known].any(axis=0).sum()), inside.shape[1]):
        notes.append("Segments and labels say the same: which of them a model leans on cannot be told from these rows.")
    small = members.sum(axis=0)
    if (small < FEW).any():
        notes.append(f"{count_of(int((small < FEW).sum()), 'group')} of fewer than {FEW} rows.")
    return notes


def balanced_weights(members: Mask) -> Floats:
    """(n,) weights of mean 1 that give every group of (n, G) the same total; of overlapping groups they add up.

    Rows in no group have weight 1, the mean.

    >>> balanced_weights(np.array([[1, 0], [1, 0], [1, 0], [0, 1]], dtype=bool)).round(3).tolist()
    [0.667, 0.667, 0.667, 2.0]
    """
    share = members @ (1.0 / np.maximum(members.sum(axis=0), 1))
    known = members.any(axis=1)
    weights = np.ones(len(members))
    if known.any():
        weights[known] = share[known] / share[known].mean()
    return weights


def balanced_subset(members: Mask, draw: np.random.Generator) -> Ints:
    """Positions of as many rows of every group as the smallest has, without repeats; rows in no group are left out."""
    least = int(members.sum(axis=0).min())
    drawn = [draw.choice(np.flatnonzero(member), least, replace=False) for member in members.T]
    return np.unique(np.concatenate(drawn))
