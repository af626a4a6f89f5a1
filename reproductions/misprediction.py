"""Debugging one wrong answer of a network: which training rows made it say that, checked by training without them.

    python reproductions/misprediction.py     # under a minute; the tutorial's figures and pictures

A small network learns 4,000 Fashion-MNIST pictures of which 5 % carry a planted wrong label. Its surest wrong answer
on 2,000 others is traced back: the rows that pushed the answer away from the truth are listed, taken out, and the
network is trained again, five times with and without them. Whether the answer moves as predicted is printed.
"""

import json
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from PIL import Image, ImageDraw

from samplewise import Dataset
from samplewise.engine.models import TorchLearner, dense_network
from samplewise.influence import Attributor

HERE = Path(__file__).parent
DATA = Path(os.environ.get("SAMPLEWISE_DATA", HERE.parents[1] / "shared" / "data")) / "fashion-mnist" / "train.npz"
PICTURES = HERE.parent / "docs" / "pictures"
TAUGHT, ASKED, FLIPPED, REMOVED, SEEDS = 4000, 2000, 0.05, 20, 5
NAMES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot")


def main() -> None:
    with np.load(DATA) as stored:
        images, truth = stored["images"][: TAUGHT + ASKED], stored["labels"][: TAUGHT + ASKED].astype(int)
    draw = np.random.default_rng(0)
    struck = draw.random(len(truth)) < FLIPPED * (np.arange(len(truth)) < TAUGHT)
    given = np.where(struck, (truth + draw.integers(1, 10, len(truth))) % 10, truth)
    data = Dataset(images.reshape(len(images), -1) / np.float32(255), given)
    train, others = data.take(np.arange(TAUGHT)), data.take(np.arange(TAUGHT, len(data)))

    learner = TorchLearner(dense_network, epochs=20, encoding="raw")
    fitted = learner.fit(train, seed=0)
    logits = fitted.outputs(others.X)
    margin = margins(logits, others.y)
    query = others.take([int(np.argmin(margin))])
    said = int(logits[np.argmin(margin)].argmax())
    print(f"accuracy on {ASKED} others: {np.mean(logits.argmax(axis=1) == others.y):.3f}")
    print(f"row {query.ids[0]} is a {NAMES[query.y[0]]}; the network says {NAMES[said]}, margin {margin.min():.2f}")

    attributor = Attributor(fitted, seed=0).fit(train)
    print(attributor)
    effects = attributor.attribute(query)
    helped, hurt = effects.top(8, query=query.ids[0]), worst(effects, 8)
    for title, scores in (("helped most", helped), ("hurt most", hurt)):
        rows = scores.keys.astype(int)
        print(f"{title}: rows {rows.tolist()}, {int(struck[rows].sum())} of 8 with a planted wrong label")

    removed = worst(effects, REMOVED).keys
    predicted = attributor.effect_of_removing(removed, query).values[0]
    at_random = draw.choice(TAUGHT, REMOVED, replace=False)
    found = {"foretold": -float(predicted)}
    found["measured"], found["error"] = retrained(learner, train, removed, query)
    found["random"], found["random_error"] = retrained(learner, train, at_random, query)
    print(
        f"without the {REMOVED} that hurt most the margin should rise (predicted {found['foretold']:+.2f} on the scale "
        f"of the linearized network); trained again it moves by {found['measured']:+.2f} (standard error "
        f"{found['error']:.2f}), without {REMOVED} at random by {found['random']:+.2f} ({found['random_error']:.2f})"
    )
    (HERE / "results" / "misprediction.json").write_text(json.dumps(found, indent=1))
    sheet(images, given, truth, int(query.ids[0]), said, helped.keys.astype(int), hurt.keys.astype(int))


def worst(effects, count: int):
    """The rows that lower the margin most, worst first."""
    return effects.aggregate().top(count, largest=False)


def margins(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Own logit minus the log-sum-exp of the others."""
    rows = np.arange(len(labels))
    others = logits.copy()
    others[rows, labels] = -np.inf
    top = others.max(axis=1)
    return logits[rows, labels] - top - np.log(np.exp(others - top[:, None]).sum(axis=1))


def retrained(learner: TorchLearner, train: Dataset, removed: np.ndarray, query: Dataset) -> tuple[float, float]:
    """Mean change of the query's margin over seeds when these rows are left out, and its standard error."""
    changes = []
    for seed in range(1, SEEDS + 1):
        with_rows, without = (learner.fit(rows, seed=seed) for rows in (train, train.drop(removed)))
        changes.append(
            float((margins(without.outputs(query.X), query.y) - margins(with_rows.outputs(query.X), query.y))[0])
        )
    return float(np.mean(changes)), float(np.std(changes, ddof=1) / np.sqrt(SEEDS))


def sheet(images, given, truth, query: int, said: int, helped: np.ndarray, hurt: np.ndarray) -> None:
    """The picture of the tutorial: the query, then the rows that helped and the rows that hurt."""
    size, gap, left = 84, 10, 150
    canvas = Image.new("RGB", (left + 8 * (size + gap), 3 * (size + 42) + gap), "white")
    pen = ImageDraw.Draw(canvas)
    lines = (("the query", [query]), ("helped most", helped), ("hurt most", hurt))
    for line, (title, rows) in enumerate(lines):
        top = gap + line * (size + 42)
        pen.text((gap, top + size // 2 - 6), title, fill="black", font_size=15)
        for place, row in enumerate(rows):
            x = left + place * (size + gap)
            canvas.paste(Image.fromarray(255 - images[row]).resize((size, size), Image.Resampling.NEAREST), (x, top))
            wrong = given[row] != truth[row]
            notes = f"{NAMES[given[row]]}" if row != query else f"{NAMES[given[row]]}, said {NAMES[said]}"
            pen.text((x, top + size + 3), notes, fill="#b00020" if wrong else "black", font_size=13)
            if wrong:
                pen.rectangle((x - 2, top - 2, x + size + 1, top + size + 1), outline="#b00020", width=2)
    canvas.save(PICTURES / "misprediction.png", optimize=True)


if __name__ == "__main__":
    main()
