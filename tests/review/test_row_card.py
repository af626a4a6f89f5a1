"""What a person sees of a row."""

from dataclasses import replace
from importlib import util
from pathlib import Path

import numpy as np

from samplewise.core.values import Exhibit
from samplewise.data import Dataset
from samplewise.review.queue import Queue
from samplewise.review.row_card import RowCards

SPECIFICATION = util.spec_from_file_location("review_examples", Path(__file__).with_name("examples.py"))
examples = util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(examples)


def test_cells_beside_typical_ones_and_neighbors():
    outcome = examples.labels_outcome(examples.CHANCES)
    columns = {
        "id": np.array(["r1"]), "nearest_given": np.array(["r3"]), "nearest_suggested": np.array(["r0"]),
    }  # fmt: skip
    shown = replace(outcome.result, exhibits=(Exhibit("rows", "labels", columns),))
    record = examples.record(replace(outcome, result=shown))
    queue = Queue(record, examples.rows())
    cards = RowCards(record, examples.rows(), queue.places)
    card = cards.card(queue.at(1, "SW201"))
    assert card["title"] == "labels the model disputes"
    assert card["headings"] == ["column", "this row", "typical of dog", "typical of cat"]
    assert sorted(cell[1] for cell in card["cells"]) == [2, 3]
    assert all(len(cell) == 4 for cell in card["cells"])
    assert [(group["label"], group["rows"][0]["row"]) for group in card["neighbors"]] == [("dog", "r3"), ("cat", "r0")]
    assert card["neighbors"][0]["rows"][0]["position"] == 3
    assert "6" in card["neighbors"][0]["rows"][0]["text"]
    assert cards.classes == {"cat": "cat", "dog": "dog"}
    cards.nearest.wait(30)
    beyond = cards.card(queue.at(4, "SW201"))["neighbors"]  # a row that the record shows no nearest rows of
    named = {group["label"]: group["rows"][0]["row"] for group in beyond}
    assert named["cat"] in ("r2", "r6")
    assert named["dog"] in ("r3", "r5")


def test_a_row_without_a_label_and_a_text():
    rows = examples.rows()
    labels = np.array(rows.y, dtype=object)
    labels[8] = None
    texts = np.array([[f"a long text about number {n} " * 30, str(n)] for n in range(12)], dtype=object)
    data = Dataset(texts, labels, ids=rows.ids)
    record = examples.record(examples.outliers_outcome("r8"))
    queue = Queue(record, data)
    card = RowCards(record, data, queue.places).card(queue.at(8, "SW104"))
    assert "typical" not in " ".join(card["headings"])
    assert card["neighbors"] == []
    assert len(card["text"]) > 500 or any(len(str(cell[1])) > 500 for cell in card["cells"])


def test_numbers_have_no_classes():
    data = Dataset(np.arange(24.0).reshape(12, 2), np.linspace(0.5, 9.7, 12), ids=list(examples.KEYS))
    record = examples.record(examples.outliers_outcome("r2"))
    queue = Queue(record, data)
    cards = RowCards(record, data, queue.places)
    assert cards.classes is None
    assert cards.card(queue.at(2, "SW104"))["headings"][-1].startswith("typical of 2.1")


def test_a_duplicate_stands_beside_the_row_that_stays():
    rows = examples.rows()
    rows = Dataset(np.where(np.arange(24.0).reshape(12, 2) == 3.0, 1.0, np.arange(24.0).reshape(12, 2)), rows.y,
                   ids=rows.ids)  # fmt: skip
    record = examples.record(examples.duplicates_outcome(("r0", "r1")))
    queue = Queue(record, rows)
    card = RowCards(record, rows, queue.places).card(queue.at(1, "SW102"))
    assert card["headings"] == ["column", "this row", "row r0"]
    assert [cell[1:] for cell in card["cells"]] == [[2, 0], [1, 1]]  # what differs comes first
    (beside,) = card["neighbors"]
    assert (beside["label"], beside["rows"][0]["row"]) == ("cat", "r0")
