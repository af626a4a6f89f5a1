"""results/labels.json as a page: found labels, mended labels, waiting times, real errors, and what was lost."""

from typing import Any

import numpy as np

OURS, QUALITY, SAME = "samplewise", "samplewise, 3 rounds", "samplewise, their P"
SELF = "cleanlab self_confidence"
PEER_SCORES = (SELF, "cleanlab normalized_margin", "cleanlab confidence_weighted_entropy")
FILTER = "cleanlab filter prune_by_noise_rate"
# What a prototype reached with three cross-validations of a network (mean of three seeds): average precision, F1.
PROTOTYPE = {
    ("digits", "symmetric 0.2"): (0.997, 0.973), ("digits", "pair 0.2"): (0.999, 0.984),
    ("Fashion-MNIST", "symmetric 0.2"): (0.957, 0.888), ("Fashion-MNIST", "pair 0.2"): (0.989, 0.943),
    ("Fashion-MNIST", "confusable 0.2"): (0.850, 0.778),
}  # fmt: skip
HOW = (
    "Made by `make bench-labels`: means over the seeds. AP is average precision. A cleanlab filter is called the best",
    "where its F1 is, with the answers known; no user can choose so. Calibration error is the mean distance of stated",
    "and true shares of wrong labels over ten bins. CPU is processor time over that of the one cross-validation that",
    "gives the peers their probabilities P.",
)
LOST = (
    "Rows in which the better of cleanlab's scores, or its default flags, are ahead of us on average; 'beyond noise'",
    "is more than two standard errors of the paired difference over seeds.",
)
FINDING = (
    "flips", "AP ours", "3 rounds", "on their P", "cleanlab: self-confidence", "margin", "entropy",
    "10 / 30 neighbors", "one training run", "F1 ours", "3 rounds", "cleanlab default", "its best filter",
    "calibration error ours", "P", "flags / errors", "CPU", "3 rounds",
)  # fmt: skip
MENDING = (
    "flips", "labels right, given", "relabeled by us", "3 rounds", "by cleanlab", "test accuracy, given",
    "ours relabeled", "ours dropped", "3 rounds relabeled", "cleanlab relabeled", "cleanlab dropped", "right labels",
)  # fmt: skip


class Setting:
    """All seeds of one noise of one task."""

    def __init__(self, task: str, noise: str, seeds: dict[str, Any]) -> None:
        self.task, self.noise, self.runs = task, noise, list(seeds.values())

    def values(self, method: str, key: str) -> np.ndarray:
        """(seeds,) one measure of one method; NaN where it has none."""
        return np.array([run["methods"].get(method, {}).get(key, np.nan) for run in self.runs])

    def best(self, prefix: str, key: str) -> str:
        """Of the methods whose name starts so, the one with the largest mean."""
        names = [name for name, row in self.runs[0]["methods"].items() if name.startswith(prefix) and key in row]
        return max(names, key=lambda name: self.values(name, key).mean())

    def accuracy(self, arm: str) -> float:
        return float(np.mean([run["test_accuracy"][arm] for run in self.runs]))

    @property
    def wrong(self) -> np.ndarray:
        return np.array([run["wrong"] for run in self.runs])


def pages(found: dict[str, Any]) -> str:
    text = ["# Wrong labels compared with the peers", "", *HOW, ""]
    lost: list[str] = []
    for task, noises in found.get("settings", {}).items():
        settings = [Setting(task, noise, seeds) for noise, seeds in noises.items() if seeds]
        noisy = [setting for setting in settings if setting.wrong.all()]
        seeds = max((len(setting.runs) for setting in settings), default=0)
        text += [f"## {task} ({seeds} seeds)", "", *finding(noisy), "", *mending(noisy), ""]
        text += [clean_line(setting) for setting in settings if not setting.wrong.any()] + [""]
        for setting in noisy:
            lost += losses(setting)
    text += ["## Against the prototype", "", *prototype(found), ""]
    text += ["## Lost", "", *LOST, "", *(lost or ["None."]), ""]
    return "\n".join([*text, *waiting(found.get("waits", {})), *real(found.get("reviewed", {}))])


