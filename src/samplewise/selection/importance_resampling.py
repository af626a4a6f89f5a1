"""Rows of a large raw pool that look like a small target: weighed by their features, without training a model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from samplewise.core.arguments import checked, checked_fields
from samplewise.core.arrays import Array, Floats, Ints, positions_of
from samplewise.core.errors import InputError, require_amount, require_count, unknown_name
from samplewise.core.randomness import Hashes, hashed_order, key_hashes, uniform_from_hashes
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, sentence
from samplewise.core.values import Estimate, Scores, with_unit
from samplewise.engine.statistics import (
    distribution_of,
    gumbel_noise,
    log_ratio,
    percentile_interval,
)
from samplewise.engine.statistics.intervals import CONFIDENCE
from samplewise.selection.row_features import CountedRows, Features, RowFeatures
from samplewise.selection.stored_counts import StoredCounts
from samplewise.selection.target_weights import LEAST_TO_SPLIT, TargetWeights, mean_gain, smoothed

SPREADS = 0.5 ** np.arange(-1.0, 7.5, 0.5)  # temperatures that are tried, in spreads of the log weights
NEARLY_AS_LOW = 0.02  # of the reduction of the divergence that may be given up for more diverse rows
NEARLY_AS_ALIKE = 0.01  # of the mean probability that may be given up, against the top of the ranking
RANDOM_DRAWS = 5
INERT = 0.9  # share of a sample that is also the top of the ranking, from which the noise is called inert


@checked_fields
@dataclass(frozen=True, slots=True)
class ImportanceResampler:
    """Weighs raw rows by how much likelier they are in a target than in the pool: log p(row) / q(row) in nats.

    p and q are distributions of features, as if the features of a row were independent: hashed words and pairs of
    words of texts, cells of a table, or columns of a matrix of counts.

    Args:
        features: "hashed_ngrams" of texts; "binned_columns" of a table: every cell, numbers in 20 equally filled bins;
            "counts": a non-negative matrix as it is.
        temperature: log weights are divided by it before rows are drawn; "auto" takes the highest that loses at most
            2 % of the largest reduction of the divergence from target rows that were kept out of the weights, and at
            most .01 of the mean probability that a row comes from the target.
        length: what the sum over a row is divided by: "mean" the number of its features, "sqrt" the square root of
            it, "sum" nothing, which favors or damns rows for being long.
        n_features: buckets that n-grams or cells are hashed into.
        smoothing: counts per bucket that are added to the target's, distributed as the raw rows are, so that what a
            small target happens to lack is not held against a row; 0 for none.
        min_length: rows with fewer features are never drawn.

    Source: xie2023.

    >>> texts = ["the cat sat", "if x: return y", "a cat and the dog"]
    >>> fitted = ImportanceResampler().fit(texts, ["the cat", "the dog sat"])
    >>> fitted.log_weights.top(2).keys.tolist()
    [0, 2]
    """

    features: Features = "hashed_ngrams"
    temperature: float | Literal["auto"] = "auto"
    length: Literal["mean", "sqrt", "sum"] = "mean"
    n_features: int = 10_000
    smoothing: float = 1.0
    min_length: int = 0

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        require_count(self.n_features, "n_features")
        require_count(self.min_length, "min_length", least=0)
        require_amount(self.smoothing, "smoothing", zero=True)
        if self.temperature != "auto":
            require_amount(self.temperature, "temperature")

    @checked
    def fit(
        self, raw: Any, target: Any, *, text: str | None = None, id: str | None = None, run_dir: Any = None,
        progress: Any = None,
    ) -> "ImportanceWeights":  # fmt: skip
        """Weigh every raw row.

        Args:
            raw: the pool: texts (a list, anything that yields texts, a `Dataset`, a frame), the path of a .jsonl, .csv,
                .tsv, .txt or .parquet file or a list of paths, which are streamed; a table; a matrix (n, d).
            target: rows of the same kind that the selection is to be like; several by name in a mapping.
            text: the column with the texts.
            id: the column with the ids; None to count rows from 0.
            run_dir: folder in which counts of texts are kept, so that a run that was killed goes on; None for none.
            progress: called with the share of a file that is read, from 0 to 1.

        Returns:
            `ImportanceWeights`: log weights, samples, and how much nearer to the target they are.

        Raises:
            InputError: no rows, rows of another kind than `features`, other columns in the target, negative or missing
                counts, or ids that repeat.

        Cost: one pass over the text (about 20 MB a second and core); counts beyond 256 MB are kept in files.
        Not for: quality (rows like the target are no better than it); scripts without blanks between words, of which
            only Chinese and Japanese are split; rows whose order of words matters beyond pairs.
        """
        reading = RowFeatures(self.features, self.n_features, text, id, run_dir)
        pool = reading.count(raw, "raw", progress)
        targets = target if isinstance(target, Mapping) else {"target": target}
        if not targets:
            raise InputError("there is no target", where="target", got="an empty mapping", fix="pass target rows")
        of = {str(name): reading.count(rows, f"target {name!r}" if len(targets) > 1 else "target")
              for name, rows in targets.items()}  # fmt: skip
        return _weighed(self, pool, of)


@dataclass(frozen=True, slots=True, eq=False)
class Tempering(Result):
    """What temperatures do to a sample: how far it is from the target, and how much of it the noise decides."""

    temperature: float  # the chosen one
    temperatures: Floats  # (t,)
    divergence: Floats  # (t,) nats per feature from held-out target rows
    top_share: Floats  # (t,) share of the sample that the ranking alone would have taken
    probability: Floats  # (t,) mean probability that a row of the sample comes from the target
    unit: str = "nats per feature"

    def _sentences(self) -> Iterable[str]:
        yield (
            f"Temperature {self.temperature:.3g}: the highest whose sample is as close to the target as that of any "
            "other, nearly, and whose rows are as likely to come from it."
        )
        inert = self.temperatures[self.top_share >= INERT]
        if len(inert):
            yield (
                f"At {inert.max():.3g} and below the noise is inert: at least {percent_text(INERT, '.0f')} of a sample "
                "are the rows with the largest weights, whatever the seed."
            )

    def _table(self) -> Table:
        columns = {"temperature": self.temperatures, "divergence": self.divergence, "top_share": self.top_share}
        columns["probability"] = self.probability
        units = {"divergence": self.unit, "top_share": "share of the sample", "probability": "probability"}
        return Table(columns, units, "temperature")


@dataclass(frozen=True, eq=False)
class ImportanceWeights(Result):
    """Log importance weights of raw rows, what to draw by them, and how much nearer to the target a selection is."""

    ids: Array  # (n,)
    targets: tuple[str, ...]
    notes: tuple[str, ...]
    _settings: ImportanceResampler = field(repr=False)
    _pool: StoredCounts = field(repr=False)
    _of: dict[str, TargetWeights] = field(repr=False)

    @property
    def log_weights(self) -> Scores:
        """Nats, (n,): log weights of the only target; NaN for a row that is empty or too short to tell."""
        return self.log_weights_of(self._only("log_weights_of"))

    @checked
    def log_weights_of(self, target: str) -> Scores:
        """Nats, (n,): log weights for one of several targets."""
        per = {"mean": "nats per feature", "sqrt": "nats per square root of its features", "sum": "nats"}
        values = self._target(target).log_weights
        unit = per[self._settings.length]
        return Scores("log_weight", values, self.ids, unit, "likelier in the target than in the raw rows")

    @cached_property
    def target_probability(self) -> Scores:
        """(n,) probability that a row comes from the target, were both equally common.

        Calibrated: a logistic regression on the log weights of target rows that were kept out of them, against raw
        rows. Log weights themselves overstate it, as if neighboring words were independent.

        Raises: InputError for a target of fewer than 50 rows, of which none can be kept out; or several targets.
        """
        target = self._target(self._only("log_weights_of"))
        if not target.split:
            raise InputError(
                "odds need target rows that were kept out of the weights", where="target",
                got=count_of(len(target.counts), "row"), fix=f"pass at least {LEAST_TO_SPLIT} target rows",
            )  # fmt: skip
        return Scores(
            "target_probability", target.probability, self.ids, "probability", "likelier to come from the target"
        )

    @checked
    def sample(self, n_rows: int, *, seed: int = 0, shares: Mapping[str, float] | None = None) -> Array:
        """Ids (n_rows,) of rows drawn without replacement, in the order of the raw rows.

        Exact sampling in proportion to exp(log weight / temperature): the largest of log weight / temperature plus
        Gumbel noise, which belongs to the id, so that the order of the rows changes nothing.

        Args:
            n_rows: rows to draw.
            seed: of the noise.
            shares: of several targets, the share of the sample each is to get; None for equal ones. Where two targets
                want a row, the one that ranks it higher gets it.

        Raises: InputError for more rows than can be drawn, or shares of unknown targets.
        """
        self._require_rows(n_rows)
        hashes = key_hashes(self.ids)
        quotas = self._quotas(n_rows, shares)
        keys = [self._perturbed(name, quota, seed, hashes) for name, quota in quotas.items()]
        return self.ids[np.sort(_shared_out(keys, list(quotas.values())))]

    @checked
    def tempering(self, n_rows: int, *, seed: int = 0, target: str | None = None) -> Tempering:
        """How the temperature changes a sample of n_rows: its divergence, and what the noise decides of it."""
        self._require_rows(n_rows)
        return self._tempering(
            target or self._only("tempering(n_rows, target=...)"), n_rows, seed, key_hashes(self.ids)
        )

    @checked
    def divergence_reduction(self, ids: Any, *, target: str | None = None) -> Estimate:
        """Nats per feature: how much nearer to the target these rows are than random rows of the same number.

        The Kullback-Leibler divergence of the target's features from those of random rows (mean of 5 draws), less that
        from those of `ids`; 0 for random rows, larger is nearer. Evaluated on target rows that were kept out of the
        weights where there are 50 or more; the interval is a bootstrap over target rows.

        Args:    ids: of raw rows.   target: one of several; None for the mean over all.
        Raises:  InputError for unknown ids, or none.
        Not for: how well a model trained on the rows does: that is measured by training one.
        """
        inside = np.zeros(len(self.ids), dtype=bool)
        inside[positions_of(list(ids), self.ids)] = True
        if not inside.any():
            raise InputError("there are no rows to compare", where="ids", got="0 ids", fix="pass what sample() drew")
        draws = [inside]
        for draw in range(RANDOM_DRAWS):
            mask = np.zeros(len(self.ids), dtype=bool)
            mask[hashed_order(draw, self.ids, "random rows")[: int(inside.sum())]] = True
            draws.append(mask)
        selected, *others = [self._distribution(counts) for counts in self._pool.counts_of(*draws)]
        gain = np.mean([log_ratio(selected, other) for other in others], axis=0)
        wanted = [self._target(target)] if target is not None else list(self._of.values())
        parts = [mean_gain(one, gain) for one in wanted]
        value = float(np.mean([mean for mean, _ in parts]))
        low, high = percentile_interval(np.mean([drawn for _, drawn in parts], axis=0))
        kept = sum(int(one.held.sum()) for one in wanted)
        told = "kept out of the weights" if all(one.split for one in wanted) else "the weights were computed from"
        return Estimate(
            "divergence_reduction", value, float(low), float(high), "nats per feature", CONFIDENCE,
            f"bootstrap of {count_of(kept, 'target row')} {told}",
        )  # fmt: skip

    def _require_rows(self, n_rows: int) -> None:
        """Refuse to draw more rows than there are."""
        usable = int(np.isfinite(next(iter(self._of.values())).log_weights).sum())
        if require_count(n_rows, "n_rows") > usable:
            raise InputError(
                "there are fewer rows than were asked for", where="n_rows",
                got=f"n_rows={n_rows:,}, {count_of(usable, 'row')} of {len(self.ids):,} that are long enough",
                fix=f"ask for at most {usable:,}" if usable else "lower min_length, or pass rows with words",
            )  # fmt: skip

    def _only(self, instead: str) -> str:
        if len(self.targets) > 1:
            raise InputError(
                "there are several targets, and none was named", where="target", got=", ".join(self.targets),
                fix=f"use {instead}",
            )  # fmt: skip
        return self.targets[0]

    def _target(self, name: str) -> TargetWeights:
        if name not in self._of:
            raise unknown_name("target", name, self.targets)
        return self._of[name]

    def _distribution(self, counts: Floats) -> Floats:
        raw = distribution_of(self._pool.totals)
        return distribution_of(smoothed(counts, self._settings.smoothing, raw))

    def _quotas(self, n_rows: int, shares: Mapping[str, float] | None) -> dict[str, int]:
        """Rows of each target: largest remainders, so that they sum to n_rows."""
        wanted = dict.fromkeys(self.targets, 1.0) if shares is None else {
            self._known(name): require_amount(share, f"shares[{name!r}]", zero=True) for name, share in shares.items()
        }  # fmt: skip
        amounts = np.array(list(wanted.values()))
        if not amounts.sum() > 0:
            raise InputError("no target gets a share", where="shares", got=str(shares), fix="give one a share above 0")
        exact = amounts * (n_rows / amounts.sum())
        quotas = np.floor(exact + 1e-9).astype(int)
        quotas[np.argsort(quotas - exact, kind="stable")[: n_rows - int(quotas.sum())]] += 1
        return {name: int(quota) for name, quota in zip(wanted, quotas, strict=True) if quota}

    def _known(self, name: str) -> str:
        self._target(name)
        return name

    def _perturbed(self, name: str, quota: int, seed: int, hashes: Hashes) -> Floats:
        """(n,) log weights over the temperature, plus noise; -inf for rows that are never drawn."""
        temperature = self._settings.temperature
        if temperature == "auto":
            temperature = self._tempering(name, quota, seed, hashes).temperature
        keys = self._target(name).log_weights / temperature + _noise(seed, name, hashes)
        return np.where(np.isnan(keys), -np.inf, keys)

    def _tempering(self, name: str, n_rows: int, seed: int, hashes: Hashes) -> Tempering:
        target = self._target(name)
        weights = np.where(np.isnan(target.log_weights), -np.inf, target.log_weights)
        quarter, three = np.quantile(target.log_weights[np.isfinite(weights)], [0.25, 0.75])
        spread = float(three - quarter) or float(np.std(target.log_weights[np.isfinite(weights)])) or 1.0
        noise = _noise(seed, name, hashes)
        grid = spread * SPREADS
        top = _largest(weights, n_rows)
        masks = [_largest(weights / temperature + noise, n_rows) for temperature in grid]
        random = np.zeros(len(weights), dtype=bool)
        usable = np.flatnonzero(np.isfinite(weights))
        random[usable[hashed_order(seed, self.ids[usable], "random rows")[:n_rows]]] = True
        distributions = [self._distribution(counts) for counts in self._pool.counts_of(*masks, random)]
        apart = np.array([float(target.goal @ log_ratio(target.goal, other)) for other in distributions])
        probability = target.probability
        likely = np.array([float(np.mean(probability[mask])) for mask in masks])
        kept = likely >= float(np.mean(probability[top])) - NEARLY_AS_ALIKE
        kept[-1] = True  # there the sample is the top of the ranking
        least = float(apart[:-1][kept].min())
        near = kept & (apart[:-1] <= least + NEARLY_AS_LOW * max(float(apart[-1]) - least, 0.0))
        shared = np.array([float(np.mean(top[mask])) for mask in masks])
        return Tempering(float(grid[near].max()), grid, apart[:-1], shared, likely)

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(len(self.ids), 'raw row')} weighed for {count_of(len(self.targets), 'target')}."
        for name, one in self._of.items():
            known = one.log_weights[np.isfinite(one.log_weights)]
            if len(known):
                said = with_unit(np.median(known), self.log_weights_of(name).unit, known.min(), known.max())
                yield f"Median log weight [least, largest] for {name}: {said}."
        yield from map(sentence, self.notes)

    def _table(self) -> Table:
        columns = {"id": self.ids} | {f"log_weight_{name}": one.log_weights for name, one in self._of.items()}
        first = np.argsort(-np.nan_to_num(columns[f"log_weight_{self.targets[0]}"], nan=-np.inf), kind="stable")
        return Table(columns, {}, "id", first)


def _weighed(settings: ImportanceResampler, pool: CountedRows, of: dict[str, CountedRows]) -> ImportanceWeights:
    for name, one in of.items():
        if not one.counts.totals.sum() > 0:
            raise InputError(
                "the target has no features", where=name, got=f"{count_of(len(one.counts), 'row')} without any",
                fix="pass target rows that are not empty",
            )  # fmt: skip
    weighed = {
        name: TargetWeights(
            pool.counts, one.counts, length=settings.length, smoothing=settings.smoothing,
            min_length=settings.min_length,
        )
        for name, one in of.items()
    }  # fmt: skip
    notes = _notes(settings, pool.counts, weighed)
    return ImportanceWeights(pool.ids, tuple(of), notes, settings, pool.counts, weighed)


def _notes(settings: ImportanceResampler, pool: StoredCounts, of: Mapping[str, TargetWeights]) -> tuple[str, ...]:
    notes = []
    short = int(np.isnan(next(iter(of.values())).log_weights).sum())
    if short:
        least = max(settings.min_length, 1)
        notes.append(f"{count_of(short, 'raw row')} have fewer than {count_of(least, 'feature')} and are never drawn")
    for name, one in of.items():
        there = one.counts.lengths > 0
        shared = int((np.isin(pool.signatures, one.counts.signatures[there]) & (pool.lengths > 0)).sum())
        if shared:
            notes.append(
                f"{count_of(shared, 'raw row')} are also rows of {name}: they may be drawn, and count as raw rows too"
            )
        if not one.split:
            notes.append(
                f"{name} has {count_of(len(one.counts), 'row')}, too few to keep some out: temperature and divergence "
                "are read from the rows that the weights were computed from, and look better than they are"
            )
    return tuple(notes)


def _noise(seed: int, name: str, hashes: Hashes) -> Floats:
    return gumbel_noise(uniform_from_hashes(seed, hashes, f"resampling {name}"))


def _largest(keys: Floats, n_rows: int) -> Array:
    """(n,) whether a row is among the largest."""
    chosen = np.zeros(len(keys), dtype=bool)
    n_rows = min(n_rows, int(np.isfinite(keys).sum()))
    if n_rows:
        chosen[np.argpartition(-keys, n_rows - 1)[:n_rows]] = True
    return chosen


def _shared_out(keys: list[Floats], quotas: list[int]) -> Ints:
    """Positions of rows: each target takes its best ones, and a row that several want goes where it ranks higher."""
    taken = np.zeros(len(keys[0]), dtype=bool)
    left = np.array(quotas)
    while left.any():
        rows, places, owners = [], [], []
        for owner in np.flatnonzero(left).tolist():
            free = np.where(taken, -np.inf, keys[owner])
            best = np.flatnonzero(_largest(free, int(left[owner])))
            best = best[np.argsort(-free[best], kind="stable")]
            rows.append(best)
            places.append((np.arange(len(best)) + 1.0) / quotas[owner])
            owners.append(np.full(len(best), owner))
        row, place, owner_of = np.concatenate(rows), np.concatenate(places), np.concatenate(owners)
        order = np.argsort(place, kind="stable")
        _, first = np.unique(row[order], return_index=True)
        won = order[first]
        taken[row[won]] = True
        left -= np.bincount(owner_of[won], minlength=len(left))
    return np.flatnonzero(taken)
