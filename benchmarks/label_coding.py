"""How often labels are said to change their coding where they do not, and how often a change that was made is found.

    python benchmarks/label_coding.py            # some minutes on one core
    python benchmarks/label_coding.py --draws 20

Series of 600 and 1,500 rows with three classes, or a number, and five features. Without a change: features that stay,
drift along lines and curves or jump; rows of patients with an effect of their own, in two sites; features and labels
that carry over from row to row; and a season that no column shows. With one: from 60 % of the time on (or at one of
three sites) a share of the middle class is called the upper one. Counted is what `shift.label_coding` reports, so that
significance (1 %) and size (5 points) are both needed. Where it says that nothing can be told, this is counted apart.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from samplewise.data import Dataset
from samplewise.engine.statistics.intervals import share_interval
from samplewise.shift import label_coding

RESULTS = Path(__file__).parent / "results" / "label_coding"
SIZES, SHARES = (600, 1500), (0.3, 0.5, 0.8)
CUTS = (-0.7, 0.7)
Rows = tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]  # features, a number under the label, sources


def carried(draw: np.random.Generator, rows: int, share: float) -> np.ndarray:
    """A series of variance 1 that carries a share over from row to row."""
    values = draw.normal(size=rows)
    for row in range(1, rows):
        values[row] = share * values[row - 1] + np.sqrt(1.0 - share**2) * values[row]
    return values


def still(draw: np.random.Generator, rows: int) -> Rows:
    """Nothing changes."""
    X = draw.normal(size=(rows, 5))
    return X, X[:, 0] + np.sin(2.0 * X[:, 1]) + draw.normal(size=rows), {"time": np.arange(rows)}


def line(draw: np.random.Generator, rows: int) -> Rows:
    """Features move by 2 and 3 spreads; the label is a product and a wave of them."""
    X = draw.normal(size=(rows, 5))
    X[:, :2] += np.outer(np.linspace(0, 1, rows), [3.0, 2.0])
    number = X[:, 0] - 1.5 + np.sin(2.0 * X[:, 1]) + X[:, 2] * X[:, 1]
    return X, number + draw.normal(size=rows), {"time": np.arange(rows)}


def curve(draw: np.random.Generator, rows: int) -> Rows:
    """A feature moves by 4 spreads; the label is its square."""
    X = draw.normal(size=(rows, 5))
    X[:, 0] += np.linspace(0, 4, rows)
    return X, (X[:, 0] - 2.0) ** 2 - 2.0 + draw.normal(size=rows), {"time": np.arange(rows)}


def jump(draw: np.random.Generator, rows: int) -> Rows:
    """Two features jump in the middle; the label is their product."""
    X = draw.normal(size=(rows, 5))
    X[rows // 2 :, :2] += [2.0, -2.0]
    return X, X[:, 0] * X[:, 1] + X[:, 2] + draw.normal(size=rows), {"time": np.arange(rows)}


def series(draw: np.random.Generator, rows: int, share: float = 0.8) -> Rows:
    """Features and noise carry over from row to row."""
    X = np.column_stack([carried(draw, rows, 0.9) for _ in range(5)])
    number = X[:, 0] + np.sin(2.0 * X[:, 1]) + carried(draw, rows, share)
    return X, number, {"time": np.arange(rows)}


def slow(draw: np.random.Generator, rows: int) -> Rows:
    """The same, noise carrying over for longer."""
    return series(draw, rows, 0.95)


def season(draw: np.random.Generator, rows: int) -> Rows:
    """Four years with a season that the features do not show."""
    X, turn = draw.normal(size=(rows, 5)), 8.0 * np.pi * np.linspace(0, 1, rows)
    X[:, 0] += np.cos(turn)
    return X, X[:, 0] + 0.5 * np.sin(turn) + draw.normal(size=rows), {"time": np.arange(rows)}


def patients(draw: np.random.Generator, rows: int) -> Rows:
    """Ten rows a patient, who has an effect of their own and is of one of two sites."""
    patient = np.arange(rows) // 10
    X = draw.normal(size=(rows, 5)) + draw.normal(size=(rows // 10, 5))[patient]
    number = X[:, 0] + 1.5 * draw.normal(size=rows // 10)[patient] + draw.normal(size=rows)
    return X, number, {"groups": patient, "site": (patient % 2).astype(str)}


def sites(draw: np.random.Generator, rows: int) -> Rows:
    """Three sites whose features differ."""
    X, site = draw.normal(size=(rows, 5)), draw.integers(0, 3, rows)
    X[:, 0] += site
    return X, X[:, 0] - 1.0 + X[:, 1] * X[:, 2] + draw.normal(size=rows), {"site": site.astype(str)}


UNCHANGED = (still, line, curve, jump, series, slow, season, patients, sites)
CHANGED = (still, line, jump, series, sites)


def reported(rows: Rows, label: np.ndarray, seed: int) -> str:
    """What is said: a change, none, or that nothing can be told."""
    X, _, sources = rows
    segments = {"site": sources["site"]} if "site" in sources else None
    data = Dataset(X, label, time=sources.get("time"), groups=sources.get("groups"), segments=segments)
    found = label_coding(data, seed=seed)
    if found.found:
        return "changed"
    return "cannot be told" if all(change.reason for change in found.changes) else "unchanged"


def counted(make: Callable[..., Rows], rows: int, draws: int, share: float = 0.0, number: bool = False) -> dict:
    """How often each answer is given over so many draws."""
    answers = []
    for seed in range(draws):
        draw = np.random.default_rng([seed, rows])
        made = make(draw, rows)
        label = made[1] if number else np.array(["low", "middle", "high"])[np.digitize(made[1], CUTS)]
        if share:
            sources = made[2]
            there = sources["site"] == "1" if "site" in sources else sources["time"] >= 0.6 * rows
            moved = there & (label == "middle") & (draw.random(rows) < share)
            label = np.where(moved, "high", label)
        answers.append(reported(made, label, seed))
    hits = answers.count("changed")
    low, high = (round(float(end), 3) for end in share_interval(hits, draws))
    return {
        "rows": make.__name__, "n": rows, "label": "number" if number else "classes", "share_renamed": share,
        "draws": draws, "changed": hits, "low": low, "high": high, "cannot_be_told": answers.count("cannot be told"),
    }  # fmt: skip


def page(lines: list[dict]) -> str:
    """The counts as a table."""
    names = ("rows", "n", "label", "share_renamed", "draws", "changed", "low", "high", "cannot_be_told")
    table = ["| " + " | ".join(name.replace("_", " ") for name in names) + " |", "|-" * len(names) + "|"]
    table += ["| " + " | ".join(str(line[name]) for name in names) + " |" for line in lines]
    unchanged = [line for line in lines if not line["share_renamed"]]
    hits, draws = (sum(line[name] for line in unchanged) for name in ("changed", "draws"))
    head = f"Without a change, one is reported in {hits} of {draws} draws ({100 * hits / draws:.1f} %)."
    return "\n".join([head, "", *table]) + "\n"


def main() -> None:
    """Count, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=60)
    draws = parser.parse_args().draws
    asked = [(make, SIZES[0], draws, 0.0, number) for make in UNCHANGED for number in (False, True)]
    asked += [(make, SIZES[1], max(draws // 3, 1)) for make in UNCHANGED]
    asked += [(make, n, max(draws // 3, 1), share) for make in CHANGED for n in SIZES for share in SHARES]
    lines = []
    for one in asked:
        lines.append(counted(*one))
        print(lines[-1], flush=True)
    written = {"machine": platform.processor() or platform.machine(), "lines": lines}
    RESULTS.with_suffix(".json").write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    RESULTS.with_suffix(".md").write_text(page(lines), encoding="utf-8")
    print(page(lines))


if __name__ == "__main__":
    main()
