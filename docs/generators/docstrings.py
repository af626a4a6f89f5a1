"""From a docstring in the house's layout to a page: question, definition, arguments, when it is impractical, source."""

import importlib
import inspect
import re
import typing
from collections.abc import Iterator

SECTIONS = ("Args", "Returns", "Raises", "Cost", "Not for", "Source")
# A section opens a line, or follows another one after three blanks.
OPENING = re.compile(rf"(?:^|(?<=   ))[ ]*({'|'.join(SECTIONS)}):", re.MULTILINE)
KEY = re.compile(r"\b([a-z][a-z-]*(?:19|20)\d\d[a-z]?)\b")  # of a reference: first author and year
HEADINGS = {"Returns": "Returns", "Raises": "Refuses", "Cost": "Cost", "Not for": "When it is impractical"}


def sections_of(text: str) -> dict[str, str]:
    """A cleaned docstring as {"Question", "Definition", "Args", ..., "Example"}, empty ones left out."""
    head, arrow, example = text.partition(">>>")
    pieces = OPENING.split(head)
    question, _, definition = pieces[0].strip().partition("\n\n")
    found = {
        "Question": " ".join(question.split()),
        "Definition": definition.strip(),
        "Example": (arrow + example).strip(),
    }
    for name, body in zip(pieces[1::2], pieces[2::2], strict=True):
        found[name] = inspect.cleandoc(body)
    return {name: body for name, body in found.items() if body}


def method_page(dotted: str, name: str, level: int = 1) -> str:
    """The Markdown of one public name of a subpackage; `level` is that of its title."""
    thing = getattr(importlib.import_module(f"samplewise.{dotted}"), name)
    return "\n\n".join(_page(thing, dotted, name, level)) + "\n"


def _page(thing: object, dotted: str, name: str, level: int) -> Iterator[str]:
    yield f"{'#' * level} {name}" + (f" {{ #{name} }}" if level > 1 else "")
    if not callable(thing):
        yield f"```python\nsamplewise.{dotted}.{name}\n```"
        return
    found = sections_of(inspect.getdoc(thing) or "")
    yield escaped(found.get("Question", ""))
    yield f"```python\n{_signature(thing, dotted, name)}\n```"
    if "Definition" in found:
        yield f"{'#' * (level + 1)} Definition\n\n{escaped(found['Definition'])}"
    if "Args" in found:
        yield f"{'#' * (level + 1)} Arguments\n\n{_arguments(thing, found['Args'])}"
    for section, heading in HEADINGS.items():
        if section in found:
            yield f"{'#' * (level + 1)} {heading}\n\n{escaped(' '.join(found[section].split()))}"
    if inspect.isclass(thing):
        yield from _members(thing, level)
    if "Example" in found:
        yield f"{'#' * (level + 1)} Example\n\n```pycon\n{found['Example']}\n```"
    if "Source" in found:
        yield f"{'#' * (level + 1)} Source\n\n{cited(found['Source'], '../../' if level == 1 else '../')}"


def _members(thing: type, level: int) -> Iterator[str]:
    """One line per public method and property a class itself defines."""
    lines = []
    for name, member in vars(thing).items():
        inner = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        text = inspect.getdoc(inner)
        if name.startswith("_") or not text or not (inspect.isfunction(inner) or isinstance(inner, property)):
            continue
        call = "" if isinstance(inner, property) else "()"
        lines.append(f"- `.{name}{call}`: {escaped(sections_of(text).get('Question', ''))}")
    if lines:
        yield f"{'#' * (level + 1)} What it offers\n\n" + "\n".join(lines)


def _signature(thing: object, dotted: str, name: str) -> str:
    """The call with short type names, one argument a line where it would not fit."""
    try:
        signature = inspect.signature(typing.cast("typing.Callable[..., object]", thing))
    except (TypeError, ValueError):
        return f"samplewise.{dotted}.{name}"
    parts, starred = [], False
    for parameter in signature.parameters.values():
        if parameter.name.startswith("_") or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            parts, starred = [*parts, "*"], True
        default = "" if parameter.default is parameter.empty else f"={_shown(parameter.default)}"
        parts.append(f"{parameter.name}{default}")
    one_line = f"samplewise.{dotted}.{name}({', '.join(parts)})"
    return one_line if len(one_line) <= 88 else f"samplewise.{dotted}.{name}(\n    " + ",\n    ".join(parts) + ",\n)"


def _shown(default: object) -> str:
    return getattr(default, "__name__", None) or ("..." if len(repr(default)) > 40 else repr(default))


def _arguments(thing: object, text: str) -> str:
    """A list with one entry per argument, found by the names the signature knows."""
    try:
        names = list(inspect.signature(typing.cast("typing.Callable[..., object]", thing)).parameters)
    except (TypeError, ValueError):
        names = []
    known = "|".join(map(re.escape, sorted(names, key=len, reverse=True))) or r"\w+"
    opening = re.compile(rf"(?:^|(?<=\s))((?:\*{{0,2}}(?:{known}))(?:, (?:{known}))*):(?=\s)")
    pieces = opening.split(" ".join(text.split()))
    entries = [f"- `{name}`: {escaped(body.strip())}" for name, body in zip(pieces[1::2], pieces[2::2], strict=True)]
    return "\n".join(([escaped(pieces[0].strip())] if pieces[0].strip() else []) + entries)


def cited(text: str, up: str) -> str:
    """Text in which every reference key is a link to its entry."""
    return KEY.sub(rf"[\1]({up}references.md#\1)", " ".join(text.split()))


def escaped(text: str) -> str:
    """Plain text as Markdown; what stands in back-ticks is code and stays as it is."""
    pieces = text.split("`")
    return "`".join(
        piece if index % 2 else re.sub(r"([*_\[\]<>#|\\])", r"\\\1", piece) for index, piece in enumerate(pieces)
    )
