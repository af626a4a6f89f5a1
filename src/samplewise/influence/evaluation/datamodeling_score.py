"""How well an attribution predicts retraining: its rank correlation with models fitted on subsets."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.stats import rankdata

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, Mask, in_order, positions_of, require_finite
from samplewise.core.errors import InputError, name_rows, require_kind
from samplewise.core.randomness import generator, key_hashes
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Attribution, Estimate, Scores, scores_columns
from samplewise.data.conversions import as_numbers, kind_text
from samplewise.engine.statistics.intervals import CONFIDENCE
from samplewise.engine.statistics.resampling import reflected_interval, resampled_counts

FEWEST_SUBSETS = 5
MOST_SPLITS = 10  # ways to split the seeds in two whose agreement is averaged


@dataclass(frozen=True, slots=True, eq=False)
class DatamodelingScore(Result):
    """How well an attribution ranks retrained models (rank correlation, -1..1), with the best the noise allows."""

    estimate: Estimate  # mean over queries
    per_query: Scores  # (m,)
    ceiling: Estimate  # agreement of two disjoint means over seeds; NaN with its reason where there is one seed

    def _sentences(self) -> Iterable[str]:
        yield f"What the attribution says agrees with models trained again by {self.estimate}."
        yield f"The most that noise between trainings allows: {self.ceiling}."
        yield f"Below, the {count_of(len(self.per_query), 'query', 'queries')}, best first."

    def _table(self) -> Table:
        columns, units = scores_columns(self.per_query)
        columns = {"query": columns.pop(next(iter(columns)))} | columns
        return Table(columns, units, "query", in_order(-self.per_query.values))


@checked
def linear_datamodeling_score(
    attribution: Attribution, subsets: Any, outputs: Any, *, n_resamples: int = 1000, seed: int = 0
) -> DatamodelingScore:
    """Rank correlation (-1..1) between an attribution's predictions for subsets and models fitted on them.

    Mean over queries q of Spearman_j(sum of values[q, i] over the rows i of subset j, outputs[j, q]). A query whose
    values or outputs are constant counts 0. Subsets and queries are both drawn anew for the interval, which is that of
    the score over all subsets there could be.

    Args:
        attribution: values (m, n).
        subsets: (M, n) bool, in the order of `attribution.ids`, or M lists of ids.
        outputs: (M, m) the attributed output of each refit at each query, or (M, R, m) of R refits that differ in the
            seed alone; they are averaged.
        n_resamples: of the bootstrap.
        seed: of the bootstrap.

    Returns:
        `DatamodelingScore`; larger means the refits are predicted better. `ceiling` compares means over disjoint halves
        of the seeds, so a perfect attribution may reach a little more.

    Raises:
        InputError: shapes that do not fit, entries that are not finite, fewer than 5 subsets, or unknown ids.

    Cost: O(M m n + resamples M m); a second for 50 subsets and 500 queries. The refits are the caller's.
    Not for: effects of single rows, where the noise of a refit is larger than any effect.
    Source: park2023, ilyas2022.

    >>> values, masks = np.array([[3.0, -1.0, 2.0]]), np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 0, 0], [0, 1, 0]])
    >>> found = linear_datamodeling_score(Attribution(values, ["q"], [0, 1, 2], "margin"), masks > 0, masks @ values.T)
    >>> found.estimate.value
    1.0
    """
    require_kind(attribution, Attribution)
    refits = _refits(attribution, subsets, outputs)
    draws = _Draws.of(len(refits.inside), len(refits.query_ids), n_resamples, seed)
    truth = refits.outputs.mean(axis=1).T
    agreement = _agreement(_predicted(attribution, refits), truth, draws)
    scores = np.empty(len(refits.order))
    scores[refits.order] = agreement.values
    return DatamodelingScore(
        agreement.estimate("linear_datamodeling_score", draws),
        Scores("rank_correlation", scores, attribution.query_ids, "rank correlation", "refits are predicted better"),
        _ceiling(refits.outputs, draws),
    )


@checked
def datamodeling_score_difference(
    first: Attribution, second: Attribution, subsets: Any, outputs: Any, *, n_resamples: int = 1000, seed: int = 0
) -> Estimate:
    """By how much the first attribution predicts refits better than the second (difference of rank correlations).

    Both are evaluated on the same draws of subsets and queries, so the interval is that of the difference itself: far
    narrower than two separate intervals would suggest.

    Args: as `linear_datamodeling_score`; the second must have the same queries and rows, in any order.

    Returns:
        Estimate (-2..2), above 0 where the first is better.

    Raises:
        InputError: as `linear_datamodeling_score`, and for queries or rows that only one of them has.

    Cost: as two `linear_datamodeling_score`.
    Source: park2023, efron1993.

    >>> masks = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 0, 0], [0, 1, 0]]) > 0
    >>> good = Attribution(np.array([[3.0, -1.0, 2.0]]), ["q"], [0, 1, 2], "margin")
    >>> bad = Attribution(-good.values, ["q"], [0, 1, 2], "margin")
    >>> datamodeling_score_difference(good, bad, masks, masks @ good.values.T).value
    2.0
    """
    require_kind(first, Attribution)
    require_kind(second, Attribution)
    refits = _refits(first, subsets, outputs)
    draws = _Draws.of(len(refits.inside), len(refits.query_ids), n_resamples, seed)
    truth = refits.outputs.mean(axis=1).T
    ours = _agreement(_predicted(first, refits), truth, draws)
    theirs = _agreement(_predicted(_in_order_of(second, first), refits), truth, draws)
    difference = _Agreement(ours.values - theirs.values, ours.drawn - theirs.drawn, widest=2.0)
    return difference.estimate("difference of linear_datamodeling_score", draws)


@dataclass(frozen=True, slots=True, eq=False)
class _Refits:
    """Subsets and what the models fitted on them gave, the queries in an order that belongs to their ids."""

    inside: Mask  # (M, n)
    outputs: Floats  # (M, R, m)
    query_ids: Array  # (m,)
    order: Ints  # (m,) positions in the attribution


@dataclass(frozen=True, slots=True, eq=False)
class _Draws:
    """How often each subset and each query is in each resample."""

    subsets: Floats  # (M, B) counts
    queries: Floats  # (B, m) shares

    @staticmethod
    def of(subsets: int, queries: int, count: int, seed: int) -> "_Draws":
        """Multinomial counts of a bootstrap over both axes."""
        if count < 100:
            raise InputError(
                "an interval needs more resamples", got=f"n_resamples={count}", fix="use n_resamples=1000, at least 100"
            )
        draw = generator(seed, "datamodeling bootstrap")
        counts = resampled_counts(draw, subsets, count).T.astype(np.float64)
        return _Draws(counts, resampled_counts(draw, queries, count) / queries)


@dataclass(frozen=True, slots=True, eq=False)
class _Agreement:
    """A rank correlation per query, and its mean over queries in every resample."""

    values: Floats  # (m,)
    drawn: Floats  # (B,)
    widest: float = 1.0  # no interval reaches further from 0

    def estimate(self, quantity: str, draws: _Draws) -> Estimate:
        """The mean over queries with its reflected bootstrap interval."""
        # A resample holds duplicates, which lower its rank correlation much as few subsets lower the estimate itself:
        # reflecting at the estimate corrects this bias, while plain percentiles would count it twice.
        ends = reflected_interval(float(self.values.mean()), self.drawn, CONFIDENCE)
        low, high = np.clip(ends, -self.widest, self.widest)
        source = f"bootstrap of {len(draws.subsets)} subsets and {draws.queries.shape[1]} queries"
        mean = float(self.values.mean())
        return Estimate(quantity, mean, float(low), float(high), "rank correlation", CONFIDENCE, source)


def _agreement(predicted: Floats, truth: Floats, draws: _Draws) -> _Agreement:
    """Spearman of the rows of two (m, M) arrays, over all subsets and in every resample."""
    values = rank_correlations(predicted, truth)
    drawn = np.zeros(len(draws.queries))
    for query in range(len(truth)):
        resampled = _resampled_correlation(predicted[query], truth[query], draws.subsets)
        drawn += draws.queries[:, query] * resampled
    return _Agreement(values, drawn)


def rank_correlations(first: Floats, second: Floats) -> Floats:
    """Spearman's correlation (m,) of each row of one array (m, M) with the same row of the other; constant rows 0."""
    ranks = [rankdata(values, axis=1) for values in (first, second)]
    centered = [rank - rank.mean(axis=1, keepdims=True) for rank in ranks]
    lengths = np.linalg.norm(centered[0], axis=1) * np.linalg.norm(centered[1], axis=1)
    products = np.einsum("qj,qj->q", *centered)
    return np.divide(products, lengths, out=np.zeros(len(first)), where=lengths > 0)


