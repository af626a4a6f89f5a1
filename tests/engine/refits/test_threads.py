"""Tasks on threads of this process: in order, with one thread of linear algebra each."""

import threading

import pytest
from threadpoolctl import threadpool_info

from samplewise.engine.refits.processes import available_cores
from samplewise.engine.refits.threads import ThreadExecutor


def test_results_come_in_order_from_other_threads():
    def identify(item, seed):
        return item, seed, threading.current_thread() is threading.main_thread()

    found = list(ThreadExecutor(2).map(identify, [3, 1, 2], seeds=[7, 8, 9]))
    assert found == [(3, 7, False), (1, 8, False), (2, 9, False)]
    assert ThreadExecutor().count == available_cores()


def test_linear_algebra_has_one_thread_per_task():
    def blas_threads(item, seed):
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    assert list(ThreadExecutor(2).map(blas_threads, [0, 1], seeds=[0, 0])) == [{1}, {1}]


def test_an_error_of_a_task_reaches_the_caller_and_ends_the_rest():
    done = []

    def task(item, seed):
        if item == 0:
            raise ValueError("first")
        done.append(item)

    with pytest.raises(ValueError, match="first"):
        list(ThreadExecutor(1).map(task, range(1000), seeds=[0] * 1000))
    assert done == []
