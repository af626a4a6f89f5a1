"""SW201 labels the model disputes.

## Measures
For every row the probability that its label is wrong (`wrong_label`), from models that did not see the row. Two rounds:
the second trains without the rows that the first disputes; where the learner is slow to fit, the first is that of a
kernel head. A noise matrix, estimated from the most confident rows of each class, separates flipped labels from classes
that merely overlap; for a number, a wrong label is one that lies where any label could lie rather than near its
prediction. Likely errors are listed apart from ambiguous rows.

Labels are read as outcomes, which the row only predicts (income), or as facts, which it shows (what is in the picture,
what a text is about): `labels_are`. A contradicted fact is an error of the label or of the model, and predictions alone
cannot tell which. The list then has an interval, stands behind the rows whose answers would settle it, and is at most a
warning until people have answered (`reviewed`).

## Why it matters
A model trained on wrong labels learns them, and one evaluated on wrong labels loses score for right predictions.

## When it is wrong
Rare but correct rows look like errors. Labels that are wrong in a systematic way (the same mistake for the same kind of
row) are learned and pass unseen, or make the right labels look wrong. Flips that strike only ambiguous rows are counted
as ambiguity. Near duplicates with the same label hide errors unless they share a group; exact duplicates stay together
anyway. A learner that hardly learns finds nothing that can be relied on; the finding then says so. The finding is an
error only if a second kind of model (a forest) finds wrong labels too.

## Remedy
Look at the list, worst first; relabel or drop what is wrong. Both are tested as rules that are run again on rows that
had no part in making the list. Before relabeling in bulk, have about 100 rows checked by hand and pass them as `test=`.

## Source
northcutt2021, patrini2017; lange1989 for numbers.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.fact_findings import fact_result, fact_rules, read_as_facts
from samplewise.auditing.row_exhibit import rows_exhibit
from samplewise.core.arrays import Array, Ints, in_order
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.rates import percent, percent_text
from samplewise.core.values import Estimate, Exhibit, Scores
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.engine.statistics.intervals import half_width
from samplewise.labels.ambiguity import likely_errors, suggests
from samplewise.labels.issues import noise_exhibit
from samplewise.labels.posterior import LabelPosterior, skill
from samplewise.labels.remedies import drop_disputed, relabel_disputed
from samplewise.labels.second_model import second_opinion

CODE, TITLE, SLOW = "SW201", "labels the model disputes", False
NEEDS = frozenset({"label", "features"})

SERIOUS = 0.02  # share of wrong labels, by the lower end of its interval, from which to act before training
LEARNED = 0.1  # share of the way from the baseline to perfect, below which nothing here can be relied on
FEWEST = 20  # rows below which held-out models say nothing about single labels
MOST_CLASSES = 40  # of a noise matrix that is drawn
CAVEAT = (
    "Rare but correct rows can look like errors, and a mistake that is made in the same way for the same kind of row "
    "is learned, not found."
)


def run(evidence: Evidence) -> CheckResult:
    """Likely wrong labels, worst first, and apart from them the rows between ambiguous classes."""
    if len(evidence.data) < FEWEST:
        raise NotApplicable(f"fewer than {FEWEST} rows: held-out models say nothing about single labels")
    if evidence.meaning.are == "facts":
        return fact_result(CODE, evidence)
    posterior = evidence.label_posterior
    scores = Scores("wrong_label", posterior.wrong, evidence.data.ids, "probability", "more likely wrong")
    likely = likely_errors(posterior)
    errors, unclear = _worst_first(posterior, likely), _worst_first(posterior, posterior.flagged & ~likely)
    findings = [_error_finding(evidence, posterior, errors)] if len(errors) else []
    findings += [_unclear_finding(evidence, posterior, unclear)] if len(unclear) else []
    exhibits = [_most_disputed(evidence, posterior, np.r_[errors, unclear])] if findings else []
    classes = evidence.target.classes
    if classes is not None and posterior.beyond_chance and len(classes) <= MOST_CLASSES:
        exhibits.append(noise_exhibit(posterior, classes))
    measured = (posterior.noise_rate, skill(posterior), *read_as_facts(evidence))
    return CheckResult(tuple(findings), (scores,), tuple(exhibits), measured)


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:  # every check has the same two functions
    """Relabel or drop rows whose label is called wrong by held-out models of the given rows alone."""
    if evidence.meaning.are == "facts":
        return fact_rules(evidence)
    return {"relabel": relabel_disputed, "drop": drop_disputed}


def _worst_first(posterior: LabelPosterior, chosen: Array) -> Ints:
    rows = np.flatnonzero(chosen)
    return rows[in_order(-posterior.wrong[rows])]


def _error_finding(evidence: Evidence, posterior: LabelPosterior, rows: Ints) -> Finding:
    learned = skill(posterior)
    reliable = learned.low >= LEARNED
    expected = posterior.wrong[rows]
    precision = _precision(expected)
    title = f"{len(rows):,} row{'s' * (len(rows) > 1)} whose label the model disputes"
    explanation = (
        f"Models that did not see these rows call their labels wrong; about {expected.sum():,.0f} of {len(rows):,} are "
        f"expected to be. {_evidence_in_words(posterior)} {_flips_in_words(evidence, posterior, rows)}"
    )
    severity, doubt = _severity(evidence, posterior, float(expected.sum())) if reliable else ("note", "")
    explanation += doubt
    if not reliable:
        what = "embedding" if hasattr(evidence.data.X, "blocks") or evidence.embeddings is not None else "learner"
        title += f" (not reliable with this {what})"
        explanation += (
            f" The held-out models get only {percent_text(learned.value, '.0f')} of the way from the baseline to "
            "perfect, so their disagreement says little."
        )
    supplied = evidence.predictions is not None
    caveat = CAVEAT + (
        " The tested rules use the audit's learner, not the predictions you supplied." if supplied else ""
    )
    return Finding(
        CODE, title, severity, _ids(evidence, rows), explanation.strip(), _remedies(evidence, posterior, rows),
        (posterior.noise_rate, precision), caveat=caveat,
    )  # fmt: skip


def _severity(evidence: Evidence, posterior: LabelPosterior, expected: float) -> tuple[Severity, str]:
    """An error needs two kinds of model that find at least 2 % wrong labels, ambiguous rows left out.

    Also returned: what to say where the two kinds of model do not agree.
    """
    if not posterior.beyond_chance:
        return "note", ""
    other = second_opinion(evidence.whole)
    if other is not None and not other.beyond_chance:
        return "note", (
            " A second kind of model explains the disagreement without wrong labels: the learner may fail to learn "
            "what these rows show."
        )
    rate = posterior.noise_rate
    lowest = rate.low if other is None else min(rate.low, float(np.mean(1.0 - other.matrix(other.low).diagonal())))
    share = expected / len(evidence.data) * lowest / rate.value
    return ("error" if share >= SERIOUS else "warning"), ""


def _unclear_finding(evidence: Evidence, posterior: LabelPosterior, rows: Ints) -> Finding:
    explanation = (
        f"The model leans to another class, but between two classes that it confuses in undisputed rows too: about "
        f"{posterior.wrong[rows].sum():,.0f} of {len(rows):,} are expected to be wrong, the others are undecided."
    )
    review = Remedy("review", _ids(evidence, rows), action="Have two people label these rows; keep what they agree on.")
    title = f"{len(rows):,} disputed row{'s' * (len(rows) > 1)} between classes that are hard to distinguish"
    return Finding(
        CODE, title, "note", _ids(evidence, rows), explanation, (review,), (_precision(posterior.wrong[rows]),),
        caveat="Where one class is often labeled as the other, many of these are errors after all.",
    )  # fmt: skip


def _remedies(evidence: Evidence, posterior: LabelPosterior, rows: Ints) -> tuple[Remedy, ...]:
    """Relabel what has a suggestion, drop all, look at all."""
    changed = rows[suggests(posterior)[rows]]
    remedies = [
        Remedy("drop", _ids(evidence, rows), action=f"Leave out the {len(rows):,} rows whose label is likely wrong."),
        Remedy("review", _ids(evidence, rows), action="Look at these rows, worst first, and fix what is wrong."),
    ]
    if len(changed):
        relabel = Remedy(
            "relabel", _ids(evidence, changed), tuple(_labels(evidence, posterior.suggested[changed])),
            f"Give {len(changed):,} rows the label the model suggests, after a look at the worst of them.",
        )  # fmt: skip
        remedies.insert(0, relabel)
    return tuple(remedies)


def _precision(probabilities: Array) -> Estimate:
    """Expected share of a list that is wrong; its interval is the spread if the probabilities are right."""
    value, count = float(np.mean(probabilities)), len(probabilities)
    half = half_width(float(np.sqrt(np.sum(probabilities * (1.0 - probabilities)))) / count)
    return Estimate(
        "expected_precision", value, max(0.0, value - half), min(1.0, value + half), "share of the list", 0.95,
        "patrini2017", "holds if the probabilities are calibrated",
    )  # fmt: skip


def _evidence_in_words(posterior: LabelPosterior) -> str:
    rate = posterior.noise_rate
    if not posterior.beyond_chance:
        return "All disagreements together could be ambiguity, so these are single odd rows, not a pattern."
    alone = "ambiguity alone" if posterior.classes else "heavy tails alone"
    return (
        f"Wrong labels explain the data better than {alone}, beyond chance: {percent_text(rate.value, '.2g')} of all "
        f"labels [{percent(rate.low):.2g}, {percent(rate.high):.2g}]."
    )


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


def _most_disputed(evidence: Evidence, posterior: LabelPosterior, rows: Ints) -> Exhibit:
    return rows_exhibit(
        evidence, "The labels most disputed", rows, suggested=posterior.suggested[rows],
        probability=posterior.wrong[rows], reason=posterior.reasons[rows].astype(str),
    )  # fmt: skip


def _ids(evidence: Evidence, rows: Ints) -> tuple[object, ...]:
    return tuple(evidence.data.ids[rows].tolist())


def _labels(evidence: Evidence, codes: Array) -> list[object]:
    """Codes as the user's own labels."""
    values = codes if evidence.target.classes is None else evidence.target.classes[codes]
    return list(values.tolist())
