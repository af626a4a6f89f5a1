"""The contact sheet shows what a person needs to decide, whatever columns a check gave."""

import json
from typing import Any

import numpy as np
import pytest

from samplewise.core.values import Exhibit
from samplewise.report.cards import cards_of
from samplewise.report.limits import Limits


def one(**columns: Any) -> Any:
    exhibit = Exhibit(
        "rows", "r", {"id": np.array([7]), **{name: np.array([v], dtype=object) for name, v in columns.items()}}
    )
    return cards_of(exhibit, Limits())[0]


def test_labels_probability_and_neighbors() -> None:
    card = one(
        given="cat", suggested="dog", probability=0.934, nearest_given=3, nearest_suggested="r9", reason="likely error"
    )
    assert (card.id, card.given, card.suggested, card.probability, card.per_cent) == ("7", "cat", "dog", "93 %", 93.4)
    assert [(item.label, item.id) for item in card.neighbors] == [("cat", "3"), ("dog", "r9")]


def test_a_suggestion_equal_to_the_given_label_is_none() -> None:
    assert one(given="cat", suggested="cat").suggested == ""


@pytest.mark.parametrize("probability", [None, float("nan"), "high"])
def test_an_unknown_probability_is_left_out(probability: Any) -> None:
    card = one(given="cat", probability=probability)
    assert (card.probability, card.per_cent) == ("", None)


@pytest.mark.parametrize("encoded", [True, False])
def test_all_unusual_cells_up_to_a_dozen_and_how_many_more(encoded: bool) -> None:
    unusual = [[f"column {i}", i / 3, "typical"] for i in range(15)]
    card = one(telling=json.dumps(unusual) if encoded else unusual)
    assert (len(card.cells), card.more_cells) == (12, 3)
    assert card.cells[1] == ("column 1", "0.333333", "typical")


def test_numbers_of_the_data_have_no_separators() -> None:
    card = one(telling=json.dumps([["built", 1965, 1971.5], ["lot", 13685, 8798.25], ["long", -122.257, -122.233]]))
    assert [cells[1:] for cells in card.cells] == [
        ("1965", "1971.5"), ("13685", "8798.25"), ("\u2212122.257", "\u2212122.233"),
    ]  # fmt: skip


@pytest.mark.parametrize("broken", ["{not json", "[1, 2]", '[["a"]]', 5, None])
def test_cells_of_another_form_are_left_out(broken: Any) -> None:
    card = one(telling=broken, nearest_given=3, nearest_given_cells=broken)
    assert (card.cells, card.more_cells, card.compared) == ((), 0, ())


def test_values_of_the_nearest_rows_of_both_classes_stand_beside_those_of_the_row() -> None:
    card = one(
        given="cat", suggested="dog", telling=json.dumps([["x", 0.0, 5.1], ["y", 0.0, 4.9]]), nearest_given=3,
        nearest_suggested="r9", nearest_given_cells=json.dumps([["x", 5.25], ["y", 5]]), nearest_suggested_cells="[]",
    )  # fmt: skip
    assert card.is_wide
    assert [(item.label, item.key, item.cells) for item in card.compared] == [("cat", "3", {"x": "5.25", "y": "5"})]


def test_a_duplicate_stands_beside_its_twin_with_the_label_of_that() -> None:
    card = one(
        given="cat", telling=json.dumps([["x", 0.0, 5.1]]), nearest_twin=7, nearest_twin_label="dog",
        nearest_twin_cells=json.dumps([["x", 1.0]]),
    )  # fmt: skip
    assert [(item.words, item.label, item.id, item.cells) for item in card.compared] == [
        ("twin with label", "dog", "7", {"x": "1"})
    ]
    assert [item.words for item in one(nearest_twin=7, nearest_given=3).neighbors] == ["twin", "nearest"]


def test_time_and_group_are_said_where_there_are_such() -> None:
    assert one(time="1994-03-01", group="").place == (("time", "1994-03-01"),)


def test_a_text_is_shown_up_to_two_thousand_characters() -> None:
    text = one(text="word " * 1_000).text
    assert 1_900 < len(text) <= 2_000


def test_numbers_as_labels_are_written_short() -> None:
    card = one(given=3.14159265, suggested=2.5)
    assert (card.given, card.suggested) == ("3.14", "2.5")


def test_no_more_cards_than_allowed() -> None:
    exhibit = Exhibit("rows", "r", {"id": np.arange(500), "given": np.repeat("cat", 500)})
    assert len(cards_of(exhibit, Limits())) == Limits().cards


def test_rows_of_which_only_the_id_is_known_have_no_cards() -> None:
    assert cards_of(Exhibit("rows", "r", {"id": np.arange(500)}), Limits()) == []
