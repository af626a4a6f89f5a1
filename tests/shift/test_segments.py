"""Errors of named segments, of searched ones, and what chance makes of them."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.shift import segments_of_losses, worst_segments
from samplewise.shift.bins import cells_of
from samplewise.shift.segments import segment_errors
from samplewise.shift.worst_segment_search import find_worst_segments


def test_values_of_a_category_are_cells_in_a_fixed_order():
    cells = cells_of("site", pd.Series(["b", "a", None, "b", "c"]))
    assert cells.names == ("site = a", "site = b", "site = c", "site missing")
    np.testing.assert_array_equal(cells.codes, [1, 0, 3, 1, 2])
    assert cells.values


def test_few_numbers_are_values_and_many_are_ranges():
    few = cells_of("children", np.array([10.0, 0.0, 2.0, 2.0, np.nan]))
    assert few.names == ("children = 0", "children = 2", "children = 10", "children missing")
    many = cells_of("age", np.arange(100.0))
    assert many.names == ("age < 24.75", "24.75 <= age < 49.5", "49.5 <= age < 74.25", "age >= 74.25")
    np.testing.assert_array_equal(np.bincount(many.codes), [25, 25, 25, 25])
    assert not many.values


def test_a_number_that_is_mostly_0_has_two_cells():
    cells = cells_of("gain", np.r_[np.zeros(98), np.arange(1.0, 31.0)])
    assert cells.names == ("gain < 1", "gain >= 1")
    np.testing.assert_array_equal(np.bincount(cells.codes), [98, 30])


def test_rare_values_share_a_cell():
    cells = cells_of("word", np.array([f"w{i % 30:02d}" for i in range(90)] + ["w00"] * 9), most=3)
    assert len(cells.names) == 4
    assert cells.names[-1] == "word = other values"
    assert (cells.codes == 3).sum() == 99 - np.bincount(cells.codes)[:3].sum()


def test_errors_are_those_of_the_rows():
    losses = np.r_[np.ones(30), np.zeros(70), np.repeat([1.0, 0.0], [5, 95])]
    site = np.repeat(["bad", "good"], 100)
    table = segment_errors(losses, [cells_of("site", site)])
    assert table.names == ("site = bad", "site = good")
    np.testing.assert_allclose(table.error, [0.30, 0.05])
    np.testing.assert_allclose(table.rest, [0.05, 0.30])
    assert table.low[0] == pytest.approx(0.2124, abs=1e-4)
    assert table.p_value[0] < 1e-5 < table.p_value[1]
    assert table.difference_low[0] < 25 < table.difference_high[0]


def test_small_segments_are_drawn_to_the_average():
    rng = np.random.default_rng(0)
    site = np.repeat(np.arange(12), [20, 400] * 6)
    losses = (rng.random(len(site)) < np.where(site % 4 < 2, 0.1, 0.3)).astype(float)
    table = segment_errors(losses, [cells_of("site", site.astype(str))])
    pull = np.abs(table.error - table.shrunk) / np.maximum(np.abs(table.error - losses.mean()), 1e-11)
    assert pull[table.rows == 20].mean() > 2 * pull[table.rows == 400].mean()


def test_groups_count_once():
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(40), 10)
    losses = (rng.random(40) < 0.3).astype(float)[group]
    site = np.where(group < 20, "a", "b")
    free = segment_errors(losses, [cells_of("site", site)])
    grouped = segment_errors(losses, [cells_of("site", site)], groups=group)
    np.testing.assert_allclose(grouped.error, free.error)
    assert (grouped.high - grouped.low > 2 * (free.high - free.low)).all()
    assert grouped.p_value.min() > free.p_value.min()


def test_chance_is_seldom_called_worse():
    called = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        segments = pd.DataFrame({"a": rng.integers(0, 8, 600), "b": rng.integers(0, 3, 600)})
        losses = (rng.random(600) < 0.2).astype(float)
        found = segments_of_losses(Dataset(rng.random((600, 1)), losses, segments=segments), losses, "")
        called.append(bool((found.errors.p_value < 0.05).any()))
    assert np.mean(called) <= 0.12


def test_a_search_is_seldom_fooled_either():
    called = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        losses = (rng.random(600) < 0.2).astype(float)
        found = segments_of_losses(Dataset(rng.normal(size=(600, 8)), losses), losses, "", seed=seed)
        called.append(bool(found.material()))
    assert np.mean(called) <= 0.12


def planted(rows=2000, seed=0):
    """Women at site b are served badly; nothing else differs."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"sex": rng.choice(["f", "m"], rows), "site": rng.choice(["a", "b", "c"], rows), "age": rng.normal(50, 9, rows)}
    )
    bad = ((frame.sex == "f") & (frame.site == "b")).to_numpy()
    return frame, bad, (rng.random(rows) < np.where(bad, 0.5, 0.05)).astype(float)


