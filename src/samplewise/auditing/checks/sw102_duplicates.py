"""SW102 duplicates.

## Measures
Sets of duplicate rows. Exact duplicates have all cells equal (ids left out), or all pixels at the size the model is
trained on. Near duplicates lie far nearer to each other than the density around both of them explains; in tables with
categories they must agree in everything but the rounding of numbers. Sets whose rows carry different labels are listed
apart. Where a table has so few different values that rows are equal by chance, the expected number of such pairs is
stated.

## Why it matters
Duplicates on both sides of a split are predicted from memory, so the score is too good; in an audit all duplicates
share a fold. A set with two labels holds at least one label that no model can get right.

## When it is wrong
Equal measurements of different things are not duplicates: coarse tables repeat themselves. Frames of one film or shots
of one burst are near duplicates that may be intended; then say so with groups=.

## Remedy
Keep one row of every set: the one whose label most rows of the set carry, then most neighbors, then the first by id.
Where labels disagree, give the rows the label that their duplicates and neighbors vote for, or have a person look.

## Source
levina2004 for the dimension behind "far nearer", benjamini1995 for the share of false duplicates.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.core.arrays import Array, Ints, Mask
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.values import Estimate, Exhibit
from samplewise.engine.refits.folded_rows import FoldedRows, RemedyRule, RowEdit
from samplewise.quality.duplicates import (
    DuplicateSets,
    contradicting_sets,
    drop_redundant_duplicates,
    duplicate_sets,
    in_sets,
    kept_rows,
    outvoted_share,
    relabel_duplicates,
    set_numbers,
    surplus_share,
    tolerance_of,
)

CODE, TITLE, SLOW = "SW102", "duplicates", False
NEEDS = frozenset({"features"})

SOME = 0.001  # share of the rows below which duplicates change nothing that could be measured
FEW = "so few rows are concerned that no effect could be seen"


def run(evidence: Evidence) -> CheckResult:
    """Duplicates that agree on the label, and duplicates that do not."""
    sets = sets_of(evidence)
    repeated = sets.sizes > 1
    if not repeated.any():
        return CheckResult()
    tolerance = tolerance_of(evidence.target)
    contradicting = contradicting_sets(sets.members, evidence.target.codes, tolerance)[sets.members]
    agreeing = repeated & ~contradicting
    findings = [
        *([_agreeing_finding(evidence, sets, agreeing)] if agreeing.any() else []),
        *([_contradicting_finding(evidence, sets, contradicting)] if contradicting.any() else []),
    ]
    return CheckResult(tuple(findings), exhibits=(_exhibit(evidence, sets, repeated, contradicting),))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Drop all but one of duplicates that agree; relabel those that disagree as duplicates and neighbors vote."""
    sets = sets_of(evidence)
    offered: dict[str, RemedyRule] = {}
    if _enough(evidence, _dropped(evidence, sets, evidence.whole)):
        offered["drop"] = lambda folded: _dropped(evidence, sets, folded)
    if evidence.target.classes is not None and _enough(evidence, _relabeled(evidence, sets)):
        offered["relabel"] = lambda folded: relabel_duplicates(folded, sets, evidence.graph)
    return offered


def sets_of(evidence: Evidence) -> DuplicateSets:
    """The sets of duplicates among the rows of the audit, with the graph that other checks use."""
    embedded = evidence.embeddings is not None
    return duplicate_sets(evidence.data.X, evidence.columns, evidence.space, evidence.graph, embedded=embedded)


def _enough(evidence: Evidence, change: RowEdit) -> bool:
    """Whether a change concerns so many rows that measuring its effect makes sense."""
    return len(change.rows) >= max(1.0, SOME * len(evidence.data))


def _dropped(evidence: Evidence, sets: DuplicateSets, folded: FoldedRows) -> RowEdit:
    return drop_redundant_duplicates(folded, sets, tolerance_of(evidence.target))


def _relabeled(evidence: Evidence, sets: DuplicateSets) -> RowEdit:
    return relabel_duplicates(evidence.whole, sets, evidence.graph)


# ---- findings -------------------------------------------------------------------------------------------------------


def _agreeing_finding(evidence: Evidence, sets: DuplicateSets, rows: Mask) -> Finding:
    keys = _ids_by_set(evidence, sets, rows)
    exact, near = int((rows & sets.exact).sum()), int((rows & ~sets.exact).sum())
    change = _dropped(evidence, sets, evidence.whole)
    surplus = tuple(evidence.data.ids[change.rows].tolist())
    much = _enough(evidence, change)
    severity: Severity = "warning" if much and sets.beyond_chance(rows) else "note"
    remedy = Remedy(
        "drop",
        surplus,
        action=f"Keep one row of every set, drop the other {len(surplus):,}",
        reason="" if much else FEW,
    )
    kinds = [f"{exact:,} equal another in every cell" if exact else "", f"{near:,} almost" if near else ""]
    why = f"Of {len(keys):,} rows in {_set_count(sets, rows)}, {', '.join(filter(None, kinds))}. {_chance(sets)}"
    caveat = "Equal measurements of different things are not duplicates; frames of one film may be intended (groups=)."
    title = f"{len(keys):,} rows are duplicates with the same label"
    share = surplus_share(len(surplus), len(evidence.data))
    return Finding(CODE, title, severity, keys, why.strip(), (remedy,), (share,), caveat=caveat)


