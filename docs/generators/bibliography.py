"""`references.bib` as a page with one anchor per key; a small reader of the BibTeX this project writes."""

import re
from pathlib import Path

BIB = Path(__file__).parents[1] / "references.bib"
ENTRY = re.compile(r"@(\w+)\{([\w:-]+),(.*?)\n\}", re.DOTALL)
FIELD = re.compile(r"(\w+)\s*=\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
SIGNS = {"--": "\N{EN DASH}", r"\&": "&", r"{\'e}": "é", r"\'e": "é", r"{\"o}": "ö", r"{\"u}": "ü", "{": "", "}": ""}


def entries() -> dict[str, dict[str, str]]:
    """Fields of every entry by its key, sorted."""
    found = {}
    for kind, key, body in ENTRY.findall(BIB.read_text(encoding="utf-8")):
        fields = {name.lower(): _plain(value) for name, value in FIELD.findall(body)}
        found[key] = fields | {"kind": kind.lower()}
    return dict(sorted(found.items()))


def page() -> str:
    """The references page."""
    lines = [f'<a id="{key}"></a>**{key}**  \n{_told(fields)}' for key, fields in entries().items()]
    return "# References\n\nEvery method names its source by one of these keys.\n\n" + "\n\n".join(lines) + "\n"


def _told(fields: dict[str, str]) -> str:
    people = [" ".join(reversed(name.split(", ", 1))) for name in fields.get("author", "").split(" and ")]
    where = fields.get("journal") or fields.get("booktitle") or fields.get("publisher") or ""
    volume = fields.get("volume", "") + (f"({fields['number']})" if "number" in fields else "")
    details = [f"*{where}*" if where else "", volume, fields.get("pages", "")]
    notes = [", ".join(people), fields.get("title", ""), ", ".join(filter(None, details)), fields.get("year", "")]
    return ". ".join(filter(None, notes)) + "." + _link(fields)


def _link(fields: dict[str, str]) -> str:
    if "doi" in fields:
        return f" [doi:{fields['doi']}](https://doi.org/{fields['doi']})"
    if "eprint" in fields:
        return f" [arXiv:{fields['eprint']}](https://arxiv.org/abs/{fields['eprint']})"
    return f" [{fields['url']}]({fields['url']})" if "url" in fields else ""


def _plain(text: str) -> str:
    for sign, letter in SIGNS.items():
        text = text.replace(sign, letter)
    return " ".join(text.split())
