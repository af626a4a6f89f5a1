"""The page in a real browser: no error, no request, charts drawn, tables sort, light and dark, phone and keyboard."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samplewise.core.findings import AuditRecord, CheckResult, Outcome
from samplewise.core.values import Exhibit
from samplewise.report import to_html

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (BROWSER and DRIVER), reason="needs chromium and chromedriver (Debian: chromium-driver)"),
]
WAIT_SECONDS = 60
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield browser
    browser.quit()


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


def test_charts_are_drawn_with_their_marks(show: Open, rich: AuditRecord) -> None:
    page = show(rich)
    sizes = page.execute_script(
        "return [...document.querySelectorAll('.chart')].map(c => {"
        "const b = c.querySelector('svg').getBoundingClientRect();"
        "return [b.width, b.height, c.querySelectorAll('path').length]})"
    )
    assert len(sizes) == 3
    assert all(width > 300 and height > 100 and marks > 8 for width, height, marks in sizes)
    assert "you are here" in page.execute_script("return document.querySelector('#curve .chart').textContent")


@pytest.mark.parametrize("width", [1200, 360])
def test_nothing_is_wider_than_the_screen(show: Open, rich: AuditRecord, width: int) -> None:
    page = show(rich, width=width)
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
    page.execute_script("document.querySelector('table.sortable').closest('figure').id = 'table'")
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
    page.execute_script("document.querySelector('table.sortable').closest('figure').id = 'table'")
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


def test_it_prints(show: Open, rich: AuditRecord) -> None:
    page = show(rich, "dark")
    printed = page.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})["data"]
    assert len(printed) > 50_000
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert luminance(color(page, "body", "color")) < 0.1  # dark ink on paper, also from a dark screen
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
