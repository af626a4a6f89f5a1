"""Classes that cannot be distinguished: what a model confuses both ways, after wrong labels are set aside."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.errors import InputError, require_kind
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import with_unit
from samplewise.engine.statistics.intervals import share_interval
from samplewise.engine.statistics.multiplicity import holm
from samplewise.engine.statistics.significance import binomial_p_value
from samplewise.labels.facts import FactLabels
from samplewise.labels.posterior import LabelPosterior

CONFIDENT = 0.5  # a suggestion is taken where it is likelier right than all other classes together
LEVEL = 0.01  # family-wise chance of calling a pair ambiguous that is confused as often as all others
CERTAIN = 0.9  # a row between two ambiguous classes counts as an error from this probability
NOTEWORTHY = 0.01  # share of a pair's rows that must be confused, by the lower end of its interval


@dataclass(frozen=True, slots=True, eq=False)
class ConfusablePairs(Result):
    """Pairs of classes the model confuses both ways, most confused first.

    Args:
        first, second: (p,) class codes, first < second.
        rate: (p,) share of the undisputed rows of either class that the model gives to the other.
        low, high: (p,) 95 % Clopper-Pearson limits of `rate`.
        there, back: (p,) rows of the first class given to the second, and the reverse.
    """

    first: Ints
    second: Ints
    rate: Floats
    low: Floats
    high: Floats
    there: Ints
    back: Ints

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.first)

    def includes(self, one: Array, other: Array) -> Mask:
        """(n,) whether the pairs of classes (one_i, other_i) are among these, in either order."""
        pairs = set(zip(self.first.tolist(), self.second.tolist(), strict=True))
        ordered = zip(np.minimum(one, other).tolist(), np.maximum(one, other).tolist(), strict=True)
        return np.fromiter((pair in pairs for pair in ordered), dtype=bool, count=len(one))

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(len(self), 'pair')} of classes that the model confuses both ways, by class code."
        if len(self):
            yield f"Most confused: {self.first[0]} and {self.second[0]},"
            yield f"{with_unit(self.rate[0], 'share of rows', self.low[0], self.high[0])} of either."

    def _table(self) -> Table:
        columns = {
            "first": self.first, "second": self.second, "rate": self.rate, "low": self.low, "high": self.high,
            "first_as_second": self.there, "second_as_first": self.back,
        }  # fmt: skip
        return Table(columns, dict.fromkeys(("rate", "low", "high"), "share"))


def confusable_pairs(posterior: LabelPosterior) -> ConfusablePairs:
    """The pairs of classes that held-out models confuse both ways more than a pair of classes usually is.

    A disagreement on a row whose label is not disputed is ambiguity, not error. If all pairs were equally hard, a pair
    (j, k) would hold its share of all disagreements, in proportion to n_j + n_k; a pair is returned where a binomial
    test rejects that in BOTH directions (Holm over all pairs, 1 %), and at least 1 % of its rows are confused.

    Args:    posterior: of a classification with three classes or more.
    Returns: `ConfusablePairs`, possibly none; larger `rate` means harder to distinguish.
    Raises:  InputError for fewer than three classes: there the one pair's confusion is the error itself.
    Cost:    O(n + c^2).
    Source:  clopper1934, holm1979.
    """
    require_kind(posterior, LabelPosterior)
    count = posterior.classes
    if count < 3:  # see Raises
        raise InputError(
            "ambiguous pairs need three classes", got=f"{count} classes", fix="read the error rate and the calibration"
        )
    confused, rows = _confusions(posterior)
    both = confused + confused.T
    first, second = np.nonzero(np.triu(both, 1))
    size = rows[first] + rows[second]
    p_values = np.maximum(
        _tail(confused[first, second], confused, rows, first), _tail(confused[second, first], confused, rows, second)
    )
    low, high = share_interval(both[first, second], size)
    # Pairs that are never confused count among the tests.
    beyond = (holm(p_values, count * (count - 1) // 2) < LEVEL) & (low > NOTEWORTHY)
    rate = both[first, second] / np.maximum(size, 1)
    chosen = np.flatnonzero(beyond)
    chosen = chosen[np.argsort(-rate[chosen], kind="stable")]
    first, second = first[chosen], second[chosen]
    there, back = confused[first, second], confused[second, first]
    return ConfusablePairs(first, second, rate[chosen], low[chosen], high[chosen], there, back)


def likely_errors(posterior: LabelPosterior) -> Mask:
    """(n,) disputed labels that are errors rather than ambiguity.

    All flagged rows, but between two classes of an ambiguous pair only those that are wrong with probability .9. Of
    labels that are facts, where people confuse the classes that models confuse, those that are `surely_wrong`.
    """
    require_kind(posterior, LabelPosterior)
    if isinstance(posterior, FactLabels):
        return posterior.surely_wrong
    if posterior.classes < 3:  # one pair cannot be more ambiguous than the others
        return posterior.flagged
    rows = np.flatnonzero(posterior.flagged)
    between = confusable_pairs(posterior).includes(posterior.codes[rows], posterior.suggested[rows])
    errors = np.zeros(len(posterior.codes), dtype=bool)
    errors[rows] = ~between | (posterior.wrong[rows] >= CERTAIN)
    return errors


def suggests(posterior: LabelPosterior) -> Mask:
    """(n,) likely errors whose suggested label is likelier than all other classes together."""
    require_kind(posterior, LabelPosterior)
    likely = likely_errors(posterior)
    return likely & (np.nan_to_num(posterior.suggested_probability) > CONFIDENT) if posterior.classes else likely


def _confusions(posterior: LabelPosterior) -> tuple[Ints, Ints]:
    """(c, c) undisputed rows given j that the model calls k, j != k, and (c,) undisputed rows of each class."""
    trusted = np.flatnonzero(~posterior.flagged & ~np.isnan(posterior.wrong))
    given, called = posterior.codes[trusted], posterior.held_out.argmax(axis=1)[trusted]
    confused = np.zeros((posterior.classes, posterior.classes), dtype=np.intp)
    np.add.at(confused, (given, called), 1)
    np.fill_diagonal(confused, 0)
    return confused, np.bincount(given, minlength=posterior.classes)


def _tail(seen: Ints, confused: Ints, rows: Ints, given: Ints) -> Floats:
    """P(so many confusions or more in one direction) if all directions out of all classes were alike."""
    usual = confused.sum() / max(1, int(rows.sum())) / (len(rows) - 1)
    return binomial_p_value(seen, rows[given], usual)
