"""Which columns of a table have which role, and how cells are read, as the user said."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import combinations
from typing import Any

from samplewise.core.errors import InputError
from samplewise.data.file_sizes import MaxSize
from samplewise.data.text_columns import ReadAs

# Roles that one column cannot have together, and why.
_APART = {
    "label": ("id", "groups", "segments", "time", "drop_columns", "image", "text", "weights"),
    "weights": ("id", "groups", "segments", "time", "image", "text"),
    "id": ("groups", "segments"),
    "groups": ("time",),
    "drop_columns": ("image", "text"),
}
_WHY = {
    "label": "what is to be predicted has no other part",
    "weights": "how much a row counts is nothing else",
    "id": "an id names one row alone, so there would be as many parts as rows",
    "groups": "rows of one time stay together already",
    "drop_columns": "what is dropped is not learned from",
}
HOW_CELLS_ARE_READ = ("columns", "decimal", "max_size")  # options of a reading that are no role of a column


@dataclass(frozen=True, slots=True)
class Roles:
    """Which columns have which role, by name; groups, segments, time and weights may also be the values themselves."""

    label: str | None = None
    id: str | None = None
    groups: Any = None
    segments: Any = None
    time: Any = None
    drop_columns: tuple[str, ...] = ()
    image: str | None = None
    text: str | None = None
    weights: Any = None
    columns: Mapping[str, ReadAs] | None = None
    decimal: str | None = None
    max_size: MaxSize = None

    def of_columns(self) -> tuple[str, ...]:
        """Names of the given roles that only a column can have."""
        return tuple(
            name for name in ("label", "id", "drop_columns", "image", "text") if getattr(self, name) not in (None, ())
        )

    def recorded(self) -> dict[str, Any]:
        """What was said by name, as plain values: the arguments of `read_dataset` that read the same table again.

        Values given beside the table have no name and are left out.

        >>> Roles(label="kind", drop_columns=("note",), decimal=",").recorded()
        {'label': 'kind', 'drop_columns': ['note'], 'decimal': ','}
        """
        said = {part.name: getattr(self, part.name) for part in fields(self)}
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}
        return {name: value for name, value in plain.items() if _is_said_by_name(value) and value}


def _is_said_by_name(value: Any) -> bool:
    """A name, several, kinds of columns by name, or a size; arrays and frames are values of their own."""
    if isinstance(value, list):
        return all(isinstance(name, str) for name in value)
    return isinstance(value, str | float | int | Mapping)


def named_columns(roles: Roles) -> list[tuple[str, str]]:
    """The kind of every role that was given, with the name of its column; a name may have several."""
    single = ("label", "id", "groups", "time", "weights", "image", "text")
    named = [(kind, getattr(roles, kind)) for kind in single if getattr(roles, kind) is not None]
    named += [("segments", name) for name in roles.segments or ()]
    return named + [("drop_columns", name) for name in roles.drop_columns]


def require_consistent(roles: Roles) -> None:
    """Refuse roles that contradict each other, before anything is read.

    Raises:
        InputError: two roles of one column of which one rules out the other, two columns to learn from alone, or a kind
            of a column that no model sees.

    >>> require_consistent(Roles(label="kind", drop_columns=("kind",)))
    Traceback (most recent call last):
    samplewise.core.errors.InputError: a column has two roles of which one rules out the other
      where:  label and drop_columns
      got:    'kind' as both: what is to be predicted has no other part
      fix:    name it once
    """
    named = [(role, name) for role, name in named_columns(roles) if isinstance(name, str)]
    for (first, one), (second, other) in combinations(named, 2):
        for outer, inner in ((first, second), (second, first)):
            if one == other and inner in _APART.get(outer, ()):
                raise InputError(
                    "a column has two roles of which one rules out the other", where=f"{outer} and {inner}",
                    got=f"{one!r} as both: {_WHY[outer]}", fix="name it once",
                )  # fmt: skip
    if roles.image is not None and roles.text is not None:
        raise InputError(
            "a column of pictures or of texts is all that is learned from", where="image and text",
            got=f"image={roles.image!r}, text={roles.text!r}", fix="leave one of them out",
        )  # fmt: skip
    for column in roles.columns or {}:
        for role, its in _not_read_as(roles, column, named):
            raise InputError(
                "a kind is said of a column that no model sees", where="columns",
                got=f"{column!r} as {(roles.columns or {})[column]!r}, and {role}={its!r}",
                fix='task="classification" or "regression" says how the label is read' if role == "label"
                else f"leave {column!r} out of the kinds of columns, or {role}= out",
            )  # fmt: skip


def _not_read_as(roles: Roles, column: str, named: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The roles because of which a column is no feature, each with the column that has it."""
    for role, name in named:
        if (name == column) != (role in ("image", "text")):
            yield role, name


def require_without(roles: Roles, useless: Collection[str], what: str) -> None:
    """Refuse options that would be ignored.

    Args:    useless: options that mean nothing here.   what: is read, in words.
    """
    for part in fields(roles):
        value = getattr(roles, part.name)
        if part.name in useless and value not in (None, ()) and value != {}:
            raise InputError(
                f"{part.name} means nothing for {what}", where=part.name, got=f"{part.name}={value!r}"[:80],
                fix=f"leave {part.name}= out",
            )  # fmt: skip
