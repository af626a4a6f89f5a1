"""The joblib executor: one process per core, one BLAS thread each, and no worker that outlives its parent."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import joblib
from threadpoolctl import ThreadpoolController


def available_cores() -> int:
    """Cores this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ProcessExecutor:
    """Tasks in `count` processes (default: the cores this process may use), results in the order of the items.

    Workers are started once and reused; each limits its own linear algebra to one thread, which is faster than two
    processes fighting over two cores.
    """

    def __init__(self, count: int | None = None) -> None:
        """Nothing is started before the first call of `map`."""
        self.count = count or available_cores()

    def map(self, task: Callable[..., Any], items: Iterable[Any], *, seeds: Sequence[int]) -> Iterator[Any]:
        """Yield `task(item, seed=seed)` for every item, in order, as they finish."""
        work = list(zip(items, seeds, strict=True))
        if self.count == 1 or len(work) == 1:
            threads = ThreadpoolController()
            for item, seed in work:
                with threads.limit(limits=1):  # as in a worker: the last bits must not depend on where a task ran
                    result = task(item, seed=seed)
                yield result
            return
        parent = os.getpid()
        with joblib.parallel_config(backend="loky", n_jobs=self.count, inner_max_num_threads=1):
            pool = joblib.Parallel(return_as="generator", pre_dispatch="2*n_jobs", batch_size=1)
            yield from pool(joblib.delayed(_carry_out)(task, item, seed, parent) for item, seed in work)


_watched: set[int] = set()


def _carry_out(task: Callable[..., Any], item: Any, seed: int, parent: int) -> Any:
    """Run one task in a worker that ends itself when its parent is gone."""
    if parent not in _watched and parent != os.getpid():
        _watched.add(parent)
        threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
    return task(item, seed=seed)


def _leave_with(parent: int) -> None:
    """A killed parent cannot stop its workers, so each checks once a second whether its parent has changed."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
