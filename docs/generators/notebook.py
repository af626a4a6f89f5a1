"""The notebook of the ten tasks as a page: its text, its code, and what the code prints when the site is built."""

import ast
import hashlib
import io
import json
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from generators.source import PACKAGE, ROOT

NOTEBOOK = Path(__file__).parents[1] / "ten-tasks.ipynb"


class Executed(NamedTuple):
    """A notebook that ran: Markdown of its page, and the variables it left."""

    page: str
    names: dict[str, Any]


@cache
def executed() -> Executed:
    """The notebook of the ten tasks, run once from its first cell to its last."""
    names: dict[str, Any] = {"__name__": "__main__"}
    parts = []
    for number, cell in enumerate(json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"], 1):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        printed = run(source, names, f"{NOTEBOOK.name}, cell {number}")
        parts += [f"```text\n{printed}\n```"] if printed else []
    written = Executed("\n\n".join(parts) + "\n", names)
    kept = kept_page()
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(written.page, encoding="utf-8")
    return written


def page() -> str:
    """The page of the notebook: as a run of the same notebook and sources left it, so tests and site share one run."""
    kept = kept_page()
    return kept.read_text(encoding="utf-8") if kept.exists() else executed().page


@cache
def kept_page() -> Path:
    """Where a run leaves the page; another file where a line of the notebook or of the library differs."""
    read = hashlib.sha256(NOTEBOOK.read_bytes())
    for source in sorted(PACKAGE.rglob("*.py")):
        read.update(source.read_bytes())
    return ROOT / "build" / f"ten-tasks-{read.hexdigest()[:16]}.md"


def run(source: str, names: dict[str, Any], where: str) -> str:
    """What a cell prints: as in Jupyter the value of a last expression is printed too."""
    tree = ast.parse(source, where)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with redirect_stdout(io.StringIO()) as printed:
        exec(compile(tree, where, "exec"), names)
        value = eval(compile(ast.Expression(last.value), where, "eval"), names) if last else None
        if value is not None:
            print(value if isinstance(value, str) else repr(value))
    return printed.getvalue().rstrip("\n")
