"""Try an installed samplewise as a person would who has just installed it: no development tools, no extra, elsewhere.

Run by `make wheel` with the interpreter of an environment that holds the wheel and its dependencies.
"""

import csv
import importlib
import inspect
import os
import pydoc
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import samplewise
from samplewise.core.errors import InputError

OPTIONAL = ("torch", "PIL", "pyarrow", "faiss", "ot", "datasets", "pytest", "mypy")
PROGRAM = [str(Path(sys.executable).with_name("samplewise"))]
MODULE = [sys.executable, "-m", "samplewise"]


def said_by(words: list[str]) -> str:
    """What a command prints; it must end well."""
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"COLUMNS": "200"}
    run = subprocess.run(words, check=False, capture_output=True, text=True, timeout=300, env=settings)
    assert run.returncode == 0, f"{words} ended with {run.returncode}:\n{run.stdout}\n{run.stderr}"
    return run.stdout


def the_environment_is_bare() -> None:
    """Neither an extra nor a development tool, and the samplewise that was installed."""
    present = [name for name in OPTIONAL if find_spec(name) is not None]
    assert not present, f"the environment holds more than the wheel and its dependencies: {present}"
    home = Path(samplewise.__file__)
    assert Path(sys.prefix) in home.parents, f"samplewise comes from {home}, not from the wheel"


def the_commands_answer() -> None:
    """The script and the module."""
    for words in (PROGRAM, MODULE):
        assert "audit" in said_by([*words, "--help"])
        assert "SW101" in said_by([*words, "checks"])
    assert samplewise.__version__ in said_by([*PROGRAM, "--version"])


def every_room_is_documented() -> None:
    """`help` works for every public room and name; what needs torch says so when it is used."""
    absent = 0
    for name in samplewise.__all__:
        thing = getattr(samplewise, name)
        if not inspect.ismodule(thing):
            continue
        room = importlib.import_module(f"samplewise.{name}")
        assert room.__doc__
        assert room.__doc__.splitlines()[0] in pydoc.render_doc(room)
        for public in room.__all__:
            member = getattr(room, public)
            assert pydoc.render_doc(member)
            absent += (member.__doc__ or "").startswith("Not available")
    assert absent, "without torch some names must be stand-ins"
    try:
        samplewise.labels.NoiseRobustClassifier()
        advice = "none"
    except InputError as refusal:
        advice = refusal.fix
    assert advice == 'pip install "samplewise[torch]"', advice


def a_table_is_audited() -> None:
    """Through Python and through the command."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4))
    y = np.where(X[:, 0] + 0.3 * rng.normal(size=120) > 0, "yes", "no")
    found = samplewise.audit(X, y)
    assert [outcome for outcome in found.record.outcomes if outcome.status in ("found", "clean")]
    assert not [outcome for outcome in found.record.outcomes if outcome.status == "failed"]
    with open("table.csv", "w", newline="") as file:
        rows = [[*row, label] for row, label in zip(X.tolist(), y.tolist(), strict=True)]
        csv.writer(file).writerows([["a", "b", "c", "d", "label"], *rows])
    said_by([*PROGRAM, "audit", "table.csv", "--label", "label", "--out", "run", "--fail-on", "never"])
    written = {path.name for path in Path("run").iterdir()}
    assert {"audit.json", "report.html"} <= written, written


def main() -> None:
    """Everything, from an empty directory."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        the_environment_is_bare()
        the_commands_answer()
        every_room_is_documented()
        a_table_is_audited()
        os.chdir("/")
    print(f"the wheel of samplewise {samplewise.__version__} works without any extra")


if __name__ == "__main__":
    main()
