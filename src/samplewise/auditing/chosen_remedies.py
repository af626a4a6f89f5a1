"""Which remedies of an audit are carried out: what helps by default, those of a kind, or those named one by one.

Nothing dangerous happens by default: what was measured to hurt is refused unless that is said too, and what removes
more than a tenth of the rows, moves a class share by more than a point or changes more than a tenth of the cells of a
column waits until it is named.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from samplewise.auditing.prepare_audit import usable_rows
from samplewise.core.errors import InputError, name_rows, unknown_name
from samplewise.core.findings import AuditRecord, Decision, Finding, Remedy
from samplewise.core.rates import percent_text
from samplewise.core.texts import count_of, printable
from samplewise.data.dataset import Dataset
from samplewise.engine.refits.cell_edits import Cleaning
from samplewise.quality.cell_remedies import cleaned_cells
from samplewise.report.remedy_order import Advice, advice_of, as_advice, change_text, helping
from samplewise.report.wording import listed
from samplewise.selection import Applied, apply
from samplewise.selection.decisions import MOST_REMOVED, decisions_of, large_change

BY_RULE = ("relabel", "drop", "reweight", "clean")  # kinds that say what is to be done; the others need a person
NOTHING_HELPS = 'no remedy was measured to help and changes little: do="SW102" (--do SW102) carries out a named one'


@dataclass(slots=True)
class Chosen:
    """What is to be done, in the order in which a row follows it, and what is left out with the reason."""

    data: Dataset
    task: Any
    changed: Collection[str] | None = frozenset()
    taken: list[tuple[Advice, int]] = field(default_factory=list)  # and how many rows or cells it decides
    left_out: list[str] = field(default_factory=list)
    _decisions: dict[tuple[Any, str], Decision] = field(default_factory=dict)  # by row, or by row and column

    def applied(self) -> Applied:
        """The data after the decisions; where nothing changes, `left_out` says why."""
        applied = self._after(self._decisions)
        why = self.left_out or ([] if applied.log else [NOTHING_HELPS])
        return replace(applied, left_out=tuple(why))

    def sentences(self) -> Iterator[str]:
        """What will be done, a line for each remedy."""
        for item, count in self.taken:
            effect = f"; {item.remedy.verdict}: {change_text(item.remedy)}" if item.tested else "; not tested"
            yield f"{_about(item)} ({count_of(count, 'cell' if item.remedy.kind == 'clean' else 'row')}{effect})"

    def take(self, item: Advice, *, named: bool) -> None:
        """Add a remedy, for the rows and cells that no earlier one decides; one that nobody named only if it changes
        little.
        """  # fmt: skip
        every = self._decisions_of(item.remedy)
        wanted = [one for one in every if (one.id, one.column) not in self._decisions]
        new = {(one.id, one.column): one for one in wanted if not self._is_changed(one.id)}
        if len(new) < len(wanted):
            others = name_rows(one.id for one in wanted if (one.id, one.column) not in new)
            self.left_out.append(f"{_about(item)}: not done for {others}, which are not as they were audited")
        together = self._decisions | new
        change = "" if named or not new else self._large_change(item.remedy, new, together)
        if change:
            self.left_out.append(f"{_about(item)}: not done, for it {change}; {_by_name(item)} carries it out")
        elif new:
            self._decisions = together
            self.taken.append((item, len(new)))
        elif not every:
            self.left_out.append(f"{_about(item)}: not done, for the rows hold no such cells")

    def _decisions_of(self, remedy: Remedy) -> list[Decision]:
        """What a remedy means, row by row or cell by cell."""
        if remedy.kind != "clean":
            return decisions_of([remedy])
        return [one for decided in self._cleaned(remedy).values() for one in decided]

    def _cleaned(self, remedy: Remedy) -> Mapping[tuple[str, Cleaning], list[Decision]]:
        """The cells of cleanings, learned from the rows that were audited, as far as they are as they were."""
        _, usable = usable_rows(self.data, self.task)
        rows = [place for place in np.flatnonzero(usable).tolist() if not self._is_changed(self.data.ids[place])]
        audited = self.data.take(np.array(rows, dtype=np.intp))
        return cleaned_cells(audited, self.data, zip(remedy.keys, remedy.values, strict=True))

    def _large_change(self, remedy: Remedy, new: Mapping[Any, Decision], together: Mapping[Any, Decision]) -> str:
        """What a remedy does that nobody should get without asking for it; "" where it changes little."""
        if remedy.kind != "clean":
            return large_change(self.data, self._after(together).data, self.task)
        share = len(new) / (len(self.data) * len(remedy.keys))
        named = printable(", ".join(map(str, remedy.keys)))
        return f"changes {percent_text(share, '.2g')} of the cells of {named}" if share > MOST_REMOVED else ""

    def _is_changed(self, key: Any) -> bool:
        return self.changed is None or str(key) in self.changed

    def _after(self, decisions: Mapping[Any, Decision]) -> Applied:
        return apply(self.data, decisions.values(), task=self.task)


def choose_remedies(
    record: AuditRecord,
    data: Dataset,
    *,
    do: str | Iterable[str] | None = None,
    kinds: Iterable[str] | None = None,
    even_hurting: bool = False,
    changed: Collection[str] | None = frozenset(),
) -> Chosen:
    """The remedies to carry out on the rows of an audit.

    Args:
        record: of the audit.
        data: all rows that were given to it.
        do: findings by their code: "SW102" for its first remedy, "SW102:drop" for that one; only these are taken.
        kinds: or all remedies of these kinds. With neither, those that were measured to help.
        even_hurting: also what was measured to hurt, where it is named or of a named kind.
        changed: ids, as text, of rows that are not as they were audited, to which nothing is done; None: all of them.

    Raises:
        InputError: a code without a finding, a finding without a remedy that can be carried out, a named one that
            hurts, an unknown kind, or words that do not go together.

    Cost: O(n) a remedy.
    """
    if do is not None and kinds is not None:
        raise InputError(
            "name findings or kinds of remedy, not both", got="do= and kinds=", fix="leave one of them out"
        )
    if even_hurting and do is None and kinds is None:
        raise InputError(
            "what was measured to hurt is carried out only where it is named", got="no finding and no kind is named",
            fix="name the finding, such as do='SW201' (--do SW201)",
        )  # fmt: skip
    for name, words in (("do", do), ("kinds", kinds)):
        if words is not None and not isinstance(words, Iterable):
            raise InputError(
                f"{name} names what to carry out", where=name, got=f"{name}={words!r}"[:80],
                fix='use do="SW102", or kinds=["drop"]',
            )  # fmt: skip
    kinds = [kinds] if isinstance(kinds, str) else kinds
    chosen = Chosen(data, record.data.get("task") or "auto", changed)
    if do is not None:
        for word in [do] if isinstance(do, str) else do:
            for item in _named(record, word, even_hurting, chosen):
                chosen.take(item, named=True)
        return chosen
    for item in _helping(record) if kinds is None else _of_kinds(record, kinds, even_hurting, chosen):
        chosen.take(item, named=False)
    return chosen


def _helping(record: AuditRecord) -> list[Advice]:
    """What was measured to help, the best first; of one finding only the best."""
    found: dict[tuple[str, str], Advice] = {}
    for item in helping(advice_of(record)[0]):
        if item.axis == "row" or item.remedy.kind == "clean":
            found.setdefault((item.code, item.title), item)
    return list(found.values())


def _of_kinds(record: AuditRecord, kinds: Iterable[str], even_hurting: bool, chosen: Chosen) -> Iterator[Advice]:
    """Every remedy of the kinds, in the order of the findings; what hurts is left out and said to be."""
    wanted = set(kinds)
    for kind in sorted(wanted - set(BY_RULE)):
        raise unknown_name("kind of remedy", kind, BY_RULE)
    for finding in record.findings():
        for item in _possible(finding):
            if item.remedy.kind not in wanted:
                continue
            if item.remedy.verdict == "hurts" and not even_hurting:
                chosen.left_out.append(f"{_about(item)}: not done, for it was measured to hurt")
            else:
                yield item


def _named(record: AuditRecord, word: str, even_hurting: bool, chosen: Chosen) -> Iterator[Advice]:
    """The remedies behind "SW102" or "SW102:drop": one for every finding of this code that has one."""
    code, _, kind = word.strip().partition(":")
    findings = [finding for finding in record.findings() if finding.code == code]
    if not findings:
        raise unknown_name("finding of this audit", code, dict.fromkeys(finding.code for finding in record.findings()))
    offered = [[item for item in _possible(finding) if kind in ("", item.remedy.kind)] for finding in findings]
    if not any(offered):
        raise _cannot(code, kind, findings)
    for finding, items in zip(findings, offered, strict=True):
        if not items:
            chosen.left_out.append(f"{code}: {printable(finding.title)}: not done, for a person decides it")
            continue
        best = next((item for item in items if item.remedy.verdict != "hurts"), items[0])
        if best.remedy.verdict == "hurts" and not even_hurting:
            raise InputError(
                f"this remedy of {code} was measured to hurt", got=f"{best.action}: {change_text(best.remedy)}",
                fix="leave it out, or say that you mean it: even_hurting=True (--even-hurting)",
            )  # fmt: skip
        yield best


def _cannot(code: str, kind: str, findings: list[Finding]) -> InputError:
    """Why nothing that was found under this code can be carried out by rule, and what a person does in its place."""
    remedies = [remedy for finding in findings for remedy in finding.remedies]
    possible = sorted({item.remedy.kind for finding in findings for item in _possible(finding)})
    about = sorted({finding.axis for finding in findings})
    actions = [remedy.action.rstrip(".") for remedy in remedies if remedy.action]
    return InputError(
        f"{code} has no remedy{f' of kind {kind!r}' if kind else ''} that can be carried out on rows or cells",
        got=f"{listed(sorted({remedy.kind for remedy in remedies})) or 'no remedy'}, about {listed(about)}",
        fix=f"its kinds: {', '.join(possible)}" if possible else f"a person does it: {printable(actions[0])}"
        if actions else "read what it says in the report, and decide row by row: findings/*.csv",
    )  # fmt: skip


def _possible(finding: Finding) -> list[Advice]:
    """Its remedies that say what becomes of every row, or of the cells of a column, the recommended first."""
    kinds = BY_RULE if finding.axis == "row" else ("clean",)
    return [as_advice(finding, remedy) for remedy in finding.remedies if remedy.kind in kinds and remedy.keys]


def _by_name(item: Advice) -> str:
    """The argument, and the option of the command, that carries out this remedy."""
    name = f"{item.code}:{item.remedy.kind}"
    return f'do="{name}" (--do {name})'


def _about(item: Advice) -> str:
    return f"{item.code}: {printable(item.action).rstrip('.')}"
