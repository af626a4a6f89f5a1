"""SW201 labels the model disputes.

## Measures
For every row the probability that its label is wrong (`wrong_label`), from models that did not see the row. Two rounds:
the second trains without the rows that the first disputes; where the learner is slow to fit, the first is that of a
kernel head. A noise matrix, estimated from the most confident rows of each class, separates flipped labels from classes
that merely overlap; for a number, a wrong label is one that lies where any label could lie rather than near its
prediction. Before any label is called wrong, three kinds of model (a kernel head, boosting, a forest) are asked on the
same folds, and rules are gone through: was anything learned, does the row show its label or only predict it, do the
others share the view, do the disputed rows lie together in a column, is there a trace of how they went wrong. Numbers
that a turned sign or a moved decimal point would explain, as their column shows by itself, are asked about in a note.

Labels are read as outcomes, which the row only predicts (income), or as facts, which it shows (what is in the picture,
what a text is about): `labels_are`. A contradicted fact is an error of the label or of the model, and predictions alone
cannot tell which. The list then has an interval, stands behind the rows whose answers would settle it, and is at most a
warning until people have answered (`reviewed`).

## Why it matters
A model trained on wrong labels learns them, and one evaluated on wrong labels loses score for right predictions. Right
labels that are called wrong cost as much: hours of work, or the rare cases themselves.

## When it is wrong
Rare but correct rows look like errors. Labels that are wrong in a systematic way (the same mistake for the same kind of
row) are learned and pass unseen, or make the right labels look wrong. Flips that strike only ambiguous rows are counted
as ambiguity. Near duplicates with the same label hide errors unless they share a group; exact duplicates stay together
anyway. Where the columns predict the label only in part (income, survival, tomorrow's price) an unexpected label is no
error, and flips among such labels are not called wrong. docs/when-labels-are-called-wrong.md has every rule.

## Remedy
Look at the list, worst first. Only where several kinds of model agree and nothing else explains it: relabel or drop
what is wrong. Both are tested as rules that are run again on rows that had no part in making the list. Before
relabeling in bulk, have about 100 rows checked by hand and pass them as `test=`.

## Source
northcutt2021, patrini2017; lange1989 for numbers.
"""

from collections.abc import Mapping
from functools import partial

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.fact_findings import fact_result, fact_rules, read_as_facts, worst_first
from samplewise.auditing.heldout import ids_of
from samplewise.auditing.row_exhibit import as_labels, rows_exhibit
from samplewise.core.arrays import Ints, positions_of
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy
from samplewise.core.texts import count_of
from samplewise.core.values import Estimate, Exhibit, Scores
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.labels.ambiguity import likely_errors, suggests
from samplewise.labels.issues import noise_exhibit
from samplewise.labels.list_judgment import ListJudgment, Rule
from samplewise.labels.list_rules import agreed_posterior, with_list
from samplewise.labels.posterior import LabelPosterior
from samplewise.labels.remedies import drop_disputed, relabel_disputed

CODE, TITLE, SLOW = "SW201", "labels the model disputes", False
NEEDS = frozenset({"label", "features"})

FEWEST = 20  # rows below which held-out models say nothing about single labels
MOST_CLASSES = 40  # of a noise matrix that is drawn
CAVEAT = (
    "Rare but correct rows can look like errors, and a mistake that is made in the same way for the same kind of row "
    "is learned, not found."
)
TITLES: dict[Rule, str] = {  # of findings that call no label wrong; {n} are the listed rows, {all} the disputed ones
    "nothing learned": "Whether labels are wrong cannot be told",
    "open outcome": "{n} where models expect another answer",
    "one model's view": "{all} disputed, and kinds of model do not agree",
    "together": "Disputed rows lie together in one place",
    "tiny classes": "Disputed rows of classes with few rows",
    "few rows": "{n} whose label models dispute",
    "one side": "{n} with numbers that models expect otherwise, nearly all on one side",
    "rare values": "{n} with rare numbers that models reach only in part",
    "no trace": "{n} with numbers far from what models expect",
    "slips": "{n} with numbers ten times off, or of the other sign",
    "no second opinion": "{n} whose label one model disputes, without a second opinion",
}


