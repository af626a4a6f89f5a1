"""How a result of this room prints: a few sentences, and the first lines of its table."""

from collections.abc import Sequence
from typing import Any

LINES = 5


def sentences_and_table(sentences: Sequence[str], table: Any, n_lines: int = LINES) -> str:
    """The sentences that say something, then the first lines of a frame and how many more there are."""
    text = " ".join(sentence for sentence in sentences if sentence)
    if not len(table):
        return text
    more = len(table) - n_lines
    rest = f"\n... {more:,} more: to_frame()" if more > 0 else ""
    return f"{text}\n{table.head(n_lines).to_string(index=False)}{rest}"


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural but for one.

    >>> counted(1, "row"), counted(2_000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
