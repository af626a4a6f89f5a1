"""Every page nobody writes by hand, by its address in the site, and the part of the navigation it belongs to."""

import re
from pathlib import Path
from typing import Any

from generators import bibliography, command_line, floors, measurements, notebook, record_schema, refusals
from generators.docstrings import KEY, cited, escaped, method_page, sections_of
from generators.source import FLOORS, ROOT, built_rooms, checks, page_name, public_names, summary_of

DOCS = Path(__file__).parents[1]
FAMILIES = {
    "1": "The data", "2": "Labels", "3": "Rows: information and influence", "4": "How much data",
    "5": "How far to trust the score", "6": "Groups and places",
}  # fmt: skip
Navigation = list[Any]


def generated() -> dict[str, str]:
    """Markdown of every generated page by its address."""
    pages = {"references.md": bibliography.page(), "command-line.md": command_line.page()}
    pages["ten-tasks.md"] = notebook.page()
    pages["changelog.md"] = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    pages["bad-input.md"] = refusals.page(_intro("bad-input"))
    pages["measured.md"] = measurements.page(_intro("measured"))
    pages["attribution.md"] = _intro("attribution").replace("{{ attribution }}", measurements.body("attribution"))
    pages["schema.md"] = record_schema.page(_intro("schema"))
    pages["architecture.md"] = (
        _intro("architecture").replace("{{ floors }}", floors.picture()).replace("{{ rules }}", floors.rules())
    )
    return pages | _check_pages() | _method_pages() | _reference_pages() | {"decisions/index.md": _decisions()}


def navigation() -> dict[str, Navigation]:
    """Entries for the sections that mkdocs.yml names and leaves open."""
    methods: Navigation = ["methods/index.md"]
    methods += [
        {
            room: [
                f"methods/{room}/index.md",
                *(f"methods/{room}/{page_name(room, name)}" for name in public_names(room)),
            ]
        }
        for room in built_rooms()
    ]
    methods += [{"Below the rooms": [{name: f"reference/{name}.md"} for name in FLOORS if public_names(name)]}]
    listed = [{f"{check.code} {check.title}": f"checks/{check.code.lower()}.md"} for check in checks()]
    decisions = [{_title(path): f"decisions/{path.name}"} for path in _decision_files()]
    return {"Checks": ["checks/index.md", *listed], "Methods": methods, "Decisions": ["decisions/index.md", *decisions]}


def _intro(name: str) -> str:
    """Text written by hand that a generated page starts from or wraps."""
    return (DOCS / "parts" / f"{name}.md").read_text(encoding="utf-8")


def _check_pages() -> dict[str, str]:
    """One page per check with the headings of its docstring, and the catalog."""
    pages, families = {}, dict.fromkeys(FAMILIES, "")
    for check in checks():
        body = re.sub(
            r"\n## Source\n(.*)", lambda found: "\n## Source\n\n" + cited(found[1], "../"), check.text, flags=re.S
        )
        body = re.sub(r"^(## .+)$", r"\n\1\n", body, flags=re.M)
        rest = body.partition("\n")[2]
        pages[f"checks/{check.code.lower()}.md"] = f"# {check.code} {check.title}\n{rest}\n\n{_command_of(check.code)}"
        cost = "many fits" if check.slow else "few or no fits"
        families[check.code[2]] += f"| [{check.code}]({check.code.lower()}.md) | {escaped(check.title)} | {cost} |\n"
    tables = [
        f"## {FAMILIES[key]}\n\n| code | looks for | cost |\n|-|-|-|\n{rows}" for key, rows in families.items() if rows
    ]
    pages["checks/index.md"] = "\n\n".join([_intro("checks"), *tables])
    return pages


def _command_of(code: str) -> str:
    lines = f"samplewise explain {code}\nsamplewise audit data.csv --label COL --checks {code}"
    return f"## In a terminal\n\n```text\n{lines}\n```\n"


def _method_pages() -> dict[str, str]:
    """One page per public name of every room, a page per room, and the list of rooms."""
    pages, rooms = {}, []
    for room in built_rooms():
        rows = []
        for name in public_names(room):
            page = method_page(room, name)
            pages[f"methods/{room}/{page_name(room, name)}"] = page
            rows.append(f"| [{name}]({page_name(room, name)}) | {_first_sentence(page)} |")
        table = "| name | what it gives |\n|-|-|\n" + "\n".join(rows)
        short = f"In short, with the unit of each number and when it is wrong: [every method](../../methods-{room}.md)."
        pages[f"methods/{room}/index.md"] = f"# {room}\n\n{escaped(summary_of(room))}\n\n{short}\n\n{table}\n"
        rooms.append(f"| [{room}]({room}/index.md) | {escaped(summary_of(room).splitlines()[0])} |")
    pages["methods/index.md"] = _intro("methods") + "\n\n| room | question |\n|-|-|\n" + "\n".join(rooms) + "\n"
    return pages


def _reference_pages() -> dict[str, str]:
    """One page per floor that is no room, with everything it makes public."""
    pages = {}
    for dotted in FLOORS:
        names = public_names(dotted)
        if names:
            parts = [f"# samplewise.{dotted}", escaped(summary_of(dotted))]
            parts += [method_page(dotted, name, level=2) for name in names]
            pages[f"reference/{dotted}.md"] = "\n\n".join(parts)
    return pages


def _decision_files() -> list[Path]:
    return sorted((DOCS / "decisions").glob("[0-9]*.md"))


def _title(path: Path) -> str:
    return path.read_text(encoding="utf-8").splitlines()[0].lstrip("# ").strip()


def _decisions() -> str:
    rows = [f"- [{_title(path)}]({path.name})" for path in _decision_files()]
    return _intro("decisions") + "\n\n" + "\n".join(rows) + "\n"


def _first_sentence(page: str) -> str:
    """The question a method page opens with."""
    return page.split("\n\n")[1].replace("\n", " ").replace("|", "\\|") if "\n\n" in page else ""


def cited_keys(text: str) -> set[str]:
    """Reference keys in the Source section of a docstring."""
    return set(KEY.findall(sections_of(text).get("Source", "")))
