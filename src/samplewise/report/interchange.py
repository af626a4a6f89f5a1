"""The record as JSON text and back."""

import json

from samplewise.core.codec import from_dict, to_text
from samplewise.core.errors import InputError
from samplewise.core.findings import AuditRecord


def to_json(record: AuditRecord) -> str:
    """The whole record as JSON text, all scores included; its schema is `core.codec.JSON_SCHEMA`.

    Cost: O(size of the record).  Not for: millions of rows (`core.codec.save_record` stores those as an archive).

    >>> from_json(to_json(AuditRecord(4, {"rows": 3}, {}, {}, ()))).data
    {'rows': 3}
    """
    return to_text(record)


def from_json(text: str) -> AuditRecord:
    """The record `to_json` was made from; raises `InputError` for text that is not one."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(
            "this is not JSON", where=f"line {error.lineno}", got=error.msg, fix="pass what to_json wrote"
        ) from None
    return from_dict(content)
