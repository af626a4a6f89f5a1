"""Tables align their numbers, sort by what they mean, and say what they leave out."""

import numpy as np

from samplewise.core.values import Exhibit, Scores
from samplewise.report.limits import Limits
from samplewise.report.tables import exhibit_table, scores_table


def test_numbers_of_a_column_share_their_decimals() -> None:
    table = exhibit_table(Exhibit("table", "t", {"v": np.array([0.5, 0.123456, np.nan])}), Limits())
    assert [row[0].text for row in table.rows] == ["0.500", "0.123", "\u2013"]
    assert table.columns[0].numeric
    assert [row[0].order for row in table.rows][:2] == [0.5, 0.123456]
    assert table.rows[2][0].order == -1e308


def test_whole_numbers_have_none() -> None:
    table = exhibit_table(Exhibit("table", "t", {"n": np.array([12345.0, 2.0])}), Limits())
    assert [row[0].text for row in table.rows] == ["12,345", "2"]


def test_texts_are_not_numbers() -> None:
    table = exhibit_table(Exhibit("table", "t", {"name_of it": np.array(["b", "A"])}), Limits())
    assert not table.columns[0].numeric
    assert table.columns[0].name == "name of it"
    assert [row[0].order for row in table.rows] == ["b", "a"]


def test_what_is_cut_is_said_once_for_rows_and_columns() -> None:
    wide = {f"c{i}": np.arange(300) for i in range(30)}
    table = exhibit_table(Exhibit("table", "t", wide, "points", "Read with care."), Limits())
    assert (len(table.rows), len(table.columns)) == (100, 20)
    assert table.cut == "100 of 300 rows, 20 of 30 columns shown; the rest is in audit.json and in findings/."
    assert table.note == "Read with care. Unit: points."


def test_an_empty_exhibit_is_an_empty_table() -> None:
    table = exhibit_table(Exhibit("table", "t"), Limits())
    assert (table.rows, table.columns, table.cut) == ((), (), "")


def test_scores_come_highest_first_with_their_error() -> None:
    scores = Scores(
        "wrong_label", np.array([0.1, 0.9]), np.array(["a", "b"]), "probability", "worse", spread=np.array([0.1, 0.2])
    )
    table = scores_table(scores, 10, Limits())
    assert [column.name for column in table.columns] == ["row", "wrong label (%)", "standard error"]
    assert table.rows[0][0].text == "b"


def test_ids_stand_as_they_are_and_are_no_numbers() -> None:
    table = exhibit_table(Exhibit("table", "t", {"id": np.array([12345]), "n": np.array([12345])}), Limits())
    assert [cell.text for cell in table.rows[0]] == ["12345", "12,345"]
    assert [(column.numeric, column.is_id) for column in table.columns] == [(False, True), (True, False)]
