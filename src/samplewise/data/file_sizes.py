"""How much memory a file takes, unpacked, before it is read: one that is too large is refused, and not tried."""

import bz2
import gzip
import importlib
import io
import zipfile
from pathlib import Path

import numpy as np

from samplewise.core.errors import InputError
from samplewise.core.machine import memory
from samplewise.core.units import bytes_of, bytes_text

AT_ONCE = 2**24  # bytes unpacked before their number is looked at
PART = 0.25  # of the memory of the machine that the bytes of a file may take; its table takes as much again, or twice
MaxSize = str | float | None  # as the user says it: bytes, or "4GB"; None: a quarter of the memory


def most_bytes(max_size: MaxSize = None) -> int:
    """How many bytes of a file are read: as many as the user allows, else a quarter of the memory of this machine.

    >>> most_bytes("4GB")
    4000000000
    """
    return int(PART * memory()) if max_size is None else bytes_of(max_size, "max_size")


def require_room(path: Path, size: int, max_size: MaxSize = None) -> None:
    """Refuse a file that takes more bytes, unpacked, than may be read.

    >>> require_room(Path("rows.csv"), 1000)
    """
    most = most_bytes(max_size)
    if size > most:
        limit = "a quarter of the memory of this machine" if max_size is None else f"max_size={max_size!r}"
        raise InputError(
            "the file is larger than may be read", where=str(path),
            got=f"{size:,} bytes or more, unpacked; {limit} allows {most:,}",
            fix=f'draw a part of its rows; or allow more where there is room: max_size="{bytes_text(4 * most)}" '
            "(--max-size)",
        )  # fmt: skip


def file_size(path: Path) -> int:
    """The bytes of a file as it lies on the disk."""
    return path.stat().st_size


def parquet_size(path: Path) -> int:
    """The bytes of a Parquet file, unpacked, as its directory states them; a cell takes one at least.

    Raises:
        OSError, ValueError: it cannot be read.
    """
    about = importlib.import_module("pyarrow.parquet").read_metadata(path)
    stated = sum(about.row_group(place).total_byte_size for place in range(about.num_row_groups))
    return int(max(stated, about.num_rows * about.num_columns))


def unpacked_size(path: Path) -> int:
    """The bytes of a file, or of the members of a zip archive: as its directory states them, or the headers of arrays.

    Raises:
        OSError, ValueError, zipfile.BadZipFile, EOFError: it cannot be read.
    """
    if not zipfile.is_zipfile(path):
        return file_size(path)
    with zipfile.ZipFile(path) as archive:
        return sum(max(member.file_size, _claimed(archive, member)) for member in archive.infolist())


def _claimed(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    """The bytes of the array that a member says it holds; 0 where it is no array."""
    if not member.filename.endswith(".npy"):
        return 0
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
    count = 1
    for length in shape:  # as Python integers, which have no end
        count *= int(length)
    return count * dtype.itemsize


def unpacked(raw: bytes, kind: str, path: Path, max_size: MaxSize = None) -> bytes:
    """The bytes in a gzip or bzip2 file; unpacking ends where they are more than may be read.

    >>> unpacked(gzip.compress(b"a,b"), "gzip", Path("rows.csv.gz"))
    b'a,b'
    """
    parts, size = [], 0
    with gzip.open(io.BytesIO(raw)) if kind == "gzip" else bz2.open(io.BytesIO(raw)) as packed:
        while part := packed.read(AT_ONCE):
            parts.append(part)
            size += len(part)
            require_room(path, size, max_size)
    return b"".join(parts)
