"""Two audits compared: what got better, what is new, what is gone, and what cannot be compared."""

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from html import escape as escape_html
from typing import Literal

from samplewise.core.findings import SEVERITIES, AuditRecord, Finding, Outcome
from samplewise.core.results import Result, Table
from samplewise.core.texts import printable, quantity_text, shortened
from samplewise.core.values import Estimate
from samplewise.report.markdown import escape as escape_markdown
from samplewise.report.record_differences import RecordDifferences, record_differences
from samplewise.report.verdict import untold_extent
from samplewise.report.wording import STATUS_WORDS, estimate_text

ChangeKind = Literal["new", "gone", "worse", "better", "unchanged"]
WORDS: dict[ChangeKind, str] = {
    "new": "New",
    "worse": "Worse",
    "better": "Better",
    "gone": "Gone",
    "unchanged": "Unchanged",
}


@dataclass(frozen=True, slots=True)
class FindingChange:
    """One finding in both audits (None where it is missing), and how many of its rows stayed, came and went."""

    change: ChangeKind
    before: Finding | None
    after: Finding | None
    kept: int
    added: int
    removed: int

    def __str__(self) -> str:
        """One sentence about the finding."""
        shown = self.after or self.before
        if shown is None:
            return ""
        parts = [f"{self.added:,} new" if self.added else "", f"{self.removed:,} gone" if self.removed else ""]
        parts.append(f"{self.kept:,} as before" if self.kept else "")
        size = ", ".join(filter(None, parts)) if self.before and self.after else untold_extent(shown)
        severity = ""
        if self.before and self.after and self.before.severity != self.after.severity:
            severity = f"; {self.before.severity} before, {self.after.severity} now"
        return f"{shown.code} {shown.title}" + (f" ({size}{severity})" if size and shown.keys else severity)

    def __repr__(self) -> str:
        """The sentence, without the rows of both findings."""
        return f"{self.change}: {self}"


@dataclass(frozen=True, slots=True)
class NumberChange:
    """One measured number in both audits; `beyond_chance` says that the two intervals do not overlap."""

    code: str
    before: Estimate
    after: Estimate

    @property
    def beyond_chance(self) -> bool:
        """Whether the intervals of the two numbers lie apart; False also where one has none."""
        ends = (self.before.low, self.before.high, self.after.low, self.after.high)
        return all(map(math.isfinite, ends)) and (ends[1] < ends[2] or ends[3] < ends[0])

    def __str__(self) -> str:
        """The number before and after."""
        return f"{self.code} {self.without_verdict()} ({self.word})"

    @property
    def word(self) -> str:
        """Whether chance explains the difference."""
        if not math.isfinite(self.before.low + self.after.low):
            return "no interval to compare"
        return "intervals lie apart" if self.beyond_chance else "within what chance explains"

    def without_verdict(self) -> str:
        """The name of the number, and what it was and is."""
        name = quantity_text(self.after.quantity)
        return f"{name}: {estimate_text(self.before)} → {estimate_text(self.after)}"

    def __repr__(self) -> str:
        """The sentence."""
        return str(self)


@dataclass(frozen=True, slots=True)
class AuditComparison(Result):
    """What changed from one audit to a later one."""

    findings: tuple[FindingChange, ...]
    numbers: tuple[NumberChange, ...]
    not_comparable: tuple[str, ...]  # checks that gave an answer in one audit only
    differences: RecordDifferences  # in data, options and versions

    def of(self, change: ChangeKind) -> tuple[FindingChange, ...]:
        """The findings that changed in this way."""
        return tuple(item for item in self.findings if item.change == change)

    @property
    def notes(self) -> tuple[str, ...]:
        """What differs before anything was found, in one list."""
        told = self.differences
        return (*told.data, *told.options, *told.versions)

    @property
    def sentence(self) -> str:
        """The comparison in one sentence."""
        counts = [f"{len(self.of(change))} {word.lower()}" for change, word in WORDS.items() if self.of(change)]
        return f"Findings: {', '.join(counts)}." if counts else "Neither audit found anything."

    def to_text(self) -> str:
        """The comparison as plain text."""
        return "\n".join(
            line for heading, items in self._sections() for line in (heading, *(f"  {item}" for item in items))
        )

    def to_markdown(self) -> str:
        """The comparison as Markdown; every string from the data is escaped."""
        lines = [f"**{escape_markdown(self.sentence)}**"]
        for heading, items in self._sections()[1:]:
            lines += ["", f"### {heading}", "", *(f"- {escape_markdown(item)}" for item in items)]
        return "\n".join(lines) + "\n"

    def to_html(self) -> str:
        """The comparison as a fragment of HTML; every string from the data is escaped."""
        parts = [f"<p><strong>{escape_html(self.sentence)}</strong></p>"]
        for heading, items in self._sections()[1:]:
            listed = "".join(f"<li>{escape_html(item)}</li>" for item in items)
            parts.append(f"<h3>{heading}</h3><ul>{listed}</ul>")
        return f'<section class="samplewise-comparison">{"".join(parts)}</section>'

    def _sentences(self) -> Iterable[str]:
        yield self.sentence
        moved = [change.without_verdict() for change in self.numbers if change.beyond_chance]
        if moved:
            yield f"Beyond chance: {'; '.join(moved[:2])}."
        if self.not_comparable:
            yield f"Not comparable: {', '.join(self.not_comparable[:5])}."
        yield self.differences.sentence

    def _table(self) -> Table:
        shown = [change.after or change.before for change in self.findings]
        columns = {
            "code": [finding.code if finding else "" for finding in shown],
            "change": [change.change for change in self.findings],
            "kept": [change.kept for change in self.findings],
            "added": [change.added for change in self.findings],
            "removed": [change.removed for change in self.findings],
            "title": [finding.title if finding else "" for finding in shown],
        }
        return Table(columns, index="code")

    def _sections(self) -> list[tuple[str, list[str]]]:
        sections = [(self.sentence, list[str]())]
        sections += [(word, [_line(item) for item in self.of(change)]) for change, word in WORDS.items()]
        sections.append(("Numbers", [_line(item) for item in self.numbers]))
        sections.append(("Not comparable", [_line(item) for item in self.not_comparable]))
        told = self.differences
        kinds = (("Other data", told.data), ("Other options", told.options), ("Other versions", told.versions))
        sections += [(heading, [_line(item) for item in found]) for heading, found in kinds]
        return [sections[0], *(section for section in sections[1:] if section[1])]


