"""The change on rows both places have: exact sum, labels told from rows, and nothing said without common rows."""

import numpy as np

from samplewise.data import Dataset
from samplewise.engine.models.row_losses import ErrorScale
from samplewise.engine.refits import prepare
from samplewise.shift.shared_rows import estimate, shared_parts
from samplewise.shift.two_places import Pair, Scored


def parts(losses, chances):
    rng = np.random.default_rng(0)
    rows = [Dataset(rng.normal(size=(100, 2)), np.arange(100) % 2) for _ in range(2)]
    pair = Pair.of(*rows, None)
    prepared = prepare(pair.joined(), "linear")
    sides = tuple(Scored.of(prepared, prepared.folds(), pair.there == side) for side in (False, True))
    return shared_parts(losses, chances, pair.there, sides, ErrorScale()), sides


def test_a_known_mixture_is_split_exactly():
    """Two kinds of rows, 70 : 30 here and 30 : 70 there, wrong in 10 % and 50 %: rows alone make the change."""
    kinds = np.r_[np.repeat([0, 1], [70, 30]), np.repeat([0, 1], [30, 70])]
    chances = np.array([0.3, 0.7])[kinds]
    losses = np.array([0.1, 0.5])[kinds]
    (found, share), _ = parts(losses, chances)
    values = np.array([part.value for part in found])
    assert abs(values.sum() - 100 * (losses[100:].mean() - losses[:100].mean())) < 1e-11
    np.testing.assert_allclose(values, [8.0, 0.0, 8.0], atol=1e-9)
    assert abs(share - 0.84) < 1e-9
    (found, _), _ = parts(losses + np.r_[np.zeros(100), np.full(100, 0.2)], chances)
    np.testing.assert_allclose([part.value for part in found], [8.0, 20.0, 8.0], atol=1e-9)


def test_places_without_common_rows_are_not_compared():
    (found, share), sides = parts(np.zeros(200), np.repeat([0.001, 0.999], 100))
    assert share < 0.01
    assert all(np.isnan(part.value) and "cannot be told" in part.reason for part in found)
    assert estimate("change", sides[0].mean(np.full(200, 0.25)), ErrorScale()).value == 25.0
