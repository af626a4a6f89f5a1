"""Where errors gather among embeddings: a mixture, a tree or balls, each a rule that reads embeddings alone."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import logsumexp
from sklearn.cluster import KMeans
from sklearn.tree import DecisionTreeRegressor

from samplewise.core.arrays import Floats, Ints, Mask
from samplewise.shift.segments import LEAST_ROWS

Rule = Callable[[Floats], Mask]  # embeddings (m, d) -> (m,) whether each is in the slice
LEAST_SHARE = 0.02  # of the searched rows, for a slice
BALL = 0.05  # of the searched rows in a ball
DIRECTIONS = 16  # principal components a mixture and balls are searched in
COMPONENTS = 12
CENTERS = 200
STEPS = 100
NARROWEST = 1e-6  # variance added to every axis of a component, relative to that of all rows


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Normal components with diagonal covariance, each with shares of labels and of predictions."""

    share: Floats  # (k,)
    mean: Floats  # (k, d)
    variance: Floats  # (k, d)
    trace: tuple[float, ...]  # mean log-likelihood of the rows after every step

    def closest(self, Z: Floats) -> Ints:
        """(m,) most likely component by the embedding alone, so that no label decides where a row is counted."""
        return np.asarray(_log_normal(Z, self.share, self.mean, self.variance).argmax(axis=1))


def fit_mixture(
    Z: Floats, given: Floats, predicted: Floats, k: int, *, emphasis: float = 1.0, seed: int = 0
) -> Mixture:
    """Components of rows alike in embedding, label and prediction, by expectation and maximization.

    P(S) N(z; mean, diagonal) prod_j a_Sj^(e given_j) prod_j b_Sj^(e predicted_j), all in logarithms.

    Args:    Z: (n, d).   given: (n, c) labels as indicators.   predicted: (n, c) probabilities.   k: components.
             emphasis: e of labels and predictions; 0 leaves a plain mixture of normals.
    Cost:    O(100 n k d).   Source: eyuboglu2022.
    """
    start = KMeans(k, n_init=1, random_state=seed).fit_predict(Z)
    belongs = np.eye(k)[start]
    floor = NARROWEST * Z.var(axis=0) + 1e-12
    said = np.column_stack([given, predicted])
    trace: list[float] = []
    for _ in range(STEPS):
        total = belongs.sum(axis=0) + 1e-10
        share = total / total.sum()
        mean = belongs.T @ Z / total[:, None]
        variance = np.maximum(belongs.T @ Z**2 / total[:, None] - mean**2, 0.0) + floor
        rates = np.maximum(belongs.T @ said / total[:, None], 1e-12)
        log = _log_normal(Z, share, mean, variance) + emphasis * said @ np.log(rates).T
        whole = logsumexp(log, axis=1)
        belongs = np.exp(log - whole[:, None])
        trace.append(float(whole.mean()))
        if len(trace) > 1 and trace[-1] - trace[-2] < 1e-6:
            break
    return Mixture(share, mean, variance, tuple(trace))


def _log_normal(Z: Floats, share: Floats, mean: Floats, variance: Floats) -> Floats:
    squared = Z**2 @ (1.0 / variance).T - 2.0 * Z @ (mean / variance).T + (mean**2 / variance).sum(axis=1)
    return np.asarray(np.log(share) - 0.5 * (squared + np.log(2.0 * np.pi * variance).sum(axis=1)))


def by_mixture(Z: Floats, given: Floats, predicted: Floats, excess: Floats, seed: int) -> dict[str, Rule]:
    """One rule for every component."""
    project = principal(Z)
    inner = project(Z)
    mixture = fit_mixture(inner, given, predicted, max(2, min(COMPONENTS, len(Z) // 50)), seed=seed)
    return {f"component {at + 1}": partial(_in_component, mixture, project, at) for at in range(len(mixture.share))}


def _in_component(mixture: Mixture, project: Callable[[Floats], Floats], at: int, rows: Floats) -> Mask:
    return mixture.closest(project(rows)) == at


def by_tree(Z: Floats, given: Floats, predicted: Floats, excess: Floats, seed: int) -> dict[str, Rule]:
    """One rule for every leaf of a tree of the excess errors, named by its conditions."""
    least = _least(len(Z))
    tree = DecisionTreeRegressor(max_leaf_nodes=COMPONENTS, min_samples_leaf=least, random_state=seed).fit(Z, excess)
    rules: dict[str, Rule] = {}
    for leaf, name in _leaves(tree.tree_):
        rules[name] = partial(_in_leaf, tree, leaf)
    return rules


def _in_leaf(tree: DecisionTreeRegressor, leaf: int, rows: Floats) -> Mask:
    return np.asarray(tree.apply(rows) == leaf)


def by_spotlight(Z: Floats, given: Floats, predicted: Floats, excess: Floats, seed: int) -> dict[str, Rule]:
    """Balls of 5 % of the rows with the greatest mean excess, one after another; found rows count no further.

    The published way moves the center of a soft ball along gradients; here every center is a row, and all are compared.
    Source: deon2022.
    """
    project = principal(Z)
    inner, left = project(Z), excess.astype(np.float64).copy()
    size = max(2 * LEAST_ROWS, int(BALL * len(Z)))
    centers = np.argsort(-excess, kind="stable")[:CENTERS]
    apart = np.sum((inner[centers][:, None] - inner[None]) ** 2, axis=2)
    near = np.argpartition(apart, size - 1, axis=1)[:, :size]
    rules: dict[str, Rule] = {}
    for at in range(5):
        best = int(left[near].mean(axis=1).argmax())
        radius = float(apart[best, near[best]].max())
        rules[f"ball {at + 1}"] = partial(_in_ball, project, inner[centers[best]], radius)
        left[near[best]] = min(0.0, float(left.min()))
    return rules


def _in_ball(project: Callable[[Floats], Floats], middle: Floats, radius: float, rows: Floats) -> Mask:
    return np.asarray(np.sum((project(rows) - middle) ** 2, axis=1) <= radius * (1.0 + 1e-9))


def principal(Z: Floats) -> Callable[[Floats], Floats]:
    """A map to the leading principal components of the rows, scaled to spread 1 along the first."""
    center = Z.mean(axis=0)
    _, lengths, axes = np.linalg.svd(Z - center, full_matrices=False)
    scale = lengths[0] / np.sqrt(len(Z)) or 1.0
    kept = axes[:DIRECTIONS].T / scale
    return lambda rows: np.asarray((rows - center) @ kept)


def _leaves(tree: object) -> list[tuple[int, str]]:
    """Leaves and the conditions that lead to each."""
    left, right = tree.children_left, tree.children_right  # type: ignore[attr-defined]
    column, cut = tree.feature, tree.threshold  # type: ignore[attr-defined]
    found: list[tuple[int, str]] = []
    waiting: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    while waiting:
        node, said = waiting.pop()
        if left[node] < 0:
            found.append((node, " and ".join(said) or "all rows"))
            continue
        waiting.append((right[node], (*said, f"x{column[node]} > {cut[node]:.3g}")))
        waiting.append((left[node], (*said, f"x{column[node]} <= {cut[node]:.3g}")))
    return found


def _least(rows: int) -> int:
    return max(LEAST_ROWS, int(LEAST_SHARE * rows))


WAYS = {"mixture": by_mixture, "tree": by_tree, "spotlight": by_spotlight}
