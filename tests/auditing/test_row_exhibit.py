import json
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, make_friedman1

from samplewise.auditing.row_exhibit import rows_exhibit
from samplewise.data import Dataset


def test_pictures_come_with_the_nearest_of_both_classes(evidence_of):
    images, codes = load_digits().images[:200], load_digits().target[:200]
    evidence = evidence_of(images, codes)
    columns = rows_exhibit(evidence, "worst", [5, 7], suggested=np.array([3, -1]), probability=[0.9, 0.6]).columns
    assert columns["given"].tolist() == [str(codes[5]), str(codes[7])]
    assert columns["suggested"].tolist() == ["3", ""]
    assert columns["thumbnail"][0].startswith("data:image/png;base64,")
    for name, code in (("nearest_given", codes[5]), ("nearest_suggested", 3)):
        row = int(columns[name][0])
        assert codes[row] == code
        assert row != 5
        distances = np.linalg.norm(evidence.space - evidence.space[5], axis=1)
        others = np.flatnonzero((codes == code) & (np.arange(200) != 5))
        assert row == others[distances[others].argmin()]
    assert columns["nearest_suggested"][1] == ""
    assert columns["nearest_suggested_thumbnail"][1] == ""


def test_all_rows_are_listed_and_the_first_sixty_are_shown_in_full(evidence_of):
    X = np.random.default_rng(0).normal(size=(100, 3))
    evidence = evidence_of(Dataset(X, np.arange(100) % 2, ids=[f"r{i}" for i in range(100)]))
    exhibit = rows_exhibit(evidence, "many", np.arange(99, -1, -1), finding=2, probability=np.linspace(0, 1, 100))
    columns = exhibit.columns
    assert exhibit.finding == 2
    assert columns["id"].tolist() == [f"r{i}" for i in range(99, -1, -1)]
    assert len(columns["probability"]) == 100
    assert columns["column: x1"].tolist() == pytest.approx(X[::-1, 1], rel=1e-3)
    for name in ("telling", "nearest_given", "nearest_given_cells"):
        assert all(columns[name][:60])
        assert not any(columns[name][60:])
    assert "suggested" not in columns
    assert "nearest_suggested" not in columns


def test_cells_of_the_nearest_rows_are_those_of_the_telling_columns(evidence_of):
    draw = np.random.default_rng(1)
    X = pd.DataFrame({"a": draw.normal(size=90), "b": draw.normal(size=90)})
    X.loc[3, "b"] = 40.0
    codes = np.arange(90) % 2
    columns = rows_exhibit(evidence_of(X, codes), "t", [3], suggested=np.array([1 - codes[3]])).columns
    named = [name for name, *_ in json.loads(columns["telling"][0])]
    assert named[0] == "b"
    for name in ("nearest_given", "nearest_suggested"):
        near, cells = int(columns[name][0]), json.loads(columns[f"{name}_cells"][0])
        assert [column for column, _ in cells] == named
        assert dict(cells)["b"] == pytest.approx(X["b"][near], rel=1e-3)


def test_a_duplicate_is_shown_with_its_twin_and_the_cells_in_which_they_differ(evidence_of):
    draw = np.random.default_rng(1)
    X = pd.DataFrame({"a": draw.normal(size=90), "b": draw.normal(size=90), "c": draw.normal(size=90)})
    X.loc[60] = X.loc[3]
    X.loc[60, "c"] += 0.01
    codes = np.arange(90) % 2
    columns = rows_exhibit(evidence_of(X, codes), "t", [3, 5], twins=np.array([60, -1])).columns
    assert columns["nearest_twin"].tolist() == ["60", ""]
    assert columns["nearest_twin_label"].tolist() == ["0", ""]
    assert "nearest_given" not in columns
    assert json.loads(columns["telling"][0])[0][0] == "c"
    assert dict(json.loads(columns["nearest_twin_cells"][0]))["c"] == pytest.approx(X["c"][60], rel=1e-3)