def test_a_planted_pair_is_found_and_its_interval_is_honest():
    hits, covered = [], []
    for seed in range(20):
        frame, bad, losses = planted(seed=seed)
        found = segments_of_losses(Dataset(frame, losses), losses, "", seed=seed)
        place = found.material()[0]
        hits.append(set(found.errors.names[place].split(" and ")) == {"sex = f", "site = b"})
        covered.append(found.errors.low[place] <= 0.5 <= found.errors.high[place])
        assert set(found.ids[place]) == set(np.flatnonzero(bad))
        assert found.single[place]
    assert np.mean(hits) == 1.0
    assert np.mean(covered) >= 0.85


def test_half_of_the_rows_measure():
    frame, bad, losses = planted()
    found = find_worst_segments(losses, [cells_of(c, frame[c]) for c in frame], np.arange(2000))
    assert 0.4 * bad.sum() < found.errors.rows[0] < 0.6 * bad.sum()
    assert found.searched
    np.testing.assert_array_equal(found.ids[0], np.flatnonzero(bad))


def test_row_order_changes_nothing():
    frame, _, losses = planted()
    order = np.random.default_rng(5).permutation(2000)
    one = segments_of_losses(Dataset(frame, losses, np.arange(2000)), losses, "")
    two = segments_of_losses(Dataset(frame.iloc[order], losses[order], order), losses[order], "")
    assert one.errors.names == two.errors.names
    np.testing.assert_allclose(one.errors.error, two.errors.error, atol=1e-9)


def test_rows_without_a_loss_are_left_out():
    losses = np.r_[np.ones(40), np.zeros(60), np.full(100, np.nan)]
    table = segment_errors(losses, [cells_of("site", np.tile(["a", "b"], 100))])
    assert table.rows.sum() == 100


def test_regression_losses_have_normal_intervals():
    rng = np.random.default_rng(0)
    site = np.repeat(["a", "b"], 200)
    losses = np.abs(rng.normal(size=400)) * np.where(site == "a", 2, 1)
    table = segment_errors(losses, [cells_of("site", site)])
    assert table.names[0] == "site = a"
    assert table.low[0] < table.error[0] < table.high[0]
    assert table.p_value[0] < 0.01


def test_a_model_is_evaluated_on_rows_it_did_not_see():
    rng = np.random.default_rng(0)
    X, site = rng.normal(size=(400, 2)), np.repeat(["a", "b"], 200)
    y = np.where(site == "a", X[:, 0] > 0, rng.random(400) > 0.5).astype(int)
    found = worst_segments(Dataset(X, y, segments=site))
    assert found.errors.names[0].endswith("= b")
    assert found.errors.error[0] == pytest.approx(0.5, abs=0.1)
    assert not found.searched
    assert found.material() == [0]


def test_what_cannot_be_cut_is_refused():
    with pytest.raises(InputError, match="no segment has enough rows") as caught:
        segment_errors(np.ones(100), [cells_of("id", np.arange(100).astype(str))], least=30)
    assert "at least 30 rows share" in caught.value.fix
    with pytest.raises(InputError, match="too few rows to search") as caught:
        segments_of_losses(Dataset(np.random.default_rng(0).normal(size=(50, 2)), np.ones(50)), np.ones(50), "")
    assert "segments=" in caught.value.fix
    with pytest.raises(InputError, match="no columns to search for segments") as caught:
        segments_of_losses(Dataset(np.random.default_rng(0).normal(size=(200, 200)), np.ones(200)), np.ones(200), "")
    assert "segments=" in caught.value.fix
    with pytest.raises(InputError, match="no segment has enough rows") as caught:
        find_worst_segments(np.ones(200), [cells_of("same", np.zeros(200))], np.arange(200))
    assert "2 % of the rows share" in caught.value.fix


def test_one_group_against_the_rest_is_no_evidence():
    """All rows of the segment are duplicates of one row: its errors are one observation."""
    losses = np.r_[np.ones(100), np.arange(100) % 3 == 0].astype(float)
    groups = np.r_[np.zeros(100), np.arange(1, 101)]
    table = segment_errors(losses, [cells_of("site", np.repeat(["a", "b"], 100))], groups=groups)
    place = [name.endswith("a") for name in table.names].index(True)
    assert table.p_value[place] == 1.0
    assert table.low[place] < 0.1
