"""The public face: what is returned, sets of rows, other rows; more in test_unique_information.py."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.information import Converged
from samplewise.information.unique import information_in, unique_information

DRAW = np.random.default_rng(0)
X, QUERIES = DRAW.normal(size=(25, 2)), DRAW.normal(size=(6, 2))
Y = X[:, 0] + DRAW.normal(size=25)
IDS = np.array([f"r{i}" for i in range(25)])
SOURCE = np.resize(["p", "q", "r"], 25)


def fitted(keep):
    return Ridge(0.5).fit(X[keep], Y[keep])


@pytest.fixture(scope="module")
def found():
    data = Dataset(X, Y, ids=IDS, segments=pd.DataFrame({"source": SOURCE}))
    return unique_information(data, module=fitted(slice(None)), test=QUERIES, noise=0.5)


def test_information_is_the_squared_change_over_twice_the_noise(found):
    for row in (0, 13):
        change = fitted(slice(None)).predict(QUERIES) - fitted(np.delete(np.arange(25), row)).predict(QUERIES)
        assert found.functional.values[row] == pytest.approx(np.mean(change**2) / (2 * 0.25))
        held_out = fitted(np.delete(np.arange(25), row)).predict(X[row : row + 1])[0]
        assert found.held_out_outputs[row, 0] == pytest.approx(held_out)
        assert found.held_out_surprise.values[row] == pytest.approx(abs(Y[row] - held_out))
        np.testing.assert_allclose(found.influence(QUERIES).values[:, row, 0], change, atol=1e-10)
    np.testing.assert_array_equal(found.ids, IDS)
    np.testing.assert_allclose(found.outputs(QUERIES)[:, 0], fitted(slice(None)).predict(QUERIES))


def test_a_set_of_rows_goes_together(found):
    sets = found.segment("source")
    assert sets.keys.tolist() == ["p", "q", "r"]
    change = fitted(slice(None)).predict(QUERIES) - fitted(SOURCE != "q").predict(QUERIES)
    assert sets.values[1] == pytest.approx(np.mean(change**2) / (2 * 0.25))
    np.testing.assert_allclose(found.segment(SOURCE).values, sets.values)
    with pytest.raises(InputError, match="column of segments named 'sourse'"):
        found.segment("sourse")
    with pytest.raises(InputError, match="one value per row"):
        found.segment([1, 2])


def test_rows_are_selected(found):
    kept = found.select(keep=0.4, strategy="once")
    assert len(kept.ids) == 10
    expected = np.argsort(found.functional.values)[:15]
    assert set(kept.dropped) == set(IDS[expected])


def test_several_stops_give_one_answer_each():
    from samplewise.information import GradientDescent

    several = unique_information((X, Y), module="linear", training=GradientDescent([5, 50], 0.1))
    single = unique_information((X, Y), module="linear", training=GradientDescent(50, 0.1))
    assert list(several.stops) == [5, 50]
    np.testing.assert_allclose(several.at(50).functional.values, single.functional.values, rtol=1e-8)


def test_the_inner_door_takes_the_same():
    inner = information_in((X, Y), 0.5, Converged(0.5), module="linear")
    outer = unique_information((X, Y), module="linear", training=Converged(0.5), noise=0.5)
    np.testing.assert_array_equal(inner.functional.values, outer.functional.values)
    with pytest.raises(InputError, match="noise must be"):
        unique_information((X, Y), noise=0.0)
