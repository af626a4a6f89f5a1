"""Which rows carry unique information: rare kinds, richer sources, wrong labels, attacked pictures; Fashion-MNIST.

    python reproductions/information_applications.py --pictures     # about four minutes on one core

The claims (harutyunyan2021, section 5): rows of an under-sampled sub-class, of a richer source and with wrong labels
are more informative than the others. Measured here on a network 784-256-1 linearized at its first weights, 2,000 steps
of 0.001, in nats against a noise of one hundredth of the distance between the two classes, with the controls the claims
need: the same sub-class at full share, noise of the same size next to the attack, and the held-out surprise and a
cross-validated logistic regression next to the information of wrong labels. The attack (one signed gradient step of a
network trained on other rows) and the second source (inverted, blurred, shifted pictures) are protocols of ours.
"""

import argparse
import json
import os
import platform
import time
from importlib.metadata import version
from itertools import product
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import altair as alt
import numpy as np
import pandas as pd
import torch
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, shift
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from torch import nn

from samplewise import Dataset
from samplewise.engine.models.torch_networks import dense_network
from samplewise.information import GradientDescent, unique_information

HERE = Path(__file__).parent
RESULTS, PICTURES = HERE / "results", HERE.parent / "docs" / "pictures"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", HERE.parents[1] / "shared" / "data")) / "fashion-mnist" / "train.npz"
NAMES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot")
RATE, STEPS, TEST_ROWS, NOISE = 1e-3, 2000, 300, 0.01
STOPS = (200, 2000, 20000)
PAIRS = {"sneaker or boot": (7, 9), "T-shirt or shirt": (0, 6)}
RARE = {"coats among dresses, against pullovers": (3, 4, 2), "sandals among sneakers, against boots": (7, 5, 9)}
EPSILON = 0.1
INK, SOFT, LINE, ACCENT, QUIET, WRONG = "#1c2024", "#5d656e", "#e2e4e1", "#1d5c9e", "#b4bac1", "#a93a0b"


# --- rows and models -------------------------------------------------------------------------------------------------


