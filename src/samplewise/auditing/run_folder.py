"""The run folder: who may write into it, texts that are whole or absent, and the lists of rows a person fills in.

`findings/SWxxx.csv` holds ALL rows of a check's findings, one line a row: id, given, suggested, probability, reason and
an empty `decision`. What may be written there: keep, drop, relabel (to the suggested label), the name of a class or a
number, relabel:NAME for any other label, weight:0.5. Cells that a spreadsheet would carry out as a formula (they start
with = + - @ or a tab) stand behind an apostrophe, which reading takes off again.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from samplewise.auditing.list_files import read_list
from samplewise.auditing.redaction import NOTE
from samplewise.core.codec import write_together
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.findings import AuditRecord, Decision, Finding, Outcome
from samplewise.data.dataset import Dataset
from samplewise.data.returned_ids import ReturnedId, rows_named
from samplewise.data.written_values import number_in, stands_for
from samplewise.selection.decisions import the_row

MARKER = "run.json"
FOLDER = "findings"
COLUMNS = ("id", "given", "suggested", "probability", "reason", "decision")
WORDS = ("keep", "drop", "relabel", "relabel:NAME", "weight:NUMBER")
FORMULA = re.compile(r"'*[=+\-@\t\r]")
LATER = "not found any more; kept for its decision"


# ---- texts and folders ----------------------------------------------------------------------------------------------


def write_text(path: str | Path, text: str) -> Path:
    """Write a text file that is whole or, where that fails, still what it was before.

    Raises:
        InputError: it cannot be written (no such folder, no permission, disk full); the message names the file.
    """
    file = Path(path)
    try:
        write_together({file: text.encode("utf-8", "surrogatepass")})
    except OSError as fault:
        raise cannot_write(file, fault) from None
    return file


def cannot_write(file: Path, fault: OSError) -> InputError:
    """The error for a file that could not be written: which, why, and that nothing was lost."""
    return InputError(
        "a file cannot be written", where=str(file), got=fault.strerror or str(fault),
        fix="make room or choose another folder; what stood there before is unchanged",
    )  # fmt: skip


def prepare_run_folder(path: str | Path, fingerprint: str) -> Path:
    """A folder this audit may write into: a new or empty one, or one that holds a run of the same data.

    Args:
        path: made if it is not there.   fingerprint: of the data; stands in `run.json`.

    Raises:
        InputError: it is a file, cannot be written, or holds something else; nothing in it is touched.
    """
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise InputError("the run folder is a file", where=str(folder), fix="name a folder: --out run/")
    _make_folder(folder)
    held = sorted(item.name for item in folder.iterdir() if not item.name.endswith(".tmp"))
    marker = folder / MARKER
    if marker.name in held:
        _require_same_data(marker, fingerprint)
    elif held:
        raise InputError(
            "the run folder holds other files", where=str(folder),
            got=", ".join(held[:5]) + (f" ({len(held)} in all)" if len(held) > 5 else ""),
            fix="choose a new or empty folder: --out DIR",
        )  # fmt: skip
    write_text(marker, json.dumps({"data": fingerprint, "made_by": "samplewise"}) + "\n")
    return folder


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise InputError(
            "a folder cannot be made", where=str(folder), got=fault.strerror or str(fault),
            fix="choose a folder you may write to: --out DIR",
        ) from None  # fmt: skip


def _require_same_data(marker: Path, fingerprint: str) -> None:
    try:
        held = json.loads(marker.read_text("utf-8"))["data"]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise InputError(
            "the run folder's marker cannot be read", where=str(marker), got=str(fault), fix="choose another folder"
        ) from None
    if held != fingerprint:
        raise InputError(
            "the run folder belongs to other data", where=str(marker.parent),
            got=f"a run of data {str(held)[:12]}, this is {fingerprint[:12]}", fix="choose another folder: --out DIR",
        )  # fmt: skip


# ---- lists of rows --------------------------------------------------------------------------------------------------


def write_findings(record: AuditRecord, data: Dataset, folder: str | Path) -> tuple[Path, ...]:
    """Write `findings/SWxxx.csv` for every check that names rows; decisions somebody wrote there stay.

    Args:
        record: what was found.   data: the audited rows, for the given labels.   folder: the run folder.

    Returns:
        the files, one per check with at least one row.

    Raises:
        InputError: a file cannot be written; those before it are whole.

    Cost: O(rows named).
    """
    target = Path(folder) / FOLDER
    labels = _given_labels(record, data)
    files = []
    for outcome in record.outcomes:
        findings = [finding for finding in outcome.result.findings if finding.axis == "row" and finding.keys]
        file = target / f"{outcome.code}.csv"
        lines = _with_decisions(list(_lines(outcome, findings, labels)), file)
        if lines:
            _make_folder(target)
            write_text(file, _csv(lines))
            files.append(file)
        else:
            file.unlink(missing_ok=True)  # of an earlier run, and nobody has decided anything in it
    return tuple(files)


def _given_labels(record: AuditRecord, data: Dataset) -> Mapping[str, Any]:
    """Label by the text of the id; empty where a record without values hides the labels of a regression."""
    hidden = record.data.get("task") == "regression" and NOTE in (record.data.get("notes") or ())
    if data.y is None or data.y.ndim > 1 or hidden:
        return {}
    return dict(zip(map(str, data.ids.tolist()), data.y.tolist(), strict=True))


def _lines(outcome: Outcome, findings: list[Finding], labels: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """One line a row, in the order of the findings; a row of two findings stands once, with both reasons."""
    suggested, probability, sentences = _details(outcome)
    reasons: dict[str, list[str]] = {}
    for finding in findings:
        for key in map(str, finding.keys):
            reasons.setdefault(key, []).append(
                finding.title if key in sentences else f"{finding.title}: {finding.explanation}"
            )
    for key, why in reasons.items():
        yield {
            "id": key,
            "given": _text(labels.get(key)),
            "suggested": _text(suggested.get(key)),
            "probability": _text(probability.get(key)),
            "reason": "; ".join([*filter(None, [sentences.get(key, "")]), *why]),
            "decision": "",
        }


def _details(outcome: Outcome) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """Suggested label, probability and reason by the text of the id, from scores, remedies and exhibits of rows."""
    suggested: dict[str, Any] = {}
    probability: dict[str, Any] = {}
    sentences: dict[str, str] = {}
    for scores in outcome.result.scores:
        if scores.axis == "row" and "probability" in scores.unit:
            probability |= dict(zip(map(str, scores.keys.tolist()), scores.values.tolist(), strict=True))
    for finding in outcome.result.findings:
        for remedy in finding.remedies:
            if remedy.kind == "relabel":
                suggested |= dict(zip(map(str, remedy.keys), remedy.values, strict=False))
            elif remedy.kind == "review":  # what a model would have in their place, where it says so
                suggested = dict(zip(map(str, remedy.keys), remedy.values, strict=False)) | suggested
    for exhibit in outcome.result.exhibits:
        columns = {name: values.tolist() for name, values in exhibit.columns.items()}
        keys = [str(key) for key in columns.get("id", ())]
        if keys and "reason" in columns:
            suggested = dict(zip(keys, columns.get("suggested", ()), strict=False)) | suggested
            probability = dict(zip(keys, columns.get("probability", ()), strict=False)) | probability
            sentences |= dict(zip(keys, map(_text, columns.get("reason", ())), strict=False))
    return suggested, probability, sentences


def _with_decisions(lines: list[dict[str, str]], file: Path) -> list[dict[str, str]]:
    """The lines with the decisions an earlier file holds; decided rows that were not found again follow at the end."""
    if not file.exists():
        return lines
    try:
        decided = {line["id"]: line for _, line in _read_lines(file) if line["decision"].strip()}
    except InputError:  # whatever a person made of it is kept, under another name
        file.replace(file.with_name(f"{file.name}.unreadable"))
        return lines
    words = {line["id"]: decided.pop(line["id"])["decision"] for line in lines if line["id"] in decided}
    kept = [line | {"decision": words.get(line["id"], "")} for line in lines]
    return [*kept, *({**line, "reason": LATER} for line in decided.values())]


def _csv(lines: Iterable[Mapping[str, str]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_guarded(line[name]) for name in COLUMNS] for line in lines)
    return buffer.getvalue()


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    return f"{value:.6g}" if isinstance(value, float) and not value.is_integer() else str(value)


def _guarded(cell: str) -> str:
    """A text no spreadsheet carries out; plain numbers, also negative ones, stay as they are."""
    return f"'{cell}" if FORMULA.match(cell) and not _is_number(cell) else cell


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text) is not None


# ---- and back -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Classes:
    """Labels that may be written as a decision by their name alone."""

    names: frozenset[str]

    def read(self, word: str, suggested: str) -> tuple[str, Any]:
        """Kind and value of what an annotator wrote; raises `InputError` for what cannot be understood."""
        kind, _, value = (folded.strip() for folded in word.partition(":"))
        if word.lower() in ("keep", "drop"):
            return word.lower(), None
        if word.lower() == "relabel" and suggested:
            return "relabel", suggested
        if kind.lower() == "relabel" and value:
            return "relabel", value
        if kind.lower() == "weight" and number_in(value) is not None:
            return "reweight", number_in(value)
        if word in self.names or number_in(word) is not None or self._alike(word):
            return "relabel", word
        raise self._unknown(word, suggested)

    def _alike(self, word: str) -> bool:
        """Whether this is how a spreadsheet writes a class: WAHR for True."""
        return any(stands_for(word, name, rounded=False) for name in self.names)

    def _unknown(self, word: str, suggested: str) -> InputError:
        if word.lower() == "relabel":
            return InputError("this row has no suggested label", got=word, fix="write the label: relabel:NAME")
        known = [*WORDS, *sorted(self.names)]
        near = get_close_matches(word, known, n=1, cutoff=0.5)
        error = unknown_name("decision", word, known)
        error.fix += "" if near else "; a label of another name: relabel:NAME"
        return error


def read_decisions(source: str | Path, data: Dataset | None = None) -> list[Decision]:
    """What annotators wrote into the `decision` column of a findings file, or of all those in a folder.

    Args:
        source: a .csv as `write_findings` makes it (other columns and rows may be added, moved or left out; saved by a
            spreadsheet it may be cut at semicolons or tabs), a folder of them, or a run folder.
        data: the audited rows; then ids come back as the data holds them and its classes are known by name. Without it
            ids are compared with those of the data by `selection.apply`, and the classes are those the file mentions.

    Returns:
        one Decision per row with a decision, with the label the list gives the row; rows without one are left out.

    Raises:
        InputError: nothing to read, not a table of text, no column `id` or `decision` or two of them, a line whose
            cells do not stand under their columns, an id that may be that of several rows, a word that is not
            understood (file, line and nearest match are named), or two different decisions for one row.
    """
    files = _files(Path(source))
    read = [(file, number, line) for file in files for number, line in _read_lines(file)]
    mentioned = {line[name] for _, _, line in read for name in ("given", "suggested") if line[name]}
    labeled = () if data is None or data.y is None else np.unique(data.y[~data.unlabeled()].astype(str)).tolist()
    classes = _Classes(frozenset(mentioned | set(labeled)))
    named = [()] * len(read) if data is None else rows_named([line["id"] for _, _, line in read], data.ids)
    found: dict[Any, Decision] = {}
    for (file, number, line), rows in zip(read, named, strict=True):
        word = line["decision"].strip()
        if not word:
            continue
        try:
            kind, value = classes.read(word, line["suggested"])
        except InputError as error:
            error.where = f"{file}, line {number}, row id {line['id']}"
            raise
        decision = Decision(ReturnedId(line["id"]), kind, value, file.name, line["given"].strip() or None, number)  # type: ignore[arg-type]  # kind is one of these words
        decision = decision if data is None else replace(decision, id=the_row(decision, rows))
        earlier = found.setdefault(decision.id, decision)
        if (earlier.kind, earlier.value) != (decision.kind, decision.value):
            raise InputError(
                "a row has two different decisions", where=f"{file}, line {number}, row id {line['id']}",
                got=f"{earlier.kind} in {earlier.by}, {kind} here", fix="leave one of them",
            )  # fmt: skip
    return list(found.values())


def _files(source: Path) -> list[Path]:
    if not source.is_dir():
        return [source]
    held = source / FOLDER if (source / FOLDER).is_dir() else source
    files = sorted(held.glob("*.csv"))
    if not files:
        raise InputError(
            "there are no decisions to read",
            where=str(held),
            got="no .csv file",
            fix="pass a findings file or a run folder",
        )
    return files


def _read_lines(file: Path) -> list[tuple[int, dict[str, str]]]:
    """Line number and cells of every row, columns that are not there empty."""
    return [(number, {name: _plain(cell) for name, cell in row.items()}) for number, row in read_list(file, COLUMNS)]
