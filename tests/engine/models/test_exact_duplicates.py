"""Duplicate pictures are found by their pixels, on a processor whose products are rounded differently in each batch."""

import numpy as np
import pytest
from scipy import sparse

from samplewise.core.execution import SerialExecutor
from samplewise.data import Dataset, Images
from samplewise.data.targets import describe_target
from samplewise.engine.models import SpaceEncoder, exact_duplicates, feature_encoding, feature_space
from samplewise.engine.models.kernel_head import KernelHead
from samplewise.engine.neighbors import build_graph, exact_groups
from samplewise.engine.refits import FitRunner, FitStore

TWINS = {3: 40, 7: 41, 12: 42, 13: 42}


@pytest.fixture
def rounded_anew(monkeypatch):
    """Features a last bit or two apart on every call and in every row."""
    described, draw = feature_encoding.image_features, np.random.default_rng(0)

    def noisy(images):
        features = described(images)
        return features + draw.normal(0.0, 1e-7, features.shape).astype(np.float32)

    monkeypatch.setattr(feature_encoding, "image_features", noisy)


def pictures():
    """60 pictures of which 3 and 40, 7 and 41, and 12, 13 and 42 are the same, and 50 is 3 but for one gray level."""
    drawn = np.random.default_rng(1).integers(0, 256, (60, 16, 12), dtype=np.uint8)
    for copy, first in TWINS.items():
        drawn[copy] = drawn[first]
    drawn[50] = drawn[3]
    drawn[50, 4, 4] ^= 1
    return drawn


def sets_of(groups):
    return sorted(np.flatnonzero(groups == group).tolist() for group in np.flatnonzero(np.bincount(groups) > 1))


@pytest.mark.parametrize("seed", range(3))
def test_duplicates_are_found_whatever_the_bits_of_their_features(rounded_anew, seed):
    order = np.random.default_rng(seed).permutation(60)
    images = Images.from_array(pictures()[order])
    groups = exact_duplicates(images, SpaceEncoder(images)(images))
    assert sorted(np.sort(order[members]).tolist() for members in sets_of(groups)) == [[3, 40], [7, 41], [12, 13, 42]]


def test_duplicates_share_one_point_and_lie_at_distance_zero(rounded_anew):
    images = Images.from_array(pictures())
    space = SpaceEncoder(images)(images)
    assert exact_groups(space).tolist() == exact_duplicates(images, space).tolist()
    graph = build_graph(space, 2)
    assert graph.distances[3].tolist()[0] == 0.0
    assert graph.indices[3].tolist()[0] == 40
    assert graph.distances[50, 0] > 0


def test_a_runner_knows_the_duplicates_among_its_rows(rounded_anew):
    data = Dataset(pictures(), np.arange(60) % 2)
    target = describe_target(data.y, ids=data.ids)
    runner = FitRunner(data, target, KernelHead(), feature_space(data), 0, SerialExecutor(), FitStore())
    assert sets_of(runner.duplicates) == [[3, 40], [7, 41], [12, 13, 42]]
    given = np.random.default_rng(2).normal(size=(60, 5))  # embeddings instead of pictures
    given[9] = given[30]
    rows = Dataset(given, data.y)
    runner = FitRunner(rows, target, KernelHead(), feature_space(rows), 0, SerialExecutor(), FitStore())
    assert sets_of(runner.duplicates) == [[9, 30]]


def test_everything_else_is_compared_by_its_points():
    rows = np.array([[0.0, 1.0], [2.0, 1.0], [0.0, 1.0]])
    assert exact_duplicates(rows, SpaceEncoder(rows)(rows)).tolist() == [0, 1, 0]


def test_sparse_rows_are_equal_however_their_entries_are_stored():
    draw = np.random.default_rng(3)
    dense = np.where(draw.random((40, 200)) < 0.2, draw.normal(size=(40, 200)), 0.0)
    dense[20:] = dense[:20]
    rows = sparse.csr_matrix(dense)
    for row in range(20, 40):  # stored backwards
        part = slice(rows.indptr[row], rows.indptr[row + 1])
        rows.indices[part], rows.data[part] = rows.indices[part][::-1].copy(), rows.data[part][::-1].copy()
    rows.has_sorted_indices = rows.has_canonical_format = False
    before = rows.indices.copy()
    groups = exact_duplicates(rows, SpaceEncoder(rows)(rows))
    assert groups.tolist() == [*range(20), *range(20)]
    assert np.array_equal(rows.indices, before)
