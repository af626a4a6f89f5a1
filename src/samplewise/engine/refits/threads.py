"""The executor for closed-form fits: a few at a time in this process, one BLAS thread each.

Linear algebra on two threads waits at every step for the slower one, and stalls when something else wants a core; two
fits side by side on one thread each do not, and give the same bits on any number of cores.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from threadpoolctl import threadpool_limits

from samplewise.engine.refits.processes import available_cores


class ThreadExecutor:
    """Tasks that release the interpreter (numpy, scipy) on as many threads as there are cores."""

    def __init__(self, count: int | None = None) -> None:
        """Default: the cores this process may use."""
        self.count = count or available_cores()

    def map(self, task: Callable[..., Any], items: Iterable[Any], *, seeds: Sequence[int]) -> Iterator[Any]:
        """Yield `task(item, seed=seed)` for every item, in order; once one has failed, none begins any more."""
        failed = threading.Event()

        def attempt(item: Any, seed: int) -> Any:
            if failed.is_set():  # nobody reads this result: tasks begin in order, and an earlier one raises
                return None
            try:
                return task(item, seed=seed)
            except BaseException:
                failed.set()
                raise

        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(self.count) as pool:
            waiting = [pool.submit(attempt, item, seed) for item, seed in zip(items, seeds, strict=True)]
            try:
                for future in waiting:
                    yield future.result()
            finally:
                for future in waiting:
                    future.cancel()
