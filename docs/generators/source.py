"""What the package makes public, read from its files: rooms, their names, and the checks."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "samplewise"
ROOMS = ("quality", "labels", "information", "influence", "curves", "generalization", "shift", "selection", "models")
FLOORS = (
    "auditing", "report", "data", "core", "engine.refits", "engine.models", "engine.neighbors", "engine.closed_form",
    "engine.statistics",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """One check as its file states it."""

    code: str
    title: str
    slow: bool
    text: str


def folder_of(dotted: str) -> Path:
    """Where a subpackage of samplewise lies."""
    return PACKAGE.joinpath(*dotted.split("."))


def public_names(dotted: str) -> list[str]:
    """What the `__init__` of a subpackage resolves on first use; empty where it is not built."""
    path = folder_of(dotted) / "__init__.py"
    calls = ast.walk(ast.parse(path.read_text())) if path.exists() else []
    for node in calls:
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "attach":
            given = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords}
            homes = given.get("submod_attrs", {}) | given.get("from_packages", {})
            return [name for names in homes.values() for name in names]
    return []


def page_name(room: str, name: str) -> str:
    """The file of a method's page; a class and a function that differ in case only need two on any file system."""
    twins = [other for other in public_names(room) if other.lower() == name.lower()]
    return f"{name}.class.md" if len(twins) > 1 and name[0].isupper() else f"{name}.md"


def built_rooms() -> list[str]:
    """The rooms that have something to show."""
    return [room for room in ROOMS if public_names(room)]


def summary_of(dotted: str) -> str:
    """The docstring of a subpackage."""
    return ast.get_docstring(ast.parse((folder_of(dotted) / "__init__.py").read_text())) or ""


def checks() -> Iterator[Check]:
    """Every check, by its code."""
    for path in sorted(folder_of("auditing.checks").glob("sw*.py")):
        tree = ast.parse(path.read_text())
        facts = dict(pair for node in tree.body if isinstance(node, ast.Assign) for pair in _constants(node))
        yield Check(facts["CODE"], facts["TITLE"], facts["SLOW"], ast.get_docstring(tree) or "")


def _constants(node: ast.Assign) -> Iterator[tuple[str, object]]:
    """Names and values of `A, B = 1, 2` and of `A = 1`, where the values are written out."""
    target = node.targets[0]
    names = target.elts if isinstance(target, ast.Tuple) else [target]
    values = node.value.elts if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple) else [node.value]
    for name, value in zip(names, values, strict=False):
        if isinstance(name, ast.Name) and isinstance(value, ast.Constant):
            yield name.id, value.value
