import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from samplewise.core.errors import InputError
from samplewise.labels import find_label_issues
from samplewise.labels.predictions import check_predictions, columns_by_class

CODES, IDS = np.array([0, 1, 2, 0]), np.array(["a", "b", "c", "d"])
GOOD = np.full((4, 3), 1 / 3)


def test_good_predictions_come_back_normalized():
    almost = GOOD * (1 + 5e-4)
    np.testing.assert_allclose(check_predictions(almost, CODES, IDS).sum(axis=1), 1.0)


@pytest.mark.parametrize(
    ("P", "folded"),
    [
        (GOOD[:, :2], r"fix: +pass shape \(4, 3\)"),
        (GOOD[:3], r"got: +shape \(3, 3\)"),
        (np.where(np.arange(4)[:, None] == 1, np.nan, GOOD), "where: +rows id b"),
        (GOOD * np.array([1, 1, 1.1, 1])[:, None], "where: +rows id c"),
        (np.array([[1.2, -0.2, 0.0]] * 4), "where: +rows id a, b, c, d"),
    ],
)
def test_what_is_no_set_of_probabilities_is_refused_with_the_rows(P, folded):
    with pytest.raises(InputError, match=folded):
        check_predictions(P, CODES, IDS)


def test_in_sample_predictions_are_refused_with_the_reason():
    codes = np.arange(300) % 3
    P = np.where(np.eye(3)[codes] > 0, 0.98, 0.01)
    with pytest.raises(InputError, match="cross_val_predict") as raised:
        check_predictions(P, codes, np.arange(300))
    assert "in-sample" in raised.value.what
    assert check_predictions(P[:150], codes[:150], np.arange(150)).shape == (150, 3)


def test_two_classes_may_be_one_number_a_row_and_no_single_column():
    found = check_predictions(np.array([0.25, 0.5]), np.array([0, 1]), np.array([1, 2]))
    np.testing.assert_allclose(found, [[0.75, 0.25], [0.5, 0.5]])
    with pytest.raises(InputError, match=r"(?s)where: +probabilities.*shape \(2, 1\).*or \(n,\), of the second class"):
        check_predictions(np.array([[0.25], [0.5]]), np.array([0, 1]), np.array([1, 2]))


def test_half_precision_and_disk_are_not_copied(tmp_path):
    for kind in (np.float16, np.float32):
        P = np.full((4, 3), 1 / 3, dtype=kind)
        assert check_predictions(P, CODES, IDS) is P
    np.save(tmp_path / "P.npy", GOOD)
    lying = np.load(tmp_path / "P.npy", mmap_mode="r")
    assert check_predictions(lying, CODES, IDS) is lying


# ---- in-sample, recognized by the rows nearby -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def spoilt_digits():
    X, truth = load_digits(return_X_y=True)
    X, truth = X[:1000], truth[:1000]
    draw = np.random.default_rng(0)
    flipped = draw.random(1000) < 0.1
    return X, np.where(flipped, (truth + draw.integers(1, 10, 1000)) % 10, truth), truth, flipped


@pytest.mark.parametrize("depth", [None, 10])
def test_a_forest_that_saw_the_rows_is_refused(spoilt_digits, depth):
    """Of bounded depth its accuracy is 98 %, which is not suspicious; that it repeats odd labels is."""
    X, y, _, _ = spoilt_digits
    P = RandomForestClassifier(50, max_depth=depth, random_state=0).fit(X, y).predict_proba(X)
    with pytest.raises(InputError, match="look in-sample") as raised:
        find_label_issues((X, y), probabilities=P)
    assert "nearest rows contradict" in raised.value.what
    assert raised.value.where.startswith("rows id ")
    assert "embeddings=" in raised.value.fix


@pytest.mark.parametrize(
    "model", [RandomForestClassifier(50, random_state=0), LogisticRegression(C=1e-3, max_iter=500)]
)
def test_predictions_out_of_sample_pass(spoilt_digits, model):
    X, y, _, flipped = spoilt_digits
    P = cross_val_predict(model, X, y, cv=3, method="predict_proba")
    found = find_label_issues((X, y), probabilities=P, n_rounds=1)
    assert flipped[found.flagged].mean() > 0.85


