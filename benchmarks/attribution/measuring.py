"""One attribution, measured alike in every environment: processor seconds, wall seconds, growth of the peak memory."""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from tasks import TASKS, Task, initial, read_module, read_rows

# A method takes the task, modules trained on all rows, the rows and the queries, and returns scores (m, n): positive
# where the row raises the query's margin. Some need the initial state or the recipe too, which the task knows.
Rows = tuple[torch.Tensor, torch.Tensor]
Method = Callable[["Setting", Rows, Rows], np.ndarray]


class Setting:
    """What a method may use besides rows: the task, and modules trained on all rows, read from the cache."""

    def __init__(self, task: Task, cache: Path) -> None:
        self.task, self.cache = task, cache

    def module(self, seed: int = 0, epoch: int | None = None) -> torch.nn.Module:
        """The module trained with a seed, at its end or after an epoch that was kept."""
        return read_module(self.task, self.cache, seed, epoch)

    def initial(self, seed: int) -> torch.nn.Module:
        """The module as it was before its first step."""
        return initial(self.task, seed).eval()


def processor_seconds() -> float:
    """Of this process and its finished children."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def resident_megabytes(field: str) -> float:
    """VmRSS (now) or VmHWM (peak since the last reset) of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def measured(method: Callable[[], np.ndarray]) -> tuple[np.ndarray, dict[str, float]]:
    """The scores, and what they cost."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # resets the peak
    before, processor, wall = resident_megabytes("VmRSS"), processor_seconds(), time.perf_counter()
    scores = method()
    cost = {"cpu_seconds": processor_seconds() - processor, "wall_seconds": time.perf_counter() - wall}
    return scores, cost | {"peak_megabytes": resident_megabytes("VmHWM") - before}


def run(methods: Mapping[str, Method], package: str) -> None:
    """The command line of every script: one task, one method, scores and cost written to a file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("method", choices=methods)
    parser.add_argument("cache", type=Path)
    parser.add_argument("out", type=Path)
    queried = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    setting = Setting(TASKS[queried.task], queried.cache / queried.task)
    inputs, labels, queries, truth = read_rows(setting.cache)
    method = methods[queried.method]
    # Imports and first-call set-up are not what is compared: a few rows go first, even where a method refuses so few.
    try:
        method(setting, (inputs[:200], labels[:200]), (queries[:8], truth[:8]))
    except Exception as refused:
        print(f"first call on 200 rows: {refused}", file=sys.stderr)
    scores, cost = measured(lambda: method(setting, (inputs, labels), (queries, truth)))
    if scores.shape != (len(queries), len(inputs)) or not np.isfinite(scores).all():
        sys.exit(f"scores of shape {scores.shape}, {np.isfinite(scores).mean():.0%} of them finite")
    np.savez(queried.out, scores=scores.astype(np.float32), cost=json.dumps(cost | {"version": version(package)}))
