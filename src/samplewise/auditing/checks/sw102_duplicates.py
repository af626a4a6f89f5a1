"""SW102 duplicates.

## Measures
Sets of duplicate rows. Exact duplicates agree in every column that was given, those no model sees as well: names, ids,
dates, groups, and columns that were left out (not columns that merely number the rows); of pictures in all pixels at
the size the model is trained on. Near duplicates lie far nearer to each other than the density around both of them
explains, where in tables with categories they must agree in everything but the rounding of numbers and the spelling of
texts; or they agree in every column but one. Sets whose rows carry different labels are listed apart; numbers differ
when they are more than half a standard deviation apart.

Rows of different things can be equal in coarse columns. How many pairs coincidence makes is estimated from the pairs
that differ in one column alone; in a table of one column all are coincidence. A finding is louder than a note only from
three equal pairs, and three times as many as coincidence makes, on. Near duplicates alone are a note, and so are
different labels where labels are outcomes: two people alike in every column may answer a loan differently.

Apart from duplicates, rows that are equal in every column models see and carry different labels put a floor under the
error of every model: however it is trained, it predicts the same for both. That floor is stated with its interval
whether or not the rows are duplicates.

## Why it matters
Duplicates on both sides of a split are predicted from memory, so the score is too good; in an audit all duplicates
share a fold. A set with two labels holds at least one that no model can get right; where labels are facts, one that is
wrong.

## When it is wrong
A copy that was given a new name or id is told apart by it, and is listed in a note only. Frames of one film or shots of
one burst are near duplicates that may be intended; then say so with groups=.

## Remedy
Keep one row of every set: the one whose label most rows of the set carry, then most neighbors, then the first by id.
Rows of different groups are never one set. Where labels that are facts disagree, give the rows the label that their
duplicates and neighbors vote for, or have a person look. Outcomes are left as they are, unless one thing was entered
twice. Where coincidence explains the rows, nothing is to be done.

## Source
levina2004 for the dimension behind "far nearer", benjamini1995 for the share of false duplicates.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import ids_of
from samplewise.core.arrays import Array, Ints, Mask
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.texts import count_of, keys_text, number_text
from samplewise.core.values import Estimate, Exhibit
from samplewise.engine.refits.folded_rows import FoldedRows, RemedyRule, RowEdit
from samplewise.quality.cells import coincidence, is_beyond_chance, pairs_within
from samplewise.quality.contradicting_labels import contradicting_sets, tolerance_of
from samplewise.quality.duplicates import (
    DuplicateSets,
    drop_redundant_duplicates,
    duplicate_sets,
    in_sets,
    kept_rows,
    relabel_duplicates,
    repeated,
    set_numbers,
    surplus_share,
)
from samplewise.quality.error_floor import error_floor

CODE, TITLE, SLOW = "SW102", "duplicates", False
NEEDS = frozenset({"features"})

SOME = 0.001  # share of the rows below which duplicates change nothing that could be measured
FEW = "too few rows to see an effect"
MISSING = "Look whether a column is missing that tells these rows apart"
DECIDE = "Look at every set and decide which label is right"
ENTERED_TWICE = "Look whether one thing was entered twice; rows of different things keep their labels"
EXPECTED = "Where labels are outcomes this is expected: equal rows may end differently."
LISTED = 60  # rows listed that only models cannot tell apart


def run(evidence: Evidence) -> CheckResult:
    """Duplicates that agree on the label, those that do not, and equal rows with different labels of any kind."""
    case = _Case(evidence, sets_of(evidence))
    findings = tuple(chain(_agreeing(case), _contradicting(case), _floor(case), _cleared(case), _same_texts(case)))
    shown = (_exhibit(case), _floor_exhibit(case))
    return CheckResult(findings, exhibits=tuple(one for one in shown if one is not None))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Drop all but one of duplicates that agree; relabel those that disagree as duplicates and neighbors vote."""
    case = _Case(evidence, sets_of(evidence))
    offered: dict[str, RemedyRule] = {}
    if case.enough(case.dropped(case.everyone)):
        offered["drop"] = case.dropped
    if case.facts and case.enough(case.relabeled(case.everyone)):
        offered["relabel"] = case.relabeled
    return offered


