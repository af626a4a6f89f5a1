"""What SW201 says of labels that are facts: an interval, rows to answer first, and remedies only where there is proof.

Without answers of people a list is at most a warning, and it says where nothing can be told. Labels are changed only
after answers, or where they were flipped beyond what ambiguity explains.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import ids_of
from samplewise.auditing.row_exhibit import as_labels, rows_exhibit
from samplewise.core.arrays import Ints, Mask, in_order
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.rates import percent, percent_text
from samplewise.core.texts import count_of
from samplewise.core.values import Estimate, Scores
from samplewise.engine.refits.folded_rows import FoldedRows, RemedyRule
from samplewise.labels.ambiguity import likely_errors, suggests
from samplewise.labels.facts import Answer, FactLabels, fact_labels, other_reading
from samplewise.labels.issues import noise_exhibit
from samplewise.labels.posterior import LabelPosterior, skill
from samplewise.labels.remedies import drop_disputed, relabel_disputed

FEWEST_ANSWERS = 10  # from which the answers, and no longer other data sets, decide
SERIOUS = 0.02  # share of wrong labels, by the lower end of its interval, from which to act before training
LEARNED = 0.1  # share of the way from the baseline to perfect, below which a contradiction says nothing
MOST_CLASSES = 40  # of a noise matrix that is drawn
DOOR = (
    "those that stand first in findings/SW201.csv. Write keep, drop or the right label into its column decision and "
    "audit again with reviewed= (--reviewed) that file"
)
CAVEAT = "Errors that the model repeats cannot be seen, and people who answer err too."


def fact_result(code: str, evidence: Evidence) -> CheckResult:
    """The rows to answer first, the likeliest errors after them, and what may be said of all.

    Args:    code: of the check.   evidence: of labels that are facts.
    """
    facts = evidence.fact_labels
    scores = Scores("wrong_label", facts.wrong, evidence.data.ids, "probability", "more likely wrong")
    first, suspects = _rows_to_answer(facts), facts.suspects()
    proven = _proven(facts)
    changed = np.empty(0, dtype=np.intp) if proven is None else worst_first(proven, likely_errors(proven))
    listed = np.r_[first, suspects, changed]
    rows = listed[np.sort(np.unique(listed, return_index=True)[1])]
    measured = (facts.noise_rate, skill(facts.outcomes), other_reading(facts, "facts"))
    if not len(suspects) and not len(changed):
        return CheckResult((), (scores,), (), measured)
    exhibits = [
        rows_exhibit(
            evidence, "Labels the model contradicts", rows, finding=0, suggested=facts.suggested[rows],
            probability=facts.wrong[rows], reason=facts.reasons[rows].astype(str),
        )
    ]  # fmt: skip
    classes = evidence.target.classes
    if facts.beyond_chance and classes is not None and len(classes) <= MOST_CLASSES:
        exhibits.append(noise_exhibit(facts, classes))
    return CheckResult((_finding(code, evidence, rows, first),), (scores,), tuple(exhibits), measured)


def fact_rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Relabel or drop what is proven: by answers, which a rule knows of the rows it may see, or by flips."""
    if not evidence.answers:
        return {"relabel": relabel_disputed, "drop": drop_disputed}
    method = partial(fact_labels if len(evidence.answers) >= FEWEST_ANSWERS else _flips, answers=evidence.answers)
    return {"relabel": partial(relabel_disputed, method=method), "drop": partial(drop_disputed, method=method)}


def _flips(folded: FoldedRows, answers: Mapping[Any, Answer]) -> LabelPosterior:
    """Flips beyond ambiguity among rows a rule may see, as far as the few answers about them allow."""
    return fact_labels(folded, answers=answers).proven


def read_as_facts(evidence: Evidence) -> tuple[Estimate, ...]:
    """What labels that were read as outcomes would be as facts; nothing for numbers."""
    return (other_reading(evidence.fact_labels, "outcomes"),) if evidence.whole.class_count else ()


def _rows_to_answer(facts: FactLabels) -> Ints:
    """Rows whose answers would still tell something."""
    settled = len(facts.answers) >= FEWEST_ANSWERS and not facts.cannot_tell
    return np.empty(0, dtype=np.intp) if settled else facts.to_review()


