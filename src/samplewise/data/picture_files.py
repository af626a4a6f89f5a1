"""Pictures as they are stored, in files or in memory: decoded upright and at one size, with what could not be read."""

import importlib
import io
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import TypeAliasType

from samplewise.core import extras
from samplewise.core.arrays import Array, Mask
from samplewise.core.errors import InputError
from samplewise.core.texts import count_of, shortened

Pixels = TypeAliasType("Pixels", npt.NDArray[np.uint8])
Scale = tuple[float, float]  # the values that are shown as black and as white
Size = tuple[int, int, int]  # height, width, channels

LONGEST_SIDE = 256  # larger pictures are read at this size
MOST_HELD = 512 * 2**20  # bytes of pixels that stay in memory; above, files are decoded again where they are needed
AT_ONCE = 256  # pictures decoded before their pixels are stored
DEEP = ("I", "F")  # how Pillow's modes of more than 8 bits a value begin
GRAY = ("1", "L", "LA", "La")
ORIENTATION, SIDEWAYS = 0x0112, (5, 6, 7, 8)  # the tag a camera writes, and its values that swap the sides
LEAST_BITS = 8  # of a picture of whole numbers
OVERSAMPLED = 2  # a JPEG is decoded to at least so many times the common size
HALF = 127  # numbers up to 255 whose largest is above this are bytes written as fractions


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """One picture at the common size.

    Args:
        values: (h, w, c) uint8; where the file has more than 8 bits float32 in its own unit, to be scaled.
        low, high: least and largest value of the whole picture, where it has more than 8 bits.
        whole: whether its values are whole numbers.
        turned: whether it was turned by its orientation tag.
        frames: whether there are several, of which this is the first.
    """

    values: Array
    low: float = 0.0
    high: float = 0.0
    whole: bool = True
    turned: bool = False
    frames: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """What one pass over n pictures found.

    Args:
        size: (height, width, channels) at which they are shown.
        scale: black and white of those with more than 8 bits a value; None where there are none.
        pixels: (n, h, w, c), zeros for what cannot be read; None where they take too much memory.
        faults: (n,) why a picture cannot be read; "" where it can.
        notes: what is to be known about how they were read.
    """

    size: Size
    scale: Scale | None
    pixels: Pixels | None
    faults: Array
    notes: tuple[str, ...] = ()


def survey(
    items: Array, probed: Array, *, hold: bool = False, size: Size | None = None, scale: Scale | None = None
) -> Survey:
    """Decode every picture once, on all cores.

    Args:
        items: (n,) file names, Pillow images, arrays, or records with encoded `bytes`.
        probed: those whose headers decide the common size.
        hold: keep the pixels whatever memory they take, because no file has them.
        size, scale: those of other pictures with which these are compared; default: their own.

    Raises:
        InputError: no picture can be read.
    """
    headers = [] if size else _headers(probed)
    size = size or _common_size(headers)
    held = hold or len(items) * int(np.prod(size)) * (4 if any(deep for *_, deep in headers) else 1) <= MOST_HELD
    pixels = np.zeros((len(items), *size), dtype=np.uint8) if held else None
    faults = np.full(len(items), "", dtype=object)
    seen, deep = list[Decoded](), dict[int, Decoded]()
    for place, one in enumerate(decoded(items, size)):
        if isinstance(one, str):
            faults[place] = one
            continue
        if one.values.dtype != np.uint8:
            deep[place] = one if held else _without_values(one)
        elif pixels is not None:
            pixels[place] = one.values
        seen.append(_without_values(one))
    if len(items) and not seen:
        raise unreadable(items, faults, np.ones(len(items), dtype=bool))
    own = scale_of([one.low for one in deep.values()], [one.high for one in deep.values()],
                   all(one.whole for one in deep.values()))  # fmt: skip
    scale = scale or own
    if pixels is not None:
        for place, one in deep.items():
            pixels[place] = as_bytes(one.values, scale)
    return Survey(size, scale, pixels, faults, tuple(_notes(seen, len(deep), scale)))


def decoded(items: Array, size: Size) -> Iterator[Decoded | str]:
    """Every picture at this size, in order, or the reason it cannot be read."""
    pillow = require_pillow()
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow leaves the interpreter lock while it decodes
        for start in range(0, len(items), AT_ONCE):
            yield from pool.map(lambda item: decode(item, size, pillow), items[start : start + AT_ONCE].tolist())


