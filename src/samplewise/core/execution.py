"""How independent tasks are carried out: in order here, by processes in `engine`, by a cluster in `scale`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Executor(Protocol):
    """Carries out one task on many items and returns the results in the order of the items."""

    def map(self, task: Callable[..., Any], items: Iterable[Any], *, seeds: Sequence[int]) -> Iterable[Any]:
        """Yield `task(item, seed=seed)` for every item, in order."""
        ...


class SerialExecutor:
    """One task after the other, in this process: the reference the others must equal."""

    def map(self, task: Callable[..., Any], items: Iterable[Any], *, seeds: Sequence[int]) -> Iterator[Any]:
        """Yield `task(item, seed=seed)` for every item, in order."""
        for item, seed in zip(items, seeds, strict=True):
            yield task(item, seed=seed)
