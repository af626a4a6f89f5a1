"""Every argument of every public function is a word of docs/words.md, or is explained where it stands."""

import inspect
import re
import sys
from pathlib import Path

import pytest

import samplewise
from samplewise.core.results import Result

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

from generators.docstrings import sections_of  # noqa: E402 (the generators live beside the pages)

TEXT = (ROOT / "docs" / "words.md").read_text("utf-8")
SHARED, _, OWN = TEXT.partition("## Words of single methods")
# Words of earlier versions, of which each has one successor on the page.
OLD = {
    "P", "X", "bins", "cost", "count", "coverage", "draws", "epsilon", "folder", "folds", "guessed", "held_out",
    "judge", "judges", "looks", "model", "models", "permutations", "players", "predictions", "probes", "questions",
    "ratio", "repeats", "resamples", "rounds", "runs", "seeds", "splits", "test_looks", "utility", "validation",
}  # fmt: skip
ALLOWED = {  # interfaces of other libraries, and names that are still read
    ("Dataset", "X"), ("audit", "predictions"), ("audit", "test_looks"), ("models.embeddings_of", "X"),
    ("models.predictions_of", "X"), ("labels.NoiseRobustClassifier.fit", "X"),
    ("labels.NoiseRobustClassifier.predict", "X"), ("labels.NoiseRobustClassifier.predict_proba", "X"),
    *((f"shift.GroupRobustClassifier.{name}", "X")
      for name in ("compare", "fit", "group_accuracy", "predict", "predict_proba")),
    ("shift.GroupRobustClassifier.fit", "held_out"),
    *((f"shift.FeatureSplit.{name}", "X") for name in ("encode", "fit", "replace_spurious", "report", "transform")),
}  # fmt: skip
ENTRY = re.compile(r"(?:^|(?<=\s))(\*{0,2}\w+(?:, \*{0,2}\w+)*):(?=\s)")


def names_in(text):
    return re.findall(r"`([\w.]+)`", text)


def table(text):
    """Cells of the rows of Markdown tables, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


WORDS = {word: row[1] for row in table(SHARED) for word in names_in(row[0])}
SINGLE = {(call, word) for row in table(OWN) for call in names_in(row[0]) for word in names_in(row[1])}


def exported():
    for name in samplewise.__all__:
        thing = getattr(samplewise, name)
        if inspect.ismodule(thing):
            yield from ((f"{name}.{inner}", getattr(thing, inner)) for inner in thing.__all__)
        elif callable(thing):
            yield name, thing


def calls():
    """(name, callable) of exported functions, of classes that are made by calling them, and of public methods."""
    for name, thing in exported():
        if not inspect.isclass(thing):
            yield name, thing
            continue
        if "Args" in sections_of(inspect.getdoc(thing) or "") and not issubclass(thing, Result):
            yield name, thing
        for method, member in vars(thing).items():
            inner = member.__func__ if isinstance(member, classmethod | staticmethod) else member
            if inspect.isfunction(inner) and not method.startswith("_"):
                yield f"{name}.{method}", inner


CALLS = dict(calls())
EVERY = pytest.mark.parametrize("name", sorted(CALLS))


def parameters(name):
    found = inspect.signature(CALLS[name]).parameters.values()
    return [one for one in found if one.name not in ("self", "cls") and not one.name.startswith("_")]


def explained(name):
    """Arguments that the docstring explains, or that of the function it points to with "see `f`" or "as `f`"."""
    text = inspect.getdoc(CALLS[name]) or ""
    given = " ".join(sections_of(text).get("Args", "").split())
    found = {word.strip("* ") for words in ENTRY.findall(given) for word in words.split(",")}
    for other in re.findall(r"\b(?:see|as) `(\w+)`", text):
        home = f"{name.partition('.')[0]}.{other}"
        if home in CALLS and home != name:
            found |= explained(home)
    return found


def test_the_page_is_read():
    assert len(CALLS) > 150
    assert len(WORDS) > 60
    assert {"data", "y", "learner", "seed", "queries", "confidence"} <= set(WORDS)


@EVERY
def test_every_argument_is_a_word_of_the_page_or_explained(name):
    known = explained(name)
    unknown = [
        one.name for one in parameters(name) if one.name not in known | set(WORDS) and (name, one.name) not in SINGLE
    ]
    assert not unknown, f"{name}: say what {unknown} mean, in its docstring or in docs/words.md"


@EVERY
def test_no_old_word_comes_back(name):
    old = [one.name for one in parameters(name) if one.name in OLD and (name, one.name) not in ALLOWED]
    assert not old, f"{name}: {old} have other names on docs/words.md"


@EVERY
def test_seeds_and_counts_are_integers(name):
    for one in parameters(name):
        if one.name == "seed" or one.name.startswith("n_"):
            assert one.annotation in (int, int | None), f"{name}: {one.name} is {one.annotation}"


@EVERY
def test_data_come_first_and_labels_second(name):
    if name == "load_audit":  # the audit is what is loaded; its rows may be left out
        return
    words = [one.name for one in parameters(name)]
    if "data" in words:
        assert words[0] == "data", name
        assert "y" not in words or words[1] == "y", name


@EVERY
def test_a_budget_is_time_and_queries_are_explained_predictions(name):
    for one in parameters(name):
        if one.name == "budget":
            assert one.annotation == str | float | None, f"{name}: a budget is time, as seconds or '2min'"
        if one.name == "queries":
            assert name.startswith(("influence.", "information.")) or name == "generalization.memorization"


@EVERY
def test_nothing_is_explained_that_is_no_argument(name):
    words = {one.name for one in parameters(name)}
    given = sections_of(inspect.getdoc(CALLS[name]) or "").get("Args", "")
    entries = {
        word.strip("* ")
        for line in given.splitlines()
        for words_of_line in re.findall(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*):\s", line)
        for word in words_of_line.split(",")
    }
    assert entries <= words, f"{name} explains {sorted(entries - words)}, which it does not take"


def test_the_page_lists_nothing_that_is_gone():
    used = {(name, one.name) for name in CALLS for one in parameters(name)}
    assert used >= SINGLE, sorted(SINGLE - used)
    gone = set(WORDS) - {word for _, word in used}
    assert not gone, f"no function takes {sorted(gone)}"
    assert not set(WORDS) & OLD
