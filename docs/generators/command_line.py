"""The command-line page, from the same words `--help` prints."""

from collections.abc import Iterator
from typing import Any

import typer

from generators.docstrings import escaped
from samplewise.cli import app


def commands() -> dict[str, Any]:
    """Every command of the program by its name."""
    return dict(typer.main.get_command(app).commands)


def page() -> str:
    """The command-line page."""
    return "\n\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    program: Any = typer.main.get_command(app)
    yield "# Command line"
    yield escaped(program.help or "")
    yield f"```text\n{program.epilog}\n```"
    for name, command in commands().items():
        yield f"## samplewise {name}"
        yield escaped(command.help or "")
        arguments = [item for item in command.params if item.param_type_name == "argument"]
        usage = " ".join(_metavar(item) for item in arguments)
        yield f"```text\nsamplewise {name} {usage}".rstrip() + " [OPTIONS]\n```"
        yield from _tables(command)
        if command.epilog:
            yield f"```text\n{command.epilog}\n```"


def _tables(command: Any) -> Iterator[str]:
    """One table per panel of the help text, in its order."""
    panels: dict[str, list[str]] = {}
    for item in command.params:
        if getattr(item, "hidden", False):  # a former name of an option
            continue
        panel = getattr(item, "rich_help_panel", None) or (
            "Arguments" if item.param_type_name == "argument" else "Options"
        )
        words = _metavar(item) if item.param_type_name == "argument" else _option(item)
        panels.setdefault(panel, []).append(f"| `{_cell(words)}` | {_cell(escaped(_told(item)), bars=False)} |")
    for panel, rows in panels.items():
        yield f"**{panel}**\n\n| | |\n|-|-|\n" + "\n".join(rows)


def _option(item: Any) -> str:
    names = ", ".join([*item.opts, *item.secondary_opts])
    flag = getattr(item, "is_flag", False)
    return names if flag or not _metavar(item) else f"{names} {_metavar(item)}"


def _metavar(item: Any) -> str:
    return item.metavar or (item.name or "").upper()


def _told(item: Any) -> str:
    text = " ".join((item.help or "").split())
    shown = item.default is not None and not callable(item.default) and item.default not in ((), "", False)
    return f"{text} Default: {item.default}." if shown and not item.required else text


def _cell(text: str, bars: bool = True) -> str:
    return text.replace("|", "\\|") if bars else text
