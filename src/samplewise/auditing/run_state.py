"""The run folder as a whole: who may write into it, what in it is believed, and how a new record replaces an old one.

Nothing in the folder takes the place of anything that holds more. The same audit again grows in `new/` until it has
every outcome that the record in place has, and only then goes on in place. Another audit is refused or, where it is to
replace the one that is there, grows in `new/` to its end; then its files are moved one by one. `new/run.json` says that
it is complete, and is removed last: whoever comes after a process that was killed in between moves the rest.
"""

import contextlib
import json
import os
import threading
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from samplewise import __version__
from samplewise.auditing.audited_rows import ROWS_FILES, AuditedRows
from samplewise.auditing.own_cells import OwnCells
from samplewise.auditing.placed_lists import Known, place_lists
from samplewise.auditing.redaction import NOTE
from samplewise.auditing.replaced_record import (
    DECISIONS,
    JUNIT_FILE,
    MARKER,
    NEW,
    REPORT_FILE,
    Settings,
    finish_replacing,
    read_marker,
    remove_new,
    write_files,
    write_marker,
)
from samplewise.auditing.row_lists import fresh_lists
from samplewise.auditing.run_folder import FOLDER, cannot_write, make_folder, write_text
from samplewise.core.arrays import fingerprint
from samplewise.core.codec import (
    RECORD_FILE,
    SCORES_FILES,
    load_record,
    outcome_from_dict,
    outcome_to_dict,
    save_record,
)
from samplewise.core.errors import InputError
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, Outcome
from samplewise.core.folder_lock import LOCK, FolderLock
from samplewise.core.json_encoding import encode
from samplewise.core.sealed_files import seal_json, unseal_json
from samplewise.core.texts import count_of
from samplewise.data.dataset import Dataset
from samplewise.engine.refits.preparation import FITS
from samplewise.report import to_html

OUTCOMES = "outcomes"
FILES = (MARKER, RECORD_FILE, REPORT_FILE, JUNIT_FILE)
FOLDERS = (FITS, OUTCOMES, FOLDER, NEW, DECISIONS)
PLANNED = (  # of the record's plan, what the outcome of a check depends on
    "folds", "repeats", "halves", "curve_repeats", "curve_sizes", "advice", "seed", "learner", "learner_fingerprint",
    "metric", "n_test_evaluations", "labels_are", "answers_fingerprint",
)  # fmt: skip
ANSWERS = "answers_fingerprint"  # more answers of people continue an audit: outcomes are made again, nothing is refused
MOST_NAMED = 3  # options that a refusal names
UNNAMED = {  # what settings hold as a fingerprint, which says nothing to a person
    "test": "other test rows", "supplied": "other probabilities or embeddings",
    "learner_fingerprint": "another learner",
}  # fmt: skip


def settings_of(facts: Mapping[str, Any], plan: Mapping[str, Any], show_values: bool) -> Settings:
    """What makes two audits the same one: the data and every option an outcome depends on, as JSON gives them back.

    Which checks are run, what is accepted and what things cost are no part of it: they choose among outcomes.
    """
    about = {"data": facts["fingerprint"]} | {name: facts[name] for name in ("test", "supplied", "task", "classes")}
    chosen = {name: plan.get(name) for name in PLANNED}
    kept: Settings = json.loads(json.dumps(encode(about | {"show_values": show_values} | chosen)))
    return kept


