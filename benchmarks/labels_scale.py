"""Wrong labels among a million rows of a thousand classes, from predictions that lie on disk: memory and time.

    python benchmarks/labels_scale.py                               # 1,000,000 x 1,000 in half precision: 2 GB on disk
    python benchmarks/labels_scale.py --rows 100000 --classes 300   # a quick run, overwrites nothing

Every method runs in a process of its own. Peak memory is that of the process's own (anonymous) pages, read every
10 ms: pages of the file that the system keeps at hand are not counted, they are given back when memory is short.
2 % of the labels are replaced by another class. Seconds are those a person waits, with whatever else the machine does.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score

from samplewise.data import Dataset
from samplewise.labels import confident_learning, find_label_issues

RESULTS = Path(__file__).parent / "results"
METHODS = ("posterior", "confident_learning", "confident_joint")
FLIPPED, BLOCK = 0.02, 20_000


def make(folder: Path, rows: int, classes: int) -> None:
    """Predictions of a good model, written block by block, and labels of which some are wrong."""
    draw = np.random.default_rng(0)
    truth = draw.integers(0, classes, rows)
    P = np.lib.format.open_memmap(folder / "P.npy", mode="w+", dtype=np.float16, shape=(rows, classes))
    for start in range(0, rows, BLOCK):
        stop = min(start + BLOCK, rows)
        logits = draw.standard_normal((stop - start, classes), dtype=np.float32)
        logits[np.arange(stop - start), truth[start:stop]] += draw.normal(9.0, 3.0, stop - start)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        P[start:stop] = shares / shares.sum(axis=1, keepdims=True)
    P.flush()
    given = truth.copy()
    flipped = draw.random(rows) < FLIPPED
    given[flipped] = (given[flipped] + draw.integers(1, classes, flipped.sum())) % classes
    names = np.array([f"c{code:04d}" for code in range(classes)])
    np.savez(folder / "labels.npz", given=names[given], codes=given, flipped=flipped)


class OwnMemory:
    """The largest anonymous memory of this process while it is open, in MB."""

    def __enter__(self) -> "OwnMemory":
        self.before = self.peak = self._now()
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._done.wait(0.01):
            self.peak = max(self.peak, self._now())

    @staticmethod
    def _now() -> float:
        held = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
        return int(held.split()[1]) / 1024


def measured(folder: Path, method: str) -> dict[str, float]:
    """One method on the predictions of a folder."""
    P = np.load(folder / "P.npy", mmap_mode="r")
    with np.load(folder / "labels.npz") as held:
        given, codes, flipped = held["given"], held["codes"], held["flipped"]
    X = np.random.default_rng(1).normal(size=(len(given), 4)).astype(np.float32)
    data = Dataset(X, given)
    with OwnMemory() as memory:
        start = time.perf_counter()
        if method == "confident_joint":
            found = confident_learning(P, codes)
            wrong, flags = 1.0 - found.self_confidence, found.flagged()
        else:
            issues = find_label_issues(data, learner="linear", probabilities=P, n_rounds=1, method=method)
            wrong, flags = issues.wrong.values, issues.posterior.flagged
        seconds = time.perf_counter() - start
    return {
        "seconds": seconds, "peak_mb": memory.peak, "peak_above_start_mb": memory.peak - memory.before,
        "average_precision": float(average_precision_score(flipped, wrong)), "flagged": int(flags.sum()),
        "flipped": int(flipped.sum()), "flagged_and_flipped": int((flags & flipped).sum()),
    }  # fmt: skip


def table_of(found: dict) -> str:
    """One row per method."""
    rows, classes = found["rows"], found["classes"]
    lines = [
        f"{rows:,} rows, {classes:,} classes; the predictions take {rows * classes / 2**19:,.0f} MB on disk, a copy in "
        f"double precision would take {rows * classes / 2**17:,.0f} MB.", "",
        "| method | s | own memory at the peak, MB | of that above the start | average precision | flags | right |",
        "|-|-|-|-|-|-|-|",
    ]  # fmt: skip
    for name, row in found["methods"].items():
        lines.append(
            f"| {name} | {row['seconds']:.0f} | {row['peak_mb']:,.0f} | {row['peak_above_start_mb']:,.0f} | "
            f"{row['average_precision']:.3f} | {row['flagged']:,} for {row['flipped']:,} flips | "
            f"{row['flagged_and_flipped']:,} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--classes", type=int, default=1000)
    parser.add_argument("--one", choices=METHODS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    queried = parser.parse_args()
    if queried.one:
        print(json.dumps(measured(queried.folder, queried.one)))
        return
    found: dict = {"rows": queried.rows, "classes": queried.classes, "methods": {}}
    with tempfile.TemporaryDirectory() as name:
        make(Path(name), queried.rows, queried.classes)
        for method in METHODS:
            command = [sys.executable, __file__, "--one", method, "--folder", name]
            notes = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found["methods"][method] = json.loads(notes.splitlines()[-1])
            print(method, found["methods"][method], flush=True)
    found["machine"] = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    found["versions"] = {package: version(package) for package in ("samplewise", "numpy")}
    whole = (queried.rows, queried.classes) == (1_000_000, 1000)
    file = RESULTS / ("labels_scale.json" if whole else f"labels_scale_{queried.rows}_{queried.classes}.json")
    file.write_text(json.dumps(found, indent=1))
    file.with_suffix(".md").write_text(table_of(found))
    print(table_of(found))


if __name__ == "__main__":
    main()
