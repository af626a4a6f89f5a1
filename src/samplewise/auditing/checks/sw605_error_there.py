"""SW605 what the error elsewhere consists of.

## Measures
Where the test rows have labels: the error there as a sum of four signed parts, each from rules of the learner's kind
that are compared on the same rows and in the same folds. What is wrong at home already; what even a rule fitted there
gets wrong beyond that; what one rule for both places costs; and what it costs that the model was fitted at home only.
Without test rows the same is asked of the named segment with the largest error: the rest of the rows is the home.

## Why it matters
Each part is mended by something else: a better model, other columns, a rule for each place, or labeled rows from
there. The last two are measured by the parts themselves: they are differences of the errors of fitted rules.

## When it is wrong
With few rows there a rule fitted there is a poor one, and the second part is a lack of rows; the check then says that
nothing can be told. Rows that follow one another in time have neighbors in other folds, which makes every rule look
better than it is. Columns that give the place away are left out, which assumes that the place itself does not matter.

## Remedy
What mends the largest part, with what it was measured to gain. Weighting the rows by how like the test rows they are
uses no label from there; it is tested as a rule, on the test rows, beside the same weights on random rows, where at
least 200 test rows have labels. `samplewise.shift.explain_shift` has more options, and `samplewise shift TRAIN TEST`
draws the difference of the rows.

## Source
galstyan2022, cai2023; lopezpaz2017 for the weights.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import evaluates_on_test_rows
from samplewise.core.errors import InputError, NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.texts import shortened
from samplewise.core.values import Estimate
from samplewise.data.dataset import Dataset
from samplewise.engine.models.row_losses import ErrorScale, row_losses
from samplewise.engine.refits.folded_rows import FoldedRows, RemedyRule, RowEdit
from samplewise.report.wording import estimate_text
from samplewise.shift import ShiftExplanation, explain_shift
from samplewise.shift.bins import cells_of
from samplewise.shift.compared_rows import compared_rows
from samplewise.shift.domain_classifier import importance_weights
from samplewise.shift.error_change import MARGIN
from samplewise.shift.train_test import drift_of

CODE, TITLE, SLOW = "SW605", "what the error elsewhere consists of", True
NEEDS = frozenset({"label", "features"})

FEWEST_THERE = 100  # rows of a place; with fewer a rule fitted there says nothing
MOST_VALUES = 30  # of a segment's column that are looked at
TABLE_BELOW = "The lines below"  # of a printed explanation; here a chart shows them
MAIN = {
    "": "what it consists of cannot be told",
    "e1": "even a rule fitted there errs more",
    "e2": "one rule does not serve both places",
    "e3": "the model was fitted elsewhere",
}
ACTIONS = {
    "e1": "Look for columns that tell more there.",
    "e2": "Fit a rule for each place.",
    "e3": "Fit the model again with labeled rows from there.",
}


class Places(NamedTuple):
    """Rows at home and rows there, how the latter are called, and the test rows where they are these."""

    home: Dataset
    there: Dataset
    name: str
    test: Dataset | None = None


def run(evidence: Evidence) -> CheckResult:
    """The error of the test rows, or of the worst named segment, in four parts."""
    if evidence.embeddings is not None:
        raise NotApplicable("it compares rules on the columns; for embeddings call shift.explain_shift(embed=...)")
    places = _places(evidence)
    try:
        found = explain_shift(
            places.home, places.there, learner=evidence.learner, task=evidence.target.task, n_folds=evidence.plan.folds,
            seed=evidence.seed,
        )  # fmt: skip
    except InputError as lacking:
        raise NotApplicable(f"{lacking.what} ({lacking.got})") from None
    larger = found.change.low > 0
    findings = (_finding(evidence, found, places),) if larger else ()
    return CheckResult(findings, (), (found.exhibit(),), (found.change, *found.parts))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Weight the rows by how like the test rows they are; offered where the test rows can judge it."""
    return {"reweight": _like(evidence.test)} if _judged_there(evidence) and evidence.test is not None else {}


