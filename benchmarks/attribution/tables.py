"""Scores evaluated and put into tables: benchmarks/results/attribution.json and attribution.md."""

import json
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tasks import CACHE, QUOTED, TASKS

from samplewise.core.values import Attribution, Estimate
from samplewise.influence import datamodeling_score_difference, linear_datamodeling_score

RESULTS = Path(__file__).parent.parent / "results"
RESAMPLES = 400  # of each bootstrap: some seconds a line


@dataclass(frozen=True)
class Line:
    """One method on one task: what it cost and how well it predicted the retrainings."""

    package: str
    method: str
    attribution: Attribution
    quality: Estimate
    cost: dict[str, Any]

    @property
    def name(self) -> str:
        """Package and method."""
        return f"{self.package} {self.method}"

    @property
    def several(self) -> bool:
        """Whether it used more than the one trained model."""
        return "five" in self.method or "path" in self.method


def write_tables(cache: Path, tasks: list[str]) -> None:
    """Evaluate every score in the cache and write both files."""
    record: dict[str, Any] = {"machine": machine(), "tasks": {}}
    pages = [
        "# Data attribution compared with its peers\n",
        "Made by `python benchmarks/attribution/run.py`. LDS: rank correlation between what the scores predict of 50"
        " random halves of the rows and what models retrained on them said (mean of three seeds), mean over 500"
        " queries; 95 % bootstrap interval over halves and queries. One thread; memory is growth over the level"
        " before the call.\n",
    ]
    for name in tasks:
        record["tasks"][name], page = evaluated(cache, name)
        pages.append(page)
    neighbors = neighbor_values(cache / "scores")
    if neighbors:
        record["nearest-neighbor Shapley values"] = neighbors
        pages.append(neighbor_page(neighbors))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "attribution.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    (RESULTS / "attribution.md").write_text("\n".join(pages), encoding="utf-8")
    print((RESULTS / "attribution.md").read_text(encoding="utf-8"))


def evaluated(cache: Path, task: str) -> tuple[dict[str, Any], str]:
    """Figures and page of one task."""
    with np.load(cache / "tasks" / task / "truth.npz") as stored:
        masks, outputs = stored["masks"], stored["outputs"].astype(np.float64)
    lines, ceiling = [], None
    for file in sorted((cache / "scores" / task).glob("*.npz")):
        package, _, method = file.stem.partition("-")
        with np.load(file) as stored:
            scores, cost = stored["scores"].astype(np.float64), json.loads(str(stored["cost"]))
        attribution = Attribution(scores, np.arange(len(scores)), np.arange(scores.shape[1]), "any")
        found = linear_datamodeling_score(attribution, masks, outputs, n_resamples=RESAMPLES)
        lines.append(Line(package, method, attribution, found.estimate, cost))
        ceiling = found.ceiling
    lines.sort(key=lambda line: -line.quality.value)
    notes = (cache / "scores" / task).glob("*.txt")
    refused = {note.stem.replace("-", " ", 1): note.read_text(encoding="utf-8").strip() for note in notes}
    paired = compared(lines, masks, outputs)
    figures = {
        "ceiling": shown(ceiling) if ceiling else None,
        "methods": {line.name: {"lds": shown(line.quality), **line.cost} for line in lines},
        "ours minus the best peer, paired": paired,
        "gave no scores": refused,
    }
    return figures, task_page(task, lines, figures)


def compared(lines: list[Line], masks: np.ndarray, outputs: np.ndarray) -> dict[str, Any]:
    """Our methods against the best peer of one model: difference in quality, shares of its time and memory."""
    peers = [line for line in lines if line.package != "samplewise" and not line.several]
    if not peers:
        return {}
    best, found = peers[0], {}
    for line in (line for line in lines if line.package == "samplewise"):
        pair = (line.attribution, best.attribution)
        difference = datamodeling_score_difference(*pair, masks, outputs, n_resamples=RESAMPLES)
        found[line.name] = {
            "peer": best.name,
            "difference": shown(difference),
            "its processor time over ours": best.cost["cpu_seconds"] / line.cost["cpu_seconds"],
            "its memory over ours": best.cost["peak_megabytes"] / max(line.cost["peak_megabytes"], 1.0),
        }
    return found


