"""A learner fitted on one half, and asked about the other."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.refits import prepare
from samplewise.shift.half_fits import held_half, reliance_on_segment


def test_what_tells_a_segment_in_features_without_names_is_swapped():
    draw = np.random.default_rng(0)
    y = np.arange(800) % 2
    a = np.where(draw.random(800) < 0.9, y, 1 - y)
    E = np.column_stack([y + draw.normal(size=800), 3.0 * a + draw.normal(size=800), draw.normal(size=800)])
    found = reliance_on_segment(prepare(Dataset(E, y, segments={"place": a}), "linear", n_folds=2), "place")
    assert found.flip_rate.low > 0.3
    assert held_half(prepare((E, y), n_folds=2)).mean() == pytest.approx(0.5, abs=0.05)


def test_a_segment_that_is_the_label_is_refused():
    E, y = np.random.default_rng(0).normal(size=(200, 3)), np.arange(200) % 2
    with pytest.raises(InputError, match="every class needs"):
        reliance_on_segment(prepare(Dataset(E, y, segments={"place": y}), "linear", n_folds=2), "place")