def finding(settings: list[Setting]) -> list[str]:
    """Who finds the wrong labels."""
    lines = heading(FINDING)
    for one in settings:
        best = one.best("cleanlab filter", "f1")
        kin = " / ".join(mean(one.values(f"{count} neighbors", "ap")) for count in (10, 30))
        runs = [one.values(name, "ap").mean() for name in ("margin (AUM)", "mean confidence", "forgetting")
                if name in one.runs[0]["methods"]]  # fmt: skip
        cpu = one.values(SELF, "cpu")
        cells = [
            one.noise, *(mean(one.values(name, "ap")) for name in (OURS, QUALITY, SAME, *PEER_SCORES)),
            kin, f"{max(runs):.3f}" if runs else "", mean(one.values(OURS, "f1")), mean(one.values(QUALITY, "f1")),
            mean(one.values(FILTER, "f1")), f"{mean(one.values(best, 'f1'))} ({best.split()[-1]})",
            mean(one.values(OURS, "calibration_error")), mean(one.values(SELF, "calibration_error")),
            f"{(one.values(OURS, 'flags') / one.wrong).mean():.2f}",
            f"{np.median(one.values(OURS, 'cpu') / cpu):.1f}", f"{np.median(one.values(QUALITY, 'cpu') / cpu):.1f}",
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def mending(settings: list[Setting]) -> list[str]:
    """What acting on it does."""
    lines = heading(MENDING)
    for one in settings:
        given = 1.0 - one.wrong / one.runs[0]["rows"]
        arms = ("as given", f"{OURS}: relabeled", f"{OURS}: dropped", f"{QUALITY}: relabeled",
                f"{FILTER}: relabeled", f"{FILTER}: dropped", "right")  # fmt: skip
        cells = [one.noise, mean(given), *(mean(one.values(name, "labels_right")) for name in (OURS, QUALITY, FILTER)),
                 *(f"{one.accuracy(arm):.3f}" for arm in arms)]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def clean_line(setting: Setting) -> str:
    """Flags on labels with no planted flip."""
    counts = ", ".join(f"{mean(setting.values(name, 'flags'), 0)} {label}" for name, label in
                       ((OURS, "by us"), (QUALITY, "by three rounds"), (FILTER, "by cleanlab's default filter"),
                        ("10 neighbors", "by ten neighbors")))  # fmt: skip
    return f"No flips planted: {counts} of {setting.runs[0]['rows']:,} labels flagged."


def losses(one: Setting) -> list[str]:
    """Where a peer is ahead, by our default and by three rounds."""
    lines = []
    peers = {"ap": max(PEER_SCORES, key=lambda name: one.values(name, "ap").mean()), "f1": FILTER}
    for key, peer in peers.items():
        for name in (OURS, QUALITY):
            ahead = one.values(peer, key) - one.values(name, key)
            if ahead.mean() > 0.0005:
                error = ahead.std(ddof=1) / np.sqrt(len(ahead)) if len(ahead) > 1 else np.inf
                word = "beyond noise" if ahead.mean() > 2 * error else "within noise"
                margin = f"{ahead.mean():.3f} in {key.upper()}, {word}"
                lines.append(f"* {one.task}, {one.noise}: {peer} is ahead of {name} by {margin}.")
    return lines


def prototype(found: dict[str, Any]) -> list[str]:
    """The figures the issue sets."""
    lines = heading(("task, flips", "AP prototype", "ours", "3 rounds", "F1 prototype", "ours", "3 rounds"))
    for (task, noise), (precision, f1) in PROTOTYPE.items():
        for name in (task, f"{task}, network"):
            seeds = found.get("settings", {}).get(name, {}).get(noise)
            if seeds:
                one = Setting(name, noise, seeds)
                precisions, harmonic = (
                    [spread(one.values(side, key)) for side in (OURS, QUALITY)] for key in ("ap", "f1")
                )
                cells = [f"{name}, {noise}", f"{precision:.3f}", *precisions, f"{f1:.3f}", *harmonic]
                lines.append("| " + " | ".join(cells) + " |")
    return lines


def waiting(waits: dict[str, Any]) -> list[str]:
    """What a person waits."""
    if not waits:
        return []
    lines = [
        "## Waiting time", "",
        "Seconds on two cores, a fifth of symmetric flips; cleanlab with the cross-validation it needs.", "",
        *heading(("task", "samplewise", "3 rounds", "cleanlab", "two remedies tested")),
    ]  # fmt: skip
    for task, row in waits.items():
        cells = (f"{row[key]:.1f}" for key in (OURS, QUALITY, "cleanlab", "two remedies tested"))
        lines.append(f"| {task} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def real(reviewed: dict[str, Any]) -> list[str]:
    """People's votes on published test sets."""
    lines = ["## Real errors", ""]
    for name, row in reviewed.items():
        scores = ", ".join(f"{key.removeprefix('auroc ')} {row[key]:.2f}" for key in row if key.startswith("auroc"))
        lines.append(
            f"* {name}: {row['wrong']} of {row['reviewed']} reviewed rows are wrong; AUROC among them: {scores}. Of all"
            f" {row['rows']:,} rows samplewise flags {row['flagged by samplewise']} and cleanlab"
            f" {row['flagged by cleanlab']}. The reviewed rows were proposed by confident learning: recall is unknown."
        )
    return [*lines, ""]


def heading(columns: tuple[str, ...]) -> list[str]:
    return [f"| {' | '.join(columns)} |", "|-" * len(columns) + "|"]


def mean(values: np.ndarray, digits: int = 3) -> str:
    return f"{np.mean(values):.{digits}f}"


def spread(values: np.ndarray) -> str:
    return f"{np.mean(values):.4f} (sd {np.std(values, ddof=1):.4f})" if len(values) > 1 else f"{values[0]:.4f}"
