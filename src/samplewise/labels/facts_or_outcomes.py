"""Whether labels are facts, which the row itself shows, or outcomes, which the row only predicts."""

from dataclasses import dataclass
from typing import Literal

from samplewise.core.errors import InputError, unknown_name
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images

LabelsAre = Literal["auto", "facts", "outcomes"]
KINDS = ("auto", "facts", "outcomes")


@dataclass(frozen=True, slots=True)
class LabelMeaning:
    """How labels are read, who chose that, and why.

    Args:
        are: "facts" or "outcomes".
        chosen_by: "you" or "samplewise".
        why: the reason, as a sentence goes on after "because"; "" where the user chose.
    """

    are: Literal["facts", "outcomes"]
    chosen_by: Literal["you", "samplewise"]
    why: str = ""

    def __str__(self) -> str:
        """The reading in a sentence, with the way to the other one."""
        if self.chosen_by == "you":
            return f"The labels are read as {self.are}, as you said."
        other = "outcomes" if self.are == "facts" else "facts"
        return f'The labels are read as {self.are}, because {self.why}; labels_are="{other}" reads them the other way.'


OUTCOMES = LabelMeaning("outcomes", "samplewise")


def label_meaning(labels_are: str, rows: Dataset, *, classes: bool, embedded: bool = False) -> LabelMeaning:
    """The reading of labels that the user chose, or that follows from what the rows are.

    Pictures and texts show what they are labeled as. Columns of a table predict an outcome; so do plain numbers, of
    which nothing says that they were computed from pictures or texts, unless they are passed as `embeddings`.

    Args:
        labels_are: "facts", "outcomes" or "auto".
        rows: as the user holds them, before embeddings take the place of their features.
        classes: whether the labels are classes; numbers are always outcomes.
        embedded: whether features of a network were passed for them.

    Raises:
        InputError: another word, or numbers that are said to be facts.
    """
    if labels_are not in KINDS:
        raise unknown_name("reading of labels", labels_are, KINDS)
    if labels_are == "facts" and not classes:
        raise InputError(
            "only classes can be read as facts, and these labels are numbers", where="labels_are",
            got='labels_are="facts"', fix='leave labels_are out; where the numbers are classes, task="classification"',
        )  # fmt: skip
    if labels_are != "auto":
        return LabelMeaning("facts" if labels_are == "facts" else "outcomes", "you")
    if not classes:
        return LabelMeaning(
            "outcomes", "samplewise", "they are numbers, and how far off a right one may lie is unknown"
        )
    if isinstance(rows.X, Images):
        return LabelMeaning("facts", "samplewise", "pictures show what they are labeled as")
    kinds = {column.kind for column in rows.columns if column.role == "feature"}
    if kinds == {"text"}:
        return LabelMeaning("facts", "samplewise", "texts show what they are labeled as")
    if hasattr(rows.X, "iloc"):
        return LabelMeaning("outcomes", "samplewise", "the columns of a table predict a label without showing it")
    if embedded:
        why = "embeddings are made of pictures, texts or sounds, which show what they are labeled as"
        return LabelMeaning("facts", "samplewise", why)
    return LabelMeaning("outcomes", "samplewise", "nothing says that these numbers were made of pictures or texts")
