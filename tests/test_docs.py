"""The documentation says what the package does: every public name, command and check has its page, and examples run."""

import ast
import inspect
import json
import re
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))

# The generators live beside the pages.
from generators import bibliography, command_line, notebook, pages, refusals  # noqa: E402
from generators.docstrings import KEY, sections_of  # noqa: E402
from generators.source import PACKAGE, ROOMS, checks, page_name, public_names  # noqa: E402

CODE_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CHECK_HEADINGS = ("Measures", "Why it matters", "When it is wrong", "Remedy", "Source")


@pytest.fixture(scope="module")
def generated():
    return pages.generated()


class Loader(yaml.SafeLoader):
    """Reads mkdocs.yml, whose tags name Python objects that are of no interest here."""


Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: suffix)


def addresses(entry):
    if isinstance(entry, str):
        return {entry}
    parts = entry.values() if isinstance(entry, dict) else entry
    return set().union(*(addresses(part) for part in parts)) if parts else set()


def test_every_page_is_in_the_navigation(generated):
    written = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    written = {page for page in written if not page.startswith("parts/")}
    settings = yaml.load((ROOT / "mkdocs.yml").read_text(), Loader)
    assert addresses(settings["nav"]) | addresses(list(pages.navigation().values())) == written | set(generated)


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_has_its_page(room, generated):
    names = public_names(room)
    assert names, f"samplewise.{room} offers nothing"
    for name in names:
        page = generated[f"methods/{room}/{page_name(room, name)}"]
        assert page.startswith(f"# {name}\n")
        assert len(page.split("\n\n")[1]) > 20, f"{room}.{name} does not say what it gives"


def test_addresses_differ_in_more_than_case(generated):
    assert len({address.lower() for address in generated}) == len(generated)


def test_every_check_has_its_page_with_all_headings(generated):
    found = list(checks())
    assert len(found) == len({check.code for check in found}) >= 17
    for check in found:
        page = generated[f"checks/{check.code.lower()}.md"]
        assert check.text.startswith(f"{check.code} "), f"the page of {check.code} is about another check"
        missing = [heading for heading in CHECK_HEADINGS if f"\n## {heading}\n" not in page]
        assert not missing, f"{check.code} lacks {missing}"


def test_every_command_and_option_is_on_its_page(generated):
    page = generated["command-line.md"]
    for name, command in command_line.commands().items():
        assert command.help, f"samplewise {name} has no help"
        section = page.split(f"\n## samplewise {name}\n")[1].split("\n## samplewise ")[0]
        missing = [
            option
            for item in command.params
            for option in item.opts
            if option.startswith("-") and not item.hidden and option not in section
        ]
        assert not missing, f"samplewise {name}: {missing}"


def test_every_cited_source_is_in_the_references():
    known = set(bibliography.entries())
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                source = sections_of(ast.get_docstring(node) or "").get("Source", "")
                assert set(KEY.findall(source)) <= known, f"{path.name}: {node.name}"
    for check in checks():
        assert set(KEY.findall(check.text.partition("## Source")[2])) <= known, check.code


def test_references_are_whole_and_cited():
    text = "".join(path.read_text() for path in [*PACKAGE.rglob("*.py"), *DOCS.rglob("*.md")])
    reproductions = ROOT / "reproductions"
    text += "".join(path.read_text() for path in reproductions.glob("*.py"))
    for key, fields in bibliography.entries().items():
        assert {"author", "title", "year"} <= set(fields), key
        assert fields["year"] in key, key
        assert key in text, f"nothing cites {key}"
    assert len(bibliography.entries()) == bibliography.BIB.read_text().count("\n@") + 1


def test_refusals_say_how_to_mend():
    for path in sorted(PACKAGE.rglob("*.py")):
        for what, fix in refusals.refusals(path):
            assert what, path
            assert fix, f"{path.name}: {what!r} names no fix"


def blocks(path, language):
    return [body for kind, body in CODE_BLOCK.findall(path.read_text()) if kind == language]


