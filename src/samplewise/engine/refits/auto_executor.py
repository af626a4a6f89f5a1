"""The executor everything uses unless told otherwise: short work stays in this process, long work goes to all cores."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from time import perf_counter
from typing import Any

from threadpoolctl import ThreadpoolController

from samplewise.engine.refits.processes import ProcessExecutor

POOL_PAYS = 4.0  # seconds of work left from which starting processes is worth it


class AutoExecutor:
    """Tasks in order in this process until what is left would take some seconds, then in one process per core.

    Starting processes takes longer than many a job of short fits. Either way every task has one thread of linear
    algebra, so the results do not depend on where it was carried out.
    """

    def map(self, task: Callable[..., Any], items: Iterable[Any], *, seeds: Sequence[int]) -> Iterator[Any]:
        """Yield `task(item, seed=seed)` for every item, in order, as they finish."""
        work = list(zip(items, seeds, strict=True))
        threads, spent = ThreadpoolController(), 0.0
        for done, (item, seed) in enumerate(work):
            if done and spent / done * (len(work) - done) > POOL_PAYS:
                rest = work[done:]
                yield from ProcessExecutor().map(task, [item for item, _ in rest], seeds=[seed for _, seed in rest])
                return
            started = perf_counter()
            with threads.limit(limits=1):
                result = task(item, seed=seed)
            spent += perf_counter() - started
            yield result
