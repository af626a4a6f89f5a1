"""How quick the review is: the first page, the next row, memory at 100,000 queued rows, and answers by keyboard alone.

    python benchmarks/review.py                  # about two minutes on one core; the browser part needs chromium

A table of 120,000 rows of which 100,000 are disputed is put together without an audit. Times are those of requests as
the page sends them, each with its way to the disk; the last part presses real keys in a headless browser.
"""

import asyncio
import http.client
import json
import re
import resource
import shutil
import sys
import tempfile
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import uvicorn
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.support.ui import WebDriverWait

from samplewise.auditing.decision_log import DecisionLog
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.values import Scores
from samplewise.data.dataset import Dataset
from samplewise.review.desk import Desk
from samplewise.review.server import build_app, listening_socket
from samplewise.review.session import Session

RESULTS = Path(__file__).parent / "results" / "review.json"
ROWS, QUEUED, CLASSES = 120_000, 100_000, 1_000
ANSWERS = 60
Times = tuple[float, float]  # milliseconds: on the clock, and of the processor (server and request together)
PAUSE = 0.1  # seconds between answers: the server allows twenty a second
TOKEN = "benchmark"


def session(folder: Path) -> Session:
    """A large table whose labels are disputed."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(ROWS, 8)), columns=[f"column {place}" for place in range(8)])
    labels = np.array([f"class {place % CLASSES}" for place in range(ROWS)])
    data = Dataset(frame, labels, ids=np.arange(ROWS))
    keys = tuple(range(QUEUED))
    suggested = tuple(f"class {(place + 1) % CLASSES}" for place in keys)
    finding = Finding(
        "SW201", "labels the model disputes", "error", keys, "Why.", (Remedy("relabel", keys, suggested),)
    )
    scores = Scores("wrong_label", np.linspace(1, 0, QUEUED), np.arange(QUEUED), "probability", "more likely wrong")
    outcome = Outcome("SW201", finding.title, "found", result=CheckResult((finding,), (scores,)))
    names, counts = np.unique(labels, return_counts=True)
    facts = {
        "rows": ROWS, "source": "rows.csv", "label": "y", "task": "classification", "fingerprint": "benchmark",
        "classes": names.tolist(), "class_counts": counts.tolist(),
    }  # fmt: skip
    record = AuditRecord(RECORD_SCHEMA, facts, {}, {}, (outcome,))
    return Session(record, data, DecisionLog(folder, "benchmark"), folder, folder)


def served(desk: Desk) -> int:
    """Serve on a free port from another thread; returns the port."""
    opened = listening_socket("127.0.0.1", 0)
    config = uvicorn.Config(build_app(desk, {TOKEN: "r1"}), log_level="warning", lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[opened])), daemon=True).start()
    return int(opened.getsockname()[1])


def asked(port: int, path: str, content: Any = None) -> tuple[Times, bytes]:
    """How long it takes until the whole answer is there, and the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/json"} if content else {}
    started, used = time.perf_counter(), time.process_time()
    body = json.dumps(content) if content else None
    connection.request("POST" if content else "GET", f"/{TOKEN}/{path}", body, headers)
    answer = connection.getresponse()
    told = answer.read()
    took = 1000.0 * (time.perf_counter() - started), 1000.0 * (time.process_time() - used)
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"{answer.status}: {told.decode()}")
    return took, told


def by_requests(port: int) -> dict[str, Any]:
    first, page = asked(port, "")
    place = re.search(r'data-row="(\d+)"', page.decode())
    took = []
    for _ in range(ANSWERS):
        assert place is not None
        spent, told = asked(port, "decide", {"rows": [{"row": place[1], "list": "SW201"}], "decision": "keep"})
        took.append(spent)
        place = re.search(r'data-row="(\d+)"', json.loads(told)["card"])
        time.sleep(PAUSE)
    searched = [asked(port, f"classes?q={letters}")[0] for letters in ("9", "99", "class%2099", "")]
    return {
        "first_page": _told([first]), "next_row": _told(took), "class_search": _told(searched), "answers": len(took),
    }  # fmt: skip


def _told(times: list[Times]) -> dict[str, float]:
    """Median and highest on the clock, and the median of the processor's own time, which other programs leave alone."""
    clock, processor = np.array(times).T
    return {
        "median_ms": round(float(np.median(clock)), 1), "highest_ms": round(float(clock.max()), 1),
        "median_processor_ms": round(float(np.median(processor)), 1),
    }  # fmt: skip


def by_keyboard(port: int) -> dict[str, Any]:
    """Answers a minute of a script that presses the next key as soon as the next row is shown."""
    browser, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if not (browser and driver):
        return {"left_out": "no chromium and chromedriver here"}
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    page = webdriver.Chrome(options=options, service=Service(driver))
    shown = "return document.querySelector('article.sheet').dataset.row"
    try:
        page.get(f"http://127.0.0.1:{port}/{TOKEN}/")
        started = time.perf_counter()
        for number in range(ANSWERS):
            before = page.execute_script(shown)
            ActionChains(page, duration=0).send_keys("ksdu"[number % 4]).perform()
            WebDriverWait(page, 30, 0.01).until(lambda one, seen=before: one.execute_script(shown) != seen)
        took = time.perf_counter() - started
    finally:
        page.quit()
    return {"answers": ANSWERS, "answers_a_minute": round(60.0 * ANSWERS / took)}


def main() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        held = session(Path(folder))
        opened = time.perf_counter() - started
        desk = Desk(held)
        desk.shown("r1")  # as `serve` does before it prints the address
        port = served(desk)
        found = {
            "samplewise": version("samplewise"), "rows_queued": QUEUED, "classes": CLASSES,
            "opening_s": round(opened, 2), **by_requests(port), "by_keyboard": by_keyboard(port),
        }  # fmt: skip
        log = DecisionLog(Path(folder), "benchmark")
        found["answers_on_disk"] = len(log.entries())
    found["memory_mb"] = round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
    text = json.dumps(found, indent=2)
    print(text)
    if "--write" in sys.argv:
        RESULTS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