@pytest.mark.parametrize("path", [ROOT / "README.md", DOCS / "index.md"], ids=lambda path: path.name)
def test_python_examples_run(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    X = draw.normal(size=(120, 4))
    y = (X[:, 0] + 0.3 * draw.normal(size=120) > 0).astype(int)
    found = blocks(path, "python")
    assert found
    for body in found:
        exec(compile(body, str(path), "exec"), {"X": X, "y": y})
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")


WORKED = {
    "unique-information": 1, "what-may-i-claim": 2, "certificates": 2, "formal-limits": 1,
    "supervision-complexity": 1, "network-diagnostics": 1, "data-quality": 1,
    "facts-and-outcomes": 1,
}  # fmt: skip


@pytest.mark.parametrize("page", sorted(WORKED))
def test_worked_examples_print_what_their_page_says(page, capsys):
    path, names = DOCS / f"{page}.md", {}
    examples = list(zip(blocks(path, "python"), blocks(path, "text"), strict=False))[: WORKED[page]]
    assert len(examples) == WORKED[page]
    for code, printed in examples:
        exec(compile(code, str(path), "exec"), names)
        assert capsys.readouterr().out == printed


def test_the_notebook_prints_what_its_last_expressions_are():
    names = {}
    assert notebook.run("x = 2\nprint(x)\nx + 1", names, "here") == "2\n3"
    assert notebook.run("y = x", names, "here") == ""
    assert notebook.run("None", names, "here") == ""
    with pytest.raises(ZeroDivisionError):
        notebook.run("1 / 0", names, "here")


def test_every_cell_of_the_ten_tasks_is_on_their_page_with_what_it_printed(generated):
    cells = json.loads(notebook.NOTEBOOK.read_text())["cells"]
    page = generated["ten-tasks.md"]
    headings = re.findall(r"^## (\d+)\. ", page, re.M)
    assert [int(number) for number in headings] == list(range(1, 11))
    assert all("".join(cell["source"]) in page for cell in cells)
    assert not any(cell.get("outputs") for cell in cells)  # they would go stale
    for task in page.split("\n## ")[1:]:
        printed = CODE_BLOCK.findall("\n" + task)
        assert any(kind == "text" and body.strip() for kind, body in printed), task.splitlines()[0]
        assert not re.search(r"array\(|\bnan\b", task), task.splitlines()[0]


def test_the_ten_tasks_find_what_was_planted():
    names = SimpleNamespace(**notebook.executed().names)
    given, flipped = names.data.y, names.flipped
    assert np.isin(names.issues.flagged, flipped).mean() > 0.8  # 1
    assert np.isin(flipped, names.issues.flagged).mean() > 0.9
    assert np.isin(names.harmful, flipped).mean() > 0.75  # 2
    assert len(names.harmful) > 40
    behind = given[names.effects.top(5).keys]  # 3: rows of the class that was predicted made it so
    assert (behind == names.predicted[names.mistake]).all()
    assert names.need.rows.low < names.need.rows.value < names.need.rows.high  # 4: there is a number of rows
    assert 200 < names.need.rows.value < 1000
    bounds = [getattr(names.claim, name).high for name in ("once", "fixed", "compared", "improved", "seen")]  # 5
    assert bounds == sorted(bounds)
    assert bounds[0] > 28 / 400
    assert names.worst.errors.names[0] == "camera = old"  # 6
    assert names.worst.errors.low[0] > names.worst.errors.rest[0]
    assert names.unique.ids.tolist() == list(range(len(names.digits)))  # 7: the second copies went, nothing else
    assert names.robust > names.plain + 0.03  # 8
    assert 0.28 < len(names.kept) / len(names.clean) < 0.33  # 9
    assert names.cost.columns["value"][0] > names.cost.columns["control"][0]  # better than random rows
    truth = names.digits[:600]  # 10
    assert (names.mended.data.y == truth).mean() > (given == truth).mean() + 0.05
    assert [change.before.code for change in names.comparison.of("gone")] == ["SW201"]


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda path: path.name)
def test_commands_shown_exist_with_their_options(path):
    lines = [
        line
        for language in ("text", "console", "bash", "sh")
        for body in blocks(path, language)
        for line in body.splitlines()
    ]
    known = command_line.commands()
    for line in lines:
        words = line.removeprefix("$ ").split()
        if words[:1] == ["samplewise"] and len(words) > 1 and not words[1].startswith("-"):
            assert words[1] in known, line
            options = {option for item in known[words[1]].params for option in item.opts}
            shown = {word.partition("=")[0] for word in words[2:] if word.startswith("--")}
            assert shown <= options, line


