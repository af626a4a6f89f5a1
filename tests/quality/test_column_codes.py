"""Columns as codes of their values."""

import numpy as np
import pandas as pd
from scipy import sparse

from samplewise.quality.column_codes import columns_as_codes


def coded(X, bins):
    rows, places = np.arange(X.shape[0]), np.arange(X.shape[1])
    return [codes.tolist() for codes, _, _ in columns_as_codes(X, places, rows, bins)]


def test_few_numbers_have_a_code_each_and_gaps_one_of_their_own():
    ((codes, gaps, numbers),) = columns_as_codes(
        np.array([[2.0], [1.0], [np.nan], [2.0]]), np.array([0]), np.arange(4), 8
    )
    assert codes.tolist() == [1, 0, 2, 1]
    assert gaps.tolist() == [False, False, True, False]
    np.testing.assert_array_equal(numbers, [2.0, 1.0, np.nan, 2.0])


def test_many_numbers_are_cut_into_bins_of_equal_size_and_equal_ones_share_a_bin():
    (codes,) = coded(np.arange(100.0)[:, None], 4)
    assert np.bincount(codes).tolist() == [25, 25, 25, 25]
    (codes,) = coded(np.r_[np.zeros(60), np.arange(1.0, 41.0)][:, None], 4)
    assert len(set(codes[:60])) == 1


def test_words_are_coded_by_frequency_and_the_rare_share_the_last_code():
    frame = pd.DataFrame({"word": ["b", "a", "a", None, "c", "c", "c"]})
    assert coded(frame, 8) == [[3, 1, 1, 2, 0, 0, 0]]  # of equal counts the gap comes first
    assert coded(frame, 2) == [[1, 1, 1, 1, 0, 0, 0]]


def test_values_with_one_text_are_one_value_also_where_they_cannot_be_hashed():
    frame = pd.DataFrame({"mixed": [1, "1", 2.5, None, 1], "lists": [[1], [2], [1], None, [1]]})
    assert coded(frame, 8) == [[0, 0, 2, 1, 0], [0, 2, 0, 1, 0]]


def test_a_sparse_matrix_has_the_codes_of_the_full_one():
    full = np.array([[0.0, 3.0], [1.0, 0.0], [0.0, 5.0]])
    assert coded(sparse.csr_matrix(full), 8) == coded(full, 8)
