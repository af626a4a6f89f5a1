"""The floors, drawn from the import contracts: what stands higher may import what stands lower, never the reverse."""

import tomllib
from html import escape
from typing import Any

from generators.source import PACKAGE, ROOT

WIDTH, HEIGHT, GAP, LABEL = 860, 46, 10, 34
Row = list[str]


def contracts() -> list[dict[str, Any]]:
    """The import contracts as pyproject.toml states them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return list(settings["tool"]["importlinter"]["contracts"])


def layers(contract: dict[str, Any]) -> list[tuple[int, Row]]:
    """Floor number and rooms of a layers contract, top first; rooms of the plan that are not built are left out."""
    container = contract["containers"][0].split(".")[1:]
    floors = [[room.strip(" ()") for room in line.split("|")] for line in contract["layers"]]
    built = [
        [room for room in floor if (PACKAGE.joinpath(*container, room) / "__init__.py").exists()] for floor in floors
    ]
    return [(len(built) - 1 - place, floor) for place, floor in enumerate(built) if floor]


def picture() -> str:
    """An inline SVG that follows the page's colors."""
    outer, inner = (layers(contract) for contract in contracts()[:2])
    boxes, top = [], 0
    for number, floor in outer:
        inside = [[f"engine / {name}" for name in row] for _, row in inner]
        rows = inside if floor == ["engine"] else [floor]
        boxes.append(f'<text x="0" y="{top + HEIGHT * len(rows) / 2 + 5}" class="floor">{number}</text>')
        for row in rows:
            boxes += _row(row, top)
            top += HEIGHT
        top += GAP
    title = "Floors of the package, from the command line at the top to core at the bottom"
    return (
        f'<svg class="floors" role="img" aria-label="{title}" viewBox="0 0 {WIDTH} {top}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{title}</title>{"".join(boxes)}</svg>'
    )


def _row(names: Row, top: int) -> list[str]:
    wide = (WIDTH - LABEL) / len(names)
    return [
        f'<rect x="{LABEL + wide * index + 2:.1f}" y="{top + 2}" width="{wide - 4:.1f}" height="{HEIGHT - 4}" rx="5"/>'
        f'<text x="{LABEL + wide * (index + 0.5):.1f}" y="{top + HEIGHT / 2 + 5}" class="room">{escape(name)}</text>'
        for index, name in enumerate(names)
    ]


def rules() -> str:
    """The contracts in words, as a list."""
    return "\n".join(f"- {contract['name']}" for contract in contracts())
