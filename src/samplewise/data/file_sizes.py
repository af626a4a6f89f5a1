"""How much memory a file takes, unpacked, before it is read: one that does not fit is refused, and not tried."""

import bz2
import gzip
import io
import zipfile
from pathlib import Path

from samplewise.core.errors import InputError
from samplewise.core.machine import memory

AT_ONCE = 2**24  # bytes unpacked before their number is looked at
PART = 0.25  # of the memory of the machine that the bytes of a file may take; its table takes as much again, or twice


def most_bytes() -> int:
    """How many bytes of a file are read: a quarter of the memory of this machine."""
    return int(PART * memory())


def require_room(path: Path, size: int) -> None:
    """Refuse a file that takes more bytes, unpacked, than are read.

    >>> require_room(Path("rows.csv"), 1000)
    """
    if size > most_bytes():
        raise InputError(
            "the file takes more memory than this machine has for it", where=str(path),
            got=f"{size:,} bytes or more, unpacked; up to {most_bytes():,} are read",
            fix="draw a part of its rows, or use a machine with more memory",
        )  # fmt: skip


def unpacked_size(path: Path) -> int:
    """The bytes of a file, or of the members of a zip archive as its directory states them."""
    if not zipfile.is_zipfile(path):
        return path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        return sum(member.file_size for member in archive.infolist())


def unpacked(raw: bytes, kind: str, path: Path) -> bytes:
    """The bytes in a gzip or bzip2 file; unpacking ends where they are more than fit.

    >>> unpacked(gzip.compress(b"a,b"), "gzip", Path("rows.csv.gz"))
    b'a,b'
    """
    parts, size = [], 0
    with gzip.open(io.BytesIO(raw)) if kind == "gzip" else bz2.open(io.BytesIO(raw)) as packed:
        while part := packed.read(AT_ONCE):
            parts.append(part)
            size += len(part)
            require_room(path, size)
    return b"".join(parts)
