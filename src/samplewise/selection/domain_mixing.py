"""How much of each source to train on: the mixture that is nearest to a target, or that trains best for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import lazy_loader
import numpy as np

from samplewise.core.arguments import checked, checked_fields
from samplewise.core.arrays import Array, Floats, one_hot
from samplewise.core.errors import InputError, require_amount, require_count
from samplewise.core.randomness import derive_seed, generator, hashed_order
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Estimate, Scores
from samplewise.data.inputs import as_labeled
from samplewise.data.targets import describe_target
from samplewise.engine.models.feature_encoding import SpaceEncoder
from samplewise.engine.statistics import (
    bootstrap_mean,
    distribution_of,
    log_ratio,
    percentile_interval,
    resampled_counts,
)
from samplewise.engine.statistics.intervals import CONFIDENCE
from samplewise.selection.gradient_mixing import LinearLoss, aligned_weights, trained
from samplewise.selection.row_features import Features, RowFeatures
from samplewise.selection.stored_counts import StoredCounts
from samplewise.selection.target_weights import smoothed

pd = lazy_loader.load("pandas")
LEAST_LABELED, N_RUNS = 20, 5  # rows of a target for gradients; runs, each on target rows drawn again
N_RESAMPLES, MOST_UNITS = 50, 500  # of the bootstrap over target rows; more rows are summed in groups
MOST_STEPS, CHANGE = 5000, 1e-7  # of the search: it ends where no weight moves further


@checked_fields
@dataclass(frozen=True, slots=True)
class DomainMixer:
    """Weighs sources for a target.

    "importance" needs no labels: the mixture of the sources' features that is as near to the target's as it can be. The
    weights maximize the mean over the target's features of log(sum of weight times frequency in the source), which has
    one largest value; expectation maximization rises to it.

    "gradient_alignment" and "doge" need labels: a linear model is trained on the mixture, and a source gains weight
    while its gradient points where that of the target does: by the cosine, or by the inner product.

    Args:
        strategy: one of these.
        features: as of `ImportanceResampler`; of "importance" alone, as are the next two.
        n_features: buckets that n-grams or cells are hashed into.
        smoothing: counts per bucket that are added to every source's, distributed as all sources together are.

    Source: fan2024 for gradients.
    """

    strategy: Literal["importance", "gradient_alignment", "doge"] = "importance"
    features: Features = "hashed_ngrams"
    n_features: int = 10_000
    smoothing: float = 1.0

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        require_count(self.n_features, "n_features")
        require_amount(self.smoothing, "smoothing", zero=True)
        given = (self.features, self.n_features, self.smoothing)
        if self.strategy != "importance" and given != ("hashed_ngrams", 10_000, 1.0):
            raise InputError(
                "gradients are of a model, and count no features", where="features, n_features or smoothing",
                got=f"strategy={self.strategy!r} with {given}", fix='leave them out, or strategy="importance"',
            )  # fmt: skip

    @checked
    def fit(
        self, domains: Mapping[str, Any], target: Any, *, text: str | None = None, seed: int = 0
    ) -> "DomainMixture":
        """Weigh the sources.

        Args:
            domains: rows of at least two sources by name; each as `raw` of `ImportanceResampler.fit`, or with labels,
                a `Dataset` or (X, y), for gradients.
            target: rows of the same kind that the mixture is for.
            text: the column with the texts.
            seed: of the batches that gradients are taken on.

        Returns:
            `DomainMixture`: shares of features and of rows, with intervals, and what the mixture gains over all rows
            together. For gradients it is evaluated on half of the target's rows, which had no part in the weights.

        Raises:
            InputError: fewer than two sources, rows of another kind than `features`, none, or no labels for gradients.

        Cost: one pass over all rows, then 50 searches of k d operations a step; of gradients 5 trainings of 600 steps.
        Not for: sources that differ in quality and not in words (importance); labels that no linear model tells
            (gradients); a source of which there are too few rows to repeat.

        >>> found = DomainMixer().fit({"pets": ["the cat", "a dog"], "code": ["if x", "else y"]}, ["the dog", "a cat"])
        >>> found.weights["pets"] > 0.9
        True
        """
        if len(domains) < 2:
            raise InputError(
                "a mixture needs at least two sources", where="domains", got=count_of(len(domains), "source"),
                fix='pass {"web": rows, "books": rows}',
            )  # fmt: skip
        order = sorted(domains, key=str)  # the first source fixes the bins of a table: whichever came first
        if self.strategy != "importance":
            if text is not None:
                fix = "leave text out: all columns are read"
                raise InputError("gradients are of all columns", where="text", got=f"text={text!r}", fix=fix)
            return _trained({str(name): domains[name] for name in order}, target, self.strategy, seed)
        reading = RowFeatures(self.features, self.n_features, text, None, None)
        counted = {str(name): reading.count(domains[name], f"domains[{name!r}]").counts for name in order}
        goal = reading.count(target, "target").counts
        for name, one in ({"target": goal} | counted).items():
            if not one.totals.sum() > 0:
                raise InputError(
                    "rows without any features", where=name, got=count_of(len(one), "row"), fix="pass rows with words"
                )
        return self._mixed(counted, goal)

    def _mixed(self, counted: dict[str, StoredCounts], goal: StoredCounts) -> "DomainMixture":
        together = distribution_of(np.sum([one.totals for one in counted.values()], axis=0))
        sources = np.array(
            [distribution_of(smoothed(one.totals, self.smoothing, together)) for one in counted.values()]
        )
        lengths = np.array([one.totals.sum() / len(one) for one in counted.values()])
        groups = _grouped(goal)
        weights = mixture_weights(distribution_of(groups.sum(axis=0)), sources)
        draws = resampled_counts(generator(0, "target rows", len(groups)), len(groups), N_RESAMPLES) @ groups
        drawn = np.array([mixture_weights(distribution_of(one), sources, start=weights) for one in draws])
        p = distribution_of(goal.totals)
        before = log_ratio(together, p)
        gains = log_ratio(weights @ sources, p) - before
        spread = np.array([distribution_of(one) @ gains for one in draws])
        low, high = percentile_interval(spread)
        gain = Estimate(
            "divergence_reduction", float(p @ gains), float(low), float(high), "nats per feature", CONFIDENCE,
            f"bootstrap of {count_of(len(goal), 'target row')}",
        )  # fmt: skip
        return DomainMixture(tuple(counted), weights, lengths, drawn, gain)


@dataclass(frozen=True, slots=True, eq=False)
class DomainMixture(Result):
    """Shares of sources in a mixture that is like the target."""

    domains: tuple[str, ...]
    shares: Floats  # (k,) of features
    lengths: Floats  # (k,) features per row of each source
    drawn: Floats  # (b, k) shares for resampled target rows
    gain: Estimate  # over all rows together: nats per feature nearer, or held-out loss on the target that is saved

    @property
    def weights(self) -> Scores:
        """(k,) share of the features that is to come from each source; they sum to 1."""
        return self._scores("domain_weight", self.shares, self.drawn.std(axis=0))

    @property
    def row_shares(self) -> Scores:
        """(k,) share of the rows: a source of long rows needs fewer of them for the same share of features."""
        rows = self.shares / self.lengths
        each = self.drawn / self.lengths
        spread = (each / each.sum(axis=1, keepdims=True)).std(axis=0)
        return self._scores("row_share", rows / rows.sum(), spread)

    def _scores(self, quantity: str, values: Array, spread: Array) -> Scores:
        keys = np.array(self.domains, dtype=object)
        return Scores(quantity, values, keys, "share", "more of the mixture", "segment", spread)

    def _sentences(self) -> Iterable[str]:
        yield f"A mixture of {count_of(len(self.domains), 'source')} for the target."
        surely = "better" if self.gain.low > 0 else "not surely better"
        yield f"It is {surely} than all rows together: {self.gain!r}."

    def _table(self) -> Table:
        low, high = percentile_interval(self.drawn)
        columns = {"domain": list(self.domains), "share": self.shares, "low": low, "high": high}
        columns["row_share"] = self.row_shares.values
        units = {"share": "share of features", "low": "share of features", "high": "share of features"}
        return Table(columns, units | {"row_share": "share of rows"}, "domain", np.argsort(-self.shares, kind="stable"))


def mixture_weights(goal: Floats, sources: Floats, *, start: Floats | None = None) -> Floats:
    """(k,) weights of distributions (k, d) that maximize the mean log density under `goal` (d,).

    Each step gives a source the share of the goal that it explains now; the density rises at every step.
    """
    seen = goal > 0
    goal, sources = goal[seen], sources[:, seen] + 1e-12
    count = len(sources)
    weights = np.full(count, 1.0 / count)
    if start is not None:
        weights = 0.9 * start + 0.1 * weights  # a weight of 0 would stay there
    for _ in range(MOST_STEPS):
        new = weights * (sources @ (goal / (weights @ sources)))
        new /= new.sum()
        moved = float(np.abs(new - weights).max())
        weights = new
        if moved < CHANGE:
            break
    return weights


def _trained(
    domains: dict[str, Any], target: Any, strategy: Literal["gradient_alignment", "doge"], seed: int
) -> "DomainMixture":
    """Weights by gradients on half of the target's rows, and the loss on the other half."""
    parts = {name: as_labeled(rows, name=f"domains[{name!r}]") for name, rows in domains.items()}
    goal = as_labeled(target, name="target")
    if len(goal) < LEAST_LABELED:
        raise InputError(
            "the target has too few rows: half of them are kept out to evaluate on", where="target",
            got=count_of(len(goal), "row"), fix=f"label at least {LEAST_LABELED}",
        )  # fmt: skip
    read = [*parts.values(), goal]
    widths = {len(one.columns) for one in read}
    if len(widths) > 1:
        raise InputError("all rows need the same columns", where="target and domains", got=f"{sorted(widths)} columns",
                         fix="pass the same columns everywhere")  # fmt: skip
    together = [one.X for one in read]
    space = SpaceEncoder(pd.concat(together) if hasattr(together[0], "iloc") else np.vstack(together), seed=seed)
    described = describe_target(np.concatenate([one.y for one in read if one.y is not None]))
    loss = LinearLoss(described.classes is not None)
    coded = np.split(np.asarray(described.codes), np.cumsum([len(one) for one in read])[:-1])
    scale = 1.0 if loss.classes else float(np.std(described.codes)) or 1.0
    center = 0.0 if loss.classes else float(np.mean(described.codes))
    rows = []
    for one, codes in zip(read, coded, strict=True):
        numbers = (codes[:, None] - center) / scale
        truth = numbers if described.classes is None else one_hot(codes, len(described.classes))
        rows.append((np.c_[space(one.X), np.ones(len(one))], truth))
    sources, (columns, truth) = rows[:-1], rows[-1]
    order = hashed_order(seed, goal.ids, "target of a mixture")
    ours, held = order[: len(order) // 2], order[len(order) // 2 :]
    drawn = np.array([
        aligned_weights(sources, (columns[some], truth[some]), loss, strategy, derive_seed(seed, run))
        for run in range(N_RUNS)
        for some in [ours if run == 0 else generator(seed, "rows of the target", run).choice(ours, len(ours))]
    ])  # fmt: skip
    weights = drawn.mean(axis=0)
    sizes = np.array([len(one[0]) for one in sources], dtype=np.float64)
    evaluated = columns[held], truth[held]
    before, after = (
        loss.of(trained(sources, mixture, loss, seed), evaluated) for mixture in (sizes / sizes.sum(), weights)
    )
    unit = "nats" if loss.classes else "variances of the label"
    factor = 1.0 if loss.classes else 2.0  # the loss is half of the squared error
    gain = bootstrap_mean(factor * (before - after), "loss_reduction", unit, of="held-out target rows")
    return DomainMixture(tuple(domains), weights, np.ones(len(weights)), drawn, gain)


def _grouped(goal: StoredCounts) -> Floats:
    """(g, d) counts of groups of target rows, alike in number, in an order of their content."""
    count = min(len(goal), MOST_UNITS)
    places = np.empty(len(goal), dtype=np.intp)
    places[np.argsort(goal.signatures, kind="stable")] = np.arange(len(goal)) % count
    return goal.counts_of(*(places == group for group in range(count)))
