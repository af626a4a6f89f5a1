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


def said(served: Any, reviewer: str = "r1") -> dict[str, tuple[str, Any]]:
    """What lies on the disk, by row."""
    log = served.desk._session.log
    log.refresh()
    return {key[0]: (all_[reviewer].decision, all_[reviewer].value) for key, all_ in log.current(reviewer).items()}


def test_rows_are_decided_by_keys_alone(show: Open, pictures: Any) -> None:
    page = show(pictures.address)
    assert row(page) == "1"
    assert answer(page, "k") == "Saved: row r001 kept"
    assert answer(page, "s") == "Saved: row r002 changed to class 03"
    answer(page, "d")
    answer(page, "u")
    assert said(pictures) == {
        "r001": ("keep", None), "r002": ("relabel", "class 03"), "r003": ("drop", None), "r004": ("unsure", None),
    }  # fmt: skip
    assert answer(page, "z") == "Undone: row r004, which was unsure"
    assert answer(page, "z") == "Undone: row r003, which was dropped"
    assert row(page) == "3"
    assert set(said(pictures)) == {"r001", "r002"}
    assert page.get_log("browser") == []


def test_another_class_is_found_by_typing_and_a_note_is_kept(show: Open, pictures: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    page = show(pictures.address)
    press(page, "l")
    wait(page, "document.querySelectorAll('#matches li').length === 12")
    press(page, "1", "0")
    wait(page, "document.querySelectorAll('#matches li').length === 1")
    press(page, Keys.ESCAPE)
    assert row(page) == "1"
    press(page, "l")
    wait(page, "document.querySelectorAll('#matches li').length === 12")
    press(page, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    chosen = text(page, "#matches [aria-selected=true]")
    press(page, Keys.ENTER)
    wait(page, "document.querySelector('article.sheet').dataset.row === '2'")
    assert said(pictures)["r001"] == ("relabel", chosen)
    press(page, "n")
    press(page, "k and s are letters here", Keys.ENTER)
    wait(page, "document.querySelector('#status').textContent.startsWith('Saved: a note')")
    assert row(page) == "2"
    assert "k and s are letters here" in text(page, "article.sheet")
    assert set(said(pictures)) == {"r001"}


def test_a_number_is_typed_for_a_regression(show: Open, serve: Any, sessions: Any, tmp_path: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    from samplewise.review.desk import Desk

    served = serve(Desk(sessions.table(tmp_path, task="regression")))
    page = show(served.address)
    press(page, "l")
    press(page, "-4.5e1", Keys.ENTER)
    wait(page, "document.querySelector('article.sheet').dataset.row === '2'")
    assert said(served)["1"] == ("relabel", -45.0)


def test_several_labels_a_row_are_checked_and_saved_as_one_answer(
    show: Open, serve: Any, sessions: Any, tmp_path: Any
) -> None:
    from selenium.webdriver.common.keys import Keys

    from samplewise.review.desk import Desk

    served = serve(Desk(sessions.joined(tmp_path)))
    page = show(served.address)
    checked = "[...document.querySelectorAll('.boxes :checked')].map((one) => one.value).join()"
    assert wait(page, checked) == "tag 1,tag 2"  # as it was given
    press(page, "3")  # takes tag 2 away
    page.find_elements("css selector", ".boxes label")[3].click()
    assert wait(page, checked) == "tag 1,tag 3"
    assert answer(page, Keys.ENTER) == "Saved: row r01 changed to tag 1; tag 3"
    assert answer(page, Keys.ENTER) == "Saved: row r02 kept"  # nothing was checked or taken away
    assert answer(page, "s") == "Saved: row r03 changed to tag 3; tag 1"
    assert said(served) == {
        "r01": ("relabel", "tag 1; tag 3"), "r02": ("keep", None), "r03": ("relabel", "tag 3; tag 1"),
    }  # fmt: skip
    press(page, "1", Keys.ENTER)  # none is left
    wait(page, "document.querySelector('#status').textContent.includes('at least one label')")
    assert row(page) == "4"
    button = page.find_element("css selector", "[data-act=drop]")
    page.execute_script("arguments[0].focus()", button)
    answer(page, Keys.ENTER)  # presses the button that has the focus, and does not save what is checked
    assert said(served)["r04"] == ("drop", None)


def test_a_label_of_very_many_is_found_by_its_letters_and_checked(
    show: Open, serve: Any, sessions: Any, tmp_path: Any
) -> None:
    from selenium.webdriver.common.keys import Keys

    from samplewise.review.desk import Desk

    served = serve(Desk(sessions.joined(tmp_path, labels=30)))
    page = show(served.address)
    shown = "[...document.querySelectorAll('.boxes input')].map((one) => one.value)"
    assert wait(page, f"{shown}.length") == 24
    rest = next(f"tag {place}" for place in range(30) if f"tag {place}" not in wait(page, shown))
    press(page, "l")
    wait(page, "document.querySelectorAll('#matches li').length > 1")
    press(page, rest)
    wait(page, "document.querySelectorAll('#matches li').length === 1")
    press(page, Keys.ENTER)
    wait(page, "document.querySelector('#other').hidden")
    answer(page, Keys.ENTER)
    assert set(said(served)["r01"][1].split("; ")) == {"tag 1", "tag 2", rest}


def test_every_cell_of_a_row_is_kept_set_to_missing_or_given_a_value(
    show: Open, serve: Any, sessions: Any, tmp_path: Any
) -> None:
    from selenium.webdriver.common.keys import Keys

    from samplewise.review.desk import Desk

    served = serve(Desk(sessions.cells(tmp_path)))
    page = show(served.address)
    assert answer(page, "k") == "Saved: row r200 kept"
    cell = "document.querySelector('article.sheet').dataset.column"
    assert (row(page), wait(page, cell)) == ("201", "a")
    press(page, "m")
    wait(page, f"{cell} === 'b'")  # the next cell of the same row
    assert text(page, "#status") == "Saved: row r201 set to missing"
    press(page, "l")
    press(page, "seven", Keys.ENTER)
    wait(page, "document.querySelector('#status').textContent.includes('not a number')")
    press(page, Keys.ESCAPE, "s")
    wait(page, "document.querySelector('article.sheet').dataset.row === '202'")
    assert text(page, "#status") == "Saved: row r201 changed to 120.1"
    answer(page, "z")
    assert wait(page, cell) == "b"
    press(page, "l")
    press(page, "121", Keys.ENTER)
    wait(page, "document.querySelector('article.sheet').dataset.row === '202'")
    held = served.desk._session.log.current()
    assert {key: entry["r1"].value for key, entry in held.items() if key[0] == "r201"} == {
        ("r201", "SW108", "a"): None, ("r201", "SW108", "b"): 121,
    }  # fmt: skip


def test_a_held_key_decides_one_row_and_a_key_too_early_none(show: Open, table: Any) -> None:
    page = show(table.address)
    held = (
        "for (let i = 0; i < 5; i += 1) document.body.dispatchEvent("
        "new KeyboardEvent('keydown', { key: 'k', bubbles: true, repeat: i > 0 }));"
        "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'd', bubbles: true }));"
    )
    page.execute_script(held)  # the second key comes before the next row is there
    wait(page, "document.querySelector('article.sheet').dataset.row === '2'")
    assert said(table) == {"1": ("keep", None)}


def test_many_pictures_are_chosen_by_clicks_and_keys(show: Open, pictures: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    page = show(pictures.address + "grid")
    tiles = page.find_elements("css selector", ".tile")
    assert len(tiles) == 40
    tiles[0].click()
    ActionChains(page).key_down(Keys.SHIFT).click(tiles[3]).key_up(Keys.SHIFT).perform()
    assert text(page, ".count strong") == "4"
    tiles[1].click()
    press(page, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, " ")
    assert text(page, ".count strong") == "4"
    press(page, "s")
    wait(page, "document.querySelectorAll('.tile').length === 36")
    assert text(page, "#status") == "Saved: 4 rows, changed as suggested"
    assert set(said(pictures)) == {"r001", "r003", "r004", "r005"}
    press(page, "z")
    wait(page, "document.querySelectorAll('.tile').length === 40")
    assert said(pictures) == {}
    press(page, Keys.ENTER)
    wait(page, "document.querySelector('#large').open && document.querySelector('#large img').naturalWidth === 24")
    assert page.get_log("browser") == []


def test_two_people_differ_and_settle_it(show: Open, serve: Any, sessions: Any, tmp_path: Any) -> None:
    from samplewise.review.desk import Desk

    desk = Desk(sessions.table(tmp_path, both=True))
    one, other = serve(desk, "r1"), serve(desk, "r2")
    page = show(one.address)
    answer(page, "k")
    answer(page, "s")
    page = show(other.address)
    assert row(page) == "1"  # the same rows to both
    answer(page, "s")
    answer(page, "s")
    page.get(f"{other.address}disagreements")
    assert "who differ on 1" in text(page, "article, section.sheet")
    page.find_element("css selector", ".said a").click()
    wait(page, "document.querySelector('article.sheet')?.dataset.row === '1'")
    assert "Answered: changed to" in text(page, ".earlier")
    answer(page, "k")
    page.get(f"{other.address}disagreements")
    assert "who differ on 0" in text(page, "section.sheet")


def test_a_picture_is_shown_large_and_the_keys_are_listed(show: Open, pictures: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    page = show(pictures.address)
    for key, dialog in (("p", "#large"), ("?", "#help")):
        press(page, key)
        assert wait(page, f"document.querySelector('{dialog}').open")
        press(page, "k")  # decides nothing while it is open
        press(page, Keys.ESCAPE)
        assert wait(page, f"!document.querySelector('{dialog}').open")
    assert row(page) == "1"
    assert said(pictures) == {}


def test_the_way_back_shows_what_was_answered(show: Open, table: Any) -> None:
    page = show(table.address)
    answer(page, "k")
    answer(page, "k")
    page.back()
    wait(page, "document.querySelector('article.sheet')?.dataset.row === '2'")
    assert text(page, ".earlier").startswith("Answered: kept")
    answer(page, "s")
    assert said(table)["2"] == ("relabel", "yes")
    page.refresh()
    assert row(page) == "3"


def test_two_tabs_give_no_answer_twice(show: Open, table: Any) -> None:
    page = show(table.address)
    first = page.current_window_handle
    page.switch_to.new_window("tab")
    other = show(table.address)
    assert row(other) == "1"
    answer(other, "k")
    page.close()
    page.switch_to.window(first)
    assert row(page) == "1"
    done = answer(page, "s")
    assert done == "Saved: row 1 changed to no, in place of your earlier answer (kept)"
    assert row(page) == "2"
    assert len(table.desk._session.log.entries()) == 2


def test_no_cell_runs_and_nothing_is_asked_of_others(show: Open, table: Any, sessions: Any) -> None:
    import json

    page = show(table.address)
    answer(page, "k")
    assert sessions.nasty in text(page, "article.sheet")  # as text
    assert page.title.startswith("One by one")
    events = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith((table.address, "data:"))] == []
    assert page.get_log("browser") == []


def test_a_hostile_page_of_the_same_browser_reads_and_posts_nothing(show: Open, table: Any, tmp_path: Any) -> None:
    page = show(table.address)
    page.get("data:text/html,<title>hostile</title>")
    tried = """
        const [address, done] = [arguments[0], arguments[1]];
        const told = [];
        const trial = (options) =>
          fetch(address + options.path, options).then((answer) => told.push(answer.type), () => told.push("failed"));
        const answer = JSON.stringify({ rows: [{ row: 1, list: "SW201" }], decision: "drop" });
        Promise.all([
          trial({ path: "" }),
          trial({ path: "decide", method: "POST", body: answer, headers: { "Content-Type": "application/json" } }),
          trial({ path: "decide", method: "POST", body: answer, mode: "no-cors" }),
        ]).then(() => done(told));
    """
    told = page.execute_async_script(tried, table.address)
    assert "basic" not in told  # nothing can be read
    assert "cors" not in told
    assert said(table) == {}
    framed = """
        const done = arguments[1], frame = document.createElement("iframe");
        frame.onload = () => { try { done(frame.contentDocument?.title ?? "none"); } catch { done("none"); } };
        frame.src = arguments[0];
        document.body.append(frame);
    """
    assert page.execute_async_script(framed, table.address) in ("none", "")


def test_a_server_that_is_gone_is_said_and_no_row_is_lost(show: Open, table: Any, monkeypatch: Any) -> None:
    page = show(table.address)
    page.execute_cdp_cmd("Network.enable", {})
    offline = {"latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    page.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": True, **offline})
    press(page, "k")
    wait(page, "document.querySelector('#status').className === 'failed'")
    assert "not saved" in text(page, "#status")
    assert row(page) == "1"
    online = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    page.execute_cdp_cmd("Network.emulateNetworkConditions", online)
    assert answer(page, "k") == "Saved: row 1 kept"
    page.get_log("browser")


def test_a_table_and_boxes_are_not_wider_than_a_phone(show: Open, serve: Any, sessions: Any, tmp_path: Any) -> None:
    from samplewise.review.desk import Desk

    for folder, made in (("table", sessions.table), ("joined", sessions.joined), ("cells", sessions.cells)):
        (tmp_path / folder).mkdir()
        page = show(serve(Desk(made(tmp_path / folder))).address, width=390)
        assert page.execute_script("return document.documentElement.scrollWidth") <= 390, folder


@pytest.mark.parametrize("width", [1200, 390, 360])
@pytest.mark.parametrize("path", ["", "grid"])
def test_nothing_is_wider_than_the_screen(show: Open, pictures: Any, width: int, path: str) -> None:
    page = show(pictures.address + path, width=width)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width


def test_dark_and_light_follow_the_system_and_the_button(show: Open, table: Any) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = show(table.address).execute_script(ground)
    page = show(table.address, theme="dark")
    dark = page.execute_script(ground)
    assert dark != light
    page.find_element("id", "theme").click()
    assert page.execute_script(ground) == light
    page.execute_script("localStorage.clear()")
