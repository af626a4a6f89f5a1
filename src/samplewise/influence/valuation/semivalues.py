"""What each row or group adds to the utility of the sets it joins: Banzhaf, Shapley and Beta Shapley values."""

import numpy as np
from scipy.special import betaln, gammaln

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats, Ints, Mask
from samplewise.core.errors import InputError, require_count, require_kind
from samplewise.core.randomness import derive_seed, hashed_order, key_hashes, uniform_from_hashes
from samplewise.core.values import Scores
from samplewise.engine.statistics.means import standard_error
from samplewise.influence.valuation.utility import MOST_FITS, Game

AT_ONCE = 8  # prefixes of a permutation that are fitted before it is checked whether it may stop
HELPS = "raises the validation score"
SPREAD = "a standard error needs draws that differ"


@checked
def banzhaf(game: Game, *, n_fits: int = 1000, most_fits: int = MOST_FITS) -> Scores:
    """Banzhaf value of every row or group, in points of the validation score: what it adds to a random half of them.

    v_i = mean{u(S): i in S} - mean{u(S): i not in S} over sets S that hold each element with probability 1/2; every set
    serves every element. Of the semivalues it keeps its ranks best where training is random.

    Args:
        game: from `open_game`.
        n_fits: sets drawn, at least 4.
        most_fits: refuse to make more fits than this.

    Returns:
        Scores "banzhaf" (p,), larger means the element helps, below 0 it hurts; `spread` is the standard error over the
        sets drawn.

    Raises:
        InputError: more fits than allowed, or fewer than 4 sets.

    Cost: `n_fits` fits, whatever the number of elements.
    Not for: adding up to the score of all (`data_shapley` does).
    Source: wang2023.

    >>> from samplewise.influence import open_game
    >>> X, y = np.arange(20.0)[:, None], np.repeat([0, 1], 10)
    >>> y[2] = 1
    >>> game = open_game((X[::2], y[::2]), (X[1::2], y[1::2]), learner="kernel")
    >>> banzhaf(game, n_fits=200).top(1, largest=False).keys
    array([1])
    """
    require_kind(game, Game)
    n_fits = require_count(n_fits, "n_fits", 4, SPREAD, usual=1000)
    game.require_affordable(n_fits, most_fits, "draw fewer sets: n_fits=")
    inside = random_sets(game, n_fits)
    values, spread = _difference_of_means(inside, game.utility(inside))
    return game.scores("banzhaf", values, spread, HELPS)


@checked
def data_shapley(
    game: Game,
    *,
    n_permutations: int = 50,
    tolerance: float = 0.5,
    beta: tuple[float, float] = (1.0, 1.0),
    most_fits: int = MOST_FITS,
) -> Scores:
    """Shapley value of every row or group, in points of the validation score: its mean addition to those before it.

    Each random order is walked forwards and backwards. A walk stops once the utility is within `tolerance` of that of
    all elements, and those left share what is left, so the values add up to u(all) - u(empty set). `beta=(a, b)` weighs
    the step onto k others by a Beta(a, b) law instead: (16, 1) counts mostly what a row adds to few, (1, 16) to many.

    Args:
        game: from `open_game`.
        n_permutations: random orders, at least 2; each gives two walks.
        tolerance: points at which a walk stops; 0 walks to the end, as every law but (1, 1) does.
        beta: (a, b), both at least 1; (1, 1) is Shapley's value.
        most_fits: refuse to make more fits than this.

    Returns:
        Scores "shapley" or "beta_shapley" (p,), larger means the element helps, below 0 it hurts; `spread` is the
        standard error over random orders.

    Raises:
        InputError: more fits than allowed, fewer than 2 orders, or a law that is none.

    Cost: up to 2 permutations x elements fits: about 100 elements are practical; `knn_shapley` needs no fit.
    Not for: thousands of rows; value groups of rows, or use `banzhaf`.
    Source: ghorbani2019, kwon2022.

    >>> from samplewise.influence import open_game
    >>> X, y = np.arange(20.0)[:, None], np.repeat([0, 1], 10)
    >>> game = open_game((X[::2], y[::2]), (X[1::2], y[1::2]), learner="kernel")
    >>> round(float(data_shapley(game, n_permutations=5).values.sum()), 6)
    50.0
    """
    require_kind(game, Game)
    n_permutations = require_count(n_permutations, "n_permutations", 2, SPREAD, usual=50)
    if min(beta) < 1 or tolerance < 0:
        raise InputError(
            "a law of sizes needs two numbers of at least 1, and a tolerance must not be negative",
            got=f"beta={beta}, tolerance={tolerance}", fix="use beta=(1, 1) for Shapley's value, tolerance=0.5",
        )  # fmt: skip
    plain = beta == (1.0, 1.0)
    fewer = f"at most {most_fits // (2 * len(game))} permutations fit the limit"
    game.require_affordable(2 * n_permutations * len(game), most_fits, fewer)
    orders = [hashed_order(derive_seed(game.runner.seed, t), game.keys, "permutation") for t in range(n_permutations)]
    walks = np.array([walk for order in orders for walk in (order, order[::-1])])
    steps = _steps(game, walks, tolerance if plain else 0.0) * size_weights(len(game), *beta)
    joined = np.empty_like(steps)
    np.put_along_axis(joined, walks, steps, axis=1)
    observed = joined.reshape(n_permutations, 2, len(game)).mean(axis=1)  # a walk and its reverse are one observation
    spread = standard_error(observed)
    return game.scores("shapley" if plain else "beta_shapley", observed.mean(axis=0), spread, HELPS)


