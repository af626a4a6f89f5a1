"""Every message the program refuses input with, and its remedy, read from the places that raise them."""

import ast
from collections.abc import Iterator
from pathlib import Path

from generators.docstrings import escaped
from generators.source import PACKAGE, ROOMS

PARTS = {
    "Files, tables and labels": ("data",),
    "The audit": ("auditing", "core"),
    "The command line": ("cli",),
    "Learners, fits and kernels": ("engine",),
    "Methods": ROOMS,
    "Reports": ("report",),
}


def page(intro: str) -> str:
    """A table of messages and remedies per part of the package."""
    tables = []
    for title, folders in PARTS.items():
        found = sorted({pair for folder in folders for path in files(folder) for pair in refusals(path)})
        rows = [f"| {_cell(what)} | {_cell(fix)} |" for what, fix in found]
        if rows:
            tables.append(f"## {title}\n\n| message | fix |\n|-|-|\n" + "\n".join(rows))
    return "\n\n".join([intro.strip(), *tables]) + "\n"


def files(folder: str) -> list[Path]:
    """The sources of one folder of the package."""
    return sorted((PACKAGE / folder).rglob("*.py"))


def refusals(path: Path) -> Iterator[tuple[str, str]]:
    """(what, fix) of every InputError a file raises; what is only known when it runs is an ellipsis."""
    for scope in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(scope, ast.FunctionDef):
            named = {
                node.targets[0].id: node.value
                for node in ast.walk(scope)
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            }
            for call in ast.walk(scope):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "InputError" and call.args:
                    fix = next((keyword.value for keyword in call.keywords if keyword.arg == "fix"), None)
                    yield _text(call.args[0], named), _text(fix, named)


def _text(node: ast.expr | None, named: dict[str, ast.expr]) -> str:
    """A text as far as the source states it."""
    match node:
        case None:
            return ""
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, named) for part in parts)
        case ast.FormattedValue(value=ast.Constant(value=str(text))):
            return text
        case ast.BinOp(left=left, right=right):
            return _text(left, named) + _text(right, named)
        case ast.IfExp(body=body, orelse=orelse):
            return " or ".join(filter(None, (_text(body, named), _text(orelse, named))))
        case ast.Name(id=name) if name in named:
            return _text(named[name], {key: value for key, value in named.items() if key != name})
    return "…"


def _cell(text: str) -> str:
    return escaped(" ".join(text.split()))
