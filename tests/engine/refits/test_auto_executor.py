"""Short work stays in this process, and results do not depend on where a task ran."""

import os

import numpy as np

from samplewise.engine.refits import auto_executor
from samplewise.engine.refits.auto_executor import AutoExecutor


def where(item, seed):
    return item, seed, os.getpid()


def product(item, seed):
    X = np.random.default_rng(seed).normal(size=(200, 200))
    return (X @ X.T)[item].sum()


def test_short_work_stays_here_in_order():
    found = list(AutoExecutor().map(where, [5, 3, 4], seeds=[1, 2, 3]))
    assert found == [(5, 1, os.getpid()), (3, 2, os.getpid()), (4, 3, os.getpid())]


def test_long_work_goes_to_processes_after_its_first_task(monkeypatch):
    monkeypatch.setattr(auto_executor, "POOL_PAYS", 0.0)
    monkeypatch.setattr(auto_executor, "ProcessExecutor", FakePool)
    found = list(AutoExecutor().map(where, [5, 3, 4], seeds=[1, 2, 3]))
    assert found == [(5, 1, os.getpid()), ("pool", 3, 2), ("pool", 4, 3)]
    assert list(AutoExecutor(expected=1.0).map(where, [5], seeds=[1])) == [("pool", 5, 1)]


class FakePool:
    def map(self, task, items, *, seeds):
        yield from (("pool", item, seed) for item, seed in zip(items, seeds, strict=True))


def test_bits_are_those_of_one_thread():
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        alone = [product(item, 0) for item in range(3)]
    assert list(AutoExecutor().map(product, range(3), seeds=[0] * 3)) == alone
