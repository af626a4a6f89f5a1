"""What every method that scores rows must obey, whatever it measures.

Row order changes nothing, ids survive, the same seed gives the same bits, a missing value is named by id, and a method
that is exported without standing in this table fails the last test.
"""

import inspect
from collections.abc import Callable
from importlib import import_module

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from samplewise import generalization, influence, information, labels, quality
from samplewise.core.errors import InputError
from samplewise.core.values import Scores
from samplewise.data.dataset import Dataset
from samplewise.engine.refits import fit_design, prepare

ROOMS = ("curves", "generalization", "influence", "information", "labels", "quality", "selection", "shift")
CLOSED_FORM, REFITS = 1e-7, 1e-4

METHODS: dict[str, tuple[Callable[[Dataset, int], Scores], float]] = {
    "information.unique_information": (
        lambda data, seed: information.unique_information(data, seed=seed).functional,
        CLOSED_FORM,
    ),
    "influence.leave_one_out": (lambda data, seed: influence.leave_one_out(data, seed=seed), CLOSED_FORM),
    "influence.knn_shapley": (lambda data, seed: influence.knn_shapley(data, seed=seed), CLOSED_FORM),
    "influence.banzhaf": (lambda data, seed: influence.banzhaf(game(data, seed), n_fits=100), REFITS),
    "influence.data_shapley": (lambda data, seed: influence.data_shapley(game(data, seed), n_permutations=3), REFITS),
    "influence.out_of_bag_value": (lambda data, seed: influence.out_of_bag_value(data, n_models=50, seed=seed), REFITS),
    "influence.gradient_norm": (lambda data, seed: influence.gradient_norm(data, module=trained(data)), REFITS),
    "influence.gradient_coherence": (
        lambda data, seed: influence.gradient_coherence(data, module=trained(data)),
        REFITS,
    ),
    "labels.find_label_issues": (lambda data, seed: labels.find_label_issues(data, seed=seed).wrong, REFITS),
    "labels.neighbor_disagreement": (
        lambda data, seed: labels.neighbor_disagreement(data),
        CLOSED_FORM,
    ),
    "generalization.memorization": (
        lambda data, seed: generalization.memorization(data, seed=seed, n_models=8).scores,
        REFITS,
    ),
    "generalization.generalization_gap": (
        lambda data, seed: (
            generalization.generalization_gap(data, learner="logistic", n_splits=6, seed=seed).information
        ),
        REFITS,
    ),
    "quality.outlier_scores": (lambda data, seed: quality.outlier_scores(data).outlierness, CLOSED_FORM),
}
SAMPLED = ("influence.banzhaf", "influence.data_shapley")  # each row has draws of its own: alike to a standard error
EVERY = pytest.mark.parametrize("name", list(METHODS))


def rows(count: int = 120) -> Dataset:
    """Three clouds with a few wrong labels; ids that are neither positions nor sorted."""
    draw = np.random.default_rng(0)
    y = draw.integers(0, 3, count)
    X = 2.5 * np.eye(3, 6)[y] + draw.normal(size=(count, 6))
    y[::15] = (y[::15] + 1) % 3
    return Dataset(X, np.array(["a", "b", "c"])[y], ids=7 * np.arange(count)[::-1] + 3)


def halves(data: Dataset, seed: int):
    """Refits on complementary halves, and the labels they are judged by."""
    folded = prepare(data, seed=seed).whole
    return fit_design(folded.runner, "halves", folded.all_folds, count=4), folded.target


def trained(data: Dataset) -> LogisticRegression:
    """A model of the rows, at its minimum."""
    return LogisticRegression(tol=1e-8, max_iter=2000).fit(data.X, data.y)


def game(data: Dataset, seed: int):
    """The rows as players, judged by other rows of the same clouds."""
    return influence.open_game(data, rows(90), seed=seed)


@EVERY
def test_row_order_changes_nothing_and_ids_survive(name):
    method, tolerance = METHODS[name]
    data = rows()
    shuffled = data.take(np.random.default_rng(1).permutation(len(data)))
    first, second = method(data, 0), method(shuffled, 0)
    assert set(first.keys.tolist()) == set(data.ids.tolist())
    np.testing.assert_allclose(second.aligned_to(first.keys).values, first.values, atol=tolerance)


@EVERY
def test_the_same_seed_gives_the_same_bits(name):
    method, _ = METHODS[name]
    data = rows()
    np.testing.assert_array_equal(method(data, 3).values, method(data, 3).values)


@EVERY
def test_scores_say_their_unit_and_direction_and_are_finite(name):
    scores = METHODS[name][0](rows(), 0)
    assert scores.unit
    assert scores.larger_means
    assert np.isfinite(scores.values).all()


@EVERY
def test_doubled_rows_are_scored_alike(name):
    """Both copies of a row are the same row: a method that tells them apart reads the position."""
    method, _ = METHODS[name]
    data = rows(60)
    doubled = Dataset(
        np.vstack([data.X, data.X]), np.r_[data.y, data.y], ids=np.arange(120), groups=np.r_[data.ids, data.ids]
    )
    scores = method(doubled, 0)
    values = scores.values
    if name in SAMPLED:
        errors = np.hypot(scores.spread[:60], scores.spread[60:])
        assert np.median(np.abs(values[:60] - values[60:]) / np.maximum(errors, 1e-12)) < 1.2
        return
    assert np.corrcoef(values[:60], values[60:])[0, 1] > 0.99


@EVERY
def test_an_infinite_value_is_named_by_id(name):
    data = rows()
    X = data.X.copy()
    X[5, 2] = np.inf
    with pytest.raises(InputError) as caught:
        METHODS[name][0](Dataset(X, data.y, ids=data.ids), 0)
    assert str(data.ids[5]) in caught.value.where


def test_every_exported_method_that_scores_rows_stands_in_the_table():
    scoring = set()
    for room in ROOMS:
        module = import_module(f"samplewise.{room}")
        for name in module.__all__:
            member = getattr(module, name)
            if inspect.isfunction(member) and "Scores" in str(inspect.signature(member).return_annotation):
                scoring.add(f"{room}.{name}")
    assert scoring <= set(METHODS)
