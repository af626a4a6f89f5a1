"""How much of a record one page shows; whatever is cut says so, and where the rest is."""

from dataclasses import dataclass

from samplewise.core.texts import count_of

LARGEST_PAGE = 2_000_000  # bytes, whatever the data
WHERE_THE_REST_IS = "the rest is in audit.json and in findings/"


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds on what is drawn; `LADDER` holds them from generous to certain."""

    rows: int = 100  # of any table
    columns: int = 14  # of any table
    cards: int = 24  # one per suspicious row
    findings: int = 200
    exhibits: int = 60
    remedies: int = 40
    classes: int = 20  # of a matrix that is drawn
    points: int = 400  # of a curve
    text: int = 280  # characters of any cell
    thumbnail: int = 12_000  # characters of a data URI


LADDER = (
    Limits(),
    Limits(rows=40, cards=12, exhibits=30, text=200, thumbnail=8_000),
    Limits(rows=15, columns=10, cards=8, findings=100, exhibits=15, remedies=20, points=150, text=120, thumbnail=5_000),
    Limits(5, 6, 4, 30, 6, 10, 8, 50, 60, 0),
)


def cut_note(*cuts: tuple[int, int, *tuple[str, ...]]) -> str:
    """`100 of 12,345 rows shown; the rest is ...` for every (shown, total, word, plural) that was cut."""
    parts = [f"{shown:,} of {count_of(total, *words)}" for shown, total, *words in cuts if shown < total]
    return f"{', '.join(parts)} shown; {WHERE_THE_REST_IS}." if parts else ""
