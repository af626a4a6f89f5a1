"""The overview of the audited rows that the record holds, for the page."""

from collections.abc import Mapping
from typing import Any

from samplewise.auditing.prepare_audit import Intake
from samplewise.quality.overview import overview_of

ROLES = {
    "id": "id", "groups": "groups", "segments": "segment", "time": "time", "weights": "weights",
    "drop_columns": "dropped", "image": "image", "text": "text",
}  # fmt: skip


def data_overview(taken: Intake, seed: int) -> dict[str, Any]:
    """The overview as plain JSON; where it cannot be made, only why, as a check that crashes does not end an audit."""
    roles = role_words(taken.facts.get("roles") or {})
    label = str(taken.facts["label"])
    try:
        return overview_of(taken.data, taken.target, label, beside=taken.other_columns, roles=roles, seed=seed)
    except Exception as fault:  # it decides nothing
        return {"failed": f"{type(fault).__name__}: {fault}"}


def role_words(roles: Mapping[str, Any]) -> dict[str, str]:
    """The role of every column that was named, as a word.

    >>> role_words({"label": "y", "time": "day", "drop_columns": ["note"]})
    {'day': 'time', 'note': 'dropped'}
    """
    named = {role: [names] if isinstance(names, str) else list(names) for role, names in roles.items() if role in ROLES}
    return {name: ROLES[role] for role, names in named.items() for name in names}