@dataclass(eq=False)
class RunFolder:
    """A run folder that this audit, and nobody else, may write into, until it is released.

    Args:
        path: the folder.   settings: of this audit.   lock: given back by `release`.
        held: the record in place, which is not replaced by one that holds less; None: there is none.
        replaces: whether this audit takes the place of another one, or starts afresh, once it is complete.
        notes: what a person should know about what was found in the folder.
    """

    path: Path
    settings: Settings
    lock: FolderLock
    held: AuditRecord | None = None
    replaces: bool = False
    notes: list[str] = field(default_factory=list)
    _lists: Known = field(default_factory=dict)
    _rebuilt: bool = False
    _rows: str = ""

    @classmethod
    def claim(cls, path: str | Path, settings: Settings, *, replace: bool = False) -> Self:
        """The folder, new, empty or of the same audit; what an earlier process left undone there is done first.

        Args:
            path: made if it is not there.   settings: of this audit.
            replace: another audit may take the place of what is there once it is complete.

        Raises:
            InputError: it is a file, cannot be written, is in use, holds something else, or another audit and
                `replace` was not given; nothing in it is lost.
        """
        folder = Path(path)
        require_usable(folder)
        make_folder(folder)
        lock = FolderLock(folder)
        try:
            state = cls(folder, settings, lock, notes=[lock.note] if lock.note else [])
            state._tidy()
            state._open(replace)
        except BaseException:
            lock.release()
            raise
        return state

    def release(self) -> None:
        """Let others write into the folder."""
        self.lock.release()

    # ---- what is there ----------------------------------------------------------------------------------------------

    def codes(self) -> set[str]:
        """Checks whose outcome is in the folder and belongs into the record of this audit, whatever it was asked."""
        if self.replaces:
            return set()
        if self.held is not None:
            return _ended(self.held)
        files = (self.path / OUTCOMES).glob(f"*-{self._tag}.json") if self._rebuilt else ()
        return {file.name.split("-")[0] for file in files}

    def retired(self, known: Container[str]) -> tuple[Outcome, ...]:
        """Outcomes in the record of checks that there are no more: they stay."""
        outcomes = () if self.held is None or self.replaces else self.held.outcomes
        return tuple(outcome for outcome in outcomes if outcome.code not in known)

    def outcome(self, code: str) -> Outcome | None:
        """What an earlier run of this audit found; None where there is nothing, or nothing that can be trusted."""
        file = self._outcome_file(code)
        try:
            content = unseal_json(file.name, file.read_bytes())
            if content is not None:
                return outcome_from_dict(content)
        except FileNotFoundError:
            return None
        except (OSError, InputError):
            pass  # as one whose checksum does not fit
        if file.is_dir():
            self._set_aside(file, "is in the way")
        self.notes.append(f"{OUTCOMES}/{file.name} was damaged: {code} was carried out again")
        return None

    def save_rows(self, rows: AuditedRows) -> None:
        """Keep what tells the audited rows from others; raises `InputError` where it cannot be written."""
        try:
            self._rows = rows.save(self.path).name
        except OSError as fault:
            raise cannot_write(self.path, fault) from None

    def keep(self, outcome: Outcome) -> None:
        """Keep an outcome for a later run; raises `InputError` where it cannot be written."""
        file = self._outcome_file(outcome.code)
        make_folder(file.parent)
        self._write({file: seal_json(file.name, outcome_to_dict(outcome))})

    @property
    def _tag(self) -> str:
        return fingerprint(self.settings, RECORD_SCHEMA, __version__)[:16]

    def _outcome_file(self, code: str) -> Path:
        """Named by everything the outcome depends on, so that another seed or plan never reads it."""
        return self.path / OUTCOMES / f"{code}-{self._tag}.json"

    # ---- what is written --------------------------------------------------------------------------------------------

    def write(
        self, record: AuditRecord, data: Dataset, given: OwnCells | None = None, *, complete: bool = False
    ) -> None:
        """Record, report and lists of rows, in place where they may be, else in `new/`.

        Args:    record: what is known so far.   data: the audited rows.   given: cells of all rows given, for the
                 lists.   complete: whether this is all of it.
        Raises:  InputError: a file cannot be written; what stood there before is unchanged.
        """
        if self.replaces:
            self._write_new(record)
            if complete:
                self._replace(record, data, given)
        elif self.held is not None and not _covers(record, self.held):
            self._write_new(record)
        else:
            self._save(record, self.path)
            self._place(fresh_lists(record, data, given))
            if self.held is not None:
                self.held = None
                remove_new(self.path)
        if complete:
            self._prune()

    @property
    def shown(self) -> Path:
        """The folder that holds what this run has written so far: the run folder, or `new/` in it."""
        return self.path / NEW if self.replaces or self.held is not None else self.path

    def _write_new(self, record: AuditRecord) -> None:
        make_folder(self.path / NEW)
        self._save(record, self.path / NEW)

    def _save(self, record: AuditRecord, folder: Path) -> None:
        try:
            save_record(record, folder)
        except OSError as fault:
            raise cannot_write(folder / RECORD_FILE, fault) from None
        write_text(folder / REPORT_FILE, to_html(record))

    def _replace(self, record: AuditRecord, data: Dataset, given: OwnCells | None) -> None:
        """Everything into `new/`, then the word that it is complete, then one file after another into place."""
        lists = fresh_lists(record, data, given)
        new = self.path / NEW
        for name, text in lists.items():
            make_folder(new / FOLDER)
            write_text(new / FOLDER / name, text)
        self._write_marker(new, {name: [] for name in lists}, complete=True)
        self._lists, said = finish_replacing(self.path)
        self.notes += said
        self.replaces = False

    def _place(self, lists: Mapping[str, str]) -> None:
        def remember(known: Known) -> None:
            if known != self._lists:
                self._lists = known
                self._write_marker(self.path, known)

        self.notes += place_lists(lists, self.path, self._lists, remember)

    def _write_marker(self, folder: Path, lists: Known, *, complete: bool = False) -> None:
        write_marker(folder, self.settings, lists, complete=complete)

    @staticmethod
    def _write(files: dict[Path, bytes]) -> None:
        write_files(files)

    def _prune(self) -> None:
        """Outcomes of other audits go with the record they belonged to: they may hold what this one must not show."""
        outcomes = (self.path / OUTCOMES).glob("*.json")
        others = [file for file in outcomes if not file.name.endswith(f"-{self._tag}.json")]
        others += [file for file in self.path.glob(ROWS_FILES) if file.name != self._rows]
        for file in others:
            with contextlib.suppress(OSError):
                file.unlink()

    # ---- opening ----------------------------------------------------------------------------------------------------

    def _tidy(self) -> None:
        """Remove what a killed process left half written, set aside what is in the way, and finish what was begun."""
        for pattern in (".*.tmp", f"{FITS}/*.part", f"{OUTCOMES}/.*.tmp", f"{FOLDER}/.*.tmp"):
            for file in self.path.glob(pattern):
                with contextlib.suppress(OSError):
                    file.unlink()
        wrong = [self.path / name for name in FILES if (self.path / name).is_dir()]
        wrong += [self.path / name for name in FOLDERS if _in_the_way(self.path / name)]
        for item in wrong:
            self._set_aside(item, "is in the way")
        _, said = finish_replacing(self.path)
        self.notes += said

    def _open(self, replace: bool) -> None:
        marker = self._marker()
        settings, self._lists = (None, {}) if marker is None else (marker["settings"], marker["lists"])
        record, older = self._record(settings)
        if settings is None and record is not None:
            settings = _settings_of_record(record)
        if not replace and (older or (settings is not None and not _same_audit(settings, self.settings))):
            raise _belongs_to_another(self.path, None if older else settings, self.settings)
        self.held, self.replaces = record, replace and (older or record is not None)
        if self.replaces and marker is None and settings is not None:
            write_marker(self.path, settings, {})
        if not self.replaces and (marker is None or settings != self.settings):
            self._write_marker(self.path, self._lists)

    def _marker(self) -> dict[str, Any] | None:
        """What `run.json` says, where it is whole."""
        file = self.path / MARKER
        held = read_marker(file)
        if held is None and file.exists():
            self.notes.append(f"{MARKER} was damaged, or is of an earlier version, and was written again")
        return held

    def _record(self, settings: Settings | None) -> tuple[AuditRecord | None, bool]:
        """The record in place, and whether there is one that only another version can read."""
        file = self.path / RECORD_FILE
        if not file.exists():
            self._rebuilt = _same_audit(settings, self.settings)
            return None, False
        try:
            record = load_record(self.path, partial=True)
            if settings is None or _same_audit(_settings_of_record(record), settings):
                return record, False
            reason = "is of another audit than the folder"
        except InputError:
            if _of_another_version(file):
                return None, True
            reason = "was damaged; it is made again from what was kept of each check"
        self._set_aside(file, reason)
        self._rebuilt = True
        return None, False

    def _set_aside(self, item: Path, reason: str) -> None:
        target, count = item.with_name(f"{item.name}.damaged"), 1
        while target.exists():
            count += 1
            target = item.with_name(f"{item.name}.damaged-{count}")
        try:
            item.replace(target)
        except OSError as fault:
            raise cannot_write(item, fault) from None
        self.notes.append(f"{item.name} {reason}: it is kept as {target.name}")


