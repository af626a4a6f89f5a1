"""Without the packages of the extras: rooms stand, and what needs a package says which extra brings it."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from samplewise.core.errors import InputError
from samplewise.core.extras import EXTRAS, attach, is_installed, load, missing_extra, require_extra

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SOURCE = ROOT / "src" / "samplewise"
# An import hook that refuses them, as an interpreter without them would.
HIDING = """
import sys

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

hidden = set(HIDDEN)
sys.meta_path.insert(0, Refusing())
"""
ROOMS = """
import importlib, inspect, json, pkgutil, pydoc
import samplewise
from samplewise.core.errors import InputError

def used(thing, name):
    ways = [lambda: thing(), lambda: thing(1, width=2)]
    if isinstance(thing, type):
        ways += [lambda: type("Mine", (thing,), {}), lambda: thing.for_noise]
    for way in ways:
        try:
            way()
        except InputError as refusal:
            assert f"{name} needs" in str(refusal) and 'pip install "samplewise[' in refusal.fix, str(refusal)
        else:
            raise AssertionError(f"{name} can be used")

absent = []
found = [part.name for part in pkgutil.walk_packages(samplewise.__path__, "samplewise.") if part.ispkg]
for package in ["samplewise", *found]:
    room = importlib.import_module(package)
    assert room.__doc__.splitlines()[0] in pydoc.render_doc(room)
    members = dict(inspect.getmembers(room))
    for name in getattr(room, "__all__", []):
        if name == "__version__":
            continue
        assert name in members
        thing = getattr(room, name)
        assert pydoc.render_doc(thing)
        if (thing.__doc__ or "").startswith("Not available"):
            assert thing.__name__ == name and thing.__module__ == package
            absent.append(f"{package}.{name}")
            used(thing, f"{package}.{name}")
