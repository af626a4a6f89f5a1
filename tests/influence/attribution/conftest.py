"""A source of gradients without a model: two factors and some single entries per row, drawn at random."""

from dataclasses import dataclass

import numpy as np
import pytest

from samplewise.engine.gradients import DenseGradients, MatrixPlace, OuterGradients, RowGradients
from samplewise.engine.gradients.gradient_sources import Sketches

OUT, INTO, SMALL = 3, 4, 2


@dataclass(frozen=True, eq=False)
class DrawnSource:
    """Rows are numbers 0..99; every scalar ("loss", "margin") has gradients of its own."""

    seed: int = 0
    loss: str = "loss"
    with_small: bool = True

    def parts(self, rows, of):
        inputs = np.random.default_rng([self.seed, 0]).normal(size=(100, 1, INTO))
        draw = np.random.default_rng([self.seed, 1 if of == "loss" else 2])
        return inputs[rows], draw.normal(size=(100, 1, OUT))[rows], draw.normal(size=(100, SMALL))[rows]

    def gradients(self, data, of):
        rows = np.asarray(data)
        inputs, cotangents, small = self.parts(rows, of)
        place = MatrixPlace("fc.weight", (OUT, INTO), 0, OUT)
        layers = (OuterGradients("fc", place, inputs, cotangents),)
        if self.with_small:
            layers += (DenseGradients("norm", (("norm.weight", (SMALL,)),), small),)
        values = np.random.default_rng([self.seed, 3]).normal(size=100)[rows]
        return RowGradients(rows, layers, np.zeros((len(rows), OUT)), rows % 2, values)

    def sketches(self, data, of, size, seed, folder):
        rows = self.gradients(data, of)
        return Sketches(rows.ids, rows.sketch(size, seed=seed), rows.values)

    def matrix(self, data, of):
        """(n, p) the same gradients written out."""
        inputs, cotangents, small = self.parts(np.asarray(data), of)
        whole = np.einsum("nto,nti->noi", cotangents, inputs).reshape(len(inputs), -1)
        return np.hstack([whole, small]) if self.with_small else whole


@pytest.fixture
def drawn_source():
    return DrawnSource


TRAIN, QUERIES = np.arange(30), np.arange(40, 46)


@pytest.fixture
def train():
    return TRAIN


@pytest.fixture
def queries():
    return QUERIES
