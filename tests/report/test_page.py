"""The page: whole, escaped, small, and with every outcome."""

import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from samplewise.core.codec import from_dict, to_dict
from samplewise.core.findings import AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.units import LOWER_ERROR
from samplewise.core.values import Estimate, Exhibit
from samplewise.report import page as page_module
from samplewise.report import to_html
from samplewise.report.for_review import asks_a_person, is_for_review
from samplewise.report.limits import LADDER, LARGEST_PAGE
from samplewise.report.page import _measured_is, in_script

VOID = {"meta", "link", "img", "br", "input", "hr", "line", "rect"}


DRAWN: dict[int, tuple[AuditRecord, str]] = {}


def draw(record: AuditRecord) -> str:
    """The page of a record of this session, drawn once."""
    if id(record) not in DRAWN:
        DRAWN[id(record)] = (record, to_html(record))
    return DRAWN[id(record)][1]


class Reader(HTMLParser):
    """Collects elements, ids, links and visible text; fails on elements that do not close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def lists(page: str) -> dict[str, dict[str, list[Any]]]:
    """The columns of every finding's list of rows, as the page's script reads them."""
    found = re.findall(r'<script type="application/json" id="data-([\w.]+)">(.*?)</script>', page, re.DOTALL)
    return {name: {column["name"]: entries(column) for column in json.loads(text)["columns"]} for name, text in found}


def entries(column: dict[str, Any]) -> list[Any]:
    if "words" in column:
        return [column["words"][at] for at in column["at"]]
    return list(column.get("numbers") or column["texts"])


def visible(page: str) -> str:
    return " ".join(" ".join(read(page).text).split())


def without_library(page: str) -> str:
    """The page less the chart library, which is not ours to check."""
    return re.sub(r'<script type="text/plain" id="chart-library">[A-Za-z0-9+/=]*</script>', "", page)


def test_it_is_well_formed_and_every_link_leads_somewhere(any_record: AuditRecord) -> None:
    reader = read(draw(any_record))
    ids = [attrs["id"] for _, attrs in reader.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = {attrs["href"] for tag, attrs in reader.tags if tag == "a"}
    listed = {f"row-{name}-{quote(key)}" for name, content in lists(draw(any_record)).items() for key in content["id"]}
    assert {link for link in links if link and link[1:] not in listed.union(ids)} == set()


def test_nothing_is_fetched(any_record: AuditRecord) -> None:
    page = draw(any_record)
    for tag, attrs in read(page).tags:
        for name in ("src", "href", "action", "data", "poster"):
            assert (attrs.get(name) or "#").startswith(("#", "data:")), (tag, attrs)
    assert "default-src 'none'" in page
    assert not re.search(r"url\(|@import|https?://", without_library(page).replace("http://www.w3.org", ""))


def test_every_string_from_the_data_is_escaped(any_record: AuditRecord) -> None:
    page = draw(any_record)
    assert "<script>alert" not in page
    assert [attrs for tag, attrs in read(page).tags if tag == "script" and "src" in attrs] == []
    assert not any(name.startswith("on") for _, attrs in read(page).tags for name in attrs)


@pytest.mark.parametrize(
    "text", ["</script><script>alert(1)</script>", "<!--<script>", "]]>", "&lt;/script>", "\u2028"]
)
def test_json_in_a_script_cannot_leave_it(text: str) -> None:
    shown = str(in_script({"a": text}))
    assert not set("<>&\u2028") & set(shown)
    assert json.loads(shown) == {"a": text}


def test_hostile_class_names_in_a_chart_stay_inside_it(rich: AuditRecord) -> None:
    names = np.array(["</script><script>alert(1)</script>", "b\udcff"])
    matrix = Exhibit("matrix", "m", {"row": names, "column": names[::-1], "value": np.array([0.5, 0.5])}, "share")
    record = replace(rich, outcomes=(Outcome("SW1", "t", "clean", result=CheckResult(exhibits=(matrix,))),))
    page = to_html(record)
    page.encode("utf-8")
    assert "</script><script>alert" not in page
    specs = re.findall(r'<script type="application/json" id="[^"]+">(.*?)</script>', page, re.DOTALL)
    assert json.loads(specs[0])["layer"]


def test_it_stays_below_two_megabytes_for_a_million_rows(huge: AuditRecord) -> None:
    page = draw(huge)
    assert len(page.encode("utf-8")) < LARGEST_PAGE
    text = visible(page)
    assert "rows shown; the rest is in audit.json" in text
    assert "findings shown; the rest is" in text
    assert "checks shown; the rest is" in text


def swollen(content: Any) -> Any:
    """The record's JSON with every free text thirty thousand characters long, and every note five thousand times."""
    if isinstance(content, list):
        return [swollen(item) for item in content]
    if not isinstance(content, dict):
        return content
    free = {"title", "explanation", "note", "unit", "quantity", "reason", "caveat", "action", "source", "larger_means"}
    free |= {
        "learner",
        "learner_rule",
        "metric",
        "call",
        "machine",
        "started",
        "fingerprint",
        "label",
        "id_source",
        "task",
    }
    grown = {key: "w " * 15_000 if key in free else swollen(value) for key, value in content.items()}
    return grown | ({"notes": ["n" * 500] * 5_000} if "notes" in content else {})


