"""What scores per row cannot say: learners with no information in any row and a gap of one half (harutyunyan2022).

    python reproductions/formal_limits.py       # seconds; also draws docs/pictures/formal-limits.png

Small cases are enumerated in exact fractions, a large one is run 2,000 times. The constructions and their constants are
our own; of the source only the claims were at hand: with no information in single rows the squared gap, and the mean
gap given the training rows, can stay constant, and bounds from pairs of rows exist.
"""

import json
import os
import platform
from dataclasses import asdict
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import altair as alt
import numpy as np

from samplewise.generalization import SimulatedCounterexample, formal_counterexample, simulated_counterexample

RESULTS = Path(__file__).parent / "results" / "formal_limits"
PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "formal-limits.png"
CASES = (
    ("squared", 4, 2, None), ("squared", 6, 2, None), ("squared", 6, 3, None), ("squared", 8, 3, None),
    ("squared", 8, 4, None), ("posterior", 4, 2, None), ("posterior", 6, 2, None), ("posterior", 6, 3, None),
    ("squared", 6, 2, 0.7),
)  # fmt: skip
VALUES, ROWS, RUNS = 2000, 50, 2000
INK, SOFT, LINE, ACCENT, QUIET, WRONG = "#1c2024", "#5d656e", "#e2e4e1", "#1d5c9e", "#b4bac1", "#a93a0b"


def enumerated() -> list[dict]:
    """Every small case, fractions as text."""
    rows = []
    for kind, values, count, bias in CASES:
        found = asdict(formal_counterexample(kind, values, count, bias))
        exact = {name: str(value) if isinstance(value, Fraction) else value for name, value in found.items()}
        rows.append({"construction": kind, "values": values, "rows": count, "coin": bias or 0.5} | exact)
    return rows


def summary(drawn: SimulatedCounterexample) -> dict:
    """What 2,000 runs of the large case show."""
    sides, counts = np.unique(drawn.gaps, return_counts=True)
    scores = drawn.row_information.values
    return {"values": VALUES, "rows": ROWS, "runs": RUNS, "mean_gap": drawn.gaps.mean(),
            "runs_by_gap": dict(zip(map(str, sides.tolist()), counts.tolist(), strict=True)),
            "row_information": {"mean": scores.mean(), "largest": scores.max()},
            "pair_information": {"smallest": drawn.pair_information.min(), "mean": drawn.pair_information.mean()},
            "bound_from_rows": float(np.sqrt(2 * scores).mean())}  # fmt: skip


def table(cases: list[dict], large: dict) -> str:
    """Markdown."""
    lines = [
        "Information in nats. W is what the learner returns, Z a training row, S all of them; the gap is test minus",
        "training error; the posterior gap is the size of the gap's mean given S. The bound from rows is on the",
        "mean gap, that from pairs on the squared gap.", "",
        "| construction | N | n | E gap | E gap² | E posterior gap | W indep. of each Z | I(W; Z) | bound from rows |"
        " I(W; Z₁, Z₂) | I(W; S) | bound from pairs |", "|-" * 12 + "|",
    ]  # fmt: skip
    for case in cases:
        name = case["construction"] + ("" if case["coin"] == 0.5 else f", P(B = 1) = {case['coin']}")
        numbers = " | ".join(
            f"{case[key]:.4f}"
            for key in ("row_information", "row_bound", "pair_information", "sample_information", "pair_bound")
        )
        lines.append(
            f"| {name} | {case['values']} | {case['rows']} | {case['expected_gap']} | {case['squared_gap']} | "
            f"{case['posterior_gap']} | {'yes' if case['independent'] else 'no'} | {numbers} |"
        )
    by_gap = ", ".join(f"{count:,} with a gap of {float(gap):+g}" for gap, count in large["runs_by_gap"].items())
    lines += [
        "", f"{RUNS:,} runs on N = {VALUES:,} values, n = {ROWS}: {by_gap}, mean {large['mean_gap']:+.3f}. The scores "
        f"of the {ROWS} rows are {large['row_information']['mean']:.5f} nats in the mean and at most "
        f"{large['row_information']['largest']:.5f}; those of neighboring pairs at least "
        f"{large['pair_information']['smallest']:.2f}.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def draw(found: SimulatedCounterexample) -> None:
    """Two spikes on the left; on the right nothing per row, and everything per pair."""
    sides, counts = np.unique(found.gaps, return_counts=True)
    spikes = [{"gap": gap, "runs": runs} for gap, runs in zip(sides.tolist(), counts.tolist(), strict=True)]
    left = alt.Chart(alt.InlineData(values=spikes)).mark_bar(size=14, color=WRONG).encode(
        x=alt.X("gap:Q", scale=alt.Scale(domain=[-0.75, 0.75]), title="test minus training error of one run"),
        y=alt.Y("runs:Q", title="runs"),
    )  # fmt: skip
    height = np.random.default_rng(0).uniform(-0.3, 0.3, 2 * ROWS)
    scores = {"every row alone": found.row_information.values, "neighboring pairs": found.pair_information}
    dots = [
        {"nats": nats, "place": place + height[place * ROWS + spot]}
        for place, values in enumerate(scores.values())
        for spot, nats in enumerate(values.tolist())
    ]
    named = alt.Axis(values=[0, 1], labelExpr=f"{list(scores)}[datum.value]", grid=False, ticks=False, domain=False,
                     labelPadding=8)  # fmt: skip
    right = alt.Chart(alt.InlineData(values=dots)).mark_circle(size=28, opacity=0.5, color=ACCENT).encode(
        x=alt.X("nats:Q", scale=alt.Scale(domain=[0, np.log(2)]), title="information on who was trained on (nats)"),
        y=alt.Y("place:Q", title=None, axis=named, scale=alt.Scale(domain=[1.5, -0.5], nice=False)),
    )  # fmt: skip
    panels = alt.hconcat(
        left.properties(width=300, height=220, title="The gap is a half in every run"),
        right.properties(width=330, height=220, title="What the rows reveal of it"),
        spacing=40,
    )
    axis = {"gridColor": LINE, "domainColor": QUIET, "tickColor": QUIET, "labelColor": SOFT, "titleColor": INK}
    panels = panels.configure(font="DejaVu Sans", background="white").configure_view(stroke=None)
    panels = panels.configure_axis(**axis, titleFontWeight="normal", labelFontSize=12, titleFontSize=13)
    panels.configure_title(fontSize=14, color=INK, anchor="start", offset=10).save(PICTURE, scale_factor=1.5)


def main() -> None:
    cases, drawn = enumerated(), simulated_counterexample(VALUES, ROWS, RUNS)
    large = summary(drawn)
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy")}
    notes = {"machine": machine, "versions": versions, "enumerated": cases, "simulated": large}
    RESULTS.with_suffix(".json").write_text(json.dumps(notes, indent=1) + "\n")
    RESULTS.with_suffix(".md").write_text(table(cases, large))
    print(table(cases, large))
    draw(drawn)


if __name__ == "__main__":
    main()