def compare_audits(
    before: AuditRecord, after: AuditRecord, ids: tuple[Collection[str], Collection[str]] | None = None
) -> AuditComparison:
    """What changed between two audits: findings matched by check and title, rows by id, numbers by their quantity.

    A check that gave an answer in only one of the two is not comparable: its findings are neither new nor gone.

    Args:    before, after: two records, of the same data or of two versions of it with the same ids.
             ids: of all rows of both, as text, where rows have names: they tell which rows came and went.
    Returns: a `AuditComparison`; `better` means lower severity, or fewer rows at the same severity.
    Cost:    O(ids of all findings).   Not for: numbers in different units (they are left out).

    >>> print(compare_audits(AuditRecord(2, {}, {}, {}, ()), AuditRecord(2, {}, {}, {}, ())))
    Neither audit found anything. The same data and options and versions.
    """
    answered = [
        {item.code for item in record.outcomes if item.status in ("found", "clean")} for record in (before, after)
    ]
    both = answered[0] & answered[1]
    changes = [_change(*pair) for pair in _matched_findings(before, after, both)]
    order = list(WORDS)
    changes.sort(key=lambda item: (order.index(item.change), -_severity(item), str(item)))
    numbers = _matched_numbers(before, after, both)
    return AuditComparison(
        tuple(changes),
        tuple(numbers),
        tuple(_one_sided(before, after, both)),
        record_differences(before, after, ids),
    )


def _matched_findings(
    before: AuditRecord, after: AuditRecord, codes: set[str]
) -> Iterator[tuple[Finding | None, Finding | None]]:
    """Pairs of findings of the same check: same title first, then those left over in their order."""
    for code in sorted(codes):
        left, right = ([f for f in record.findings() if f.code == code] for record in (before, after))
        for finding in list(left):
            match = next((item for item in right if item.title == finding.title), None)
            if match is not None:
                left.remove(finding)
                right.remove(match)
                yield finding, match
        if len(left) == len(right) == 1:
            yield left.pop(), right.pop()  # a title may hold a count that changed
        yield from ((finding, None) for finding in left)
        yield from ((None, finding) for finding in right)


def _change(before: Finding | None, after: Finding | None) -> FindingChange:
    old, new = (set(finding.keys) if finding else set() for finding in (before, after))
    kept = len(old & new)
    change: ChangeKind = "new" if before is None else "gone" if after is None else "unchanged"
    if before and after:
        ranks = [(SEVERITIES.index(finding.severity), len(set(finding.keys))) for finding in (before, after)]
        change = "worse" if ranks[1] > ranks[0] else "better" if ranks[1] < ranks[0] else "unchanged"
    return FindingChange(change, before, after, kept, len(new) - kept, len(old) - kept)


def _severity(change: FindingChange) -> int:
    finding = change.after or change.before
    return SEVERITIES.index(finding.severity) if finding else -1


def _matched_numbers(before: AuditRecord, after: AuditRecord, codes: set[str]) -> list[NumberChange]:
    """Numbers a check reports under the same name and unit in both audits; equal ones are left out."""
    changes = []
    for code in sorted(codes):
        left, right = (_measured(record.outcome(code)) for record in (before, after))
        pairs = [(left[name], right[name]) for name in left if name in right]
        changes += [NumberChange(code, *pair) for pair in pairs if _differ(*pair)]
    return changes


def _measured(outcome: Outcome | None) -> dict[tuple[str, str], Estimate]:
    if outcome is None:
        return {}
    every = [*outcome.result.measured, *(item for finding in outcome.result.findings for item in finding.measured)]
    return {(item.quantity, item.unit): item for item in reversed(every)}  # the first of a name wins


def _differ(before: Estimate, after: Estimate) -> bool:
    return math.isfinite(before.value) and math.isfinite(after.value) and before.value != after.value


def _one_sided(before: AuditRecord, after: AuditRecord, both: set[str]) -> Iterator[str]:
    codes = {item.code for record in (before, after) for item in record.outcomes} - both
    for code in sorted(codes):
        statuses = [outcome.status if (outcome := record.outcome(code)) else "not_run" for record in (before, after)]
        if set(statuses) & {"found", "clean"}:
            yield f"{code}: {STATUS_WORDS[statuses[0]]} before, {STATUS_WORDS[statuses[1]]} now"


def _line(item: object) -> str:
    return shortened(printable(item), 300)
