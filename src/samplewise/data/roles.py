"""Which columns of a table have which role, and how cells are read, as the user said."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from samplewise.data.text_columns import ReadAs

HOW_CELLS_ARE_READ = ("columns", "decimal")  # options of a reading that are no role of a column


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
    """A name, several, or kinds of columns by name; arrays and frames are values of their own."""
    if isinstance(value, list):
        return all(isinstance(name, str) for name in value)
    return isinstance(value, str | Mapping)


def named_columns(roles: Roles) -> list[tuple[str, str]]:
    """The kind of every role that was given, with the name of its column; a name may have several."""
    single = ("label", "id", "groups", "time", "weights", "image", "text")
    named = [(kind, getattr(roles, kind)) for kind in single if getattr(roles, kind) is not None]
    named += [("segments", name) for name in roles.segments]
    return named + [("drop", name) for name in roles.drop_columns]