def _resampled_correlation(first: Floats, second: Floats, counts: Floats) -> Floats:
    """Spearman (B,) of two (M,) rows in every resample (M, B), ranked anew within it; ties share their mean rank."""
    ranks, others = (_resampled_ranks(values, counts) for values in (first, second))
    weighted = counts * ranks
    products = np.einsum("jb,jb->b", weighted, others)
    squares = np.einsum("jb,jb->b", weighted, ranks) * np.einsum("jb,jb,jb->b", counts, others, others)
    lengths = np.sqrt(squares)
    return np.divide(products, lengths, out=np.zeros(counts.shape[1]), where=lengths > 0)


def _resampled_ranks(values: Floats, counts: Floats) -> Floats:
    """(M, B) rank of every entry in each resample (M, B), which holds some entries repeatedly, less the mean rank."""
    order = np.argsort(values, kind="stable")
    seen = np.zeros((len(values) + 1, counts.shape[1]))
    np.cumsum(counts[order], axis=0, out=seen[1:])
    below, within = (np.searchsorted(values[order], values, side=side) for side in ("left", "right"))
    return 0.5 * (seen[below] + seen[within] - len(values))


def _ceiling(outputs: Floats, draws: _Draws) -> Estimate:
    """How well the mean over some seeds predicts the mean over the others, averaged over the ways to split them."""
    splits = list(_halves(outputs.shape[1]))
    if not splits:
        reason = "one seed a subset: pass outputs of at least two"
        return Estimate("noise_ceiling", math.nan, unit="rank correlation", reason=reason)
    parts = []
    for half in splits:
        other = np.setdiff1d(np.arange(outputs.shape[1]), half)
        parts.append(_agreement(outputs[:, list(half)].mean(axis=1).T, outputs[:, other].mean(axis=1).T, draws))
    values, drawn = (np.mean([getattr(part, name) for part in parts], axis=0) for name in ("values", "drawn"))
    return _Agreement(values, drawn).estimate("noise_ceiling", draws)


