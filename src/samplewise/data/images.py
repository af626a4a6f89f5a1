"""`Images`: pictures in memory or in files, read block by block, all shown to the learner at one size."""

import base64
import importlib
import io
import os
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import TypeAliasType

from samplewise.core import extras
from samplewise.core.arrays import Array, Ints, fingerprint
from samplewise.core.errors import InputError, name_rows
from samplewise.core.randomness import key_hashes

Pixels = TypeAliasType("Pixels", npt.NDArray[np.uint8])
PROBED = 200  # files whose header is read to choose the common size
LONGEST_SIDE = 256  # larger pictures are read at this size


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """n pictures of one size, 8 bits a channel; files are opened only when a block or a thumbnail is read.

    Build with `Images.from_array` or `Images.from_files`. Subsets share the pixels or paths they came from.

    Args:
        height, width, channels: the common size of every block; channels 1 (gray), 3 (color) or 4 (with opacity).
        pixels: (n, height, width, channels) uint8, or None where the pictures are files.
        paths: (n,) file names, or None where the pictures are in memory.

    Two pictures are exact duplicates if their pixels at the common size are equal: see `content_keys`.

    >>> Images.from_array(np.zeros((5, 28, 28), dtype=np.uint8)).shape
    (5, 28, 28, 1)
    """

    height: int
    width: int
    channels: int
    pixels: Pixels | None = None
    paths: Array | None = None
    _keys: Pixels | None = field(default=None, repr=False)  # what `content_keys` found, carried on to subsets

    @classmethod
    def from_array(cls, values: Array) -> "Images":
        """Pictures from (n, h, w), (n, h, w, c) or (n, c, h, w) numbers; floats in 0..1 or any range become 0..255."""
        values = np.asarray(values)
        stacked = values[..., np.newaxis] if values.ndim == 3 else values
        if stacked.ndim == 4 and stacked.shape[3] not in (1, 3, 4) and stacked.shape[1] in (1, 3, 4):
            stacked = np.moveaxis(stacked, 1, 3)  # (n, c, h, w), as torch holds them
        if stacked.ndim != 4 or stacked.shape[3] not in (1, 3, 4) or 0 in stacked.shape:
            raise InputError(
                "an array with three or four axes is read as images, and this one is none",
                got=f"shape {values.shape}",
                fix="pass (n, h, w) or (n, h, w, c) with c = 1, 3 or 4; other data as (n, d): X.reshape(len(X), -1)",
            )
        _, height, width, channels = stacked.shape
        return cls(height, width, channels, pixels=_as_bytes(stacked))

    @classmethod
    def from_files(cls, paths: Sequence[str | os.PathLike[str]]) -> "Images":
        """Pictures from files; the common size is the median of up to 200 of them, the longer side at most 256."""
        names = np.array([os.fspath(path) for path in paths], dtype=object)
        if not len(names):
            raise InputError("there are no image files", got="an empty list of paths", fix="name at least one file")
        probed = names[np.argsort(key_hashes(names), kind="stable")[:PROBED]]  # the same files whatever their order
        return cls(*_common_size([_header(name) for name in probed.tolist()]), paths=names)

    @classmethod
    def from_pictures(cls, pictures: Sequence[Any]) -> "Images":
        """Pictures from Pillow images, uint8 arrays or records with encoded `bytes`; held in memory at one size."""
        pillow = _pillow()
        opened = [_opened(picture, pillow) for picture in pictures]
        size = _common_size([(*picture.size, picture.mode) for picture in opened])
        return cls(*size, pixels=np.stack([_resized(picture, size, pillow) for picture in opened]))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(n, height, width, channels)."""
        return len(self), self.height, self.width, self.channels

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self._held)

    def __repr__(self) -> str:
        """Number, size and where the pixels are."""
        n, h, w, c = self.shape
        return f"Images({n} of {h} x {w}, {c} channels, {'in files' if self.pixels is None else 'in memory'})"

    def __getitem__(self, positions: Any) -> "Images":
        """The pictures at these positions (integers, mask or slice), as `Images` again."""
        places = positions if isinstance(positions, slice) else np.atleast_1d(positions)
        chosen = self._held[places]
        held = {"paths": chosen} if self.pixels is None else {"pixels": chosen}
        keys = None if self._keys is None else self._keys[places]
        return Images(self.height, self.width, self.channels, **held, _keys=keys)

    def blocks(self, size: int = 256) -> Iterator[Pixels]:
        """Yield (at most `size`, h, w, c) uint8 in order; raises `InputError` naming files that cannot be read."""
        keys: list[bytes] = []
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # decoding and hashing leave the interpreter lock
            for start in range(0, len(self), size):
                block = self._block(slice(start, start + size), pool)
                if self._keys is None:
                    keys += pool.map(_content_key, block)
                yield block
        if len(keys) == len(self) and keys:
            object.__setattr__(self, "_keys", np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, 16))

    def content_keys(self) -> Pixels:
        """A name for the pixels of every picture at the common size (n, 16): equal pictures, equal rows.

        The names are hashes of 128 bits, the same on every machine; pictures of different sizes have different names.
        Any full pass over the pictures finds them on its way. Cost: one such pass at most.

        >>> Images.from_array(np.zeros((2, 8, 8), dtype=np.uint8)).content_keys().shape
        (2, 16)
        """
        if self._keys is None:
            for _ in self.blocks():
                pass
        return np.zeros((0, 16), dtype=np.uint8) if self._keys is None else self._keys

    def at_size(self, other: "Images") -> "Images":
        """These pictures at the common size of `other`, so that content keys compare; in memory they stay as they are.

        Raises nothing: pictures in memory of another size have no key in common with `other`.
        """
        if self.pixels is not None or self.shape[1:] == other.shape[1:]:
            return self
        return Images(other.height, other.width, other.channels, paths=self.paths)

    def thumbnail(self, position: int, size: int = 96) -> str:
        """One picture as a PNG data URI whose longer side is `size` pixels; needs no extra for pictures in memory."""
        if self.pixels is not None:
            picture = self.pixels[position]
        else:
            name = self._held[position]
            decoded = self._decoded(name)
            _require_readable([name], [decoded])
            picture = decoded
        height, width = picture.shape[:2]
        scale = size / max(height, width)
        rows, columns = _nearest(height, scale), _nearest(width, scale)
        return "data:image/png;base64," + base64.b64encode(_png(picture[rows][:, columns])).decode("ascii")

    def fingerprint(self) -> str:
        """A name for the content: the pixels, or the names, sizes and dates of the files. Cost: O(n)."""
        if self.pixels is not None:
            return fingerprint(self.pixels)
        facts = [(name, os.stat(name).st_size, os.stat(name).st_mtime_ns) for name in self._held.tolist()]
        return fingerprint(self.shape, facts)

    def _block(self, part: slice, pool: ThreadPoolExecutor) -> Pixels:
        if self.pixels is not None:
            return self.pixels[part]
        names = self._held[part].tolist()
        decoded = list(pool.map(self._decoded, names))
        _require_readable(names, decoded)
        return np.stack(decoded)

    @property
    def _held(self) -> Any:
        return self.paths if self.pixels is None else self.pixels

    def _decoded(self, name: str) -> Any:
        """One file as (h, w, c) uint8, or the reason it could not be read."""
        try:
            pillow = _pillow()
            with pillow.open(name) as picture:
                return _resized(picture, (self.height, self.width, self.channels), pillow)
        except (OSError, ValueError, SyntaxError, EOFError) as fault:  # what Pillow raises on damaged files
            return str(fault) or type(fault).__name__


def _content_key(picture: Pixels) -> bytes:
    """16 bytes from the shape and the pixels of one picture."""
    digest = blake2b(repr(picture.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(picture).data)
    return digest.digest()


def _as_bytes(values: Array) -> Pixels:
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind not in "biuf":
        raise InputError("images must be numbers", got=f"dtype {values.dtype}", fix="pass uint8 0..255 or floats 0..1")
    finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if not finite.all():
        raise InputError(
            "images have missing or infinite pixels", where=name_rows(np.flatnonzero(~finite)),
            got=f"shape {values.shape}", fix="drop those images, or fill the pixels",
        )  # fmt: skip
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind in "iu" and low >= 0 and high <= 255:
        return values.astype(np.uint8)
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    return np.rint((values.astype(np.float64) - low) * (255.0 / (high - low or 1.0))).astype(np.uint8)


def _common_size(headers: list[tuple[int, int, str]]) -> tuple[int, int, int]:
    """(height, width, channels) from (width, height, mode) of some: the median, shrunk to 256, gray if all are."""
    width, height = (float(np.median([header[axis] for header in headers])) for axis in (0, 1))
    shrink = min(1.0, LONGEST_SIDE / max(width, height))
    gray = all(mode in ("L", "1", "I;16", "I", "F") for _, _, mode in headers)
    return max(1, round(height * shrink)), max(1, round(width * shrink)), 1 if gray else 3


def _opened(picture: Any, pillow: Any) -> Any:
    if hasattr(picture, "convert"):
        return picture
    if isinstance(picture, Mapping) and picture.get("bytes"):
        return pillow.open(io.BytesIO(picture["bytes"]))
    if isinstance(picture, np.ndarray) and picture.dtype == np.uint8:
        return pillow.fromarray(picture)
    fix = "pass Pillow images, uint8 arrays, or paths"
    raise InputError("a cell of the image column is no picture", got=type(picture).__name__, fix=fix)


def _resized(picture: Any, size: tuple[int, int, int], pillow: Any) -> Pixels:
    """A Pillow image as (height, width, channels) uint8, each new pixel the mean of those it covers."""
    height, width, channels = size
    drawn = picture.convert("L" if channels == 1 else "RGB")
    resized = drawn.resize((width, height), pillow.Resampling.BOX)
    return np.asarray(resized, dtype=np.uint8).reshape(size)


def _header(name: str) -> tuple[int, int, str]:
    try:
        with _pillow().open(name) as picture:
            return (*picture.size, picture.mode)
    except (OSError, ValueError, SyntaxError, EOFError) as fault:
        raise _unreadable([name], [str(fault)]) from None


def _require_readable(names: list[str], decoded: list[Any]) -> None:
    bad = [(name, why) for name, why in zip(names, decoded, strict=True) if isinstance(why, str)]
    if bad:
        raise _unreadable([name for name, _ in bad], [why for _, why in bad])


def _unreadable(names: list[str], reasons: list[str]) -> InputError:
    shown = ", ".join(names[:5]) + (f" ({len(names)} in all)" if len(names) > 5 else "")
    return InputError("some image files cannot be read", where=shown, got=reasons[0], fix="remove or replace them")


def _pillow() -> Any:
    """Pillow's image module; it is an extra, and loading it is left until a file is opened."""
    extras.require_extra("PIL", "reading image files")
    return importlib.import_module("PIL.Image")


def _nearest(length: int, scale: float) -> Ints:
    """Source positions of a nearest-neighbor resize of one axis."""
    target = max(1, round(length * scale))
    source: Ints = np.minimum((np.arange(target) + 0.5) / scale, length - 1).astype(np.intp)
    return source


def _png(picture: Pixels) -> bytes:
    """A picture (h, w, c) as PNG: each line preceded by its filter byte (0 = none), deflated."""
    height, width, channels = picture.shape
    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    lines = np.zeros((height, 1 + width * channels), dtype=np.uint8)
    lines[:, 1:] = picture.reshape(height, -1)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )
