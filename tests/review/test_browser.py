"""The review in a real browser: keys, clicks, two tabs, the way back, light and dark, phone and desktop."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser
WAIT_SECONDS = 20
Open = Callable[..., Any]


@pytest.fixture
def show(driver: Any) -> Open:
    def opened(address: str, theme: str = "light", width: int = 1200) -> Any:
        for kind in ("browser", "performance"):
            driver.get_log(kind)  # what earlier pages left
        scheme = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
        size = {"width": width, "height": 860, "deviceScaleFactor": 1, "mobile": width < 500}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        driver.get(address)
        return driver

    return opened


def wait(page: Any, condition: str, what: str = "") -> Any:
    """What a script returns, once that is true."""
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(page, WAIT_SECONDS, 0.02).until(lambda one: one.execute_script(f"return {condition}"), what)


def press(page: Any, *keys: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(page).send_keys(*keys).perform()


def row(page: Any) -> str:
    return str(page.execute_script("return document.querySelector('article.sheet')?.dataset.row ?? 'none'"))


def text(page: Any, selector: str) -> str:
    return str(page.execute_script(f"return document.querySelector({selector!r})?.textContent.trim() ?? ''"))


def answer(page: Any, key: str) -> str:
    """Press a key and wait for the next row; returns what the page says was done."""
    before = row(page)
    press(page, key)
    wait(page, f"(document.querySelector('article.sheet')?.dataset.row ?? 'none') !== {before!r}")
    return text(page, "#status")


def test_rows_are_decided_by_keys_alone(show: Open, digits: Any) -> None:
    page = show(digits.address)
    session = digits.desk._session
    first = row(page)
    assert answer(page, "k").startswith("Saved: row ")
    second = row(page)
    answer(page, "s")
    third = row(page)
    answer(page, "d")
    answer(page, "u")
    said = {entry.position: entry for entry in session.said("r1")}
    assert said[int(first)].decision == "keep"
    assert said[int(second)].decision == "relabel"
    assert said[int(third)].decision == "drop"
    assert len(said) == 4
    press(page, "z")
    wait(page, "document.querySelector('#status').textContent.startsWith('Undone')")
    press(page, "z")
    wait(page, f"document.querySelector('article.sheet').dataset.row === {third!r}")
    assert len(session.said("r1")) == 2
    assert page.get_log("browser") == []
