"""What a review of wrong labels buys: scripted answers from the true labels, and the gain on held-out rows.

    python benchmarks/reviewing.py digits FOLDER           # or fashion, or adult; a FOLDER with an audit is reviewed
    python benchmarks/reviewing.py fashion FOLDER --keys   # by real key presses on the page, in a headless browser

Some labels are replaced, an audit lists suspects, and the rows that the queue offers are answered as a person who knows
the truth would: kept, changed as suggested, or given the right class. The gain is that of a model trained on the labels
before and after, on other rows with their true labels.

With `--keys` the page is read, and K, S, or L and some letters are pressed for every row; the next key waits for the
next row. What is timed is the product's own part, with no time to look. Pictures of the first and the last page lie in
FOLDER then.

- digits: scikit-learn's digits as picture files, 110 of 1,438 with another label drawn at random; all that is offered.
- fashion: 2,000 pictures of Fashion-MNIST, 200 of them with the class they are mixed up with (shirt and T-shirt,
  pullover and coat, ...); 200 answers. Labels of this set are not free of mistakes: its own are taken for true.
- adult: 3,000 rows of the Adult table, 300 with the other class; 100 answers. Income is an outcome, so that a model
  disputes many labels that are right.

The last two need the shared data beside SAMPLEWISE_DATA, and `--keys` chromium, chromedriver and selenium.
"""

import asyncio
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import uvicorn
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.svm import SVC

import samplewise as sw
from samplewise.review.desk import Desk
from samplewise.review.page_requests import Answer, Place
from samplewise.review.server import build_app, listening_socket
from samplewise.review.session import Session

SHARED = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data"))
MIXED_UP = {0: 6, 6: 0, 2: 4, 4: 2, 1: 3, 3: 1, 5: 7, 7: 9, 9: 7, 8: 8}  # classes of Fashion-MNIST


@dataclass(frozen=True)
class Subject:
    """Rows to be reviewed: features and true labels, held-out ones, and labels as they were given.

    Args:
        seconds: that a person is taken to need for an answer.   most: answers, at the most.
    """

    rows: Any
    true: Any
    given: Any
    held_out: tuple[Any, Any]
    model: Callable[[], Any]
    seconds: float
    most: int


def digits() -> Subject:
    held = load_digits()
    draw, true = np.random.default_rng(0), held.target[:-359]
    given = true.copy()
    flipped = draw.choice(len(true), 110, replace=False)
    given[flipped] = (given[flipped] + draw.integers(1, 10, 110)) % 10
    pixels = held.data * 15.9
    return Subject(pixels[:-359], true, given, (pixels[-359:], held.target[-359:]), SVC, 2.0, 10_000)


def fashion() -> Subject:
    with np.load(SHARED / "fashion-mnist" / "train.npz") as held:
        pixels, labels = held["images"][:4_000].reshape(4_000, -1).astype(float), held["labels"][:4_000].astype(int)
    draw, true = np.random.default_rng(0), labels[:2_000]
    given = true.copy()
    flipped = draw.choice(np.flatnonzero(true != 8), 200, replace=False)  # nothing is mixed up with a bag
    given[flipped] = [MIXED_UP[label] for label in given[flipped].tolist()]
    return Subject(pixels[:2_000], true, given, (pixels[2_000:], labels[2_000:]), SVC, 2.0, 200)


def adult() -> Subject:
    frame = pd.read_csv(SHARED / "groups" / "adult.csv.gz").sample(6_000, random_state=0, ignore_index=True)
    label = frame.pop("income").to_numpy(dtype=object)
    draw, true = np.random.default_rng(0), label[:3_000]
    given, classes = true.copy(), sorted(set(label))
    flipped = draw.choice(3_000, 300, replace=False)
    given[flipped] = [classes[0] if one == classes[1] else classes[1] for one in given[flipped]]
    codes = pd.DataFrame({name: pd.factorize(values)[0] if values.dtype.kind not in "if" else values
                          for name, values in frame.items()})  # fmt: skip
    return Subject(
        (frame[:3_000], codes[:3_000]),
        true,
        given,
        (codes[3_000:], label[3_000:]),
        HistGradientBoostingClassifier,
        6.0,
        100,
    )


SUBJECTS = {"digits": digits, "fashion": fashion, "adult": adult}


def planted(subject: Subject, folder: Path) -> Path:
    """The rows with the labels as they were given: a folder of pictures by class, or a table."""
    if isinstance(subject.rows, tuple):
        folder.mkdir(parents=True, exist_ok=True)
        subject.rows[0].assign(income=subject.given).to_csv(folder / "rows.csv", index=False)
        return folder / "rows.csv"
    side = int(np.sqrt(subject.rows.shape[1]))
    for place, row in enumerate(subject.rows):
        target = folder / "pictures" / str(subject.given[place]) / f"{place:04}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        pixels = row.reshape(side, side).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).resize((64, 64), Image.Resampling.BICUBIC).save(target)
    return folder / "pictures"


def accuracy(subject: Subject, labels: Any) -> float:
    """Of a model trained on these labels, on the held-out rows with their true ones."""
    rows = subject.rows[1] if isinstance(subject.rows, tuple) else subject.rows
    X, y = subject.held_out
    return round(float(subject.model().fit(rows, labels.astype(str)).score(X, y.astype(str))), 4)


