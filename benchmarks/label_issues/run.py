"""Wrong labels: samplewise compared with cleanlab, cross-validated loss, neighbors and training dynamics.

    python benchmarks/label_issues/run.py                     # every task, noise and seed; goes on where it stopped
    python benchmarks/label_issues/run.py --only digits       # some tasks
    python benchmarks/label_issues/run.py --waits             # waiting time of both sides, on a quiet machine
    python benchmarks/label_issues/run.py --tables            # the tables again, from what is there

All sides get the same rows, learner and folds. The peers' probabilities come from one cross-validation; ours are
`label_posterior` as it comes (two rounds), with three rounds, and on the peers' own probabilities. What was made is in
results/labels.json by task, noise and seed; delete an entry to have it made again.
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import platform
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from finders import held_out, opinions, ours, peers
from measuring import evaluated, retrained
from reviewed import reviewed_errors
from tables import pages
from tasks import Task, tasks

from samplewise.data import Dataset
from samplewise.engine.models.metrics import METRICS
from samplewise.engine.refits import measure_remedies, prepare
from samplewise.labels.posterior import label_posterior
from samplewise.labels.remedies import drop_disputed, relabel_disputed

RESULTS = Path(__file__).parent.parent / "results" / "labels.json"
PACKAGES = ("samplewise", "cleanlab", "scikit-learn", "numpy", "scipy", "torch")
warnings.filterwarnings("ignore")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="tasks whose name contains this")
    parser.add_argument("--kind", default="", help="kinds of flips whose name contains this")
    parser.add_argument("--seeds", type=int, default=5, help="at most so many; the network has three")
    parser.add_argument("--waits", action="store_true", help="waiting times only")
    parser.add_argument("--tables", action="store_true", help="tables only")
    chosen = parser.parse_args()
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if chosen.tables:
        write(found)
        return
    for task in tasks(chosen.only):
        if chosen.waits:
            found.setdefault("waits", {})[task.name] = waits(task)
            write(found)
        else:
            fill(found, task, chosen.kind, chosen.seeds)
    if not chosen.waits:
        found["reviewed"] = reviewed_errors() or found.get("reviewed", {})
        write(found)


def fill(found: dict[str, Any], task: Task, only_kind: str, seeds: int) -> None:
    """Every noise and seed of a task that is not there yet."""
    settings = found.setdefault("settings", {}).setdefault(task.name, {})
    for seed in range(min(seeds, task.seeds)):
        for kind, rate in task.noises():
            done = settings.setdefault(f"{kind} {rate:g}", {})
            if only_kind in kind and str(seed) not in done:
                done[str(seed)] = one_draw(task, kind, rate, seed)
                write(found)
                print(task.name, kind, rate, "seed", seed, flush=True)


def one_draw(task: Task, kind: str, rate: float, seed: int) -> dict[str, Any]:
    given = task.spoilt(kind, rate, seed)
    said = opinions(task, given, seed)
    return {
        "rows": len(given),
        "wrong": int(np.sum(given != task.truth)),
        "methods": {name: evaluated(opinion, given, task.truth) for name, opinion in said.items()},
        "test_accuracy": retrained(task, given, said, seed),
    }


def waits(task: Task) -> dict[str, float]:
    """Seconds a person waits, at a fifth of symmetric flips; and for the nested test of two remedies."""
    given = task.spoilt("symmetric", 0.2, 0)
    data = Dataset(task.X, given)
    works = {
        "samplewise": lambda: ours(lambda: prepare(data, task.learner).whole, rounds=2),
        "samplewise, 3 rounds": lambda: ours(lambda: prepare(data, task.learner).whole, rounds=3),
        "cleanlab": lambda: peers(held_out(task, prepare(data, task.learner).whole, given), given, 0.0),
        "two remedies tested": lambda: tested(data, task.learner),
    }
    works["cleanlab"]()  # imports, and the processes that fit
    found = {}
    for name, work in works.items():
        start = time.perf_counter()
        work()
        found[name] = time.perf_counter() - start
    print(task.name, found, flush=True)
    return found


def tested(data: Dataset, learner: Any) -> None:
    folded = prepare(data, learner).whole
    label_posterior(folded)
    rules = {"relabel": relabel_disputed, "drop": drop_disputed}
    measure_remedies(folded.runner, rules, [folded.folds], metric=METRICS["accuracy"])


def write(found: dict[str, Any]) -> None:
    found["machine"] = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    found["versions"] = {package: version(package) for package in PACKAGES}
    RESULTS.parent.mkdir(exist_ok=True)
    fresh = RESULTS.with_suffix(".part")
    fresh.write_text(json.dumps(found, indent=1))
    fresh.replace(RESULTS)  # a kill leaves the old file or the new one
    RESULTS.with_suffix(".md").write_text(pages(found))


if __name__ == "__main__":
    main()
