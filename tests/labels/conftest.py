"""Digits with planted flips, and folds of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from samplewise.core.arrays import Array
from samplewise.engine.refits import FoldedRows, prepare


def flip(codes: Array, kind: str, rate: float, seed: int, classes: int) -> Array:
    """Labels with a share flipped: "sym" to any other class, "pair" to the next one."""
    draw = np.random.default_rng(seed)
    struck = draw.random(len(codes)) < rate
    step = draw.integers(1, classes, len(codes)) if kind == "sym" else 1
    return np.where(struck, (codes + step) % classes, codes)


@pytest.fixture(scope="session")
def digits() -> tuple[Array, Array]:
    return load_digits(return_X_y=True)


@pytest.fixture(scope="session")
def spoilt(digits: tuple[Array, Array]) -> Callable[..., tuple[FoldedRows, Array]]:
    """`spoilt(kind, rate) -> (folded, truth)`; the rows keep their fits, so tests share them."""
    made: dict[Any, tuple[FoldedRows, Array]] = {}

    def make(kind: str, rate: float, seed: int = 0) -> tuple[FoldedRows, Array]:
        if (kind, rate, seed) not in made:
            X, truth = digits
            made[kind, rate, seed] = (prepare((X, flip(truth, kind, rate, seed, 10)), "kernel").whole, truth)
        return made[kind, rate, seed]

    return make
