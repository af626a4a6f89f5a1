"""Tables of what was measured, from the results that benchmarks and reproductions leave behind."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

from generators.docstrings import escaped
from generators.source import ROOT


def page(intro: str) -> str:
    """One section per script that has left results."""
    sections = [_section(folder, name) for folder, name in _scripts()]
    return "\n\n".join([intro.strip(), *sections]) + "\n"


def body(name: str) -> str:
    """What a benchmark wrote about itself, to stand inside another page: headings one level down."""
    written = ROOT / "benchmarks" / "results" / f"{name}.md"
    text = written.read_text(encoding="utf-8") if written.exists() else "Not measured yet."
    return re.sub(r"^#", "##", re.sub(r"\A# .*\n+", "", text), flags=re.MULTILINE)


def _scripts() -> Iterator[tuple[str, str]]:
    for folder in ("benchmarks", "reproductions"):
        for path in sorted((ROOT / folder / "results").glob("*.json")):
            yield folder, path.stem


def _section(folder: str, name: str) -> str:
    script = ROOT / folder / f"{name}.py"
    notes = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) if script.exists() else ""
    written = ROOT / folder / "results" / f"{name}.md"  # where a script words its results itself
    if written.exists():
        body = re.sub(r"^#+ .*\n+", "", written.read_text(encoding="utf-8"))
    else:
        results = json.loads(written.with_suffix(".json").read_text(encoding="utf-8"))
        body = "\n\n".join(_tables(results, 3))
    return f"## {folder}: {name.replace('_', ' ')}\n\n{notes or ''}\n\n{body}"


def _tables(results: dict[str, Any], level: int) -> Iterator[str]:
    """A table of the plain facts, then one per nested part; parts of equal shape share a table."""
    plain = {key: value for key, value in results.items() if not _nested(value)}
    if plain:
        yield _table(["", ""], [[_worded(key), _shown(value)] for key, value in plain.items()])
    for key, value in results.items():
        if not _nested(value):
            continue
        yield f"{'#' * min(level, 6)} {escaped(_worded(key))}"
        rows = (
            value
            if isinstance(value, list)
            else [{"": name} | row for name, row in value.items() if isinstance(row, dict)]
        )
        alike = len(rows) == len(value) and all(row.keys() == rows[0].keys() for row in rows)
        if alike and not any(_nested(cell) for row in rows for cell in row.values()):
            yield _table(list(map(_worded, rows[0])), [[_shown(cell) for cell in row.values()] for row in rows])
        else:
            yield from _tables(value if isinstance(value, dict) else dict(enumerate(value)), level + 1)


def _nested(value: Any) -> bool:
    """Whether a value is a table of its own: a mapping, or a list of mappings."""
    return bool(value) and (isinstance(value, dict) or (isinstance(value, list) and isinstance(value[0], dict)))


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["-"] * len(head), *rows]
    return "\n".join("| " + " | ".join(escaped(str(cell)) for cell in line) + " |" for line in lines)


def _worded(key: str) -> str:
    return str(key).replace("_", " ")


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
