"""Rows that are trained on and rows that are only evaluated on, in one data set."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.engine.refits.evaluation_rows import stacked


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix, lambda X: pd.DataFrame(X, columns=["a", "b"])])
def test_rows_follow_each_other_with_ids_of_their_own(form):
    X = np.arange(8.0).reshape(4, 2)
    both = stacked(Dataset(form(X[:3]), ids=[1, 2, 3]), Dataset(form(X[3:]), ids=[1]))
    assert len(set(both.ids.tolist())) == len(both) == 4
    values = both.X.toarray() if hasattr(both.X, "indptr") else np.asarray(both.X)
    np.testing.assert_array_equal(values, X)


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match=r"(?s)the test rows have other columns.*same kind and shape"):
        stacked(Dataset(np.zeros((2, 1))), Dataset(np.zeros((2, 3))))
    with pytest.raises(InputError, match=r"(?s)the test rows lack columns.*columns b.*same columns"):
        stacked(Dataset(pd.DataFrame({"a": [1.0], "b": [2.0]})), Dataset(pd.DataFrame({"a": [1.0]})))