def test_no_text_is_long_enough_to_break_the_limit(rich: AuditRecord) -> None:
    page = to_html(from_dict(swollen(to_dict(rich))))
    assert len(page.encode("utf-8")) < LARGEST_PAGE - 500_000


def test_the_last_rung_alone_bounds_any_page(huge: AuditRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samplewise.report.page.LADDER", LADDER[-1:])
    doubled = replace(huge, outcomes=huge.outcomes * 2)
    assert len(to_html(doubled).encode("utf-8")) < LARGEST_PAGE


def test_every_outcome_appears_with_its_reason(rich: AuditRecord) -> None:
    text = visible(draw(rich))
    for outcome in rich.outcomes:
        assert outcome.code in text
    for reason in ("no test set was given", "left out by --budget 60s: needs 40 s more", "SVD did not converge"):
        assert reason in text


def test_what_was_not_reached_appears(records: dict[str, AuditRecord]) -> None:
    text = visible(draw(records["interrupted"]))
    assert text.count("the audit has not come to it") == 14


def test_every_finding_with_number_interval_reason_and_caveat(rich: AuditRecord) -> None:
    page = html.unescape(draw(rich))
    for finding in rich.findings():
        title = finding.title.replace("\u202e", r"\u202e").replace("\u202c", r"\u202c")
        assert title[:1].upper() + title[1:] in page
    for text in (
        "3.10 % [2.50, 3.70]",
        "no interval: planted flips, one seed",
        "Rare but correct rows look like this too",
    ):
        assert text in page


def test_the_picture_holds_every_tested_remedy_and_lists_the_rest(rich: AuditRecord) -> None:
    section = re.search(r'<section id="remedies".*?</section>', draw(rich), re.DOTALL)
    assert section
    tested = sum(bool(remedy.verdict) for finding in rich.findings() for remedy in finding.remedies)
    assert section[0].count('<g class="effect">') == section[0].count('<g class="control">') == tested == 9
    assert "cost 103" in section[0]
    assert "a person&#39;s answer is not known" in section[0]


def test_numbers_stay_with_their_sign_and_names_keep_their_first_letter(rich: AuditRecord) -> None:
    first = rich.outcomes[0]
    named = Finding(
        "SW203", "'fog' means something else", "warning", (), "It is 31.2 % [30.1, 32.4] of all.", axis="data"
    )
    page = to_html(replace(rich, outcomes=(replace(first, result=CheckResult((named,))), *rich.outcomes[1:])))
    assert "It is 31.2\u00a0% [30.1,\u00a032.4] of all." in page
    assert "<bdi>&#39;fog&#39; means something else</bdi></h3>" in page
    assert "h3:not(.title)::first-letter" in page  # a style sheet that made it 'Fog' would quote another value


def test_the_picture_of_errors_says_that_their_fall_is_shown() -> None:
    assert _measured_is(LOWER_ERROR) == "fall of the held-out error, in the label's unit"
    assert _measured_is("points") == "change of the held-out score in points"


def test_the_order_of_the_page(rich: AuditRecord) -> None:
    order = re.findall(r'<section id="(\w+)"', draw(rich))
    assert order == ["verdict", "remedies", "findings", "curve", "data", "checks", "details"]


def test_charts_have_words_and_a_table(rich: AuditRecord) -> None:
    page = draw(rich)
    charts = [attrs for _, attrs in read(page).tags if attrs.get("class") == "chart"]
    assert len(charts) == 3
    assert all(len(attrs["aria-label"] or "") > 40 for attrs in charts)
    for figure in re.findall(r'<figure class="drawing".*?</figure>', page, re.DOTALL):
        assert '<table class="sortable">' in figure or '<div class="bars"' in figure


def test_a_page_without_charts_carries_no_chart_library(records: dict[str, AuditRecord]) -> None:
    assert len(draw(records["clean"])) < 80_000
    assert 'id="chart-library"' not in draw(records["clean"])
    assert 'id="chart-library"' in draw(records["rich"])


def test_pictures_other_than_bitmaps_are_not_shown(rich: AuditRecord) -> None:
    uris = ["javascript:alert(1)", "data:text/html;base64,AAAA", "data:image/svg+xml;base64,AAAA", "https://x.y/z.png"]
    columns = {"id": np.arange(5), "thumbnail": np.array([*uris, "data:image/png;base64,iVBORw0KGgo="])}
    record = replace(
        rich, outcomes=(Outcome("SW201", "t", "clean", result=CheckResult(exhibits=(Exhibit("rows", "r", columns),))),)
    )
    images = [attrs["src"] for tag, attrs in read(to_html(record)).tags if tag == "img"]
    assert images == ["data:image/png;base64,iVBORw0KGgo="]


def test_numbers_that_are_missing_leave_a_dash_not_an_error(rich: AuditRecord) -> None:
    nan = float("nan")
    remedy = Remedy("drop", (1,), effect=Estimate("e", 0.5), control=Estimate("c", nan), verdict="helps", cost=nan)
    finding = Finding("SW1", "t", "note", (), "e", (remedy,), (Estimate("q", nan),), axis="data")
    exhibits = tuple(
        Exhibit(kind, kind, columns)
        for kind, columns in (
            ("curve", {}),
            ("curve", {"x": np.array([nan]), "value": np.array([nan])}),
            ("matrix", {"row": np.array([]), "column": np.array([]), "value": np.array([])}),
            ("reliability", {"confidence": np.array([nan]), "accuracy": np.array([nan])}),
            ("bars", {"name": np.array(["a"]), "value": np.array([nan])}),
            ("bars", {"other": np.array([1])}),
            ("rows", {}),
            ("table", {"a": np.array([None, 1.5], dtype=object)}),
        )
    )
    record = replace(rich, outcomes=(Outcome("SW1", "t", "found", result=CheckResult((finding,), (), exhibits)),))
    page = to_html(record)
    read(page)
    assert "nan" not in without_library(page).replace("dominant", "").casefold()


def test_data_is_described(rich: AuditRecord) -> None:
    text = visible(draw(rich))
    for fact in ("adult.csv", "column row_id", "9f2c51d0ab774ee1", "left out: unique in every row", "24,720"):
        assert fact in text
    for fact in (
        "samplewise audit adult.csv --label income --out run/",
        "HistGradientBoostingClassifier",
        "numpy 2.1.0",
    ):
        assert fact in text
    assert "samplewise 0.1.0, audit record, data 9f2c51d0ab77, seed 0, 2026-03-02." in text


def test_every_class_of_the_style_sheet_is_one_the_page_has() -> None:
    templates = Path(page_module.__file__).parent / "templates"
    style = re.sub(r"/\*.*?\*/", "", (templates / "page.css").read_text("utf-8"), flags=re.DOTALL)
    selectors = " ".join(re.findall(r"([^{}]+)\{", style))
    styled = set(re.findall(r"\.([a-z][\w-]*)", selectors))
    drawn = "\n".join(file.read_text("utf-8") for file in (*templates.glob("*.j2"), *templates.glob("*.js")))
    of_the_record = {"clean", "found", "warning", "helps", "hurts", "unclear"}
    of_the_charts = {"vega-embed", "key", "visible"}
    assert styled - of_the_record - of_the_charts <= set(re.findall(r"[\w-]+", drawn))


def test_every_row_of_a_finding_is_on_the_page_and_its_ids_lead_to_it(rich: AuditRecord) -> None:
    page = draw(rich)
    found = lists(page)["SW201"]
    assert found["id"] == [str(37 * i + 12) for i in range(412)]
    assert set(found["occupation"]) == {"<script>alert('x')</script>", "Craft-repair"}
    links = {attrs["href"] for tag, attrs in read(page).tags if tag == "a"}
    assert {"#row-SW201-12", "#row-SW201-49", "#rows-SW201"} <= links


def test_cards_set_the_row_beside_the_nearest_of_both_classes(rich: AuditRecord) -> None:
    table = re.search(r'<table class="distinctive">(.*?)</table>', draw(rich), re.DOTALL)
    assert table
    said = visible(table[0])
    assert "typical of <=50K nearest of <=50K , row 4 nearest of >50K , row 9" in said
    assert "age 51 37 38 52" in said
    assert "household 0" in visible(draw(rich))


def test_the_first_screen_answers_what_where_what_first_what_it_buys_and_what_was_not_checked(
    rich: AuditRecord,
) -> None:
    section = re.search(r'<section id="verdict".*?</section>', draw(rich), re.DOTALL)
    assert section
    said = visible(section[0])
    for words in (
        "412 rows of 32,561 (1.3 %)",
        "Relabel the 412 likely errors",
        "+1.31",
        "How sure",
        "Not checked: 3 of 17 checks",
    ):
        assert words in said
    assert section[0].count('<p class="what">') == 3


def test_where_rows_are_listed_the_page_leads_to_the_command_that_asks_about_them(
    rich: AuditRecord, records: dict[str, AuditRecord]
) -> None:
    page = draw(rich)
    assert "<code>samplewise review RUN</code>" in page
    asked = [item for item in rich.findings() if asks_a_person(item)]
    assert 0 < page.count('href="#deciding"') <= len(asked)
    clean = next(record for record in records.values() if not is_for_review(record))
    assert "samplewise review" not in draw(clean)


def test_an_unfinished_page_says_first_what_is_to_come(records: dict[str, AuditRecord]) -> None:
    page = draw(records["interrupted"])
    assert page.index('class="to-come"') < page.index('id="verdict"')
    assert "14 checks of 17 were still to come" in visible(page)
    assert 'class="to-come"' not in draw(records["rich"])


def test_twenty_findings_of_five_thousand_rows_of_two_thousand_columns_stay_below_two_megabytes() -> None:
    count, names = 5_000, [f"measurement {i}" for i in range(12)]
    ids = np.arange(count) * 7
    random = np.random.default_rng(0)
    own = {f"column: {name}": random.normal(size=count) for name in names}
    columns = {"id": ids, "given": np.array(["cat", "dog"] * (count // 2)), "probability": random.random(count)} | own
    outcomes = []
    for n in range(20):
        finding = Finding(f"SW{n + 101}", f"finding {n}", "warning", tuple(ids.tolist()), "because")
        result = CheckResult((finding,), (), (Exhibit("rows", "rows", columns, finding=0),))
        outcomes.append(Outcome(finding.code, "check", "found", result=result))
    data = {"rows": 50_000, "columns": [{"name": f"c{i}", "kind": "number", "role": "feature"} for i in range(2_000)]}
    page = to_html(AuditRecord(3, data, {}, {"seconds": 1.0}, tuple(outcomes)))
    assert 1_000_000 < len(page.encode("utf-8")) < LARGEST_PAGE
    assert {len(content["id"]) for content in lists(page).values()} == {400}
    assert "400 of 5,000 rows shown; all are in findings/SW101.csv." in visible(page)
