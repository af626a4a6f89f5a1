"""SW102 duplicates.

## Measures
Sets of rows whose cells are all equal (ids left out), of pictures all pixels at the size they are learned from, and
rows that lie far nearer to each other than the density around both of them explains. In tables with categories a near
copy must agree in everything but the rounding of numbers. Sets whose rows carry different labels are listed apart.
Where a table has so few different values that rows meet by coincidence, the expected number of such meetings is stated.

## Why it matters
Copies on both sides of a split are predicted from memory, so the score is too good; here all copies share a fold. A set
with two labels holds at least one label that no model can get right.

## When it is wrong
Equal measurements of different things are no copies: coarse tables repeat themselves. Frames of one film or shots of
one burst are near copies that may be meant; then say so with groups=.

## Remedy
Keep one row of every set: the one whose label most copies carry, then most neighbors, then the first by id. Where
copies disagree, give them the label that their copies and neighbors favor, or have a person look.

## Source
levina2004 for the dimension behind "far nearer", benjamini1995 for the share of false copies.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.duplicates import DuplicateSets, duplicate_sets, favored_labels, id_rank
from samplewise.auditing.evidence import Evidence
from samplewise.core.arrays import Array, Ints, Mask
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.values import Estimate, Exhibit
from samplewise.engine.refits.folded_rows import FoldedRows, RemedyRule, RowEdit

CODE, TITLE, SLOW = "SW102", "duplicates", False
NEEDS = frozenset({"features"})

SOME = 0.001  # share of the rows below which copies change nothing that could be measured
APART = 0.5  # standard deviations by which the numeric labels of copies differ when they disagree
COUNTED = "a count on these rows, not an estimate for others"
FEW = "so few rows are concerned that no effect could be seen"


def run(evidence: Evidence) -> CheckResult:
    """Copies that agree on the label, and copies that do not."""
    if evidence.columns and not any(column.role == "feature" for column in evidence.columns):
        raise NotApplicable("no column says anything about a row, so all rows look alike")
    sets = duplicate_sets(evidence)
    repeated = sets.sizes > 1
    if not repeated.any():
        return CheckResult()
    contradicting = _disagreeing(evidence, sets.members, evidence.target.codes)[sets.members]
    agreeing = repeated & ~contradicting
    findings = [
        *([_agreeing_finding(evidence, sets, agreeing)] if agreeing.any() else []),
        *([_contradicting_finding(evidence, sets, contradicting)] if contradicting.any() else []),
    ]
    return CheckResult(tuple(findings), exhibits=(_exhibit(evidence, sets, repeated, contradicting),))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Drop all but one of agreeing copies; relabel copies that disagree as copies and neighbors vote."""
    sets = duplicate_sets(evidence)
    offered: dict[str, RemedyRule] = {}
    if _enough(evidence, _dropped(evidence, sets, evidence.whole)):
        offered["drop"] = lambda folded: _dropped(evidence, sets, folded)
    if evidence.target.classes is not None and _enough(evidence, _relabeled(evidence, sets, evidence.whole)):
        offered["relabel"] = lambda folded: _relabeled(evidence, sets, folded)
    return offered


def _enough(evidence: Evidence, change: RowEdit) -> bool:
    """Whether a change concerns so many rows that measuring its effect makes sense."""
    return len(change.rows) >= max(1.0, SOME * len(evidence.data))


def _dropped(evidence: Evidence, sets: DuplicateSets, folded: FoldedRows) -> RowEdit:
    """All but the first by id of every set in the part whose labels there agree."""
    members = sets.members[folded.positions]
    agree = ~_disagreeing(evidence, members, folded.codes)[members]
    order = np.lexsort((id_rank(folded.data.ids), members))
    later = np.r_[False, members[order][1:] == members[order][:-1]]
    return RowEdit("drop", np.sort(order[later & agree[order]]))


def _relabeled(evidence: Evidence, sets: DuplicateSets, folded: FoldedRows) -> RowEdit:
    """The favored label for every row of a set in the part that carries another one."""
    codes = np.full(len(sets.members), -1, dtype=np.intp)
    inside = np.zeros(len(sets.members), dtype=bool)
    codes[folded.positions], inside[folded.positions] = folded.codes, True
    favored, _ = favored_labels(sets, codes, inside, evidence.graph, folded.class_count)
    wanted = favored[sets.members[folded.positions]]
    rows = np.flatnonzero((wanted >= 0) & (wanted != folded.codes))
    return RowEdit("relabel", rows, wanted[rows])


def _disagreeing(evidence: Evidence, members: Ints, codes: Array) -> Mask:
    """(s,) sets whose rows carry different classes, or numbers more than half a standard deviation apart."""
    count = int(members.max()) + 1
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, members, codes)
    np.maximum.at(high, members, codes)
    apart = 0.0 if evidence.target.classes is not None else APART * float(np.std(evidence.target.codes))
    return high - low > apart


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
    caveat = "Equal measurements of different things are no copies; frames of one film may be meant (groups= says so)."
    title = f"{len(keys):,} rows are copies of one another, with the same label"
    share = _surplus_share(len(surplus), len(evidence.data))
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
    why = f"Labels contradict each other in {_set_count(sets, rows)} of copies. {_chance(sets)}"
    caveat = "Where the features say too little, equal rows may truly have different labels."
    title = f"{len(keys):,} rows are copies of one another, with different labels"
    return Finding(CODE, title, severity, keys, why.strip(), remedies, _outvoted(evidence, sets, rows), caveat=caveat)


