"""Findings that say the same of several columns, said once."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from samplewise.core.findings import Finding

COUNT = re.compile(r" \([\d,]+ \w+\)$")  # behind a title: how much its one column holds


def said_once(findings: Iterable[Finding]) -> list[Finding]:
    """Findings in order; those of one check whose titles differ in the column they name alone become one.

    It stands where the first of them stood, names all their columns and proposes all their remedies.
    """
    return [joined(alike) for alike in alike_findings(findings)]


def alike_findings(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings of one check whose titles differ in the column they name alone, together; where the first stood.

    Cost: O(findings).

    >>> odd = [Finding("SW108", f"codes in column {name!r}", "note", (name,), "", axis="column") for name in "ab"]
    >>> [len(alike) for alike in alike_findings(odd)], said_once(odd)[0].title
    ([2], 'codes in 2 columns')
    """
    together: dict[object, list[Finding]] = {}
    for place, finding in enumerate(findings):
        words = _without_column(finding)
        together.setdefault((finding.code, finding.severity, words) if words else place, []).append(finding)
    return list(together.values())


def _without_column(finding: Finding) -> str:
    """The title without the one column it names; "" for any other."""
    if finding.axis != "column" or len(finding.keys) != 1:
        return ""
    before, name, after = finding.title.partition(f"column {finding.keys[0]!r}")
    return f"{before}column{COUNT.sub('', after)}" if name else ""


def joined(alike: Sequence[Finding]) -> Finding:
    """One finding that says what all of them say."""
    first = alike[0]
    if len(alike) == 1:
        return first
    return replace(
        first,
        title=_without_column(first).replace("column", f"{len(alike):,} columns", 1),
        keys=tuple(key for finding in alike for key in finding.keys),
        measured=tuple(item for finding in alike for item in finding.measured),
        remedies=tuple(remedy for finding in alike for remedy in finding.remedies),
    )
