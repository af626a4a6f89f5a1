"""What an audit costs: start-up, the demo, Adult, 50,000 embeddings, growth with the rows, a folder of images.

    python benchmarks/audit.py                          # every task, three runs each; minutes
    python benchmarks/audit.py --only adult --runs 1    # one task

Every run is a process of its own, measured from outside (wall and CPU seconds, peak memory of process and workers).
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "audit.json"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data"))
COMMAND = "import sys, tempfile; sys.argv = {}; from samplewise.cli import main; main()"
PREAMBLE = """
import json, sys, tempfile
import numpy as np
import samplewise as sw
def made(n, d=256, c=10):
    draw = np.random.default_rng(0)
    y = draw.integers(0, c, n)
    latent = 2 * draw.normal(size=(c, 25))[y] + draw.normal(size=(n, 25))
    X = np.tanh(latent @ draw.normal(size=(25, d)) / 5) + 0.1 * draw.normal(size=(n, d))
    wrong = draw.random(n) < 0.05
    return X, np.where(wrong, (y + 1) % c, y)
def say(audit):
    slow = sorted(((o.seconds, o.code) for o in audit.record.outcomes), reverse=True)[:4]
    e = audit.record.environment
    failed = [o.code + ": " + o.reason for o in audit.record.outcomes if o.status == "failed"]
    print(json.dumps({"slowest": slow, "advice": e["advice_seconds"], "fits": e["fits_made"], "failed": failed}))
"""


def tasks() -> dict[str, tuple[str, str]]:
    """Name -> (what it measures, the program)."""
    adult = f"{DATA / 'groups' / 'adult.csv.gz'}"
    read = f'options = dict(label="income", drop_columns=["fnlwgt"]); path = {adult!r}'
    found = {
        "import": ("import samplewise", "import samplewise"),
        "help": ("samplewise --help", COMMAND.format("['samplewise', '--help']")),
        "demo": ("samplewise demo", COMMAND.format("['samplewise', 'demo', '--out', tempfile.mkdtemp() + '/run']")),
        "made-50k": ("50,000 x 256, 10 classes, full audit", "say(sw.audit(*made(50_000)))"),
    }
    if Path(adult).exists():
        found["adult"] = ("Adult, full audit with tested advice", f"{read}; say(sw.audit(path, **options))")
        found["adult-findings"] = (
            "Adult, data checks and label findings",
            f"{read}; say(sw.audit(path, checks='SW1,SW2', budget=None, **options))",
        )
    for rows in (1_000, 10_000, 100_000):
        found[f"growth-{rows}"] = (f"{rows:,} x 32, 5 classes, full audit", f"say(sw.audit(*made({rows}, 32, 5)))")
    found["growth-1000000"] = (
        "1,000,000 x 32, 5 classes, data, label and error checks",
        "say(sw.audit(*made(1_000_000, 32, 5), checks='SW1,SW201,SW501'))",
    )
    found["images-200k"] = ("200,000 images in folders, fast checks", IMAGES)
    return found


IMAGES = textwrap.dedent("""
    from pathlib import Path
    from PIL import Image
    folder = Path(tempfile.mkdtemp())
    draw = np.random.default_rng(0)
    for number in range(200_000):
        kind = folder / f"class{number % 4}"
        kind.mkdir(exist_ok=True)
        pixels = draw.integers(0, 120, (16, 16), dtype=np.uint8)
        pixels[4 * (number % 4):4 * (number % 4) + 4] += 100
        Image.fromarray(pixels).save(kind / f"{number}.png")
    import time
    started = time.perf_counter()
    audit = sw.audit(folder, checks="SW101,SW105,SW201")
    print(json.dumps({"audit_seconds": round(time.perf_counter() - started, 1)}))
    say(audit)
""")


def measured(program: str, runs: int) -> dict[str, object]:
    """Median wall and CPU seconds and the largest peak memory over some runs, and what the program printed last."""
    source = program if program.startswith("import s") else PREAMBLE + program
    walls, processors, printed, peak = [], [], "", 0.0
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
            script.write(source)
            script.flush()
            started = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, script.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            peak = max(peak, watched_peak(process))
            printed, errors = process.communicate()
        walls.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processors.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        if process.returncode not in (0, 1):
            raise SystemExit(f"failed with {process.returncode}:\n{errors[-3000:]}")
    last = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return {
        "wall_seconds": round(statistics.median(walls), 2), "cpu_seconds": round(statistics.median(processors), 2),
        "peak_gib": round(peak, 2), "runs": runs, "said": last,
    }  # fmt: skip


def watched_peak(process: "subprocess.Popen[str]") -> float:
    """Largest sum of resident memory of a process and its descendants, in GiB, while it runs."""
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(resident(pid) for pid in family(process.pid)))
        time.sleep(0.05)
    return peak / 2**30


def family(pid: int) -> list[int]:
    """A process and everything it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        started = [int(child) for child in children.read_text().split()]
    except OSError:
        return []
    return [pid, *(member for child in started for member in family(child))]


def resident(pid: int) -> int:
    """Bytes of memory only this process holds, so that pages shared with workers count once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    except (OSError, IndexError):
        return 0


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(tasks()), help="tasks to measure (default: all)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each task; the median is kept")
    arguments = parser.parse_args()
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"tasks": {}}
    kept["machine"] = {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
    kept["versions"] = {name: version(name) for name in ("samplewise", "numpy", "scipy", "scikit-learn", "pandas")}
    for name, (title, program) in tasks().items():
        if arguments.only and name not in arguments.only:
            continue
        figures = measured(program, arguments.runs)
        kept["tasks"][name] = {"title": title, **figures}
        print(f"{title}: {figures}", flush=True)
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