def sets_of(evidence: Evidence) -> DuplicateSets:
    """The sets of duplicates among the rows of the audit, with the graph that other checks use."""
    return duplicate_sets(
        evidence.data, evidence.columns, evidence.space, evidence.graph, other_columns=evidence.other_columns,
        embedded=evidence.embeddings is not None,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Case:
    """The sets of one audit, and which of their rows disagree."""

    evidence: Evidence
    sets: DuplicateSets

    @property
    def everyone(self) -> FoldedRows:
        """All rows; of the few different rows of some tables no folds can be made, and none are needed here."""
        return self.evidence.prepared.unsplit

    @property
    def facts(self) -> bool:
        """Whether the rows show their labels, so that of two different ones at least one is wrong."""
        return self.evidence.meaning.are == "facts"

    @cached_property
    def tolerance(self) -> float:
        """How far labels may differ and agree."""
        return tolerance_of(self.evidence.target)

    @cached_property
    def contradicting(self) -> Mask:
        """(n,) rows of sets whose labels differ."""
        return self._differing(self.sets.members)

    @cached_property
    def agreeing(self) -> Mask:
        """(n,) rows of the other sets."""
        return (self.sets.sizes > 1) & ~self.contradicting

    @cached_property
    def inseparable(self) -> Mask:
        """(n,) rows that are equal in every column models see to a row with another label."""
        return self._differing(self.sets.seen)

    @cached_property
    def floor(self) -> Estimate:
        """The error no model of these columns can undercut."""
        return error_floor(self.sets.seen, self.evidence.target)

    def _differing(self, groups: Ints) -> Mask:
        return contradicting_sets(groups, self.evidence.target.codes, self.tolerance)[groups]

    def enough(self, change: RowEdit) -> bool:
        """Whether a change concerns so many rows that measuring its effect makes sense."""
        return len(change.rows) >= max(1.0, SOME * len(self.evidence.data))

    def dropped(self, folded: FoldedRows) -> RowEdit:
        """All but one row of the sets that agree, unless they are equal by coincidence."""
        if self.sets.coincidental:
            return RowEdit("drop", np.empty(0, dtype=np.intp))
        return drop_redundant_duplicates(folded, self.sets, self.tolerance)

    def relabeled(self, folded: FoldedRows) -> RowEdit:
        """Labels that equal rows vote for, unless these are equal by coincidence."""
        if self.sets.coincidental:
            return RowEdit("relabel", np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp))
        return relabel_duplicates(folded, self.sets.only_exact(), self.evidence.graph)

    def by_set(self, rows: Mask) -> tuple[object, ...]:
        """Ids with the rows of a set next to each other, the set with the first id first."""
        return ids_of(self.evidence, in_sets(self.sets, self.evidence.data.ids, rows))


# ---- findings -------------------------------------------------------------------------------------------------------


def _agreeing(case: _Case) -> Iterator[Finding]:
    """Duplicates with one label."""
    rows, sets = case.agreeing, case.sets
    if not rows.any():
        return
    keys, change = case.by_set(rows), case.dropped(case.everyone)
    much = case.enough(change)
    severity: Severity = "warning" if much and sets.proven(rows) else "note"
    surplus = len(keys) - len(np.unique(sets.members[rows]))
    exact, near = int((rows & sets.exact).sum()), int((rows & ~sets.exact).sum())
    all_of, kinds = f"{len(keys):,} rows in {_set_count(sets, rows)}", f"{exact:,} equal another in every cell"
    why = f"{all_of} equal another in every cell{'' if exact else ', almost'}. {_chance(sets)}"
    if exact and near:
        why = f"Of {all_of}, {kinds}, {near:,} almost. {_chance(sets)}"
    yield Finding(
        CODE, f"{len(keys):,} rows {_are(sets)} with the same label", severity, keys, why.strip(),
        _drop_remedy(case, change, much, keys), (surplus_share(surplus, len(case.evidence.data)),),
        caveat="Equal measurements of different things are not duplicates; frames of one film may be intended "
        "(groups=).",
    )  # fmt: skip


