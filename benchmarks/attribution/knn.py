"""Shapley values of a nearest-neighbor classifier: ours and pyDVL's on the same rows, one side per environment.

Each side imports its own library only, so that both environments can read this file.
"""

import argparse
import json
from functools import partial
from pathlib import Path

import numpy as np
from measuring import measured
from tasks import read_rows

NEIGHBORS = 5


def ours(inputs: np.ndarray, labels: np.ndarray, queries: np.ndarray, queried: np.ndarray) -> np.ndarray:
    """(n,) values from samplewise."""
    from samplewise.influence import knn_shapley  # noqa: PLC0415

    return np.asarray(knn_shapley((inputs, labels), test=(queries, queried), n_neighbors=NEIGHBORS).values)


def pydvl(inputs: np.ndarray, labels: np.ndarray, queries: np.ndarray, queried: np.ndarray) -> np.ndarray:
    """(n,) values from pyDVL."""
    from pydvl.valuation import Dataset, KNNShapleyValuation  # noqa: PLC0415
    from sklearn.neighbors import KNeighborsClassifier  # noqa: PLC0415

    model = KNeighborsClassifier(n_neighbors=NEIGHBORS)
    valuation = KNNShapleyValuation(model, Dataset(queries, queried), progress=False).fit(Dataset(inputs, labels))
    return np.asarray(valuation.result.values)


def many(count: int) -> tuple[np.ndarray, ...]:
    """Rows around ten centers and 500 queries, as embeddings of 64 numbers."""
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 10, count + 500)
    inputs = draw.normal(size=(10, 64))[labels] + draw.normal(size=(count + 500, 64))
    return inputs[:count], labels[:count], inputs[count:], labels[count:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("side", choices=("ours", "pydvl"))
    parser.add_argument("cache", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, default=0, help="drawn rows in place of the perceptron task's")
    queried = parser.parse_args()
    method = ours if queried.side == "ours" else pydvl
    parts = (
        many(queried.rows) if queried.rows else tuple(part.numpy() for part in read_rows(queried.cache / "perceptron"))
    )
    inputs, labels, queries, truth = parts
    method(inputs[:50], labels[:50], queries[:3], truth[:3])  # imports and first calls are not what is compared
    values, cost = measured(partial(method, inputs, labels, queries, truth))
    np.savez(queried.out, values=values, cost=json.dumps(cost))


if __name__ == "__main__":
    main()
