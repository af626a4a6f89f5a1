"""Blocks of gradients and the parameters they lie in, there and back, in both array libraries."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.gradients.parameter_slices import (
    MatrixPlace,
    alike,
    nbytes_of,
    padded,
    row_positions,
    spans,
    stacked_arrays,
    taken,
    to_numpy,
    with_folds,
)

DRAW = np.random.default_rng(0)
LIBRARIES = [np.asarray, lambda values: pytest.importorskip("torch").as_tensor(values)]


def test_vectors_are_cut_to_a_matrix_and_scattered_back():
    vectors = {"w": DRAW.normal(size=(2, 5, 3, 2)), "b": DRAW.normal(size=(2, 5))}
    place = MatrixPlace("w", (5, 3, 2), 1, 4, "b")
    cut = place.matrices(vectors)
    np.testing.assert_array_equal(cut[:, :, :6], vectors["w"].reshape(2, 5, 6)[:, 1:4])
    np.testing.assert_array_equal(cut[:, :, 6], vectors["b"][:, 1:4])
    into = {}
    place.scatter(cut.copy(), into)
    np.testing.assert_array_equal(into["w"][:, 1:4], vectors["w"][:, 1:4])
    np.testing.assert_array_equal(into["b"][:, 1:4], vectors["b"][:, 1:4])
    assert (into["w"][:, [0, 4]] == 0).all()
    MatrixPlace("w", (5, 3, 2), 0, 1, "b").scatter(np.ones((2, 1, 7)), into)  # another block of the same parameter
    assert (into["w"][:, 0] == 1).all()
    np.testing.assert_array_equal(into["w"][:, 1:4], vectors["w"][:, 1:4])


def test_what_is_not_named_counts_as_zero():
    place = MatrixPlace("w", (2, 3), 0, 2, "b")
    assert place.names == ("w", "b")
    assert place.matrices({"elsewhere": np.ones((1, 2))}) is None
    alone = place.matrices({"b": np.ones((1, 2))})
    assert (alone[:, :, :3] == 0).all()
    assert (alone[:, :, 3] == 1).all()
    with pytest.raises(InputError, match=r"(?s)shape of parameter 'w'.*\(k, 2, 3\)"):
        with_folds({"w": np.ones((1, 3, 2))}, "w", (2, 3))


@pytest.mark.parametrize("library", LIBRARIES)
def test_arrays_of_either_library_are_cut_joined_and_padded(library):
    values = library(DRAW.normal(size=(4, 2, 3)))
    np.testing.assert_array_equal(to_numpy(taken(values, np.array([3, 1]))), to_numpy(values)[[3, 1]])
    np.testing.assert_array_equal(to_numpy(taken(values, slice(1, 3))), to_numpy(values)[1:3])
    np.testing.assert_array_equal(to_numpy(stacked_arrays([values, values])), np.concatenate([to_numpy(values)] * 2))
    assert stacked_arrays([values]) is values
    short, long = padded([values[:, :1], values])
    assert long is values
    assert short.shape == (4, 2, 3)
    assert (to_numpy(short)[:, 1] == 0).all()
    assert nbytes_of(values) == 4 * 2 * 3 * 8
    same = alike(np.ones(2, dtype=np.float32), values)
    assert type(same) is type(values)
    assert same.dtype == values.dtype


def test_spans_and_positions():
    assert list(spans(7, 3)) == [slice(0, 3), slice(3, 6), slice(6, 7)]
    assert len(list(spans(2, 0))) == 2
    assert list(spans(0, 3)) == []
    assert row_positions(np.array([False, True]), 2).tolist() == [1]
    assert row_positions(slice(None), 3).tolist() == [0, 1, 2]
