"""Sets of duplicates by id: found, exact and near apart, one row of each kept, labels compared, coincidence stated."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from samplewise import quality
from samplewise.core.errors import InputError
from samplewise.data import Dataset, read_dataset
from samplewise.engine.neighbors import build_graph
from samplewise.quality.duplicates import DuplicateSets, favored_labels, id_rank


def cloud(rows=200, columns=5):
    return np.random.default_rng(0).normal(size=(rows, columns))


def with_duplicates():
    """200 rows, 10 of them exact and 5 near duplicates of others; ids that are no positions."""
    X = cloud()
    X[190:] = X[:10]
    X[185:190] = X[20:25] + 1e-4
    return Dataset(X, (X[:, 0] > 0).astype(int), ids=[f"r{row:03d}" for row in range(200)])


def test_every_set_is_found_by_id_with_one_row_to_keep():
    found = quality.find_duplicates(with_duplicates())
    table = found.to_frame()
    assert set(table.index[table["kind"] == "exact"]) == {f"r{row:03d}" for row in [*range(10), *range(190, 200)]}
    assert set(table.index[table["kind"] == "near"]) == {f"r{row:03d}" for row in [*range(20, 25), *range(185, 190)]}
    assert (table.groupby("set")["keep"].sum() == 1).all()
    assert table["set"].nunique() == 15
    assert set(found.redundant) == {f"r{row:03d}" for row in range(185, 200)}  # the first id of each set stays
    assert found.share.value == pytest.approx(15 / 200)
    assert found.beyond_chance
    assert not found.contradicting.any()


def test_sets_whose_labels_differ_come_first_and_nothing_of_them_is_redundant():
    data = with_duplicates()
    y = data.y.copy()
    y[190:193] = 1 - y[190:193]
    found = quality.find_duplicates(data.with_labels(y))
    assert set(found.ids[found.contradicting]) == {"r000", "r001", "r002", "r190", "r191", "r192"}
    assert found.contradicting[:6].all()
    assert not set(found.redundant) & set(found.ids[found.contradicting])
    assert "Labels contradict each other in 3 sets." in str(found)


def test_rows_without_a_label_contradict_nobody_and_a_labeled_one_is_kept():
    X = cloud(60)
    X[50:] = X[:10]
    y = np.where(np.arange(60) < 10, np.nan, np.arange(60) % 2)
    found = quality.find_duplicates(X, y)
    assert not found.contradicting.any()
    assert set(found.ids[found.keep]) == set(range(50, 60))
    assert len(quality.find_duplicates(X, np.full(60, np.nan)).ids) == 20
    assert len(quality.find_duplicates(X, np.zeros(60)).ids) == 20  # one class is no fault here


def test_several_labels_a_row_contradict_each_other_as_a_whole():
    X = cloud(40)
    X[38:] = X[:2]
    y = np.column_stack([np.arange(40) % 2, np.ones(40, dtype=int)])
    y[38], y[39] = y[0], [y[1, 0], 0]
    found = quality.find_duplicates(X, y)
    assert set(found.ids[found.contradicting]) == {1, 39}
    assert found.labels[list(found.ids).index(39)] == (1, 0)


def test_numbers_contradict_when_half_a_deviation_apart():
    X = cloud(80)
    X[70:] = X[:10]
    y = X.sum(axis=1) / X.sum(axis=1).std()
    y[70:75] += 0.2
    y[75:] -= 1.0
    found = quality.find_duplicates(X, y, task="regression")
    assert set(found.ids[found.contradicting]) == {*range(5, 10), *range(75, 80)}
    y[9] = -1.0  # the code of "no favored class" is a number like any other
    assert quality.find_duplicates(X, y, task="regression").to_frame().groupby("set")["keep"].sum().eq(1).all()


def test_repeats_of_a_coarse_table_are_no_more_than_coincidence():
    X = np.random.default_rng(0).integers(0, 4, size=(600, 6)).astype(float)
    found = quality.find_duplicates(X)
    assert not found.beyond_chance
    assert "not far more than coincidence explains" in str(found)


def test_rows_of_every_kind_are_compared():
    draw = np.random.default_rng(1)
    pixels = draw.integers(0, 255, (40, 8, 8), dtype=np.uint8)
    pixels[39] = pixels[3]
    texts = [f"{draw.integers(1e9)} words of row number {row}" for row in range(40)]
    texts[39] = texts[3]
    counts = sparse.random(40, 30, density=0.3, random_state=0, format="lil")
    counts[39] = counts[3]
    mixed = pd.DataFrame({"size": draw.normal(size=40), "town": draw.choice(list("abc"), 40)})
    mixed.loc[39] = mixed.loc[3]
    for X in (pixels, texts, counts.tocsr(), mixed.astype({"size": float})):
        found = quality.find_duplicates(X)
        assert {3, 39} <= set(found.ids[found.exact])


def test_row_order_changes_nothing():
    data = with_duplicates()
    turned = data.take(np.random.default_rng(2).permutation(200))
    pd.testing.assert_frame_equal(
        quality.find_duplicates(data).to_frame(), quality.find_duplicates(turned).to_frame(), check_dtype=False
    )


def test_few_rows_have_no_near_duplicates_and_none_print_a_sentence():
    assert quality.find_duplicates([[0.0], [0.0], [1.0]]).ids.tolist() == [0, 1]
    found = quality.find_duplicates([[0.0], [1.0]])
    assert (str(found), len(found.to_frame()), found.share.value) == ("No row is a duplicate of another.", 0, 0.0)


@pytest.mark.parametrize("X", [np.ones((5, 3)), np.full((5, 3), np.nan), np.ones((1, 2))])
def test_a_table_without_a_column_that_varies_is_refused(X):
    with pytest.raises(InputError, match=r"(?s)no column says anything.*fix: .*values differ"):
        quality.find_duplicates(X)


@pytest.fixture
def people():
    """600 people of few ages, classes and homes, so that many are equal but for their names; 12 are entered twice."""
    draw = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "age": draw.integers(20, 40, 600),
            "grade": draw.integers(1, 4, 600),
            "home": draw.choice(list("abc"), 600),
            "name": [f"{draw.integers(1e6):x} {row:x} Smith" for row in range(600)],
        }
    )
    frame["lives"] = np.where(draw.random(600) < 0.5, "yes", "no")
    return frame


def test_a_name_that_was_left_out_tells_rows_apart(people):
    kept = read_dataset(people, label="lives", drop_columns=["name"])
    found = quality.find_duplicates(kept)
    assert not len(found.ids)
    assert found.error_floor.value > 0.1  # yet no model of age, grade and home can tell them apart
    without = quality.find_duplicates(people.drop(columns=["name", "lives"]))
    assert len(without.ids) > 400
    assert not without.beyond_chance


def test_copies_with_their_names_are_found_in_a_coarse_table(people):
    twice = pd.concat([people, people.iloc[:12]], ignore_index=True)
    found = quality.find_duplicates(read_dataset(twice, label="lives", drop_columns=["name"]))
    assert set(found.ids) == {*range(12), *range(600, 612)}
    assert found.beyond_chance
    assert set(found.redundant) == set(range(600, 612))


def test_rows_of_other_groups_or_times_are_never_one_set():
    X = cloud(60)
    X[50:] = X[:10]
    where = np.arange(60) // 6
    assert not len(quality.find_duplicates(Dataset(X, groups=where)).ids)
    assert not len(quality.find_duplicates(Dataset(X, time=np.arange(60.0))).ids)
    where[50:] = where[:10]
    assert len(quality.find_duplicates(Dataset(X, groups=where)).ids) == 20


def test_a_number_of_the_row_tells_nothing_apart():
    frame = pd.DataFrame(cloud(60), columns=list("abcde"))
    frame.loc[50:] = frame.loc[:9].to_numpy()
    frame["row"] = [f"row_{row:03d}" for row in range(60)]
    assert len(quality.find_duplicates(frame).ids) == 20
    frame["row"] = np.random.default_rng(0).choice(10**9, 60, replace=False)  # a customer's number
    assert not len(quality.find_duplicates(read_dataset(frame, drop_columns=["row"])).ids)


def test_a_copy_with_one_cell_changed_is_a_near_duplicate():
    draw = np.random.default_rng(2)
    X = draw.integers(0, 200, (300, 8)).astype(float)
    X[290:] = X[:10]
    X[np.arange(290, 300), np.arange(10) % 8] += 60
    found = quality.find_duplicates(X)
    assert set(found.ids) == {*range(10), *range(290, 300)}
    assert not found.exact.any()


def test_texts_are_compared_by_their_words():
    draw = np.random.default_rng(0)
    words = [f"word{number}" for number in range(400)]
    texts = [" ".join(draw.choice(words, 15)) for _ in range(60)]
    texts[58], texts[59] = texts[3].upper() + " !", texts[4]
    frame = pd.DataFrame({"review": texts, "stars": np.arange(60) % 5})
    frame.loc[[58, 59], "stars"] = [frame.loc[3, "stars"], 5]
    found = quality.find_duplicates(frame)
    assert set(found.ids) == {3, 58}  # row 59 has the text of row 4 and other stars
    assert not found.exact.any()


def test_labels_agree_within_a_tolerance_in_their_unit():
    X = cloud(80)
    X[70:] = X[:10]
    y = 10.0 * np.arange(80.0)
    y[70:] = y[:10] + np.arange(10)
    usual = quality.find_duplicates(X, y, task="regression")
    assert not usual.contradicting.any()
    assert usual.tolerance == pytest.approx(np.std(y) / 2)
    strict = quality.find_duplicates(X, y, task="regression", tolerance=4.0)
    assert set(strict.ids[strict.contradicting]) == {*range(5, 10), *range(75, 80)}
    for wrong, why in ((-1.0, "a tolerance is a difference of labels"), (np.nan, "must be a finite number")):
        with pytest.raises(InputError, match=why):
            quality.find_duplicates(X, y, tolerance=wrong)


def test_four_rows_fifty_times_have_a_floor_under_the_error():
    X = np.tile([[0.0, 0], [0, 1], [1, 0], [1, 1]], (50, 1))
    y = (np.arange(200) % 10 < 4).astype(int)
    found = quality.find_duplicates(X, y)
    assert not found.beyond_chance
    assert found.error_floor.value == pytest.approx(0.4)
    assert found.error_floor.low < 0.4 < found.error_floor.high
    assert "Error no model of these columns can undercut: 40 %" in str(found)


def test_the_first_id_does_not_depend_on_row_order():
    assert id_rank(np.array([30, 4, 100])).tolist() == [1, 0, 2]
    assert id_rank(np.array(["b", "a10", "a9"], dtype=object)).tolist() == [2, 0, 1]


def test_duplicates_vote_first_then_neighbors_and_a_draw_favors_no_label():
    X = np.r_[np.arange(12.0), 2.0, 7.0, 7.0][:, None]
    codes = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0])
    members = np.r_[np.arange(12), 2, 7, 7]
    sets = DuplicateSets(members, members, 0.0, members, 0.0)
    graph = build_graph(X, n_neighbors=4)
    favored, support = favored_labels(sets, codes, np.ones(15, dtype=bool), graph, 2)
    assert favored[7] == 0  # two duplicates against one
    assert (favored[2], support[2]) == (0, 6)  # one against one; the rows around carry 0
    away = np.ones(15, dtype=bool)
    away[[0, 1, 3, 4]] = False
    assert favored_labels(sets, codes, away, graph, 2)[0][2] == -1
