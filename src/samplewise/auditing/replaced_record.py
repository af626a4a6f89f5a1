"""The marker of a run folder, and how a complete record in `new/` takes the place of the one that is there.

`run.json` says of which audit a folder is, which lists are in it, and whether it is complete. In `new/` it is removed
last, so whoever comes after a process that was killed in between finds it, and moves the rest.
"""

import contextlib
import shutil
from pathlib import Path
from typing import Any

from samplewise.auditing.placed_lists import Known, edited_lists, place_lists
from samplewise.auditing.run_folder import FOLDER, cannot_write, make_folder
from samplewise.core.codec import RECORD_FILE, SCORES_FILES, load_record, write_together
from samplewise.core.errors import InputError
from samplewise.core.sealed_files import seal_json, unseal_json

MARKER, REPORT_FILE, JUNIT_FILE, NEW, DECISIONS = "run.json", "report.html", "junit.xml", "new", "decisions"
LAYOUT = 2

Settings = dict[str, Any]


def read_marker(file: Path) -> dict[str, Any] | None:
    """What a `run.json` says; None where it is not there, was damaged, or is of an earlier version."""
    try:
        held = unseal_json(MARKER, file.read_bytes())
    except OSError:
        return None
    return held if held is not None and held.get("layout") == LAYOUT else None


def write_marker(folder: Path, settings: Settings, lists: Known, *, complete: bool = False) -> None:
    """Write `run.json`: of which audit the folder is, the lists in it, and whether it may replace another record.

    Raises:
        InputError: it cannot be written.
    """
    content = {
        "made_by": "samplewise", "layout": LAYOUT, "settings": settings, "lists": lists, "complete": complete,
    }  # fmt: skip
    write_files({folder / MARKER: seal_json(MARKER, content)})


def write_files(files: dict[Path, bytes]) -> None:
    """Write all of these files or none; raises `InputError`, which names the first, where that fails."""
    try:
        write_together(files)
    except OSError as fault:
        raise cannot_write(next(iter(files)), fault) from None


def finish_replacing(folder: Path) -> tuple[Known, list[str]]:
    """Move a complete record from `new/` into place; where a killed process has moved a part of it, the rest.

    Returns: the lists that are in place now, as the marker holds them, and what a person should know.
    Raises:  InputError: a file cannot be moved or written; the next call moves the rest.
    """
    new = folder / NEW
    arriving = read_marker(new / MARKER)
    if arriving is None or not arriving["complete"]:
        return {}, []
    if not _whole(new):
        remove_new(folder)
        return {}, [f"{NEW}/ was damaged before it could take the place of the record that is here, and was left out"]
    leaving = read_marker(folder / MARKER) or {"settings": {}, "lists": {}}
    notes = []
    same = leaving["settings"] == arriving["settings"]  # as they are when the marker has been moved already
    known: Known = leaving["lists"]
    try:
        if not same and leaving["settings"].get("data") != arriving["settings"]["data"]:
            notes += _keep_decisions(folder, known, leaving["settings"].get("data"))
        for file in [*sorted(new.glob(SCORES_FILES)), new / RECORD_FILE, new / REPORT_FILE]:
            if file.exists():
                file.replace(folder / file.name)
        (folder / JUNIT_FILE).unlink(missing_ok=True)
        _remove_other_scores(folder)
        files = [new / FOLDER / name for name in arriving["lists"]]
        fresh = {file.name: file.read_text("utf-8", "surrogatepass") for file in files if file.exists()}

        def remember(lists: Known) -> None:
            nonlocal known
            known = lists
            write_marker(folder, leaving["settings"], lists)

        notes += place_lists(fresh, folder, known, remember)
    except OSError as fault:
        raise cannot_write(Path(fault.filename or new), fault) from None
    write_marker(folder, arriving["settings"], known)
    remove_new(folder)
    return known, notes


def _whole(new: Path) -> bool:
    """Whether the record in `new/` may be believed, or has been moved already."""
    if not (new / RECORD_FILE).exists():
        return True
    try:
        load_record(new, partial=not any(new.glob(SCORES_FILES)))
    except InputError:
        return False
    return True


def _keep_decisions(folder: Path, known: Known, data: Any) -> list[str]:
    """Move what people wrote about the old rows to `decisions/DATA/`: under the old names the new lists will stand."""
    edited = edited_lists(folder, known)
    target = folder / DECISIONS / str(data or "unknown data")[:16]
    for file in edited:
        make_folder(target)
        place, count = target / file.name, 1
        while place.exists():
            count += 1
            place = target / f"{file.stem}.{count}{file.suffix}"
        file.replace(place)
    if not edited:
        return []
    moved = ", ".join(file.name for file in edited)
    return [f"{moved}: edited for the data that was here before, and kept in {target.relative_to(folder)}/"]


def _remove_other_scores(folder: Path) -> None:
    """Archives that the record in place does not name."""
    named = (folder / RECORD_FILE).read_text("ascii", errors="replace")
    for file in folder.glob(SCORES_FILES):
        if f'"{file.name}"' not in named:
            file.unlink(missing_ok=True)


def remove_new(folder: Path) -> None:
    """Remove `new/`. The word that it is complete goes first: what is left after a kill is then no record."""
    with contextlib.suppress(OSError):
        (folder / NEW / MARKER).unlink(missing_ok=True)
        shutil.rmtree(folder / NEW, ignore_errors=True)
