"""Importance resampling beside the peer `data-selection` on one pool, and a large file in bounded memory.

    python benchmarks/resampling.py --peer /tmp/peer/bin/python    # an environment with data-selection==1.0.3
    python benchmarks/resampling.py --stream 1000                  # megabytes of synthetic text

The pool is that of `reproductions/importance_resampling.py`: 4,656 chunks of about 120 words, 328 target chunks, 328
rows drawn. CPU seconds are of the work, and of whole processes with imports; the divergence of both selections is
measured in the buckets of ours. `--stream` writes a file of random words, of which a tenth of the rows is of the
target's words, and fits it in a process of its own, whose largest memory is read at its end.
"""

import argparse
import importlib.util
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from samplewise.core.arrays import Array
from samplewise.core.randomness import generator
from samplewise.selection import ImportanceResampler

HERE = Path(__file__).parent
OURS = """
import json, sys, time
from samplewise.selection import ImportanceResampler
ImportanceResampler()
began = time.process_time()
weights = ImportanceResampler().fit(sys.argv[1], sys.argv[2])
ids = weights.sample(int(sys.argv[3])).tolist()
print(json.dumps([time.process_time() - began, ids]))
"""
THEIRS = """
import json, sys, time
from pathlib import Path
from data_selection import HashedNgramDSIR
raw, target, count, work = sys.argv[1:]
began = time.process_time()
dsir = HashedNgramDSIR([raw], [target], cache_dir=work, num_proc=1, min_example_length=1)
dsir.fit_importance_estimator()
dsir.compute_importance_weights()
dsir.resample(out_dir=work + "/out", num_to_sample=int(count), cache_dir=work + "/cache")
seconds = time.process_time() - began
lines = [line for file in Path(work + "/out").glob("*") for line in file.read_text().splitlines()]
print(json.dumps([seconds, [json.loads(line)["id"] for line in lines]]))
"""


def in_a_process(python: str, code: str, *words: Any) -> tuple[Array, float, float, float]:
    """Ids that a process drew, its CPU seconds without and with imports, and its largest memory in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([python, "-c", code, *map(str, words)], check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    whole = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    seconds, ids = json.loads(done.stdout.strip().splitlines()[-1])
    return np.array(ids), seconds, whole, after.ru_maxrss / 1024


def beside(peer: str) -> dict[str, Any]:
    """Both on one pool."""
    spec = importlib.util.spec_from_file_location("r", HERE.parent / "reproductions" / "importance_resampling.py")
    assert spec is not None
    assert spec.loader is not None
    reproduction = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reproduction)
    pool, kinds, target, _ = reproduction.split(0, reproduction.documents())
    weights = ImportanceResampler().fit(pool, target)
    found: dict[str, Any] = {"rows": len(pool), "megabytes": round(sum(map(len, pool)) / 1e6, 2)}
    with tempfile.TemporaryDirectory() as folder:
        raw, wanted = Path(folder) / "raw.jsonl", Path(folder) / "target.jsonl"
        for file, rows in ((raw, pool), (wanted, target)):
            lines = [json.dumps({"id": at, "text": row, "contents": row}) for at, row in enumerate(rows)]
            file.write_text("\n".join(lines) + "\n", "utf-8")
        for name, python, code in (("samplewise", sys.executable, OURS), ("data-selection", peer, THEIRS)):
            more = [Path(folder) / "work"] if code is THEIRS else []
            ids, seconds, whole, _ = in_a_process(python, code, raw, wanted, len(target), *more)
            found[name] = {
                "cpu_seconds": round(seconds, 2),
                "cpu_seconds_with_imports": round(whole, 2),
                "purity": float(np.mean(kinds[ids] == "documentation")),
                "divergence_reduction": weights.divergence_reduction(ids).value,
            }
    found["ratio"] = round(found["data-selection"]["cpu_seconds"] / found["samplewise"]["cpu_seconds"], 1)
    return found


def stream(megabytes: int) -> dict[str, Any]:
    """One large file."""
    draw = generator(0, "stream")
    words = np.array(["".join(draw.choice(list("abcdefghijklmnopqrst"), draw.integers(2, 10))) for _ in range(50_000)])
    with tempfile.TemporaryDirectory() as folder:
        raw, wanted = Path(folder) / "raw.jsonl", Path(folder) / "target.txt"
        wanted.write_text("\n".join(" ".join(draw.choice(words[:5000], 120)) for _ in range(500)), "utf-8")
        rows = 0
        with raw.open("w", encoding="utf-8") as lines:
            while lines.tell() < megabytes * 1_000_000:
                drawn = draw.integers(5000, len(words), (2000, 120))
                drawn[::10] = draw.integers(0, 5000, (200, 120))
                lines.writelines(json.dumps({"text": " ".join(row)}) + "\n" for row in words[drawn].tolist())
                rows += len(drawn)
        size = raw.stat().st_size / 1e6
        ids, seconds, _, memory = in_a_process(sys.executable, OURS, raw, wanted, 10_000)
    return {
        "megabytes": round(size, 1), "rows": rows, "cpu_seconds": round(seconds, 1),
        "megabytes_per_cpu_second": round(size / seconds, 1), "largest_memory_mb": round(memory),
        "purity": float(np.mean(ids % 10 == 0)),
    }  # fmt: skip


def main() -> None:
    """Measure what is asked for, print it, and keep it beside what was measured before."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", help="python of an environment with data-selection")
    parser.add_argument("--stream", type=int, help="megabytes of text")
    given = parser.parse_args()
    if not (given.peer or given.stream):
        print("nothing is measured without --peer PYTHON or --stream MEGABYTES")
        return
    file = HERE / "results" / "resampling.json"
    kept = json.loads(file.read_text("utf-8")) if file.exists() else {}
    kept["machine"] = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    kept["samplewise"] = version("samplewise")
    if given.peer:
        kept["beside"] = beside(given.peer) | {"peer": "data-selection 1.0.3"}
        print(kept["beside"])
    if given.stream:
        kept["stream"] = stream(given.stream)
        print(kept["stream"])
    file.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
