"""A linear model of refits: what each row adds to the outputs of models fitted on random halves of the rows."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats, in_order
from samplewise.core.errors import require_count, require_kind
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Attribution, Estimate, Scores, scores_columns
from samplewise.engine.statistics.resampling import bootstrap_mean
from samplewise.influence.evaluation.datamodeling_score import rank_correlations
from samplewise.influence.valuation.semivalues import HELPS, SPREAD, random_sets
from samplewise.influence.valuation.utility import MOST_FITS, Game

RIDGES = np.logspace(-3, 3, 25)  # of the mean diagonal of the Gram matrix of the sets


@dataclass(frozen=True, slots=True, eq=False)
class Datamodel(Result):
    """Effects of single rows, measured by refits on random halves."""

    attribution: Attribution  # (m, n) margin of each validation row with the row minus without it
    value: Scores  # (n,) the same of the validation score, with its standard error
    held_out: Estimate  # rank correlation of predicted and refitted margins, on sets left out of the regression

    def _sentences(self) -> Iterable[str]:
        queries = count_of(len(self.attribution.query_ids), "validation row")
        yield f"Effects of {count_of(len(self.value), 'row')} on {queries}."
        yield f"How well they predict models on sets left out: {self.held_out.without_reason()}."
        yield "Below, rows by what they add to the validation score."

    def _table(self) -> Table:
        columns, units = scores_columns(self.value)
        if self.value.spread is not None:
            columns["standard_error"], units["standard_error"] = self.value.spread, self.value.unit
        return Table(columns, units, next(iter(columns)), in_order(-self.value.values))


@checked
def datamodel(game: Game, *, n_fits: int = 500, most_fits: int = MOST_FITS) -> Datamodel:
    """Effect of every row on every validation margin and on the score, by ridge regression on random sets of rows.

    margin_q(S) ~ b_q + sum_{i in S} a_qi over `n_fits` sets that hold each row with probability 1/2. The ridge of each
    query has the least leave-one-out error, found in closed form.

    Args:
        game: from `open_game`.
        n_fits: sets drawn, at least 20.
        most_fits: refuse to make more fits than this.

    Returns:
        `Datamodel`: effects in units of the learner's outputs (the score in points), larger means the row raises them.
        `held_out` says how far to trust them.

    Raises:
        InputError: more fits than allowed, or fewer than 20 sets.

    Cost: `n_fits` fits, shared with `banzhaf` of as many sets, and O(n_fits^2 (n + m) + n_fits^3).
    Not for: fewer sets than about a tenth of the rows: the ridge then shrinks single effects to nearly nothing.
    Source: ilyas2022.

    >>> from samplewise.influence import open_game
    >>> X, y = np.arange(20.0)[:, None], np.repeat([0, 1], 10)
    >>> y[2] = 1
    >>> game = open_game((X[::2], y[::2]), (X[1::2], y[1::2]), learner="kernel")
    >>> datamodel(game, n_fits=200).attribution.values.shape
    (10, 10)
    """
    require_kind(game, Game)
    n_fits = require_count(n_fits, "n_fits", 20, SPREAD, usual=300)
    game.require_affordable(n_fits, most_fits, "draw fewer sets: n_fits=")
    inside = random_sets(game, n_fits)
    outcomes = np.column_stack([game.margins(inside), game.utility(inside)])
    fitted = _ridge_on_sets(inside.astype(np.float64), outcomes)
    margins = outcomes[:, :-1].T
    agreement = rank_correlations(fitted.held_out[:, :-1].T, margins)
    unit = "margin" if game.class_count else "label"
    return Datamodel(
        Attribution(fitted.effects[:-1], game.query_ids, game.keys, unit),
        game.scores("datamodel", fitted.effects[-1], fitted.spread[-1], HELPS),
        bootstrap_mean(agreement, "datamodel held out", "rank correlation", seed=game.runner.seed),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    effects: Floats  # (q, p)
    spread: Floats  # (q, p) standard errors, the shrinkage left out
    held_out: Floats  # (k, q) each set predicted from the others


def _ridge_on_sets(sets: Floats, outcomes: Floats) -> _Fitted:
    """Ridge regression with intercept of (k, q) outcomes on (k, p) sets, a ridge of its own for every column."""
    k = len(sets)
    centered, targets = sets - sets.mean(axis=0), outcomes - outcomes.mean(axis=0)
    eigenvalues, vectors = np.linalg.eigh(centered @ centered.T)
    eigenvalues = np.maximum(eigenvalues, 0.0)
    scale, turned = eigenvalues.mean(), vectors.T @ targets
    errors, held = [], []
    for ridge in RIDGES * scale:
        kept = eigenvalues / (eigenvalues + ridge)
        leverage = np.square(vectors) @ kept + 1.0 / k
        residual = (targets - vectors @ (kept[:, None] * turned)) / (1.0 - leverage)[:, None]
        errors.append(np.square(residual).mean(axis=0))
        held.append(residual)
    best = np.argmin(errors, axis=0)
    columns = np.arange(outcomes.shape[1])
    weights = 1.0 / (eigenvalues[:, None] + RIDGES[best] * scale)  # (k, q)
    spanned = centered.T @ vectors
    noise = np.asarray(errors)[best, columns]
    return _Fitted(
        (spanned @ (weights * turned)).T,
        np.sqrt((np.square(spanned) @ np.square(weights)) * noise).T,
        outcomes - np.stack(held)[best, :, columns].T,
    )
