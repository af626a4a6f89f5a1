"""The path names the columns that were moved, and nothing where nothing was."""

import numpy as np

from samplewise.data import Dataset
from samplewise.shift.column_path import column_path
from samplewise.shift.compared_rows import compared_rows


def path(moved, seed=0, count=2000):
    rng = np.random.default_rng(seed)
    X, X2 = rng.normal(size=(count, 4)), rng.normal(size=(count, 4))
    X[:, 3], X2[:, 3] = X[:, 0] + 0.5 * X[:, 3], X2[:, 0] + 0.5 * X2[:, 3]  # a proxy of the first column
    for column, by in moved.items():
        X2[:, column] += by
    losses = (rng.random(count) < 0.1 + 0.3 * (X[:, 0] > 0)).astype(float)
    return column_path(compared_rows(Dataset(X), Dataset(X2)), losses)


def test_moved_columns_are_named_the_most_telling_first():
    assert path({}) == []
    steps = path({1: 1.2, 2: 0.8})
    assert [step.column for step in steps] == ["x1", "x2"]
    assert steps[0].gain > steps[1].gain
    assert all(abs(step.moved.value) < 3.0 * step.moved.error for step in steps)  # neither bears on the loss


def test_a_column_that_bears_on_the_loss_moves_it():
    steps = path({0: 1.0})
    assert steps[0].column == "x0"
    assert 0.02 < steps[0].moved.value < 0.16