def decode(item: Any, size: Size, pillow: Any) -> Decoded | str:
    """One picture at this size, or the reason it cannot be read."""
    try:
        with _opened(item, pillow) as picture:
            frames = bool(getattr(picture, "is_animated", False))
            if picture.format == "JPEG" and picture is not item:  # decoded at 1/2, 1/4 or 1/8 where that is enough
                picture.draft(None, (OVERSAMPLED * max(size[:2]),) * 2)
            turned = picture.getexif().get(ORIENTATION, 1) not in (0, 1)
            upright = importlib.import_module("PIL.ImageOps").exif_transpose(picture) if turned else picture
            if upright.mode.startswith(DEEP):
                return _deep(upright, size, pillow, turned, frames)
            return Decoded(_in_bytes(upright, size, pillow), turned=turned, frames=frames)
    except InputError:
        raise
    except Exception as fault:  # decoders raise nearly anything on damaged files; one of them must not cost the others
        return _reason(item, fault)


def _deep(picture: Any, size: Size, pillow: Any, turned: bool, frames: bool) -> Decoded | str:
    """A gray picture of more than 8 bits, in its own unit, with its extremes."""
    values = np.asarray(picture)
    whole = values.dtype.kind in "iu"
    values = values.astype(np.float32)
    if not np.isfinite(values).all():
        return "missing or infinite pixels"
    height, width, channels = size
    small = np.asarray(pillow.fromarray(values).resize((width, height), pillow.Resampling.BOX))
    repeated = np.repeat(small[..., np.newaxis], channels, axis=2)
    return Decoded(repeated, float(values.min()), float(values.max()), whole, turned, frames)


def _in_bytes(picture: Any, size: Size, pillow: Any) -> Pixels:
    """A Pillow image as (height, width, channels) uint8 on white, each new pixel the mean of those it covers."""
    height, width, channels = size
    if picture.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in picture.info:
        opaque = picture.convert("LA").convert("RGBA") if picture.mode == "La" else picture.convert("RGBA")
        picture = pillow.alpha_composite(pillow.new("RGBA", opaque.size, "white"), opaque)
    drawn = picture.convert("L" if channels == 1 else "RGB")
    return np.asarray(drawn.resize((width, height), pillow.Resampling.BOX), dtype=np.uint8).reshape(size)


def _opened(item: Any, pillow: Any) -> Any:
    """A Pillow image that a `with` closes, unless the user holds it."""
    if isinstance(item, str):
        return pillow.open(_with_an_end(item))
    if hasattr(item, "convert"):
        return nullcontext(item)
    if isinstance(item, Mapping) and (item.get("bytes") or item.get("path")):
        return pillow.open(io.BytesIO(item["bytes"]) if item.get("bytes") else item["path"])
    if isinstance(item, np.ndarray) and (item.dtype == np.uint8 or (item.ndim == 2 and item.dtype.kind in "biuf")):
        return pillow.fromarray(_of_pillow(item))
    if item is None or item != item:
        raise ValueError("no picture is given")
    raise InputError(
        "a cell of the image column is no picture", got=type(item).__name__,
        fix="pass Pillow images, uint8 arrays, or paths",
    )  # fmt: skip


