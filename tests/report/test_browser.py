"""The page in a real browser: no error, no request, charts drawn, tables sort, light and dark, phone and keyboard."""

import csv
import importlib.util
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from samplewise.core.csv_text import guarded_cell, plain_cell
from samplewise.core.findings import AuditRecord, CheckResult, Finding, Outcome
from samplewise.core.values import Exhibit
from samplewise.report import to_html

pytestmark = pytest.mark.browser
WAIT_SECONDS = 60
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def write(tmp_path_factory: pytest.TempPathFactory) -> Callable[[AuditRecord], Path]:
    """The page of a record as a file, drawn once."""
    drawn: dict[int, tuple[AuditRecord, Path]] = {}

    def written(record: AuditRecord) -> Path:
        if id(record) not in drawn:
            path = tmp_path_factory.mktemp("page") / "report.html"
            path.write_text(to_html(record), "utf-8")
            drawn[id(record)] = (record, path)
        return drawn[id(record)][1]

    return written


@pytest.fixture
def show(driver: Any, write: Callable[[AuditRecord], Path]) -> Open:
    from selenium.webdriver.support.ui import WebDriverWait

    def opened(record: AuditRecord, theme: str = "light", width: int = 1200) -> Any:
        path = write(record)
        for kind in ("browser", "performance"):
            driver.get_log(kind)  # what earlier pages left
        scheme = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        driver.get(path.as_uri())
        driver.execute_script("localStorage.clear(); document.documentElement.dataset.theme = 'auto'")
        ready = "return document.documentElement.dataset.charts"
        WebDriverWait(driver, WAIT_SECONDS).until(lambda page: page.execute_script(ready))
        return driver

    return opened


def color(page: Any, selector: str, name: str) -> str:
    return str(page.execute_script(f"return getComputedStyle(document.querySelector('{selector}')).{name}"))


def test_no_console_message_and_no_request(show: Open, any_record: AuditRecord) -> None:
    page = show(any_record)
    assert page.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    queried = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert [url[:60] for url in queried if not url.startswith("data:") and not url.endswith("/report.html")] == []


def test_no_script_from_the_data_runs(show: Open, rich: AuditRecord) -> None:
    page = show(rich)
    page.execute_script("return document.title")  # an open alert would raise here
    assert (
        page.execute_script("return [...document.scripts].filter(s => s.textContent.startsWith('alert')).length") == 0
    )


def unfold(page: Any) -> None:
    """Open every folded part and wait until its charts are drawn."""
    from selenium.webdriver.support.ui import WebDriverWait

    page.execute_script("for (const part of document.querySelectorAll('details:not(.save)')) part.open = true")
    drawn = "return [...document.querySelectorAll('.chart')].every(chart => chart.querySelector('svg'))"
    WebDriverWait(page, WAIT_SECONDS).until(lambda page: page.execute_script(drawn))


def test_charts_are_drawn_with_their_marks_when_they_are_unfolded(show: Open, rich: AuditRecord) -> None:
    page = show(rich)
    assert page.execute_script("return document.querySelectorAll('.chart svg').length") == 1
    unfold(page)
    sizes = page.execute_script(
        "return [...document.querySelectorAll('.chart')].map(c => {"
        "const b = c.querySelector('svg').getBoundingClientRect();"
        "return [b.width, b.height, c.querySelectorAll('path').length]})"
    )
    assert len(sizes) == 3
    assert all(width > 300 and height > 100 and marks > 8 for width, height, marks in sizes)
    assert "you are here" in page.execute_script("return document.querySelector('#curve .chart').textContent")


@pytest.mark.parametrize("width", [1400, 1200, 390, 360])
def test_nothing_is_wider_than_the_screen(show: Open, rich: AuditRecord, width: int) -> None:
    page = show(rich, width=width)
    unfold(page)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    assert page.execute_script(
        "return [...document.querySelectorAll('.chart svg')].every(s => s.getBoundingClientRect().right <= innerWidth)"
    )


def test_dark_and_light_follow_the_system_and_the_button(show: Open, rich: AuditRecord) -> None:
    line = "#curve .chart .mark-line path"
    seen = {}
    for theme in ("light", "dark"):
        page = show(rich, theme)
        seen[theme] = [
            color(page, "body", "backgroundColor"),
            color(page, "body", "color"),
            color(page, line, "stroke"),
        ]
    assert all(light != dark for light, dark in zip(seen["light"], seen["dark"], strict=True))
    page = show(rich, "dark")
    page.execute_script("document.getElementById('theme').click()")
    now = [color(page, "body", "backgroundColor"), color(page, "body", "color"), color(page, line, "stroke")]
    assert now == seen["light"]  # the charts change with the page, without a second drawing


