"""Answers of people, one line each, on the disk before they are called saved.

`RUN/decisions/FINGERPRINT/decisions.jsonl` is only ever appended to; taking an answer back is a line too. Several
processes may write into it: each line is written whole, under a lock of the system, and what others wrote is read.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from samplewise.core.codec import flush_names
from samplewise.core.errors import InputError
from samplewise.core.folder_lock import try_lock
from samplewise.core.json_encoding import encode, freeze
from samplewise.core.texts import shortened

FOLDER, FILE = "decisions", "decisions.jsonl"
Choice = Literal["keep", "relabel", "drop", "unsure"]
Kind = Literal["decision", "undo", "note"]
Key = tuple[str, str, str]  # the row's id as text, the list, the column of a cell
Answers = Mapping[Key, Mapping[str, "Entry"]]  # that hold, by what they are about and by reviewer
PATIENCE = 10.0  # seconds to wait for others who write
MOST_NOTES = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One line.

    Args:
        row: id.   list: code of the finding that asked.   decision: one of `Choice`; "" in a note or an undo.
        value: the label of "relabel", or the new cell.   reviewer: who.   note: a remark.   time: seconds, UTC.
        kind: "undo" takes the reviewer's last decision about this row back.   given: the label, or the cell, it had.
        column: of a cell; "" for the row.
    """

    row: Any
    list: str
    decision: str = ""
    value: Any = None
    reviewer: str = ""
    note: str = ""
    time: float = 0.0
    kind: Kind = "decision"
    given: Any = None
    column: str = ""

    @property
    def key(self) -> Key:
        """What the answer is about."""
        return str(self.row), self.list, self.column

    @property
    def wish(self) -> str:
        """What somebody wants, as a word that can be compared: the label the row should have, drop, or unsure."""
        if self.decision == "relabel":
            return f"relabel:{self.value}"
        if self.decision == "keep" and self.given is not None and not self.column:
            return f"relabel:{self.given}"
        return self.decision


