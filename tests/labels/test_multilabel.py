"""Several labels a row."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.labels import MultilabelIssues, find_label_issues, find_multilabel_issues

COUNT = 500


@pytest.fixture(scope="module")
def tagged():
    """Three labels that depend on the row, a fourth that every row has; entries flipped by label, not by row."""
    draw = np.random.default_rng(0)
    X = draw.normal(size=(COUNT, 6))
    truth = np.c_[X[:, 0] > 0.3, X[:, 1] + X[:, 2] > 0, X[:, 3] > 1.2, np.ones(COUNT)].astype(int)
    flips = draw.random((COUNT, 4)) < np.array([0.1, 0.02, 0.05, 0.0])
    names = ["red", "round", "rare", "always"]
    return pd.DataFrame(X), pd.DataFrame(truth ^ flips, columns=names), flips


@pytest.fixture(scope="module")
def found(tagged):
    X, y, _ = tagged
    return find_multilabel_issues((X, y), learner="kernel")


def test_every_entry_has_a_probability_of_its_own(tagged, found):
    _, y, flips = tagged
    assert isinstance(found, MultilabelIssues)
    assert found.labels.tolist() == list(y.columns)
    for place, name in enumerate(found.labels[:3]):
        scores = found.for_label(name)
        planted = int(flips[:, place].sum())
        hits = flips[scores.top(planted).keys, place].mean()
        assert hits > 0.6, (name, hits)
        rate = found.noise_rate[name]
        assert abs(rate.value - flips[:, place].mean()) < 0.04
    assert found.noise_rate["red"].value > found.noise_rate["round"].value


def test_flags_are_pairs_of_id_and_label_surest_first(tagged, found):
    _, y, flips = tagged
    places = {name: place for place, name in enumerate(y.columns)}
    right = [flips[row, places[name]] for row, name in found.flagged]
    assert len(right) > 30
    assert np.mean(right) > 0.8
    chances = [found.wrong_by_label[row, places[name]] for row, name in found.flagged]
    assert chances == sorted(chances, reverse=True)
    for row, name in found.flagged[:20]:
        assert found.suggested[row, places[name]] == 1 - y.iloc[row][name]
        assert "another class" in found.reasons[row, places[name]]


def test_a_row_is_wrong_if_any_entry_is(found):
    by_label = found.wrong_by_label[:, :3]
    np.testing.assert_allclose(found.wrong.values, 1 - np.prod(1 - by_label, axis=1))
    assert "one entry" in found.wrong.larger_means


def test_a_label_every_row_has_is_named_and_skipped(found):
    assert found.skipped == {"always": "every row has it"}
    assert np.isnan(found.wrong_by_label[:, 3]).all()
    assert (found.suggested[:, 3] == 1).all()
    assert found.reasons[0, 3] == "every row has it"
    with pytest.raises(InputError, match="the labels are red, round"):
        found.for_label("blue")


def test_one_label_alone_and_among_others_agree(tagged):
    """The shared fitter and folds change nothing but the assignment of rows to folds."""
    X, y, _ = tagged
    together = find_multilabel_issues((X, y), learner="logistic").for_label("red").values
    alone = find_label_issues((X, y["red"]), learner="logistic").wrong.values
    assert np.corrcoef(together, alone)[0, 1] > 0.97
    near = find_multilabel_issues((X, y), method="neighbors").for_label("red").values
    np.testing.assert_allclose(near, find_label_issues((X, y["red"]), method="neighbors").wrong.values, atol=1e-12)


def test_row_order_changes_nothing(tagged, found):
    X, y, _ = tagged
    order = np.random.default_rng(3).permutation(COUNT)
    moved = find_multilabel_issues((X.iloc[order], y.iloc[order]), learner="kernel")
    np.testing.assert_allclose(moved.wrong.aligned_to(found.wrong.keys).values, found.wrong.values, atol=1e-4)


def test_fits_are_shared_with_a_folder(tagged, tmp_path):
    X, y, _ = tagged
    one = find_multilabel_issues((X, y), learner="linear", run_dir=tmp_path)
    files = sorted(path.name for path in tmp_path.iterdir())
    two = find_multilabel_issues((X, y), learner="linear", run_dir=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    np.testing.assert_array_equal(one.wrong.values, two.wrong.values)


def test_ones_own_predictions_are_read_by_label(tagged):
    X, y, flips = tagged
    truth = y.to_numpy() ^ flips
    P = pd.DataFrame(np.where(truth == 1, 0.9, 0.1), columns=y.columns)
    found = find_multilabel_issues((X, y), probabilities=P[["rare", "red", "always", "round"]], n_rounds=1)
    assert np.mean([flips[row, list(y.columns).index(name)] for row, name in found.flagged]) > 0.95
    with pytest.raises(InputError, match=r"pass shape \(500, 4\)"):
        find_multilabel_issues((X, y), probabilities=P.to_numpy()[:, :3])
    with pytest.raises(InputError, match="look in-sample"):
        find_multilabel_issues((X, y), probabilities=np.where(y.to_numpy() == 1, 0.9, 0.1))


def test_what_is_no_table_of_labels_is_refused(tagged):
    X, y, _ = tagged
    classes = np.arange(COUNT) % 3
    with pytest.raises(InputError, match=r"y.argmax\(axis=1\)"):
        find_multilabel_issues((X, np.eye(3)[classes]))
    odd = y.to_numpy().copy()
    odd[[4, 9], 1] = 2
    with pytest.raises(InputError, match=r"where: +rows id 4, 9"):
        find_multilabel_issues((X, odd))
    with pytest.raises(InputError, match="no row has it"):
        find_multilabel_issues((X, np.zeros((COUNT, 2), dtype=bool)))
    absent = y.astype(float)
    absent.iloc[7, 0] = np.nan
    with pytest.raises(InputError, match=r"where: +rows id 7"):
        find_multilabel_issues((X, absent))


def test_what_has_no_meaning_for_several_labels_is_refused(tagged):
    X, y, _ = tagged
    with pytest.raises(InputError, match="method cannot be 'dynamics'") as caught:
        find_multilabel_issues((X, y), method="dynamics")
    assert "neighbors" in caught.value.fix
    with pytest.raises(InputError, match="several labels each") as caught:
        find_label_issues((X, y))
    assert "find_multilabel_issues" in caught.value.fix


def test_a_dataset_numbers_its_labels(tagged):
    X, y, _ = tagged
    found = find_multilabel_issues(Dataset(X, y.to_numpy()[:, :2]), method="neighbors")
    assert found.labels.tolist() == [0, 1]
    assert set(found.noise_rate) == {0, 1}
