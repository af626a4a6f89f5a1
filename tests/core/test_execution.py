"""The serial executor: every item once, in order, with its own seed."""

import pytest

from samplewise.core.execution import Executor, SerialExecutor


def test_results_come_in_the_order_of_the_items_with_their_seeds():
    results = SerialExecutor().map(lambda item, seed: (item, seed), [3, 1, 2], seeds=[7, 8, 9])
    assert list(results) == [(3, 7), (1, 8), (2, 9)]


def test_a_task_runs_when_its_result_is_wanted():
    calls = []
    results = SerialExecutor().map(lambda item, seed: calls.append(item), [1, 2], seeds=[0, 0])
    next(results)
    assert calls == [1]


def test_every_item_needs_a_seed():
    with pytest.raises(ValueError, match="shorter"):
        list(SerialExecutor().map(lambda item, seed: item, [1, 2], seeds=[0]))


def test_it_follows_the_protocol():
    assert isinstance(SerialExecutor(), Executor)
    assert not isinstance(object(), Executor)
