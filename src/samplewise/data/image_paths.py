"""Where the pictures of a data set lie: folders of classes, folders of splits, and columns that name files."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from samplewise.core.errors import InputError
from samplewise.core.escapes import file_name, shell_option, shell_path
from samplewise.core.texts import count_of, keys_text
from samplewise.data.delimited import read_delimited
from samplewise.data.table_files import DELIMITED, kind_of_file

IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".jp2"}
)
TEST_SPLITS = ("test", "testing", "val", "valid", "validation", "dev")  # whose rows are the test rows: the first there
SPLITS = ("train", "training", *TEST_SPLITS)
PACKED = "__MACOSX"  # what archives of one system hold besides the files
FOLDERS = 20  # sub-folders in which a column of file names is looked up
TRIED = 50  # cells of a column of file names that are looked up
File = tuple[str, ...]  # the parts of a path below the folder


@dataclass(frozen=True, slots=True)
class FolderImages:
    """The pictures of a folder.

    Args:
        rows, test: (path below the folder, class) of the data and of the test rows, in the order of the paths; the
            class is None where the folder tells none.
        notes, questions: what was decided, and what the owner should decide.
    """

    rows: tuple[tuple[str, str | None], ...]
    test: tuple[tuple[str, str | None], ...] = ()
    notes: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def folder_images(folder: Path) -> FolderImages:
    """The pictures below a folder by class: one sub-folder per class, or one per split with those of the classes below.

    Pictures of a sub-folder of a class are of that class. Of splits, the test rows are those of test (without it of
    val); all others are the data. Hidden files are passed over.

    Raises:
        InputError: no picture, splits without classes, or pictures whose labels stand in a table beside them.

    Cost: one walk through the folder.
    """
    files, passed_over = _walk(folder)
    if not files:
        raise _no_images(folder)
    notes = [f"files passed over because they are no images: {passed_over:,}"] if passed_over else []
    base = _wrapping(files)
    tops = _below(files, base)
    if len(_below(files, ())) < 2 and (table := _label_table(folder, len(files))) is not None:  # classes
        raise table
    if tops and all(name.lower() in SPLITS for name in tops):
        return _of_splits(folder, files, base, tops, notes)
    if not tops:
        notes.append("the pictures lie in one folder without sub-folders, which tells no classes: read without labels")
        return FolderImages(tuple(("/".join(parts), None) for parts in files), (), tuple(notes))
    classes = f"one class per sub-folder{' of ' + base[0] if base else ''} ({count_of(len(tops), 'class', 'classes')})"
    if loose := _loose(files, base):
        beside = keys_text("/".join(parts) for parts in loose)
        notes.append(f"{count_of(len(loose), 'picture')} beside the sub-folders of the classes are left out: {beside}")
    if deeper := [name for name in tops if _below(files, (*base, name))]:
        notes.append(f"sub-folders of {keys_text(deeper)} are no classes of their own")
    return FolderImages(_of_classes(files, base), (), (classes, *notes))


def _wrapping(files: list[File]) -> File:
    """The only folder there is, where all classes or splits are its sub-folders: archives unpack into one."""
    tops = _below(files, ())
    if len(tops) != 1 or _loose(files, ()) or tops[0].lower() in SPLITS:
        return ()
    inside = (tops[0],)
    return inside if len(_below(files, inside)) > 1 and not _loose(files, inside) else ()


def _of_splits(folder: Path, files: list[File], base: File, tops: list[str], notes: list[str]) -> FolderImages:
    """Folders of splits: the last of train, val and test that has classes holds the test rows."""
    with_classes = [name for name in tops if _below(files, (*base, name))]
    if not with_classes:
        raise InputError(
            "the sub-folders are splits and not classes", where=str(folder), got=", ".join(tops),
            fix="put every class's pictures in a sub-folder of its split, or name a table of the labels: "
            "samplewise audit LABELS.csv --label COL --image COL",
        )  # fmt: skip
    if unused := [name for name in tops if name not in with_classes]:
        notes.append(f"{keys_text(unused)} is left out: it has no sub-folders of classes")
    by_name = {name.lower(): name for name in with_classes}
    held = next((by_name[name] for name in TEST_SPLITS if name in by_name), None) if len(with_classes) > 1 else None
    data = [name for name in with_classes if name != held]
    rows = [row for name in data for row in _of_classes(files, (*base, name))]
    test = _of_classes(files, (*base, held)) if held else ()
    notes.append(f"one class per sub-folder of {keys_text(data)}" + (f"; {held} holds the test rows" if held else ""))
    questions = []
    if held:
        root, first = folder.joinpath(*base), data[0]
        questions.append(
            f"the sub-folders of {folder.name} are read as splits: {keys_text(data)} as the data, {held} as test rows; "
            f"otherwise name them: samplewise audit {shell_path(root / first)} --test {shell_path(root / held)}"
        )
    return FolderImages(tuple(sorted(rows)), test, tuple(notes), tuple(questions))


def _of_classes(files: list[File], base: File) -> tuple[tuple[str, str | None], ...]:
    """Every picture below a folder of class folders, with its class."""
    depth = len(base)
    return tuple(("/".join(p), p[depth]) for p in files if p[:depth] == base and len(p) > depth + 1)


def _below(files: list[File], base: File) -> list[str]:
    """Names of the sub-folders of a folder that hold pictures."""
    depth = len(base)
    return sorted({parts[depth] for parts in files if parts[:depth] == base and len(parts) > depth + 1})


def _loose(files: list[File], base: File) -> list[File]:
    """Pictures in a folder itself."""
    return [parts for parts in files if parts[:-1] == base]


def _walk(folder: Path) -> tuple[list[File], int]:
    """Every picture below a folder, and how many other files there are; what is hidden is not looked at."""
    files, passed_over, seen = list[File](), 0, set[str]()
    for where, folders, names in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(where)) in seen:  # a link back to a folder above
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in folders if not name.startswith(".") and name != PACKED]
        shown = [name for name in names if not name.startswith(".")]
        images = [name for name in shown if is_image(name)]
        passed_over += len(shown) - len(images)
        files += [(*Path(where).relative_to(folder).parts, name) for name in images]
    return sorted(files), passed_over


def is_image(name: str) -> bool:
    """Whether a file is a picture, by its ending.

    >>> is_image("cat.JPG"), is_image("cat.txt")
    (True, False)
    """
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def _no_images(folder: Path) -> InputError:
    folders = sum(entry.is_dir() for entry in folder.iterdir() if not entry.name.startswith("."))
    return InputError(
        "the folder has no images in sub-folders", where=str(folder),
        got=f"{count_of(folders, 'sub-folder')}, no file with {', '.join(sorted(IMAGE_SUFFIXES))}",
        fix="put every class's images in a sub-folder named for the class",
    )  # fmt: skip


def _label_table(folder: Path, count: int) -> InputError | None:
    """The error for pictures whose names stand in a table of the same folder: how to read that table instead."""
    for file in sorted(folder.iterdir()):
        if not file.is_file() or kind_of_file(file) not in DELIMITED:
            continue
        try:
            frame, _ = read_delimited(file)
        except InputError:  # a text that is no table
            continue
        named = image_columns(frame, folder)
        others = [str(name) for name in frame.columns if str(name) not in named]
        if named and others:
            label = shell_option("--label", others if len(others) == 1 else ["COL"])
            return InputError(
                "the folders tell no classes, and a table names the pictures", where=str(file),
                got=f"{count_of(count, 'picture')}, column {named[0]!r} with their names",
                fix=f"samplewise audit {shell_path(file)} {label} {shell_option('--image', named[:1])}",
            )  # fmt: skip
    return None


# ---- columns of file names -------------------------------------------------------------------------------------------


def image_columns(frame: Any, folder: Path) -> list[str]:
    """Columns whose cells are pictures, or names of pictures in a folder; up to 50 cells are looked up."""
    return [str(name) for name, column in frame.items() if column.dtype.kind in "OUT" and _holds_images(column, folder)]


def _holds_images(column: Any, folder: Path) -> bool:
    first = next((cell for cell in column if isinstance(cell, str) or is_picture(cell)), None)
    if not isinstance(first, str):
        return first is not None
    cells = column.dropna().astype(str) if is_image(first) else ()
    return len(cells) > 0 and all(map(is_image, cells)) and most_are_there(cells, folder)


def is_picture(cell: Any) -> bool:
    """Whether a cell of a table is a picture in memory: a Pillow image, or a record with encoded bytes."""
    encoded = cell.get("bytes") if isinstance(cell, Mapping) else None
    return isinstance(encoded, bytes) or (hasattr(cell, "getexif") and hasattr(cell, "convert"))


def most_are_there(cells: Iterable[str], folder: Path) -> bool:
    """Whether most of the first 50 names are files of the folder or of one of its sub-folders."""
    tried = [file_name(cell) for cell in cells][:TRIED]
    return 2 * _hits(tried, *_best_place(tried, folder)) > len(tried)


def column_paths(cells: Sequence[Any], folder: Path) -> tuple[list[str], tuple[str, ...]]:
    """Paths of the pictures that a column names, and notes; a cell without a name gives a path that is not there.

    Names are looked up in the folder of the table; where none is found, in its sub-folders, and with the endings of
    pictures. All names get the same folder and ending.

    Raises:
        InputError: none of the names is a file.
    """
    names = [file_name(cell) if isinstance(cell, str) and cell else None for cell in cells]
    there = [name for name in names if name is not None]
    place, ending = _best_place(there[:TRIED], folder)
    paths = [str(place / f"{name}{ending}") if name is not None else "" for name in names]
    if not any(path and os.path.isfile(path) for path in paths):
        raise InputError(
            "none of the pictures in the image column is there", where=str(folder.absolute()),
            got=repr(there[0]) if there else "no file names",
            fix="write their paths relative to the folder of the table, or as they begin at the root",
        )  # fmt: skip
    found = []
    if place != folder or ending:
        found = [f"pictures are looked up as {place.name if place != folder else '.'}/NAME{ending}"]
    return paths, tuple(found)


def _best_place(names: Sequence[str], folder: Path) -> tuple[Path, str]:
    """The folder and the ending with which most names are files; the folder itself and no ending where it is equal."""
    if _hits(names, folder, "") == len(names):
        return folder, ""
    inner = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))[:FOLDERS]
    endings = ("", *sorted(IMAGE_SUFFIXES), *sorted(suffix.upper() for suffix in IMAGE_SUFFIXES))
    tried = [(_hits(names, place, ending), place, ending) for place, ending in product([folder, *inner], endings)]
    _, place, ending = max(tried, key=lambda one: one[0])  # the first of equals
    return place, ending


def _hits(names: Sequence[str], folder: Path, ending: str) -> int:
    return sum(os.path.isfile(folder / f"{name}{ending}") for name in names)
