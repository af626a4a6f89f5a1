import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from samplewise import __version__
from samplewise.cli.app import app
from samplewise.core.codec import save_record

COMMANDS = ("audit", "demo", "checks", "explain", "compare", "review", "apply")
OPTIONS = (
    "--label", "--id", "--groups", "--segments", "--time", "--drop-columns", "--task", "--positive", "--test",
    "--n-test-evaluations", "--learner", "--embed", "--probabilities", "--metric", "--checks", "--accepted", "--budget",
    "--seed", "--out", "--no-values", "--fail-on", "--quiet",
)  # fmt: skip


def run(*words, **options):
    return CliRunner().invoke(app, list(map(str, words)), **options)


def program(*words, **options):
    """The real program in a process of its own."""
    command = [sys.executable, "-c", "from samplewise.cli import main; main()", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


def test_the_version_is_the_package_s():
    assert run("--version").output == f"samplewise {__version__}\n"


def test_the_first_help_names_every_command_an_example_and_the_exit_codes():
    text = " ".join(run("--help").output.split())
    for word in (*COMMANDS, "samplewise audit data.csv --label income --out run/", "Exit codes: 0"):
        assert word in text
    assert run().exit_code == 2  # no command: the help, and not a success


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_in_whole_sentences(name):
    text = run(name, "--help").output
    assert f"samplewise {name}" in " ".join(text.split()) or name in text
    assert "." in text


def test_the_help_of_audit_names_every_option_and_examples():
    text = run("audit", "--help", env={"COLUMNS": "120"}).output
    assert [option for option in OPTIONS if option not in text] == []
    assert "samplewise audit adult.csv --label income --segments sex race" in text
    assert "Exit codes" in text


def test_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom samplewise.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'torch', 'sklearn', 'scipy', 'altair', 'pandas.core', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_an_error_is_four_lines_without_a_traceback(tmp_path):
    done = program("audit", tmp_path / "gone.csv", "--label", "y", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert [line.strip().partition(":")[0] for line in done.stderr.splitlines()] == [
        "there is no such file", "where", "got", "fix",
    ]  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_where_an_error_came_from(tmp_path):
    environment = os.environ | {"SAMPLEWISE_DEBUG": "1"}
    done = program("audit", tmp_path / "gone.csv", "--label", "y", cwd=tmp_path, env=environment)
    assert "Traceback" in done.stderr
    assert done.returncode == 1


def test_without_a_label_and_without_a_person_the_likely_columns_are_named(tmp_path):
    (tmp_path / "t.csv").write_text("age,target\n1,a\n2,b\n3,a\n")
    done = program("audit", "t.csv", cwd=tmp_path, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert "likely columns: target, age" in done.stderr


def test_a_terminal_without_unicode_is_no_reason_to_fail(tmp_path):
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    (tmp_path / "t.csv").write_text("gr\u00f6\u00dfe,target\n1,a\n2,b\n3,a\n", encoding="utf-8")
    done = program("audit", "t.csv", cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert "likely columns: target, gr??e" in done.stderr


def test_an_unknown_option_is_refused():
    assert run("audit", "x.csv", "--lable", "y").exit_code == 2


# --- checks, explain, compare ----------------------------------------------------------------------------------------


def test_the_catalog_lists_every_check():
    text = run("checks").output
    for code in ("SW101", "SW201", "SW401", "SW601"):
        assert code in text


@pytest.mark.parametrize("code", ["SW201", "sw201"])
def test_explain_is_the_page_of_the_check(code):
    text = run("explain", code).output
    for heading in ("# SW201", "## Measures", "## Why it matters", "## When it is wrong", "## Remedy", "## Source"):
        assert heading in text


def test_explain_suggests_the_nearest_code():
    result = run("explain", "SW2011")
    assert result.exit_code == 2
    assert "no check named 'SW2011'" in result.output
    assert "did you mean 'SW201'" in result.output


def test_compare_says_what_is_new_and_what_is_gone(tmp_path, make):
    save_record(make.record(make.found("SW102", "error", keys=(1,)), make.found("SW201", "note")), tmp_path / "a")
    save_record(make.record(make.found("SW102", "error", keys=(1, 2)), make.found("SW201", "note")), tmp_path / "b")
    result = run("compare", tmp_path / "a", tmp_path / "b")
    assert result.exit_code == 0
    assert "Worse" in result.output
    assert "SW102 something about SW102 (1 new, 1 as before)" in result.output
    assert run("compare", tmp_path / "a", tmp_path / "gone").exit_code == 2
