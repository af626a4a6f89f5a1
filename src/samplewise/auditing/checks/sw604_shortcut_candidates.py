"""SW604 columns that could be a shortcut.

## Measures
How far every column tells the label alone (labels of its cells on one half of the rows predict those of the other);
how much the error of a model fitted on the first half rises when the column is swapped between rows of the other; and
what a model without the column loses. Named segments that the model does not see are scanned as well.

## Why it matters
A model takes what is easiest. A ruler in the picture, the device, or a code that a clerk filled in can stand for the
label in these rows and for nothing elsewhere.

## When it is wrong
A strong honest column is no shortcut, and no table can tell the two apart; so this is never more than a note. Named is
a column that alone tells at least half of what the model tells and whose swapping costs at least twice what a model
without it loses: the model leans on it more than it needs it. Honest columns that say the same thing twice (length and
width) look like that too.

## Remedy
Ask whether the column will be there, and will mean the same, where the model is used. If not, leave it out: what that
costs here is told.

## Source
geirhos2020 for what a shortcut is; yates1982, benjamini1995 for the scan; jansen1999 for swapping.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.core.errors import InputError, NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy
from samplewise.core.texts import keys_text, number_text, shortened
from samplewise.core.values import Exhibit
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.shift.shortcuts import ShortcutScan, scan_of

CODE, TITLE, SLOW = "SW604", "columns that could be a shortcut", True
NEEDS = frozenset({"label", "features"})

LISTED = 20
NAME = 40


def run(evidence: Evidence) -> CheckResult:
    """Columns that the model leans on more than it needs."""
    try:
        found = scan_of(evidence.prepared)
    except InputError as lacking:
        raise NotApplicable(f"{lacking.what} ({lacking.got})") from None
    findings = (_finding(found),) if found.could_be.any() else ()
    return CheckResult(findings, (), (_exhibit(found),), (found.told,))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Nothing to test: columns are left out by the user, and no rule changes rows."""
    return {}


def _finding(found: ShortcutScan) -> Finding:
    named = np.flatnonzero(found.could_be)
    keys = tuple(found.names[named].tolist())
    why = " ".join(_sentence(found, at) for at in named[:5].tolist())
    title = f"{keys_text([shortened(key, NAME) for key in keys])} could be a shortcut"
    ask = "Ask whether it will be there, and mean the same, where the model is used; if not, leave it out."
    caveat = "An honest column looks the same, above all where another one says nearly the same."
    remedy = Remedy("review", keys, action=ask)
    return Finding(CODE, title, "note", keys, why, (remedy,), (found.told,), "column", caveat)


def _sentence(found: ShortcutScan, at: int) -> str:
    name = shortened(found.names[at], NAME)
    alone = f"{name} alone tells {found.alone[at]:.2f} of the label where the model tells {found.told.value:.2f}"
    if not found.feature[at]:
        return f"{alone}; the model does not see it, but other features may tell it."
    return (
        f"{alone}; swapping it costs {_amount(found, found.leans[at])}, and a model without it loses "
        f"{_amount(found, found.without[at])}."
    )


def _amount(found: ShortcutScan, value: float) -> str:
    return f"{number_text(float(f'{value:.3g}'))} {found.unit}".strip()


def _exhibit(found: ShortcutScan) -> Exhibit:
    top = slice(0, LISTED)
    columns = {
        "name": np.array([shortened(name, NAME) for name in found.names[top]], dtype=str),
        "value": found.alone[top],
    }
    note = "Columns the model leans on most first; measured on held-out rows. 1: the label is always told."
    return Exhibit("bars", "How far each column tells the label alone", columns, "0 chance, 1 always", note)
