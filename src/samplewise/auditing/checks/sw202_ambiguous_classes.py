"""SW202 ambiguous class pairs.

## Measures
For every pair of classes the share of their rows that held-out models give to the other class, both ways, after
disputed labels are set aside; with a Clopper-Pearson interval. A pair is named where both directions are confused more
often than if all pairs were equally hard (binomial test, Holm over all pairs, 1 %), and at least 1 % of its rows are.

## Why it matters
Neither relabeling nor more rows of the same kind help where two classes overlap: either the labels follow no common
rule, or the features cannot see the difference.

## When it is wrong
A learner that cannot see a difference that is there, a class that is rare, or flips between two classes that are too
many to be set aside, all look like ambiguity.

## Remedy
Write down what distinguishes the two classes and have a sample labeled twice; add a feature that sees the difference;
or merge the two.

## Source
clopper1934, holm1979.
"""

from collections.abc import Mapping
from typing import cast

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.core.arrays import Array
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy
from samplewise.core.rates import percent, percent_text
from samplewise.core.values import Estimate, Exhibit
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.labels.ambiguity import ConfusablePairs, confusable_pairs

CODE, TITLE, SLOW = "SW202", "ambiguous class pairs", False
NEEDS = frozenset({"label", "classes", "features"})

SERIOUS = 0.1  # share of a pair's rows, by the lower end of its interval, from which it is a warning
DRAWN = 20
NAMED = 10


def run(evidence: Evidence) -> CheckResult:
    """Pairs of classes that the model confuses both ways, most confused first."""
    if evidence.whole.class_count < 3:
        raise NotApplicable("with two classes the only pair's confusion is the error itself (SW501)")
    pairs = confusable_pairs(evidence.label_posterior)
    if not len(pairs):
        return CheckResult()
    names = _names(evidence, pairs)
    return CheckResult((_finding(pairs, names),), (), (_bars(pairs, names),))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:  # every check has the same two functions
    """Nothing here is a rule that could be run again."""
    return {}


def _names(evidence: Evidence, pairs: ConfusablePairs) -> list[str]:
    classes = cast("Array", evidence.target.classes)  # never run without: NEEDS
    return [f"{classes[one]} / {classes[two]}" for one, two in zip(pairs.first, pairs.second, strict=True)]


def _finding(pairs: ConfusablePairs, names: list[str]) -> Finding:
    count = len(pairs)
    explanation = (
        f"Held-out models confuse '{names[0]}' most: {percent_text(pairs.rate[0], '.2g')} of the undisputed rows of "
        f"the two classes [{percent(pairs.low[0]):.2g}, {percent(pairs.high[0]):.2g}], {pairs.there[0]:,} one way and "
        f"{pairs.back[0]:,} the other. Confusion both ways is what distinguishes ambiguity from flipped labels."
    )
    remedy = Remedy(
        "review",
        tuple(names),
        action="Write down what distinguishes the two classes and label a sample twice, or merge.",
    )
    measured = tuple(
        Estimate(f"confusion of {name}", rate, low, high, "share of the pair's rows", 0.95, "clopper1934")
        for name, rate, low, high in zip(
            names[:NAMED], pairs.rate.tolist(), pairs.low.tolist(), pairs.high.tolist(), strict=False
        )
    )
    return Finding(
        CODE, f"{count:,} pair{'s' * (count > 1)} of classes the model cannot distinguish",
        "warning" if pairs.low.max() >= SERIOUS else "note", tuple(names), explanation, (remedy,), measured, "class",
        "A learner that cannot see the difference, or a rare class, looks the same.",
    )  # fmt: skip


def _bars(pairs: ConfusablePairs, names: list[str]) -> Exhibit:
    columns = {
        "name": np.array(names[:DRAWN]),
        "value": percent(pairs.rate[:DRAWN]),
        "low": percent(pairs.low[:DRAWN]),
        "high": percent(pairs.high[:DRAWN]),
        "there": pairs.there[:DRAWN],
        "back": pairs.back[:DRAWN],
    }
    note = "Share of the undisputed rows of either class that held-out models give to the other."
    return Exhibit("bars", "Classes the model confuses", columns, "% of the pair's rows", note)
