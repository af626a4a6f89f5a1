"""What a check says of single rows, whichever way it says it."""

import numpy as np

from samplewise.auditing.row_facts import row_facts
from samplewise.core.findings import CheckResult, Finding, Remedy
from samplewise.core.values import Exhibit, Scores

KEY = np.array(["a"])


def test_scores_labels_and_tables_of_rows_are_gathered_by_id():
    remedies = (
        Remedy("review", (1, 2), ("dog", "dog")),
        Remedy("relabel", (2,), ("cow",)),
    )
    finding = Finding("SW102", "t", "note", (1, 2), "why", remedies)
    scores = (
        Scores("wrong", np.array([0.9, 0.2, 0.1]), np.array([1, 2, 3]), "probability", "worse"),
        Scores("benefit", np.array([0.5]), np.array([1]), "nats", "better"),  # not of every row
        Scores("missing", np.array([0.5]), np.array(["a"]), "share", "more", axis="column"),
    )
    table = Exhibit("table", "sets", {"id": np.array([1, 2, 3]), "set": np.array([1, 1, 2]), "given": np.zeros(3)})
    found = row_facts(CheckResult((finding,), scores, (table,)), 0, (1, 2))
    assert found == {
        "set": {"1": 1, "2": 1},
        "probability": {"1": 0.9, "2": 0.2},
        "suggested": {"1": "dog", "2": "cow"},
    }


def test_tables_of_other_findings_and_with_a_row_twice_are_left_out():
    finding = Finding("SW1", "t", "note", ("a",), "why")
    exhibits = (
        Exhibit("rows", "r", {"id": KEY, "reason": np.array(["of another"])}, finding=1),
        Exhibit("table", "t", {"id": np.array(["a", "a"]), "value": np.array(["1", "2"])}),
        Exhibit("rows", "r", {"id": KEY, "reason": np.array(["far"]), "telling": np.array(["[]"])}, finding=0),
    )  # fmt: skip
    result = CheckResult((finding, finding), exhibits=exhibits)
    assert row_facts(result, 0, ("a",)) == {"reason": {"a": "far"}}


def test_words_of_the_first_sixty_rows_are_enough_and_numbers_are_not():
    keys = tuple(range(100))
    shown = {"id": np.arange(60), "file": np.array([f"{place}.png" for place in range(60)]), "error": np.zeros(60)}
    result = CheckResult((Finding("SW1", "t", "note", keys, "why"),), exhibits=(Exhibit("table", "t", shown),))
    assert set(row_facts(result, 0, keys)) == {"file"}
