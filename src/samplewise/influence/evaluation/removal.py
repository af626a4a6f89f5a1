"""Values evaluated by removing rows and refitting: the score that is lost, and the predictions that change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats, Ints, Mask, in_order, positions_of, require_finite
from samplewise.core.errors import InputError, require_count, require_kind, require_shares
from samplewise.core.randomness import derive_seed, hashed_order, key_hashes
from samplewise.core.results import Result, Table
from samplewise.core.values import Attribution, Estimate, Exhibit, Scores
from samplewise.engine.statistics.resampling import bootstrap_mean
from samplewise.influence.valuation.utility import MOST_FITS, Game

SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
COUNTS = (5, 10, 20, 40, 80)
RANDOM_DRAWS = 10  # random sets of each size that the attributed ones are compared with


@dataclass(frozen=True, slots=True, eq=False)
class RemovalCurve(Result):
    """What is left of the validation score when rows are taken away in the order of their values."""

    curve: Exhibit  # removed share against the score: most helpful first, most harmful first, in random order
    helpful_first: Estimate  # mean over the shares of random order minus this order; above 0 where the values are right
    harmful_first: Estimate  # mean over the shares of this order minus random order; above 0 where the values are right

    def _sentences(self) -> Iterable[str]:
        yield f"Removing the most helpful rows first costs {self.helpful_first.without_reason()} more than random rows."
        yield f"Removing the most harmful first gains {self.harmful_first.without_reason()} over random rows."
        yield "Above 0 where the values are right."

    def _table(self) -> Table:
        return Table(self.curve.columns)


@checked
def removal_curve(
    scores: Scores, game: Game, *, shares: Sequence[float] = SHARES, n_seeds: int = 3, most_fits: int = MOST_FITS
) -> RemovalCurve:
    """Validation score, in points, without the most helpful, the most harmful, and randomly chosen rows.

    The two areas are the mean distance from the random curve over the shares removed, in points.

    Args:
        scores: a value for each element of the game, larger means it helps.
        game: from `open_game`; its validation rows must not have made the scores.
        shares: of the elements removed, growing, between 0 and 1.
        n_seeds: fits of each set, and random orders, at least 3.
        most_fits: refuse to make more fits than this.

    Returns:
        `RemovalCurve`; larger areas mean the values are right. Intervals are over validation rows and seeds.

    Raises:
        InputError: scores that miss an element or are not finite, bad shares, fewer than 3 seeds, too many fits.

    Cost: 3 x shares x seeds fits, and one of all rows for each seed.
    Not for: evaluating values on the rows they were made with: use separate validation rows.
    Source: ghorbani2019.

    >>> from samplewise.influence import knn_shapley, open_game
    >>> X, y = np.random.default_rng(0).normal(size=(90, 2)), np.repeat([0, 1, 2], 30)
    >>> X += 3 * np.eye(3, 2)[y]
    >>> game = open_game((X[::2], y[::2]), (X[1::2], y[1::2]), learner="kernel")
    >>> list(removal_curve(knn_shapley((X[::2], y[::2])), game, shares=(0.4,)).curve.columns)
    ['removed', 'helpful_first', 'harmful_first', 'random']
    """
    require_kind(scores, Scores)
    require_kind(game, Game)
    grid = _checked_shares(shares, n_seeds)
    fits = n_seeds * (1 + 3 * len(shares))
    game.require_affordable(fits, most_fits, "use fewer shares or seeds")
    values = np.asarray(scores.aligned_to(game.keys).values, dtype=np.float64)
    require_finite(values, game.keys, "the scores", "leave these rows out of data before opening the game")
    helpful = np.lexsort((key_hashes(game.keys), -values))
    curves = np.stack([_curves(game, helpful, grid, repeat) for repeat in range(n_seeds)])  # (r, orders, shares, m)
    means = curves.mean(axis=(0, 3))
    names = ("helpful_first", "harmful_first", "random")
    columns = {"removed": grid} | dict(zip(names, means, strict=True))
    gaps = [curves[:, 2] - curves[:, 0], curves[:, 1] - curves[:, 2]]
    areas = [np.trapezoid(gap, grid, axis=1) / grid[-1] for gap in gaps]
    estimates = [
        bootstrap_mean(area, f"area, {name.replace('_', ' ')}", game.metric.unit, seed=game.runner.seed)
        for area, name in zip(areas, names, strict=False)
    ]
    exhibit = Exhibit(
        "curve", "score without a share of the rows", columns, game.metric.unit, f"mean of {n_seeds} seeds"
    )
    return RemovalCurve(exhibit, *estimates)


@dataclass(frozen=True, slots=True, eq=False)
class Brittleness(Result):
    """How few rows a prediction depends on: the smallest removal that changes it, compared with random removals."""

    smallest: Scores  # (m,) rows; NaN where no removal tried changed the prediction
    shares: Exhibit  # count of rows removed against the share of predictions changed, in each way of choosing
    flipped: Estimate  # share of predictions changed by the largest removal
    beyond_chance: Estimate  # the same minus the share that random rows of the predicted class change, points

    def _sentences(self) -> Iterable[str]:
        yield f"The largest removal changed {self.flipped.without_reason()},"
        yield f"{self.beyond_chance.without_reason()} more than random rows of the predicted class."
        yield "Below, the fewest rows whose removal changes each prediction."

    def _table(self) -> Table:
        columns = {"query": self.smallest.keys, "rows": self.smallest.values}
        return Table(columns, index="query", first=in_order(self.smallest.values))


@checked
def brittleness(
    attribution: Attribution,
    game: Game,
    *,
    counts: Sequence[int] = COUNTS,
    n_seeds: int = 1,
    most_fits: int = MOST_FITS,
) -> Brittleness:
    """The smallest number of attributed rows whose removal changes the predicted class of each query.

    For every query the rows that raise it most are left out, in growing number, until the class predicted by a new fit
    is another. Random rows, and random rows of the predicted class, are left out for comparison.

    Args:
        attribution: values (m, n) of queries among the validation rows of the game, for every row of its data.
        game: from `open_game`, of classes.
        counts: rows removed, growing.
        n_seeds: fits of each set, whose outputs are averaged.
        most_fits: refuse to make more fits than this.

    Returns:
        `Brittleness`; fewer rows mean the prediction depends on few, and larger shares that the attribution finds them.

    Raises:
        InputError: numbers as labels, queries or rows that are not in the game, counts that are none, too many fits.

    Cost: queries x counts x seeds fits at most, and 10 (1 + classes) counts x seeds for the random ones.
    Not for: many queries at once; 20 to 100 say enough.
    Source: ilyas2022.

    >>> X, y = np.array([[-2.0], [-1.0], [0.1], [1.0], [2.0], [0.2]]), np.array([0, 0, 0, 1, 1, 1])
    >>> from samplewise.influence import open_game
    >>> game = open_game((X[:5], y[:5]), (X[5:], y[5:]), learner="linear")
    >>> values = np.array([[0.0, 0.0, 1.0, 0.0, 0.0]])
    >>> brittleness(Attribution(values, game.query_ids, game.keys, "margin"), game, counts=(1, 2)).smallest.values
    array([1.])
    """
    require_kind(attribution, Attribution)
    require_kind(game, Game)
    _require_flippable(game, counts)
    n_seeds = require_count(n_seeds, "n_seeds")
    queried = positions_of(attribution.query_ids, game.query_ids)
    values = np.asarray(attribution.values)[:, positions_of(game.keys, np.asarray(attribution.ids))]
    require_finite(values.T, game.keys, "the attribution", "leave these rows out of data before attributing")
    fits = n_seeds * len(counts) * (len(queried) + RANDOM_DRAWS * (1 + game.class_count))
    game.require_affordable(fits, most_fits, "use fewer queries or counts")
    predicted = _predictions(game, np.ones((1, len(game)), dtype=bool), n_seeds)[0, queried]
    order = np.argsort(-values, axis=1, kind="stable")
    smallest = _smallest_flips(game, order, queried, predicted, counts, n_seeds)
    everyone, own_class = (_chance_flips(game, queried, predicted, counts, n_seeds, alike) for alike in (False, True))
    changed = smallest[:, None] <= np.asarray(counts)
    columns = {
        "removed": np.asarray(counts),
        "attributed": changed.mean(axis=0),
        "random": everyone.mean(axis=0),
        "random_of_its_class": own_class.mean(axis=0),
    }
    note = f"{len(queried)} queries; random: mean of {RANDOM_DRAWS} sets"
    unit, ids = "share of queries", game.query_ids[queried]
    return Brittleness(
        Scores("smallest_flip", smallest, ids, "rows", "more rows carry the prediction"),
        Exhibit("curve", "predictions changed by a removal", columns, unit, note),
        bootstrap_mean(changed[:, -1].astype(np.float64), "flipped", unit, seed=game.runner.seed),
        bootstrap_mean(
            100.0 * (changed[:, -1] - own_class[:, -1]), "flipped beyond chance", "points", seed=game.runner.seed
        ),
    )


def _curves(game: Game, helpful: Ints, grid: Floats, repeat: int) -> Floats:
    """(3, s, m) contributions of what is left: most helpful gone first, most harmful first, in a random order."""
    random = hashed_order(derive_seed(game.runner.seed, "removal", repeat), game.keys)
    gone = np.rint(grid * len(game)).astype(int)
    sets = [_without(order, count) for order in (helpful, helpful[::-1], random) for count in gone]
    found = game.contributions(np.array(sets), repeat=repeat)
    return found.reshape(3, len(grid), -1)


def _without(order: Ints, count: int) -> Mask:
    """All but the first `count` of an order."""
    inside = np.ones(len(order), dtype=bool)
    inside[order[:count]] = False
    return inside


def _predictions(game: Game, sets: Mask, seeds: int) -> Ints:
    """(k, m) predicted classes, by the mean output over seeds."""
    outputs = [game.outputs(sets, repeat=repeat) for repeat in range(seeds)]
    return np.asarray(np.mean(outputs, axis=0).argmax(axis=2))


def _smallest_flips(
    game: Game, order: Ints, queried: Ints, predicted: Ints, counts: Sequence[int], seeds: int
) -> Floats:  # fmt: skip
    """(q,) fewest rows, among the counts, without which the class is another; NaN where none is."""
    smallest = np.full(len(queried), np.nan)
    for count in counts:
        firm = np.flatnonzero(np.isnan(smallest))
        if not len(firm):
            break
        classes = _predictions(game, np.array([_without(order[query], count) for query in firm]), seeds)
        flipped = classes[np.arange(len(firm)), queried[firm]] != predicted[firm]
        smallest[firm[flipped]] = count
    return smallest


def _chance_flips(
    game: Game, queried: Ints, predicted: Ints, counts: Sequence[int], seeds: int, alike: bool
) -> Floats:  # fmt: skip
    """(q, counts) share of random sets without which the class is another; `alike`: rows of the predicted class."""
    share = np.zeros((len(queried), len(counts)))
    for group in np.unique(predicted) if alike else [None]:
        queries = np.flatnonzero(predicted == group) if alike else np.arange(len(queried))
        rows = np.flatnonzero(game.codes == group) if alike else np.arange(len(game))
        sets = []
        for draw in range(RANDOM_DRAWS):
            order = rows[hashed_order(derive_seed(game.runner.seed, "flips", draw), game.keys[rows])]
            rest = np.setdiff1d(np.arange(len(game)), order)
            sets += [_without(np.r_[order, rest], min(count, len(order))) for count in counts]
        classes = _predictions(game, np.array(sets), seeds)[:, queried[queries]]
        changed = (classes != predicted[queries]).reshape(RANDOM_DRAWS, len(counts), -1)
        share[queries] = changed.mean(axis=0).T
    return share


def _checked_shares(shares: Sequence[float], seeds: int) -> Floats:
    grid = np.r_[0.0, require_shares(shares, "shares")]
    if (np.diff(grid) <= 0).any():
        raise InputError("shares must grow", got=f"shares={tuple(shares)}", fix=f"use shares={SHARES}")
    require_count(seeds, "n_seeds", 3, "the spread of a curve is that between seeds", usual=3)
    return grid


def _require_flippable(game: Game, counts: Sequence[int]) -> None:
    if not game.class_count or game.elements != "rows":
        raise InputError(
            "only a predicted class can change, and the elements must be rows",
            got=f"{game.class_count or 'no'} classes, elements={game.elements!r}",
            fix="use removal_curve for numbers, and open_game(..., elements='rows')",
        )
    if not len(counts) or min(counts) < 1 or list(counts) != sorted(set(counts)) or max(counts) >= len(game):
        raise InputError(
            "counts must grow, from 1 to less than the number of rows",
            got=f"counts={tuple(counts)}, {len(game)} rows",
            fix=f"use counts such as {tuple(count for count in COUNTS if count < len(game)) or (1,)}",
        )
