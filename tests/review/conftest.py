"""A review that is served, and a browser that opens it."""

import asyncio
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import uvicorn
from PIL import Image

from samplewise.auditing.decision_log import DecisionLog
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.values import Exhibit, Scores
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.review.desk import Desk
from samplewise.review.server import build_app, listening_socket
from samplewise.review.session import Session

NASTY = "<script>document.title = 'run'</script>"


def record_of(data: Dataset, suspects: list[Any], suggested: list[Any], *more: Outcome, task: str = "classification",
              source: str = "rows.csv") -> AuditRecord:  # fmt: skip
    """An audit that disputes the labels of some rows, the likeliest first."""
    ids = tuple(data.ids[suspects].tolist())
    probabilities = np.linspace(0.95, 0.4, len(ids))
    nearest = np.array([str(data.ids[place - 1]) for place in suspects])
    exhibit = Exhibit(
        "rows", "Labels", {
            "id": data.ids[suspects], "reason": np.array([f"held-out models name another class {NASTY}"] * len(ids)),
            "nearest_given": nearest, "nearest_suggested": nearest,
        }, finding=0,
    )  # fmt: skip
    remedies = (Remedy("relabel", ids, tuple(suggested), "Relabel"),)
    finding = Finding("SW201", "labels the model disputes", "error", ids, "Models name another class.", remedies)
    scores = Scores("wrong_label", probabilities, data.ids[suspects], "probability", "more likely wrong")
    outcome = Outcome("SW201", finding.title, "found", result=CheckResult((finding,), (scores,), (exhibit,)))
    names, counts = np.unique(data.y, return_counts=True)
    facts = {"rows": len(data), "source": source, "label": "y", "task": task, "fingerprint": "f1e2d3"}
    facts |= {"classes": [], "class_counts": []} if task == "regression" else {
        "classes": names.tolist(), "class_counts": counts.tolist(),
    }  # fmt: skip
    return AuditRecord(RECORD_SCHEMA, facts, {}, {}, (outcome, *more))


def session_of(folder: Path, data: Dataset, suspects: list[Any], suggested: list[Any], *more: Outcome,
               both: bool = False, task: str = "classification") -> Session:  # fmt: skip
    record = record_of(data, suspects, suggested, *more, task=task)
    return Session(record, data, DecisionLog(folder, "f1e2d3"), folder, folder, both=both)


def picture_session(folder: Path, rows: int = 60, suspects: int = 40, classes: int = 12) -> Session:
    """Gray pictures in files, labeled "class 00", "class 01", ..."""
    names = np.array([f"class {place % classes:02}" for place in range(rows)])
    paths = []
    for place in range(rows):
        paths.append(folder / f"{place:03}.png")
        pixels = np.random.default_rng(place).integers(0, 255, (24, 24), dtype=np.uint8)
        Image.fromarray(pixels).save(paths[-1])
    data = Dataset(Images.from_files(paths), names, ids=[f"r{place:03}" for place in range(rows)])
    chosen = list(range(1, suspects + 1))
    return session_of(folder, data, chosen, [f"class {(place + 1) % classes:02}" for place in chosen])


