"""Fits of milliseconds are made here, fits of seconds in processes: starting those takes longer than many a job."""

from time import perf_counter

from samplewise.core.arrays import Array, Ints
from samplewise.engine.models.learner import Fit
from samplewise.engine.refits.processes import ProcessExecutor
from samplewise.engine.refits.runner import FitRunner

POOL_PAYS = 8.0  # seconds of fits from which starting processes is worth it


def first_fit(runner: FitRunner, fit: Fit, *, blocks: Ints, fits: int, choose: bool) -> Array:
    """Outputs of one fit, made in this process; with `choose` the runner then gets processes if `fits` like it pay."""
    started = perf_counter()
    outputs = runner.outputs([fit], blocks=blocks)[0]
    if choose and (perf_counter() - started) * fits > POOL_PAYS:
        runner.executor = ProcessExecutor()
    return outputs