def test_a_model_that_is_always_right_passes_where_the_rows_nearby_are_too():
    draw = np.random.default_rng(0)
    codes = np.arange(300) % 3
    X = 20.0 * np.eye(3)[codes] + draw.normal(size=(300, 3))
    P = 0.97 * np.eye(3)[codes] + 0.01
    assert len(find_label_issues((X, codes), probabilities=P, n_rounds=1).flagged) == 0
    with pytest.raises(InputError, match=r"accuracy 1\.0000"):
        find_label_issues((draw.normal(size=(300, 3)), codes), probabilities=P)


def test_numbers_that_equal_the_labels_are_refused():
    X = np.random.default_rng(0).normal(size=(80, 3))
    y = X.sum(axis=1) + 0.1
    with pytest.raises(InputError, match="they equal the labels"):
        find_label_issues((X, y), probabilities=y)
    with pytest.raises(InputError, match=r"fix: +pass shape \(80,\)"):
        find_label_issues((X, y), probabilities=np.ones((80, 2)))
    with pytest.raises(InputError, match=r"where: +rows id 5"):
        find_label_issues((X, y), probabilities=np.where(np.arange(80) == 5, np.nan, 0.0))


# ---- frames, whose columns are classes ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def named():
    draw = np.random.default_rng(1)
    truth = np.array(["ant", "bee", "cat"])[np.arange(240) % 3]
    X = 4.0 * np.eye(3)[np.arange(240) % 3] + draw.normal(size=(240, 3))
    y = pd.Series(truth, index=[f"r{row}" for row in range(240)], dtype=object)
    y.iloc[::20] = np.roll(["ant", "bee", "cat"], 1)[(np.arange(0, 240, 20)) % 3]
    P = pd.DataFrame(0.8 * np.eye(3)[np.arange(240) % 3] + 0.2 / 3, columns=["ant", "bee", "cat"], index=y.index)
    return pd.DataFrame(X, index=y.index), y, P


def test_columns_are_matched_by_name(named):
    X, y, P = named
    straight = find_label_issues((X, y), probabilities=P.to_numpy(), n_rounds=1)
    mixed = find_label_issues((X, y), probabilities=P[["cat", "ant", "bee"]], n_rounds=1)
    np.testing.assert_array_equal(mixed.wrong.values, straight.wrong.values)
    numbered = find_label_issues((X, y), probabilities=pd.DataFrame(P.to_numpy()), n_rounds=1)
    np.testing.assert_array_equal(numbered.wrong.values, straight.wrong.values)


def test_columns_that_are_numbers_are_names_where_any_class_is_called_so():
    classes, ids = np.array(sorted(map(str, range(12)))), np.arange(3)
    P = pd.DataFrame(np.arange(36.0).reshape(3, 12))
    np.testing.assert_array_equal(columns_by_class(P, classes, ids), P[[int(name) for name in classes]].to_numpy())
    with pytest.raises(InputError, match=r"(?s)different classes.*no column for: 12; no row is labeled: 0"):
        columns_by_class(P, np.arange(1, 13), ids)


def test_classes_absent_on_either_side_are_named(named):
    X, y, P = named
    with pytest.raises(InputError, match="no row is labeled: dog"):
        find_label_issues((X, y), probabilities=P.assign(dog=0.0))
    with pytest.raises(InputError, match="no column for: bee") as raised:
        find_label_issues((X, y), probabilities=P[["ant", "cat"]])
    assert "add absent columns as 0" in raised.value.fix


def test_rows_in_another_order_are_found_by_their_index(named):
    X, y, P = named
    in_order, turned = (find_label_issues((X, y), probabilities=one).wrong.values for one in (P, P.iloc[::-1]))
    assert np.array_equal(in_order, turned)
    with pytest.raises(InputError, match="another index") as raised:
        find_label_issues((X, y), probabilities=P.rename(index={"r0": "x0"}))
    assert raised.value.where == "rows id r0"