def require_usable(path: str | Path) -> None:
    """Refuse, before any work is done, a run folder that is a file, cannot be written, or holds something else.

    Raises:
        InputError: as said; nothing is written, and a folder that is not there is not made.
    """
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise InputError("the run folder is a file", where=str(folder), fix="name a folder: --out run/")
    if not folder.exists():
        return
    try:
        held = sorted(item.name for item in folder.iterdir())
        trial = folder / f".trial-{os.getpid()}-{threading.get_ident()}.tmp"
        trial.touch()
        trial.unlink(missing_ok=True)
    except OSError as fault:
        raise InputError(
            "the run folder cannot be written to", where=str(folder), got=fault.strerror or str(fault),
            fix="make room or get the right to write there, or choose another folder: --out DIR",
        ) from None  # fmt: skip
    foreign = [name for name in held if not _ours(name)]
    if MARKER in held or not foreign:
        return
    raise InputError(
        "the run folder holds other files", where=str(folder),
        got=", ".join(foreign[:5]) + (f" ({len(foreign)} in all)" if len(foreign) > 5 else ""),
        fix="choose a new or empty folder: --out DIR",
    )  # fmt: skip


def _ours(name: str) -> bool:
    known = (*FILES, *FOLDERS, LOCK)
    sorts = (SCORES_FILES, ROWS_FILES)
    return name in known or name.endswith(".tmp") or ".damaged" in name or any(map(Path(name).match, sorts))