ROOM_PAGES = {room: (DOCS / f"methods-{room}.md").read_text("utf-8") for room in ROOMS}
METHOD_PAGES = {f"methods-{room}": text for room, text in ROOM_PAGES.items()} | {
    name: (DOCS / f"{name}.md").read_text("utf-8")
    for name in (
        "certificates", "data-quality", "formal-limits", "generalization-gap", "label-scores", "network-diagnostics",
        "supervision-complexity", "unique-information", "parts/attribution", "tested-advice", "what-may-i-claim",
        "labeling-budget", "misprediction", "cleaning-labels",
    )
}  # fmt: skip
THREE_LINES = re.compile(r"^# .+\n\n- \*\*You have\*\* .+\n- \*\*You run\*\* .*`.+\n- \*\*You read\*\* .+\n\n")


@pytest.mark.parametrize("page", sorted(METHOD_PAGES))
def test_method_pages_begin_with_what_you_have_run_and_read(page):
    assert THREE_LINES.match(METHOD_PAGES[page])
    assert re.search(r"\bwrong\b|\bnot for\b|\bcannot\b", METHOD_PAGES[page], re.IGNORECASE)


def test_every_room_has_a_page():
    import samplewise

    rooms = {name for name in samplewise.__all__ if inspect.ismodule(getattr(samplewise, name))}
    assert set(ROOMS) == rooms


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_is_on_the_page_of_its_room(room):
    text, module = ROOM_PAGES[room], import_module(f"samplewise.{room}")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    assert all(len(row) == 4 and all(row) for row in rows), "a row is: run, question, what is read, wrong when"
    for name in module.__all__:
        assert re.search(rf"`{name}\b", text), f"{name} is not on docs/methods-{room}.md"
        if inspect.isfunction(getattr(module, name)):
            assert any(f"`{name}(" in row[0] for row in rows), f"{name} has no row on docs/methods-{room}.md"
    for name, attribute in re.findall(r"`([A-Z]\w+)\.(\w+)", text):
        thing = getattr(module, name)
        assert hasattr(thing, attribute) or attribute in thing.__annotations__, f"{name} has no {attribute}"


MODULES = [import_module(f"samplewise.{room}") for room in ROOMS]
CALLABLES = {name: getattr(module, name) for module in MODULES for name in module.__all__}
EVERY_PAGE = [ROOT / "README.md", *sorted(DOCS.glob("*.md")), *sorted((DOCS / "parts").glob("*.md"))]


def shown_calls(text):
    """Calls in code blocks and in back-ticks that Python can read."""
    for code in [*(body for _, body in CODE_BLOCK.findall(text)), *re.findall(r"`([^`\n]+)`", text)]:
        # `f(data, test=)` stands for a call too.
        code = re.sub(r"=(?=\s*[,)])", "=None", code)
        try:
            tree = ast.parse(code)
        except SyntaxError:
            continue
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


@pytest.mark.parametrize("path", EVERY_PAGE, ids=lambda path: path.name)
def test_calls_shown_take_the_arguments_they_are_given(path):
    for node in shown_calls(path.read_text("utf-8")):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in CALLABLES and name != "apply":
            taken = inspect.signature(CALLABLES[name]).parameters
            unknown = {word.arg for word in node.keywords if word.arg} - set(taken)
            assert not unknown, f"{name}() does not take {unknown}"


def test_targets_of_make_that_are_named_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]:
        text = path.read_text("utf-8")
        named = {*re.findall(r"`make ([a-z-]+)", text), *re.findall(r"^make ([a-z-]+) +#", text, re.MULTILINE)}
        assert named <= targets, f"{path.name}: {named - targets}"
