"""Whole audits of data with nothing wrong in it: how often does one name an error, or advise a change.

    python reproductions/clean_data.py              # 100 seeds of every kind; goes on where it stopped
    python reproductions/clean_data.py --seeds 20 --only table

Every data set is drawn from its own generator, so that nothing is there to find: no wrong label, no copy, no leak, no
shift between training and test rows. Classes overlap, rows are hard, cells are missing and one class is rare, as in
real data. What is claimed: at least 95 of 100 audits name no finding of severity "error".

A regression misses some rows by far though no label is wrong, and to leave these out may truly help it. Whatever is
called "helps" there is therefore checked on 20,000 rows more from the same generator.
"""

import argparse
import json
import os
import platform
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import joblib
import numpy as np
import pandas as pd

import samplewise as sw
from samplewise.auditing import Audit
from samplewise.core.execution import SerialExecutor
from samplewise.engine.models.kernel_head import KernelHead
from samplewise.selection import apply
from samplewise.selection.decisions import decisions_of

HERE = Path(__file__).parent / "results"
CLAIM = 0.95
FRESH = 20_000


def overlapping(draw: np.random.Generator) -> dict[str, Any]:
    """1,000 rows of three overlapping Gaussian classes in ten dimensions, the best possible accuracy about 90 %."""
    centers = draw.normal(size=(3, 10))
    centers *= 2.4 / np.linalg.norm(centers[0] - centers[1])
    y = draw.integers(0, 3, 1000)
    return {"X": centers[y] + draw.normal(size=(1000, 10)), "y": y}


def embeddings(draw: np.random.Generator) -> dict[str, Any]:
    """1,500 rows of ten classes in 32 dimensions, each class of three clusters, as embeddings of a network lie."""
    centers = draw.normal(size=(30, 32))
    cluster = draw.integers(0, 30, 1500)
    return {"X": centers[cluster] + 0.8 * draw.normal(size=(1500, 32)), "y": cluster % 10}


def table(draw: np.random.Generator) -> dict[str, Any]:
    """1,200 mixed rows: numbers, categories, gaps at random, and a yes/no label drawn from a logistic model."""
    age, income = draw.integers(18, 80, 1200).astype(float), np.round(np.exp(draw.normal(10, 0.6, 1200)))
    town = draw.choice(["Aalen", "Bonn", "Celle", "Dessau"], 1200, p=[0.5, 0.3, 0.15, 0.05])
    logit = 0.06 * (age - 45) + 1.2 * (np.log(income) - 10) + (town == "Bonn") - 1.5
    frame = pd.DataFrame({"age": age, "income": income, "town": town, "score": draw.normal(size=1200).round(3)})
    frame.loc[draw.random(1200) < 0.08, "income"] = np.nan
    frame["bought"] = np.where(draw.random(1200) < 1 / (1 + np.exp(-logit)), "yes", "no")
    return {"X": frame, "label": "bought"}


def numbers(draw: np.random.Generator, rows: int = 800) -> dict[str, Any]:
    """800 rows with a number to predict, with noise."""
    X = draw.normal(size=(rows, 8))
    return {"X": X, "y": np.sin(2 * X[:, 0]) + X[:, 1] - 0.5 * X[:, 2] * X[:, 3] + 0.4 * draw.normal(size=rows)}


def with_test(draw: np.random.Generator) -> dict[str, Any]:
    """900 training and 400 test rows from one rare-class mixture: the test set is a fair one."""
    y = (draw.random(1300) < 0.08).astype(int)
    X = draw.normal(size=(1300, 6)) + 1.8 * y[:, np.newaxis] * np.array([1, 1, 0, 0, 0, 0])
    return {"X": X[:900], "y": y[:900], "test": (X[900:], y[900:])}


KINDS: dict[str, Callable[[np.random.Generator], dict[str, Any]]] = {
    "overlapping classes": overlapping,
    "clustered embeddings": embeddings,
    "mixed table": table,
    "regression": numbers,
    "rare class, with a test set": with_test,
}


