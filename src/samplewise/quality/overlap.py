"""Rows of a test set that are, or nearly are, among the training rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.errors import InputError, require_share
from samplewise.core.results import Result, Table
from samplewise.core.values import Estimate
from samplewise.data.conversions import as_numbers
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.data.inputs import as_reading, with_columns_of
from samplewise.data.roles import Roles
from samplewise.engine.models.feature_encoding import SpaceEncoder
from samplewise.engine.neighbors import NeighborGraph, NeighborIndex
from samplewise.engine.statistics.intervals import half_width, share_interval
from samplewise.engine.statistics.means import mean_and_error
from samplewise.quality.cells import coincidence, is_beyond_chance, pairs_within
from samplewise.quality.compared_cells import ComparedCells, compared_cells
from samplewise.quality.duplicates import require_features
from samplewise.quality.nearness import FEWEST_NEAR, agreeing_pairs, farthest_duplicate, graph_of, near_queries

EXACT_QUERIES = 2_000_000_000  # pairs of rows up to which the nearest training row is searched for exactly


@dataclass(frozen=True, slots=True, eq=False)
class OverlappingRows:
    """Test rows with a duplicate in the training data, by position.

    Args:
        tested: (k,) positions in the test set.   trained: (k,) the duplicate's position in the training data.
        exact: (k,) whether all cells are equal.
        pairs: equal pairs across the two sets.   expected: those coincidence explains.
        n_test: rows of the test set.
    """

    tested: Ints
    trained: Ints
    exact: Mask
    pairs: float
    expected: float
    n_test: int

    @property
    def near(self) -> int:
        """How many of them are near duplicates."""
        return int((~self.exact).sum())

    @property
    def beyond_chance(self) -> bool:
        """Whether they are more than coincidence and a false near duplicate or two make."""
        return self.proven or self.near >= FEWEST_NEAR

    @property
    def proven(self) -> bool:
        """Whether there are more equal rows than coincidence makes."""
        return is_beyond_chance(self.pairs, self.expected)

    def share(self, confidence: float) -> Estimate:
        """Share of the test rows, with its Clopper-Pearson interval."""
        low, high = share_interval(len(self.tested), self.n_test, confidence)
        quantity, value = "test rows that are in the training data", len(self.tested) / self.n_test
        return Estimate(quantity, value, float(low), float(high), "share of test rows", confidence, "clopper1934")


@dataclass(frozen=True, slots=True, eq=False)
class Overlap(Result):
    """Test rows that have a duplicate among the training rows, by id.

    Args:
        test_ids: (k,) of the test rows.
        train_ids: (k,) of the training row each of them duplicates.
        exact: (k,) whether all cells are equal; else the row is a near duplicate.
        share: of the test rows, with its interval.
        equal_pairs: equal pairs across the two sets.
        expected_pairs: those that coincidence explains, in a table with few different values.
        beyond_chance: whether they are more than coincidence and a false near duplicate or two make.
        all_test_ids: (m,) of all test rows, in their order.
    """

    test_ids: Array
    train_ids: Array
    exact: Mask
    share: Estimate
    equal_pairs: float
    expected_pairs: float
    beyond_chance: bool
    all_test_ids: Array

    @checked
    def advantage(self, scores: Any, *, unit: str = "", confidence: float = 0.95) -> Estimate:
        """Mean score of the overlapping test rows minus that of all others: what a model gains by having seen them.

        Args:    scores: (m,) of a model on every test row, such as 1 for right, 0 for wrong; NaN for none.
                 unit: of the scores.   confidence: of the interval.
        Raises:  InputError for scores of another length, fewer than two rows on either side, or a confidence outside
                 (0, 1).
        """
        values = as_numbers(scores, "scores")
        if len(values) != len(self.all_test_ids):
            raise InputError(
                "every test row needs one score", where="scores",
                got=f"{len(values)} scores, {len(self.all_test_ids)} test rows", fix="pass NaN where there is none",
            )  # fmt: skip
        overlapping = np.isin(self.all_test_ids, self.test_ids)
        found = score_advantage(values, overlapping, "score", unit, require_share(confidence, "confidence"))
        if found is None:
            raise InputError(
                "a difference needs two scored rows on either side", where="scores",
                got=f"{int((overlapping & np.isfinite(values)).sum())} of the overlapping rows have a score",
                fix="score more test rows, or compare by hand",
            )  # fmt: skip
        return found

    def _sentences(self) -> Iterable[str]:
        if not len(self.test_ids):
            yield "No test row is among the training rows."
            return
        near = int((~self.exact).sum())
        yield f"Of {len(self.all_test_ids):,} test rows, {len(self.test_ids) - near:,} are exact and {near:,} near"
        yield f"duplicates of training rows: {self.share}."
        yield from coincidence(self.equal_pairs, self.expected_pairs)

    def _table(self) -> Table:
        kind = np.where(self.exact, "exact", "near")
        return Table({"test_id": self.test_ids, "train_id": self.train_ids, "kind": kind}, index="test_id")


@checked
def find_test_overlap(
    data: Any, y: Any = None, *, label: str | None = None, test: Any, confidence: float = 0.95
) -> Overlap:
    """Share of the test rows (0 to 1) that are exact or near duplicates of training rows.

    Exact: every column agrees that both sets have, those a model never sees as well (names, ids, dates, groups; not
    columns that merely number the rows), or all pixels at the size of the training images. Near: the test row lies far
    nearer to a training row than the density around it explains, at most 0.5 % of them by chance; in a table with
    categories or text it agrees in everything but the rounding of numbers and the spelling of text.

    Args:
        data, y, label: n training rows in any form `samplewise.data.as_dataset` takes; no label enters.
        test: m test rows with the same columns: X alone, (X, y), a `Dataset`, or a frame or path where label= names
            the label's column.
        confidence: of the interval.

    Returns:
        `Overlap` by id; a larger share means that more of the test score is memory.

    Raises:
        InputError: test rows of another kind or with other columns, no column that varies, or a confidence outside
            (0, 1).

    Cost: one neighbor graph of the training rows and one search of the test rows among them, O((n + m) n d).
    Not for: rows of one patient or one film in both sets: compare their groups.
    Source: levina2004 (dimension), benjamini1995 (share of false near duplicates), clopper1934.

    >>> X = np.random.default_rng(0).normal(size=(80, 3))
    >>> find_test_overlap(X[:60], test=X[50:]).share.value
    0.333
    """
    confidence = require_share(confidence, "confidence")
    reading = as_reading(data, y, Roles(label=label))
    rows = reading.data
    require_features(rows)
    named = None if isinstance(test, Dataset | tuple) or not _has_column(test, label) else label
    tested = as_reading(test, None, Roles(label=named), name="the test rows")
    held = with_columns_of(rows, tested.data, "the test rows")
    encoder = SpaceEncoder(rows.X, columns=rows.columns)
    space = encoder(rows.X)
    graph = graph_of(space, rows.ids) if len(rows) > 1 else None
    compared = compared_cells(rows, rows.columns, reading.other_columns, held, tested.other_columns)
    found = overlapping_rows(rows.X, compared, space, graph, encoder(held.X))
    return Overlap(
        held.ids[found.tested], rows.ids[found.trained], found.exact, found.share(confidence), found.pairs,
        found.expected, found.beyond_chance, held.ids,
    )  # fmt: skip


def _has_column(test: Any, label: str | None) -> bool:
    """Whether label= may be read from the test rows: not from a frame that lacks the column."""
    return not hasattr(test, "columns") or label in list(test.columns)


# ---- by position: what the audit and the function above share --------------------------------------------------------


def overlapping_rows(
    X: Any, compared: ComparedCells, space: Floats, graph: NeighborGraph | None, points: Floats | None,
    *, embedded: bool = False, seed: int = 0,
) -> OverlappingRows:  # fmt: skip
    """Exact duplicates by their cells, near ones by distance. Cost: one search of the test rows among the n rows.

    Args:
        X: n rows.   compared: cells of theirs and of the m test rows.   space: (n, d) the rows as points.
        graph: their nearest rows; None for a single row.   points: (m, d) the test rows, None where they are unknown.
        embedded: whether points are features of the user's own network, in which a small distance is enough.
        seed: of an approximate search.
    """
    count = len(space)
    groups = compared.equal_groups()
    first = np.full(int(groups.max()) + 1, -1)
    first[groups[:count][::-1]] = np.arange(count)[::-1]
    twin = first[groups[count:]]
    exact = twin >= 0
    across = pairs_within(groups) - pairs_within(groups[:count]) - pairs_within(groups[count:])
    near, trained = np.empty(0, np.intp), np.empty(0, np.intp)
    if points is not None and graph is not None:
        if not embedded or isinstance(X, Images):
            # Encoded again among other rows, an exact duplicate may lie a last bit away, and would count as near.
            points = np.where(exact[:, np.newaxis], space[np.maximum(twin, 0)], points)
        near, trained = _nearest_duplicates(space, graph, points, seed)
    trained, tested = agreeing_pairs(compared, trained, near + count, embedded=embedded)
    near = tested - count
    twin[near] = np.where(exact[near], twin[near], trained)
    found = np.flatnonzero(twin >= 0)
    return OverlappingRows(found, twin[found], exact[found], across, _expected(compared, groups, count), len(twin))


def score_advantage(scores: Floats, overlapping: Mask, quantity: str, unit: str, confidence: float) -> Estimate | None:
    """Mean score (m,) of overlapping test rows minus that of the others; None below two scored rows of either."""
    scored = np.isfinite(scores)
    one, other = scores[overlapping & scored], scores[~overlapping & scored]
    if len(one) < 2 or len(other) < 2:
        return None
    (mean, error), (rest, other_error) = mean_and_error(one), mean_and_error(other)
    value, half = mean - rest, half_width(float(np.hypot(error, other_error)), confidence)
    title = f"{quantity} on these test rows minus on the others"
    return Estimate(title, value, value - half, value + half, unit, confidence, "difference of two means")


def _nearest_duplicates(space: Floats, graph: NeighborGraph, points: Floats, seed: int) -> tuple[Ints, Ints]:
    """Positions of test rows (k,) and of the training rows (k,) they nearly duplicate."""
    method = "exact" if len(points) * len(space) <= EXACT_QUERIES else "auto"
    nearest = NeighborIndex(space, method=method, seed=seed).query(points)
    return near_queries(graph, nearest, farthest_duplicate(space))


def _expected(compared: ComparedCells, groups: Ints, count: int) -> float:
    """Pairs across the sets that coincidence explains: its share of all pairs, measured on both sets together."""
    total = len(groups)
    every = compared.coincident(compared.every_cell(), groups)
    return every * count * (total - count) / max(1.0, total * (total - 1) / 2.0)
