"""SW107 an id or a date among the features.

## Measures
Columns whose values only name the row: whole numbers that are all different and fill their range at least to a half
(counters, with or without gaps), texts that are all different, columns named like ids; and dates.

## Why it matters
An id is the position of a row in the file. Where the file was sorted or joined by class, that gives the label away; in
use, every new row has an id no model has seen. A date works until tomorrow.

## When it is wrong
A rank, or a count that happens to take every value once, looks like a counter and is a feature.

## Remedy
Columns that were understood as ids or dates in a table are already left out, and this is a note. In plain arrays
nothing is left out: drop the column before training. Pass a date as time=, so that no model is trained on the future.

## Source
No publication: a rule on the values, stated above.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.core.findings import CheckResult, Finding, Remedy
from samplewise.core.texts import keys_text
from samplewise.core.values import Estimate
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.quality.id_and_date_columns import left_out_columns, used_columns
from samplewise.quality.label_leakage import GUESSED, NO_SPREAD, RANKED, skill_of_columns

CODE, TITLE, SLOW = "SW107", "an id or a date among the features", False
NEEDS = frozenset({"columns"})


def run(evidence: Evidence) -> CheckResult:
    """Columns that name the row or the day: left out already (note), or still among the features (warning)."""
    left_out = left_out_columns(evidence.data.X, evidence.columns)
    used = used_columns(evidence.data.X, evidence.columns)
    findings = [
        *([_left_out(evidence, left_out)] if left_out else []),
        *([_among_features(evidence, used)] if used else []),
    ]
    return CheckResult(tuple(findings))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Columns are left out by the user; no rule changes rows."""
    return {}


def _left_out(evidence: Evidence, positions: list[int]) -> Finding:
    columns = [evidence.columns[position] for position in positions]
    keys = tuple(column.name for column in columns)
    said: dict[str, list[str]] = {}
    for column in columns:
        said.setdefault(f"{_what(column.kind)}: {column.note}", []).append(column.name)
    why = "; ".join(f"{keys_text(names)}: each {what}" if names[1:] else f"{names[0]} is {what}"
                    for what, names in list(said.items())[:5])  # fmt: skip
    title = (
        f"{len(keys):,} columns with ids or dates are left out" if len(keys) > 1 else f"column {keys[0]!r} is left out"
    )
    action = "Name an id with id=, a date with time=, so that rows are called by it and splits respect it"
    caveat = "A column that is none is left out by mistake; give it another type or name."
    remedy = Remedy("review", keys, action=action)
    return Finding(CODE, title, "note", keys, f"{why}.", (remedy,), axis="column", caveat=caveat)


def _among_features(evidence: Evidence, positions: list[int]) -> Finding:
    keys = tuple(evidence.columns[position].name for position in positions)
    why = (
        f"The learner sees {', '.join(keys[:5])}, whose values are dates or different whole numbers without large gaps."
    )
    title = f"{len(keys):,} columns count rows or days" if len(keys) > 1 else f"column {keys[0]!r} counts rows or days"
    remedy = Remedy("review", keys, action="Leave these columns out of the features")
    caveat = "A rank, or a count that happens to take every value once, is a feature."
    measured = _skill_of_order(evidence, positions[:10])
    return Finding(CODE, title, "warning", keys, why, (remedy,), measured, axis="column", caveat=caveat)


def _skill_of_order(evidence: Evidence, positions: list[int]) -> tuple[Estimate, ...]:
    """How well the order of the rows alone predicts the label."""
    found = skill_of_columns(
        evidence.data.X, evidence.columns, evidence.target, evidence.data.ids, evidence.split_groups, evidence.seed,
        np.array(positions, dtype=np.intp),
    )  # fmt: skip
    unit = GUESSED if found.guess else RANKED
    named = zip(found.names.tolist(), found.skill.tolist(), strict=True)
    return tuple(Estimate(f"skill of {name} alone", skill, unit=unit, reason=NO_SPREAD) for name, skill in named)


def _what(kind: str) -> str:
    return "a date" if kind == "date" else "an id"