assert not hidden & set(sys.modules)
print(json.dumps(absent))
"""


def without(packages, statements, cwd=None):
    """What a fresh interpreter prints that cannot find these packages."""
    program = HIDING.replace("HIDDEN", repr(sorted(packages))) + statements
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, cwd=cwd)
    assert run.returncode == 0, run.stderr[-3000:]
    return run.stdout


def command(*words):
    return (
        f"sys.argv = {['samplewise', *map(str, words)]!r}\n"
        "from samplewise.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as way_out:\n    print('exit', way_out.code or 0)\n"
        "assert not hidden & set(sys.modules)"
    )


def table(path, separator=","):
    lines = [("a", "b", "label"), *((i, i * 7 % 11, "yes" if i % 3 else "no") for i in range(80))]
    path.write_text("\n".join(separator.join(map(str, line)) for line in lines) + "\n")
    return path


def test_every_optional_package_is_known_with_its_extra():
    distributions = {"PIL": "pillow", "faiss": "faiss-cpu", "ot": "pot"}
    known = {(extra, distributions.get(package, package)) for package, (extra, _) in EXTRAS.items()}
    declared = {
        (extra, re.split(r"[<>=\[; ]", requirement)[0])
        for extra, requirements in PROJECT["optional-dependencies"].items()
        for requirement in requirements
    }
    assert known == declared


def test_the_wording_comes_from_one_place():
    spelled_out = [path for path in SOURCE.rglob("*.py") if "pip install" in path.read_text()]
    assert [path.name for path in spelled_out] == ["extras.py"]


def test_every_room_stands_without_torch():
    absent = json.loads(without({"torch"}, ROOMS))
    assert {"samplewise.labels.NoiseRobustClassifier", "samplewise.labels.bootstrapping"} <= set(absent)
    assert not [name for name in absent if name.startswith(("samplewise.auditing", "samplewise.data"))]


def test_every_room_stands_without_the_others():
    assert json.loads(without(set(EXTRAS) - {"torch", "safetensors"}, ROOMS)) == ["samplewise.review.serve"]


def test_what_keeps_weights_alone_needs_safetensors():
    absent = json.loads(without({"safetensors"}, ROOMS))
    assert "samplewise.engine.models.save_weights" in absent
    assert "samplewise.labels.bootstrapping" not in absent


def test_an_absent_class_is_a_class():
    said = without(
        {"torch"},
        "from samplewise.labels import NoiseRobustClassifier as Absent\n"
        "import samplewise, pydoc\n"
        "assert samplewise.labels.NoiseRobustClassifier is Absent\n"
        "assert not isinstance(3, Absent) and (Absent | None)\n"
        "print(pydoc.render_doc(Absent, renderer=pydoc.plaintext))",
    )
    assert 'pip install "samplewise[torch]"' in said


def test_a_package_installed_meanwhile_is_found():
    without(
        {"torch"},
        "import samplewise\n"
        "from samplewise.engine import models\n"
        "assert models.dense_network.__doc__.startswith('Not available')\n"
        "hidden.clear()\n"
        "assert not models.dense_network.__doc__.startswith('Not available')\n",
    )


def a_package(folder, monkeypatch, name, line):
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("")
    (folder / name / "room.py").write_text(f"{line}\nthing = 1\n")
    monkeypatch.syspath_prepend(str(folder))
    return attach(name, submod_attrs={"room": ["thing"]})[0]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("import no_such_package_at_all", ModuleNotFoundError),
        ("import numpy.no_such_part", ModuleNotFoundError),
        ("from numpy import no_such_name", ImportError),
        ("raise ImportError('libcuda.so.1: cannot open shared object file', name='torch')", ImportError),
        ("raise ModuleNotFoundError('a part of it', name='pyarrow')", ModuleNotFoundError),
        ("1 / 0", ZeroDivisionError),
    ],
)
def test_another_fault_is_not_hidden(tmp_path, monkeypatch, line, kind):
    monkeypatch.setitem(sys.modules, "pyarrow", sys)  # installed, so that the fault lies elsewhere
    resolve = a_package(tmp_path, monkeypatch, f"faulty_{abs(hash(line))}", line)
    with pytest.raises(kind) as caught:
        resolve("thing")
    assert not isinstance(caught.value, InputError)


def test_a_name_that_is_not_public_is_no_attribute(tmp_path, monkeypatch):
    resolve = a_package(tmp_path, monkeypatch, "plain_package", "")
    assert resolve("thing") == 1
    with pytest.raises(AttributeError):
        resolve("other")


def test_an_absent_module_says_so_when_it_is_used(monkeypatch):
    monkeypatch.setitem(sys.modules, "ot", None)
    assert not is_installed("ot")
    absent = load("ot", "a distance")
    assert not hasattr(absent, "__path__")
    with pytest.raises(InputError, match=r"(?s)a distance needs POT.*samplewise\[ot\]"):
        absent.emd([1.0], [1.0])
    with pytest.raises(InputError, match="a distance needs POT"):
        require_extra("ot", "a distance")


def test_another_way_stands_beside_the_extra():
    error = missing_extra("faiss", "the hnsw method", instead='use method="exact"')
    assert error.fix == 'pip install "samplewise[large]", or use method="exact"'


def test_a_table_is_audited_without_any_extra(tmp_path):
    said = without(
        EXTRAS,
        command("audit", table(tmp_path / "data.csv"), "--label", "label", "--out", "run", "--fail-on", "never"),
        cwd=tmp_path,
    )
    assert said.endswith("exit 0\n")
    outcomes = json.loads((tmp_path / "run" / "audit.json").read_text())["outcomes"]
    assert len(outcomes) > 15
    assert not [outcome for outcome in outcomes if outcome["status"] == "failed"]


def refusal(packages, folder, *words):
    """What the command writes to the terminal when it ends with 2."""
    program = "import io, contextlib\nsys.stderr = sys.stdout\n" + command(*words)
    said = without(packages, program, cwd=folder)
    assert said.endswith("exit 2\n")
    assert "Traceback" not in said
    return said


def test_a_folder_of_pictures_without_pillow(tmp_path):
    for kind in ("cat", "dog"):
        (tmp_path / "pictures" / kind).mkdir(parents=True)
        for number in range(4):
            (tmp_path / "pictures" / kind / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    said = refusal({"PIL"}, tmp_path, "audit", "pictures", "--out", "run")
    assert "needs Pillow" in said
    assert 'pip install "samplewise[images]"' in said


def test_parquet_without_pyarrow(tmp_path):
    (tmp_path / "data.parquet").write_bytes(b"PAR1")
    said = refusal({"pyarrow"}, tmp_path, "audit", "data.parquet", "--label", "label")
    assert "reading Parquet needs pyarrow" in said
    assert 'pip install "samplewise[parquet]"' in said


def test_predictions_in_parquet_without_pyarrow(tmp_path):
    (tmp_path / "predictions.parquet").write_bytes(b"PAR1")
    words = ("audit", table(tmp_path / "data.csv"), "--label", "label", "--probabilities", "predictions.parquet")
    said = refusal({"pyarrow"}, tmp_path, *words, "--out", "run")
    assert 'pip install "samplewise[parquet]"' in said


def test_the_module_is_the_program():
    run = subprocess.run([sys.executable, "-m", "samplewise", "--help"], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert "audit" in run.stdout
    run = subprocess.run([sys.executable, "-m", "samplewise", "explain", "SW999"], capture_output=True, text=True)
    assert run.returncode == 2
