"""How well a linear rule tells domains apart: among those of the source, with the target among them, within a class."""

from collections.abc import Iterable

import numpy as np
from scipy.special import expit

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.randomness import hashed_order
from samplewise.core.values import Estimate
from samplewise.data.targets import Target
from samplewise.engine.models.estimator import EstimatorLearner
from samplewise.engine.models.learner import Fit
from samplewise.engine.models.row_losses import weighted_rows
from samplewise.engine.refits import FitRunner, Prepared
from samplewise.engine.statistics.intervals import half_width
from samplewise.engine.statistics.repeated_means import RepeatedMean, repeated_mean
from samplewise.shift.linear_probe import LinearProbe
from samplewise.shift.two_places import Pair

MOST_PROBED = 5_000  # rows of a domain a domain probe looks at
MOST_REPLACED = 5  # domains of the source that the target takes the place of, one after the other
FEWEST_OF_CLASS = 10  # rows of a class in every domain, for the probe within that class


def domain_probes(prepared: Prepared, pair: Pair, folds: Ints) -> list[tuple[Estimate, float, str]]:
    """I0, I1 and I2: the share of rows (0..1) whose domain a linear rule tells, every domain weighing the same, each
    with chance and what was asked.

    Cost: about 3 + c fits a fold for one domain of the source and c classes.   Source: galstyan2022.
    """  # fmt: skip
    domains = np.r_[pair.domains.codes, np.full(len(pair.target), len(pair.domains.names))].astype(np.intp)
    target = len(pair.domains.names)
    rows = _drawn(prepared.data.ids, domains)
    probe = _Probe(prepared, folds, domains)
    sources = list(range(target))
    largest = np.argsort(-np.bincount(domains[domains < target]), kind="stable")[:MOST_REPLACED].tolist()
    sets = [[*(one for one in sources if one != replaced), target] for replaced in largest] if target > 1 else [[0, 1]]
    first = _mean_of(probe.told(set_, rows) for set_ in ([sources] if target > 1 else []))
    second = _mean_of(probe.told(set_, rows) for set_ in sets)
    third = None if prepared.target.classes is None else _mean_of(
        probe.told(set_, rows & (prepared.target.codes == code)) for set_ in sets
        for code in range(len(prepared.target.classes)) if probe.enough(set_, rows & (prepared.target.codes == code))
    )  # fmt: skip
    chance = 1.0 / len(sets[0])
    one_class = "classes are compared, and labels are numbers" if prepared.target.classes is None else (
        f"no class has {FEWEST_OF_CLASS} rows in every domain"
    )  # fmt: skip
    return [
        (_estimate("I0", first, "there is one domain"), 1.0 / target, "among the domains of the source"),
        (_estimate("I1", second, ""), chance, "with the target among them"),
        (_estimate("I2", third, one_class), chance, "the same within a class"),
    ]


def linear_chances(prepared: Prepared, pair: Pair, folds: Ints) -> Floats:
    """(N,) chance that a row is of the target, were both places equally large, by a linear rule fitted without it.

    Cost: a fit of at most 10,000 rows a fold.
    """
    codes = pair.there.astype(np.intp)
    answers = _Probe(prepared, folds, codes).answers(_drawn(prepared.data.ids, codes), np.ones(len(codes), dtype=bool))
    return np.asarray(expit(answers[:, 1] - answers[:, 0]))


class _Probe:
    """Domain probes of one set of rows, with the folds of all other probes."""

    def __init__(self, prepared: Prepared, folds: Ints, domains: Ints) -> None:
        self.folds, self.domains, self.groups = folds, domains, prepared.groups
        self.runner = FitRunner(
            prepared.data, Target("classification", np.arange(domains.max() + 1), domains),
            EstimatorLearner(LinearProbe(), "probe", "space"), prepared.space, prepared.seed, prepared.executor,
        )  # fmt: skip

    def enough(self, domains: list[int], rows: Mask) -> bool:
        """Whether every one of these domains has ten of the rows."""
        return bool(self._counts(rows)[domains].min() >= FEWEST_OF_CLASS)

    def told(self, domains: list[int], rows: Mask) -> RepeatedMean:
        """The share of rows whose domain is told, every domain weighing the same."""
        inside = rows & np.isin(self.domains, domains)
        hits = (self.answers(inside, inside).argmax(axis=1) == self.domains).astype(np.float64)
        groups = None if self.groups is None else self.groups[inside]
        values = weighted_rows(hits[inside], self._weights(inside)[inside])
        return repeated_mean(values[None], self.folds[inside][None], groups)

    def answers(self, inside: Mask, asked: Mask) -> Floats:
        """(N, k) outputs of rules fitted on rows `inside`, for rows `asked` of the fold they were fitted without."""
        weights = self._weights(inside)
        fits = [
            Fit(inside & (self.folds != fold), np.flatnonzero(asked & (self.folds == fold)), weights=weights)
            for fold in np.unique(self.folds[asked])
        ]
        outputs = np.zeros((len(inside), self.domains.max() + 1))
        for fit, answer in zip(fits, self.runner.outputs(fits, blocks=self.folds), strict=True):
            outputs[fit.query] = answer
        return outputs

    def _counts(self, rows: Mask) -> Ints:
        return np.bincount(self.domains[rows], minlength=self.domains.max() + 1)

    def _weights(self, inside: Mask) -> Floats:
        """(N,) weights under which every domain counts the same among the rows, 1 in the mean."""
        weights = 1.0 / np.maximum(self._counts(inside), 1)[self.domains]
        return np.asarray(weights * inside.sum() / weights[inside].sum())


def _drawn(ids: Array, domains: Ints) -> Mask:
    """(N,) at most 5,000 rows of every domain, by their ids."""
    order = hashed_order(0, ids, "domain probes")
    chosen = np.zeros(len(ids), dtype=bool)
    for domain in np.unique(domains):
        chosen[order[domains[order] == domain][:MOST_PROBED]] = True
    return chosen


def _mean_of(parts: Iterable[RepeatedMean]) -> tuple[float, float] | None:
    """Mean and standard error of several shares; those of overlapping rows are taken as one: errors are averaged."""
    found = list(parts)
    if not found:
        return None
    values: Floats = np.array([part.value for part in found])
    return float(values.mean()), float(np.mean([half_width(part.error, freedom=part.freedom) for part in found]))


def _estimate(name: str, found: tuple[float, float] | None, reason: str) -> Estimate:
    if found is None:
        return Estimate(name, np.nan, unit="share of rows", reason=reason)
    value, half = found
    return Estimate(name, value, max(value - half, 0.0), min(value + half, 1.0), "share of rows", 0.95, "galstyan2022")
