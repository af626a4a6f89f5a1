"""Rows of every kind as the tensors a module takes."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data.images import Images
from samplewise.engine.models.feature_encoding import SpaceEncoder

torch = pytest.importorskip("torch")

from samplewise.engine.models.torch_inputs import TensorEncoder, as_inputs, plain_rows, resolved  # noqa: E402

PICTURES = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)


def test_numbers_stay_as_they_are_and_tables_become_points():
    X = np.random.default_rng(0).normal(size=(5, 2))
    np.testing.assert_array_equal(TensorEncoder("raw", X)(X), X)
    assert TensorEncoder("raw", X)(X.astype(np.int8)).dtype == np.float32
    table = pd.DataFrame({"x": X[:, 0], "kind": list("ababa")})
    np.testing.assert_array_equal(TensorEncoder("auto", table)(table), SpaceEncoder(table)(table))


def test_pictures_have_their_channels_first():
    images = Images.from_array(PICTURES)
    assert resolved("auto", images) == "raw"
    encoded = TensorEncoder("auto", images)(images)
    np.testing.assert_array_equal(encoded, PICTURES.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(plain_rows(images), encoded)


def test_tokens_are_whole_numbers_from_zero():
    tokens = np.array([[0.0, 3.0], [2.0, 1.0]])
    assert TensorEncoder("tokens", tokens)(tokens).dtype == np.int64
    for bad in (tokens - 1, tokens + 0.5):
        with pytest.raises(InputError, match="whole numbers from 0"):
            TensorEncoder("tokens", tokens)(bad)


def test_inputs_follow_the_module_and_bytes_are_parts_of_white():
    double, single = torch.nn.Linear(2, 1).double(), torch.nn.Linear(2, 1)
    assert as_inputs(np.ones((1, 2), np.float32), double).dtype == torch.float64
    assert as_inputs(np.ones((1, 2)), single).dtype == torch.float32
    assert as_inputs(np.array([[0, 255]], np.uint8), single).tolist() == [[0.0, 1.0]]
    assert as_inputs(np.array([[0, 7]]), single).dtype == torch.int64


def test_rows_for_a_trained_module_are_numbers_unscaled():
    tensor = torch.ones(2, 3)
    assert plain_rows(tensor) is tensor
    assert plain_rows(pd.DataFrame({"x": [1.5, 2.5]})).tolist() == [[1.5], [2.5]]
    with pytest.raises(InputError, match="takes numbers"):
        plain_rows(np.array(["a"]))


def test_what_an_encoding_cannot_take_is_refused():
    with pytest.raises(InputError, match="no encoding named 'row'"):
        TensorEncoder("row", np.ones((2, 2)))
    with pytest.raises(InputError, match=r"(?s)needs an array.*DataFrame"):
        TensorEncoder("raw", pd.DataFrame({"x": [1.0]}))
    with pytest.raises(InputError, match="rows id 1"):
        TensorEncoder("raw", np.ones((2, 2)))(np.array([[1.0], [np.nan]]))