def _places(evidence: Evidence) -> Places:
    """Training and test rows where these have labels; else the worst named segment beside the rest."""
    test = evidence.test
    if test is not None and test.y is not None:
        known = np.flatnonzero(~test.unlabeled())
        if len(known) >= FEWEST_THERE:
            return Places(evidence.data, test.take(known), "the test rows", test)
    segments = evidence.data.segments
    if segments is None:
        raise NotApplicable(f"needs {FEWEST_THERE} labeled test rows (--test), or a named segment (--segments)")
    return _worst_segment(evidence, segments)


def _worst_segment(evidence: Evidence, segments: Any) -> Places:
    """The value of a named segment whose held-out error is the largest, of those with enough rows on either side."""
    losses = row_losses(evidence.held_out_outputs, evidence.target)
    found = []
    for column in segments:
        cells = cells_of(str(column), segments[column].to_numpy(), most=MOST_VALUES)
        for value, name in enumerate(cells.names):
            inside = cells.codes == value
            if min(inside.sum(), (~inside).sum()) >= FEWEST_THERE:
                found.append((float(np.nanmean(losses[inside])), name, inside))
    if not found:
        raise NotApplicable(f"no named segment has {FEWEST_THERE} rows and as many beside it")
    _, name, inside = max(found, key=lambda one: one[0])
    home, there = (evidence.data.take(np.flatnonzero(part)) for part in (~inside, inside))
    return Places(home, there, f"rows where {shortened(str(name), 40)}")


def _finding(evidence: Evidence, found: ShiftExplanation, places: Places) -> Finding:
    main = found.main_part if not found.mends.startswith("cannot") else ""
    title = f"The error of {places.name} is {estimate_text(found.change)} larger: {MAIN[main]}"
    severity: Severity = "warning" if found.change.low > MARGIN * ErrorScale.of(evidence.target).point else "note"
    remedies = [_measured(main, found.parts[int(main[1])])] if main else []
    if places.test is not None and _judged_there(evidence):
        remedies.append(_reweighting(evidence, places.test))
    words = " ".join(line for line in found._sentences() if not line.startswith(TABLE_BELOW))
    caveat = "Parts may be negative and are no shares. A part says what would mend it, not whose fault it is."
    return Finding(CODE, title, severity, (), words, tuple(remedies), (found.change, *found.parts), "data", caveat)


def _measured(main: str, part: Estimate) -> Remedy:
    """What mends a part; the part itself is what it was measured to gain."""
    gain = f"measured there: {estimate_text(part)} less" if main in ("e2", "e3") else "which columns cannot be told"
    return Remedy("collect" if main == "e3" else "review", (), action=ACTIONS[main], reason=gain)


def _reweighting(evidence: Evidence, test: Dataset) -> Remedy:
    weights = _weights(evidence.data, test, evidence.seed)
    keys = tuple(evidence.data.ids.tolist())
    return Remedy("reweight", keys, tuple(weights.round(4).tolist()), "Weight rows by how like the test rows they are.")


def _judged_there(evidence: Evidence) -> bool:
    """Whether tested advice is evaluated on the test rows, and the learner can use weights."""
    return evaluates_on_test_rows(evidence) and getattr(evidence.learner, "takes_weights", True)


def _like(test: Dataset) -> RemedyRule:
    """The rule: weights of a part's own rows, without a label of the test rows."""

    def reweight(folded: FoldedRows) -> RowEdit:
        weights = _weights(folded.data, test, folded.runner.seed)
        return RowEdit("reweight", np.arange(len(folded)), weights)

    return reweight


def _weights(rows: Dataset, test: Dataset, seed: int) -> np.ndarray:
    """(n,) odds of being a test row, mean 1; 1 each where nothing overlaps."""
    both = compared_rows(rows, test, seed)
    clear = drift_of(both).giving_away  # by these alone no row of one side is like one of the other
    both = both.without(clear) if clear and len(clear) < len(both.columns) else both
    weights, share = importance_weights(both.chances[: len(rows)])
    return weights if share > 0 else np.ones(len(rows))