def run(evidence: Evidence) -> CheckResult:
    """Labels called wrong, worst first, or what else explains that they are disputed."""
    if len(evidence.data) < FEWEST:
        raise NotApplicable(f"fewer than {FEWEST} rows: held-out models say nothing about single labels")
    if evidence.meaning.are == "facts":
        return fact_result(CODE, evidence)
    posterior, judgment = evidence.label_posterior, evidence.label_judgment
    scores = Scores("wrong_label", posterior.wrong, evidence.data.ids, "probability", "more likely wrong")
    agreed = with_list(posterior, judgment.listed)
    slipped = (_slipped_finding(evidence, judgment),) if judgment.slipped.any() else ()
    findings = (*_gate_findings(evidence, agreed, judgment), *slipped)
    exhibits = [_rows_of(evidence, agreed, *pair) for pair in enumerate(findings) if pair[1].keys]
    classes = evidence.target.classes
    flips = judgment.rule == "wrong labels" and posterior.beyond_chance
    if classes is not None and flips and len(classes) <= MOST_CLASSES:
        exhibits.append(noise_exhibit(posterior, classes))
    measured = (_rate(posterior, judgment), judgment.skill, *read_as_facts(evidence))
    return CheckResult(findings, (scores,), tuple(exhibits), measured)


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:  # every check has the same two functions
    """Relabel or drop rows whose label is called wrong by held-out models of the given rows alone."""
    if evidence.meaning.are == "facts":
        return fact_rules(evidence)
    return {
        "relabel": partial(relabel_disputed, method=agreed_posterior),
        "drop": partial(drop_disputed, method=agreed_posterior),
    }


def _gate_findings(evidence: Evidence, agreed: LabelPosterior, judgment: ListJudgment) -> tuple[Finding, ...]:
    """What the rules let us say; nothing where nothing is disputed."""
    if judgment.rule == "nothing disputed":
        return ()
    if judgment.rule != "wrong labels":
        return (_other_finding(evidence, agreed, judgment),)
    likely = likely_errors(agreed)
    errors, unclear = worst_first(agreed, likely), worst_first(agreed, agreed.flagged & ~likely)
    found = [_error_finding(evidence, agreed, judgment, errors)] if len(errors) else []
    found += [_unclear_finding(evidence, agreed, unclear)] if len(unclear) else []
    return (*found, *([_unexplained_finding(evidence, judgment)] if judgment.unexplained.any() else []))


def _rate(posterior: LabelPosterior, judgment: ListJudgment) -> Estimate:
    """The share of wrong labels, or why none is stated."""
    if judgment.rule in ("nothing disputed", "no second opinion"):
        return posterior.noise_rate
    if judgment.claim is not None:
        return judgment.claim
    why = "cannot be told" if judgment.rule in ("nothing learned", "slips") else f"not claimed: {judgment.rule}"
    return Estimate("noise_rate", float("nan"), unit="share of labels", reason=why)


def _error_finding(evidence: Evidence, agreed: LabelPosterior, judgment: ListJudgment, rows: Ints) -> Finding:
    """Labels that are called wrong."""
    expected = agreed.wrong[rows].sum()
    explanation = (
        f"{judgment.sentence} Of the {len(rows):,} listed, the learner alone expects about {expected:,.0f} to be "
        f"wrong. {_flips_in_words(evidence, agreed, rows)}"
    )
    measured = [] if judgment.claim is None else [judgment.claim]
    severity = judgment.severity or "note"
    return Finding(
        CODE, f"{count_of(len(rows), 'row')} whose label the model disputes", severity, ids_of(evidence, rows),
        explanation.strip(), _remedies(evidence, agreed, rows), (*measured, agreed.expected_precision(rows)),
        caveat=_caveat(evidence),
    )  # fmt: skip


def _other_finding(evidence: Evidence, agreed: LabelPosterior, judgment: ListJudgment) -> Finding:
    """What else explains that labels are disputed; only numbers without a trace may be changed."""
    rows = worst_first(agreed, agreed.flagged)
    title = TITLES[judgment.rule].format(n=count_of(len(rows), "row"), all=count_of(judgment.disputed, "label"))
    look = Remedy("review", ids_of(evidence, rows), action="Look at these rows, worst first.")
    if judgment.rule == "nothing learned":
        remedies: tuple[Remedy, ...] = ()
    elif judgment.calls_wrong:
        remedies = _remedies(evidence, agreed, rows)
    else:
        remedies = (look,) if len(rows) else ()
    return Finding(
        CODE, title, judgment.severity or "note", ids_of(evidence, rows), judgment.sentence, remedies,
        (judgment.skill,), "row" if len(rows) else "data", _caveat(evidence) if judgment.calls_wrong else "",
    )  # fmt: skip


