"""What a check says of single rows, gathered from its remedies, scores and tables; for exhibits and lists of rows."""

from collections.abc import Iterator, Sequence
from typing import Any

from samplewise.auditing.own_cells import OWN, is_gap
from samplewise.core.findings import CheckResult, Finding
from samplewise.core.values import Exhibit

PROBABILITY = "probability"
FEWEST = 60  # rows a table of a check holds, at the least, if it holds not all
DETAILS = frozenset({"thumbnail", "text", "telling", "time", "group"})  # of rows themselves, not what is said of them
KNOWN = frozenset({"id", "given"})
Facts = dict[str, dict[str, Any]]  # by column: values by the text of the id


def row_facts(result: CheckResult, place: int, keys: Sequence[Any]) -> Facts:
    """Suggested labels, scores and further columns of the rows of one finding.

    Args:
        result: of the check.   place: of the finding among its findings.
        keys: ids of the rows asked about.

    Returns:
        by column, values by the text of the id: `suggested` (labels), a column per quantity that the check scored all
        of these rows by (`probability` where that is its unit), and the columns of its tables of rows.
    """
    ids = list(map(str, keys))
    found: Facts = {}
    for exhibit in _tables(result, place):
        entries = list(map(str, exhibit.columns["id"].tolist()))
        for name, values in exhibit.columns.items():
            if name not in KNOWN and not _is_detail(name):
                _add(found, name, dict(zip(entries, values.tolist(), strict=True)), ids)
    for scores in result.scores:
        if scores.axis == "row":
            scored = dict(zip(map(str, scores.keys.tolist()), scores.values.tolist(), strict=True))
            _add(found, PROBABILITY if scores.unit == PROBABILITY else scores.quantity, scored, ids)
    suggested = _suggested(result.findings[place])
    if suggested:
        asked = set(ids)
        found["suggested"] = {key: value for key, value in suggested.items() if key in asked}
    return {name: values for name, values in found.items() if values}


def _tables(result: CheckResult, place: int) -> Iterator[Exhibit]:
    """Exhibits with a line a row: of this finding, or of the check as a whole."""
    for exhibit in result.exhibits:
        keys = exhibit.columns.get("id")
        of_this = exhibit.finding in (None, place) and exhibit.kind in ("rows", "table")
        if of_this and keys is not None and len(set(map(str, keys.tolist()))) == len(keys):
            yield exhibit


def _is_detail(name: str) -> bool:
    return name in DETAILS or name.startswith((OWN, "nearest_"))


def _add(found: Facts, name: str, values: dict[str, Any], ids: list[str]) -> None:
    """Values of all rows asked about; a table of words may hold the first 60 of them."""
    words = any(isinstance(value, str) for value in values.values())
    if name not in found and all(key in values for key in (ids[:FEWEST] if words else ids)):
        found[name] = {key: values[key] for key in ids if key in values and not is_gap(values[key])}


def _suggested(finding: Finding) -> dict[str, Any]:
    """Labels by id that its remedies propose: those to be given, then those a model would have in their place."""
    found: dict[str, Any] = {}
    for kind in ("relabel", "review"):
        for remedy in finding.remedies:
            if remedy.kind == kind:
                found = dict(zip(map(str, remedy.keys), remedy.values, strict=False)) | found
    return found
