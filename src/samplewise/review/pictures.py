"""Pictures of rows as a browser shows them: files only from inside the data folder, everything else drawn anew."""

import base64
import os
from pathlib import Path

from samplewise.core.errors import InputError
from samplewise.data.images import Images
from samplewise.data.picture_files import is_measured

SMALL = 256  # pixels of the longer side among many
LARGEST_FILE = 32 * 2**20  # bytes of a file that is sent as it is
# How files begin that every browser shows. Only what begins so is sent as it is: a name ending in .png proves nothing.
BEGINNINGS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


def picture_bytes(images: Images, position: int, folder: Path | None, *, small: bool = False) -> tuple[bytes, str]:
    """One picture as a file that browsers show, and its media type.

    Files of 8 bits that browsers know are sent as they are when they are wanted large; all others, and what is
    wanted small, are drawn anew at the size at which models see them.

    Args:
        images: of the data set.   position: of the row.
        folder: the only one whose files may be read; None where pictures lie in memory.
        small: whether it is to be shown among many.

    Returns: the bytes, and a type such as "image/png".
    Raises:  InputError: a file outside the folder, also through a link; one that is gone or cannot be read.
    Cost:    reading the file, or decoding it once.
    """
    fault = "" if images.faults is None else str(images.faults[position])
    if fault:
        raise InputError("the picture cannot be opened", got=fault, fix="look at the file, or drop the row")
    if images.paths is not None:
        file = _inside(Path(str(images.paths[position])), folder)
        if not small and not is_measured(images.scale) and (sent := _as_it_is(file)) is not None:
            return sent
    longest = max(images.height, images.width)
    uri = images.thumbnail(position, min(SMALL, longest) if small else longest)
    return base64.b64decode(uri.partition(",")[2]), "image/png"


def _inside(file: Path, folder: Path | None) -> Path:
    """The file with every link followed, where that is inside the folder."""
    real = Path(os.path.realpath(file))
    if folder is None or not real.is_relative_to(os.path.realpath(folder)):
        raise InputError(
            "the picture lies outside the data folder and is not shown", where=str(file), got=str(real),
            fix="put a copy of it into the data folder and audit again",
        )  # fmt: skip
    return real


def _as_it_is(file: Path) -> tuple[bytes, str] | None:
    """The content of a file that every browser shows; None for any other."""
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError as fault:
        raise InputError(
            "the picture cannot be read", where=str(file), got=fault.strerror or str(fault),
            fix="bring the file back to where it was when the data were audited, and load the page again",
        ) from None  # fmt: skip
    known = (kind for beginning, kind in BEGINNINGS.items() if content.startswith(beginning))
    return None if len(content) > LARGEST_FILE else next(((content, kind) for kind in known), None)
