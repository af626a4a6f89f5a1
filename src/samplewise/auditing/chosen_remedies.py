"""Which remedies of an audit are carried out: what helps by default, those of a kind, or those named one by one.

Nothing dangerous happens by default: what was measured to hurt is refused unless that is said too, and what removes
more than a tenth of the rows, or moves a class share by more than a point, waits until it is named.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from samplewise.core.errors import InputError, name_rows, unknown_name
from samplewise.core.findings import AuditRecord, Decision, Finding
from samplewise.core.texts import count_of, printable
from samplewise.data.dataset import Dataset
from samplewise.report.remedy_order import Advice, advice_of, as_advice, effect_text, helping
from samplewise.report.wording import listed
from samplewise.selection import Applied, apply
from samplewise.selection.decisions import decisions_of, large_change

BY_RULE = ("relabel", "drop", "reweight")  # kinds that say what becomes of every row; the others need a person


@dataclass(slots=True)
class Chosen:
    """What is to be done, in the order in which a row follows it, and what is left out with the reason."""

    data: Dataset
    task: Any
    changed: Collection[str] | None = frozenset()
    taken: list[Advice] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    _decisions: dict[Any, Decision] = field(default_factory=dict)

    def applied(self) -> Applied:
        """The data after the decisions."""
        return replace(self._after(self._decisions), left_out=tuple(self.left_out))

    def sentences(self) -> Iterator[str]:
        """What will be done, a line for each remedy."""
        for item in self.taken:
            effect = f"; {item.remedy.verdict}: {effect_text(item.remedy.effect)}" if item.tested else "; not tested"
            yield f"{_about(item)} ({count_of(len(item.remedy.keys), 'row')}{effect})"

    def take(self, item: Advice, *, named: bool) -> None:
        """Add a remedy, for the rows that no earlier one decides; one that nobody named only if it changes little."""
        wanted = [one for one in decisions_of([item.remedy]) if one.id not in self._decisions]
        new = {one.id: one for one in wanted if not self._is_changed(one.id)}
        if len(new) < len(wanted):
            others = name_rows(one.id for one in wanted if one.id not in new)
            self.left_out.append(f"{_about(item)}: not done for {others}, which are not as they were audited")
        together = self._decisions | new
        change = "" if named or not new else large_change(self.data, self._after(together).data, self.task)
        if change:
            self.left_out.append(f"{_about(item)}: not done, for it {change}; {_by_name(item)} carries it out")
        elif new:
            self._decisions = together
            self.taken.append(item)

    def _is_changed(self, key: Any) -> bool:
        return self.changed is None or str(key) in self.changed

    def _after(self, decisions: dict[Any, Decision]) -> Applied:
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
            for item in _named(record, word, even_hurting):
                chosen.take(item, named=True)
        return chosen
    for item in _helping(record) if kinds is None else _of_kinds(record, kinds, even_hurting, chosen):
        chosen.take(item, named=False)
    return chosen


def _helping(record: AuditRecord) -> list[Advice]:
    """What was measured to help, the best first; of one finding only the best."""
    found: dict[tuple[str, str], Advice] = {}
    for item in helping(advice_of(record)[0]):
        if item.axis == "row":
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


def _named(record: AuditRecord, word: str, even_hurting: bool) -> Iterator[Advice]:
    """The remedies behind "SW102" or "SW102:drop": one for every finding of this code."""
    code, _, kind = word.strip().partition(":")
    findings = [finding for finding in record.findings() if finding.code == code]
    if not findings:
        raise unknown_name("finding of this audit", code, dict.fromkeys(finding.code for finding in record.findings()))
    offered = [[item for item in _possible(finding) if kind in ("", item.remedy.kind)] for finding in findings]
    if not any(offered):
        raise _cannot(code, kind, findings)
    for items in filter(None, offered):
        best = next((item for item in items if item.remedy.verdict != "hurts"), items[0])
        if best.remedy.verdict == "hurts" and not even_hurting:
            raise InputError(
                f"this remedy of {code} was measured to hurt", got=f"{best.action}: {effect_text(best.remedy.effect)}",
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
        f"{code} has no remedy{f' of kind {kind!r}' if kind else ''} that can be carried out on rows",
        got=f"{listed(sorted({remedy.kind for remedy in remedies})) or 'no remedy'}, about {listed(about)}",
        fix=f"its kinds: {', '.join(possible)}" if possible else f"a person does it: {printable(actions[0])}"
        if actions else "read what it says in the report, and decide row by row: findings/*.csv",
    )  # fmt: skip


def _possible(finding: Finding) -> list[Advice]:
    """Its remedies that say what becomes of every row, the recommended first."""
    if finding.axis != "row":
        return []
    return [as_advice(finding, remedy) for remedy in finding.remedies if remedy.kind in BY_RULE and remedy.keys]


def _by_name(item: Advice) -> str:
    """The argument, and the option of the command, that carries out this remedy."""
    name = f"{item.code}:{item.remedy.kind}"
    return f'do="{name}" (--do {name})'


def _about(item: Advice) -> str:
    return f"{item.code}: {printable(item.action).rstrip('.')}"