def drawn(counts: dict[int, int], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (n, 784) in 0..1 and their classes: so many of each, in random order."""
    draw = np.random.default_rng([seed, 7])
    with np.load(DATA) as stored:
        images, labels = stored["images"], stored["labels"].astype(int)
    rows = [draw.permutation(np.flatnonzero(labels == kind))[:count] for kind, count in counts.items()]
    chosen = draw.permutation(np.concatenate(rows))
    return (images[chosen].reshape(len(chosen), -1) / 255).astype(np.float32), labels[chosen]


def network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return dense_network((784,), 1, widths=(256,))


def notes(data, evaluated_rows, seed: int, steps=STEPS):
    """Unique information; `at(steps)` where there are several."""
    recipe = GradientDescent(steps, RATE)
    return unique_information(data, module=network(seed), test=evaluated_rows, training=recipe, noise=NOISE)


def area(scores: np.ndarray, positive: np.ndarray) -> float:
    return float(roc_auc_score(positive, scores))


# --- rare kinds ------------------------------------------------------------------------------------------------------


def rare_kind(kinds: tuple[int, int, int], share: float, seed: int) -> tuple[dict[str, float], pd.DataFrame]:
    """800 rows, half of them a super-class of a main kind and a share of another: nats per row and per set."""
    main, rare, other = kinds
    few, evaluation = round(400 * share), round(150 * share)
    taught_of = {main: 400 - few, rare: few, other: 400}
    judges_of = {main: 150 - evaluation, rare: evaluation, other: 150}
    X, labels = drawn({kind: taught_of[kind] + judges_of[kind] for kind in kinds}, seed)
    trained = np.zeros(len(X), dtype=bool)
    for kind, count in taught_of.items():
        trained[np.flatnonzero(labels == kind)[:count]] = True
    y, names = (labels == other).astype(int), np.array(NAMES)[labels]
    train = Dataset(X[trained], y[trained], segments=pd.DataFrame({"kind": names[trained]}))
    info = notes(train, (X[~trained], y[~trained]), seed)
    sets = info.segment("kind")
    nats = dict(zip(sets.keys.tolist(), sets.values.tolist(), strict=True))
    found = {}
    for role, kind in (("rare", rare), ("main", main), ("other", other)):
        found[f"{role}_row"] = float(info.functional.values[names[trained] == NAMES[kind]].mean())
        found[f"{role}_set"] = nats[NAMES[kind]]
    return found, pd.DataFrame({"who": names[trained], "nats": info.functional.values})


# --- sources ---------------------------------------------------------------------------------------------------------


def altered(X: np.ndarray, seed: int) -> np.ndarray:
    """The pictures as another camera might give them: inverted, blurred, shifted."""
    draw = np.random.default_rng([seed, 11])
    pictures = 1 - X.reshape(-1, 28, 28)
    moved = [
        shift(gaussian_filter(one, draw.uniform(0.5, 1.5)), draw.integers(-2, 3, 2), order=0, mode="nearest")
        for one in pictures
    ]
    return np.array(moved, dtype=np.float32).reshape(X.shape)


def two_sources(seed: int) -> tuple[dict[str, float], pd.DataFrame]:
    """300 pictures as they are and 300 altered ones of the same two classes, evaluated on both."""
    X, labels = drawn({7: 450, 9: 450}, seed)
    second = np.arange(900) % 2 == 1
    X[second] = altered(X[second], seed)
    y, source = (labels == 9).astype(int), np.where(second, "altered", "clean")
    train = Dataset(X[:600], y[:600], segments=pd.DataFrame({"source": source[:600]}))
    info = notes(train, (X[600:], y[600:]), seed)
    sets = info.segment("source")
    rows = {name: float(info.functional.values[source[:600] == name].mean()) for name in ("altered", "clean")}
    found = {f"{name}_row": nats for name, nats in rows.items()}
    found |= {f"{name}_set": float(nats) for name, nats in zip(sets.keys, sets.values, strict=True)}
    return found, pd.DataFrame({"who": source[:600], "nats": info.functional.values})


def duplicates(seed: int) -> dict[str, float]:
    """150 pictures, alone and each with a duplicate: the row, the row with its duplicate there, and both as a set."""
    X, labels = drawn({7: 225, 9: 225}, seed)
    y, evaluated_rows = (labels == 9).astype(int), (X[150:], (labels[150:] == 9).astype(int))
    alone = notes((X[:150], y[:150]), evaluated_rows, seed)
    twice = notes((np.vstack([X[:150]] * 2), np.r_[y[:150], y[:150]]), evaluated_rows, seed)
    pairs = twice.segment(np.tile(np.arange(150), 2))
    return {
        "alone": float(alone.functional.values.mean()),
        "beside_its_copy": float(twice.functional.values.mean()),
        "both_as_a_set": float(pairs.values.mean()),
    }


# --- wrong labels ----------------------------------------------------------------------------------------------------


def flipped(pair: tuple[int, int], count: int, seed: int):
    """Rows with 10 % of their labels flipped, clean rows to evaluate on, and which were flipped."""
    X, labels = drawn({pair[0]: (count + TEST_ROWS) // 2, pair[1]: (count + TEST_ROWS) // 2}, seed)
    y = (labels == pair[1]).astype(int)
    wrong = np.zeros(count, dtype=bool)
    wrong[np.random.default_rng([seed, 13]).permutation(count)[: count // 10]] = True
    return (X[:count], np.where(wrong, 1 - y[:count], y[:count])), (X[count:], y[count:]), wrong


def wrong_labels(pair: tuple[int, int], count: int, seed: int) -> dict[str, float]:
    """Areas under the ROC curve for finding flipped labels, by score and stopping time."""
    train, evaluated_rows, wrong = flipped(pair, count, seed)
    found = {}
    for steps, info in notes(train, evaluated_rows, seed, STOPS).items():
        nats = info.functional.values
        found[f"information_{steps}"] = area(nats, wrong)
        found[f"surprise_{steps}"] = area(info.held_out_surprise.values, wrong)
        found[f"ratio_{steps}"] = float(nats[wrong].mean() / nats[~wrong].mean())
    X, y = train
    probability = cross_val_predict(LogisticRegression(max_iter=300), X, y, cv=5, method="predict_proba")
    found["self_confidence"] = area(1 - probability[np.arange(count), y], wrong)
    return found


# --- attacked pictures -----------------------------------------------------------------------------------------------


def attack(X: np.ndarray, y: np.ndarray, others: tuple[np.ndarray, np.ndarray], seed: int) -> tuple[np.ndarray, float]:
    """One signed gradient step of a network trained on other rows, and the share of its answers that it turned."""
    torch.manual_seed(1000 + seed)
    victim = dense_network((784,), 1, widths=(256,))
    rows, labels = torch.from_numpy(others[0]), torch.from_numpy(others[1]).float()
    optimizer = torch.optim.Adam(victim.parameters(), lr=1e-3)
    for _ in range(150):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(victim(rows)[:, 0], labels).backward()
        optimizer.step()
    pictures = torch.from_numpy(X).requires_grad_()
    nn.functional.binary_cross_entropy_with_logits(victim(pictures)[:, 0], torch.from_numpy(y).float()).backward()
    stepped = (pictures + EPSILON * pictures.grad.sign()).clamp(0, 1).detach()
    with torch.no_grad():
        turned = (victim(stepped)[:, 0] > 0) != (victim(pictures)[:, 0] > 0)
    return stepped.numpy(), float(turned.float().mean())


def attacked(pair: tuple[int, int], seed: int) -> tuple[dict[str, float], pd.DataFrame]:
    """600 rows of which 6 or 60 are attacked, or carry random noise of the same size, and the same rows before."""
    X, labels = drawn(dict.fromkeys(pair, 950), seed)
    y = (labels == pair[1]).astype(int)
    evaluated_rows = (X[600:900], y[600:900])
    before = notes((X[:600], y[:600]), evaluated_rows, seed, STOPS)
    stepped, turned = attack(X[:60], y[:60], (X[900:], y[900:]), seed)
    sign = np.random.default_rng([seed, 17]).choice([-1, 1], stepped.shape)
    changed = {"attack": stepped, "random noise": np.clip(X[:60] + EPSILON * sign, 0, 1).astype(np.float32)}
    found, rows = {"turned": turned}, []
    for count in (6, 60):
        for name, pictures in changed.items():
            after = notes((np.vstack([pictures[:count], X[count:600]]), y[:600]), evaluated_rows, seed, STOPS)
            for steps in STOPS:
                for quantity in ("functional", "weights", "held_out_surprise"):
                    now, then = (getattr(one[steps], quantity).values[:count].sum() for one in (after, before))
                    found[f"{count}_{name}_{quantity}_{steps}"] = float(now / then)
            if name == "attack":
                for word, one in (("attacked", after), ("before", before)):
                    nats = one[STOPS[-1]].functional.values[:count]
                    rows.append(pd.DataFrame({"who": f"{count} {word}", "nats": nats}))
    return found, pd.concat(rows)


# --- tables ----------------------------------------------------------------------------------------------------------


def measured(seeds: int) -> dict[str, dict[str, list[dict[str, float]]]]:
    """Every application on every draw."""
    found: dict[str, dict[str, list]] = {"rare": {}, "sources": {}, "wrong": {}, "attacked": {}}
    for name, kinds in RARE.items():
        for share in (0.05, 0.5):
            found["rare"][f"{name}, {share:.0%}"] = [rare_kind(kinds, share, seed)[0] for seed in range(seeds)]
    found["sources"]["two sources"] = [two_sources(seed)[0] for seed in range(seeds)]
    found["sources"]["copies"] = [duplicates(seed) for seed in range(seeds)]
    for name, pair in PAIRS.items():
        for count in (600, 1000):
            found["wrong"][f"{name}, {count} rows"] = [wrong_labels(pair, count, seed) for seed in range(seeds)]
        found["attacked"][name] = [attacked(pair, seed)[0] for seed in range(seeds)]
    return found


def mean(draws: list[dict[str, float]], key: str) -> str:
    """Mean over draws ± its standard error, to the first digit that the error leaves firm."""
    values = np.array([draw[key] for draw in draws])
    error = values.std(ddof=1) / np.sqrt(len(values))
    decimals = max(0, -int(np.floor(np.log10(max(error, 1e-12)))))
    return f"{values.mean():,.{decimals}f} ± {error:.{decimals}f}"


def table_of(found: dict[str, dict[str, list[dict[str, float]]]]) -> str:
    count = len(next(iter(found["rare"].values())))
    lines = [
        f"Means of {count} draws of rows and first weights ± their standard error.",
        "",
        "| rare kind, its share | nats per rare row | per row of the main kind | per row of the other class "
        "| all rare rows together | all of the main kind |",
        "|-|-|-|-|-|-|",
    ]
    keys = ("rare_row", "main_row", "other_row", "rare_set", "main_set")
    lines += [
        f"| {name.replace('%', ' %')} | {' | '.join(mean(draws, key) for key in keys)} |"
        for name, draws in found["rare"].items()
    ]
    sources, twins = found["sources"]["two sources"], found["sources"]["copies"]
    lines += [
        "",
        "| source | nats per row | the whole source |",
        "|-|-|-|",
        *(f"| {one} | {mean(sources, f'{one}_row')} | {mean(sources, f'{one}_set')} |" for one in ("clean", "altered")),
        "",
        "| duplicates | mean nats |",
        "|-|-|",
        f"| a row alone | {mean(twins, 'alone')} |",
        f"| the row with a duplicate | {mean(twins, 'beside_its_copy')} |",
        f"| row and copy as a set | {mean(twins, 'both_as_a_set')} |",
        "",
        "| 10 % wrong labels | steps | area: information | area: held-out surprise | area: 5-fold logistic "
        "| nats, wrong over right |",
        "|-|-|-|-|-|-|",
    ]
    for name, draws in found["wrong"].items():
        for steps in STOPS:
            keys = (f"information_{steps}", f"surprise_{steps}", "self_confidence", f"ratio_{steps}")
            lines.append(f"| {name} | {steps:,} | {' | '.join(mean(draws, key) for key in keys)} |")
    wins = [
        draw[f"surprise_{t}"] > draw[f"information_{t}"]
        for draws in found["wrong"].values()
        for draw in draws
        for t in STOPS
    ]
    lines += [
        "",
        f"The held-out surprise has the larger area in {sum(wins)} of {len(wins)} comparisons.",
        "",
        "| pair | changed rows of 600 | steps | functional nats, after over before | weight nats | held-out surprise |",
        "|-|-|-|-|-|-|",
    ]
    for name, draws in found["attacked"].items():
        for count, change, steps in product((6, 60), ("attack", "random noise"), STOPS):
            keys = (f"{count}_{change}_{what}_{steps}" for what in ("functional", "weights", "held_out_surprise"))
            cells = [name, f"{count}, {change}", f"{steps:,}", *(mean(draws, key) for key in keys)]
            lines.append(f"| {' | '.join(cells)} |")
    turned = [draw["turned"] for draws in found["attacked"].values() for draw in draws]
    lines += ["", f"The attack turned {np.mean(turned):.0%} of the answers of the network it was made for."]
    return "\n".join(lines) + "\n"


# --- pictures --------------------------------------------------------------------------------------------------------


def saved(chart, name: str) -> None:
    """In the style of the house."""
    axis = {"gridColor": LINE, "domainColor": QUIET, "tickColor": QUIET, "labelColor": SOFT, "titleColor": INK}
    chart = chart.configure(font="DejaVu Sans", background="white").configure_view(stroke=None)
    chart = chart.configure_axis(**axis, titleFontWeight="normal", labelFontSize=12, titleFontSize=13)
    chart = chart.configure_title(fontSize=14, color=INK, anchor="start", offset=10)
    chart.configure_legend(labelFontSize=12, labelColor=INK).save(
        PICTURES / f"information-{name}.png", scale_factor=1.5
    )


def draw_extremes() -> None:
    """The most and the least informative pictures of each pair."""
    size, gap, left, lines = 84, 10, 172, []
    for name, pair in PAIRS.items():
        X, labels = drawn(dict.fromkeys(pair, 650), 0)
        y = (labels == pair[1]).astype(int)
        nats = notes((X[:1000], y[:1000]), (X[1000:], y[1000:]), 0).functional.values
        order = np.argsort(-nats)
        lines += [(name, word, X, labels, nats, rows) for word, rows in (("most", order[:8]), ("least", order[-8:]))]
    canvas = Image.new("RGB", (left + 8 * (size + gap), len(lines) * (size + 48) + gap), "white")
    pen = ImageDraw.Draw(canvas)
    for line, (name, word, X, labels, nats, rows) in enumerate(lines):
        top = gap + line * (size + 48)
        pen.text((gap, top + size // 2 - 18), name, fill=INK, font_size=15)
        pen.text((gap, top + size // 2 + 2), f"{word} informative", fill=SOFT, font_size=14)
        for place, row in enumerate(rows):
            x, pixels = left + place * (size + gap), (255 * (1 - X[row])).astype(np.uint8).reshape(28, 28)
            canvas.paste(Image.fromarray(pixels).resize((size, size), Image.Resampling.NEAREST), (x, top))
            pen.text((x, top + size + 3), NAMES[labels[row]], fill=INK, font_size=13)
            digits = 1 - int(np.floor(np.log10(nats[row])))
            pen.text((x, top + size + 19), f"{nats[row]:.{digits - 1}f} nats", fill=SOFT, font_size=12)
    canvas.save(PICTURES / "information-extremes.png", optimize=True)


def draw_stops() -> None:
    """When the information of a row appears: all stopping times from one call."""
    train, evaluated_rows, wrong = flipped(PAIRS["sneaker or boot"], 600, 0)
    stops = np.unique(np.geomspace(10, 100_000, 21).astype(int)).tolist()
    found = notes(train, evaluated_rows, 0, stops)
    nats = np.array([found.at(stop).functional.values for stop in stops])
    shown = np.r_[np.flatnonzero(wrong)[:30], np.flatnonzero(~wrong)[:90]]
    points = [
        {"row": int(row), "who": "wrong label" if wrong[row] else "right label", "steps": stop, "nats": float(value)}
        for row in shown
        for stop, value in zip(stops, nats[:, row], strict=True)
        if value > 0
    ]
    colors = alt.Scale(domain=["wrong label", "right label"], range=[WRONG, ACCENT])
    log = alt.Scale(type="log")
    chart = alt.Chart(alt.InlineData(values=points)).mark_line(strokeWidth=1.1, opacity=0.45)
    drawn_lines = chart.encode(
        x=alt.X("steps:Q", scale=log, title="steps of gradient descent",
                axis=alt.Axis(values=[10**power for power in range(1, 6)], format=",d")),
        y=alt.Y("nats:Q", scale=log, title="unique information (nats)", axis=alt.Axis(tickCount=7, format=".0e")),
        detail="row:N", color=alt.Color("who:N", title=None, scale=colors, legend=alt.Legend(orient="top")),
    )  # fmt: skip
    saved(drawn_lines.properties(width=760, height=300), "stopping-times")


def draw_wrong_labels() -> None:
    """Histograms of both scores, right and wrong labels, on the harder pair."""
    train, evaluated_rows, wrong = flipped(PAIRS["T-shirt or shirt"], 1000, 0)
    info = notes(train, evaluated_rows, 0, 20000)
    panels = []
    for title, unit, values in (
        ("unique information", "nats, as a power of ten", np.log10(np.maximum(info.functional.values, 1e-6))),
        ("held-out surprise", "distance of the label from the answer without the row", info.held_out_surprise.values),
    ):
        edges = np.linspace(np.quantile(values, 0.005), values.max(), 31)
        points = [
            {"low": low, "high": high, "share": 100 * float(share), "who": who}
            for who, these in (("right labels", ~wrong), ("wrong labels", wrong))
            for low, high, share in zip(
                edges, edges[1:], np.histogram(values[these], edges)[0] / these.sum(), strict=False
            )
        ]
        colors = alt.Scale(domain=["right labels", "wrong labels"], range=["#5b98d3", WRONG])
        bars = alt.Chart(alt.InlineData(values=points)).mark_bar(opacity=0.6, binSpacing=1).encode(
            x=alt.X("low:Q", title=unit, scale=alt.Scale(zero=False, nice=False)), x2="high:Q",
            y=alt.Y("share:Q", title="share of the rows (%)", stack=None), y2=alt.datum(0),
            color=alt.Color("who:N", title=None, scale=colors, legend=alt.Legend(orient="bottom")),
        )  # fmt: skip
        score = area(values, wrong)
        panels.append(bars.properties(width=360, height=220, title=f"{title.capitalize()}: area {score:.2f}"))
    saved(alt.hconcat(*panels, spacing=40), "wrong-labels")


def draw_groups() -> None:
    """Nats of every row, by group, in the three applications that compare groups."""
    panels, changes = [], ["6 attacked", "6 before", "60 attacked", "60 before"]
    cases = (
        (
            "Coats among dresses, 5 %",
            rare_kind(RARE["coats among dresses, against pullovers"], 0.05, 0)[1],
            ["coat", "dress", "pullover"],
        ),
        ("Two sources", two_sources(0)[1], ["altered", "clean"]),
        ("Attacked, after 20,000 steps", attacked(PAIRS["T-shirt or shirt"], 0)[1], changes),
    )
    for title, rows, order in cases:
        panels.append(strips(rows, order).properties(width=235, height=210, title=title))
    saved(alt.hconcat(*panels, spacing=24).resolve_scale(x="independent"), "groups")


def strips(rows: pd.DataFrame, order: list[str]):
    """One dot per row of the data, scattered in height, and the mean of every group."""
    place = rows.who.map({name: spot for spot, name in enumerate(order)})
    scattered = place + np.random.default_rng(0).uniform(-0.32, 0.32, len(rows))
    rows = rows.assign(place=place, scattered=scattered, low=place - 0.38, high=place + 0.38)
    base = alt.Chart(alt.InlineData(values=rows.to_dict("records")))
    named = alt.Axis(
        values=[*range(len(order))], labelExpr=f"{order}[datum.value]", grid=False, ticks=False, domain=False
    )
    height = alt.Scale(domain=[len(order) - 0.5, -0.5], nice=False)
    x = alt.X("nats:Q", scale=alt.Scale(type="log"), title="unique information (nats)",
              axis=alt.Axis(tickCount=4, format=".0e"))  # fmt: skip
    dots = base.mark_circle(size=12, opacity=0.35, color=ACCENT)
    means = base.mark_rule(color=WRONG, strokeWidth=2.5)
    return dots.encode(x=x, y=alt.Y("scattered:Q", title=None, axis=named, scale=height)) + means.encode(
        x="mean(nats):Q", y="low:Q", y2="high:Q", detail="who:N"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--pictures", action="store_true", help="draw the method page's pictures too")
    parser.add_argument("--only-pictures", action="store_true", help="draw them and measure nothing")
    options = parser.parse_args()
    if not options.only_pictures:
        begin = time.process_time()
        found = measured(options.seeds)
        machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
        versions = {name: version(name) for name in ("samplewise", "numpy", "torch", "scikit-learn")}
        stored = {
            "machine": machine,
            "versions": versions,
            "cpu_seconds": time.process_time() - begin,
            "results": found,
        }
        RESULTS.mkdir(exist_ok=True)
        file = RESULTS / "information_applications.json"
        file.write_text(json.dumps(stored, indent=1))
        file.with_suffix(".md").write_text(table_of(found))
        print(table_of(found))
    if options.pictures or options.only_pictures:
        for draw in (draw_extremes, draw_stops, draw_wrong_labels, draw_groups):
            draw()


if __name__ == "__main__":
    main()
