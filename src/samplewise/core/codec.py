"""An audit record as JSON and back, and its files on disk: `audit.json`, and `scores-CONTENT.npz` for long scores.

The archive is named for its content and `audit.json` says which one is its own, so replacing that one file is what
replaces a record: at no moment do the two on the disk belong to different records.
"""

import contextlib
import io
import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, cast
from zipfile import BadZipFile

import numpy as np

from samplewise.core.arrays import Array, fingerprint
from samplewise.core.errors import InputError
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Outcome
from samplewise.core.json_encoding import Json, decode, encode, freeze, object_array, quoted_text
from samplewise.core.schema import JSON_SCHEMA
from samplewise.core.sealed_files import CHECKSUM, opened, seal_json

__all__ = [
    "JSON_SCHEMA",
    "from_dict",
    "load_record",
    "outcome_from_dict",
    "outcome_to_dict",
    "save_record",
    "to_dict",
    "to_text",
    "write_together",
]
RECORD_FILE = "audit.json"
SCORES_FILE = "scores.npz"  # of records of earlier versions, which did not name theirs
SCORES_FILES = "scores*.npz"
LONGEST_IN_JSON = 10_000  # scores of more rows than this go to scores.npz
KEPT_IN_JSON = 100  # and so many of their largest stay in the JSON
PARTS = ("values", "keys", "spread")


# --- record <-> dict -------------------------------------------------------------------------------------------------


def to_dict(record: AuditRecord) -> Json:
    """The record as plain dicts, lists, strings, numbers and None, ready for `json.dumps`; NaN and infinity are None.

    Cost: O(size of the record).  Not for: millions of scores on their way to disk (`save_record` keeps those apart).

    >>> to_dict(AuditRecord(4, {"rows": np.int64(3)}, {}, {}, ()))["data"]
    {'rows': 3}
    """
    return cast(Json, encode(record))


def from_dict(content: Json) -> AuditRecord:
    """The record `to_dict` was made from, every type restored; None becomes NaN where a number belongs.

    Raises: `InputError` for another schema version, and for content that is not a record, naming the entry.

    >>> record = AuditRecord(4, {"rows": 3}, {}, {}, ())
    >>> from_dict(to_dict(record)) == record
    True
    """
    if not isinstance(content, dict) or "schema" not in content:
        raise InputError(
            "this is not an audit record",
            where="the top level",
            got=quoted_text(content),
            fix=f"pass what {RECORD_FILE} holds",
        )
    if content["schema"] != RECORD_SCHEMA:
        raise InputError(
            "this audit record has a schema version that this samplewise cannot read",
            where="schema",
            got=quoted_text(content["schema"]),
            fix=f"audit again, or use the samplewise that wrote it: this one reads version {RECORD_SCHEMA}",
        )
    content = {name: part for name, part in content.items() if name != CHECKSUM}
    return cast(AuditRecord, decode(AuditRecord, content, "record"))


def outcome_to_dict(outcome: Outcome) -> Json:
    """One check's outcome as JSON-ready content: the unit in which an interrupted audit is resumed."""
    return cast(Json, encode(outcome))


def outcome_from_dict(content: Json) -> Outcome:
    """The outcome `outcome_to_dict` was made from; raises `InputError` naming the entry that does not fit."""
    return cast(Outcome, decode(Outcome, content, "outcome"))


def to_text(content: Any) -> str:
    """JSON text of a record or of any part of one: sorted keys, floats with the digits that restore them, one line."""
    return json.dumps(encode(content), sort_keys=True, allow_nan=False, separators=(",", ":")) + "\n"


# --- files -----------------------------------------------------------------------------------------------------------


