"""Eigenpairs give the kernel back, from a Gram matrix and from features alike."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.closed_form import spectrum as module
from samplewise.engine.closed_form.spectrum import FeatureSpectrum, GramSpectrum

DRAW = np.random.default_rng(0)
X, QUERIES = DRAW.normal(size=(30, 4)), DRAW.normal(size=(5, 4))


def kernel_of(spectrum, rows):
    vectors = spectrum.vectors(rows).reshape(-1, len(spectrum.values))
    return (vectors * spectrum.values) @ vectors.T


@pytest.mark.parametrize("constant", [False, True])
def test_both_forms_hold_the_same_kernel(constant, monkeypatch):
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 7)
    full = X @ X.T + constant
    other = QUERIES @ X.T + constant
    for spectrum, queries in ((FeatureSpectrum.of(X, constant=constant), QUERIES), (GramSpectrum.of(full), other)):
        np.testing.assert_allclose(kernel_of(spectrum, np.arange(30)), full, atol=1e-10)
        vectors = spectrum.vectors(np.arange(30))[:, 0]
        np.testing.assert_allclose(spectrum.against(queries)[:, 0] @ vectors.T, other, atol=1e-10)
        some = np.array([3, 8, 20, 1])
        np.testing.assert_allclose(kernel_of(spectrum.take(some), np.arange(4)), full[np.ix_(some, some)], atol=1e-10)
        part = spectrum.take(some).against(spectrum.restricted(queries, some))[:, 0]
        np.testing.assert_allclose(part @ spectrum.take(some).vectors(np.arange(4))[:, 0].T, other[:, some], atol=1e-9)


def test_several_outputs_per_row_are_adjacent():
    blocks = np.kron(X @ X.T + np.eye(30), np.array([[2.0, 0.5], [0.5, 1.0]]))
    spectrum = GramSpectrum.of(blocks, width=2)
    assert (spectrum.count, spectrum.width) == (30, 2)
    assert spectrum.vectors([4]).shape == (1, 2, 60)
    some = np.array([5, 2])
    entries = [10, 11, 4, 5]
    np.testing.assert_allclose(kernel_of(spectrum.take(some), [0, 1]), blocks[np.ix_(entries, entries)], atol=1e-10)
    np.testing.assert_allclose(spectrum.restricted(blocks, some), blocks[:, entries])


def test_directions_that_are_rounding_are_left_out():
    doubled = np.hstack([X, X])
    assert len(FeatureSpectrum.of(doubled).values) == 4
    assert not FeatureSpectrum.of(doubled).complete
    assert (GramSpectrum.of(X @ X.T).values >= 0).all()


@pytest.mark.parametrize(
    ("gram", "words"),
    [
        (np.ones((2, 3)), "must be square"),
        (np.array([[1.0, 2.0], [0.0, 1.0]]), "not symmetric"),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), "not positive semi-definite"),
        (np.zeros((2, 2)), "kernel is zero"),
        (np.array([[1.0, np.nan], [np.nan, 1.0]]), "missing or infinite"),
    ],
)
def test_what_is_no_kernel_is_refused(gram, words):
    with pytest.raises(InputError, match=words):
        GramSpectrum.of(gram)


def test_queries_of_another_shape_are_refused():
    with pytest.raises(InputError, match="another shape"):
        GramSpectrum.of(X @ X.T).against(np.ones((2, 3)))
    with pytest.raises(InputError, match="columns of the training rows"):
        FeatureSpectrum.of(X).against(np.ones((2, 3)))
    with pytest.raises(InputError, match="all zero"):
        FeatureSpectrum.of(np.zeros((3, 2)))
