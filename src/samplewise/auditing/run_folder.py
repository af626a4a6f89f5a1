"""Texts that are whole or absent, and the decisions people write into lists of rows.

What may be written under `decision`: keep, drop, relabel (to the suggested label), the name of a class or a number,
relabel:NAME for any other label, weight:0.5. Cells are guarded as `core.csv_text` says; reading takes that off.
"""

from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from samplewise.auditing.list_files import WORKBOOKS, read_list, workbook_error
from samplewise.core.codec import write_together
from samplewise.core.csv_text import plain_cell
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.findings import Decision
from samplewise.data.dataset import Dataset
from samplewise.data.returned_ids import ReturnedId, rows_named
from samplewise.data.written_values import number_in, stands_for
from samplewise.selection.decisions import the_row

FOLDER = "findings"
COLUMNS = ("id", "given", "suggested", "probability", "reason", "decision")  # of ours that are read back
WORDS = {  # what may be written under `decision`, and what it means
    "keep": "the row is right as it is",
    "drop": "leave the row out",
    "relabel": "give it the suggested label",
    "relabel:NAME": "give it the label NAME; the name of a class, or a number, alone means the same",
    "weight:NUMBER": "let it count so much; 0.5 for half",
}


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


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; raises `InputError` where that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise InputError(
            "a folder cannot be made", where=str(folder), got=fault.strerror or str(fault),
            fix="choose a folder you may write to: --out DIR",
        ) from None  # fmt: skip


# ---- decisions ------------------------------------------------------------------------------------------------------


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
        source: a .csv of findings/ (other columns and rows may be added, moved or left out; saved by a
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
    if books := sorted(file for file in held.iterdir() if file.suffix.lower() in WORKBOOKS):
        raise workbook_error(books[0])  # beside the list it was made of, which has no decisions
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
    return [
        (number, {name: plain_cell(cell) for name, cell in row.items()}) for number, row in read_list(file, COLUMNS)
    ]
