import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import sparse

from samplewise.data import Images
from samplewise.data.columns import describe_columns
from samplewise.data.conversions import as_features
from samplewise.engine.neighbors import exact_groups
from samplewise.quality.cells import cell_matrix, coincident_pairs, is_beyond_chance, numbers_of, pairs_within


def same(X: object, other: object = None) -> list[int]:
    features = as_features(X)
    tested = None if other is None else as_features(other)
    return exact_groups(cell_matrix(features, describe_columns(features), tested)).tolist()


def test_cells_of_every_kind_are_equal_where_they_look_equal():
    frame = pd.DataFrame(
        {
            "key_id": np.arange(5),
            "town": pd.Categorical(["a", "b", "a", "a", None]),
            "size": pd.array([1, 2, 1, None, None], dtype="Int64"),
            "when": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-01", "2024-01-01", None]),
            "tags": [["x"], ["y"], ["x"], ["x"], None],
            "well": pd.array([True, False, True, None, None], dtype="boolean"),
        }
    )
    assert same(frame) == [0, 1, 0, 2, 3]


def test_the_test_set_shares_the_codes_and_number_types():
    train = pd.DataFrame({"town": ["a", "b", "c"], "size": [1, 2, 3]})
    test = pd.DataFrame({"town": ["c", "a", "b"], "size": [3.0, np.nan, 2.0]})
    assert same(train, test) == [0, 1, 2, 2, 3, 1]


def test_sparse_rows_and_pictures_are_compared_as_they_are(tmp_path):
    rows = sparse.csr_matrix([[0.0, 1, 0], [2, 0, 0], [0, 1, 0]])
    assert same(rows) == [0, 1, 0]
    assert same(rows, rows[[1]]) == [0, 1, 0, 1]
    pictures = np.zeros((3, 4, 4), dtype=np.uint8)
    pictures[1] += 9
    assert same(pictures) == [0, 1, 0]
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    files = Images.from_files([tmp_path / f"{number}.png" for number in range(3)])
    assert exact_groups(cell_matrix(files, ())).tolist() == [0, 1, 0]
    held = Images.from_array(pictures[1:])
    assert exact_groups(cell_matrix(files, (), held)).tolist() == [0, 1, 0, 1, 0]
    assert exact_groups(cell_matrix(held, (), Images.from_array(pictures[:, :2]))).tolist() == [0, 1, 2, 3, 2]


def test_pairs_are_counted_within_groups():
    assert pairs_within(np.array([0, 0, 0, 1, 2, 2])) == 4


@pytest.mark.parametrize("seed", range(5))
def test_chance_explains_the_repeats_of_independent_columns(seed):
    draw = np.random.default_rng(seed)
    cells = np.column_stack([draw.integers(0, 5, 800) for _ in range(6)]).astype(float)
    pairs = pairs_within(exact_groups(cells))
    expected = coincident_pairs(cells, pairs)
    assert expected == pytest.approx(800 * 799 / 2 / 5**6, rel=0.6)
    assert not is_beyond_chance(pairs, expected)


def test_chance_does_not_explain_planted_duplicates():
    draw = np.random.default_rng(0)
    cells = np.column_stack([draw.integers(0, 60, 800) for _ in range(6)]).astype(float)
    cells[780:] = cells[:20]
    pairs = pairs_within(exact_groups(cells))
    assert pairs == 20
    assert coincident_pairs(cells, pairs) < 1
    assert is_beyond_chance(pairs, coincident_pairs(cells, pairs))
    assert not is_beyond_chance(0.0, 0.0)


def test_numbers_have_nan_for_gaps():
    np.testing.assert_array_equal(numbers_of(pd.Series(pd.array([1, None], dtype="Int64"))), [1.0, np.nan])
    np.testing.assert_array_equal(numbers_of(np.array([True, False])), [1.0, 0.0])