def one_run(kind: str, seed: int) -> dict[str, list[str]]:
    """What one audit of one clean draw says: codes by severity, and the remedies it recommends."""
    given = KINDS[kind](np.random.default_rng([seed, *kind.encode()]))
    audit = sw.audit(**given, seed=seed, executor=SerialExecutor())
    said = {level: [f.code for f in audit.findings if f.severity == level] for level in ("error", "warning")}
    tested = [r for f in audit.findings for r in f.remedies if r.verdict not in ("", "not tested")]
    helping = [f"{f.code} {r.kind}" for f in audit.findings for r in f.remedies if r.verdict == "helps"]
    failed = [o.code for o in audit.record.outcomes if o.status == "failed"]
    found = said | {"helps": helping, "tested": [r.kind for r in tested], "failed": failed}
    return found | ({"truth": true_effects(audit, seed)} if kind == "regression" else {})


def true_effects(audit: Audit, seed: int) -> list[float]:
    """What the remedies called "helps" do on fresh rows, in hundredths of the label's standard deviation."""
    fresh = numbers(np.random.default_rng([seed, 1]), FRESH)

    def error(data: sw.Dataset) -> float:
        outputs = KernelHead().fit(data, seed=seed).outputs(fresh["X"])[:, 0]
        return 100 * float(np.abs(outputs - fresh["y"]).mean() / fresh["y"].std())

    helping = [r for f in audit.findings for r in f.remedies if r.verdict == "helps"]
    return [error(audit.data) - error(apply(audit.data, decisions_of([remedy])).data) for remedy in helping]


def table_of(runs: dict[str, dict[str, dict]]) -> str:
    """Per kind of data how many audits name an error, a warning, or advise a change."""
    lines = [
        '| clean data | audits | with an error | with a warning | remedies tested | of these called "helps" |',
        "|-|-|-|-|-|-|",
    ]
    for kind, done in runs.items():
        found = list(done.values())
        counted = {k: Counter(code for run in found for code in run[k]) for k in ("error", "warning", "helps")}
        share = [sum(bool(run[level]) for run in found) for level in ("error", "warning")]
        lines.append(
            f"| {kind} | {len(found)} | {share[0]}{_named(counted['error'])} | "
            f"{share[1]}{_named(counted['warning'])} | "
            f"{sum(len(run['tested']) for run in found)} | {sum(counted['helps'].values())}{_named(counted['helps'])} |"
        )
    everyone = [run for done in runs.values() for run in done.values()]
    without = sum(not run["error"] for run in everyone)
    failed = sum(bool(run["failed"]) for run in everyone)
    lines += ["", f"* No error finding in {without} of {len(everyone)} audits (claimed: at least {CLAIM:.0%})."]
    lines += [f"* A check failed in {failed} of them (claimed: none)."]
    truth = [effect for run in everyone for effect in run.get("truth", [])]
    if truth:
        right = sum(effect > 0 for effect in truth)
        lines += [
            f'* Regression: of {len(truth)} remedies called "helps", {right} do help on {FRESH:,} fresh rows (median '
            f"{np.median(truth):+.1f} hundredths of the label's standard deviation). No label is wrong there; the "
            "rows are those the model misses by far."
        ]
    return "\n".join(lines) + "\n"


def _named(counted: Counter[str]) -> str:
    return f" ({', '.join(f'{code}: {count}' for code, count in counted.most_common())})" if counted else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--only", default="", help="kinds of data whose name contains this")
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args()
    HERE.mkdir(exist_ok=True)
    file = HERE / "clean_data.json"
    runs = json.loads(file.read_text())["runs"] if file.exists() else {}
    for kind in KINDS:
        done = runs.setdefault(kind, {})
        wanted = [seed for seed in range(chosen.seeds) if str(seed) not in done]
        if chosen.only not in kind or not wanted:
            continue
        pool = joblib.Parallel(n_jobs=chosen.jobs, return_as="generator")
        for seed, run in zip(wanted, pool(joblib.delayed(one_run)(kind, seed) for seed in wanted), strict=True):
            done[str(seed)] = run
            write(file, runs)
    print(table_of({kind: done for kind, done in runs.items() if done}))


def write(file: Path, runs: dict[str, dict]) -> None:
    """Every run with machine and versions, and their table."""
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy", "scipy", "scikit-learn")}
    file.write_text(json.dumps({"machine": machine, "versions": versions, "runs": runs}, indent=1))
    file.with_suffix(".md").write_text(table_of({kind: done for kind, done in runs.items() if done}))


if __name__ == "__main__":
    main()
