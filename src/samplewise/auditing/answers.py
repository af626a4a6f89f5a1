"""Answers of people about labels, from a review, a list of findings, decisions or a mapping, by the ids of the rows."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from samplewise.auditing.decided import decided_in
from samplewise.auditing.run_folder import FOLDER, read_decisions
from samplewise.core.codec import RECORD_FILE
from samplewise.core.errors import InputError
from samplewise.core.findings import Decision
from samplewise.data.dataset import Dataset
from samplewise.data.targets import Target
from samplewise.labels.facts import Answer
from samplewise.labels.facts_or_outcomes import LabelMeaning
from samplewise.labels.label_answers import read_answers
from samplewise.report.for_review import ABOUT_LABELS

LISTED = "SW201.csv"  # the list of labels; those of other checks hold decisions, but no answers about labels


def label_answers(reviewed: Any, data: Dataset, target: Target, meaning: LabelMeaning) -> dict[Any, Answer]:
    """Answers by id; none where nothing was given.

    A decision to keep a row says that its label is right, to drop it that no label fits, to relabel it which one does
    (right where that is the given label by now). Rows that are no longer there, and weights, are passed over.

    Args:
        reviewed: a list of findings as `audit` writes it; its run folder, for that list and the answers of its review
            (these where both speak of a row); a list of `Decision`s; or a mapping from ids to answers as
            `LabelIssues.reviewed` takes them.
        data: the audited rows.   target: their labels.   meaning: whether these are facts.

    Raises:
        InputError: labels that are outcomes, a file that cannot be read, or answers that cannot be understood.
    """
    if reviewed is None:
        return {}
    if meaning.are != "facts" or target.classes is None:
        raise InputError(
            "answers settle labels that are facts, and these are read as outcomes", where="reviewed", got=str(meaning),
            fix='pass labels_are="facts" if the rows show what their label says; decisions are carried out by apply',
        )  # fmt: skip
    said = dict(reviewed) if isinstance(reviewed, Mapping) else _words(_decisions(reviewed, data), data)
    found = read_answers(said, said.values(), data.ids, target.codes, target.classes)
    return {data.ids[row : row + 1].tolist()[0]: answer for row, answer in found.items()}


def _decisions(reviewed: Any, data: Dataset) -> Iterable[Decision]:
    if not isinstance(reviewed, str | Path):
        listed = list(reviewed) if isinstance(reviewed, Iterable) else []
        if not listed or not all(isinstance(one, Decision) for one in listed):
            raise InputError(
                "answers about labels are a file, a mapping or a list of Decision", where="reviewed",
                got=f"reviewed={reviewed!r}"[:80],
                fix="pass {id: 1} where the label of a row is wrong, {id: 0} where right",
            )  # fmt: skip
        return listed
    path = Path(reviewed)
    return _of_folder(path, data) if path.is_dir() else read_decisions(path, data)


def _of_folder(folder: Path, data: Dataset) -> list[Decision]:
    """What was decided about labels in the review of a run folder, and in its list of them about other rows."""
    known = data.ids.tolist()
    answers = decided_in(folder, known, lists=ABOUT_LABELS).decisions if (folder / RECORD_FILE).is_file() else ()
    answered = {str(one.id) for one in answers}
    listed = (folder / FOLDER if (folder / FOLDER).is_dir() else folder) / LISTED
    if answers and not listed.is_file():
        return list(answers)
    return [*answers, *(one for one in read_decisions(listed, data) if str(one.id) not in answered)]


def _words(decisions: Iterable[Decision], data: Dataset) -> dict[Any, str]:
    """What each decision about a row that is still there says of its label."""
    known = {str(key): key for key in data.ids.tolist()}
    words = {"keep": "keep", "drop": "drop"}
    return {
        known[str(one.id)]: words.get(one.kind, f"relabel:{one.value}")
        for one in decisions
        if str(one.id) in known and one.kind != "reweight"
    }
