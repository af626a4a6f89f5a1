"""What a review of a noisy image set buys: scripted answers from the true labels, and the gain on held-out pictures.

    python benchmarks/reviewing.py FOLDER        # the audit takes a minute or two; a FOLDER that has one is reviewed

scikit-learn's digits as picture files, 110 of 1,438 with another label. An audit lists suspects; every one that the
queue offers is answered as a person who knows the truth would: kept, changed as suggested, or given the right class.
The gain is the accuracy of a support vector machine on 359 other pictures with their true labels.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.svm import SVC

import samplewise as sw
from samplewise.review.desk import Desk
from samplewise.review.page_requests import Answer, Place
from samplewise.review.session import Session

FLIPPED, HELD_OUT = 110, 359
BY_HAND = 2.0  # seconds a person needs for a picture at thirty answers a minute


def planted(folder: Path) -> None:
    """The pictures of the training rows by their given label, one folder a class."""
    images, given = load_digits().images, labels()[1]
    for place in range(len(given)):
        target = folder / str(given[place]) / f"{place:04}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        pixels = (images[place] * 15.9).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).resize((64, 64), Image.Resampling.BICUBIC).save(target)


def labels() -> tuple[Any, Any]:
    """True and given labels of the training rows."""
    true = load_digits().target[:-HELD_OUT]
    draw, given = np.random.default_rng(0), true.copy()
    flipped = draw.choice(len(true), FLIPPED, replace=False)
    given[flipped] = (given[flipped] + draw.integers(1, 10, FLIPPED)) % 10
    return true, given


def accuracy(trained_on: Any) -> float:
    """Of a model trained on these labels, on the held-out rows with their true ones; -1: left out."""
    digits = load_digits()
    used = trained_on >= 0
    model = SVC().fit(digits.data[:-HELD_OUT][used], trained_on[used])
    return float(model.score(digits.data[-HELD_OUT:], digits.target[-HELD_OUT:]))


def main(folder: Path) -> None:
    true, given = labels()
    run = folder / "run"
    if not (run / "audit.json").exists():
        planted(folder / "digits")
        sw.audit(str(folder / "digits"), checks=["SW201"], run_dir=run, budget="60s")
    desk = Desk(session := Session.open(run))
    decided, wrong, changed, started = given.copy(), 0, 0, time.perf_counter()
    shown = desk.shown("script")
    while shown["card"] is not None:
        card = shown["card"]
        place = int(card["row"].split("/")[1].split(".")[0])
        right = str(true[place])
        where = (Place(card["key"], card["list"]),)
        if right == card["given"]:
            desk.decide("script", Answer(where, "keep", None))
        else:
            wrong += 1
            suggested = right == card["suggestion"]
            desk.decide("script", Answer(where, "suggestion" if suggested else "relabel", None if suggested else right))
            changed += suggested
        decided[place] = true[place]
        shown = desk.shown("script")
    answers = desk.answered()
    print(json.dumps({
        "rows": len(given), "wrong_labels": int((given != true).sum()), "answers": answers, "were_wrong": wrong,
        "suggestion_was_right": changed, "wrong_labels_left": int((decided != true).sum()),
        "seconds_by_script": round(time.perf_counter() - started, 1),
        "minutes_by_hand": round(answers * BY_HAND / 60, 1),
        "calibration": str(session.calibration()),
        "accuracy": {"before": accuracy(given), "after": accuracy(decided), "true labels": accuracy(true)},
        "facts": session.panel("script")["facts"],
    }, indent=2))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "reviewed-digits"))
