"""What may be said of a list of disputed labels: the rule that decided, in words, and the rows it leaves listed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from samplewise.core.arrays import Array, Mask
from samplewise.core.findings import Severity
from samplewise.core.results import Result, Table
from samplewise.core.values import Estimate
from samplewise.labels.disputed_together import DisputedTogether

Rule = Literal[
    "nothing disputed", "no second opinion", "nothing learned", "open outcome", "one model's view", "together",
    "tiny classes", "few rows", "one side", "rare values", "no trace", "slips", "wrong labels",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class ListJudgment(Result):
    """What may be said of the labels that a posterior disputes.

    Args:
        rule: the rule that decided.
        severity: of a finding, at most; "" where there is nothing to say.
        sentence: what may be said, in words.
        listed: (n,) the disputed labels that the others dispute too; none where nothing can be told; of numbers that
            are called wrong, those whose slip is known.
        disputed: number of labels the posterior disputes.
        skill: how much was learned, on all rows.
        claim: share of labels that are wrong, where that may be claimed; else None.
        together: where the disputed rows lie together most, whether or not that decided.
        open_share: share of rows whose class stays open; NaN for numbers.
        ids: (n,) keys of the rows.
        unexplained: (n,) beside numbers that are called wrong, those that are as far off and that no slip explains.
        slipped: (n,) numbers in neither list that a slip would explain, as their own column shows; to look at, whatever
            rule decided.
    """

    MADE_BY: ClassVar[str] = "labels.find_label_issues(data).judged()"

    rule: Rule
    severity: Severity | Literal[""]
    sentence: str
    listed: Mask
    disputed: int
    skill: Estimate
    claim: Estimate | None = None
    together: DisputedTogether | None = None
    open_share: float = float("nan")
    ids: Array = field(default_factory=lambda: np.empty(0), repr=False)
    unexplained: Mask = field(default_factory=lambda: np.empty(0, dtype=bool), repr=False)
    slipped: Mask = field(default_factory=lambda: np.empty(0, dtype=bool), repr=False)

    @property
    def calls_wrong(self) -> bool:
        """Whether labels may be changed on this ground, after a look."""
        return self.rule in ("wrong labels", "no trace")

    def _sentences(self) -> Iterable[str]:
        yield f"{self.rule.capitalize()} ({self.severity or 'no finding'})."
        yield self.sentence

    def _table(self) -> Table:
        return Table({"id": self.ids[self.listed]}, index="id")
