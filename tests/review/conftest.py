"""A review that is served, and a browser that opens it."""

import asyncio
import http.client
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn

from samplewise.review.server import build_app, listening_socket

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")


@dataclass(frozen=True)
class Served:
    """A server that runs, asked without a browser."""

    desk: Any
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

    def started(desk: Any, reviewer: str = "r1") -> Served:
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


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    if not (BROWSER and DRIVER):
        pytest.skip("needs chromium and chromedriver (Debian: chromium-driver)")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield browser
    browser.quit()
