"""Trees grown by scikit-learn and taken over as plain arrays: the library is needed to fit, never to forecast."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestRegressor

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.curves.meta.trees import CATEGORY, LEAF, Trees


@dataclass(frozen=True, slots=True)
class Boosting:
    """How one boosted model is grown."""

    loss: str
    rounds: int = 150
    leaves: int = 31
    rate: float = 0.1
    least_rows: int = 20


def boosted(table: Floats, target: Floats, directions: Ints, how: Boosting) -> Trees:
    """Trees whose sum is the regression, or the log odds for loss "log_loss"; column 0 is a category unless all -1.

    `directions` (columns,): 1 rising, -1 falling, 0 free.
    """
    named = bool((table[:, 0] >= 0).all())
    used = slice(0 if named else 1, None)  # a column of -1 says nothing
    kind: Any = HistGradientBoostingClassifier if how.loss == "log_loss" else HistGradientBoostingRegressor
    model = kind(
        loss=how.loss,
        max_iter=how.rounds,
        max_leaf_nodes=how.leaves,
        learning_rate=how.rate,
        min_samples_leaf=how.least_rows,
        monotonic_cst=directions[used],
        categorical_features=[0] if named else None,
        early_stopping=False,
        random_state=0,
    )
    model.fit(table[:, used], target)
    grown = [stage[0] for stage in model._predictors]
    baseline = np.ravel(model._baseline_prediction)[0] / len(grown)
    return _joined([_of_boosting(tree, 0 if named else 1, baseline) for tree in grown])


def forest(table: Floats, targets: Floats, trees: int, leaves: int, least_rows: int) -> Trees:
    """A random forest of several regressions at once; the sum of its trees is their mean prediction."""
    model = RandomForestRegressor(
        trees, max_leaf_nodes=leaves, min_samples_leaf=least_rows, max_features=0.5, random_state=0
    )
    model.fit(table, targets)
    return _joined([_of_forest(one.tree_, len(model.estimators_)) for one in model.estimators_])


def _of_boosting(grown: Any, first: int, baseline: float) -> tuple[Array, ...]:
    """Parts of one tree, its categories as one word of bits per split."""
    nodes = grown.nodes
    leaf, category = nodes["is_leaf"].astype(bool), nodes["is_categorical"].astype(bool)
    feature = np.where(leaf, LEAF, nodes["feature_idx"].astype(np.intp) + first)
    feature = np.where(category & ~leaf, CATEGORY - nodes["bitset_idx"].astype(np.intp), feature)
    value = np.where(leaf, nodes["value"] + baseline, 0.0)[:, None]
    words = np.asarray(grown.raw_left_cat_bitsets, dtype=np.uint32).reshape(-1, 8)[:, 0]
    return feature, nodes["num_threshold"], nodes["left"], nodes["right"], value, words


def _of_forest(tree: Any, count: int) -> tuple[Array, ...]:
    leaf = tree.children_left < 0
    value = np.where(leaf[:, None], tree.value[:, :, 0] / count, 0.0)
    parts = (np.where(leaf, LEAF, tree.feature), tree.threshold, tree.children_left, tree.children_right, value)
    return (*parts, np.empty(0, dtype=np.uint32))


def _joined(parts: list[tuple[Array, ...]]) -> Trees:
    """Many trees in one table: children and words move behind those of the trees before."""
    first = np.cumsum([0, *(len(part[0]) for part in parts)])
    words = np.cumsum([0, *(len(part[5]) for part in parts)])
    feature, left, right = [], [], []
    for part, node, word in zip(parts, first[:-1], words[:-1], strict=True):
        feature.append(np.where(part[0] <= CATEGORY, part[0] - word, part[0]))
        inner = part[0] != LEAF
        left.append(np.where(inner, part[2].astype(np.int64) + node, 0))
        right.append(np.where(inner, part[3].astype(np.int64) + node, 0))
    threshold, value, bits = (np.concatenate([part[at] for part in parts]) for at in (1, 4, 5))
    threshold = np.where(np.isfinite(threshold), threshold, np.finfo(np.float64).max)
    return Trees(
        np.concatenate(feature).astype(np.int32),
        threshold,
        np.concatenate(left).astype(np.int32),
        np.concatenate(right).astype(np.int32),
        value,
        first[:-1].astype(np.int32),
        bits,
    )
