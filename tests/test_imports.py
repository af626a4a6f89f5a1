"""What is loaded when: heavy libraries wait until something needs them."""

import json
import subprocess
import sys

import pytest

GIANTS = {"torch", "pandas", "sklearn", "scipy", "altair", "vl_convert", "polars", "pyarrow", "joblib", "faiss", "PIL"}
# A lazy proxy stands in sys.modules under its name without having run; its type says so, touching it would run it.
LOADED = """import json, sys
names = {name.partition(".")[0] for name, module in sys.modules.items() if type(module).__name__ != "_LazyModule"}
print(json.dumps(sorted(names)))"""


def loaded_after(statements):
    """The top-level modules of a fresh interpreter that ran these statements."""
    run = subprocess.run([sys.executable, "-c", f"{statements}\n{LOADED}"], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout.splitlines()[-1]))


def program(*arguments):
    return (
        f"import sys; sys.argv = {['samplewise', *arguments]!r}\n"
        "from samplewise.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as way_out:\n    assert not way_out.code, way_out.code"
    )


def test_importing_loads_no_giant():
    assert not loaded_after("import samplewise; samplewise.__version__; dir(samplewise)") & GIANTS


def test_core_knows_numpy_only():
    assert (
        not loaded_after("import samplewise.core.values, samplewise.core.findings, samplewise.core.execution") & GIANTS
    )


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("audit", "--help")], ids=" ".join)
def test_help_loads_no_giant(arguments):
    assert not loaded_after(program(*arguments)) & GIANTS


def test_an_audit_of_a_table_loads_no_torch(tmp_path):
    lines = ["a,b,label", *(f"{i},{(i * 7) % 11},{'yes' if i % 3 else 'no'}" for i in range(60))]
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n")
    arguments = (
        "audit",
        str(tmp_path / "data.csv"),
        "--label",
        "label",
        "--out",
        str(tmp_path / "run"),
        "--fail-on",
        "never",
    )
    assert "torch" not in loaded_after(program(*arguments, "--checks", "SW101,SW201", "--quiet"))
