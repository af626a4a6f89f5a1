"""What attributions are evaluated against: models fitted on random subsets, several seeds each, and their margins."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Mask
from samplewise.core.errors import InputError, require_count, require_kind, require_share
from samplewise.core.randomness import derive_seed, hashed_order
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.influence.valuation.utility import MOST_FITS, Game


@dataclass(frozen=True, slots=True, eq=False)
class SubsetRefits(Result):
    """Models on random subsets of the rows, evaluated at the validation rows: fitted once, for every attribution."""

    subsets: Mask  # (M, n)
    outputs: Floats  # (M, R, m) margins, R seeds of the learner
    ids: Array  # (n,)
    query_ids: Array  # (m,)

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(len(self.subsets), 'model')} on random subsets of {count_of(len(self.ids), 'row')},"
        yield f"trained with {count_of(self.outputs.shape[1], 'seed')} each, and their margins on"
        yield f"{count_of(len(self.query_ids), 'validation row')}."

    def _table(self) -> Table:
        margin = self.outputs.mean(axis=1)
        columns = {
            "model": np.arange(len(self.subsets)), "rows": self.subsets.sum(axis=1), "mean_margin": margin.mean(axis=1)
        }  # fmt: skip
        return Table(columns, index="model")


@checked
def refit_subsets(
    game: Game, *, n_subsets: int = 50, share: float = 0.5, n_seeds: int = 3, most_fits: int = MOST_FITS
) -> SubsetRefits:
    """Margins (log odds) at the validation rows of models fitted on random subsets, for `linear_datamodeling_score`.

    Args:
        game: from `open_game`; its validation rows are the queries.
        n_subsets: subsets, at least 5.
        share: of the rows that are in each, between 0 and 1.
        n_seeds: fits of each subset that differ in the learner's seed alone; two or more give the noise ceiling.
        most_fits: refuse to make more fits than this.

    Returns:
        `SubsetRefits`; pass its `subsets` and `outputs`, in the order of `ids` and `query_ids`.

    Raises:
        InputError: fewer than 5 subsets, a share that leaves all or no rows, no seed, or too many fits.

    Cost: n_subsets x n_seeds fits.
    Not for: seeds of learners in closed form: they repeat the same fit.
    Source: park2023.

    >>> from samplewise.influence import datamodel, linear_datamodeling_score, open_game
    >>> X, y = np.random.default_rng(0).normal(size=(60, 2)), np.repeat([0, 1], 30)
    >>> game = open_game((X[::2] + y[::2, None], y[::2]), (X[1::2] + y[1::2, None], y[1::2]), learner="kernel")
    >>> truth = refit_subsets(game, n_subsets=40, n_seeds=1)
    >>> found = datamodel(game, n_fits=300).attribution
    >>> linear_datamodeling_score(found, truth.subsets, truth.outputs).estimate.low > 0.5
    True
    """
    require_kind(game, Game)
    size = round(require_share(share, "share") * len(game))
    n_subsets, n_seeds = require_count(n_subsets, "n_subsets", 5, usual=50), require_count(n_seeds, "n_seeds", usual=3)
    if not 0 < size < len(game):
        raise InputError(
            "ground truth needs subsets that leave some rows and hold some",
            got=f"share={share:g} of {len(game)} rows", fix="use share=0.5",
        )  # fmt: skip
    game.require_affordable(n_subsets * n_seeds, most_fits, "draw fewer subsets, or n_seeds=1")
    subsets = np.zeros((n_subsets, len(game)), dtype=bool)
    for number, subset in enumerate(subsets):
        subset[hashed_order(derive_seed(game.runner.seed, "ground truth", number), game.keys)[:size]] = True
    outputs = np.stack([game.margins(subsets, repeat=repeat) for repeat in range(n_seeds)], axis=1)
    return SubsetRefits(subsets, outputs, game.keys, game.query_ids)