def _with_an_end(path: str) -> str:
    """The path of a file; of a pipe, a socket or a device nobody can tell when its picture is over."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ValueError("no file, but a pipe, a socket, a device or a folder")
    return path


def _of_pillow(values: Array) -> Array:
    """An array of a type that Pillow holds: bytes, 16 bits, 32 bits with sign, or floats."""
    if values.dtype.kind == "f":
        return values.astype(np.float32)
    if values.dtype in (np.bool_, np.uint8, np.uint16):
        return values.astype(np.uint8) * 255 if values.dtype == np.bool_ else values
    return values.astype(np.int32)


def _reason(item: Any, fault: Exception) -> str:
    """Why a picture cannot be read, in a line."""
    if isinstance(fault, FileNotFoundError):
        if isinstance(item, str) and os.path.islink(item):
            return "the link leads to no file"
        return "there is no such file" if item else "no file is named"
    if isinstance(fault, OSError) and fault.strerror and fault.filename:
        return fault.strerror  # the system's, which names the file again
    if isinstance(item, str) and os.path.isfile(item) and not os.path.getsize(item):
        return "the file is empty"
    kind = type(fault).__name__
    if kind == "UnidentifiedImageError":
        return "no picture of a known kind"
    if kind == "DecompressionBombError":
        return f"more than {2 * require_pillow().MAX_IMAGE_PIXELS:,} pixels, as no picture of a data set has"
    return shortened(f"{fault}" or kind, 120)


def unreadable(items: Array, faults: Array, wanted: Mask) -> InputError:
    """The error for pictures that cannot be read, by file name where they are files."""
    places = np.flatnonzero(wanted)
    names = [str(items[place]) if isinstance(items[place], str) else f"picture {place}" for place in places]
    fix = "replace them, or leave their rows out: rows = read_dataset(...).data; rows.drop(rows.ids[rows.X.unreadable])"
    where = ", ".join(names[:5]) + (
        f" ({len(names)} in all)" if len(names) > 5 else ""
    )  # whole: a path ends in its name
    return InputError("some image files cannot be read", where=where, got=str(faults[places[0]]), fix=fix)


# ---- the common size -------------------------------------------------------------------------------------------------


def _headers(items: Array) -> list[tuple[int, int, bool, bool]]:
    """(width, height, whether gray, whether of more than 8 bits) of the pictures that can be read, upright."""
    pillow, found = require_pillow(), []
    reasons = np.full(len(items), "", dtype=object)
    for place, item in enumerate(items.tolist()):
        try:
            with _opened(item, pillow) as picture:
                width, height = _upright_size(picture)
                deep = picture.mode.startswith(DEEP)
                found.append((width, height, deep or picture.mode in GRAY, deep))
        except InputError:
            raise
        except Exception as fault:  # as in `decode`
            reasons[place] = _reason(item, fault)
    if not found:
        raise unreadable(items, reasons, np.ones(len(items), dtype=bool))
    return found


def _upright_size(picture: Any) -> tuple[int, int]:
    """(width, height) as the orientation tag has it, without decoding where that can be."""
    if picture.format == "PNG" and "exif" not in picture.info:  # its tags may stand behind the pixels
        return picture.size[0], picture.size[1]
    sideways = picture.getexif().get(ORIENTATION, 1) in SIDEWAYS
    if sideways and picture.format == "TIFF":  # Pillow turns these itself as they are decoded
        picture.load()
        sideways = False
    width, height = picture.size
    return (height, width) if sideways else (width, height)


def _common_size(headers: Sequence[tuple[int, int, bool, bool]]) -> Size:
    """(height, width, channels): the median, shrunk to 256, gray if all are."""
    width, height = (float(np.median([header[axis] for header in headers])) for axis in (0, 1))
    shrink = min(1.0, LONGEST_SIDE / max(width, height))
    channels = 1 if all(gray for _, _, gray, _ in headers) else 3
    return max(1, round(height * shrink)), max(1, round(width * shrink)), channels


# ---- black and white -------------------------------------------------------------------------------------------------


def scale_of(low: Any, high: Any, whole: bool) -> Scale | None:
    """The values shown as black and white, from the least and the largest of every picture of a set; None for none.

    Numbers in 0..1 are what they are. Whole numbers have the least white 2 ** k - 1 that none exceeds, of 8 bits at
    least: 4095 for 12 bits in a file of 16. Fractions up to 255 are bytes where one is above 127. All others,
    those below 0 among them, reach from the least to the largest of the set.

    >>> scale_of([3], [4001], whole=True), scale_of([-1.0], [1.0], whole=False)
    ((0.0, 4095.0), (-1.0, 1.0))
    """
    if not np.size(high):
        return None
    least, largest = float(np.min(low)), float(np.max(high))
    if least < 0:
        return least, largest
    if largest <= 1:
        return 0.0, 1.0
    if whole:
        return 0.0, float(2 ** max(LEAST_BITS, int(largest).bit_length()) - 1)
    return (0.0, 255.0) if HALF < largest <= 255 else (least, largest)  # bytes


def is_measured(scale: Scale | None) -> bool:
    """Whether black and white come from the values of the set, and not from their type."""
    return scale not in (None, (0.0, 1.0), (0.0, 255.0))


def as_bytes(values: Array, scale: Scale | None) -> Pixels:
    """Values of any unit as 0..255, between black and white."""
    low, high = scale or (0.0, 255.0)
    shown = (values.astype(np.float64) - low) * (255.0 / (high - low or 1.0))
    return np.rint(shown.clip(0, 255)).astype(np.uint8)


# ---- notes -----------------------------------------------------------------------------------------------------------


def _without_values(one: Decoded) -> Decoded:
    return Decoded(np.empty(0), one.low, one.high, one.whole, one.turned, one.frames)


def _notes(seen: Sequence[Decoded], deep: int, scale: Scale | None) -> Iterator[str]:
    if deep and scale:
        yield scale_note(f"{count_of(deep, 'picture')} of more than 8 bits", scale)
    if turned := sum(one.turned for one in seen):
        yield f"{count_of(turned, 'picture')} turned upright by the orientation tag"
    if frames := sum(one.frames for one in seen):
        yield f"{count_of(frames, 'file')} with several frames: the first is read"


def scale_note(what: str, scale: Scale) -> str:
    """Which values are shown as black and white."""
    return f"{what}: {scale[0]:.6g} is shown as black, {scale[1]:.6g} as white"


def require_pillow() -> Any:
    """Pillow's image module; it is an extra, and loading it is left until a file is opened."""
    extras.require_extra("PIL", "reading image files")
    return importlib.import_module("PIL.Image")
