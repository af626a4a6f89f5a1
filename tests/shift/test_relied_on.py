"""`reliance`: what changes when part of the input is swapped."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from samplewise.core.errors import InputError
from samplewise.shift import FeatureSplit, reliance


def rows(count=1000):
    draw = np.random.default_rng(0)
    y = np.arange(count) % 2
    a = np.where(draw.random(count) < 0.9, y, 1 - y)
    return np.column_stack([y + draw.normal(size=count), 3.0 * a + draw.normal(size=count)]), y, a


def test_shares_of_a_linear_model_are_those_of_its_parts():
    draw = np.random.default_rng(1)
    X = draw.normal(size=(4000, 2))
    y = (X @ [1.0, 2.0] > 0).astype(int)
    model = LogisticRegression().fit(X, y)
    parts = np.square(model.coef_[0]) / np.square(model.coef_).sum()  # independent columns of variance 1
    for place in (0, 1):
        found = reliance(X, y, module=lambda Z: np.column_stack([0 * Z[:, 0], Z @ model.coef_[0]]), on=place)
        assert found.variance.low - 0.03 < parts[place] < found.variance.high + 0.03
    assert found.change_of_error.low > 0


def test_columns_blocks_and_splits_are_swapped():
    X, y, a = rows()
    model = LogisticRegression().fit(X, y)
    split = FeatureSplit().fit(X, y, segments=a)
    block = reliance(X, y, module=model, on=split, segments=a)
    column = reliance(X, y, module=model, on="x1", segments=a)
    assert block.flip_rate.value == pytest.approx(column.flip_rate.value, abs=0.15)
    assert block.flip_rate.low > 0.3
    assert reliance(X, y, module=model, on=[0, 1]).variance.value == pytest.approx(1.0, abs=0.1)
    frame = pd.DataFrame(X, columns=["core", "mark"])
    model = LogisticRegression().fit(frame, y)
    assert reliance(frame, y, module=model, on="mark", segments=a).flip_rate.value == column.flip_rate.value


def test_a_model_that_gives_labels_only_is_read_and_said():
    X, y, _ = rows()
    found = reliance(X, y, module=type("Rule", (), {"predict": lambda self, Z: (Z[:, 1] > 1.5).astype(int)})(), on=1)
    assert found.labels_only
    assert "classes only" in str(found)
    assert found.flip_rate.low > 0.4


def test_what_cannot_be_swapped_is_refused():
    X, y, _ = rows()
    model = LogisticRegression().fit(X, y)
    split = FeatureSplit().fit(X, y, segments=rows()[2])
    for on, said in (("x9", "column"), (split, "segment"), ([], "nothing to swap")):
        with pytest.raises(InputError, match=said):
            reliance(X, y, module=model, on=on)
    with pytest.raises(InputError, match="constant"):
        reliance(np.column_stack([X, 0 * y]), y, module=lambda Z: Z[:, :2], on=2)
    with pytest.raises(InputError, match="fitted model"):
        reliance(X, y, module=5, on=0)
