"""`Images`: pictures in memory or in files, read block by block, all shown to the learner at one size."""

import base64
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Ints, Mask, fingerprint
from samplewise.core.errors import InputError, name_rows
from samplewise.core.randomness import key_hashes
from samplewise.data.picture_files import (
    Pixels,
    Scale,
    Size,
    as_bytes,
    decoded,
    is_measured,
    scale_note,
    scale_of,
    survey,
    unreadable,
)

PROBED = 200  # files whose header is read to choose the common size
BLANK = 3  # of 255 levels: pictures that vary by less show nothing


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """n pictures of one size, 8 bits a channel; where they take more than 512 MB, files are read block by block.

    Build with `Images.from_array` or `Images.from_files`. Subsets share the pixels or paths they came from.

    Args:
        height, width, channels: the common size of every block; channels 1 (gray), 3 (color) or 4 (with opacity).
        pixels: (n, height, width, channels) uint8, or None where they are read from the files when they are needed.
        paths: (n,) file names, or None where the pictures come from memory.
        scale: the values shown as black and as white, where pictures have more than 8 bits; None: 0 and 255.
        faults: (n,) why a file cannot be read, "" where it can; None where every picture is there.
        notes: what is to be known about how the pictures were read.

    Two pictures are exact duplicates if their pixels at the common size are equal: see `content_keys`.

    >>> Images.from_array(np.zeros((5, 28, 28), dtype=np.uint8)).shape
    (5, 28, 28, 1)
    """

    height: int
    width: int
    channels: int
    pixels: Pixels | None = None
    paths: Array | None = None
    scale: Scale | None = None
    faults: Array | None = None
    notes: tuple[str, ...] = ()
    _keys: Pixels | None = field(default=None, repr=False)  # what `content_keys` found, carried on to subsets
    _blank: Mask | None = field(default=None, repr=False)  # what `blank` found, on the same pass

    @classmethod
    def from_array(cls, values: Array) -> "Images":
        """Pictures from (n, h, w), (n, h, w, c) or (n, c, h, w) numbers of any type, scaled to 0..255.

        Bytes stay what they are, 0..1 is black to white. Of more than 8 bits white is the least 2 ** k - 1 that no
        value exceeds (4095, 65535); numbers below 0 and other fractions reach from the least to the largest of all.
        """
        values = np.asarray(values)
        stacked = values[..., np.newaxis] if values.ndim == 3 else values
        if stacked.ndim == 4 and stacked.shape[3] not in (1, 3, 4) and stacked.shape[1] in (1, 3, 4):
            stacked = np.moveaxis(stacked, 1, 3)  # (n, c, h, w), as torch holds them
        if stacked.ndim != 4 or stacked.shape[3] not in (1, 3, 4) or 0 in stacked.shape:
            raise InputError(
                "an array with three or four axes is read as images, and this one is none",
                got=f"shape {values.shape}",
                fix="pass (n, h, w) or (n, h, w, c) with c = 1, 3 or 4; other data as (n, d): X.reshape(len(X), -1)",
            )  # fmt: skip
        scale = _scale_of_array(stacked)
        notes = (scale_note("pixels", scale),) if scale and is_measured(scale) else ()
        bytes_already = stacked.dtype == np.uint8 and scale == (0.0, 255.0)
        pixels = stacked if bytes_already else as_bytes(stacked, scale)
        _, height, width, channels = stacked.shape
        return cls(height, width, channels, pixels=pixels, scale=scale, notes=notes)

    @classmethod
    def from_files(cls, paths: Sequence[str | os.PathLike[str]]) -> "Images":
        """Pictures from files; the common size is the median of up to 200 of them, the longer side at most 256.

        Every file is decoded once, on all cores: those that cannot be read are `unreadable`, and `faults` says why. A
        camera's orientation tag is applied, opacity laid on white, of several frames the first is read.

        Raises:
            InputError: no path is given, or no file can be read.
        """
        names = np.array([os.fspath(path) for path in paths], dtype=object)
        if not len(names):
            raise InputError("there are no image files", got="an empty list of paths", fix="name at least one file")
        probed = names[np.argsort(key_hashes(names), kind="stable")[:PROBED]]  # the same files whatever their order
        return cls._surveyed(names, probed, names)

    @classmethod
    def from_pictures(cls, pictures: Sequence[Any]) -> "Images":
        """Pictures from Pillow images, arrays or records with encoded `bytes`; held in memory at one size."""
        items = np.empty(len(pictures), dtype=object)
        for place, picture in enumerate(pictures):
            items[place] = picture
        return cls._surveyed(items, items, None)

    @classmethod
    def _surveyed(
        cls, items: Array, probed: Array, paths: Array | None, size: Size | None = None, scale: Scale | None = None
    ) -> "Images":
        seen = survey(items, probed, hold=paths is None, size=size, scale=scale)
        faults = seen.faults if (seen.faults != "").any() else None
        return cls(*seen.size, pixels=seen.pixels, paths=paths, scale=seen.scale, faults=faults, notes=seen.notes)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(n, height, width, channels)."""
        return len(self), self.height, self.width, self.channels

    @property
    def unreadable(self) -> Mask:
        """Which pictures cannot be read (n,) bool: broken, empty or absent files."""
        return np.zeros(len(self), dtype=bool) if self.faults is None else np.asarray(self.faults != "")

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self._held)

    def __repr__(self) -> str:
        """Number, size and where they are from."""
        n, h, w, c = self.shape
        return f"Images({n} of {h} x {w}, {c} channels, {'in memory' if self.paths is None else 'in files'})"

    def __getitem__(self, positions: Any) -> "Images":
        """The pictures at these positions (integers, mask or slice), as `Images` again."""
        places = positions if isinstance(positions, slice) else np.atleast_1d(positions)
        parts: dict[str, Any] = {
            name: None if (held := getattr(self, name)) is None else held[places] for name in _BY_PICTURE
        }
        if parts["faults"] is not None and not (parts["faults"] != "").any():
            parts["faults"] = None
        return replace(self, **parts)

    def blocks(self, size: int = 256) -> Iterator[Pixels]:
        """Yield (at most `size`, h, w, c) uint8 in order; raises `InputError` naming files that cannot be read."""
        self._require_readable(slice(None))
        keys, blank = list[bytes](), list[bool]()
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # hashing leaves the interpreter lock
            for start in range(0, len(self), size):
                block = self._block(slice(start, start + size))
                if self._keys is None:
                    keys += pool.map(_content_key, block)
                    blank += _shows_nothing(block).tolist()
                yield block
        if len(keys) == len(self) and keys:
            object.__setattr__(self, "_keys", np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, 16))
            object.__setattr__(self, "_blank", np.array(blank))

    def content_keys(self) -> Pixels:
        """A name for the pixels of every picture at the common size (n, 16): equal pictures, equal rows.

        The names are hashes of 128 bits, the same on every machine; pictures of different sizes have different names.
        Any full pass over the pictures finds them on its way. Cost: one such pass at most.

        >>> Images.from_array(np.zeros((2, 8, 8), dtype=np.uint8)).content_keys().shape
        (2, 16)
        """
        self._pass_over()
        return np.zeros((0, 16), dtype=np.uint8) if self._keys is None else self._keys

    def blank(self) -> Mask:
        """Which pictures show nothing (n,) bool: no channel varies by more than 3 of 255 levels at the common size.

        Cost: one pass over the pictures at most.

        >>> Images.from_array(np.eye(8, dtype=np.uint8)[np.newaxis] * np.uint8([[[9]], [[0]]])).blank()
        array([False,  True])
        """
        self._pass_over()
        return np.zeros(0, dtype=bool) if self._blank is None else self._blank

    def at_size(self, other: "Images") -> "Images":
        """These pictures as `other` is read: at its size, between its black and white, so that they compare.

        Files are read again where that changes something. Pictures in memory stay at their size: those of another have
        no key in common with `other`.
        """
        scaled = other.scale if is_measured(self.scale) and is_measured(other.scale) else self.scale
        size = (other.height, other.width, other.channels)
        if self.paths is not None and (size != self.shape[1:] or scaled != self.scale):
            return Images._surveyed(self.paths, self.paths, self.paths, size, scaled)
        if scaled == self.scale or self.pixels is None or scaled is None or self.scale is None:
            return self
        low, high = self.scale
        values = low + self.pixels * ((high - low) / 255.0)
        return replace(self, pixels=as_bytes(values, scaled), scale=scaled, _keys=None, _blank=None)

    def followed_by(self, other: "Images") -> "Images":
        """These pictures and then those of `other`, all as these are read.

        Raises:
            InputError: pictures in memory of another size.
        """
        other = other.at_size(self)
        if other.shape[1:] != self.shape[1:]:
            raise InputError(
                "pictures of data and test rows differ in size", got=f"{other!r}, data {self!r}",
                fix="resize one of them, or read both with Images.from_files",
            )  # fmt: skip
        in_files = self.paths is not None and other.paths is not None
        in_memory = self.pixels is not None and other.pixels is not None
        if not in_files and not in_memory:
            raise InputError(
                "images of data and test rows are held in different ways", got="files on one side, pixels on the other",
                fix="read both with Images.from_files, or both with Images.from_array",
            )  # fmt: skip
        parts = {name: _joined(getattr(self, name), getattr(other, name)) for name in _BY_PICTURE}
        if self.faults is not None or other.faults is not None:
            parts["faults"] = np.concatenate([np.where(one.unreadable, one._reasons(), "") for one in (self, other)])
        return replace(self, **parts)

    def thumbnail(self, position: int, size: int = 96) -> str:
        """One picture as a PNG data URI whose longer side is `size` pixels; needs no extra for pictures in memory."""
        one = self[[position]]
        one._require_readable(slice(None))
        picture = one._block(slice(None))[0]
        height, width = picture.shape[:2]
        scale = size / max(height, width)
        rows, columns = _nearest(height, scale), _nearest(width, scale)
        return "data:image/png;base64," + base64.b64encode(_png(picture[rows][:, columns])).decode("ascii")

    def fingerprint(self) -> str:
        """A name for the content: the pixels, or the names, sizes and dates of the files. Cost: O(n)."""
        if self.paths is None:
            return fingerprint(self.pixels) if self.faults is None else fingerprint(self.pixels, self.faults)
        return fingerprint(self.shape, [_file_facts(name) for name in self.paths.tolist()])

    def _block(self, part: slice) -> Pixels:
        if self.pixels is not None:
            return self.pixels[part]
        names = self._held[part]
        found = list(decoded(names, (self.height, self.width, self.channels)))
        faults = np.array([one if isinstance(one, str) else "" for one in found], dtype=object)
        if (faults != "").any():  # readable when they were surveyed
            raise unreadable(names, faults, faults != "")
        values = [one.values for one in found if not isinstance(one, str)]
        return np.stack([one if one.dtype == np.uint8 else as_bytes(one, self.scale) for one in values])

    def _pass_over(self) -> None:
        if self._keys is None or self._blank is None:
            object.__setattr__(self, "_keys", None)
            for _ in self.blocks():
                pass

    def _require_readable(self, part: slice) -> None:
        if self.faults is not None and self.unreadable[part].any():
            names = np.arange(len(self)) if self.paths is None else self.paths
            raise unreadable(names[part], self.faults[part], self.unreadable[part])

    def _reasons(self) -> Array:
        return np.full(len(self), "", dtype=object) if self.faults is None else self.faults

    @property
    def _held(self) -> Any:
        return self.paths if self.pixels is None else self.pixels


_BY_PICTURE = ("pixels", "paths", "faults", "_keys", "_blank")


def _joined(first: Any, second: Any) -> Any:
    return None if first is None or second is None else np.concatenate([first, second])


def _file_facts(name: str) -> tuple[str, int, int]:
    try:
        found = os.stat(name)
    except OSError:  # there is none
        return name, -1, -1
    return name, found.st_size, found.st_mtime_ns


def _content_key(picture: Pixels) -> bytes:
    """16 bytes from the shape and the pixels of one picture."""
    digest = blake2b(repr(picture.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(picture).data)
    return digest.digest()


def _shows_nothing(block: Pixels) -> Mask:
    """(n,) pictures in which no channel of color varies."""
    shown = block[..., :3].reshape(len(block), -1, min(block.shape[3], 3))
    return np.asarray((np.ptp(shown, axis=1) <= BLANK).all(axis=1))


def _scale_of_array(values: Array) -> Scale | None:
    """Black and white of an array of pictures; what holds no numbers, or none that can be shown, is refused."""
    if values.dtype.kind not in "biuf":
        raise InputError("images must be numbers", got=f"dtype {values.dtype}", fix="pass uint8 0..255 or floats 0..1")
    finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if not finite.all():
        raise InputError(
            "images have missing or infinite pixels", where=name_rows(np.flatnonzero(~finite)),
            got=f"shape {values.shape}", fix="drop those images, or fill the pixels",
        )  # fmt: skip
    return scale_of(values.min(), values.max(), values.dtype.kind in "biu")


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
