"""The joblib executor: one process per core, one BLAS thread each, and no worker that outlives its parent."""

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import joblib
from joblib.externals.loky import reusable_executor
from threadpoolctl import ThreadpoolController

SECONDS_BETWEEN_LOOKS = 0.5
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux's prctl


def available_cores() -> int:
    """Cores this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ProcessExecutor:
    """Tasks in `count` processes (default: the cores this process may use), results in the order of the items.

    Workers are started once and reused; each limits its own linear algebra to one thread, which is faster than two
    processes fighting over two cores. The first thing a worker does is to see to it that it ends with its parent.
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
        by_main = threading.current_thread() is threading.main_thread()
        ending: dict[str, Any] = {"initializer": end_with_parent, "initargs": (os.getpid(), by_main)}
        with joblib.parallel_config(backend="loky", n_jobs=self.count, inner_max_num_threads=1, **ending):
            pool = joblib.Parallel(return_as="generator", pre_dispatch="2*n_jobs", batch_size=1)
            yield from pool(joblib.delayed(task)(item, seed=seed) for item, seed in work)


def end_with_parent(parent: int, by_main_thread: bool) -> None:
    """See to it that this worker ends with its parent, also where that one is gone already; called once, first.

    On Linux the kernel ends the worker at that moment. It would do so as well when the thread that started the worker
    ends, so it is asked only where that is the main thread. Elsewhere, and besides, the worker looks twice a second.

    Args:
        parent: the process that started this one.   by_main_thread: whether its main thread did.
    """
    if by_main_thread and sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # a C library without prctl: looking must do
            ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before the kernel was asked
        os._exit(1)
    for name in ("SIGHUP", "SIGINT"):  # from a terminal they go to all: the parent decides what to do
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()


def _leave_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os._exit(1)


def _forget_workers() -> None:
    """A forked copy of this process has none of the threads that served its workers: it starts workers of its own."""
    reusable_executor._executor = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_workers)
