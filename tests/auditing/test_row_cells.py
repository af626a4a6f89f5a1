"""The cells of a row that a person should look at come first, all of them."""

import numpy as np
import pandas as pd

from samplewise.auditing.row_cells import RowCells, plain
from samplewise.data import Dataset
from samplewise.data.targets import describe_target
from samplewise.quality.suspicious import CellGroup


def stones(rows: int = 600) -> tuple[pd.DataFrame, np.ndarray]:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({f"size {axis}": draw.normal(5.7, 1.1, rows) for axis in "xyz"})
    frame["cut"] = draw.choice(["Fair", "Good", "Ideal"], rows, p=[0.1, 0.4, 0.5])
    return frame, draw.choice(["D", "E"], rows)


def cells_of(frame: pd.DataFrame, labels: np.ndarray, odd: list[CellGroup] | None = None) -> RowCells:
    return RowCells(Dataset(frame, labels), describe_target(labels), odd or [])


def named(cells: RowCells, row: int, suggested: np.ndarray | None = None) -> list[str]:
    rows = np.array([row])
    return [name for name, _ in cells.of(row, cells.telling(rows, suggested)[0])]


def test_a_stone_without_any_size_shows_its_three_sizes_first():
    frame, labels = stones()
    frame.loc[4, ["size x", "size y", "size z"]] = 0.0
    frame.loc[4, "cut"] = "Fair"
    cells = cells_of(frame, labels)
    assert set(named(cells, 4)[:3]) == {"size x", "size y", "size z"}
    shown = cells.with_typical(4, cells.telling(np.array([4]), None)[0][:1])
    assert shown[0][1] == 0
    assert 5 < shown[0][2] < 6.5


def test_more_than_six_unusual_cells_are_all_shown_and_come_before_what_is_at_odds_with_the_label():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 20)))
    X.iloc[9, 3:17] = 30.0 + np.arange(14)
    codes = np.arange(300) % 2
    X[19] += 5.0 * codes
    X.iloc[9, 19] = 0.0
    X.columns = [f"c{place}" for place in range(20)]
    found = named(cells_of(X, codes), 9, np.array([0]))
    assert set(found[:14]) == {f"c{place}" for place in range(3, 17)}
    assert "c19" in found[14:]


def test_cells_that_are_odd_for_a_reason_come_first():
    frame, labels = stones()
    frame.loc[4, "size x"] = 80.0
    odd = CellGroup("cut", "spelling", np.array([4]), np.array(["Ideal"]), "ideal", "case")
    assert named(cells_of(frame, labels, [odd]), 4)[:2] == ["cut", "size x"]
    assert named(cells_of(frame, labels), 4)[0] == "size x"


def test_ids_texts_and_constants_tell_nothing():
    frame, labels = stones()
    frame["key"], frame["same"] = [f"row-{place:05d}" for place in range(600)], 1.0
    assert {"key", "same"} & set(named(cells_of(frame, labels), 4)) == set()


def test_a_row_without_suggestion_is_compared_with_its_own_label_alone():
    labels = np.random.default_rng(0).normal(size=200)
    frame = pd.DataFrame({"a": labels + 1.0, "b": np.random.default_rng(1).normal(size=200)})
    cells = RowCells(Dataset(frame, labels), describe_target(labels), [])
    alone = cells.telling(np.array([3]), None)
    assert cells.telling(np.array([3]), np.array([np.nan])) == alone


def test_a_cell_as_json_holds_it():
    assert [plain(value) for value in (3.0, 0.12345678, 1234567.5, np.nan, "a")] == [
        3, 0.123457, 1234568, "(missing)", "a",
    ]  # fmt: skip
