"""How much of a record one page shows; whatever is cut says so, and where the rest is."""

from dataclasses import dataclass

from samplewise.core.texts import count_of

LARGEST_PAGE = 2_000_000  # bytes, whatever the data
WHERE_THE_REST_IS = "the rest is in audit.json and in findings/"


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds on what is drawn; `LADDER` holds them from generous to certain."""

    rows: int = 100  # of any table
    columns: int = 20  # of any table
    cards: int = 24  # of the rows of one finding
    findings: int = 200
    exhibits: int = 60
    remedies: int = 40
    classes: int = 20  # of a matrix that is drawn
    points: int = 400  # of a curve
    text: int = 280  # characters of any sentence or name
    thumbnail: int = 12_000  # characters of a data URI
    listed: int = 5_000  # rows of one finding that can be searched
    cell: int = 80  # characters of a cell in such a list
    story: int = 2_000  # characters of a text on a card


# The lists of rows are cut first: they are the largest part, and all of them stand in findings/.
LADDER = (
    Limits(),
    Limits(listed=2_000),
    Limits(listed=800, cell=60),
    Limits(listed=400, cell=60),
    Limits(listed=300, rows=40, columns=14, cards=12, exhibits=30, text=200, thumbnail=8_000, cell=60, story=1_000),
    Limits(
        listed=100, rows=15, columns=10, cards=8, findings=100, exhibits=15, remedies=20, points=150, text=120,
        thumbnail=5_000, cell=40, story=500,
    ),
    Limits(5, 6, 4, 30, 6, 10, 8, 50, 60, 0, 20, 30, 120),
)  # fmt: skip


def cut_note(*cuts: tuple[int, int, *tuple[str, ...]], rest: str = WHERE_THE_REST_IS) -> str:
    """`100 of 12,345 rows shown; the rest is ...` for every (shown, total, word, plural) that was cut."""
    parts = [f"{shown:,} of {count_of(total, *words)}" for shown, total, *words in cuts if shown < total]
    return f"{', '.join(parts)} shown; {rest}." if parts else ""
