"""The page of the audit record's JSON schema."""

import json
from typing import Any

from generators.docstrings import escaped
from samplewise.core import schema

TITLE = "# JSON schema of the audit record"


def page(intro: str) -> str:
    """A table per noun, then the whole schema."""
    whole = schema.JSON_SCHEMA
    parts = [intro.strip(), _table("AuditRecord", whole)]
    parts += [_table(name, part) for name, part in whole.get("$defs", {}).items()]
    parts.append(f"## The whole schema\n\n```json\n{json.dumps(whole, indent=1)}\n```")
    return "\n\n".join(parts) + "\n"


def _table(name: str, part: dict[str, Any]) -> str:
    rows = [
        f"| `{field}` | {_kind(notes)} | {escaped(notes.get('description', ''))} |"
        for field, notes in part.get("properties", {}).items()
    ]
    head = f"## {name}\n\n{escaped(part.get('description', ''))}"
    return head + ("\n\n| field | type | meaning |\n|-|-|-|\n" + "\n".join(rows) if rows else "")


def _kind(notes: dict[str, Any]) -> str:
    """The type of a field in a few words."""
    if "enum" in notes or "const" in notes:
        return ", ".join(f"`{value}`" for value in notes.get("enum", [notes.get("const")]))
    if "$ref" in notes:
        name = notes["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in notes:
        return " or ".join(_kind(one) for one in notes["anyOf"])
    if notes.get("type") == "array" and "items" in notes:
        return f"array of {_kind(notes['items'])}"
    kind = notes.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
