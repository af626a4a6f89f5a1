"""Tasks in worker processes: in order, with their seeds, and none of the workers outlives its parent."""

import os

import pytest

from samplewise.engine.refits.processes import ProcessExecutor, available_cores


def identify(item, seed):
    return item, seed, os.getpid()


def fails(item, seed):
    raise ValueError(f"item {item}")


def test_cores_are_those_this_process_may_use():
    assert 1 <= available_cores() <= os.cpu_count()
    assert ProcessExecutor().count == available_cores()


def test_results_come_in_order_from_other_processes():
    found = list(ProcessExecutor(2).map(identify, [3, 1, 2], seeds=[7, 8, 9]))
    assert [(item, seed) for item, seed, _ in found] == [(3, 7), (1, 8), (2, 9)]
    assert os.getpid() not in {process for _, _, process in found}


def test_one_process_or_one_task_stays_here():
    assert list(ProcessExecutor(1).map(identify, [3, 1], seeds=[0, 0])) == [(3, 0, os.getpid()), (1, 0, os.getpid())]
    assert list(ProcessExecutor(2).map(identify, [3], seeds=[0])) == [(3, 0, os.getpid())]


def test_an_error_of_a_task_reaches_the_caller():
    with pytest.raises(ValueError, match=r"item [12]"):  # whichever ends first
        list(ProcessExecutor(2).map(fails, [1, 2], seeds=[0, 0]))