def table_session(folder: Path, rows: int = 200, suspects: int = 40, **options: Any) -> Session:
    """Numbers and texts with hostile names; two classes, or a number."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"age": draw.integers(20, 60, rows), NASTY: draw.normal(size=rows).round(3)})
    frame["story"] = [f"{NASTY} a text of row {place} that is long enough to be read as one" for place in range(rows)]
    chosen = list(range(1, suspects + 1))
    if options.get("task") == "regression":
        data = Dataset(frame, frame["age"].to_numpy() * 2.0 + 1, ids=np.arange(rows))
        return session_of(folder, data, chosen, [10.5 + place for place in chosen], **options)
    data = Dataset(frame, np.array(["no", "yes"])[np.arange(rows) % 2], ids=np.arange(rows))
    return session_of(folder, data, chosen, [["yes", "no"][place % 2] for place in chosen], **options)


def joined_session(folder: Path, labels: int = 4) -> Session:
    """Sixty rows with one or two of several labels each, "tag 0; tag 1", twenty of them disputed."""
    draw = np.random.default_rng(0)
    further = [(place + 1 + place // labels % (labels - 1)) % labels for place in range(60)]
    tags = [f"tag {place % labels}" + f"; tag {further[place]}" * (place % 2) for place in range(60)]
    frame = pd.DataFrame({"a": draw.normal(size=60), "b": draw.normal(size=60)})
    chosen = list(range(1, 21))
    suggested = [f"tag {place % labels}; tag {(place + 2) % labels}" for place in chosen]
    data = Dataset(frame, np.array(tags, dtype=object), ids=[f"r{place:02}" for place in range(60)])
    return session_of(folder, data, chosen, suggested)


def cells_session(folder: Path) -> Session:
    """Numbers with a code for a missing one in six rows, one of which has a second odd cell to be looked up."""
    a = np.r_[np.random.default_rng(0).normal(50, 10, 200).round(1), [-999.0] * 6]
    frame = pd.DataFrame({"a": a, "b": np.arange(206.0) + 1000.0, "c": np.arange(206) % 7})
    data = Dataset(frame, np.array(["no", "yes"])[np.arange(206) % 2], ids=[f"r{place:03}" for place in range(206)])
    clean = Finding("SW108", "codes in a", "warning", ("a",), "-999 is a code", axis="column",
                    remedies=(Remedy("clean", ("a",), ("set to missing",)),))  # fmt: skip
    look_up = Finding("SW108", "tenfold b", "note", ("b",), "b may be ten times too large", axis="column",
                      remedies=(Remedy("review", ("b",)),))  # fmt: skip
    listed = {"id": np.array(["r201"]), "column": np.array(["b"]), "remedy": np.array(["divide"])}
    result = CheckResult((clean, look_up), exhibits=(Exhibit("table", "odd cells", listed),))
    record = record_of(data, [], [], Outcome("SW108", "cells", "found", result=result))
    return Session(record, data, DecisionLog(folder, "f1e2d3"), folder, folder)


@dataclass(frozen=True)
class Served:
    """A server that runs, asked without a browser."""

    desk: Desk
    port: int
    token: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def ask(self, path: str = "", method: str = "GET", content: Any = None, **headers: str) -> tuple[int, Any, bytes]:
        """Status, headers and body of the answer to a request as the page itself would send it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        given = {"Host": f"127.0.0.1:{self.port}"}
        body = None
        if method == "POST":
            body = json.dumps(content).encode()
            given |= {"Origin": f"http://127.0.0.1:{self.port}", "Content-Type": "application/json"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/{self.token}/{path}", body, {name: text for name, text in given.items() if text})
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), told

    def post(self, path: str, content: Any, **headers: str) -> tuple[int, Any]:
        code, _, body = self.ask(path, "POST", content, **headers)
        return code, json.loads(body)


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., Served]]:
    """Serve a desk on a free port of this machine, until the module ends."""
    running = []

    def started(desk: Desk, reviewer: str = "r1") -> Served:
        opened = listening_socket("127.0.0.1", 0)
        token = f"token-of-{reviewer}"
        app = build_app(desk, {token: reviewer})
        config = uvicorn.Config(app, log_level="warning", lifespan="off", ws="none", access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[opened])), daemon=True)
        thread.start()
        running.append((server, thread))
        return Served(desk, opened.getsockname()[1], token)

    yield started
    for server, thread in running:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def pictures(tmp_path: Path, serve: Callable[..., Served]) -> Served:
    """Forty pictures of twelve classes whose labels are disputed."""
    return serve(Desk(picture_session(tmp_path)))


@pytest.fixture
def table(tmp_path: Path, serve: Callable[..., Served]) -> Served:
    """Forty rows of a table with two classes and hostile cells whose labels are disputed."""
    return serve(Desk(table_session(tmp_path)))


@pytest.fixture
def sessions() -> Any:
    """How sessions are made, for tests that need another one."""
    return SimpleNamespace(
        pictures=picture_session, table=table_session, joined=joined_session, cells=cells_session, of=session_of,
        nasty=NASTY,
    )  # fmt: skip
