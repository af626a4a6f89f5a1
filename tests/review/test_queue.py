"""Rows come in the order in which deciding about them is expected to gain most."""

import tracemalloc
from importlib import util
from pathlib import Path

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.core.findings import CheckResult, Outcome
from samplewise.core.values import Scores
from samplewise.review.queue import Queue

SPECIFICATION = util.spec_from_file_location("review_examples", Path(__file__).with_name("examples.py"))
examples = util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(examples)
CHANCES, record, rows = examples.CHANCES, examples.record, examples.rows
labels_outcome, duplicates_outcome = examples.labels_outcome, examples.duplicates_outcome
outliers_outcome = examples.outliers_outcome


def _order(queue: Queue, reviewer: str = "r1", count: int = 100) -> list[str]:
    return [task.row for task in queue.upcoming(reviewer, count)]


def test_likeliest_errors_come_first_and_lists_without_probabilities_between_them():
    queue = Queue(record(labels_outcome(CHANCES), outliers_outcome("r8", "r9")), rows())
    assert _order(queue) == ["r1", "r2", "r0", "r3", "r4", "r8", "r9"]
    task = queue.next("r1")
    assert (task.list, task.position, task.given, task.suggestion) == ("SW201", 1, "dog", "cat")
    assert task.probability == 0.9
    assert task.key == ("r1", "SW201", "")
    assert queue.at(8, "SW104").row == "r8"
    assert queue.at(8, "SW201") is None
    assert queue.at(8, "SW999") is None


def test_answered_rows_are_not_asked_about_again():
    queue = Queue(record(labels_outcome(CHANCES)), rows())
    first = queue.next("r1")
    queue.mark(first.key, "r1", answered=True)
    assert queue.next("r1").row == "r2"
    assert queue.answered() == queue.answered("r1") == 1
    assert "r1" not in _order(queue, "r2")
    queue.mark(first.key, "r1", answered=False)
    assert queue.next("r1").row == "r1"
    assert queue.answered() == 0
    queue.mark(("r99", "SW201", ""), "r1", answered=True)  # nothing asks about it
    assert queue.answered() == 0


def test_two_people_see_different_rows_unless_both_are_asked():
    queue = Queue(record(labels_outcome(CHANCES)), rows())
    assert (queue.next("r1").row, queue.next("r2").row, queue.next("r1").row) == ("r1", "r2", "r1")
    queue = Queue(record(labels_outcome(CHANCES)), rows(), both=True)
    assert queue.next("r1").row == queue.next("r2").row == "r1"
    queue.mark(("r1", "SW201", ""), "r1", answered=True)
    assert queue.next("r1").row == "r2"
    assert queue.next("r2").row == "r1"


def test_one_of_a_set_of_duplicates_comes_first():
    queue = Queue(record(labels_outcome(CHANCES), duplicates_outcome(("r7", "r1", "r2"), ("r5", "r6"))), rows())
    labels = [task for task in queue.tasks() if task.list == "SW201"]
    assert [task.row for task in labels] == ["r1", "r0", "r3", "r4", "r2"] or labels[0].row == "r1"
    assert {task.row: task.twin_of for task in labels}["r2"] == "r1"
    assert [task.row for task in labels].index("r2") > [task.row for task in labels].index("r3")
    copies = {task.row: task.twin_of for task in queue.tasks() if task.list == "SW102"}
    assert copies == {"r1": "r7", "r2": "r7", "r6": "r5"}  # rows to be kept are not asked about


def test_rows_that_settle_the_others_come_first_where_labels_are_facts():
    chances = {"r0": 0.2, "r1": 0.5, "r2": 0.9, "r5": 0.95, "r6": 0.8}  # r0 to r2 spread, then the suspects
    queue = Queue(record(labels_outcome(chances), labels_are="facts"), rows())
    assert set(_order(queue, count=4)) == {"r0", "r1", "r2", "r5"}
    assert _order(queue)[-1] == "r6"
    again = Queue(record(labels_outcome(chances), labels_are="outcomes"), rows())
    assert _order(again) == ["r5", "r2", "r6", "r1", "r0"]
    settled = {"r5": 0.95, "r6": 0.8, "r0": 0.2}
    assert _order(Queue(record(labels_outcome(settled), labels_are="facts"), rows())) == ["r5", "r6", "r0"]


def test_the_queue_follows_what_answers_say_of_other_labels():
    queue = Queue(record(labels_outcome(CHANCES), outliers_outcome("r9")), rows())
    known = np.full(12, np.nan)
    known[[3, 1]] = 0.99, 0.05
    queue.revise(known)
    assert _order(queue)[:2] == ["r3", "r2"]
    assert queue.find(("r3", "SW201", "")).probability == 0.99
    assert np.isnan(queue.find(("r9", "SW104", "")).probability)
    queue.revise(known, first=np.array([4]))
    assert _order(queue)[0] == "r4"


def test_of_equal_chances_the_rarer_row_comes_first():
    values = Scores("unique_information", np.arange(12.0), np.array([f"r{n}" for n in range(12)]), "nats", "rare")
    rare = Outcome("SW302", "unusual", "found", result=CheckResult(scores=(values,)))
    queue = Queue(record(labels_outcome({"r1": 0.5, "r7": 0.5, "r3": 0.9}), rare), rows())
    assert _order(queue) == ["r3", "r7", "r1"]


def test_it_says_what_is_to_be_expected():
    queue = Queue(record(labels_outcome(CHANCES), outliers_outcome("r9")), rows())
    assert queue.summary() == [
        "6 rows are open; about 3 of the 5 with a probability will turn out wrong.",
        "After 4 more rows fewer than one in five is.",
    ]
    for key in ("r0", "r1", "r2", "r3"):
        queue.mark((key, "SW201", ""), "r1", answered=True)
    assert queue.expected_wrong() == (1, 0.1)


def test_it_stops_where_a_decision_costs_more_than_it_saves():
    queue = Queue(record(labels_outcome(CHANCES)), rows(), price=0.2, worth=0.5)
    assert _order(queue) == ["r1", "r2", "r0"]
    for key in ("r0", "r1", "r2"):
        queue.mark((key, "SW201", ""), "r1", answered=True)
    assert queue.next("r1") is None
    assert "costs more" in queue.summary()[-1]
    with pytest.raises(InputError):
        Queue(record(labels_outcome(CHANCES)), rows(), price=0.2, worth=0.0)


def test_other_rows_and_nothing_at_all():
    queue = Queue(record(labels_outcome(CHANCES)), rows(2))
    assert len(queue) == 2
    empty = Queue(record(), rows())
    assert empty.next("r1") is None
    assert empty.summary() == ["0 rows are open."]
    assert empty.answered() == 0


def test_many_rows_take_little_memory():
    count = 20_000
    chances = {f"r{number}": 1.0 - number / count for number in range(count)}
    held, data = record(labels_outcome(chances, count)), rows(count)
    tracemalloc.start()
    queue = Queue(held, data)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 1000 * count
    for place in range(3000):
        queue.mark((f"r{place}", "SW201", ""), "r1", answered=True)
    assert queue.next("r1").row == "r3000"