def save_record(record: AuditRecord, folder: str | Path) -> Path:
    """Write `audit.json` (and an archive where scores are long) into `folder`; returns the path of `audit.json`.

    The archive is on the disk before the record that names it: a full disk or a killed process leaves the old record
    with its own archive.

    Raises: OSError from the file system.  Cost: O(size of the record).
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    content, arrays = _with_long_scores_apart(record)
    archive = target / _archive_name(arrays)
    new = bool(arrays) and not archive.exists()
    if arrays:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        write_together({archive: buffer.getvalue()})
    try:
        write_together({target / RECORD_FILE: seal_json(RECORD_FILE, encode(content))})
    except BaseException:
        if new:
            archive.unlink(missing_ok=True)
        raise
    for old in target.glob(SCORES_FILES):  # they belonged to the record just replaced
        if not arrays or old != archive:
            old.unlink(missing_ok=True)
    return target / RECORD_FILE


def load_record(path: str | Path, *, partial: bool = False) -> AuditRecord:
    """The record in `audit.json`, with its long scores from the archive next to it.

    Args:    path: the file or its folder.   partial: go without the archive; long scores then hold their top 100 rows.
    Raises:  `InputError` where a file is missing, was damaged, is not JSON, or the two files do not belong together.
    """
    file = Path(path) / RECORD_FILE if Path(path).is_dir() else Path(path)
    content = _read_json(file)
    if isinstance(content, dict) and CHECKSUM in content and opened(RECORD_FILE, content) is None:
        raise InputError(
            "the audit record was damaged after it was written", where=str(file), got="a checksum that does not fit",
            fix="audit again into the same folder: what its outcomes still hold is not computed again",
        )  # fmt: skip
    if not partial:
        _put_long_scores_back(content, file.parent)
    return from_dict(content)


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except FileNotFoundError:
        raise InputError(
            "there is no audit record here", where=str(file), fix=f"pass {RECORD_FILE} or its folder"
        ) from None
    except OSError as error:
        raise InputError(
            "the audit record cannot be read", where=str(file), got=error.strerror or str(error),
            fix=f"pass {RECORD_FILE} or its folder",
        ) from None  # fmt: skip
    except (ValueError, RecursionError, MemoryError) as error:
        raise InputError(
            "the audit record is not JSON", where=str(file), got=str(error),
            fix="audit again into the same folder: what its outcomes still hold is not computed again",
        ) from None  # fmt: skip


def write_together(files: Mapping[Path, bytes]) -> None:
    """Replace several files at once: all are flushed to disk next to their targets before the first takes its name."""
    staged = {target: target.with_name(f".{target.name}.{os.getpid()}.tmp") for target in files}
    try:
        for target, temporary in staged.items():
            with temporary.open("wb") as stream:
                stream.write(files[target])
                stream.flush()
                os.fsync(stream.fileno())
        for target, temporary in staged.items():
            temporary.replace(target)
        for folder in {target.parent for target in files}:
            flush_names(folder)
    finally:
        for temporary in staged.values():
            with contextlib.suppress(OSError):  # an error on the way here says more than one of tidying up
                temporary.unlink(missing_ok=True)


def flush_names(folder: Path) -> None:
    """The new names of a folder's files are on the disk, where the system can say so of a folder."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _with_long_scores_apart(record: AuditRecord) -> tuple[Json, dict[str, Array]]:
    """The record as a dict with the top of each long score, and the arrays that hold all of it."""
    arrays: dict[str, Array] = {}
    outcomes, places = [], []
    for outcome in record.outcomes:
        scores = []
        for place, long in enumerate(outcome.result.scores):
            if len(long) <= LONGEST_IN_JSON:
                scores.append(encode(long))
                continue
            name = f"{outcome.code}.{place}"
            parts = {"values": long.values, "keys": _without_objects(long.keys)}
            parts |= {} if long.spread is None else {"spread": long.spread}
            arrays |= {f"{name}.{part}": values for part, values in parts.items()}
            stored = {"name": name, "rows": len(long), "content": fingerprint(parts)}
            places.append(stored)
            scores.append(encode(long.top(KEPT_IN_JSON)) | {"stored": stored})
        outcomes.append(_fields(outcome) | {"result": _fields(outcome.result) | {"scores": scores}})
    for stored in places:
        stored["file"] = _archive_name(arrays)
    return {name: encode(value) for name, value in (_fields(record) | {"outcomes": outcomes}).items()}, arrays


def _archive_name(arrays: Mapping[str, Array]) -> str:
    return f"scores-{fingerprint(arrays)[:16]}.npz"


def _fields(noun: AuditRecord | Outcome | CheckResult) -> Json:
    return {field.name: getattr(noun, field.name) for field in fields(noun)}


def _without_objects(keys: Array) -> Array:
    """Object ids as their JSON text in fixed width: the archive must load without pickle."""
    return keys if keys.dtype.kind != "O" else np.array([json.dumps(encode(key)) for key in keys.tolist()], dtype=str)


def _put_long_scores_back(content: Any, folder: Path) -> None:
    """Replace, in place, the top rows of every long score by all of them; the decoder refuses what is no record."""
    try:
        long = [scores for item in content["outcomes"] for scores in item["result"]["scores"] if "stored" in scores]
        named = {Path(str(scores["stored"].get("file", SCORES_FILE))).name for scores in long}
    except (KeyError, TypeError, AttributeError):
        return
    if not long:
        return
    archive = folder / min(named)  # one for all, and never outside the folder
    try:
        with np.load(archive, allow_pickle=False) as arrays:
            for scores in long:
                _put_back(scores, arrays)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
        raise InputError(
            "the long scores of this record cannot be read",
            where=str(archive),
            got=str(error),
            fix=f"put the {archive.name} of the same run there, audit again into the same folder, or read the top "
            "rows: load_record(path, partial=True)",
        ) from None


def _put_back(scores: Json, arrays: Mapping[str, Array]) -> None:
    name = scores["stored"]["name"]
    parts = {part: arrays[f"{name}.{part}"] for part in PARTS if f"{name}.{part}" in arrays}
    if fingerprint(parts) != scores["stored"]["content"]:
        raise ValueError(f"{name} belongs to another record")
    if scores["keys"]["dtype"] == "|O":
        parts["keys"] = object_array([freeze(json.loads(key)) for key in parts["keys"].tolist()])
    scores |= parts
