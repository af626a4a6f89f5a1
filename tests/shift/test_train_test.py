"""Test rows from elsewhere are told apart and the columns named; random splits are left alone."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.statistics import share_interval
from samplewise.shift import train_test_drift


def frame(rows, seed=0, moved=0.0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "age": rng.normal(size=rows) + moved, "kind": rng.choice(["a", "b", "c"], rows), "size": rng.normal(size=rows),
    })  # fmt: skip


def test_a_moved_column_is_named_and_the_weights_follow_it():
    train, test = frame(600), frame(400, 1, 1.0)
    found = train_test_drift(train, test)
    assert found.found
    assert found.telling == ["age"]
    assert found.auc.low < found.auc.value < found.auc.high
    assert found.auc.low > 0.6
    weights = found.weights.aligned_to(np.arange(600)).values
    assert np.corrcoef(weights, train["age"])[0, 1] > 0.5
    assert np.average(train["age"], weights=weights) > 0.5
    assert 0.1 < found.effective_share < 0.9
    assert "age" in str(found)


def test_random_splits_are_seldom_told_apart():
    fired = sum(train_test_drift(frame(150, 2 * seed), frame(120, 2 * seed + 1), seed=seed).found for seed in range(40))
    assert share_interval(fired, 40)[0] <= 0.05


def test_repeated_training_rows_and_patients_are_no_drift():
    fired = 0
    for seed in range(10):
        own = frame(300, 2 * seed)
        repeated = pd.concat([own] * 4, ignore_index=True)
        fired += train_test_drift(repeated, frame(300, 2 * seed + 1), seed=seed).found
        patients = Dataset(repeated, groups=np.tile(np.arange(300), 4))
        fired += train_test_drift(patients, frame(300, 2 * seed + 1), seed=seed).found
    assert fired <= 3


def test_new_values_ranges_gaps_and_classes_are_said():
    train, test = frame(400), frame(300, 1)
    test.loc[:29, "kind"] = "new"
    test.loc[40:59, "size"] = 50.0
    test.loc[100:140, "age"] = np.nan
    rng = np.random.default_rng(0)
    found = train_test_drift((train, rng.choice(["x", "y"], 400)), (test, rng.choice(["x", "y", "z"], 300)))
    clear = found.unseen[found.unseen["p_value"] < 0.05]
    assert {"kind = new", "age missing", "(labels) = z"} <= set(clear["what"])
    assert any(what.startswith("size > ") for what in clear["what"])
    assert found.classes["train"]["z"] == 0.0
    assert found.classes["difference"].sum() == pytest.approx(0.0, abs=1e-9)
    assert found.found


def test_a_column_that_gives_the_place_away_and_columns_that_number_rows():
    train, test = frame(300), frame(300, 1)
    train["site"], test["site"] = "here", "there"
    train["id"], test["id"] = np.arange(300), np.arange(300, 600)
    found = train_test_drift(train, test)
    assert found.giving_away == ["site"]
    assert found.left_out == ("id",)
    assert found.effective_share == pytest.approx(0.0, abs=0.05) or len(found.outside_ids) == 300
    assert len(found.outside_ids) == 300


def test_the_order_of_the_rows_changes_nothing():
    train, test = frame(200), frame(160, 1, 0.5)
    turned = np.random.default_rng(0).permutation(200)
    one, other = train_test_drift(train, test), train_test_drift(train.iloc[turned], test)
    assert one.family_p_value == pytest.approx(other.family_p_value)
    assert one.weights.aligned_to(np.arange(200)).values == pytest.approx(
        other.weights.aligned_to(np.arange(200)).values
    )


def test_shared_rows_missing_labels_and_other_kinds_of_rows():
    train = frame(200)
    found = train_test_drift((train, np.zeros(200)), train.iloc[:100].reset_index(drop=True))
    assert found.shared == 100
    assert found.classes is None
    assert "also stand among" in str(found)
    pictures = np.random.default_rng(0).integers(0, 255, (60, 8, 8), dtype=np.uint8)
    assert not train_test_drift(pictures[:30], pictures[30:]).found
    regression = train_test_drift((train, np.arange(200) / 3.0), (frame(200, 1), 100.0 + np.arange(200) / 3.0))
    assert regression.classes is None
    assert regression.telling == ["(labels)"]


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(InputError, match="lack columns"):
        train_test_drift(frame(50), frame(50).drop(columns="age"))
    with pytest.raises(InputError, match="too few rows"):
        train_test_drift(frame(50), frame(19))
    with pytest.raises(InputError, match="too few rows"):
        train_test_drift(Dataset(frame(50), groups=np.arange(50) // 5), frame(50))
    with pytest.raises(InputError, match="no columns to compare"):
        train_test_drift(pd.DataFrame({"c": [1.0] * 40}), pd.DataFrame({"c": [1.0] * 30}))
