import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import sparse

from samplewise.data import Images
from samplewise.data.conversions import as_features
from samplewise.engine.neighbors import exact_groups
from samplewise.quality.cells import (
    HashedCells,
    cell_matrix,
    coincident_pairs,
    is_beyond_chance,
    numbers_of,
    pairs_within,
)


def same(X: object, other: object = None) -> list[int]:
    features = as_features(X)
    tested = None if other is None else as_features(other)
    return exact_groups(cell_matrix(features, (), tested)).tolist()


def test_cells_of_every_kind_are_equal_where_they_look_equal():
    frame = pd.DataFrame(
        {
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


def test_some_columns_are_compared_of_frames_and_arrays():
    frame = pd.DataFrame({"key": [1, 2, 3], "town": ["a", "a", "b"]})
    assert exact_groups(cell_matrix(frame, [1])).tolist() == [0, 0, 1]
    assert exact_groups(cell_matrix(np.array([[1.0, 5.0], [2.0, 5.0]]), [1])).tolist() == [0, 0]


def test_two_times_coincidence_or_two_pairs_prove_nothing():
    assert not is_beyond_chance(2.0, 0.0)
    assert is_beyond_chance(3.0, 0.0)
    assert not is_beyond_chance(290.0, 100.0)
    assert is_beyond_chance(300.0, 100.0)


def test_all_pairs_of_a_single_column_are_coincidence():
    column = np.repeat(np.arange(30.0), 4)[:, None]
    pairs = pairs_within(exact_groups(column))
    assert coincident_pairs(column, pairs) == pairs
    assert coincident_pairs(np.hstack([column, np.ones((120, 1))]), pairs) == pairs  # a constant is no second column


def test_columns_that_go_together_meet_more_often_than_each_alone_says():
    draw = np.random.default_rng(0)
    household = draw.integers(0, 150, 900)
    cells = np.column_stack([household, household // 2, draw.integers(0, 3, 900), draw.integers(0, 3, 900)])
    pairs = pairs_within(exact_groups(cells))
    assert not is_beyond_chance(pairs, coincident_pairs(cells.astype(float), pairs))


def test_pairs_that_differ_in_exactly_some_columns_are_counted():
    hashed = HashedCells(np.array([[1.0, 1, 1], [1, 1, 1], [1, 1, 2], [1, 3, 2], [4, 5, 6]]))
    assert hashed.differing(frozenset()) == 1
    assert hashed.differing(frozenset([2])) == 2
    assert hashed.differing(frozenset([1])) == 1
    assert hashed.differing(frozenset([1, 2])) == 2
    assert hashed.differing(frozenset([0, 1, 2])) == 4


def test_agreement_is_measured_within_groups_where_only_their_rows_can_be_equal():
    draw = np.random.default_rng(1)
    person = np.repeat(np.arange(200), 4)
    home = person % 50
    cells = np.column_stack([person, home, draw.integers(0, 4, 800)]).astype(float)
    assert HashedCells(cells, person).weighed == [2]  # the home never differs within a person
    assert set(HashedCells(cells).weighed) == {0, 1, 2}


def test_numbers_have_nan_for_gaps():
    np.testing.assert_array_equal(numbers_of(pd.Series(pd.array([1, None], dtype="Int64"))), [1.0, np.nan])
    np.testing.assert_array_equal(numbers_of(np.array([True, False])), [1.0, 0.0])
