"""Data attribution compared with its peers: quality, processor time and memory, on three networks.

    python benchmarks/attribution/run.py                          # what is missing of everything, then the tables
    python benchmarks/attribution/run.py --task perceptron --again    # measure one task anew, ground truth kept

Every peer runs in an environment of its own (`environments.py`), on one thread, with the same trained weights and rows,
under the same measurement (`measuring.py`). Scores are evaluated by retrainings on 50 random halves, three seeds each
(`truth.py`): the rank correlation of what the scores predict and what the retrained models said, mean over the
queries, with a bootstrap over halves and queries. Ground truth, scores and environments live in a cache and are made
only where they are missing: the first run takes half an hour more than later ones.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from environments import PEERS, python_of
from score_samplewise import MANY, METHODS
from tables import write_tables
from tasks import CACHE, QUOTED, TASKS
from truth import prepare

HERE = Path(__file__).parent
LIMIT = 600  # seconds of wall time for one method of a peer
FIVE = tuple(f"{name}-five" for name in MANY)
OURS = (*METHODS, *FIVE, "tangent_kernel-path", "tangent_kernel-five-path", "ridge_on_inputs")
THEIRS = {
    "kronfluence": ("ekfac", "ekfac-heuristic", "ekfac-heuristic-empirical"),
    "pydvl": ("ekfac",),
    "traker": ("trak-512", "trak-512-ridge", "trak-512-ridge-five"),
    "dattri": ("trak-512", "ekfac"),
    "captum": ("tracin", "tracin-fast"),
}
# The other two tasks compare each peer at its best: by what it reached on the perceptron, and where it runs at all.
BEST = {
    "kronfluence": ("ekfac-heuristic", "ekfac-heuristic-empirical"),
    "pydvl": ("ekfac",),
    "traker": ("trak-512-ridge",),
    "dattri": ("trak-512",),
    "captum": ("tracin",),
}


def limited(command: list[str | Path]) -> str:
    """Run on one thread within the limit; what went wrong, or nothing."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        return f"stopped after {LIMIT} s"
    lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    return lines[-1] if done.returncode else ""


def score(task: str, package: str, method: str, python: Path, again: bool) -> None:
    """Scores and cost of one method in the cache, or a note why there are none."""
    folder = CACHE / "scores" / task
    folder.mkdir(parents=True, exist_ok=True)
    out, refused = folder / f"{package}-{method}.npz", folder / f"{package}-{method}.txt"
    if not again and (out.exists() or refused.exists()):
        return
    print(f"{task}: {package} {method}", flush=True)
    out.unlink(missing_ok=True)
    refused.unlink(missing_ok=True)
    script = "score_samplewise.py" if package == "samplewise" else f"peer_{package}.py"
    problem = limited([python, script, task, method, CACHE / "tasks", out])
    if problem:
        refused.write_text(problem + "\n", encoding="utf-8")
        print(f"  {problem}", flush=True)


def score_neighbors(peer: Path | None, again: bool) -> None:
    """Nearest-neighbor Shapley values of both sides, and ours on 100,000 rows."""
    sides = [("ours", Path(sys.executable), 0), ("ours", Path(sys.executable), 100_000)]
    sides += [("pydvl", peer, 0)] if peer else []
    for side, python, rows in sides:
        out = CACHE / "scores" / f"knn-{side}-{rows}.npz"
        if again or not out.exists():
            print(f"nearest-neighbor Shapley: {side}, {rows or 'task'} rows", flush=True)
            print(limited([python, "knn.py", side, CACHE / "tasks", out, "--rows", str(rows)]) or "  done", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", choices=TASKS, action="append", help="default: the three that are quoted")
    parser.add_argument("--package", choices=("samplewise", *PEERS), action="append", help="default: all")
    parser.add_argument("--again", action="store_true", help="measure anew what has been measured")
    queried = parser.parse_args()
    tasks, packages = queried.task or QUOTED, queried.package or ("samplewise", *PEERS)
    pythons: dict[str, Path | None] = {"samplewise": Path(sys.executable)}
    pythons |= {peer: python_of(peer, CACHE / "venvs") for peer in PEERS if peer in packages}
    for name in tasks:
        prepare(TASKS[name], CACHE / "tasks" / name, os.cpu_count() or 1)
        chosen = {"samplewise": OURS} | (THEIRS if name.startswith("perceptron") else BEST)
        for package in packages:
            python = pythons[package]
            for method in chosen[package] if python else ():
                score(name, package, method, python, queried.again)
    if "perceptron" in tasks:
        score_neighbors(pythons.get("pydvl"), queried.again)
    write_tables(CACHE, [name for name in QUOTED if (CACHE / "scores" / name).exists()])


if __name__ == "__main__":
    main()
