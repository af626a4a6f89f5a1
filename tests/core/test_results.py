"""A result prints as sentences and a short table, escapes what it prints, and has all of it in a frame."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from samplewise.core.results import MOST_ROWS, MOST_TEXT, WIDTH, Result, Table


@dataclass(frozen=True, slots=True, eq=False)
class Found(Result):
    """A table under one sentence."""

    table: Table
    said: str = "Something was found."

    def _sentences(self) -> Iterable[str]:
        yield self.said

    def _table(self) -> Table:
        return self.table


def numbered(rows: int, **options: object) -> Table:
    return Table({"id": np.arange(rows), "share": np.linspace(0, 1, rows)}, {"share": "share of rows"}, "id", **options)


def test_it_prints_the_sentence_and_the_table():
    found = Found(numbered(3))
    assert str(found).splitlines() == [
        "Something was found.", "id  share (% of rows)", " 0                  0", " 1                 50",
        " 2                100",
    ]  # fmt: skip
    assert repr(found) == str(found)


def test_without_rows_only_the_sentence_is_left():
    for table in (Table({}), Table({"id": []}, index="id")):
        assert str(Found(table)) == "Something was found."
        assert Found(table)._repr_html_() == "<p>Something was found.</p>"
        assert len(Found(table).to_frame()) == 0


@pytest.mark.parametrize("rows", [MOST_ROWS - 1, MOST_ROWS, MOST_ROWS + 1])
def test_at_most_so_many_rows_are_printed_and_the_rest_is_counted(rows):
    lines = str(Found(numbered(rows))).splitlines()
    assert sum(line[:2].strip().isdigit() and "of" not in line for line in lines) == min(rows, MOST_ROWS)
    assert (lines[-1] == "8 of 9 rows; to_frame() has all.") == (rows > MOST_ROWS)
    assert len(Found(numbered(rows)).to_frame()) == rows


def test_the_rows_worth_printing_come_in_their_order():
    table = numbered(20, first=[7, 3])
    heads, texts, numeric = table.printed()
    assert (heads, texts[0], numeric) == (["id", "share (% of rows)"], ["7", "3"], [True, True])
    assert table.left_out == "2 of 20 rows; to_frame() has all."
    assert table.to_frame().index.tolist() == list(range(20))


def test_a_column_may_be_printed_as_texts_or_not_at_all():
    table = Table({"id": [1, 2], "share": [0.0, 1.0]}, texts={"share": ["none", "all"]}, hidden=("id",))
    assert table.printed() == (["share"], [["none", "all"]], [False])
    assert table.to_frame()["share"].tolist() == [0.0, 1.0]


def test_a_unit_that_is_the_name_is_printed_once():
    assert Table({"rows_kept": [1], "points": [2]}, {"points": "points"}).printed()[0] == ["rows kept", "points"]


def test_no_line_is_wider_than_the_page_and_no_cell_than_its_limit():
    long = {f"column_{place}": ["x" * 500] for place in range(9)}
    found = Found(Table(long), "A word, " * 100)
    assert max(map(len, str(found).splitlines())) <= WIDTH
    assert found.table.printed()[1][0] == ["x" * (MOST_TEXT - 1) + "…"]
    assert str(found).splitlines()[-2].endswith("…")


def test_a_frame_keeps_the_units_of_the_api_and_ids_of_any_kind():
    frame = Table({"id": [("a", 1), ("b", 2)], "share": [0.1, 0.2]}, {"share": "share"}, "id").to_frame()
    pd.testing.assert_frame_equal(
        frame, pd.DataFrame({"share": [0.1, 0.2]}, index=pd.Index([("a", 1), ("b", 2)], name="id", tupleize_cols=False))
    )
    assert numbered(3).to_frame()["share"].tolist() == [0.0, 0.5, 1.0]


def test_html_runs_nothing_that_was_in_the_data():
    html = Found(Table({"<b>": ["<script>"] * 20}), "Found <i>this</i>.")._repr_html_()
    assert html.startswith("<p>Found &lt;i&gt;this&lt;/i&gt;.</p><table>")
    assert "<th>&lt;b&gt;</th>" in html
    assert "<script" not in html
    assert html.endswith("<p>8 of 20 rows; to_frame() has all.</p>")


def test_a_class_may_have_its_own_repr_but_not_the_one_of_dataclasses():
    @dataclass(frozen=True)
    class Own(Found):
        def __repr__(self) -> str:
            return "own"

    assert repr(Own(numbered(1))) == "own"
    assert repr(Found(numbered(1))).startswith("Something was found.")
