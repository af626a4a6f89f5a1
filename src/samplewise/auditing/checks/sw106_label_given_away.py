"""SW106 a column that gives the label away.

## Measures
Skill of every column alone: its values (or bins of them) are matched with labels on one half of the rows and scored on
the other. 1 means that the column removes every error of always predicting the largest class, 0 that it removes none;
for a numeric label, the share of the variance of its ranks. The same is measured for the fact that a value is missing.
Besides: whether a numeric label has the order of a column (rank correlation), or is a straight line of it in nearly all
rows; whether two cuts on a column separate the classes; and whether two or three columns are the label together, as a
sum, difference, product or ratio. Where a column is the label, models are trained without it too, and both held-out
errors are given.

## Why it matters
A column that was filled in after the outcome was known, or is the label under another name, will not be there when the
model is used. The model learns it and nothing else, and its score is worthless.

## When it is wrong
One honest measurement can be enough: a threshold on it may be how the classes are defined. So a column counts as an
error only if its values are the classes under another name, or if it is nearly perfect, its numbers form one cluster
per class and no other column comes close; a numeric label needs a rank correlation of .999, or the same straight line
in 99.9 % of the rows. Less is a warning: a rank correlation of .98, a straight line in 95 % of the rows, or two cuts
of skill .9 while no other column comes close. Honest measurements stay below: the length of a diamond has a rank
correlation of .96 with its price. What only its meaning gives away (a date of death among the features) no statistic
finds; columns named like that are a question. Classes that several columns give together are not found.

## Remedy
Find out when and by whom the column was filled in; leave it out unless it is known before the label. The finding holds
the option that does so.

## Source
kaufman2012 for what makes a column illegitimate; holm1979 for the correction over columns.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import errors_with_and_without
from samplewise.core.arrays import Ints
from samplewise.core.errors import NotApplicable
from samplewise.core.escapes import shell_option
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.rates import percent_text
from samplewise.core.texts import keys_text
from samplewise.core.values import Estimate, Exhibit
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.quality.label_leakage import (
    FEWEST_ROWS,
    MUCH,
    ON_LINE,
    RISES,
    ColumnSkill,
    estimate_at,
    giving_away,
    separation_of_columns,
    skill_of_columns,
)
from samplewise.quality.label_made_of import MadeOf, label_made_of

CODE, TITLE, SLOW = "SW106", "a column that gives the label away", False
NEEDS = frozenset({"label", "columns", "features"})

CONFIDENCE = 0.95
NAMED_AFTER = re.compile(  # what is usually written down once the outcome is there
    r"(^|[_\W])(outcomes?|discharged?|deceased|death|died|cens\w*|follow_?up|post_?mortem|autopsy|final_(status|result))"
    r"($|[_\W])|^(death|cens|discharge)(date|dead|rec|time)$",
    re.IGNORECASE,
)
ACTION = "Leave {} out unless known before the label: find out when and by whom it was filled in. Without it: {}"
HONEST_GAPS = "A value can be absent for a reason that is known before the label."
HONEST_NUMBER = "One honest measurement can be nearly the label itself; then the label is known where it is measured."
HONEST = "One honest measurement can be enough where a threshold on it is how the classes are defined."


def run(evidence: Evidence) -> CheckResult:
    """Columns from which alone the label can be read."""
    if len(evidence.data) < FEWEST_ROWS:
        raise NotApplicable(f"fewer than {FEWEST_ROWS} rows: any column may fit them by luck")
    found = skill_of_columns(
        evidence.data.X, evidence.columns, evidence.target, evidence.data.ids, evidence.split_groups, evidence.seed
    )
    proven, questioned = giving_away(found)
    names = found.names
    made = label_made_of(evidence.data.X, evidence.columns, evidence.target, names[proven | questioned].tolist())
    findings = [
        *([_proven(evidence, found, np.flatnonzero(proven))] if proven.any() else []),
        *([_together(evidence, made)] if made is not None else []),
        *([_finding(found, np.flatnonzero(questioned), "warning")] if questioned.any() else []),
        *_named_after(evidence, {*names[proven | questioned].tolist(), *(made.names if made else ())}),
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
    rows = len(evidence.data)
    note = f"Measured on {found.rows:,} of {rows:,} rows." if found.rows < rows else ""
    return Exhibit("bars", "what one column alone says about the label", columns, unit, note=note)


def _proven(evidence: Evidence, found: ColumnSkill, positions: Ints) -> Finding:
    """The finding of columns that are the label, with the error without them."""
    finding = _finding(found, positions, "error")
    both = errors_with_and_without(evidence, finding.keys)
    return replace(finding, explanation=finding.explanation + _without(both), measured=(*finding.measured, *both))


def _together(evidence: Evidence, made: MadeOf) -> Finding:
    """The finding of columns that are the label together."""
    both = errors_with_and_without(evidence, made.names)
    why = f"The label is {made.formula} in {percent_text(made.share)} of the rows, but for a constant.{_without(both)}"
    share = Estimate("rows in which the formula gives the label", made.share, unit="share of rows", reason="a count")
    title = f"{keys_text(made.names)} together give the label away"
    caveat = "Where the parts are known before the label, it need not be predicted: it can be computed."
    remedy = Remedy("review", made.names, action=ACTION.format("them", _options(made.names)))
    return Finding(CODE, title, "error", made.names, why, (remedy,), (share, *both), "column", caveat)


def _named_after(evidence: Evidence, told: set[str]) -> list[Finding]:
    """A question about columns whose names say that they are filled in after the label is known."""
    columns = [column for column in evidence.columns if column.role == "feature" and column.name not in told]
    keys = tuple(column.name for column in columns if NAMED_AFTER.search(column.name))
    if not keys:
        return []
    title = f"when {'is' if len(keys) == 1 else 'are'} {keys_text(keys)} known?"
    why = "The name is that of something written down once the outcome is there; the values alone cannot tell."
    remedy = Remedy("review", keys, action=ACTION.format("it", _options(keys)))
    caveat = "A name is no evidence: the column may be known long before the label."
    return [Finding(CODE, title, "note", keys, why, (remedy,), axis="column", caveat=caveat)]


def _without(both: Sequence[Estimate]) -> str:
    """What is left without the columns, as a sentence."""
    if not both:
        return ""
    given, left = (estimate.without_reason() for estimate in both)
    return f" Held-out error with every column: {given}; without: {left}."


def _options(names: Sequence[str]) -> str:
    """The options of the command that leave columns out."""
    return " ".join(shell_option("--drop-columns", [name]) for name in names)


def _finding(found: ColumnSkill, positions: Ints, severity: Severity) -> Finding:
    best = found.best
    positions = positions[np.argsort(-best[positions], kind="stable")]
    keys = tuple(found.names[positions].tolist())
    first = positions[0]
    rest = np.delete(best, positions)
    others = f" The skill of all other columns reaches {rest.max():.2f}." if len(rest) else ""
    why = f"{_why(found, int(first))}{others}"
    subject = f"column {keys[0]!r}" if len(keys) == 1 else f"{len(keys):,} columns"
    verb = "gives" if len(keys) == 1 else "give"
    title = f"{subject} {verb} the label away" if severity == "error" else f"{subject} may {verb[:4]} the label away"
    action = ACTION.format("them" if len(keys) > 1 else "it", _options(keys))
    measured = tuple(estimate_at(found, int(column), CONFIDENCE) for column in positions[:10])
    return Finding(
        CODE, title, severity, keys, why, (Remedy("review", keys, action=action),), measured, "column",
        _caveat(found, int(first)),
    )  # fmt: skip


def _caveat(found: ColumnSkill, column: int) -> str:
    """What may make this an honest column after all."""
    if _by_gaps(found, column):
        return HONEST_GAPS
    return HONEST if found.guess else HONEST_NUMBER


def _by_gaps(found: ColumnSkill, column: int) -> bool:
    return bool(found.gaps[column] >= MUCH and found.gaps[column] >= found.skill[column])


def _why(found: ColumnSkill, column: int) -> str:
    name, skill, gaps = found.names[column], found.skill[column], found.gaps[column]
    if _by_gaps(found, column):
        return f"Whether {name} has a value predicts the label alone: skill {gaps:.2f} of 1."
    if found.one_to_one[column]:
        return (
            f"The {found.values[column]:,} values of {name} are the classes under another name: skill {skill:.2f} of 1."
        )
    if found.rises[column] >= RISES:
        return f"The label has the order of {name}: their rank correlation is {found.rises[column]:.4f}."
    if found.on_line[column] >= ON_LINE:
        return f"The label is a straight line of {name} in {percent_text(found.on_line[column])} of the rows."
    if found.cuts[column] > skill:
        return f"Two cuts on {name} alone predict the label with skill {found.cuts[column]:.2f} of 1."
    return f"{name} alone predicts the label with skill {skill:.2f} of 1."