def luminance(rgb: str) -> float:
    parts = [float(part) / 255 for part in rgb[rgb.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_in_both(show: Open, rich: AuditRecord, theme: str) -> None:
    page = show(rich, theme)
    ground = luminance(color(page, ".card", "backgroundColor"))
    for selector in (
        ".sentence",
        ".lead",
        ".helps .word",
        ".hurts .word",
        ".error .badge",
        ".warning .badge",
        ".code",
        ".soft",
    ):
        ink = luminance(color(page, selector, "color"))
        contrast = (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05)
        assert contrast >= 4.5, (selector, contrast)


def cells(page: Any, column: int) -> list[str]:
    rows = "[...document.querySelector('#table table').tBodies[0].rows]"
    return list(page.execute_script(f"return {rows}.map(r => r.cells[{column}].textContent)"))


@pytest.fixture
def sortable(rich: AuditRecord) -> AuditRecord:
    columns = {"name": np.array(["b10", "b9", "a"]), "value": np.array([-2.5, np.nan, 11.0])}
    result = CheckResult(exhibits=(Exhibit("table", "t", columns),))
    return replace(rich, outcomes=(Outcome("SW1", "t", "clean", result=result),))


def test_tables_sort_by_number_and_by_text_both_ways(show: Open, sortable: AuditRecord) -> None:
    page = show(sortable)
    unfold(page)
    page.execute_script("document.querySelector('#exhibits table.sortable').closest('figure').id = 'table'")
    for column, expected in (
        (1, ["b9", "b10", "a"]),
        (1, ["a", "b10", "b9"]),
        (0, ["a", "b9", "b10"]),
        (0, ["b10", "b9", "a"]),
    ):
        page.execute_script(f"document.querySelectorAll('#table th button')[{column}].click()")
        assert cells(page, 0) == expected
    state = "return [...document.querySelectorAll('#table th')].map(h => h.getAttribute('aria-sort'))"
    assert page.execute_script(state) == ["descending", None]


def test_the_keyboard_sorts_and_unfolds(show: Open, sortable: AuditRecord, rich: AuditRecord) -> None:
    from selenium.webdriver.common.keys import Keys

    page = show(sortable)
    unfold(page)
    page.execute_script("document.querySelector('#exhibits table.sortable').closest('figure').id = 'table'")
    page.find_element("css selector", "#table th button").send_keys(Keys.ENTER)
    assert cells(page, 0) == ["a", "b9", "b10"]
    page = show(rich)
    closed = page.find_element("css selector", "details.finding:not([open]) > summary")
    closed.send_keys(Keys.SPACE)
    assert page.execute_script("return arguments[0].parentNode.open", closed)


def test_a_link_to_a_folded_finding_unfolds_it(show: Open, rich: AuditRecord) -> None:
    page = show(rich)
    folded = page.execute_script("return document.querySelector('details.finding[id]:not([open])').id")
    page.execute_script("location.hash = arguments[0]", folded)
    opened = "return document.getElementById(arguments[0]).open"
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(page, WAIT_SECONDS).until(lambda page: page.execute_script(opened, folded))


def test_on_a_phone_the_contents_are_a_menu_that_is_whole(show: Open, rich: AuditRecord) -> None:
    page = show(rich, width=390)
    button, menu = (page.find_element("css selector", name) for name in ("#contents-button", "#contents"))
    assert not menu.is_displayed()
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    boxes = page.execute_script(
        "return [...document.querySelectorAll('#contents a')].map(a => a.getBoundingClientRect())"
        ".map(box => [box.left, box.right, box.height])"
    )
    assert len(boxes) > 20
    assert all(left >= 0 and right <= 390 and height > 20 for left, right, height in boxes)
    page.find_element("css selector", "#contents a[href='#checks']").click()
    assert not menu.is_displayed()


# --- all rows of a finding -------------------------------------------------------------------------------------------

LIST = "#rows-SW201"


def listed(page: Any, column: int = 0) -> list[str]:
    rows = f"[...document.querySelector('{LIST} tbody').rows]"
    return list(page.execute_script(f"return {rows}.map(row => row.cells[{column}].textContent)"))


def said(page: Any) -> str:
    return str(page.find_element("css selector", f"{LIST} .pages .said").text).replace("\u2013", " to ")


def press(page: Any, text: str) -> None:
    page.execute_script(
        f"[...document.querySelectorAll('{LIST} button')].find(b => b.textContent === arguments[0]).click()", text
    )


def test_all_rows_stand_in_pages_of_fifty(show: Open, rich: AuditRecord) -> None:
    page = show(rich)
    assert (len(listed(page)), listed(page)[0], said(page)) == (50, "12", "1 to 50 of 412")
    press(page, "Next")
    assert (listed(page)[0], said(page)) == (str(50 * 37 + 12), "51 to 100 of 412")
    press(page, "Previous")
    assert said(page) == "1 to 50 of 412"


def test_all_rows_are_searched_filtered_and_sorted(show: Open, rich: AuditRecord) -> None:
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import Select

    page = show(rich)
    box = page.find_element("css selector", f"{LIST} input")
    box.send_keys(str(400 * 37 + 12))
    assert listed(page) == [str(400 * 37 + 12)]
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys("no such thing")
    assert (listed(page), said(page)) == ([], "None")
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys(Keys.BACKSPACE)
    Select(page.find_element("css selector", f"{LIST} select")).select_by_visible_text(">50K")
    assert said(page) == "1 to 50 of 206"
    assert set(listed(page, 1)) == {">50K"}
    page.find_element("css selector", f"{LIST} th button").send_keys(Keys.ENTER, Keys.ENTER)
    assert listed(page)[0] == str(411 * 37 + 12)
    assert page.find_element("css selector", f"{LIST} th").get_attribute("aria-sort") == "descending"


def test_an_id_leads_to_its_row_on_whatever_page_it_is(show: Open, rich: AuditRecord) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    page = show(rich)
    page.find_element("css selector", f"{LIST} input").send_keys("no such thing")
    address = f"row-SW201-{300 * 37 + 12}"
    page.execute_script("location.hash = arguments[0]", address)
    marked = f"return document.querySelector('{LIST} tr.marked')?.id"
    WebDriverWait(page, WAIT_SECONDS).until(lambda page: page.execute_script(marked) == address)
    assert said(page) == "301 to 350 of 412"
    top = "return document.getElementById(arguments[0]).getBoundingClientRect().top"
    WebDriverWait(page, WAIT_SECONDS).until(lambda page: 0 < page.execute_script(top, address) < 900)


# What the page saves and copies, kept instead of given to the browser.
CATCH = """
window.caught = [];
URL.createObjectURL = (blob) => {
  blob.text().then((text) => window.caught.push([text, blob.type, blob.size]));
  return '#';
};
navigator.clipboard.writeText = async (text) => { window.caught.push([text, 'copied', text.length]); };
"""


def caught(page: Any) -> list[Any]:
    from selenium.webdriver.support.ui import WebDriverWait

    return list(WebDriverWait(page, WAIT_SECONDS).until(lambda page: page.execute_script("return caught.pop()")))


def test_ids_are_copied_and_rows_saved_as_csv_that_no_spreadsheet_carries_out(show: Open, rich: AuditRecord) -> None:
    texts = ["=1+1", "a;=1", "-5", "plain", 'say "x"', "x,y", "\x1b[2J", "a\n@b", "tab\t+1", "'=1"]
    columns = {"id": np.array(texts), "given": np.array(["=evil()", "b"] * 5), "x": np.linspace(0, 1, 10)}
    finding = Finding("SW201", "t", "warning", tuple(texts), "e")
    result = CheckResult((finding,), (), (Exhibit("rows", "r", columns, finding=0),))
    page = show(replace(rich, outcomes=(Outcome("SW201", "t", "found", result=result),)))
    page.execute_script(CATCH)
    press(page, "Copy ids")
    assert caught(page)[0].split("\n")[:2] == ["=1+1", "a;=1"]
    press(page, "Download CSV")
    text, kind, _ = caught(page)
    assert kind.startswith("text/csv")
    lines = list(csv.reader(io.StringIO(text)))
    assert lines[0] == ["id", "given", "x", "decision"]
    assert [plain_cell(line[0]) for line in lines[1:]] == texts
    assert [line[0] for line in lines[1:]] == [guarded_cell(text) for text in texts]
    assert lines[1][1] == "'=evil()"


def test_the_page_guards_cells_as_the_library_does(show: Open, rich: AuditRecord) -> None:
    signs = ["=", "+", "-", "@", "\uff1d", "\uff0d", "'", '"', " ", ";", "\t", "\n", "\r", "1", ".", "e", "x"]
    random = np.random.default_rng(0)
    texts = ["".join(random.choice(signs, random.integers(1, 7))) for _ in range(2_000)]
    guarded = show(rich).execute_script("return arguments[0].map(samplewise.guarded)", texts)
    assert [pair for pair in zip(texts, guarded, strict=True) if guarded_cell(pair[0]) != pair[1]] == []


# --- saving charts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("figure", ["#remedies figure", "#curve figure"])
def test_charts_are_saved_as_pictures_and_numbers(show: Open, rich: AuditRecord, figure: str) -> None:
    page = show(rich)
    page.execute_script(CATCH)
    click = f"document.querySelector(`{figure} [data-save=${{arguments[0]}}]`).click()"
    page.execute_script(click, "svg")
    text, kind, _ = caught(page)
    assert kind == "image/svg+xml"
    tree = ET.fromstring(text)  # whole, and with no name that only the page could resolve
    assert "var(--" not in text
    assert len([part for part in tree.iter() if part.tag.endswith(("rect", "path"))]) > 4
    page.execute_script(click, "png")
    assert caught(page)[1:] > ["image/png", 5_000]
    page.execute_script(click, "csv")
    lines = list(csv.reader(io.StringIO(caught(page)[0])))
    assert len(lines) > 5
    if figure.startswith("#remedies"):
        assert lines[1][1:] == ["helps", "1.31", "0.76", "1.86", "-0.12", "-0.33", "0.09"]


# --- accessibility and print -----------------------------------------------------------------------------------------


def axe() -> str:
    """The text of axe-core, from whichever package brings it."""
    for name in ("axe_playwright_python", "axe_core_python"):
        found = importlib.util.find_spec(name)
        for folder in (found.submodule_search_locations or ()) if found else ():
            return (Path(folder) / "axe.min.js").read_text("utf-8")
    pytest.skip("axe-core is not installed (pip install axe-core-python)")


@pytest.mark.parametrize(("theme", "width"), [("light", 1400), ("dark", 1200), ("light", 390)])
@pytest.mark.parametrize("name", ["rich", "images", "interrupted"])
def test_axe_finds_nothing(show: Open, records: dict[str, AuditRecord], name: str, theme: str, width: int) -> None:
    script = axe()
    page = show(records[name], theme, width)
    unfold(page)
    page.execute_script(script)
    page.set_script_timeout(WAIT_SECONDS)
    found = page.execute_async_script(
        "const done = arguments[0]; axe.run({resultTypes: ['violations']}).then(r => done(r.violations"
        ".map(v => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200), v.nodes[0].failureSummary])))"
    )
    assert found == []


def test_every_control_is_reached_by_the_keyboard_and_shows_it(show: Open, sortable: AuditRecord) -> None:
    from selenium.webdriver.common.keys import Keys

    page = show(sortable)
    controls = "button, a[href], summary, input, select, [tabindex='0']"
    shown = "e.checkVisibility() && !e.disabled && !e.closest('details:not([open]) > :not(summary)')"
    wanted = page.execute_script(f"return [...document.querySelectorAll(`{controls}`)].filter(e => {shown}).length")
    seen = set()
    for _ in range(wanted + 5):
        page.switch_to.active_element.send_keys(Keys.TAB)
        state = page.execute_script(
            "const e = document.activeElement; if (e === document.body) return null;"
            f"return [[...document.querySelectorAll(`{controls}`)].indexOf(e), getComputedStyle(e).outlineStyle]"
        )
        if state:
            seen.add(state[0])
            assert state[1] != "none"
    assert len(seen) >= wanted


def test_print_splits_no_card_chart_or_row_and_unfolds_findings(show: Open, rich: AuditRecord) -> None:
    page = show(rich)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    page.execute_script("dispatchEvent(new Event('beforeprint'))")
    for selector in (".card", ".chart", ".bar-row", ".sortable tr"):
        assert color(page, selector, "breakInside") == "avoid"
    assert page.execute_script("return document.querySelectorAll('details.finding:not([open])').length") == 0
    assert not page.find_element("css selector", f"{LIST} .tools").is_displayed()
    page.execute_script("dispatchEvent(new Event('afterprint'))")
    assert page.execute_script("return document.querySelectorAll('details.finding:not([open])').length") > 0
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_it_prints(show: Open, rich: AuditRecord) -> None:
    page = show(rich, "dark")
    printed = page.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})["data"]
    assert len(printed) > 50_000
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert luminance(color(page, "body", "color")) < 0.1  # dark ink on paper, also from a dark screen
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
