"""Confident learning: which labels a model that did not see them confidently contradicts, counted class by class."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.errors import unknown_name
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.labels.chunked_rows import row_slices
from samplewise.labels.predictions import as_codes, as_probabilities, refuse_perfect

NEVER = 2.0  # threshold of a class without rows: no probability reaches it
LEAST = 2e-6  # thresholds are not lower than this
TIE = 1e-6
FILTERS = (
    "prune_by_noise_rate", "prune_by_class", "both", "confident_learning", "predicted_neq_given",
    "low_self_confidence", "low_normalized_margin",
)  # fmt: skip
FilterName = Literal[
    "prune_by_noise_rate", "prune_by_class", "both", "confident_learning", "predicted_neq_given",
    "low_self_confidence", "low_normalized_margin",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class ConfidentLearning(Result):
    """The confident joint of given and true labels, and what is read from it.

    Args:
        P: (n, c) out-of-sample probabilities.   codes: (n,) given classes.
        thresholds: (c,) mean probability of a class among the rows given it.
        confident: (n,) class each row confidently belongs to, -1 for none.
        counts: (c, c) rows given j that confidently belong to k, calibrated: rows sum to the count of given labels.
    """

    P: Array
    codes: Ints
    thresholds: Floats
    confident: Ints
    counts: Ints

    @property
    def joint(self) -> Floats:
        """(c, c) P(given j, true k)."""
        return np.asarray(self.counts / self.counts.sum())

    @property
    def noise_matrix(self) -> Floats:
        """(c, c) P(given j | true k): columns of the joint, each summing to 1."""
        return np.asarray(self.joint / np.maximum(self.joint.sum(axis=0), 1e-300))

    @property
    def inverse_noise_matrix(self) -> Floats:
        """(c, c) P(true k | given j): rows of the joint, each summing to 1."""
        return np.asarray(self.joint / np.maximum(self.joint.sum(axis=1, keepdims=True), 1e-300))

    @property
    def prior(self) -> Floats:
        """(c,) share of each true class."""
        return np.asarray(self.joint.sum(axis=0))

    @property
    def noise_rate(self) -> float:
        """Share of labels off the diagonal of the joint."""
        return float(1.0 - np.trace(self.joint))

    @cached_property
    def self_confidence(self) -> Floats:
        """(n,) probability of the given label; larger means more trustworthy."""
        return _own(self.P, self.codes)

    @cached_property
    def likeliest(self) -> tuple[Ints, Floats]:
        """(n,) likeliest class of every row, and its probability."""
        best, chance = np.empty(len(self.codes), dtype=np.intp), np.empty(len(self.codes))
        for rows in row_slices(self.P.shape):
            best[rows], chance[rows] = self.P[rows].argmax(axis=1), self.P[rows].max(axis=1)
        return best, chance

    @cached_property
    def normalized_margin(self) -> Floats:
        """(n,) (P[given] - largest other + 1) / 2; larger means more trustworthy."""
        other = np.empty(len(self.codes))
        for rows, others in _without_own(self.P, self.codes):
            other[rows] = others.max(axis=1)
        return (self.self_confidence - other + 1.0) / 2.0

    @cached_property
    def weighted_entropy(self) -> Floats:
        """(n,) quality from P[given] over normalized entropy, 0..1; larger means more trustworthy."""
        entropy = np.empty(len(self.codes))
        for rows in row_slices(self.P.shape):
            block = np.asarray(self.P[rows], dtype=np.float64)
            entropy[rows] = -np.sum(block * np.log(np.clip(block, TIE, 1.0)), axis=1)
        doubt = np.clip(entropy / np.log(self.P.shape[1]), TIE, None) / np.clip(self.self_confidence, TIE, None)
        return np.asarray(np.log1p(doubt) / doubt)

    @checked
    def flagged(self, by: FilterName = "prune_by_noise_rate") -> Mask:
        """(n,) labels a filter calls wrong; all but the two `low_*` filters spare rows whose own class is likeliest."""
        if by not in FILTERS:
            raise unknown_name("filter", by, FILTERS)
        if by.startswith("low_"):
            score = self.self_confidence if by == "low_self_confidence" else self.normalized_margin
            flags = np.zeros(len(self.codes), dtype=bool)
            flags[np.argsort(score, kind="stable")[: int(self.flagged("confident_learning").sum())]] = True
            return flags
        agrees = self.self_confidence + TIE >= self.likeliest[1]
        return np.asarray(self._chosen(by) & ~agrees)

    def _chosen(self, by: FilterName) -> Mask:
        if by == "predicted_neq_given":
            return np.ones(len(self.codes), dtype=bool)
        if by == "confident_learning":
            return np.asarray((self.confident >= 0) & (self.confident != self.codes))
        pruned = _keep_at_least_one(self.counts)
        if by == "prune_by_class":
            return self._least_confident(pruned)
        if by == "both":
            return self._least_confident(pruned) & self._largest_margins(pruned)
        return self._largest_margins(pruned)

    def _least_confident(self, counts: Ints) -> Mask:
        """In class j the n_j - counts[j, j] rows with the lowest probability of j."""
        flags = np.zeros(len(self.codes), dtype=bool)
        for given in np.unique(self.codes):
            rows = np.flatnonzero(self.codes == given)
            order = np.argsort(self.self_confidence[rows], kind="stable")
            flags[rows[order[: max(0, len(rows) - int(counts[given, given]))]]] = True
        return flags

    def _largest_margins(self, counts: Ints) -> Mask:
        """For every pair the counts[j, k] rows given j with the largest P[k] - P[j]."""
        flags = np.zeros(len(self.codes), dtype=bool)
        off = counts - np.diag(counts.diagonal())
        for given in np.flatnonzero(off.sum(axis=1)):
            rows = np.flatnonzero(self.codes == given)
            for true in np.flatnonzero(off[given]):
                margin = np.asarray(self.P[rows, true], dtype=np.float64) - self.self_confidence[rows]
                flags[rows[np.argsort(-margin, kind="stable")[: int(off[given, true])]]] = True
        return flags

    def _sentences(self) -> Iterable[str]:
        yield f"{percent_text(self.noise_rate)} of {count_of(len(self.codes), 'label')} are confidently another class."
        yield "Below: classes by the share of their labels that is, with the probability that counts as confident."

    def _table(self) -> Table:
        own, given = np.diag(self.counts), self.counts.sum(axis=1)
        disputed = 1.0 - own / np.maximum(given, 1)
        columns = {
            "class": np.arange(len(own)), "labels": given, "disputed": disputed, "threshold": self.thresholds,
        }  # fmt: skip
        units = {"disputed": "share", "threshold": "probability"}
        return Table(columns, units, "class", np.argsort(-disputed, kind="stable"))


@checked
def confident_learning(
    probabilities: Any, y: Any, *, compat: Literal["paper", "cleanlab"] = "paper"
) -> ConfidentLearning:
    """Count the given labels that a model confidently contradicts; flags, scores and the noise matrix follow.

    t_k = mean of P[i, k] over y_i = k; row i belongs confidently to the k with P[i, k] >= t_k, the likeliest of them.

    Args:
        probabilities: (n, c) OUT-OF-SAMPLE probabilities.   y: (n,) given classes as codes 0..c-1.
        compat: "cleanlab" lets a row that reaches several thresholds go to its likeliest class even where that class is
            below its own threshold, as cleanlab up to 2.9 does; "paper" does not.

    Returns:
        `ConfidentLearning`: `flagged(by=)`, `self_confidence`, `normalized_margin`, `joint`, `noise_matrix`, ...

    Raises: InputError for predictions that are no probabilities, or in-sample.
    Cost: O(n c) time, no copy of P.
    Not for: ranking structured noise; `label_posterior` is better at it.
    Source: northcutt2021.

    >>> P = np.array([[.9, .1], [.8, .2], [.2, .8], [.1, .9]])
    >>> confident_learning(P, [0, 0, 1, 1]).counts.tolist()
    [[2, 0], [0, 2]]
    """
    if compat not in ("paper", "cleanlab"):
        raise unknown_name("compat", compat, ("paper", "cleanlab"))
    codes = as_codes(y)
    columns = (
        int(np.shape(probabilities)[1]) if np.ndim(probabilities) > 1 else 0
    )  # classes that nobody was given still have one
    values = as_probabilities(probabilities, codes, np.arange(len(codes)), columns if columns > 1 else 0)
    refuse_perfect(values, codes)
    return count_joint(values, codes, compat)


def count_joint(values: Array, codes: Ints, compat: Literal["paper", "cleanlab"] = "paper") -> ConfidentLearning:
    """As `confident_learning`, of probabilities (n, c) that are known to be out of sample."""
    given = np.bincount(codes, minlength=values.shape[1])
    sure = np.bincount(codes, _own(values, codes), minlength=len(given))
    thresholds = np.where(given > 0, np.maximum(LEAST, sure / np.maximum(given, 1)), NEVER)
    confident = _confident_classes(values, thresholds, compat)
    counts = np.zeros((len(given), len(given)))
    known = confident >= 0
    np.add.at(counts, (codes[known], confident[known]), 1.0)
    np.fill_diagonal(counts, np.maximum(counts.diagonal(), 1.0))
    return ConfidentLearning(values, codes, thresholds, confident, _calibrated(counts, given))


def _confident_classes(P: Array, thresholds: Floats, compat: str) -> Ints:
    """(n,) confident class of every row, -1 where no threshold is reached."""
    classes = np.empty(len(P), dtype=np.intp)
    for rows in row_slices(P.shape):
        block = np.asarray(P[rows], dtype=np.float64)
        reached = block >= thresholds - TIE
        best = np.where(reached, block, -1.0).argmax(axis=1)
        if compat == "cleanlab":
            best = np.where(reached.sum(axis=1) > 1, block.argmax(axis=1), best)
        classes[rows] = np.where(reached.any(axis=1), best, -1)
    return classes


def _calibrated(counts: Floats, given: Ints) -> Ints:
    """Rows rescaled to the counts of given labels and rounded by largest remainder, so that the sums stay."""
    scaled = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300) * given[:, None]
    whole = np.floor(scaled).astype(np.intp)
    short = given - whole.sum(axis=1)
    order = np.argsort(whole - scaled, axis=1, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.broadcast_to(np.arange(len(given)), order.shape), axis=1)
    return np.asarray(whole + (places < short[:, None]))


def _keep_at_least_one(counts: Ints) -> Ints:
    """Every class keeps one row: what the diagonal lacks is taken evenly from its column's other entries."""
    kept = counts.astype(np.float64)
    for true in range(len(counts)):
        lacking = 1.0 - kept[true, true]
        others = (kept[:, true] > 0) & (np.arange(len(counts)) != true)
        if lacking > 0:
            kept[true, true] = 1.0
            kept[others, true] = np.maximum(0.0, kept[others, true] - lacking / max(1, int(others.sum())))
    return np.rint(kept).astype(np.intp)


def _own(P: Array, codes: Ints) -> Floats:
    """(n,) probability of the given class."""
    return np.asarray(P[np.arange(len(codes)), codes], dtype=np.float64)


def _without_own(P: Array, codes: Ints) -> Iterator[tuple[slice, Floats]]:
    """Blocks of rows with the probability of the given class struck out."""
    for rows in row_slices(P.shape):
        block = np.array(P[rows], dtype=np.float64)
        block[np.arange(len(block)), codes[rows]] = -1.0
        yield rows, block