def _relabel_remedy(evidence: Evidence, sets: DuplicateSets) -> tuple[Remedy, ...]:
    if evidence.target.classes is None:
        return ()
    change = _relabeled(evidence, sets, evidence.whole)
    if not len(change.rows) or change.values is None:
        return ()
    ids = tuple(evidence.data.ids[change.rows].tolist())
    labels = tuple(evidence.target.classes[change.values].tolist())
    action = f"Give {len(ids):,} of these rows the label their copies and neighbours favour"
    return (Remedy("relabel", ids, labels, action, reason="" if _enough(evidence, change) else FEW),)


def _ids_by_set(evidence: Evidence, sets: DuplicateSets, rows: Mask) -> tuple[object, ...]:
    """Ids with the rows of a set side by side, the set with the first id first."""
    places = np.flatnonzero(rows)
    return tuple(evidence.data.ids[places[_set_order(evidence, sets, places)]].tolist())


def _set_order(evidence: Evidence, sets: DuplicateSets, places: Ints) -> Ints:
    rank, members = id_rank(evidence.data.ids[places]), sets.members[places]
    first = np.full(int(sets.members.max()) + 1, len(places))
    np.minimum.at(first, members, rank)
    return np.lexsort((rank, first[members]))


def _set_count(sets: DuplicateSets, rows: Mask) -> str:
    count = len(np.unique(sets.members[rows]))
    return f"{count:,} set{'s' * (count > 1)}"


def _outvoted(evidence: Evidence, sets: DuplicateSets, rows: Mask) -> tuple[Estimate, ...]:
    """How many rows carry another class than most of their copies: those no model of these features gets right."""
    if evidence.target.classes is None:
        return ()
    classes = len(evidence.target.classes)
    pairs, counts = np.unique(sets.members[rows] * classes + evidence.target.codes[rows], return_counts=True)
    most = np.zeros(int(sets.members.max()) + 1, dtype=np.intp)
    np.maximum.at(most, pairs // classes, counts)
    share = (int(rows.sum()) - int(most.sum())) / len(evidence.data)
    return (Estimate("rows outvoted by their copies", share, unit="share of rows", source="counted", reason=COUNTED),)


def _chance(sets: DuplicateSets) -> str:
    """How far coincidence explains the equal pairs, in words."""
    if not sets.pairs or sets.expected < 0.5:
        return ""
    word = "more than" if sets.exact_beyond_chance else "no more than"
    return (
        f"There are {sets.pairs:,.0f} equal pairs, {word} coincidence explains: about {sets.expected:,.0f} are to be "
        "expected, because many rows agree in all columns but one."
    )


def _surplus_share(surplus: int, rows: int) -> Estimate:
    share = surplus / rows
    return Estimate("rows beyond the first of their set", share, unit="share of rows", source="counted", reason=COUNTED)


def _exhibit(evidence: Evidence, sets: DuplicateSets, repeated: Mask, contradicting: Mask) -> Exhibit:
    """One line a row of a set: which set, which copy is kept and why; sets that disagree first."""
    places = np.flatnonzero(repeated)
    places = places[_set_order(evidence, sets, places)]
    places = places[np.argsort(~contradicting[places], kind="stable")]
    numbers = np.unique(sets.members[places], return_index=True)
    named = {member: place + 1 for place, member in enumerate(numbers[0][np.argsort(numbers[1])].tolist())}
    kept, why = _kept(evidence, sets, places, contradicting[places])
    first = dict(zip(sets.members[places[kept]].tolist(), evidence.data.ids[places[kept]].tolist(), strict=True))
    copied = [f"copy of {first[member]}" for member in sets.members[places].tolist()]
    target = evidence.target
    given = target.codes[places] if target.classes is None else target.classes[target.codes[places]]
    columns = {
        "set": np.array([named[member] for member in sets.members[places].tolist()]),
        "id": evidence.data.ids[places],
        "given": given,
        "kind": np.where(sets.exact[places], "exact", "near"),
        "keep": np.where(kept, "keep", ""),
        "reason": np.where(kept, why, copied),
    }
    return Exhibit(
        "table", "copies, set by set", columns, note="Keep one row of every set; the reason says why this one."
    )


def _kept(evidence: Evidence, sets: DuplicateSets, places: Ints, contradicting: Mask) -> tuple[Mask, Array]:
    """Which of these rows to keep, one a set, and why it would be this one."""
    members = sets.members[places]
    preferred, support = np.full(len(sets.members), -1), np.zeros(len(sets.members), dtype=np.intp)
    if evidence.target.classes is not None:
        everyone = np.ones(len(sets.members), dtype=bool)
        found = favored_labels(sets, evidence.target.codes, everyone, evidence.graph, len(evidence.target.classes))
        preferred[: len(found[0])], support[: len(found[1])] = found
    agrees = (evidence.target.codes[places] == preferred[members]) | ~contradicting
    order = np.lexsort((id_rank(evidence.data.ids[places]), ~agrees, members))
    kept = np.zeros(len(places), dtype=bool)
    kept[order[np.r_[True, members[order][1:] != members[order][:-1]]]] = True
    voted = np.array([f"kept: copies favour its label, and {count} of their neighbours" for count in support[members]])
    unclear, plain = "kept: nobody favours one label; its id comes first", "kept: labels agree; its id comes first"
    why = np.where(contradicting, np.where(preferred[members] >= 0, voted, unclear), plain)
    return kept, why