def test_time_and_group_of_a_row_are_shown(evidence_of):
    X = np.random.default_rng(0).normal(size=(80, 2))
    data = Dataset(X, np.arange(80) % 2, groups=[f"site {i % 5}" for i in range(80)], time=np.arange(80.0) + 1950)
    columns = rows_exhibit(evidence_of(data), "t", [7]).columns
    assert columns["time"].tolist() == ["1957"]
    assert columns["group"].tolist() == ["site 2"]
    days = [datetime(2024, 1, 1) + timedelta(days=day) for day in range(80)]
    daily = rows_exhibit(evidence_of(Dataset(X, np.arange(80) % 2, time=days)), "t", [7]).columns
    assert daily["time"].tolist() == ["2024-01-08"]


def test_of_many_columns_the_most_telling_twelve_are_beside_the_rows(evidence_of):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 30)), columns=[f"c{i}" for i in range(30)])
    X.loc[5, ["c11", "c28"]] = 60.0
    columns = rows_exhibit(evidence_of(X, np.arange(200) % 2), "t", [5, 6]).columns
    own = [name for name in columns if name.startswith("column: ")]
    assert len(own) == 12
    assert {"column: c11", "column: c28"} <= set(own)
    assert own == sorted(own, key=lambda name: int(name.removeprefix("column: c")))
    assert columns["column: c28"][0] == 60.0


def test_distinctive_columns_fit_the_suggested_class_and_not_the_given_one(evidence_of):
    draw = np.random.default_rng(1)
    codes = np.arange(200) % 2
    frame = pd.DataFrame(
        {
            "noise": draw.normal(size=200),
            "size": codes * 10 + draw.normal(size=200),
            "town": np.where(codes == 1, "Rome", "Oslo"),
            "hole": np.where(np.arange(200) % 3 == 0, np.nan, 1.0 + draw.normal(size=200)),
        }
    )
    given = codes.copy()
    given[0] = 1
    evidence = evidence_of(frame, given, learner="boosting")
    distinctive = json.loads(rows_exhibit(evidence, "t", [0], suggested=np.array([0])).columns["telling"][0])
    assert {name for name, _, _ in distinctive[:2]} == {"size", "town"}
    assert ["town", "Oslo", "Rome"] in distinctive


def test_texts_are_shown_in_full_up_to_two_thousand_characters(evidence_of):
    words = ["good film and more words", "bad film and fewer words"]
    texts = [f"{words[i % 2]} number {i} " + "very long indeed " * (400 * (i == 0) + 30 * (i == 1)) for i in range(60)]
    evidence = evidence_of(pd.DataFrame({"review": texts}), np.arange(60) % 2)
    columns = rows_exhibit(evidence, "t", [0, 1]).columns
    assert len(columns["text"][0]) == 2000
    assert columns["text"][0].endswith("…")
    assert columns["text"][1] == texts[1]
    assert len(columns["column: review"][1]) == 80


def test_regression_compares_with_rows_of_like_numbers(evidence_of):
    X, y = make_friedman1(200, random_state=0)
    columns = rows_exhibit(evidence_of(X, y), "t", [4], suggested=np.array([y[4] + 5.0])).columns
    assert columns["given"][0] == y[4]
    near = int(columns["nearest_suggested"][0])
    assert abs(y[near] - (y[4] + 5.0)) < abs(y - (y[4] + 5.0)).max() / 2
    assert len(json.loads(columns["telling"][0])) <= 6


def test_of_many_columns_and_sparse_rows_a_part_is_compared(evidence_of):
    draw = np.random.default_rng(0)
    X = draw.normal(size=(80, 900))
    codes = np.arange(80) % 2
    X[:, 700] += 6 * codes
    given = codes.copy()
    given[0] = 1
    distinctive = json.loads(
        rows_exhibit(evidence_of(X, given), "t", [0], suggested=np.array([0])).columns["telling"][0]
    )
    assert "x700" in [name for name, *_ in distinctive[:2]]  # a cell of the noise may be unusual as well
