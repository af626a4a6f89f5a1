"""Fits for groups: minimax against a general solver, replication, one group, error sets as environments."""

from itertools import product

import numpy as np
import pytest
from scipy import optimize
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier

from samplewise.core.errors import InputError
from samplewise.shift.group_fits import EstimatorBackend, LinearBackend, Rows, error_groups, minimax_logistic, train
from samplewise.shift.group_members import GroupMembers, balanced_weights


def skewed(count=200):
    draw = np.random.default_rng(0)
    y = np.arange(count) % 2
    place = np.where(draw.random(count) < 0.85, y, 1 - y)
    X = np.c_[y + draw.normal(size=count), 2 * place + draw.normal(size=count)]
    return X, y, np.eye(4, dtype=bool)[2 * y + place]


def losses(X, y, members, weights):
    margin = (2 * y - 1) * (X @ weights[:-1] + weights[-1])
    return members.T @ np.logaddexp(0, -margin) / members.sum(axis=0)


def test_the_worst_group_is_as_good_as_a_general_solver_finds():
    X, y, members = skewed()
    ridge = 0.01
    coef, intercept, q = minimax_logistic(X, y, members, 2, ridge)
    own = np.r_[coef[:, 1] - coef[:, 0], intercept[1] - intercept[0]]

    # two logits with penalty on both are one log odds with half of the penalty
    def penalized(at):
        return at[-1] + 0.25 * ridge * np.sum(at[:2] ** 2)

    solved = optimize.minimize(
        penalized, np.r_[np.zeros(3), 1.0], method="SLSQP", options={"maxiter": 500, "ftol": 1e-10},
        constraints={"type": "ineq", "fun": lambda at: at[-1] - losses(X, y, members, at[:3])},
    )  # fmt: skip
    mine = losses(X, y, members, own)
    assert mine.max() + 0.25 * ridge * np.sum(own[:2] ** 2) == pytest.approx(solved.fun, abs=1e-3)
    assert q.sum() == pytest.approx(1.0)
    assert (mine[q > 0.05] > mine.max() - 5e-3).all()  # groups that share the weight are at the largest loss


def test_a_group_twice_changes_nothing_and_one_group_is_plain():
    X, y, members = skewed()
    one = minimax_logistic(X, y, members, 2, 0.01)[0]
    twice = minimax_logistic(X, y, np.column_stack([members, members[:, 0]]), 2, 0.01)[0]
    np.testing.assert_allclose(one, twice, atol=5e-3)
    rows, everyone = Rows(X, y, 2, 0), GroupMembers(np.ones((len(y), 1), dtype=bool), ("all",))
    plain = LinearBackend().fit(rows, None, {"C": 1.0}).probabilities(X)
    alone = LinearBackend().fit_worst(rows, everyone, {"C": 1.0}).probabilities(X)
    np.testing.assert_allclose(plain, alone, atol=0.01)


def test_whole_weights_are_copies():
    X, y, _ = skewed(60)
    weights = 1.0 + np.arange(60) % 3
    model = LinearBackend()
    scaled = model.fit(Rows(X, y, 2, 0), weights, {"C": 1.0, "tol": 1e-10})
    copies = np.repeat(np.arange(60), weights.astype(int))
    from samplewise.shift.group_fits import _logistic

    copied = _logistic(Rows(X[copies], y[copies], 2, 0), None, {"C": 1.0, "tol": 1e-10}, scaled.center, scaled.scale)
    np.testing.assert_allclose(scaled.coef, copied.coef, atol=1e-4)


def test_the_environments_that_differ_most_are_the_errors():
    """Of all ways to part twelve rows in two, right and wrong have the largest squared scale gradients (EIIL)."""
    draw = np.random.default_rng(3)
    odds, y = draw.normal(size=12), draw.integers(0, 2, 12)
    pull = odds * (1 / (1 + np.exp(-odds)) - y)
    parts = np.array(list(product([0.0, 1.0], repeat=12)))
    value = (parts @ pull / 12) ** 2 + ((1 - parts) @ pull / 12) ** 2
    best = parts[value.argmax()].astype(bool)
    wrong = (odds > 0) != (y == 1)
    assert (best == wrong).all() or (best == ~wrong).all()


def test_error_groups_hold_the_rows_a_plain_model_misses():
    X, y, members = skewed()
    groups, note = error_groups(LinearBackend(), Rows(X, y, 2, 0), {"C": 1.0})
    assert note == ""
    minority = members[:, 1] | members[:, 2]
    assert minority[groups[:, 2] | groups[:, 3]].mean() > 2 * minority.mean()


def test_no_errors_leave_the_classes():
    y = np.arange(40) % 2
    groups, note = error_groups(LinearBackend(), Rows(np.c_[10.0 * y], y, 2, 0), {"C": 1.0})
    assert groups.shape == (40, 2)
    assert "fewer than two" in note
    groups, note = error_groups(LinearBackend(), Rows(np.c_[y[:3]], y[:3], 2, 0), {"C": 1.0})
    assert groups.shape == (3, 2)
    assert "one row" in note


def test_what_an_estimator_cannot_do():
    X, y, members = skewed()
    rows, groups = Rows(X, y, 2, 0), GroupMembers(members, tuple("abcd"))
    forest = EstimatorBackend(RandomForestClassifier(5), {})
    assert forest.fit(rows, balanced_weights(members), {}).probabilities(X).shape == (200, 2)
    for method in ("group_dro", "last_layer"):
        with pytest.raises(InputError, match="linear model or a network"):
            train(forest, method, rows, groups, None, {})
    with pytest.raises(InputError, match="takes no weights"):
        train(EstimatorBackend(KNeighborsClassifier(), {}), "reweight", rows, groups, None, {})
    assert train(EstimatorBackend(KNeighborsClassifier(), {}), "subsample", rows, groups, None, {})[0].codes(X).size


def test_a_class_without_a_row_is_never_told():
    X, y, _ = skewed()
    shares = LinearBackend().fit(Rows(X, y, 3, 0), None, {"C": 1.0}).probabilities(X)
    assert (shares[:, 2] == 0).all()
