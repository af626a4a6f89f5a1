"""What a person reads is what a colleague would say: phrases that were read aloud and rewritten stay gone."""

import ast
import re
from pathlib import Path

import pytest

from samplewise.auditing import more_data, tested_advice
from samplewise.auditing.catalog import catalog

ROOT = Path(__file__).parents[1]
GONE = {
    r"hundredths of (?!a rate|that unit|these|a hit)": "the label's unit, R², or points",
    r"variance of (?:the label's )?ranks": "R², on the ranks of the label",
    r"rows taught|taught error": "rows trained on",
    r"units? of the label\b|label units|% of the baseline error": "in the label's unit",
    r"there is no order named": "order cannot be ...",
    r"carr(?:y|ies) .{0,12} of the information": "say hardly anything the others do not",
    r"nothing (?:can be tested|to test) before": "a person decides",
    r"[Ff]indings you live with|where \{\}, labels first|from here on\.": "a sentence somebody would say",
    r"\b1 (?:rows|columns|classes|cells|remedies|fits)\b": "the singular",
    r"\bheld out (?:error|rows|score)": "held-out",
}
READ_BY_USERS = ("auditing", "report", "cli", "quality", "labels", "curves", "shift", "generalization", "core")


def _docstrings(tree):
    kinds = (ast.Module, ast.FunctionDef, ast.ClassDef)
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, kinds) and node.body]
    return {id(body[0].value) for body in bodies if isinstance(body[0], ast.Expr)}


def sentences(code):
    """(line, text) of every string in code that is no docstring; what an f-string fills in is a brace pair."""
    tree = ast.parse(code)
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    skipped = _docstrings(tree) | parts
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.lineno, node.value


def in_the_source():
    for room in READ_BY_USERS:
        for path in (ROOT / "src" / "samplewise" / room).rglob("*.py"):
            for line, text in sentences(path.read_text("utf-8")):
                yield f"{path.relative_to(ROOT)}:{line}", text


def on_pages():
    for check in catalog().values():
        yield check.CODE, check.__doc__ or ""
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "parts").glob("*.md")):
        yield path.name, path.read_text("utf-8")


EVERY = [*in_the_source(), *on_pages()]


@pytest.mark.parametrize("phrase", GONE)
def test_no_sentence_says_it_again(phrase):
    found = [f"{where}: {text[:160]!r}" for where, text in EVERY if re.search(phrase, text)]
    assert not found, f"say: {GONE[phrase]}; {found[:5]}"


def test_sentences_are_found_whole():
    code = '"""No sentence."""\nsaid = f"{n} rows taught" + "held out " "error"\n'
    assert [text for _, text in sentences(code)] == ["{} rows taught", "held out error"]


def test_a_reason_why_nothing_was_tested_is_short():
    reasons = [*tested_advice.UNTESTED.values(), more_data.UNTESTED]
    reasons += [tested_advice.NO_ROOM, tested_advice.NO_PAST, tested_advice.NO_RULE]
    assert max(len(reason.split()) for reason in reasons) <= 6
