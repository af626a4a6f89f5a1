"""The overview of the data on the page."""

import re
from dataclasses import replace

import pytest

from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome
from samplewise.report import to_html
from samplewise.report.limits import LADDER, LARGEST_PAGE, Limits
from samplewise.report.overview import number, page_overview

PIXEL = "data:image/png;base64,iVBORw0KGgo="


def numbers(name, **more):
    return {
        "name": name, "kind": "numeric", "role": "feature", "missing": 0, "distinct": 73,
        "numbers": {"low": 17, "quarter": 28, "median": 37, "three_quarters": 48, "high": 90, "mean": 38.58},
        "histogram": {"scale": "linear", "low": 18, "high": 76, "counts": [10, 40, 0, 5], "step": 15, "above": 8},
    } | more  # fmt: skip


LABEL = {"name": "income", "kind": "category", "role": "label", "missing": 0, "distinct": 2,
         "values": [["low", 50], ["high", 13]]}  # fmt: skip
TOWN = {"name": "town_name", "kind": "category", "role": "feature", "missing": 0.25, "distinct": 12,
        "values": [["Ulm", 30], ["Kiel", 15]], "others": [10, 3]}  # fmt: skip
PAIRS = {
    "rows": 63, "compared": 3, "left_out": 2,
    "pairs": [
        {"one": "age", "other": "years", "measure": "rank correlation", "strength": 1.0, "exact": "same order"},
        {"one": "age", "other": "income", "measure": "correlation ratio", "strength": 0.4, "exact": ""},
    ],
}  # fmt: skip
SAMPLE = {"ids": ["r7", "r2"], "columns": ["age", "town_name", "income"],
          "rows": [["31", "Ulm", "low"], ["62", "", "high"]]}  # fmt: skip


def record(findings=(), **overview):
    held = {"rows": 63, "drawn": 63, "label": LABEL, "columns": [numbers("age"), TOWN], "more_columns": 0,
            "pairs": PAIRS, "sample": SAMPLE}  # fmt: skip
    data = {
        "rows": 63, "source": "people.csv", "overview": held | overview,
        "columns": [{"name": "town_name", "kind": "category", "role": "feature", "note": "many values"}],
    }  # fmt: skip
    outcome = Outcome("SW101", "missing", "found", result=CheckResult(tuple(findings)))
    return AuditRecord(RECORD_SCHEMA, data, {}, {}, (outcome,))


def drawn(findings=(), limits=None, **overview):
    return page_overview(record(findings, **overview), limits or Limits())


def about(*names):
    return Finding("SW101", "gaps", "warning", names, "because", axis="column")


def test_a_record_without_an_overview_shows_none():
    plain = record()
    older = replace(plain, data={"rows": 3})
    assert page_overview(older, Limits()) is None
    assert "overview" not in re.sub(r"<style>.*?</style>", "", to_html(older), flags=re.DOTALL)
    failed = record(failed="ValueError: no")
    assert "could not be made: ValueError: no" in to_html(failed)


def test_the_label_comes_first_then_columns_with_a_finding_then_those_that_are_used():
    found = drawn([about("town_name")], columns=[numbers("key", role="excluded", kind="id"), numbers("age"), TOWN])
    assert [card.name for card in found.cards] == ["income", "town_name", "age", "key"]
    assert found.cards[0].is_label
    assert found.cards[1].codes == (("SW101", "SW101"),)
    page = to_html(record([about("town_name")]))
    assert re.search(r'town_name</bdi> <a class="code" href="#SW101">', page)
    assert 'id="SW101"' in page  # the link leads somewhere


def test_a_histogram_is_one_path_with_its_numbers_in_words():
    (card,) = [card for card in drawn().cards if card.name == "age"]
    assert card.bars.bars.count("M") == 3  # an empty bin draws nothing
    assert card.bars.tails.count("M") == 1
    assert (card.bars.low, card.bars.high) == ("18", "76")
    tops = [float(top) for top in re.findall(r"V([\d.]+)h", card.bars.bars)]
    assert tops == [30.0, 0.0, 35.0]  # of 40, the tallest reaches the top
    assert card.bars.words == (
        "Histogram of age from 18 to 76, median 37. The tallest of 4 bars is number 2, with 40 rows. "
        "Outside lie 8 above."
    )
    assert card.facts == "median 37 · mean 38.58 · 73 different"
    assert 'role="img" aria-label="Histogram of age from 18' in to_html(record())


def test_a_rare_value_is_still_seen():
    (card,) = drawn(label=None, columns=[numbers("n", histogram={"scale": "linear", "counts": [100_000, 1]})]).cards
    assert re.findall(r"V([\d.]+)h", card.bars.bars) == ["0", "39"]


