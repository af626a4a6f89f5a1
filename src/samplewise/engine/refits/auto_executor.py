"""The default executor: short work stays in this process, long work uses all cores."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from time import perf_counter
from typing import Any

from threadpoolctl import ThreadpoolController

from samplewise.engine.refits.processes import ProcessExecutor

POOL_PAYS = 2.0  # seconds of work, done here and left to do, from which starting processes is worth it


class AutoExecutor:
    """Tasks in order in this process until what is left would take some seconds, then in one process per core.

    Starting processes takes longer than many a job of short fits; once they are started, all later work goes to them.
    Either way every task has one thread of linear algebra, so the results do not depend on where it was carried out.
    """

    def __init__(self, expected: float = 0.0) -> None:
        """Nothing is started before it pays; `expected` are seconds of work that are known to come."""
        self._pool = ProcessExecutor() if expected > POOL_PAYS else None
        self._spent = 0.0  # seconds, in all calls of `map`

    def map(self, task: Callable[..., Any], items: Iterable[Any], *, seeds: Sequence[int]) -> Iterator[Any]:
        """Yield `task(item, seed=seed)` for every item, in order, as they finish."""
        work = list(zip(items, seeds, strict=True))
        threads, spent, done = ThreadpoolController(), 0.0, 0
        while done < len(work) and self._pool is None:
            item, seed = work[done]
            started = perf_counter()
            with threads.limit(limits=1):
                result = task(item, seed=seed)
            spent, done = spent + perf_counter() - started, done + 1
            if self._spent + spent / done * len(work) > POOL_PAYS:
                self._pool = ProcessExecutor()
            yield result
        self._spent += spent
        if self._pool is not None and done < len(work):
            rest = work[done:]
            yield from self._pool.map(task, [item for item, _ in rest], seeds=[seed for _, seed in rest])
