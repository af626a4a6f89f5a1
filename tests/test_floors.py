"""The house rules a machine can check: floors, lazy imports, names."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "samplewise"
FILES = sorted(SOURCE.rglob("*.py"))
PACKAGES = [path for path in FILES if path.name == "__init__.py"]


def name_of(path):
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree):
    """(line, module) of every import statement and every lazily loaded module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("load", "import_module"):
            texts = [given.value for given in node.args if isinstance(given, ast.Constant)]
            yield from ((node.lineno, text) for text in texts[:1])


def attached(path):
    """{submodule: public names} that a package resolves on first use."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "attach":
            given = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords}
            return {name: [] for name in given.get("submodules", [])} | given.get("submod_attrs", {})
    return {}


def test_imports_go_down():
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_import_of_ours_hides_in_a_function(path):
    functions = [
        n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    hidden = [(line, name) for node in functions for line, name in imported(node) if name.startswith("samplewise")]
    assert not hidden, f"{path}: {hidden}"


def test_torch_stays_in_its_rooms():
    homes = (SOURCE / "engine" / "gradients", SOURCE / "networks")
    users = [
        path
        for path in FILES
        if any(name.split(".")[0] == "torch" for _, name in imported(ast.parse(path.read_text())))
    ]
    strays = [path for path in users if not path.name.startswith("torch_") and not set(homes) & set(path.parents)]
    assert not strays


def test_only_whole_libraries_are_loaded_lazily():
    calls = ((path, name) for path in FILES for name in re.findall(r'lazy_loader\.load\("([\w.]+)"', path.read_text()))
    assert not [call for call in calls if "." in call[1]], "a lazy submodule warns whoever loads it first"


def test_names_say_what_is_inside():
    vague = {"utils", "util", "common", "helpers", "helper", "base", "misc"}
    assert not [path for path in FILES if path.stem.strip("_") in vague or path.parent.name in vague]


@pytest.mark.parametrize("path", PACKAGES, ids=name_of)
def test_public_names_exist(path):
    package, public = name_of(path), attached(path)
    module = importlib.import_module(package)
    for submodule, names in public.items():
        assert importlib.import_module(f"{package}.{submodule}")
        missing = [name for name in names if getattr(module, name, None) is None]
        assert not missing, f"{package}.{submodule} lacks {missing}"


@pytest.mark.parametrize("path", PACKAGES, ids=name_of)
def test_packages_import_nothing_eagerly(path):
    eager = {name for _, name in imported(ast.parse(path.read_text())) if name != "samplewise.core"}
    assert not eager, f"{path} loads {eager} at import"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_stay_readable(path):
    assert len(path.read_text().splitlines()) <= 450
