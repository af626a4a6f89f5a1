"""Pages as HTML: what comes from the data is text, and nothing of it is left to chance."""

import pytest
from jinja2 import UndefinedError

from samplewise.review.views import KEYS, PAGES, page_html, part_html

NASTY = "<img src=x onerror=alert(1)>\u202e"
PANEL = {"title": NASTY, "share": 12.5, "sentences": [NASTY], "facts": [], "notes": []}
ENDED = {"title": NASTY, "sentences": [NASTY]}
FRAME = {"base": "/token", "source": NASTY, "reviewer": NASTY, "tabs": [("", "row"), ("grid", "grid")]}


def test_a_whole_page_escapes_what_it_is_given_and_names_every_key():
    page = page_html("row", {"card": None, "ended": ENDED, "panel": PANEL, **FRAME})
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;\\u202e" in page
    assert 'href="/token/page.css"' in page
    assert 'aria-current="page">One by one' in page
    assert all(f"<kbd>{key}</kbd>" in page for key, _ in KEYS)


def test_parts_are_those_of_the_page():
    text = part_html("progress.html.j2", {"panel": PANEL | {"facts": [{"label": "rate", "text": "3 %", "detail": ""}]}})
    assert "<strong>3 %</strong>" in text
    assert 'width="12.5"' in text
    assert "<html" not in text


def test_disagreements_say_who_said_what():
    from samplewise.auditing.decision_log import Entry

    row = {"row": 7, "list": "SW201", "address": "?list=SW201&row=7"}
    row["said"] = [Entry(7, "SW201", "relabel", ("a", "b"), "r1"), None]
    page = page_html(
        "disagreements", {"rows": [row], "reviewers": ["r1", "r2"], "agreement": ["One."], "cut": "", **FRAME}
    )
    assert "changed to <bdi>a, b</bdi>" in page
    assert "not seen" in page


def test_what_is_missing_is_a_fault_and_no_blank():
    with pytest.raises(UndefinedError):
        part_html("progress.html.j2", {})
    assert set(PAGES) == {"row", "grid", "disagreements"}
