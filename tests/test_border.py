"""What leaves the program passes one writer per kind: of CSV, of terminal lines, of words for a shell."""

import ast
from functools import cache
from pathlib import Path

import pytest

import samplewise

SOURCE = Path(samplewise.__file__).parent
CSV, SHELL, TERMINAL = "core/csv_text.py", "core/escapes.py", "cli/console.py"


@cache
def nodes() -> list[tuple[str, ast.AST]]:
    """File and node of its tree, for all calls and imports of the library."""
    return [
        (file.relative_to(SOURCE).as_posix(), node)
        for file in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call | ast.Import | ast.ImportFrom)
    ]


@cache
def calls() -> list[tuple[str, str, ast.Call]]:
    """File, what is called, and the call, for all of the library."""
    return [(file, ast.unparse(node.func), node) for file, node in nodes() if isinstance(node, ast.Call)]


@pytest.mark.parametrize(
    ("endings", "home", "others"),
    [
        (("csv.writer", "csv.DictWriter", ".to_csv"), CSV, set()),
        (
            ("Console", "sys.stdout.write", "sys.stderr.write", "print"),
            TERMINAL,
            {"auditing/progress.py"},
        ),  # from Python
        (("typer.echo", "typer.secho"), TERMINAL, {"cli/app.py"}),  # the version
        (("shlex.quote", "shlex.join", "quote"), SHELL, {"auditing/environment.py"}),  # for the record, not a screen
    ],
)
def test_one_place_writes_each_kind(endings: tuple[str, ...], home: str, others: set[str]) -> None:
    def taken(called: str) -> bool:
        whole = {ending for ending in endings if not ending.startswith(".")}
        return called in whole or called.endswith(tuple(ending for ending in endings if ending.startswith(".")))

    found = {file for file, called, _ in calls() if taken(called)}
    assert found - {home} == others


def test_only_the_shared_consoles_print() -> None:
    """`print` of a console belongs to `out()` or `err()`, or to one that was kept from them."""
    known = {"out()", "err()", "self._console", "console", "print"}
    found = {called for _, called, _ in calls() if called.endswith(".print") or called == "print"}
    assert {called.removesuffix(".print") for called in found} <= known


def test_no_file_that_is_read_can_run_code() -> None:
    """Arrays are read without pickle, states of torch as tensors alone; nothing evaluates, unpickles or loads YAML."""
    unpicklers = ("pickle", "cloudpickle", "dill", "marshal", "shelve", "yaml", "subprocess", "tarfile")
    refused = ("eval", "exec", "compile", "__import__", "os.system", "os.popen", "joblib.load", "torch.hub.load")
    for file, called, node in calls():
        first = called.partition(".")[0]
        assert called not in refused, (file, called)
        assert first not in unpicklers, file
        options = {word.arg: ast.unparse(word.value) for word in node.keywords}
        if called == "torch.load":
            assert options.get("weights_only") == "True", file
        if called == "np.load":
            assert options.get("allow_pickle", "False") == "False", file  # numpy's own default


def test_nothing_reaches_for_the_network() -> None:
    """The review listens on a port, and asks for the name of this machine; nothing opens a connection."""
    listening = {"review/guard.py", "review/server.py"}
    words = {"socket", "urllib", "urllib3", "requests", "http", "httpx", "aiohttp", "ftplib", "smtplib"}
    for file, node in nodes():
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        used = {name.partition(".")[0] for name in names} & words
        assert used <= ({"socket"} if file in listening else set()), file
