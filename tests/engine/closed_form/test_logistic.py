"""Logistic heads without a row: the Newton step by hand, true refits, the bracket, groups, refusals."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from samplewise.core.errors import InputError
from samplewise.engine.closed_form import LogisticHead, logistic_deletion, logistic_head


def clouds(classes=3, rows=90, width=4, seed=0):
    draw = np.random.default_rng(seed)
    codes = np.arange(rows) % classes
    return draw.normal(size=(rows, width)) + 0.9 * np.eye(classes, width)[codes], codes


def digits(classes):
    X, y = load_digits(return_X_y=True)
    chosen = y < classes
    return X[chosen] / 16, y[chosen]


def centered(outputs):
    """Logits up to the shift that changes no probability; log odds stay as they are."""
    return outputs if outputs.shape[-1] == 1 else outputs - outputs.mean(axis=-1, keepdims=True)


def refitted_without(X, codes, ridge, rows, queries):
    keep = np.delete(np.arange(len(X)), rows)
    return logistic_head(X[keep], codes[keep], ridge).outputs(queries)


def test_a_start_changes_the_way_and_not_the_end():
    X, codes = clouds(3)
    start = logistic_head(X[5:], codes[5:], ridge=0.2)
    np.testing.assert_allclose(logistic_head(X, codes, 0.2, start).coef, logistic_head(X, codes, 0.2).coef, atol=1e-7)
    with pytest.raises(InputError, match="leave start out"):
        logistic_head(X, codes % 2, 0.2, start)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_minimum_is_scikit_learns(classes):
    X, codes = clouds(classes)
    head = logistic_head(X, codes, ridge=0.7)
    peer = LogisticRegression(C=1 / 0.7, tol=1e-12, max_iter=10_000).fit(X, codes)
    np.testing.assert_allclose(head.coef.T, peer.coef_, atol=1e-5)
    np.testing.assert_allclose(
        centered(head.outputs(X)), centered(peer.decision_function(X).reshape(len(X), -1)), atol=1e-5
    )


def newton_without(X, codes, head, row):
    """Weights (d + 1, c) after one Newton step of the other rows, everything written out; three classes."""
    rows = np.hstack([X, np.ones((len(X), 1))])
    keep = np.delete(np.arange(len(X)), row)
    c, width = head.coef.shape[1], rows.shape[1]
    weights = np.vstack([head.coef, head.intercept])
    penalty = head.ridge * np.diag(np.r_[np.ones(width - 1), 0.0])
    gradient, hessian = (penalty @ weights).T.ravel(), np.kron(np.eye(c), penalty)
    for one in keep:
        p = softmax(rows[one] @ weights)
        gradient = gradient + np.kron(p - np.eye(c)[codes[one]], rows[one])
        hessian = hessian + np.kron(np.diag(p) - np.outer(p, p), np.outer(rows[one], rows[one]))
    return weights - np.linalg.lstsq(hessian, gradient, rcond=1e-12)[0].reshape(c, width).T


def test_it_is_one_newton_step_without_the_row():
    X, codes = clouds(3, rows=30)
    head = logistic_head(X, codes, ridge=0.5)
    found = logistic_deletion(X, codes, 0.5, head)
    for row in (0, 7, 29):
        weights = newton_without(X, codes, head, row)
        without = np.hstack([X, np.ones((30, 1))]) @ weights
        np.testing.assert_allclose(centered(found.held_out[row]), centered(without[row]), atol=1e-7)
        change = centered(head.outputs(X) - without)
        np.testing.assert_allclose(centered(found.prediction_change(X)[:, row]), change, atol=1e-7)
        np.testing.assert_allclose(centered(found.group_change([row], X)), change, atol=1e-7)


@pytest.mark.parametrize(("classes", "rows"), [(2, 120), (3, 60)])
def test_true_refits_on_digits(classes, rows):
    """Pearson > .99 for the held-out output; the influence function falls short, most for high leverage."""
    X, codes = digits(classes)
    X, codes = X[:rows], codes[:rows]
    head = logistic_head(X, codes, 0.1)
    found = logistic_deletion(X, codes, 0.1, head)
    refits = np.stack([refitted_without(X, codes, 0.1, [row], X[[row]])[0] for row in range(rows)])
    present = head.outputs(X)
    true, newton = (centered(present - outputs).ravel() for outputs in (refits, found.held_out))
    own = np.arange(rows)
    plain = centered(found.prediction_change(X, bracket=False)[own, own]).ravel()
    assert np.corrcoef(true, newton)[0, 1] > 0.99
    assert np.linalg.norm(newton - true) < 0.25 * np.linalg.norm(plain - true)
    firm = np.repeat(found.leverage > np.quantile(found.leverage, 0.9), present.shape[1])
    assert np.abs(plain[firm]).sum() < 0.9 * np.abs(true[firm]).sum()
    assert found.leverage.min() >= 0
    assert found.leverage.max() < 1


@pytest.mark.parametrize("classes", [2, 3])
def test_groups_against_refits(classes):
    X, codes = clouds(classes)
    group = np.arange(0, 90, 11)
    found = logistic_deletion(X, codes, 0.3)
    true = centered(found.head.outputs(X) - refitted_without(X, codes, 0.3, group, X))
    at_once = centered(found.group_change(group, X))
    assert np.corrcoef(true.ravel(), at_once.ravel())[0, 1] > 0.98
    assert np.linalg.norm(at_once - true) < 0.35 * np.linalg.norm(true)


def test_duplicates_that_replace_each_other_count_together():
    """Six duplicates of a wrong row far out: one by one they seem to matter half as much as they do together."""
    X, codes = clouds(2)
    X, codes = np.vstack([X, np.tile([[3.0, -2.0, 2.0, 0.0]], (6, 1))]), np.r_[codes, np.ones(6, dtype=int)]
    group, found = np.arange(90, 96), logistic_deletion(X, codes, 0.3)
    true = found.head.outputs(X) - refitted_without(X, codes, 0.3, group, X)
    at_once, one_by_one = found.group_change(group, X), found.prediction_change(X)[:, group].sum(axis=1)
    assert np.linalg.norm(at_once - true) < 0.6 * np.linalg.norm(one_by_one - true)


def test_row_order_changes_nothing():
    X, codes = clouds(3)
    turned = np.random.default_rng(1).permutation(90)
    straight, shuffled = logistic_deletion(X, codes, 1.0), logistic_deletion(X[turned], codes[turned], 1.0)
    np.testing.assert_allclose(shuffled.held_out, straight.held_out[turned], atol=1e-7)


def test_a_head_fitted_elsewhere_serves_if_it_is_at_the_minimum():
    X, codes = clouds(3)
    peer = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(X, codes)
    given = logistic_deletion(X, codes, 1.0, LogisticHead(peer.coef_.T, peer.intercept_, 1.0))
    np.testing.assert_allclose(centered(given.held_out), centered(logistic_deletion(X, codes, 1.0).held_out), atol=1e-4)
    with pytest.raises(InputError, match="C = 1 / ridge"):
        logistic_deletion(X, codes, 1.0, LogisticHead(peer.coef_.T * 3, peer.intercept_, 1.0))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda X, codes: logistic_head(X, codes * 2, 1.0), "return_inverse"),
        (lambda X, codes: logistic_head(X, np.zeros(90, dtype=int), 1.0), "at least two classes"),
        (lambda X, codes: logistic_head(X, codes[:-1], 1.0), "return_inverse"),
        (lambda X, codes: logistic_head(X, codes, 0.0), "small one, such as"),
        (lambda X, codes: logistic_deletion(np.where(np.arange(90)[:, None] == 3, np.nan, X), codes, 1.0), "rows id 3"),
        (lambda X, codes: logistic_deletion(X, codes, 1.0).group_change([90], X), "from 0 to 89"),
        (lambda X, codes: logistic_deletion(X, codes, 1.0).group_change(range(90), X), "not all of them"),
        (lambda X, codes: logistic_deletion(X, codes, 1.0).prediction_change(X[:, :2]), "as the rows were encoded"),
    ],
)
def test_refusals(call, text):
    with pytest.raises(InputError, match=text):
        call(*clouds(3))
