"""Where the pages of the documentation are."""

from functools import cache
from importlib.metadata import PackageNotFoundError, metadata

PAGES = "site"  # the folder that `make docs` builds them into


def check_page(code: str) -> str:
    """The page of a check, on the site the package names, else where the documentation is built: `site/checks/...`."""
    return f"{_home()}/checks/{code.lower()}.html"


def checks_page() -> str:
    """The page that lists all checks."""
    return f"{_home()}/checks/index.html"


@cache
def _home() -> str:
    try:
        urls = metadata("samplewise").get_all("Project-URL") or []
    except PackageNotFoundError:  # used from its source alone
        urls = []
    named = dict(url.split(", ", 1) for url in urls if ", " in url)
    return named.get("Documentation", PAGES).rstrip("/")
