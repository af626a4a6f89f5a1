"""Files that carry their own name and checksum, so that one that was damaged, cut short or swapped is never believed.

A checksum covers the name as well: the whole file of another fit or another check, copied over, does not fit either.
It guards against accidents, not against a person who means to deceive: whoever can write a file can write its checksum.
"""

import json
from hashlib import blake2b
from typing import Any

CHECKSUM = "checksum"
_MARK = b"\nsamplewise checksum "
_UNREADABLE = (ValueError, RecursionError, MemoryError)  # what `json.loads` raises for bytes of any kind


def checksum(name: str, body: bytes) -> str:
    """64 hexadecimal digits for this content under this name.

    >>> checksum("a", b"1") == checksum("b", b"1")
    False
    """
    digest = blake2b(digest_size=32)
    digest.update(f"{len(name)}:{name};".encode("utf-8", "surrogatepass"))
    digest.update(body)
    return digest.hexdigest()


def seal(name: str, body: bytes) -> bytes:
    """The content with its checksum behind it; formats that know their own length (npy) are still read by others.

    >>> unseal("a", seal("a", b"1"))
    b'1'
    """
    return body + _MARK + checksum(name, body).encode("ascii")


def unseal(name: str, content: bytes) -> bytes | None:
    """What was sealed under this name; None where anything about it has changed, or where it never was.

    >>> unseal("b", seal("a", b"1")) is None
    True
    """
    body, mark, held = content.rpartition(_MARK)
    return body if mark and held == checksum(name, body).encode("ascii") else None


def canonical(content: Any) -> bytes:
    """JSON text with sorted keys and no spaces: what the checksum of a JSON file is of, however it is laid out."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def seal_json(name: str, content: dict[str, Any]) -> bytes:
    """A JSON object as a line of text, with its checksum among its entries; `content` is plain already.

    Cost: O(size), twice.

    >>> unseal_json("a", seal_json("a", {"x": 0.1}))
    {'x': 0.1}
    """
    return canonical(content | {CHECKSUM: checksum(name, canonical(content))}) + b"\n"


def unseal_json(name: str, content: bytes) -> dict[str, Any] | None:
    """The object that was sealed under this name; None where it has changed or never had a checksum."""
    try:
        held = json.loads(content)
    except _UNREADABLE:
        return None
    return opened(name, held) if isinstance(held, dict) and CHECKSUM in held else None


def opened(name: str, held: dict[str, Any]) -> dict[str, Any] | None:
    """An object without its checksum; None where the two do not fit."""
    content = {key: value for key, value in held.items() if key != CHECKSUM}
    try:
        fits = held[CHECKSUM] == checksum(name, canonical(content))
    except _UNREADABLE:
        return None
    return content if fits else None