def _contradicting_finding(evidence: Evidence, sets: DuplicateSets, rows: Mask) -> Finding:
    keys = _ids_by_set(evidence, sets, rows)
    beyond = sets.beyond_chance(rows)
    much = len(keys) >= SOME * len(evidence.data)
    severity: Severity = (
        "note" if not beyond else "error" if much and evidence.target.classes is not None else "warning"
    )
    review = Remedy("review", keys, action="Look at every set and decide which label is right")
    remedies = (*_relabel_remedy(evidence, sets), review)
    why = f"Labels contradict each other in {_set_count(sets, rows)} of duplicates. {_chance(sets)}"
    caveat = "Where the features say too little, equal rows may truly have different labels."
    title = f"{len(keys):,} rows are duplicates with different labels"
    return Finding(CODE, title, severity, keys, why.strip(), remedies, _outvoted(evidence, sets, rows), caveat=caveat)


def _relabel_remedy(evidence: Evidence, sets: DuplicateSets) -> tuple[Remedy, ...]:
    if evidence.target.classes is None:
        return ()
    change = _relabeled(evidence, sets)
    if not len(change.rows) or change.values is None:
        return ()
    ids = tuple(evidence.data.ids[change.rows].tolist())
    labels = tuple(evidence.target.classes[change.values].tolist())
    action = f"Give {len(ids):,} of these rows the label that their duplicates and neighbors vote for"
    return (Remedy("relabel", ids, labels, action, reason="" if _enough(evidence, change) else FEW),)


def _ids_by_set(evidence: Evidence, sets: DuplicateSets, rows: Mask) -> tuple[object, ...]:
    """Ids with the rows of a set next to each other, the set with the first id first."""
    return tuple(evidence.data.ids[in_sets(sets, evidence.data.ids, rows)].tolist())


def _set_count(sets: DuplicateSets, rows: Mask) -> str:
    count = len(np.unique(sets.members[rows]))
    return f"{count:,} set{'s' * (count > 1)}"


def _outvoted(evidence: Evidence, sets: DuplicateSets, rows: Mask) -> tuple[Estimate, ...]:
    """How many rows carry another class than most of their duplicates: no model of these features gets them right."""
    if evidence.target.classes is None:
        return ()
    return (outvoted_share(sets, rows, evidence.target.codes, len(evidence.target.classes)),)


def _chance(sets: DuplicateSets) -> str:
    """How far coincidence explains the equal pairs, in words."""
    if not sets.pairs or sets.expected < 0.5:
        return ""
    word = "more than" if sets.exact_beyond_chance else "no more than"
    return (
        f"There are {sets.pairs:,.0f} equal pairs, {word} coincidence explains: about {sets.expected:,.0f} are to be "
        "expected, because many rows agree in all columns but one."
    )


def _exhibit(evidence: Evidence, sets: DuplicateSets, repeated: Mask, contradicting: Mask) -> Exhibit:
    """One line a row of a set: which set, which row is kept and why; sets that disagree first."""
    target, ids = evidence.target, evidence.data.ids
    positions = in_sets(sets, ids, repeated, contradicting)
    kept, preferred, support = kept_rows(sets, ids, positions, contradicting[positions], target, evidence.graph)
    why = _why_kept(contradicting[positions], preferred, support)
    first = dict(zip(sets.members[positions[kept]].tolist(), ids[positions[kept]].tolist(), strict=True))
    dropped = [f"duplicate of {first[member]}" for member in sets.members[positions].tolist()]
    given = target.codes[positions] if target.classes is None else target.classes[target.codes[positions]]
    columns = {
        "set": set_numbers(sets, positions),
        "id": ids[positions],
        "given": given,
        "kind": np.where(sets.exact[positions], "exact", "near"),
        "keep": np.where(kept, "keep", ""),
        "reason": np.where(kept, why, dropped),
    }
    return Exhibit(
        "table", "duplicates, set by set", columns, note="Keep one row of every set; the reason says why this one."
    )


def _why_kept(contradicting: Mask, preferred: Ints, support: Ints) -> Array:
    """(k,) why it would be this row of its set that is kept."""
    voted = np.array([f"kept: duplicates vote for its label, and {count} of their neighbors" for count in support])
    unclear, plain = "kept: no label has most votes; its id comes first", "kept: labels agree; its id comes first"
    return np.where(contradicting, np.where(preferred >= 0, voted, unclear), plain)
