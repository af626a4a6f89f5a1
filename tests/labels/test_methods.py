"""One function, several methods to evaluate labels; and what a user already has is not computed again."""

import numpy as np
import pytest
from sklearn.datasets import make_blobs, make_friedman1
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from samplewise import audit
from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.models import TorchLearner, dense_network
from samplewise.engine.refits import fit_design, prepare
from samplewise.labels import find_label_issues, neighbor_disagreement

WRONG = list(range(5, 400, 25))


@pytest.fixture(scope="module")
def blobs():
    X, codes = make_blobs(400, centers=4.0 * np.eye(3), random_state=3)
    given = codes.copy()
    given[WRONG] = (codes[WRONG] + 1) % 3
    return Dataset(X, given, ids=np.arange(400) + 1000)


@pytest.mark.parametrize("method", ["auto", "posterior", "confident_learning", "neighbors", "dynamics"])
def test_every_method_finds_what_was_planted(blobs, method):
    learner = TorchLearner(dense_network, epochs=15, rate=0.01) if method == "dynamics" else None
    found = find_label_issues(blobs, learner=learner, method=method)
    planted = blobs.ids[WRONG].tolist()
    assert len(np.intersect1d(found.wrong.top(16).keys, planted)) >= 15
    assert len(np.intersect1d(found.flagged, planted)) >= 15
    assert len(found.flagged) <= 18
    assert 0.02 < found.noise_rate.value < 0.08
    matrix = np.asarray(found.noise_matrix.columns["value"]).reshape(3, 3)
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0)
    assert matrix.diagonal().min() > 0.9


def test_auto_is_the_posterior(blobs):
    one, other = find_label_issues(blobs), find_label_issues(blobs, method="posterior")
    np.testing.assert_array_equal(one.wrong.values, other.wrong.values)


def test_a_method_says_what_it_listened_to_and_whether_it_is_a_probability(blobs):
    near = find_label_issues(blobs, method="neighbors")
    assert near.wrong.unit == "probability"
    assert near.reasons[0] == "the vote of the nearest rows agrees with the given label"
    assert 0.5 < near.expected_precision().value <= 1
    counted = find_label_issues(blobs, method="confident_learning")
    assert counted.wrong.unit == "1 - probability of the given label"
    with pytest.raises(InputError, match=r'fix: +use method="auto"'):
        counted.expected_precision()
    with pytest.raises(InputError, match='measured\\(\\("drop", "relabel"\\)\\)'):
        counted.measured()
    assert counted.measured(("drop",))["drop"].share < 0.08


@pytest.mark.parametrize(
    ("settings", "folded"),
    [
        ({"method": "neighbor"}, "did you mean 'neighbors'"),
        ({"method": "neighbors", "learner": "linear"}, "leave learner out"),
        ({"method": "neighbors", "run_dir": "fits"}, "leave run_dir out"),
        ({"method": "dynamics", "probabilities": np.ones((400, 3)) / 3}, "leave probabilities out"),
        ({"method": "dynamics", "learner": LogisticRegression()}, "TorchLearner"),
        ({"method": "confident_learning", "annotations": np.zeros((400, 2))}, "leave annotations out"),
    ],
)
def test_nothing_is_passed_for_nothing(blobs, settings, folded):
    with pytest.raises(InputError, match=folded):
        find_label_issues(blobs, **settings)


@pytest.mark.parametrize("method", ["confident_learning", "dynamics"])
def test_methods_about_classes_refuse_numbers(method):
    X = np.random.default_rng(0).normal(size=(60, 2))
    with pytest.raises(InputError, match='"neighbors", which read numbers too'):
        find_label_issues((X, X[:, 0] + 0.5), method=method)


def test_neighbors_read_numbers_too():
    X = np.random.default_rng(0).normal(size=(500, 2))
    y = X.sum(axis=1) + 0.5 * np.random.default_rng(1).normal(size=500)
    y[9] += 30
    found = find_label_issues((X, y), method="neighbors")
    assert found.flagged[0] == 9
    assert len(found.flagged) < 20  # at the rim of the rows, neighbors lie to one side
    assert found.reasons[9] == "the label lies far outside what the vote of the nearest rows expects"


# ---- neighbors -----------------------------------------------------------------------------------------------------


def test_disagreement_is_the_share_of_other_labels():
    X = np.array([[0.0], [1.0], [2.1], [3.3], [4.6]])
    found = neighbor_disagreement(Dataset(X, ["a", "b", "a", "a", "b"], ids=list("vwxyz")), n_neighbors=2)
    assert found.keys.tolist() == list("vwxyz")
    assert found.values.tolist() == [0.5, 1.0, 0.5, 0.5, 1.0]


