"""SW106 a column that gives the label away.

## Measures
Skill of every column alone: its values (or bins of them) are matched with labels on one half of the rows and scored on
the other. 1 means that the column removes every error of guessing the largest class, 0 that it removes none; for a
numeric label, the share of the variance of its ranks. The same is asked of the mere fact that a value is missing.

## Why it matters
A column that was filled in after the outcome was known, or is the label under another name, will not be there when the
model is used. The model learns it and nothing else, and its score is worthless.

## When it is wrong
One honest measurement can be enough: a threshold on it may be how the classes are defined. So a column counts as an
error only if its values are the classes under another name, or if it is nearly perfect, its numbers lie in one heap per
class and no other column comes close; anything less is a warning. A code that is split over several columns is not
found.

## Remedy
Ask when and by whom the column was filled in; leave it out unless it is known before the label.

## Source
kaufman2012 for what makes a column illegitimate; holm1979 for the correction over columns.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.column_skill import ColumnSkill, column_skill, has_columns
from samplewise.auditing.evidence import Evidence
from samplewise.core.arrays import Ints, Mask
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.values import Estimate, Exhibit, Scores
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.engine.statistics.intervals import share_interval
from samplewise.engine.statistics.significance import binomial_p_value

CODE, TITLE, SLOW = "SW106", "a column that gives the label away", False
NEEDS = frozenset({"label", "features"})

ALL = 0.97  # skill from which a column leaves next to nothing open
NEARLY_ALL = 0.995  # skill a column must have to be an error without being the label's double
MUCH = 0.8  # skill from which a column of few values that stands out is worth a question
MOST = 0.9  # the same for a column of many values: honest measurements reach more than codes do
FAR_BELOW = 0.5  # of the best column's skill: where the next must lie for the best to stand out
FEWEST_OTHERS = 5  # columns there must be beside it for that comparison to mean anything
CHANCE = 0.001  # of a column doing so well by luck, over all columns
FEW_VALUES = 30  # different values up to which a column reads like a code
FEWEST_ROWS = 20
CONFIDENCE = 0.95


def run(evidence: Evidence) -> CheckResult:
    """Columns from which alone the label can be read."""
    if evidence.embeddings is not None or not has_columns(evidence.data.X) or not evidence.columns:
        raise NotApplicable("pictures and embeddings have no columns that mean something on their own")
    if len(evidence.data) < FEWEST_ROWS:
        raise NotApplicable(f"fewer than {FEWEST_ROWS} rows: any column may fit them by luck")
    found = column_skill(evidence)
    if not len(found.names):
        raise NotApplicable("no column is left to learn from")
    proven, questioned = giving_away(found)
    findings = [
        *([_finding(found, np.flatnonzero(proven), "error")] if proven.any() else []),
        *([_finding(found, np.flatnonzero(questioned), "warning")] if questioned.any() else []),
    ]
    best = np.maximum(found.skill, found.gaps)
    scores = Scores(
        "label_given_away", best, found.names, "share of the errors of a guess that the column alone removes",
        "says more about the label on its own", axis="column",
    )  # fmt: skip
    top = np.argsort(-best, kind="stable")[:20]
    columns = {"name": found.names[top], "value": best[top]}
    exhibit = Exhibit(
        "bars", "what one column alone says about the label", columns, "skill: 1 = everything, 0 = nothing"
    )
    return CheckResult(tuple(findings), (scores,), (exhibit,))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Columns are left out by the user; no rule changes rows."""
    return {}


def giving_away(found: ColumnSkill) -> tuple[Mask, Mask]:
    """Columns (d,) that give the label away, and columns worth a question, without the former."""
    best = np.maximum(found.skill, found.gaps)
    others = best[best < MUCH]
    alone = (best >= MUCH) & (best * FAR_BELOW > others.max(initial=0.0)) & (len(others) >= FEWEST_OTHERS)
    alone &= (best >= MOST) | ((found.values > 0) & (found.values <= FEW_VALUES))
    double = found.one_to_one & (found.skill >= ALL)
    earned = ~_luck(found)
    plain = found.heaps | (found.values > 0) | (found.guess == 0)
    proven = earned & (double | (found.gaps >= ALL) | (alone & plain & (found.skill >= NEARLY_ALL)))
    questioned = earned & ~proven & (alone | (found.gaps >= MUCH) | (found.one_to_one & (best >= MUCH)))
    return proven, questioned


def _luck(found: ColumnSkill) -> Mask:
    """(d,) columns whose hits a guess would reach by luck somewhere among so many columns."""
    if not found.guess:
        return np.zeros(len(found.names), dtype=bool)
    chance = binomial_p_value(found.hits, found.rows, found.guess) * len(found.names)
    return np.asarray((chance >= CHANCE) & (found.gaps < MUCH))


def _finding(found: ColumnSkill, places: Ints, severity: Severity) -> Finding:
    best = np.maximum(found.skill, found.gaps)
    places = places[np.argsort(-best[places], kind="stable")]
    keys = tuple(found.names[places].tolist())
    first = places[0]
    rest = np.delete(best, places)
    others = f" The best of all other columns reaches {rest.max():.2f}." if len(rest) else ""
    why = f"{_why(found, int(first))}{others}"
    subject = f"column {keys[0]!r}" if len(keys) == 1 else f"{len(keys):,} columns"
    verb = "gives" if len(keys) == 1 else "give"
    title = f"{subject} {verb} the label away" if severity == "error" else f"{subject} may {verb[:4]} the label away"
    action = "Leave them out unless they are known before the label: find out when and by whom they were filled in"
    caveat = "One honest measurement can be enough where a threshold on it is how the classes are defined."
    measured = tuple(_estimate(found, int(place)) for place in places[:10])
    return Finding(
        CODE, title, severity, keys, why, (Remedy("review", keys, action=action),), measured, "column", caveat
    )


def _why(found: ColumnSkill, place: int) -> str:
    name, skill, gaps = found.names[place], found.skill[place], found.gaps[place]
    if gaps >= MUCH and gaps >= skill:
        return f"Whether {name} has a value tells the label alone: skill {gaps:.2f} of 1."
    if found.one_to_one[place]:
        return (
            f"The {found.values[place]:,} values of {name} are the classes under another name: skill {skill:.2f} of 1."
        )
    return f"{name} alone predicts the label with skill {skill:.2f} of 1."


def _estimate(found: ColumnSkill, place: int) -> Estimate:
    quantity, unit = f"skill of {found.names[place]} alone", "share of the errors of a guess"
    if not found.guess:
        reason = "half of the rows teach, the other half are scored; the spread over draws is not measured"
        return Estimate(quantity, float(found.skill[place]), unit="share of the variance of ranks", reason=reason)
    if found.gaps[place] > found.skill[place]:
        return Estimate(f"{quantity}, by its gaps", float(found.gaps[place]), unit=unit, reason="of the gaps only")
    ends = share_interval(found.hits[place], found.rows, CONFIDENCE)
    low, high = ((float(end) - found.guess) / (1.0 - found.guess) for end in ends)
    return Estimate(quantity, float(found.skill[place]), low, high, unit, CONFIDENCE, "clopper1934")