class DecisionLog:
    """The answers about one data set in one run folder.

    Args:
        run_dir: the run folder.   fingerprint: of the data; answers about other data lie in another folder.

    Cost: `append` one write and its way to the disk; `refresh` what others have written since.
    """

    def __init__(self, run_dir: Path, fingerprint: str) -> None:
        if not (fingerprint.isascii() and fingerprint.isalnum()):  # it names a folder, and records come from anyone
            raise InputError(
                "the record does not say which data it is about", where=str(run_dir),
                got=f"fingerprint {shortened(fingerprint, 40)!r}", fix="audit the data again",
            )  # fmt: skip
        self.file = run_dir / FOLDER / fingerprint / FILE
        self.restarts = 0  # how often another file was found in its place
        self._entries: list[Entry] = []
        self._held: dict[Key, dict[str, list[Entry]]] = {}
        self._remarks: dict[Key, dict[str, str]] = {}
        self._odd: dict[int, str] = {}
        self._offset, self._line, self._continues = 0, 0, False
        self.refresh()

    @property
    def notes(self) -> list[str]:
        """What was found in the file and could not be used, in the order of its lines."""
        return [self._odd[line] for line in sorted(self._odd)][:MOST_NOTES]

    def append(self, entry: Entry) -> None:
        """Write one line; when this returns it is on the disk.

        Raises:
            InputError: it cannot be written; the file is then as it was.
        """
        line = json.dumps(encode(asdict(entry)), ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
        try:
            self._write(line + b"\n")
        except OSError as fault:
            raise InputError(
                "the answer cannot be written", where=str(self.file), got=fault.strerror or str(fault),
                fix="make room, or get the right to write into the run folder; then answer again",
            ) from None  # fmt: skip
        self.refresh()

    def refresh(self) -> int:
        """Read what was written since; returns how many new entries there are.

        Raises:
            InputError: the file cannot be read.
        """
        before = len(self._entries)
        try:
            if self.file.stat().st_size == self._offset:
                return 0
            with self.file.open("rb") as stream:
                is_whole = try_lock(stream.fileno())  # nobody is writing: an end without a line break stays as it is
                if os.fstat(stream.fileno()).st_size < self._offset:
                    self._forget()
                    self._odd[0] = f"{self.file.name} was replaced by a shorter one, which was read from its start"
                    before = 0
                stream.seek(self._offset)
                content = stream.read()
        except FileNotFoundError:
            return 0
        except OSError as fault:
            raise InputError(
                "the answers cannot be read", where=str(self.file), got=fault.strerror or str(fault),
                fix="get the right to read the run folder",
            ) from None  # fmt: skip
        self._read(content, is_whole)
        return len(self._entries) - before

    def entries(self, start: int = 0) -> list[Entry]:
        """The lines that could be read, in order, from one of them on."""
        return self._entries[start:]

    def current(self, reviewer: str | None = None) -> dict[Key, dict[str, Entry]]:
        """The answers that hold, by what they are about and by reviewer."""
        return {
            key: said
            for key, stacks in self._held.items()
            if (said := {name: stack[-1] for name, stack in stacks.items() if stack and reviewer in (None, name)})
        }

    def answer(self, key: Key, reviewer: str) -> Entry | None:
        """The answer of one reviewer that holds."""
        stack = self._held.get(key, {}).get(reviewer)
        return stack[-1] if stack else None

    def remark(self, key: Key, reviewer: str) -> str:
        """The last note of one reviewer."""
        return self._remarks.get(key, {}).get(reviewer, "")

    def last(self, reviewer: str) -> Entry | None:
        """The newest answer of a reviewer that was not taken back."""
        undone: dict[Key, int] = {}
        for entry in reversed(self._entries):
            if entry.reviewer != reviewer or entry.kind == "note":
                continue
            if entry.kind == "undo":
                undone[entry.key] = undone.get(entry.key, 0) + 1
            elif undone.get(entry.key):
                undone[entry.key] -= 1
            else:
                return entry
        return None

    # ---- the file ---------------------------------------------------------------------------------------------------

    def _write(self, line: bytes) -> None:
        is_new = not self.file.exists()
        self.file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            _wait_for(descriptor)
            size = os.fstat(descriptor).st_size
            torn = size > 0 and _last_byte(descriptor, size) != b"\n"
            try:
                _write_all(descriptor, b"\n" * torn + line)
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)  # half a line would be taken for one that was confirmed
                raise
        finally:
            os.close(descriptor)
        if is_new:
            for folder in list(self.file.parents)[:3]:
                flush_names(folder)

    def _read(self, content: bytes, is_whole: bool) -> None:
        """Take in what follows the offset; an end without a line break only where nobody is writing it."""
        if self._continues and content.startswith(b"\n"):  # the break that ends a line which was taken without it
            content, self._offset = content[1:], self._offset + 1
        *lines, rest = content.split(b"\n")
        for line in lines:
            self._line += 1
            self._take(line)
        self._offset += len(content) - len(rest)
        self._continues = False
        if rest and is_whole:
            self._line += 1
            self._continues = self._take(rest, why="it was cut off while it was written, before it was called saved")
            self._offset += len(rest) * self._continues
            self._line -= not self._continues

    def _take(self, line: bytes, why: str = "no JSON") -> bool:
        """Use one line, or note why it cannot be used."""
        text = line.removeprefix(b"\xef\xbb\xbf").strip()  # editors put a mark in front of a file
        if not text:
            return True
        try:
            entry = entry_of(json.loads(text.decode("utf-8", "surrogatepass"), parse_constant=_no_number))
        except (ValueError, RecursionError) as fault:
            told = fault.got if isinstance(fault, InputError) else why
            self._odd.setdefault(self._line, f"{self.file.name}, line {self._line} is left out: {told}")
            return False
        self._odd.pop(self._line, None)
        self._entries.append(entry)
        if entry.kind == "note":
            self._remarks.setdefault(entry.key, {})[entry.reviewer] = entry.note
            return True
        stack = self._held.setdefault(entry.key, {}).setdefault(entry.reviewer, [])
        if entry.kind == "decision":
            stack.append(entry)
        elif stack:
            stack.pop()
        return True

    def _forget(self) -> None:
        self.restarts += 1
        self._entries, self._held, self._remarks, self._odd = [], {}, {}, {}
        self._offset, self._line, self._continues = 0, 0, False


def _no_answer(got: str) -> InputError:
    return InputError(
        "this is no answer", got=got, fix='write {"row": ID, "list": "SW201", "decision": "keep"}; docs/run-folder.md'
    )  # fmt: skip


def _no_number(name: str) -> Any:
    raise _no_answer(f"{name} is no number")


def entry_of(content: Any) -> Entry:
    """A line as an entry; raises `InputError` with what is wrong with it."""
    if not isinstance(content, dict):
        raise _no_answer("no object")
    known = {field.name for field in fields(Entry)}
    held = {name: freeze(value) for name, value in content.items() if name in known}
    texts = ("list", "decision", "reviewer", "note", "kind", "column")
    if "row" not in held or "list" not in held:
        raise _no_answer("no row, or no list")
    if wrong := [name for name in texts if not isinstance(held.get(name, ""), str)]:
        raise _no_answer(f"{wrong[0]} is no text")
    if not isinstance(held.get("time", 0.0), int | float):
        raise _no_answer("time is no number")
    kind = held.setdefault("kind", "decision")
    if kind not in get_args(Kind):
        raise _no_answer(f"kind {shortened(kind, 20)!r}")
    if kind == "decision" and held.get("decision") not in get_args(Choice):
        raise _no_answer(f"decision {shortened(held.get('decision'), 20)!r}")
    if kind == "decision" and held["decision"] == "relabel" and held.get("value") is None and not held.get("column"):
        raise _no_answer("a label is changed, and to none")
    return Entry(**held)


def _wait_for(descriptor: int) -> None:
    """Take the lock of the file, which ends when it is closed."""
    until = time.monotonic() + PATIENCE
    while not try_lock(descriptor):
        if time.monotonic() > until:
            raise OSError(None, "another process has held the file for too long")
        time.sleep(0.002)


def _last_byte(descriptor: int, size: int) -> bytes:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1)


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