@dataclass(frozen=True)
class Shown:
    """A row as the reviewer sees it."""

    position: int
    list: str
    row: str
    given: str
    suggestion: str


class InProcess:
    """Answers given without a page."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def shown(self) -> Shown | None:
        card = self.desk.shown("script")["card"]
        return card and Shown(*(card[name] for name in ("key", "list", "row", "given", "suggestion")))

    def say(self, row: Shown, decision: str, label: str | None = None) -> None:
        self.desk.decide("script", Answer((Place(row.position, row.list),), decision, label))

    def end(self) -> None:
        """Nothing is open."""


class ByKeys:
    """Answers given by keys on the page."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        from selenium import webdriver  # noqa: PLC0415  # the other way of answering needs no browser
        from selenium.webdriver.chrome.service import Service  # noqa: PLC0415

        self.folder = folder
        opened = listening_socket("127.0.0.1", 0)
        config = uvicorn.Config(build_app(desk, {"script": "script"}), log_level="warning", lifespan="off", ws="none")
        self.server = uvicorn.Server(config)
        threading.Thread(target=lambda: asyncio.run(self.server.serve(sockets=[opened])), daemon=True).start()
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
            options.add_argument(argument)
        self.page = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.page.set_window_size(1200, 940)
        self.address = f"http://127.0.0.1:{opened.getsockname()[1]}/script/"
        self.page.get(self.address)
        self.picture("row")

    def picture(self, name: str) -> None:
        self.page.save_screenshot(str(self.folder / f"{name}.png"))

    def shown(self) -> Shown | None:
        held = self.page.execute_script(
            "const sheet = document.querySelector('article.sheet'), text = (found) => found?.textContent ?? '';"
            "return sheet && [+sheet.dataset.row, sheet.dataset.list, text(sheet.querySelector('h1 bdi')),"
            "text(sheet.querySelector('.labels > bdi')), text(sheet.querySelector('.labels > .suggested'))]"
        )
        return held and Shown(*held)

    def say(self, row: Shown, decision: str, label: str | None = None) -> None:
        if label is None:
            self.press({"keep": "k", "suggestion": "s"}[decision])
        else:
            found = "document.querySelectorAll('#matches li')"
            self.press("l")
            self.wait(f"{found}.length > 0")
            self.press(label)
            self.wait(f"{found}[0]?.textContent === {label!r}")
            self.press("\ue007")  # Enter
        self.wait(f"document.querySelector('article.sheet')?.dataset.row !== '{row.position}'")

    def press(self, keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains  # noqa: PLC0415

        ActionChains(self.page, duration=0).send_keys(keys).perform()

    def wait(self, condition: str) -> None:
        until = time.perf_counter() + 30
        while not self.page.execute_script(f"return {condition}"):
            if time.perf_counter() > until:
                raise SystemExit(f"the page did not come to: {condition}")

    def end(self) -> None:
        self.page.get(self.address)
        self.picture("row-after")
        self.page.quit()
        self.server.should_exit = True


def main(name: str, folder: Path, by_keys: bool) -> None:
    subject = SUBJECTS[name]()
    run = folder / "run"
    if not (run / "audit.json").exists():
        options = {"label": "income"} if name == "adult" else {}
        sw.audit(str(planted(subject, folder)), checks=["SW201"], run_dir=run, budget="60s", **options)
    desk = Desk(session := Session.open(run))
    reviewer = ByKeys(desk, folder) if by_keys else InProcess(desk)
    true, given = subject.true, subject.given
    decided, wrong, changed, started = given.copy(), 0, 0, time.perf_counter()
    while desk.answered() < subject.most and (row := reviewer.shown()) is not None:
        place = row.position if name == "adult" else int(row.row.split("/")[1].split(".")[0])
        right = str(true[place])
        if right == row.given:
            reviewer.say(row, "keep")
        elif right == row.suggestion:
            reviewer.say(row, "suggestion")
            changed += 1
        else:
            reviewer.say(row, "relabel", right)
        wrong += right != row.given
        decided[place] = true[place]
    took = time.perf_counter() - started
    reviewer.end()
    session.wait()
    answers = desk.answered()
    print(json.dumps({
        "rows": len(given), "wrong_labels": int((given != true).sum()), "queued": len(session.queue),
        "answers": answers, "were_wrong": wrong, "suggestion_was_right": changed,
        "wrong_labels_left": int((decided != true).sum()), "answered_by": "keys" if by_keys else "script",
        "seconds": round(took, 1), "answers_a_minute": round(answers / took * 60),
        "minutes_by_hand": round(answers * subject.seconds / 60, 1), "calibration": str(session.calibration()),
        "accuracy": {
            "before": accuracy(subject, given), "after": accuracy(subject, decided),
            "true labels": accuracy(subject, true),
        },
        "facts": session.panel("script")["facts"],
    }, indent=2))  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in SUBJECTS or sys.argv[3:] not in ([], ["--keys"]):
        raise SystemExit(__doc__)
    main(sys.argv[1], Path(sys.argv[2]), len(sys.argv) == 4)
