"""Columns that name the row or the day: by kind, and whether a learner sees them."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from samplewise import quality
from samplewise.core.errors import InputError
from samplewise.quality.id_and_date_columns import is_counter


def table(rows=120):
    return pd.DataFrame(np.random.default_rng(0).normal(size=(rows, 3)), columns=["a", "b", "c"])


def test_ids_and_dates_of_a_table_are_left_out():
    frame = table().assign(visited=pd.date_range("2024-01-01", periods=120))
    frame["customer_id"] = np.random.default_rng(1).permutation(10_000)[:120]
    found = quality.id_or_date_columns(frame)
    assert found.id_like.tolist() == ["customer_id"]
    assert found.date_like.tolist() == ["visited"]
    assert not found.used.any()
    assert (found.to_frame()["reason"].str.len() > 10).all()
    assert "Learners see none of them." in str(found)


def test_a_counter_in_an_array_or_with_gaps_in_a_table_is_seen_by_learners():
    X = np.column_stack([table().to_numpy(), np.arange(120) + 7])
    found = quality.id_or_date_columns(X)
    assert (found.names.tolist(), found.used.tolist(), found.kinds.tolist()) == (["x3"], [True], ["id"])
    assert "Learners see x3." in str(found)
    kept = np.random.default_rng(2).permutation(200)[:120]
    with_gaps = quality.id_or_date_columns(table().assign(running=kept))
    assert with_gaps.to_frame().reset_index()[["column", "kind", "used"]].to_numpy().tolist() == [
        ["running", "counter", True]
    ]


def test_the_only_column_is_kept_although_it_is_an_id():
    found = quality.id_or_date_columns(pd.DataFrame({"id": np.arange(60)}))
    assert (found.id_like.tolist(), found.used.tolist()) == (["id"], [True])


@pytest.mark.parametrize(
    "X", [table(), table().to_numpy(), table(10), sparse.random(30, 4, 0.5, "csr", random_state=0)]
)
def test_measurements_are_neither(X):
    found = quality.id_or_date_columns(X)
    assert (len(found.names), str(found)) == (0, "No column looks like an id or a date.")


def test_counts_and_prices_are_no_counters():
    assert not is_counter(np.random.default_rng(4).poisson(40, 120).astype(float))
    assert not is_counter(np.random.default_rng(5).integers(1000, 90_000, 120).astype(float))
    assert not is_counter(np.r_[np.arange(30.0), np.nan])
    assert is_counter(np.random.default_rng(6).permutation(30).astype(float))


def test_images_are_refused():
    with pytest.raises(InputError, match="images have no columns"):
        quality.id_or_date_columns(np.zeros((5, 8, 8), dtype=np.uint8))
