"""The overview of a data set."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from samplewise.data.dataset import Dataset
from samplewise.data.targets import describe_target
from samplewise.quality import overview as module
from samplewise.quality.overview import overview_of, without_cells

ROWS = 120


def frame(seed=0):
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "income": draw.normal(3e4, 5e3, ROWS).round(1),
            "town": draw.choice(["Ulm", "Kiel", "Bonn"], ROWS),
            "member": draw.random(ROWS) < 0.5,
            "since": pd.date_range("2021-01-01", periods=ROWS, freq="D"),
            "remark": [f"this customer wrote {place} letters to us" for place in range(ROWS)],
        }
    )


def made(X, y=None, **options):
    y = np.array(["yes", "no", "no"] * (ROWS // 3)) if y is None else y
    data = Dataset(X, y, ids=options.pop("ids", None))
    return overview_of(data, describe_target(data.y), "bought", **options)


def test_every_column_and_the_label_are_summarized():
    found = made(frame())
    assert [column["name"] for column in found["columns"]] == ["income", "town", "member", "since", "remark"]
    assert [column["kind"] for column in found["columns"]] == ["numeric", "category", "boolean", "date", "text"]
    assert found["label"]["values"] == [["no", 80], ["yes", 40]]
    assert found["label"]["role"] == "label"
    assert (found["rows"], found["drawn"], found["more_columns"]) == (ROWS, ROWS, 0)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_label_of_numbers_has_a_histogram():
    numbers = np.random.default_rng(1).normal(size=ROWS)
    found = made(frame(), numbers)
    assert found["label"]["kind"] == "numeric"
    assert sum(found["label"]["histogram"]["counts"]) > 0.9 * ROWS


def test_the_order_of_the_rows_changes_nothing():
    table, ids = frame(), np.array([f"r{place}" for place in range(ROWS)])
    y = np.array(["yes", "no", "no"] * (ROWS // 3))
    order = np.random.default_rng(2).permutation(ROWS)
    moved = made(table.iloc[order].reset_index(drop=True), y[order], ids=ids[order])
    assert moved == made(table, y, ids=ids)


def test_ten_rows_are_drawn_with_the_seed_and_hold_their_cells():
    sample = made(frame())["sample"]
    assert sample["columns"] == ["income", "town", "member", "since", "remark", "bought"]
    assert len(sample["rows"]) == len(sample["ids"]) == 10
    assert sample["ids"] != [str(place) for place in range(10)]
    assert sample["ids"] != made(frame(), seed=1)["sample"]["ids"]
    table = frame()
    for key, row in zip(sample["ids"], sample["rows"], strict=True):
        assert row[0] == f"{table['income'][int(key)]:.7g}".removesuffix(".0")
        assert row[1] == table["town"][int(key)]


def test_columns_beside_the_features_come_with_their_role():
    beside = pd.DataFrame({"site": ["a", "b"] * (ROWS // 2), "day": pd.date_range("2020", periods=ROWS).astype(str)})
    found = made(frame(), beside=beside, roles={"site": "groups", "day": "time"})
    assert [(column["name"], column["role"]) for column in found["columns"][-2:]] == [
        ("site", "groups"),
        ("day", "time"),
    ]
    assert found["columns"][-1]["dates"]["first"] == "2020-01-01"


def test_the_label_is_compared_and_no_column_takes_its_place():
    table = frame().assign(bought=np.random.default_rng(3).normal(size=ROWS))
    y = np.where(table["income"] > 3e4, "yes", "no")
    pairs = made(table, y)["pairs"]["pairs"]
    assert {pairs[0]["one"], pairs[0]["other"]} == {"bought (label)", "income"}


@pytest.mark.parametrize("form", ["array", "sparse"])
def test_arrays_and_sparse_rows_are_read_alike(form):
    values = np.random.default_rng(4).integers(0, 3, (ROWS, 4)).astype(float)
    found = made(sparse.csr_matrix(values) if form == "sparse" else values)
    assert [column["name"] for column in found["columns"]] == ["x0", "x1", "x2", "x3"]
    assert found["columns"][2]["histogram"]["counts"] == np.bincount(values[:, 2].astype(int)).tolist()


def test_what_is_left_out_is_counted(monkeypatch):
    monkeypatch.setattr(module, "MOST_COLUMNS", 3)
    monkeypatch.setattr(module, "MOST_CELLS", 3 * 50)
    monkeypatch.setattr(module, "FEWEST_DRAWN", 10)
    found = made(np.random.default_rng(5).normal(size=(ROWS, 9)))
    assert (len(found["columns"]), found["more_columns"], found["drawn"]) == (3, 6, 50)
    assert found["pairs"]["rows"] == 50
    assert sum(found["columns"][0]["histogram"]["counts"]) <= 50
    assert found["label"]["values"] == [["no", 80], ["yes", 40]]  # labels are counted in all rows


def test_pictures_have_their_size_and_ten_of_them():
    pictures = np.random.default_rng(6).integers(0, 255, (ROWS, 8, 12), dtype=np.uint8)
    found = made(pictures)
    assert (found["pictures"]["height"], found["pictures"]["width"], found["pictures"]["channels"]) == (8, 12, 1)
    assert len(found["pictures"]["shown"]) == 10
    key, label, address = found["pictures"]["shown"][0]
    assert label == ["yes", "no", "no"][int(key) % 3]
    assert address.startswith("data:image/png;base64,")


def test_without_cells_no_cell_is_left():
    found = made(frame())
    text = json.dumps(without_cells(found, "classification"))
    for cell in ("Ulm", "letters", "2021", "this customer", str(found["columns"][0]["numbers"]["high"])):
        assert cell in json.dumps(found)
        assert cell not in text
    assert '"yes"' in text  # names of classes stay
    stripped = without_cells(found, "classification")
    assert stripped["columns"][0]["histogram"] == {
        name: part
        for name, part in found["columns"][0]["histogram"].items()
        if name in ("scale", "counts", "below", "above")
    }
    assert [count for _, count in stripped["columns"][1]["values"]] == [n for _, n in found["columns"][1]["values"]]
    assert "sample" not in stripped
    pictures = without_cells(made(np.zeros((ROWS, 8, 8), dtype=np.uint8)), "classification")
    assert set(pictures["pictures"]) == {"height", "width", "channels"}


def test_without_cells_a_label_of_numbers_is_a_column_like_any_other():
    found = without_cells(made(frame(), np.random.default_rng(7).normal(size=ROWS)), "regression")
    assert set(found["label"]["numbers"]) == {"mean"}
    assert "low" not in found["label"]["histogram"]


def test_ordered_categories_are_compared_like_others():
    sizes = np.random.default_rng(5).choice(["small", "medium", "large"], ROWS)
    ordered = pd.Categorical(sizes, categories=["small", "medium", "large"], ordered=True)
    found = made(pd.DataFrame({"size": sizes, "again": ordered, "income": frame()["income"]}))
    assert [column["kind"] for column in found["columns"]] == ["ordinal", "ordinal", "numeric"]
    strongest = found["pairs"]["pairs"][0]
    assert {strongest["one"], strongest["other"]} == {"size", "again"}