def _caveat(evidence: Evidence) -> str:
    supplied = evidence.predictions is not None
    return CAVEAT + (" The tested rules use the audit's learner, not the predictions you supplied." if supplied else "")


def _unclear_finding(evidence: Evidence, posterior: LabelPosterior, rows: Ints) -> Finding:
    explanation = (
        f"The model leans to another class, but between two classes that it confuses in undisputed rows too: about "
        f"{posterior.wrong[rows].sum():,.0f} of {len(rows):,} are expected to be wrong, the others are undecided."
    )
    review = Remedy(
        "review", ids_of(evidence, rows), action="Have two people label these rows; keep what they agree on."
    )
    title = f"{count_of(len(rows), 'disputed row')} between classes that are hard to distinguish"
    return Finding(
        CODE, title, "note", ids_of(evidence, rows), explanation, (review,), (posterior.expected_precision(rows),),
        caveat="Where one class is often labeled as the other, many of these are errors after all.",
    )  # fmt: skip


def _unexplained_finding(evidence: Evidence, judgment: ListJudgment) -> Finding:
    """Numbers as far off as those that are called wrong, without a slip that explains them."""
    beside = with_list(evidence.label_posterior, judgment.unexplained)
    rows = worst_first(beside, beside.flagged)
    explanation = (
        "As far from what the models expect as the numbers that are called wrong, but no moved decimal point and no "
        "turned sign explains them. They are not counted among the wrong labels."
    )
    look = Remedy("review", ids_of(evidence, rows), action="Look at these rows, worst first.")
    title = TITLES["no trace"].format(n=count_of(len(rows), "row"))
    return Finding(CODE, title, "note", ids_of(evidence, rows), explanation, (look,))


def _slipped_finding(evidence: Evidence, judgment: ListJudgment) -> Finding:
    """Numbers that a slip would explain, as the column of labels shows by itself; right where they are possible."""
    rows = worst_first(evidence.label_posterior, judgment.slipped)
    explanation = (
        "They have the sign that nearly all others do not have, or would lie among the others once the decimal point "
        "is moved. That is seen in the column of labels alone. Where such numbers are possible they are right, so they "
        "are not counted among the wrong labels."
    )
    look = Remedy(
        "review", ids_of(evidence, rows), action="Look whether such numbers are possible; if not, undo the slip."
    )
    title = f"{count_of(len(rows), 'row')} with numbers that a turned sign or a moved decimal point would explain"
    return Finding(CODE, title, "note", ids_of(evidence, rows), explanation, (look,))


def _remedies(evidence: Evidence, posterior: LabelPosterior, rows: Ints) -> tuple[Remedy, ...]:
    """Relabel what has a suggestion, drop all, look at all."""
    changed = rows[suggests(posterior)[rows]]
    remedies = [
        Remedy("drop", ids_of(evidence, rows), action=f"Leave out the {len(rows):,} rows whose label is likely wrong."),
        Remedy("review", ids_of(evidence, rows), action="Look at these rows, worst first, and fix what is wrong."),
    ]
    if len(changed):
        relabel = Remedy(
            "relabel", ids_of(evidence, changed), tuple(as_labels(evidence, posterior.suggested[changed])),
            f"Give {len(changed):,} rows the label the model suggests, after a look at the worst of them.",
        )  # fmt: skip
        remedies.insert(0, relabel)
    return tuple(remedies)


def _flips_in_words(evidence: Evidence, posterior: LabelPosterior, rows: Ints) -> str:
    """The commonest suggestion, where one stands out."""
    classes = evidence.target.classes
    if classes is None or not len(rows):
        return ""
    pairs = posterior.codes[rows] * len(classes) + posterior.suggested[rows]
    values, counts = np.unique(pairs, return_counts=True)
    top = int(counts.argmax())
    if counts[top] < max(3, 0.1 * len(rows)):
        return ""
    given, suggested = divmod(int(values[top]), len(classes))
    return f"Most often '{classes[given]}' is given where '{classes[suggested]}' is suggested ({counts[top]:,} rows)."


def _rows_of(evidence: Evidence, posterior: LabelPosterior, place: int, finding: Finding) -> Exhibit:
    rows = positions_of(finding.keys, evidence.data.ids)
    return rows_exhibit(
        evidence, finding.title, rows, finding=place, suggested=posterior.suggested[rows],
        probability=posterior.wrong[rows], reason=posterior.reasons[rows].astype(str),
    )  # fmt: skip