def _halves(seeds: int) -> Iterator[Sequence[int]]:
    """Ways to name one half of the seeds, at most ten; an even number is split each way once."""
    half = seeds // 2
    if half:
        ways = [way for way in combinations(range(seeds), half) if seeds % 2 or 0 in way]
        yield from ways[:: max(1, math.ceil(len(ways) / MOST_SPLITS))]


def _predicted(attribution: Attribution, refits: _Refits) -> Floats:
    """(m, M) sum of the values of each subset's rows."""
    values = np.asarray(attribution.values, dtype=np.float64)[refits.order]
    # Rounded, so that sums that are equal but for the order of their terms share a rank.
    sums = values @ refits.inside.T.astype(np.float64)
    scale = np.max(np.abs(values), axis=1, keepdims=True) * np.sqrt(values.shape[1])
    return np.round(np.divide(sums, scale, out=np.zeros_like(sums), where=scale > 0), 12)


def _in_order_of(attribution: Attribution, wanted: Attribution) -> Attribution:
    """The same attribution with the queries and rows of another."""
    rows = positions_of(wanted.ids, np.asarray(attribution.ids))
    queries = positions_of(wanted.query_ids, np.asarray(attribution.query_ids))
    values = _flat(attribution)[np.ix_(queries, rows)]
    return Attribution(values, wanted.query_ids, wanted.ids, attribution.unit)


