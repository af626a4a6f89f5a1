"""Pages are on the site that the package names, else where they are built."""

from email.message import Message

import pytest

from samplewise.cli import documentation


@pytest.mark.parametrize(
    ("urls", "page"),
    [
        (["Documentation, https://example.org/docs/"], "https://example.org/docs/checks/sw201.html"),
        (["Homepage, https://example.org"], "site/checks/sw201.html"),
        ([], "site/checks/sw201.html"),
    ],
)
def test_the_page_of_a_check(monkeypatch, urls, page):
    told = Message()
    for url in urls:
        told["Project-URL"] = url
    monkeypatch.setattr(documentation, "metadata", lambda name: told)
    documentation._home.cache_clear()
    try:
        assert documentation.check_page("SW201") == page
        assert documentation.checks_page() == page.replace("sw201", "index")
    finally:
        documentation._home.cache_clear()