def _finding(code: str, evidence: Evidence, rows: Ints, first: Ints) -> Finding:
    facts, learned = evidence.fact_labels, skill(evidence.fact_labels.outcomes)
    contradicted = int(np.sum(facts.found.against))
    title = f"{count_of(contradicted, 'label')} that the model contradicts"
    if facts.cannot_tell:
        title += ": how many are wrong cannot be told"
    severity = _severity(facts)
    explanation = " ".join(filter(None, _sentences(evidence, facts)))
    if learned.low < LEARNED:
        severity, title = "note", f"{title} (not reliable with this learner)"
        explanation += (
            f" The held-out models get only {percent_text(learned.value, '.0f')} of the way from the baseline to "
            "perfect, so that they contradict a label says little."
        )
    return Finding(
        code, title, severity, ids_of(evidence, rows), explanation, _remedies(evidence, rows, first),
        (facts.noise_rate, facts.suspects_share), caveat=CAVEAT,
    )  # fmt: skip


def _severity(facts: FactLabels) -> Severity:
    """A note where nothing can be told, a warning without answers, an error where answers show many wrong labels."""
    if facts.cannot_tell:
        return "note"
    return "error" if len(facts.answers) >= FEWEST_ANSWERS and facts.noise_rate.low >= SERIOUS else "warning"


def _sentences(evidence: Evidence, facts: FactLabels) -> list[str]:
    """Why, how many, how sure, and what else the same rows could mean."""
    suspects, share = facts.suspects(), facts.suspects_share
    said = [str(evidence.meaning)]
    if facts.answers:
        wrong = sum(answer.wrong for answer in facts.answers.values())
        answered = count_of(len(facts.answers), "label")
        said.append(f"People answered {answered} and called {percent_text(wrong / len(facts.answers), '.0f')} wrong.")
    if facts.cannot_tell:
        said.append(facts.doubt(DOOR))
    elif not np.isnan(share.value):
        ends = f"{percent(share.low):.0f} to {percent_text(share.high, '.0f')}"
        unanswered = int(np.sum(~np.isin(suspects, list(facts.answers))))
        said.append(f"Of the {count_of(unanswered, 'likeliest error')} nobody answered, {ends} are wrong.")
    if facts.beyond_chance:
        flipped = int(likely_errors(facts.proven).sum())
        said.append(f"{count_of(flipped, 'label')} among them look flipped beyond what ambiguity explains.")
    return said


def _remedies(evidence: Evidence, rows: Ints, first: Ints) -> tuple[Remedy, ...]:
    """A look at rows, and changes only of what is proven."""
    facts = evidence.fact_labels
    looked = first if len(first) else rows
    action = f"Look at {count_of(len(looked), 'row')} and say which labels are wrong: {DOOR}."
    if not len(first):
        action = "Look at these rows, worst first, and fix what is wrong."
    remedies = [Remedy("review", ids_of(evidence, rows), tuple(as_labels(evidence, facts.suggested[rows])), action)]
    proven = _proven(facts)
    return tuple(remedies if proven is None else [*_changes(evidence, proven), *remedies])


def _proven(facts: FactLabels) -> LabelPosterior | None:
    """What says which labels to change: enough answers, or flips beyond ambiguity; None without proof."""
    if len(facts.answers) >= FEWEST_ANSWERS:
        return facts
    return facts.proven if facts.beyond_chance else None


def _changes(evidence: Evidence, proven: LabelPosterior) -> list[Remedy]:
    """What `fact_rules` do to these rows, in words."""
    wrong, changed = (worst_first(proven, chosen) for chosen in (likely_errors(proven), suggests(proven)))
    changes = []
    if len(changed):
        action = f"Give {count_of(len(changed), 'row')} the label that was named or is suggested."
        named = tuple(as_labels(evidence, proven.suggested[changed]))
        changes.append(Remedy("relabel", ids_of(evidence, changed), named, action))
    if len(wrong):
        action = f"Leave out the {count_of(len(wrong), 'row')} whose label is likely wrong."
        changes.append(Remedy("drop", ids_of(evidence, wrong), action=action))
    return changes


def worst_first(posterior: LabelPosterior, chosen: Mask) -> Ints:
    """Positions of the chosen rows (n,), the likeliest errors first."""
    rows = np.flatnonzero(chosen)
    return rows[in_order(-posterior.wrong[rows])]
