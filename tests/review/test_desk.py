"""What the pages say of a session."""

import pytest

from samplewise.core.errors import InputError
from samplewise.review.desk import HIDDEN, MOST_DISAGREEMENTS, TILES, Desk
from samplewise.review.page_requests import Answer, Note, Place


def keep(place, decision="keep", value=None):
    return Answer((Place(place, "SW201"),), decision, value)


def test_a_row_has_the_answers_that_make_sense_for_it(sessions, tmp_path):
    desk = Desk(sessions.table(tmp_path))
    card = desk.shown("r1")["card"]
    assert [answer["key"] for answer in card["answers"]] == ["K", "S", "D", "U"]  # two classes: no other is left
    assert (card["row"], card["given"], card["suggestion"], card["probability"]) == ("1", "yes", "no", "95 %")
    assert card["choice"] == "classes"
    (tmp_path / "numbers").mkdir()
    card = Desk(sessions.table(tmp_path / "numbers", task="regression")).shown("r1")["card"]
    assert [answer["key"] for answer in card["answers"]] == ["K", "S", "L", "D", "U"]
    assert card["choice"] == "number"


def test_few_classes_have_digits_and_many_are_searched(sessions, tmp_path):
    (tmp_path / "few").mkdir()
    few = Desk(sessions.pictures(tmp_path / "few", classes=5)).shown("r1")["card"]
    assert [(one["key"], one["value"]) for one in few["answers"] if one["act"] == "class"] == [
        ("1", "class 00"), ("4", "class 03"), ("5", "class 04"),
    ]  # fmt: skip
    (tmp_path / "many").mkdir()
    many = Desk(sessions.pictures(tmp_path / "many"))
    assert [one["act"] for one in many.shown("r1")["card"]["answers"]].count("other") == 1
    assert many.classes("11") == (["class 11"], 0)


def test_answers_go_to_the_session_and_come_back_in_words(sessions, tmp_path):
    session = sessions.table(tmp_path)
    desk = Desk(session)
    assert desk.decide("r1", keep(1)) == "Saved: row 1 kept"
    assert desk.decide("r1", keep(1, "relabel", "no")).endswith("in place of your earlier answer (kept)")
    assert desk.shown("r1", Place(1, "SW201"))["card"]["earlier"].value == "no"
    assert desk.note("r1", Note(Place(2, "SW201"), "look")) == "Saved: a note on row 2"
    assert desk.shown("r1", Place(2, "SW201"))["card"]["note"] == "look"
    assert desk.answered() == 1
    said, place = desk.undo("r1")
    assert said == "Undone: row 1, which was changed to no"
    assert place == Place(1, "SW201")
    assert desk.log_file() == session.log.file
    assert desk.notes() == []


def test_of_several_rows_all_or_none_are_answered(sessions, tmp_path):
    desk = Desk(sessions.table(tmp_path))
    wrong = Answer((Place(1, "SW201"), Place(150, "SW201")), "keep", None)
    with pytest.raises(InputError, match="not among those"):
        desk.decide("r1", wrong)
    assert desk.answered() == 0
    desk.decide("r1", Answer((Place(1, "SW201"), Place(2, "SW201")), "drop", None))
    assert desk.answered() == 2
    assert desk.undo("r1")[0] == "Undone: 2 rows"
    assert desk.undo("r1") == ("There is nothing to undo.", None)


def test_without_values_nothing_but_ids_and_classes_is_shown(sessions, tmp_path):
    desk = Desk(sessions.pictures(tmp_path), values=False)
    card = desk.shown("r1")["card"]
    assert (card["given"], card["picture"], card["cells"], card["text"]) == ("class 01", "", [], "")
    assert desk.tabs() == [("", "row")]
    with pytest.raises(InputError, match="no such picture"):
        desk.picture(3)
    with pytest.raises(InputError, match="no pictures"):
        desk.tiles("r1")
    (tmp_path / "numbers").mkdir()
    card = Desk(sessions.table(tmp_path / "numbers", task="regression"), values=False).shown("r1")["card"]
    assert card["given"] == HIDDEN
    assert {group["label"] for group in card["neighbors"]} <= {HIDDEN}


def test_pictures_are_shown_by_the_page_and_one_by_one(sessions, tmp_path):
    desk = Desk(sessions.pictures(tmp_path, rows=70, suspects=60))
    tiles = desk.tiles("r1")["tiles"]
    assert len(tiles) == TILES
    assert tiles[0]["picture"] == "picture/1"
    assert desk.picture(1)[1] == "image/png"
    assert ("grid", "grid") in desk.tabs()


def test_disagreements_are_listed_for_those_who_answered(sessions, tmp_path):
    desk = Desk(sessions.table(tmp_path, both=True))
    desk.decide("r1", keep(1))
    desk.decide("r2", keep(1, "drop"))
    desk.decide("r2", keep(2))
    shown = desk.disagreements()
    assert shown["reviewers"] == ["r1", "r2"]
    assert [(row["row"], [one.decision for one in row["said"]]) for row in shown["rows"]] == [("1", ["keep", "drop"])]
    assert len(shown["rows"]) < MOST_DISAGREEMENTS
    assert ("disagreements", "disagreements") in desk.tabs()


def test_the_end_is_said(sessions, tmp_path):
    desk = Desk(sessions.table(tmp_path, suspects=2))
    desk.decide("r1", keep(1))
    desk.decide("r1", keep(2))
    shown = desk.shown("r1")
    assert shown["card"] is None
    assert shown["ended"]["title"] == "Nothing is left to decide"
    assert any("samplewise apply" in sentence for sentence in shown["ended"]["sentences"])
