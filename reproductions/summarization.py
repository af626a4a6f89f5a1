"""How many rows can go before a network notices: chosen once, in rounds, at random, or the wrong way round.

    python reproductions/summarization.py     # about six minutes on one core; --pictures draws the picture too

The claims (harutyunyan2021, figure 2c, MNIST 4 against 9): the least informative rows can go at hardly any loss, the
most informative cost most, and when many go it is much better to measure again after every few. Measured here on two
data sets: the rows are chosen by `select` (which sees no label but those of the training rows), the network is then
really trained on the rest by full-batch descent, and evaluated on clean held-out rows. Every draw has other rows
and other first weights. The linearized network's own loss, as `select` reports it, is given too.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import altair as alt
import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

from samplewise.engine.models.torch_descent import FullBatchDescent, answers_of
from samplewise.engine.models.torch_networks import dense_network
from samplewise.information import GradientDescent, unique_information

HERE = Path(__file__).parent
RESULTS, PICTURES = HERE / "results", HERE.parent / "docs" / "pictures"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", HERE.parents[1] / "shared" / "data"))
SHARES = (0.25, 0.5, 0.75, 0.9)
STRATEGIES = ("iterative", "once", "random", "top")
TEST_ROWS = 300
Curves = dict[str, list[float]]  # strategy -> accuracy (or its change) at 0 and at every share


@dataclass(frozen=True)
class Task:
    """Two classes, how many rows of them are trained on, and the recipe."""

    rows: Callable[[], tuple[np.ndarray, np.ndarray]]
    trained: int
    steps: int
    rate: float


def sneakers_and_boots() -> tuple[np.ndarray, np.ndarray]:
    with np.load(DATA / "fashion-mnist" / "train.npz") as stored:
        images, labels = stored["images"], stored["labels"]
    chosen = np.flatnonzero(np.isin(labels, (7, 9)))[:4000]
    return (images[chosen].reshape(len(chosen), -1) / 255).astype(np.float32), (labels[chosen] == 9).astype(int)


def small_and_large_digits() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(np.float32), (y >= 5).astype(int)


TASKS = {
    "Fashion-MNIST, sneaker or boot": Task(sneakers_and_boots, 400, 500, 4e-3),
    "digits, below five or not": Task(small_and_large_digits, 300, 1000, 0.04),
}


def accuracy(module: nn.Module, X: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean((answers_of(module, X)[:, 0] > 0.5) == y))


def one_draw(task: Task, seed: int) -> tuple[Curves, Curves]:
    """Accuracy after real training by strategy and share, and what the linearized network says it costs (points)."""
    X, y = task.rows()
    order = np.random.default_rng(seed).permutation(len(X))
    own, evaluated_rows, others = np.split(order, [task.trained, task.trained + TEST_ROWS])
    torch.manual_seed(seed)
    module = dense_network(X[0].shape, 1, widths=(256,))
    recipe = GradientDescent(task.steps, task.rate)
    info = unique_information(
        (X[own], y[own]), module=module, test=(X[evaluated_rows], y[evaluated_rows]), training=recipe
    )

    def trained_on(places: np.ndarray) -> float:
        rows = own[places]
        descent = FullBatchDescent(task.steps, task.rate)
        trained = descent.trained(module, X[rows], y[rows][:, None].astype(float), places, seed=seed)
        return accuracy(trained, X[others], y[others])

    everything = trained_on(np.arange(task.trained))
    real: Curves = {strategy: [everything] for strategy in STRATEGIES}
    linear: Curves = {strategy: [0.0] for strategy in STRATEGIES}
    for strategy in STRATEGIES:
        for share in SHARES:
            kept = info.select(1 - share, strategy, seed=seed)
            real[strategy].append(trained_on(kept.ids.astype(int)))
            linear[strategy].append(kept.cost.value)
    return real, linear


def claims(real: list[Curves]) -> dict[str, dict[str, float | str]]:
    """Each claim as a margin in points, which is above 0 in every draw where the claim holds."""
    points = {name: 100 * np.array([draw[name] for draw in real]) for name in STRATEGIES}  # (draws, 1 + shares)
    rounds, once, random, top = (points[name] for name in STRATEGIES)
    others = np.minimum(np.minimum(rounds, once), random)
    margins = {
        "half the rows, chosen in rounds, go for less than half a point": rounds[:, 2] - rounds[:, 0] + 0.5,
        "in rounds is at least as good as once at 75 %": rounds[:, 3] - once[:, 3],
        "in rounds is at least as good as once at 90 %": rounds[:, 4] - once[:, 4],
        "choosing once collapses at 90 % (ten points below random)": random[:, 4] - once[:, 4] - 10,
        "dropping the most informative is worst of all at 50 %": others[:, 2] - top[:, 2],
        "dropping the most informative is worse than random at 75 %": random[:, 3] - top[:, 3],
        "at 90 % the rounds beat random rows": rounds[:, 4] - random[:, 4],
    }
    return {claim: _verdict(margin) for claim, margin in margins.items()}


def _verdict(margin: np.ndarray) -> dict[str, float | str]:
    mean, error = float(margin.mean()), float(margin.std(ddof=1) / np.sqrt(len(margin)))
    word = "holds" if mean > 2 * error else "does not hold" if mean < -2 * error else "not decided"
    return {"margin": mean, "error": error, "verdict": word}


def measured(seeds: int) -> dict[str, dict]:
    results = {}
    for name, task in TASKS.items():
        draws = [one_draw(task, seed) for seed in range(seeds)]
        real, linear = [draw[0] for draw in draws], [draw[1] for draw in draws]
        results[name] = {"real": real, "linearized_change": linear, "claims": claims(real)}
        print(name, {key: np.mean([draw[key] for draw in real], axis=0).round(3).tolist() for key in STRATEGIES})
    return results


def table_of(results: dict[str, dict]) -> str:
    """Means over draws, then the claims."""
    shares = " | ".join(f"{share:.0%} dropped".replace("%", " %") for share in SHARES)
    lines = [f"| data | least informative go | 0 % dropped | {shares} |", "|-|-|-|" + "-|" * len(SHARES)]
    notes = {
        "iterative": "in rounds",
        "once": "all at once",
        "random": "random rows instead",
        "top": "most informative",
    }
    for name, found in results.items():
        for strategy in STRATEGIES:
            real, linear = (
                np.array([draw[strategy] for draw in found[kind]]) for kind in ("real", "linearized_change")
            )
            error = 100 * (real - real[:, :1]).std(axis=0, ddof=1) / np.sqrt(len(real))
            cells = [f"{100 * real[:, 0].mean():.1f} %"]
            cells += [
                f"{100 * r:.1f} (±{e:.1f}; linearized {change:+.1f})"
                for r, e, change in zip(real.mean(axis=0)[1:], error[1:], linear.mean(axis=0)[1:], strict=True)
            ]
            lines.append(f"| {name} | {notes[strategy]} | {' | '.join(cells)} |")
    count = len(next(iter(results.values()))["real"])
    lines += [
        "",
        f"Accuracy in % of the really trained network on clean rows that had no say; ± the standard error of its "
        f"change over {count} draws; in brackets the change in points that `select` reports for the linearized one.",
        "",
        "| claim | " + " | ".join(results) + " |",
        "|-|" + "-|" * len(results),
    ]
    for claim in next(iter(results.values()))["claims"]:
        verdicts = [found["claims"][claim] for found in results.values()]
        cells = [f"**{v['verdict']}** ({v['margin']:+.1f} ± {v['error']:.1f})" for v in verdicts]
        lines.append(f"| {claim} | {' | '.join(cells)} |")
    lines += ["", "In brackets the margin by which the claim holds, in points; decided from two standard errors on."]
    return "\n".join(lines) + "\n"


def picture(results: dict[str, dict]) -> None:
    """Accuracy against the share dropped, one panel per data set."""
    notes = {"iterative": "least informative, in rounds", "once": "least informative, at once", "random": "random rows",
            "top": "most informative"}  # fmt: skip
    points = [
        {"panel": name, "share": 100 * share, "accuracy": 100 * value, "who": notes[strategy]}
        for name, found in results.items()
        for strategy in STRATEGIES
        for share, value in zip((0, *SHARES), np.mean([draw[strategy] for draw in found["real"]], axis=0), strict=True)
    ]
    colors = alt.Scale(domain=list(notes.values()), range=["#1d5c9e", "#5b98d3", "#b4bac1", "#a93a0b"])
    base = alt.Chart(alt.InlineData(values=points)).encode(
        x=alt.X(
            "share:Q",
            title="rows dropped (%)",
            scale=alt.Scale(domain=[0, 92]),
            axis=alt.Axis(values=[0, 25, 50, 75, 90]),
        ),
        y=alt.Y("accuracy:Q", title="accuracy on clean rows (%)", scale=alt.Scale(zero=False)),
        color=alt.Color("who:N", title="dropped first", scale=colors, legend=alt.Legend(orient="bottom", columns=4)),
    )
    panel = (base.mark_line(strokeWidth=2.25) + base.mark_point(filled=True, size=45, opacity=1)).properties(
        width=380, height=250
    )
    chart = panel.facet(alt.Facet("panel:N", title=None, sort=list(results)), columns=2)
    drawn = chart.configure(font="DejaVu Sans", background="white")
    drawn = drawn.configure_axis(gridColor="#e2e4e1", domainColor="#b4bac1", labelColor="#5d656e", titleColor="#1c2024",
                                 titleFontWeight="normal", labelFontSize=12, titleFontSize=13)  # fmt: skip
    drawn = drawn.configure_view(stroke=None).configure_header(
        labelFontSize=14, labelFontWeight="bold", labelColor="#1c2024"
    )
    drawn.configure_legend(
        labelLimit=300, labelFontSize=12, titleFontSize=12, titleColor="#5d656e", titleFontWeight="normal"
    ).save(PICTURES / "information-summarization.png", scale_factor=1.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--pictures", action="store_true", help="draw the page's picture from the stored results")
    options = parser.parse_args()
    file = RESULTS / "summarization.json"
    begin = time.process_time()
    results = measured(options.seeds)
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy", "torch", "scikit-learn")}
    stored = {"machine": machine, "versions": versions, "cpu_seconds": time.process_time() - begin, "results": results}
    RESULTS.mkdir(exist_ok=True)
    file.write_text(json.dumps(stored, indent=1))
    file.with_suffix(".md").write_text(table_of(results))
    print(table_of(results))
    if options.pictures:
        picture(results)


if __name__ == "__main__":
    main()