def test_rows_of_a_group_and_duplicates_do_not_vote_for_each_other():
    X = np.array([[0.0], [0.0], [1.0], [2.0], [10.0], [11.0]])
    y = np.array(["b", "b", "a", "a", "b", "b"])
    assert neighbor_disagreement(X, y, n_neighbors=2).values[:2].tolist() == [1.0, 1.0]
    grouped = neighbor_disagreement(Dataset(X, y, groups=[0, 1, 2, 2, 3, 3]), n_neighbors=2)
    assert grouped.values[2] == 1.0  # its own group's row is not counted
    alone = neighbor_disagreement(Dataset(X, y, groups=np.zeros(6)), n_neighbors=2)
    assert np.isnan(alone.values).all()


def test_disagreement_is_refused_where_it_means_nothing():
    X = np.arange(40.0).reshape(20, 2)
    with pytest.raises(InputError, match='method="neighbors"'):
        neighbor_disagreement(X, np.linspace(0, 1, 20) ** 2)
    with pytest.raises(InputError, match=r"where: +n_neighbors"):
        neighbor_disagreement(X, np.arange(20) % 2, n_neighbors=0)
    with pytest.raises(InputError, match=r"where: +rows id 3"):
        neighbor_disagreement(X, np.where(np.arange(20) == 3, None, "a").astype(object))


# ---- fits that exist ------------------------------------------------------------------------------------------------


def test_the_run_folder_of_an_audit_holds_every_fit(blobs, tmp_path):
    audit(blobs, learner="linear", run_dir=tmp_path / "run", checks=["SW201"])
    found = find_label_issues(blobs, learner="linear", run_dir=tmp_path / "run")
    store = found._folded.runner.store
    assert store.made == 0
    assert store.reused > 5  # more than one round
    np.testing.assert_array_equal(found.wrong.values, find_label_issues(blobs, learner="linear").wrong.values)


def test_a_folder_of_ones_own_is_gone_on_with(blobs, tmp_path):
    first = find_label_issues(blobs, run_dir=tmp_path / "mine")
    assert first._folded.runner.store.made > 0
    again = find_label_issues(blobs, run_dir=tmp_path / "mine")
    assert again._folded.runner.store.made == 0
    np.testing.assert_array_equal(first.wrong.values, again.wrong.values)


def test_refits_are_the_first_round(blobs):
    folded = prepare(blobs, "kernel").whole
    made = fit_design(folded.runner, "folds", folded.all_folds)
    plain, read = (
        find_label_issues(blobs, learner="kernel", n_rounds=1),
        find_label_issues(blobs, learner="kernel", refits=made, n_rounds=1),
    )
    assert read._folded.runner.store.made == 0
    np.testing.assert_allclose(read.wrong.values, plain.wrong.values, atol=1e-6)
    slow = prepare(blobs, "logistic").whole
    second = find_label_issues(blobs, learner="logistic", refits=fit_design(slow.runner, "folds", slow.all_folds))
    assert second._folded.runner.store.made == 5  # the first round was there
    halves = find_label_issues(
        blobs, learner="kernel", refits=fit_design(folded.runner, "halves", folded.all_folds, count=4)
    )
    assert len(np.intersect1d(halves.flagged, blobs.ids[WRONG])) >= 15


def test_refits_of_anything_else_are_refused(blobs):
    folded = prepare(blobs, "kernel").whole
    made = fit_design(folded.runner, "folds", folded.all_folds)
    with pytest.raises(InputError, match="400 rows for 300"):
        find_label_issues(blobs.take(np.arange(300)), refits=made)
    with pytest.raises(InputError, match="3 outputs a row for 2"):
        find_label_issues(blobs.with_labels(blobs.y % 2), refits=made)
    with pytest.raises(InputError, match="pass one of them"):
        find_label_issues(blobs, refits=made, probabilities=np.ones((400, 3)) / 3)
    everywhere = fit_design(folded.runner, "nested", folded.all_folds, count=1, sizes=[400])
    with pytest.raises(InputError, match='"folds", "halves"'):
        find_label_issues(blobs, refits=everywhere)