def _drop_remedy(case: _Case, change: RowEdit, much: bool, keys: tuple[object, ...]) -> tuple[Remedy, ...]:
    surplus = ids_of(case.evidence, change.rows)
    if not surplus:
        return (Remedy("review", keys, action="Nothing is to be done where these rows are different things"),)
    action = f"Keep one row of every set, drop the other {len(surplus):,}"
    return (Remedy("drop", surplus, action=action, reason="" if much else FEW),)


def _contradicting(case: _Case) -> Iterator[Finding]:
    """Duplicates with different labels."""
    rows, sets = case.contradicting, case.sets
    if not rows.any():
        return
    keys = case.by_set(rows)
    certain = len(keys) >= SOME * len(case.evidence.data) and not sets.numbering
    severity: Severity = "note" if not (case.facts and sets.proven(rows)) else "error" if certain else "warning"
    apart = "" if case.evidence.target.classes is not None else f" by more than {number_text(case.tolerance)}"
    bound = f"{_bound(case)} " if case.inseparable.any() else ""
    expected = "" if case.facts else f"{EXPECTED} "
    why = (
        f"Labels differ{apart} in {_set_count(sets, rows)} of equal or nearly equal rows. {expected}{bound}"
        f"{_chance(sets)}"
    )
    action = DECIDE if case.facts else ENTERED_TWICE
    review = Remedy("review", keys, action=MISSING if sets.coincidental else action)
    yield Finding(
        CODE, f"{len(keys):,} rows {_are(sets)} with different labels", severity, keys, why.strip(),
        (*_relabel_remedy(case), review), (case.floor,) if case.inseparable.any() else (),
        caveat="Where the columns say too little, equal rows may truly have different labels.",
    )  # fmt: skip


def _relabel_remedy(case: _Case) -> tuple[Remedy, ...]:
    classes = case.evidence.target.classes
    if classes is None or not case.facts:
        return ()
    change = case.relabeled(case.everyone)
    if not len(change.rows) or change.values is None:
        return ()
    ids, labels = ids_of(case.evidence, change.rows), tuple(classes[change.values].tolist())
    action = f"Give {len(ids):,} of these rows the label that their duplicates and neighbors vote for"
    return (Remedy("relabel", ids, labels, action, reason="" if case.enough(change) else FEW),)


def _floor(case: _Case) -> Iterator[Finding]:
    """Rows that models cannot tell apart and whose labels differ, where they are more than the duplicates above."""
    rows = case.inseparable
    if not (rows & ~case.contradicting).any():
        return
    keys = ids_of(case.evidence, _in_groups(case, rows))
    kept_apart = " Columns that models do not see tell some of them apart." if case.sets.cleared[rows].any() else ""
    why = (
        f"Models see {count_of(len(keys), 'row')} in {len(np.unique(case.sets.seen[rows])):,} sets as equal, with "
        f"different labels in each set.{kept_apart} {_bound(case)} This says what the columns hold, "
        "not that labels are wrong."
    )
    yield Finding(
        CODE, f"{len(keys):,} rows are equal in all that models see, with different labels", "note", keys, why,
        (Remedy("review", keys, action=MISSING),), (case.floor,),
    )  # fmt: skip


def _bound(case: _Case) -> str:
    return (
        "Whatever is learned, it predicts the same for rows that are equal in every column models see, so the error of "
        f"a model of these columns cannot fall below {case.floor}."
    )


def _cleared(case: _Case) -> Iterator[Finding]:
    """Rows that would be duplicates but for a column that models do not see, and that coincidence does not explain."""
    sets = case.sets
    rows = sets.cleared & ~case.inseparable
    pairs = pairs_within(sets.seen[rows])
    if not is_beyond_chance(pairs, sets.seen_expected):
        return
    keys = ids_of(case.evidence, _in_groups(case, rows))
    why = (
        f"{len(keys):,} rows equal another in every column models see, and differ in an id, a name, a date or "
        "another column that was left out. If that names different things, these are no duplicates; if it was given "
        "to every entry anew, they may be one thing entered twice. The table cannot tell."
    )
    yield Finding(
        CODE, f"{len(keys):,} rows differ only in columns that models do not see", "note", keys, why,
        (Remedy("review", keys, action="Decide whether these are different things"),),
    )  # fmt: skip


