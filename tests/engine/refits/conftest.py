"""Small problems every test of this floor shares."""

from collections.abc import Callable

import numpy as np
import pytest

from samplewise.data.dataset import Dataset
from samplewise.engine.refits import FoldedRows, prepare


def make_moons(count: int = 240, seed: int = 0, flipped: float = 0.0) -> tuple[Dataset, np.ndarray]:
    """Two interleaved arcs, with a share of labels flipped; and which rows those are."""
    draw = np.random.default_rng(seed)
    angle = draw.uniform(0, np.pi, count)
    y = draw.integers(0, 2, count)
    X = np.column_stack([np.cos(angle) + y, np.where(y, -1, 1) * np.sin(angle) + 0.5 * y])
    X += draw.normal(scale=0.12, size=X.shape)
    wrong = draw.random(count) < flipped
    return Dataset(X, np.where(wrong, 1 - y, y)), wrong


@pytest.fixture
def two_moons() -> Callable[..., tuple[Dataset, np.ndarray]]:
    return make_moons


@pytest.fixture
def folded() -> FoldedRows:
    return prepare(make_moons()[0]).whole
