"""Games for the tests of values: one whose utility is a formula, and one of two clouds with flipped labels."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from samplewise.core.execution import SerialExecutor
from samplewise.influence import Game, open_game


@dataclass(frozen=True, eq=False)
class FormulaGame(Game):
    """Validation row q has utility formula(S)[q] in points."""

    formula: object = None
    queried: list = field(default_factory=list)

    def contributions(self, inside, *, repeat=0):
        self.queried.append(len(inside))
        return np.array([self.formula(np.asarray(mask)) for mask in inside], dtype=float).reshape(len(inside), -1)


@pytest.fixture
def formula_game():
    return _formula_game


@pytest.fixture
def clouds_game():
    return _clouds_game


def _formula_game(elements, formula, seed=0):
    """A game of so many elements whose utility is a formula of the set."""
    X, y = np.arange(float(2 * elements))[:, None], np.arange(2 * elements) % 2
    game = open_game((X[:elements], y[:elements]), (X[elements:], y[elements:]), learner="kernel", seed=seed)
    parts = (game.runner, game.member, game.keys, game.query_ids, game.metric)
    return FormulaGame(*parts, formula=formula)


def _clouds_game(rows=40, wrong=(), learner="kernel", seed=0, **options):
    """Two clouds, the labels of some rows flipped; 60 validation rows."""
    draw = np.random.default_rng(seed)
    y = np.arange(rows + 60) % 2
    X = draw.normal(size=(rows + 60, 2)) + 2.5 * y[:, None]
    y[list(wrong)] = 1 - y[list(wrong)]
    data = (X[:rows], y[:rows])
    return open_game(data, (X[rows:], y[rows:]), learner=learner, executor=SerialExecutor(), **options)