def test_no_model_of_refits_predicts_a_row_whose_duplicate_it_saw():
    X = np.random.default_rng(0).normal(size=(40, 2))
    X[20:] = X[:20]
    data = Dataset(X, np.arange(40) % 2)
    folded = prepare(data, "linear").whole
    made = fit_design(folded.runner, "folds", np.arange(40) % 2)  # dealt by position: a row and its copy share a fold
    split = fit_design(folded.runner, "folds", (np.arange(40) < 20).astype(int))  # and here they never do
    assert np.isfinite(find_label_issues(data, learner="linear", refits=made, n_rounds=1).wrong.values).all()
    with pytest.raises(InputError, match="every model of these refits saw every row"):
        find_label_issues(data, learner="linear", refits=split)


# ---- learners and labels of every kind ------------------------------------------------------------------------------


def test_a_learner_without_probabilities_is_calibrated_and_said_so(blobs):
    found = find_label_issues(blobs, learner=LinearSVC())
    assert any("LinearSVC gives no probabilities" in note for note in found.notes)
    assert len(np.intersect1d(found.flagged, blobs.ids[WRONG])) >= 15
    assert not any("gives no probabilities" in note for note in find_label_issues(blobs, learner="logistic").notes)


@pytest.mark.parametrize(
    "values", [["no", "yes", "maybe"], [True, False, True], [1.5, "b", 7], [0, 1, 2], [-1.0, 0.0, 3.0]]
)
def test_labels_of_any_kind_come_back_as_they_were(blobs, values):
    kinds = np.array(values, dtype=object) if isinstance(values[1], str) else np.array(values)
    found = find_label_issues(blobs.with_labels(kinds[blobs.y]), task="classification", method="neighbors")
    assert set(found.suggested.tolist()) <= set(values)
    assert len(np.intersect1d(found.flagged, blobs.ids[WRONG])) >= 7


def test_a_class_with_one_row_is_left_alone_and_named(blobs):
    y = blobs.y.astype(object)
    y[17] = 9
    for method in ("auto", "confident_learning", "neighbors"):
        found = find_label_issues(blobs.with_labels(y), task="classification", method=method)
        assert np.isnan(found.wrong.values[17])
        assert found.suggested[17] == 9
        assert blobs.ids[17] not in found.flagged
        assert any("one row" in note and "9" in note for note in found.notes)


def test_one_class_and_too_many_are_refused(blobs):
    with pytest.raises(InputError, match="name another column"):
        find_label_issues((blobs.X, np.ones(400)))
    many = np.array([f"c{row // 2}" for row in range(2400)])
    with pytest.raises(InputError, match="merge rare classes"):
        find_label_issues((np.arange(2400.0)[:, None], many))


def test_rows_without_a_label_are_named(blobs):
    y = blobs.y.astype(float)
    y[[3, 8]] = np.nan
    with pytest.raises(InputError, match=r"where: +rows id 1003, 1008"):
        find_label_issues(blobs.with_labels(y))


def test_exact_duplicates_are_predicted_by_models_that_saw_neither():
    X, codes = make_blobs(120, centers=4.0 * np.eye(3), random_state=0)
    given = codes.copy()
    given[::12] = (codes[::12] + 1) % 3
    twice = np.vstack([X, X]), np.r_[given, given]
    folds = find_label_issues(twice, n_rounds=1)._folded.folds
    np.testing.assert_array_equal(folds[:120], folds[120:])
    assert set(np.arange(0, 240, 12)) <= set(find_label_issues(twice, method="neighbors").flagged.tolist())


@pytest.mark.parametrize("method", ["auto", "confident_learning", "neighbors"])
def test_labels_without_a_fault_are_left_alone(method):
    """Held-out models of ours may be always right; nobody should call them in-sample."""
    X, codes = make_blobs(300, centers=30.0 * np.eye(3), random_state=0)
    assert len(find_label_issues((X, codes), method=method).flagged) == 0


def test_one_column_of_labels_is_one_label_a_row(blobs):
    column = find_label_issues((blobs.X, blobs.y[:, None]), method="neighbors")
    np.testing.assert_array_equal(column.flagged + 1000, find_label_issues(blobs, method="neighbors").flagged)


def test_numbers_exchanged_between_rows_are_counted():
    X, y = make_friedman1(1000, n_features=8, noise=1.0, random_state=0)
    draw = np.random.default_rng(0)
    struck = draw.random(1000) < 0.1
    mixed = y.copy()
    mixed[struck] = draw.permutation(y)[struck]
    found, clean = find_label_issues((X, mixed)), find_label_issues((X, y))
    assert found.noise_rate.low < 0.1 < found.noise_rate.high
    assert struck[found.flagged].mean() > 0.9
    assert len(clean.flagged) == 0
