"""Whether tests notice that a module does nothing: its public bodies are emptied, and its mirrored test must fail.

    python tools/emptied.py                           # ten modules drawn at random
    python tools/emptied.py --n-modules 20 --seed 3   # twenty others
    python tools/emptied.py --all                     # every module with a public name: about half an hour
    python tools/emptied.py --only core/codec.py labels

A module is emptied in a copy of the package in a temporary folder, never in the working tree: every public function
and method, and every special method but `__init__`, returns None; a class without any loses its fields. The mirrored
test then runs against the copy, found through PYTHONPATH, until its first failure. Tests run one after another.

The mirror of `src/samplewise/labels/noise.py` is `tests/labels/test_noise.py`; that of a check is named by its code.
Left out are modules without a public body, because nothing can be taken from them: `__init__` and `__main__`, which
only re-export or call, and modules of constants or protocols alone.
"""

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "samplewise"
TESTS = ROOT / "tests"
Function = ast.FunctionDef | ast.AsyncFunctionDef
PASSED, FAILED, COLLECTION, NOTHING_RAN = 0, 1, 2, 5  # exit codes of pytest


# --- which modules, which tests --------------------------------------------------------------------------------------


def modules() -> list[str]:
    """Every module with something to empty, as a path below the package."""
    paths = (path for path in sorted(SOURCE.rglob("*.py")) if path.stem not in ("__init__", "__main__"))
    return [str(path.relative_to(SOURCE)) for path in paths if list(_bodies(ast.parse(path.read_text("utf-8"))))]


def mirror(module: str) -> Path:
    """The test file of a module, whether or not it is there."""
    path = Path(module)
    check = re.match(r"sw\d{3}(?=_)", path.stem)
    return TESTS / path.parent / f"test_{check.group() if check else path.stem}.py"


# --- emptying --------------------------------------------------------------------------------------------------------


def emptied(source: str) -> str:
    """The source text with the body of every public function, method and record removed."""
    tree = ast.parse(source)
    for node in list(_bodies(tree)):
        node.body = [ast.Pass()]  # a function without a `return` returns None
    return ast.unparse(tree)


def _bodies(tree: ast.Module) -> Iterator[Function | ast.ClassDef]:
    """What is emptied: functions and methods that do something, and classes that hold fields only."""
    for node in tree.body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not _is_protocol(node):
            methods = [item for item in node.body if isinstance(item, Function)]
            public = [item for item in methods if _is_public(item.name) and not _says_nothing(item)]
            yield from public
            if not methods and not _says_nothing(node):
                yield node


def _is_public(name: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name != "__init__")


def _is_protocol(node: ast.ClassDef) -> bool:
    """A protocol only names what others do."""
    return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)


def _says_nothing(node: Function | ast.ClassDef) -> bool:
    """Whether the body is a docstring, `pass` or `...` alone, as it will be once emptied."""
    return all(
        isinstance(item, ast.Pass) or (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))
        for item in node.body
    )


# --- trying ----------------------------------------------------------------------------------------------------------


def tried(module: str, limit: float) -> str:
    """What the mirrored test says of the emptied module: `fails`, or a sentence that says what is amiss."""
    test = mirror(module)
    if not test.exists():
        return f"NO TEST: {test.relative_to(ROOT)} is not there"
    with tempfile.TemporaryDirectory(prefix="emptied-") as folder:
        # Caches of the copy stay valid, because copying keeps the times; only the emptied module is compiled anew.
        shutil.copytree(SOURCE, Path(folder) / "samplewise")
        target = Path(folder) / "samplewise" / module
        target.write_text(emptied(target.read_text("utf-8")), "utf-8")
        return _outcome(test, Path(folder), limit)


def _outcome(test: Path, package: Path, limit: float) -> str:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=line", "-p", "no:cacheprovider", str(test)]
    environment = os.environ | {"PYTHONPATH": str(package), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        run = subprocess.run(command, cwd=ROOT, env=environment, timeout=limit, capture_output=True, check=False)
    except subprocess.TimeoutExpired:
        return f"NO ANSWER within {limit:g} s"
    said = {
        FAILED: "fails",
        COLLECTION: "fails at import",
        PASSED: "SURVIVES: the test passes without the module",
        NOTHING_RAN: "NOTHING RAN",
    }
    return said.get(run.returncode, f"pytest ended with {run.returncode}: {run.stderr.decode()[-300:]}")


def main() -> int:
    """Read the command line; exit code 1 where a test did not notice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n-modules", type=int, default=10, help="how many are drawn (default: 10)")
    parser.add_argument("--seed", type=int, default=0, help="of the draw (default: 0)")
    parser.add_argument("--all", action="store_true", help="every module")
    parser.add_argument("--only", nargs="+", default=[], help="modules or folders below src/samplewise")
    parser.add_argument("--limit", type=float, default=180, help="seconds for one test file (default: 180)")
    parser.add_argument("--list", action="store_true", help="only say which modules have no mirrored test")
    chosen = parser.parse_args()
    found = [name for name in modules() if not chosen.only or name.startswith(tuple(chosen.only))]
    if chosen.list:
        print("\n".join(name for name in found if not mirror(name).exists()))
        return 0
    if not chosen.all and not chosen.only:
        found = random.Random(chosen.seed).sample(found, min(chosen.n_modules, len(found)))
    amiss = 0
    for name in found:
        started = time.monotonic()
        said = tried(name, chosen.limit)
        amiss += not said.startswith("fails")
        print(f"{name:60} {time.monotonic() - started:5.0f} s  {said}", flush=True)
    print(f"{len(found)} modules emptied, {amiss} unnoticed")
    return int(amiss > 0)


if __name__ == "__main__":
    sys.exit(main())
