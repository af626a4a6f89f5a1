"""SW106 a column that gives the label away.

## Measures
Skill of every column alone: its values (or bins of them) are matched with labels on one half of the rows and scored on
the other. 1 means that the column removes every error of always predicting the largest class, 0 that it removes none;
for a numeric label, the share of the variance of its ranks. The same is measured for the fact that a value is missing.

## Why it matters
A column that was filled in after the outcome was known, or is the label under another name, will not be there when the
model is used. The model learns it and nothing else, and its score is worthless.

## When it is wrong
One honest measurement can be enough: a threshold on it may be how the classes are defined. So a column counts as an
error only if its values are the classes under another name, or if it is nearly perfect, its numbers form one cluster
per class and no other column comes close; anything less is a warning. A code that is split over several columns is not
found.

## Remedy
Find out when and by whom the column was filled in; leave it out unless it is known before the label.

## Source
kaufman2012 for what makes a column illegitimate; holm1979 for the correction over columns.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.core.arrays import Ints
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.values import Exhibit
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.quality.label_leakage import (
    FEWEST_ROWS,
    MUCH,
    ColumnSkill,
    estimate_at,
    giving_away,
    separation_of_columns,
    skill_of_columns,
)

CODE, TITLE, SLOW = "SW106", "a column that gives the label away", False
NEEDS = frozenset({"label", "columns", "features"})

CONFIDENCE = 0.95


def run(evidence: Evidence) -> CheckResult:
    """Columns from which alone the label can be read."""
    if len(evidence.data) < FEWEST_ROWS:
        raise NotApplicable(f"fewer than {FEWEST_ROWS} rows: any column may fit them by luck")
    found = skill_of_columns(
        evidence.data.X, evidence.columns, evidence.target, evidence.data.ids, evidence.split_groups, evidence.seed
    )
    proven, questioned = giving_away(found)
    findings = [
        *([_finding(found, np.flatnonzero(proven), "error")] if proven.any() else []),
        *([_finding(found, np.flatnonzero(questioned), "warning")] if questioned.any() else []),
    ]
    return CheckResult(tuple(findings), (found.scores,), (_exhibit(evidence, found),))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Columns are left out by the user; no rule changes rows."""
    return {}


def _exhibit(evidence: Evidence, found: ColumnSkill) -> Exhibit:
    """Skill of the best columns, on the scale of the audit's metric where that compares classes."""
    names, value, unit = found.names, found.best, "skill: 1 = everything, 0 = nothing"
    if not evidence.metric.weighted:
        names, value = separation_of_columns(
            evidence.data.X, evidence.columns, evidence.target, evidence.metric, evidence.data.ids,
            evidence.split_groups, evidence.seed,
        )  # fmt: skip
        unit = f"skill by {evidence.metric.title}: 1 = everything, 0 = chance"
    top = np.argsort(-value, kind="stable")[:20]
    columns = {"name": names[top], "value": value[top]}
    return Exhibit("bars", "what one column alone says about the label", columns, unit)


def _finding(found: ColumnSkill, positions: Ints, severity: Severity) -> Finding:
    best = found.best
    positions = positions[np.argsort(-best[positions], kind="stable")]
    keys = tuple(found.names[positions].tolist())
    first = positions[0]
    rest = np.delete(best, positions)
    others = f" The best of all other columns reaches {rest.max():.2f}." if len(rest) else ""
    why = f"{_why(found, int(first))}{others}"
    subject = f"column {keys[0]!r}" if len(keys) == 1 else f"{len(keys):,} columns"
    verb = "gives" if len(keys) == 1 else "give"
    title = f"{subject} {verb} the label away" if severity == "error" else f"{subject} may {verb[:4]} the label away"
    action = "Leave them out unless they are known before the label: find out when and by whom they were filled in"
    caveat = "One honest measurement can be enough where a threshold on it is how the classes are defined."
    measured = tuple(estimate_at(found, int(column), CONFIDENCE) for column in positions[:10])
    return Finding(
        CODE, title, severity, keys, why, (Remedy("review", keys, action=action),), measured, "column", caveat
    )


def _why(found: ColumnSkill, column: int) -> str:
    name, skill, gaps = found.names[column], found.skill[column], found.gaps[column]
    if gaps >= MUCH and gaps >= skill:
        return f"Whether {name} has a value predicts the label alone: skill {gaps:.2f} of 1."
    if found.one_to_one[column]:
        return (
            f"The {found.values[column]:,} values of {name} are the classes under another name: skill {skill:.2f} of 1."
        )
    return f"{name} alone predicts the label with skill {skill:.2f} of 1."
