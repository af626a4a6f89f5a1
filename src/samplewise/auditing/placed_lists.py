"""Lists of rows where people edit them: what a person wrote is never written over or removed.

The run folder remembers the checksum of every list as it was written. One that still has it is nobody's work yet, and
is replaced or removed when something else is found. Any other is a person's: it stays as it is, and where the audit
finds something else than then, the new list, with the decisions and comments of the old one, goes beside it under the
next free name (SW201.csv, SW201.2.csv, ...). The texts beside the lists are kept in the same way.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from samplewise.auditing.list_files import read_whole_list
from samplewise.auditing.row_lists import list_text
from samplewise.auditing.run_folder import COLUMNS, FOLDER, make_folder, write_text
from samplewise.core.csv_text import plain_cell
from samplewise.core.errors import InputError, name_rows
from samplewise.core.sealed_files import checksum

Known = dict[str, list[str]]  # checksums a list had when it was written, by the list's name
LATER = "not found any more; kept for its decision"
LISTS = ".csv"
_FURTHER = re.compile(r"\.\d+(\.\w+)$")


def place_lists(
    fresh: Mapping[str, str], folder: Path, known: Known, remember: Callable[[Known], None]
) -> tuple[str, ...]:
    """Put the lists of an audit into `findings/`, around what people wrote there.

    Args:
        fresh: text by name, as `row_lists.fresh_lists` makes them.   folder: the run folder.
        known: checksums of the lists as they were written last.
        remember: called with the new ones before a list is written: a killed process must not make its own list look
            like a person's.

    Returns:
        what a person should know: lists that were left alone, conflicts, and what could not be read.

    Raises:
        InputError: a file cannot be written; those before it are whole.
    """
    notes: list[str] = []
    written: dict[Path, str] = {}
    later: Known = {}
    for name in sorted({*fresh, *(_FURTHER.sub(r"\1", old) for old in known)}):
        target, text, said = _place_of(folder / FOLDER / name, fresh.get(name, ""), known)
        later |= {old: sums for old, sums in known.items() if _belongs(old, name)}
        if target is None:
            continue
        before = _content(target)
        if before == text.encode("utf-8", "surrogatepass"):
            later[target.name] = [_sum(target.name, before)]
            continue
        held = [] if before is None else [_sum(target.name, before)]
        later[target.name] = [*([_sum(target.name, text.encode("utf-8", "surrogatepass"))] if text else []), *held]
        written[target] = text
        notes += said
    remember({name: sums for name, sums in later.items() if sums})
    for target, text in written.items():
        if text:
            make_folder(target.parent)
            write_text(target, text)
        else:
            target.unlink(missing_ok=True)  # of an earlier run, and nobody has written anything into it
    return tuple(notes)


def edited_lists(folder: Path, known: Known) -> list[Path]:
    """The lists of a run folder that are not as any run wrote them."""
    files = sorted((folder / FOLDER).glob("*")) if (folder / FOLDER).is_dir() else []
    return [file for file in files if not _untouched(file, known)]


def _place_of(file: Path, text: str, known: Known) -> tuple[Path | None, str, list[str]]:
    """Where a list goes, as what, and what to say of it; no place where a person's own already says it all."""
    target, edited, notes = file, list[Path](), list[str]()
    while True:
        merged, notes = _merged(text, edited) if edited and file.suffix == LISTS else (text, [])
        if _content(target) in (None, merged.encode("utf-8", "surrogatepass")) or _untouched(target, known):
            break
        if not text or _sum(target.name, merged.encode("utf-8", "surrogatepass")) in known.get(target.name, ()):
            return None, "", []
        edited.append(target)
        target = file.with_name(f"{file.stem}.{len(edited) + 1}{file.suffix}")
    if edited:
        left = ", ".join(f"{FOLDER}/{one.name}" for one in edited)
        notes.insert(0, f"{left} was edited and is left as it is; what is found now is in {FOLDER}/{target.name}")
    return target, merged, notes


def _merged(text: str, edited: Iterable[Path]) -> tuple[str, list[str]]:
    """The new list with the decisions and the further columns of edited ones, and what to say about them."""
    names, lines = _parsed(text)
    own = {name.lower(): name for name in (*COLUMNS, *names)}
    words: dict[str, dict[str, list[str]]] = {}
    old: dict[str, dict[str, str]] = {}
    more: list[str] = []
    notes = []
    for file in edited:
        try:
            heads, rows = read_whole_list(file)
        except InputError as error:
            notes.append(f"{FOLDER}/{file.name}: its decisions are not in the new list: {error.what} ({error.got})")
            continue
        more += [name for name in map(plain_cell, heads) if name and name not in own and name not in more]
        for _, cells in rows:
            row = {plain_cell(name): plain_cell(cell) for name, cell in cells.items()}
            held = words.setdefault(row["id"], {})
            for name in (*more, "decision"):
                _add(held.setdefault(name, []), row.get(name, "").strip())
            old.setdefault(row["id"], {own.get(name, name): cell for name, cell in row.items()})
    conflicts = [key for key, held in words.items() if len(held.get("decision", ())) > 1]
    if conflicts:
        notes.append(f"{name_rows(conflicts)}: decided in two ways; the new list leaves the decision open")
    found = {line["id"] for line in lines}
    gone = [old[key] | {"reason": LATER} for key, held in words.items() if key not in found and any(held.values())]
    if gone and "reason" not in names:
        names.insert(names.index("decision"), "reason")
    merged = [line | _filled(words.get(line["id"], {})) for line in [*lines, *gone]]
    return list_text([*names, *more], merged), notes


def _filled(held: Mapping[str, list[str]]) -> dict[str, str]:
    """Cells of a row that a person filled; two comments stand behind each other, of two decisions neither stands."""
    return {
        name: "" if name == "decision" and len(texts) > 1 else "; ".join(texts) for name, texts in held.items() if texts
    }


def _add(texts: list[str], text: str) -> None:
    if text and text not in texts:
        texts.append(text)


def _parsed(text: str) -> tuple[list[str], list[dict[str, str]]]:
    """Names of the columns of a list of ours, and its lines."""
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    names = list(map(plain_cell, head))
    return names, [dict(zip(names, map(plain_cell, row), strict=True)) for row in rows]


def _belongs(name: str, first: str) -> bool:
    """Whether this is the first list of a check, or one that lies beside it."""
    return name == first or _FURTHER.sub(r"\1", name) == first


def _untouched(file: Path, known: Known) -> bool:
    content = _content(file)
    return content is not None and _sum(file.name, content) in known.get(file.name, ())


def _content(file: Path) -> bytes | None:
    """None where there is no file; of what cannot be read, bytes that no list has."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError:
        return b"\x00"


def _sum(name: str, content: bytes) -> str:
    return checksum(name, content)