def shown(estimate: Estimate) -> dict[str, float]:
    """Value and interval."""
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def task_page(task: str, lines: list[Line], figures: dict[str, Any]) -> str:
    """One task as Markdown."""
    made = TASKS[task]
    count = sum(part.numel() for part in made.make_module().parameters())
    ceiling = figures["ceiling"]
    page = [f"\n## {task}: {count:,} parameters, {made.rows:,} rows, {made.source}\n"]
    if ceiling:
        page.append(f"Agreement of disjoint seeds (the noise ceiling): {ceiling['value']:.3f}.\n")
    page += ["| package | method | LDS | 95 % interval | CPU s | memory, MB |", "|---|---|---:|---|---:|---:|"]
    for line in lines:
        name = f"**{line.package}**" if line.package == "samplewise" else line.package
        quality, cost = line.quality, line.cost
        page.append(
            f"| {name} | {line.method} | {quality.value:.3f} | {quality.low:.3f} to {quality.high:.3f} "
            f"| {cost['cpu_seconds']:.2f} | {cost['peak_megabytes']:.0f} |"
        )
    page += [f"\nNo scores: {name}: {reason}" for name, reason in sorted(figures["gave no scores"].items())]
    paired = figures["ours minus the best peer, paired"]
    if paired:
        peer = next(iter(paired.values()))["peer"]
        page += [f"\nPaired, ours minus {peer} (the best peer of one model):\n"]
        page += [
            "| samplewise | difference | 95 % interval | its CPU over ours | its memory over ours |",
            "|---|---:|---|---:|---:|",
        ]
        for name, row in paired.items():
            gap = row["difference"]
            page.append(
                f"| {name.split(' ', 1)[1]} | {gap['value']:+.3f} | {gap['low']:+.3f} to {gap['high']:+.3f} "
                f"| {times(row['its processor time over ours'])} | {times(row['its memory over ours'])} |"
            )
    return "\n".join(page) + "\n"


def times(ratio: float) -> str:
    """A ratio with as many digits as it deserves."""
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}"


def neighbor_values(folder: Path) -> dict[str, Any]:
    """Costs of both sides and their largest difference."""
    found: dict[str, Any] = {}
    values = {}
    for file in sorted(folder.glob("knn-*.npz")):
        with np.load(file) as stored:
            values[file.stem], found[file.stem.removeprefix("knn-")] = stored["values"], json.loads(str(stored["cost"]))
    if {"knn-ours-0", "knn-pydvl-0"} <= values.keys():
        found["largest difference"] = float(np.abs(values["knn-ours-0"] - values["knn-pydvl-0"]).max())
        found["its processor time over ours"] = found["pydvl-0"]["cpu_seconds"] / found["ours-0"]["cpu_seconds"]
    return found


def neighbor_page(found: dict[str, Any]) -> str:
    """The neighbor values as Markdown."""
    names = {"ours-0": "samplewise, 2,000", "pydvl-0": "pyDVL, 2,000", "ours-100000": "samplewise, 100,000"}
    page = ["\n## Nearest-neighbor Shapley values, 500 queries\n", "| rows | CPU s | memory, MB |", "|---|---:|---:|"]
    page += [
        f"| {name} | {found[key]['cpu_seconds']:.2f} | {found[key]['peak_megabytes']:.0f} |"
        for key, name in names.items()
        if key in found
    ]
    if "largest difference" in found:
        page.append(
            f"\nLargest difference of any value: {found['largest difference']:.1e}; "
            f"processor time of pyDVL over ours: {found['its processor time over ours']:.0f}."
        )
    return "\n".join(page) + "\n"


def machine() -> dict[str, Any]:
    """What the figures hold for."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads per method": 1,
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    write_tables(CACHE, [name for name in QUOTED if (CACHE / "scores" / name).exists()])
