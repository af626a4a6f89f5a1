"""The rows of a finding: every row in plain JSON, small, exact ids, and only of the finding the exhibit belongs to."""

import json
from typing import Any

import numpy as np

from samplewise.core.escapes import restored
from samplewise.core.findings import CheckResult, Finding, Outcome
from samplewise.core.values import Exhibit
from samplewise.report.finding_rows import FindingRows, anchors_of, row_address, row_key, rows_of, shows_a_finding
from samplewise.report.limits import Limits


def finding(title: str = "t", keys: tuple[Any, ...] = (1, 2)) -> Finding:
    return Finding("SW201", title, "warning", keys, "")


def drawn(limits: Limits | None = None, keys: tuple[Any, ...] = (1, 2), **columns: Any) -> FindingRows:
    one = finding(keys=keys)
    exhibit = Exhibit("rows", "r", {name: np.array(values) for name, values in columns.items()}, finding=0)
    found = rows_of(
        Outcome("SW201", "c", "found", result=CheckResult((one,), (), (exhibit,))), one, "SW201", limits or Limits()
    )
    assert found is not None
    return found


def columns(rows: FindingRows) -> dict[str, dict[str, Any]]:
    return {column["name"]: column for column in json.loads(json.dumps(rows.content, allow_nan=False))["columns"]}


def test_findings_of_one_check_have_names_of_their_own() -> None:
    twice = [finding("one"), finding("two"), Finding("SW301", "three", "note", (), "")]
    assert anchors_of(twice) == ["SW201", "SW201.2", "SW301"]


def test_rows_belong_to_the_finding_they_were_made_for() -> None:
    first, second = finding("one"), finding("two")
    mine = Exhibit("rows", "r", {"id": np.array([5])}, finding=1)
    other = Exhibit("rows", "r", {"id": np.array([6])})
    outcome = Outcome("SW201", "c", "found", result=CheckResult((first, second), (), (other, mine)))
    assert rows_of(outcome, first, "SW201", Limits()) is None
    rows = rows_of(outcome, second, "SW201.2", Limits())
    assert rows is not None
    assert (rows.ids, list(rows.links())) == (("5",), [("5", "row-SW201.2-5")])
    assert [shows_a_finding(outcome, exhibit) for exhibit in (other, mine)] == [False, True]


def test_every_row_is_there_repeated_texts_once_and_numbers_short() -> None:
    count = 3_000
    rows = drawn(
        id=range(count), given=["cat", "dog"] * (count // 2), probability=np.linspace(0, 1, count),
        reason=[f"reason {i}" for i in range(count)], **{"column: age": np.full(count, 1 / 3)},
    )  # fmt: skip
    found = columns(rows)
    assert list(found) == ["id", "given", "probability (%)", "reason", "age"]
    assert found["given"] == {"name": "given", "words": ["cat", "dog"], "at": [0, 1] * (count // 2)}
    assert found["age"]["numbers"] == [0.333333] * count
    assert found["probability (%)"]["numbers"][-1] == 100
    assert len(found["reason"]["texts"]) == count
    assert rows.first.rows[0][0].text == "0"
    assert len(rows.first.rows) == 10


def test_numbers_of_the_data_are_plain_and_counts_are_not() -> None:
    rows = drawn(id=[1, 2], given=[604000.0, 468000.0], **{"column: built": [1965, 1942], "column: kind": ["a", "b"]})
    found = columns(rows)
    assert found["built"]["plain"]
    assert "plain" not in found["given"] | found["kind"]
    assert [cell.text for cell in rows.first.rows[0]] == ["1", "604,000", "1965", "a"]


def test_a_list_of_some_rows_is_not_called_all_of_them() -> None:
    exhibit = Exhibit("rows", "r", {"id": np.array([1])}, note="the first 1 of 9", finding=0)
    one = finding(keys=("column",))
    rows = rows_of(Outcome("SW108", "c", "found", result=CheckResult((one,), (), (exhibit,))), one, "SW108", Limits())
    assert rows is not None
    assert rows.heading == "Rows: the first 1 of 9"


def test_what_only_the_cards_show_is_no_column_of_the_list() -> None:
    rows = drawn(
        id=[1],
        telling=["[]"],
        thumbnail=[""],
        nearest_given=["7"],
        nearest_given_cells=["[]"],
        text=["t"],
        time=["1994"],
    )
    assert list(columns(rows)) == ["id"]
    assert [card.text for card in rows.cards] == ["t"]


def test_an_own_column_named_as_one_of_ours_keeps_apart() -> None:
    assert list(columns(drawn(id=[1], given=["a"], **{"column: given": ["b"]}))) == ["id", "given", "data: given"]


def test_ids_are_those_of_the_lists_in_the_run_folder() -> None:
    ids = [123456789012345678, "a  b", "x\x1b[2J", r"\u001b", "ä/ö ü"]
    rows = drawn(id=np.array(ids, dtype=object))
    assert [restored(text) for text in columns(rows)["id"]["texts"]] == list(map(str, ids))
    assert row_address("SW201", row_key("ä/ö ü")) == "row-SW201-%C3%A4%2F%C3%B6%20%C3%BC"
    assert row_address("SW201", "half \ud83d").isascii()


def test_numbers_that_are_missing_or_large() -> None:
    values = columns(drawn(id=[1, 2, 3], x=[np.nan, np.inf, 1234567.0]))["x"]["numbers"]
    assert values == [None, None, 1234567]


def test_what_is_cut_says_where_all_rows_are() -> None:
    rows = drawn(Limits(listed=2, columns=1), keys=(1, 2, 3, 4), id=[1, 2, 3], given=["a", "b", "c"])
    assert rows.cut == "2 of 4 rows, 1 of 2 columns shown; all are in findings/SW201.csv."
    assert (len(rows.ids), rows.heading) == (2, "All rows (4)")
