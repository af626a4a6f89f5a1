"""Names that are gone stay gone, and code is spelled as NumPy, scikit-learn and torch spell it."""

import re
import tokenize
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("src", "tests", "docs", "benchmarks", "reproductions", "tools")
BRITISH = re.compile(
    r"neighbour|colour|behaviour|favour|centre|grey|catalogue|judgement|labell(?:ed|ing)|modell(?:ed|ing)|"
    r"(?:memor|linear|normal|general|regular|standard|optim|minim|summar|recogn|random|initial|penal|factor)is"
    r"(?:e|ed|es|ing|er|ation)(?![a-z])",
    re.IGNORECASE,
)


def renamed():
    """(old, new) of the table "Renamed" of the changelog, where the old name means nothing any more."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8").partition("### Renamed")[2].partition("\n### ")[0]
    pairs = re.findall(r"^\| `([\w.]+)` \| `([\w.]+)` \|$", text, re.MULTILINE)
    return [(old, new) for old, new in pairs if not _stands(old)]


def _stands(name):
    """Whether a dotted name is a module or package again, as `generalization.gap` is."""
    try:
        return "." in name and find_spec(f"samplewise.{name}") is not None
    except ModuleNotFoundError:
        return False


def texts():
    for folder in FOLDERS:
        for kind in ("*.py", "*.md"):
            for path in (ROOT / folder).rglob(kind):
                if "generated" not in path.parts and path != Path(__file__):
                    yield path


def test_the_table_is_there():
    assert len(renamed()) > 60


def test_no_old_name_is_left():
    every = {path: path.read_text("utf-8") for path in texts()}
    for old, _ in renamed():
        dotted = re.compile(rf"(?<![\w.]){re.escape(old)}(?![\w.])|samplewise\.{re.escape(old)}(?![\w.])")
        file = old.replace(".", "/")
        slashed = re.compile(rf"(?<![\w/]){re.escape(file)}\.py") if "." in old else dotted
        close = [path for path, text in every.items() if old in text or file in text]  # quicker than the expressions
        left = [str(path) for path in close if dotted.search(every[path]) or slashed.search(every[path])]
        assert not left, f"{old} in {left[:5]}"


def test_new_names_exist():
    for _, new in renamed():
        if "." in new:
            assert find_spec(f"samplewise.{new}") is not None, new


@pytest.mark.parametrize("folder", FOLDERS)
def test_names_are_spelled_the_american_way(folder):
    for path in (ROOT / folder).rglob("*.py"):
        if "generated" in path.parts or path == Path(__file__):
            continue
        assert not BRITISH.search(path.stem), path
        with path.open("rb") as source:
            for token in tokenize.tokenize(source.readline):
                if token.type == tokenize.NAME:
                    assert not BRITISH.search(token.string), f"{path}:{token.start[0]} {token.string}"