def _flat(attribution: Attribution) -> Array:
    """Values (m, n), finite."""
    values = np.asarray(attribution.values)
    if values.ndim != 2:
        raise InputError(
            "an attribution of several outputs has no single rank order",
            got=f"values {values.shape}",
            fix="attribute one target: Attribution(values[..., k], query_ids, ids, unit)",
        )
    require_finite(values.T, np.asarray(attribution.ids), "the attribution", "leave these rows out before attributing")
    return values


def _refits(attribution: Attribution, subsets: Any, outputs: Any) -> _Refits:
    """Check that subsets and outputs belong to the attribution, and put the queries in the order of their ids."""
    values = _flat(attribution)
    inside = _masks(subsets, np.asarray(attribution.ids))
    given = as_numbers(outputs, "outputs", 3 if np.ndim(outputs) == 3 else 2, fix="pass (subsets, queries) numbers")
    given = given[:, None] if given.ndim == 2 else given
    expected = (len(inside), len(values))
    if given.ndim != 3 or (given.shape[0], given.shape[2]) != expected or not given.shape[1]:
        raise InputError(
            "outputs must hold one number for each subset and query",
            where="outputs",
            got=f"outputs {np.shape(outputs)}, {expected[0]} subsets, {expected[1]} queries",
            fix="pass (subsets, queries), or (subsets, seeds, queries)",
        )
    if len(inside) < FEWEST_SUBSETS:
        raise InputError(
            "too few subsets for a rank correlation", got=f"{len(inside)} subsets",
            fix=f"fit models on at least {FEWEST_SUBSETS} subsets; 50 are usual",
        )  # fmt: skip
    broken = np.flatnonzero(~np.isfinite(given).all(axis=(1, 2)))
    if len(broken):
        raise InputError(
            "outputs have missing or infinite entries", where=name_rows(broken).replace("rows id", "subsets"),
            got=f"{len(broken)} of {len(given)} subsets", fix="fit these subsets again, or leave them out",
        )  # fmt: skip
    order = np.argsort(key_hashes(np.asarray(attribution.query_ids)), kind="stable")
    return _Refits(inside, given[:, :, order], np.asarray(attribution.query_ids)[order], order)


def _masks(subsets: Any, ids: Array) -> Mask:
    """Subsets (M, n) bool from masks or from lists of ids."""
    masks = subsets if isinstance(subsets, np.ndarray) else None
    lists = subsets if masks is None and isinstance(subsets, list | tuple) else []
    if (masks is None and not lists) or (masks is not None and masks.ndim != 2):
        raise InputError(
            "subsets are masks (M, n) over the rows, or lists of ids", where="subsets", got=kind_text(subsets),
            fix="pass what influence.refit_subsets(game) gives: .subsets and .outputs",
        )  # fmt: skip
    if masks is not None and masks.dtype == bool and masks.ndim == 2:
        if masks.shape[1] != len(ids):
            raise InputError(
                "subsets and the attribution have different numbers of rows",
                where="subsets",
                got=f"subsets {masks.shape}, {len(ids)} rows",
                fix="pass masks over attribution.ids, or lists of ids",
            )
        return masks
    if masks is not None and masks.ndim == 2 and masks.shape[1] == len(ids) and masks.dtype.kind != "O":
        raise InputError(
            "masks of subsets must be bool", where="subsets", got=f"dtype {masks.dtype}", fix="pass masks.astype(bool)"
        )
    inside = np.zeros((len(subsets), len(ids)), dtype=bool)
    for place, members in enumerate(subsets):
        inside[place, _members(members, ids, place)] = True
    return inside


def _members(members: Any, ids: Array, place: int) -> Ints:
    """Positions of the rows of one subset, given by id."""
    if isinstance(members, str | bytes) or not isinstance(members, Iterable):
        raise InputError(
            "a subset is a list of ids", where=f"subsets[{place}]", got=repr(members)[:80],
            fix="pass masks (M, n) of bool, or M lists of ids",
        )  # fmt: skip
    try:
        return positions_of(members, ids)
    except InputError as fact:
        raise fact.during(f"reading subsets[{place}]") from None