def _in_the_way(folder: Path) -> bool:
    return (folder.exists() or folder.is_symlink()) and not folder.is_dir()


def _ended(record: AuditRecord) -> set[str]:
    return {outcome.code for outcome in record.outcomes if outcome.status != "skipped"}


def _covers(record: AuditRecord, held: AuditRecord) -> bool:
    """Whether a record has every outcome another has, and its advice tested where that one's is."""
    advised = "advice_seconds" in record.environment or "advice_seconds" not in held.environment
    return advised and _ended(held) <= _ended(record)


def _settings_of_record(record: AuditRecord) -> Settings | None:
    try:
        return settings_of(record.data, record.plan, NOTE not in (record.data.get("notes") or ()))
    except KeyError:
        return None


def _same_audit(one: Settings | None, other: Settings) -> bool:
    """Whether two audits differ in nothing but what people answered."""
    return one is not None and one | {ANSWERS: None} == other | {ANSWERS: None}


def _of_another_version(file: Path) -> bool:
    """Whether this is a record that was not damaged, of a layout that this version does not read."""
    with contextlib.suppress(OSError, ValueError, RecursionError, MemoryError):
        held = json.loads(file.read_bytes())
        return isinstance(held, dict) and isinstance(held.get("schema"), int) and held["schema"] != RECORD_SCHEMA
    return False


def _belongs_to_another(folder: Path, held: Settings | None, own: Settings) -> InputError:
    fix = "choose another folder: --out DIR; or --replace: what is there stays until this audit is complete"
    if held is None:
        got = "a record that another version of samplewise wrote"
        return InputError("the run folder belongs to another audit", where=str(folder), got=got, fix=fix)
    if held.get("data") != own["data"]:
        got = f"a run of data {str(held.get('data'))[:12]}, this is {own['data'][:12]}"
        return InputError("the run folder belongs to other data", where=str(folder), got=got, fix=fix)
    differ = [name for name in own if held.get(name) != own[name]]
    said = [UNNAMED.get(name) or f"{name} {_short(held.get(name))} there, {_short(own[name])} here" for name in differ]
    named = "; ".join(said[:MOST_NAMED])
    more = f"; {count_of(len(differ) - MOST_NAMED, 'more option')}" if len(differ) > MOST_NAMED else ""
    return InputError(
        "the run folder belongs to an audit with other options", where=str(folder), got=named + more, fix=fix
    )


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