def test_categories_have_bars_of_text_and_the_rest_is_counted():
    (card,) = [card for card in drawn().cards if card.name == "town_name"]
    assert [(value.name, value.rows, value.width) for value in card.values] == [
        ("Ulm", "30", 100.0),
        ("Kiel", "15", 50.0),
    ]
    assert card.rest == "and 10 more values in 3 rows"
    assert (card.missing, card.missing_width) == ("25 % missing", 25.0)


def test_what_was_left_out_of_the_record_is_said_and_not_drawn():
    hidden = numbers("age", numbers={"mean": 38.6}, histogram={"scale": "log", "counts": [1, 2]})
    town = TOWN | {"values": [["", 30], ["", 15]]}
    age, place = drawn(columns=[hidden, town], label=None, sample=None).cards
    assert (age.bars.low, age.bars.high) == ("", "")
    assert age.bars.words.startswith("Histogram of age, on a logarithmic scale. ")
    assert [value.name for value in place.values] == ["(left out)"] * 2


def test_pairs_that_tell_each_other_are_said_in_words():
    found = drawn()
    assert found.certain == ('"age" and "years" put the rows in the same order.',)
    assert [row[2].text for row in found.pairs.rows] == ["1.000", "0.400"]
    assert "3 columns compared, the label among them, in 63 rows. Left out: 2 columns" in found.pairs.note
    none = drawn(pairs=PAIRS | {"pairs": [], "left_out": 0})
    assert none.pairs.note.startswith("No two columns go together beyond chance.")
    assert drawn(pairs=PAIRS | {"compared": 1}).pairs is None


def test_the_ten_rows_keep_the_names_of_their_columns():
    found = drawn()
    assert [column.name for column in found.sample.columns] == ["row", "income", "age", "town_name"]
    assert [[cell.text for cell in row] for row in found.sample.rows] == [
        ["r7", "low", "31", "Ulm"], ["r2", "high", "62", ""],
    ]  # fmt: skip
    few = drawn(limits=replace(Limits(), columns=3))
    assert few.sample.note == "The label and 1 of 2 columns."


def test_all_columns_stand_in_a_list_that_is_searched_and_sorted():
    found = drawn([about("town_name")]).columns
    assert [row[0].text for row in found.first.rows] == ["town_name", "age"]
    held = {column["name"]: column for column in found.content["columns"]}
    assert held["name"]["texts"] == ["town_name", "age"]
    assert held["missing, %"]["numbers"] == [25.0, None]
    assert held["largest"]["numbers"] == [None, 90]
    assert held["finding"]["texts"] == ["SW101", ""]
    assert held["note"]["texts"] == ["many values", ""]
    many = drawn(columns=[numbers(f"n{place}") for place in range(30)]).columns
    assert len(many.first.rows) == 10
    kinds = next(column for column in many.content["columns"] if column["name"] == "kind")
    assert (kinds["words"], kinds["at"]) == (["number"], [0] * 30)


def test_pictures_are_drawn_with_their_label_and_nothing_else_passes_for_one():
    shown = [["r1", "cat", PIXEL], ["r2", "dog", "javascript:evil()"]]
    held = {"height": 28, "width": 30, "channels": 1, "shown": shown}
    found = drawn(columns=[], pairs=None, sample=None, pictures=held)
    assert found.pictures == ((PIXEL, "cat", "r1"),)
    assert found.lead == "63 pictures, read at 28 \u00d7 30 pixels, gray."
    page = to_html(record(columns=[], pairs=None, sample=None, pictures=held))
    assert 'alt="row r1, cat"' in page
    assert "evil" not in page


def test_fewer_rows_than_there_are_is_said():
    assert drawn(drawn=50).lead.startswith("Of 50 rows drawn at random of 63;")
    assert "farther out" in drawn().outside


@pytest.mark.parametrize("limits", LADDER)
def test_two_thousand_columns_stay_small(limits):
    many = [numbers(f"gene_expression_{place}") for place in range(2000)]
    found = drawn([about("gene_expression_1999")], limits, columns=many, more_columns=500)
    assert len(found.cards) == 2 * limits.rows
    assert len(found.columns.content["columns"][0]["texts"]) == 20 * limits.rows
    assert found.cards[1].name == "gene_expression_1999"
    assert f"{2 * limits.rows:,} of 2,501 columns drawn" in found.cut
    assert "500 more columns not summarized." in found.columns.cut
    assert (f"{20 * limits.rows:,} of 2,000 columns" in found.columns.cut) == (limits.rows < 100)


def test_a_page_of_two_thousand_columns_is_light():
    many = [numbers(f"gene_expression_{place}") for place in range(2000)]
    size = len(to_html(record(columns=many)).encode())
    assert size < LARGEST_PAGE
    assert size - len(to_html(record(columns=[])).encode()) < 500_000


def test_numbers_are_short_and_years_stay_years():
    assert [number(value) for value in (2015, 12345, 0.25, 1.23456, -3.0, "2020-01-01")] == [
        "2015", "12,345", "0.25", "1.235", "\u22123", "2020-01-01",
    ]  # fmt: skip