def _same_texts(case: _Case) -> Iterator[Finding]:
    """For each text column, rows with the text of another row that differ elsewhere."""
    for name, groups in case.sets.texts.items():
        rows = repeated(groups) & ~(case.sets.sizes > 1) & ~case.sets.cleared  # the others are named above
        rows &= repeated(np.where(rows, groups, groups.max() + 1 + np.arange(len(groups))))
        keys = ids_of(case.evidence, np.flatnonzero(rows)[np.argsort(groups[rows], kind="stable")])
        if keys:
            why = f"Rows {keys_text(keys)} have the text of another row in {name!r}, and differ in other columns."
            yield Finding(
                CODE, f"{len(keys):,} rows repeat the text of another in {name!r}", "note", keys, why,
                (Remedy("review", keys, action="Decide whether these rows belong together (groups=)"),),
                caveat="Texts of a few words, such as names, repeat by nature.",
            )  # fmt: skip


def _in_groups(case: _Case, rows: Mask) -> Ints:
    """Positions of rows that models see as equal, next to each other."""
    return in_sets(case.sets.as_seen(), case.evidence.data.ids, rows)


def _are(sets: DuplicateSets) -> str:
    """What rows of sets are called in a title."""
    return "equal another by coincidence," if sets.coincidental else "are duplicates"


def _set_count(sets: DuplicateSets, rows: Mask) -> str:
    return count_of(len(np.unique(sets.members[rows])), "set")


def _chance(sets: DuplicateSets) -> str:
    """How far coincidence explains the equal pairs, and what cannot tell them apart, in words."""
    said = [*coincidence(sets.pairs, sets.expected)]
    if sets.numbering:
        names = ", ".join(map(repr, sets.numbering[:3]))
        said.append(f"{names} only numbers the rows, and was not compared.")
    return " ".join(said)


# ---- exhibits -------------------------------------------------------------------------------------------------------


def _exhibit(case: _Case) -> Exhibit | None:
    """One line a row of a set: which set, which row is kept and why; sets that disagree first."""
    sets, contradicting = case.sets, case.contradicting
    target, ids = case.evidence.target, case.evidence.data.ids
    positions = in_sets(sets, ids, sets.sizes > 1, contradicting)
    if not len(positions):
        return None
    kept, preferred, support = kept_rows(sets, ids, positions, contradicting[positions], target, case.evidence.graph)
    why = _why_kept(contradicting[positions], preferred, support)
    first = dict(zip(sets.members[positions[kept]].tolist(), ids[positions[kept]].tolist(), strict=True))
    dropped = [f"duplicate of {first[member]}" for member in sets.members[positions].tolist()]
    columns = {
        "set": set_numbers(sets, positions),
        "id": ids[positions],
        "given": _given(case, positions),
        "kind": np.where(sets.exact[positions], "exact", "near"),
        "keep": np.where(kept, "keep", ""),
        "reason": np.where(kept, why, dropped),
    }
    return Exhibit(
        "table", "duplicates, set by set", columns, note="Keep one row of every set; the reason says why this one."
    )


def _floor_exhibit(case: _Case) -> Exhibit | None:
    """The rows models cannot tell apart, set by set, at most 60 of them."""
    if not (case.inseparable & ~case.contradicting).any():
        return None
    positions = _in_groups(case, case.inseparable)
    shown = positions[:LISTED]
    columns = {
        "set": set_numbers(case.sets.as_seen(), shown),
        "id": case.evidence.data.ids[shown],
        "given": _given(case, shown),
    }
    note = f"The first {LISTED} of {len(positions):,} rows." if len(positions) > LISTED else ""
    return Exhibit("table", "equal to a model, with different labels", columns, note=note)


def _given(case: _Case, positions: Ints) -> Array:
    target = case.evidence.target
    return target.codes[positions] if target.classes is None else target.classes[target.codes[positions]]


def _why_kept(contradicting: Mask, preferred: Ints, support: Ints) -> Array:
    """(k,) why it would be this row of its set that is kept."""
    voted = np.array([f"kept: duplicates vote for its label, and {count} of their neighbors" for count in support])
    unclear, plain = "kept: no label has most votes; its id comes first", "kept: labels agree; its id comes first"
    return np.where(contradicting, np.where(preferred >= 0, voted, unclear), plain)
