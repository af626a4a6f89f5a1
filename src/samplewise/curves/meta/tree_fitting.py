"""Trees grown by scikit-learn and taken over as plain arrays: the library is needed to fit, never to forecast."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.curves.meta.trees import BITS, CATEGORY, LEAF, Trees


@dataclass(frozen=True, slots=True)
class Boosting:
    """How one boosted model is grown."""

    loss: str
    rounds: int = 150
    leaves: int = 31
    rate: float = 0.1
    least_rows: int = 100
    columns: float = 1.0  # share of the columns that a split chooses from


def boosted(
    table: Floats,
    target: Floats,
    directions: Ints,
    how: Boosting,
    *,
    categories: int = 0,
    weights: Floats | None = None,
) -> Trees:
    """Trees whose sum is the regression; the first columns, `categories` of them, are codes below 32.

    `directions` (columns,): 1 rising, -1 falling, 0 free. `weights` (rows,): default all equal.
    """
    named: Ints = np.arange(categories)
    if categories and not table[:, named].max() < BITS:
        raise ValueError(f"a category needs {BITS} codes at most, got {int(table[:, named].max()) + 1}")
    model = HistGradientBoostingRegressor(
        loss=how.loss,
        max_iter=how.rounds,
        max_leaf_nodes=how.leaves,
        learning_rate=how.rate,
        min_samples_leaf=how.least_rows,
        max_features=how.columns,
        monotonic_cst=directions,
        categorical_features=named if categories else None,
        early_stopping=False,
        random_state=0,
    )
    model.fit(table, target, sample_weight=weights)
    grown = [stage[0] for stage in model._predictors]
    baseline = np.ravel(model._baseline_prediction)[0] / len(grown)
    return _joined([_of_boosting(tree, baseline) for tree in grown])


def forest(table: Floats, targets: Floats, trees: int, leaves: int, least_rows: int) -> Trees:
    """A random forest of several regressions at once; the sum of its trees is their mean prediction."""
    model = RandomForestRegressor(
        trees, max_leaf_nodes=leaves, min_samples_leaf=least_rows, max_features=0.5, random_state=0
    )
    model.fit(table, targets)
    return _joined([_of_forest(one.tree_, len(model.estimators_)) for one in model.estimators_])


def _of_boosting(grown: Any, baseline: float) -> tuple[Array, ...]:
    """Parts of one tree, its categories as one word of bits per split."""
    nodes = grown.nodes
    leaf, category = nodes["is_leaf"].astype(bool), nodes["is_categorical"].astype(bool)
    words = np.asarray(grown.raw_left_cat_bitsets, dtype=np.uint32).reshape(-1, 8)[:, 0]
    splits = category & ~leaf
    feature = np.where(leaf, LEAF, nodes["feature_idx"].astype(np.intp))
    tested = np.zeros(len(words), dtype=np.int32)
    tested[nodes["bitset_idx"][splits]] = feature[splits]
    feature = np.where(splits, CATEGORY - nodes["bitset_idx"].astype(np.intp), feature)
    value = np.where(leaf, nodes["value"] + baseline, 0.0)[:, None]
    return feature, nodes["num_threshold"], nodes["left"], nodes["right"], value, words, tested


def _of_forest(tree: Any, count: int) -> tuple[Array, ...]:
    leaf = tree.children_left < 0
    value = np.where(leaf[:, None], tree.value[:, :, 0] / count, 0.0)
    parts = (np.where(leaf, LEAF, tree.feature), tree.threshold, tree.children_left, tree.children_right, value)
    return (*parts, np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.int32))


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
    threshold, value, bits, tested = (np.concatenate([part[at] for part in parts]) for at in (1, 4, 5, 6))
    threshold = np.where(np.isfinite(threshold), threshold, np.finfo(np.float64).max)
    return Trees(
        np.concatenate(feature).astype(np.int32),
        threshold,
        np.concatenate(left).astype(np.int32),
        np.concatenate(right).astype(np.int32),
        value,
        first[:-1].astype(np.int32),
        bits,
        tested,
    )
