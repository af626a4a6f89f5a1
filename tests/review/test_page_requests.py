"""What the page sends is taken apart, and nothing else is."""

import pytest

from samplewise.core.errors import InputError
from samplewise.review.page_requests import LONGEST_NOTE, MOST_ROWS, Place, answer_of, note_of, place_of, undo_page

ROW = {"row": "3", "list": "SW201", "column": ""}


def test_an_answer_about_one_row_and_about_many():
    one = answer_of({"rows": [ROW], "decision": "relabel", "value": "cat"})
    assert (one.places, one.decision, one.value, one.page) == ((Place(3, "SW201"),), "relabel", "cat", "row")
    many = answer_of({"rows": [ROW] * 7, "decision": "drop", "value": None, "page": "grid"})
    assert (len(many.places), many.page) == (7, "grid")


@pytest.mark.parametrize(
    "content",
    [
        None, 3, [], {}, {"rows": [], "decision": "keep"}, {"rows": [ROW] * (MOST_ROWS + 1), "decision": "keep"},
        {"rows": [ROW], "decision": "delete everything"}, {"rows": [ROW], "decision": ["keep"]},
        {"rows": [ROW], "decision": "relabel"}, {"rows": [ROW], "decision": "keep", "value": "cat"},
        {"rows": [ROW], "decision": "keep", "page": "../../etc"},
        {"rows": [{"row": -1, "list": "SW201"}], "decision": "keep"},
        {"rows": [{"row": True, "list": "SW201"}], "decision": "keep"},
        {"rows": [{"row": "3; drop", "list": "SW201"}], "decision": "keep"},
        {"rows": [{"row": 3, "list": None}], "decision": "keep"}, {"rows": ["3"], "decision": "keep"},
        {"rows": [ROW], "decision": "relabel", "value": {"a": 1}},
        {"rows": [ROW], "decision": "relabel", "value": [1]},
        {"rows": [ROW], "decision": "relabel", "value": "x" * 20_000},
    ],
)  # fmt: skip
def test_anything_else_is_refused(content):
    with pytest.raises(InputError, match="no answer"):
        answer_of(content)


def test_notes():
    assert note_of({"rows": [ROW], "note": " two digits \n"}).text == "two digits"
    with pytest.raises(InputError, match="no answer"):
        note_of({"rows": [ROW], "note": "  "})
    with pytest.raises(InputError, match="few lines") as refused:
        note_of({"rows": [ROW], "note": "x" * (LONGEST_NOTE + 1)})
    assert f"{LONGEST_NOTE:,}" in refused.value.fix


def test_addresses_name_rows():
    assert place_of({"row": "12", "list": "SW201"}) == Place(12, "SW201")
    assert place_of({"row": "12", "list": "SW108", "column": "a b"}) == Place(12, "SW108", "a b")
    for other in ({}, {"row": "-1"}, {"row": "x"}, {"row": ""}, {"row": "9" * 30}, {"row": "\u0661"}):
        assert place_of(other) is None


def test_undo_goes_back_to_a_page_there_is():
    assert [undo_page({"page": page}) for page in ("grid", "row", "evil", ["grid"])] == ["grid", "row", "row", "row"]