def random_sets(game: Game, count: int) -> Mask:
    """(count, p) sets that hold each element with probability 1/2, drawn by its id."""
    hashes = key_hashes(game.keys)
    seeds = (derive_seed(game.runner.seed, "sets", number) for number in range(count))
    return np.array([uniform_from_hashes(seed, hashes) < 0.5 for seed in seeds])


def size_weights(elements: int, a: float, b: float) -> Floats:
    """(p,) what a step onto 0..p-1 others counts for under a Beta(a, b) law, in units of Shapley's equal weights.

    p C(p-1, k) B(k + b, p - 1 - k + a) / B(a, b); the weights average 1.
    """
    others = np.arange(elements)
    chosen = gammaln(elements) - gammaln(others + 1) - gammaln(elements - others)
    return np.asarray(elements * np.exp(chosen + betaln(others + b, elements - 1 - others + a) - betaln(a, b)))


def _steps(game: Game, walks: Ints, tolerance: float) -> Floats:
    """(w, p) what each step of each walk adds; all walks go on together, so that their fits fill every core."""
    empty, full = game.ends
    elements = len(game)
    utility = np.full((len(walks), elements + 1), full)
    utility[:, 0] = empty
    reached = np.full(len(walks), elements)  # how far each walk was fitted before it stopped
    walking = np.arange(len(walks))
    for start in range(1, elements, AT_ONCE):
        sizes = np.arange(start, min(start + AT_ONCE, elements))
        sets = np.concatenate([_prefixes(walks[walk], sizes) for walk in walking])
        utility[walking[:, None], sizes] = game.utility(sets).reshape(len(walking), len(sizes))
        near = np.abs(utility[np.ix_(walking, sizes)] - full) < tolerance
        stopped = near.any(axis=1)
        reached[walking[stopped]] = sizes[near[stopped].argmax(axis=1)]
        walking = walking[~stopped]
        if not len(walking):
            break
    for walk, size in enumerate(reached):
        utility[walk, size:] = np.linspace(utility[walk, size], full, elements + 1 - size)
    return np.diff(utility, axis=1)


def _prefixes(walk: Ints, sizes: Ints) -> Mask:
    """(s, p) the first elements of a walk, as sets."""
    place = np.empty(len(walk), dtype=np.intp)
    place[walk] = np.arange(len(walk))
    return place < sizes[:, None]


def _difference_of_means(inside: Mask, utility: Floats) -> tuple[Floats, Floats]:
    """Mean utility of the sets with an element minus that of the sets without (p,), and its standard error."""
    means, errors = [], []
    for member in (inside, ~inside):
        count = member.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):  # an element in every set, or none, has no value
            mean = utility @ member / count
            squares = np.square(utility - utility.mean()) @ member / count - np.square(mean - utility.mean())
            errors.append(np.maximum(squares, 0.0) / (count - 1))
        means.append(mean)
    return means[0] - means[1], np.sqrt(errors[0] + errors[1])
