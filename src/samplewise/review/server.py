"""The review in a browser: pages, answers and pictures of one session, for those who know its address."""

import asyncio
import json
import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from samplewise.core.errors import InputError
from samplewise.review.desk import Desk
from samplewise.review.guard import LARGEST_BODY, LOOPBACK, Guard
from samplewise.review.page_requests import Place, answer_of, note_of, place_of, undo_page
from samplewise.review.views import page_html, part_html, read_templates

TOKEN_BYTES = 24
PORTS_TRIED = 20  # from the usual one on, where none was asked for
USUAL_PORT = 8123
ASSETS = {
    "page.css": ("samplewise.report", "templates", "text/css"),
    "review.css": ("samplewise.review", "pages", "text/css"),
    "review.js": ("samplewise.review", "pages", "text/javascript"),
}
MOST_CONNECTIONS = 100
KEPT = {"Cache-Control": "private, max-age=3600"}
LONGEST_SEARCH = 200
KEPT_ALIVE = 60  # seconds; a reviewer thinks longer than the default of five


def build_app(desk: Desk, reviewers: Mapping[str, str], *, host: str = "127.0.0.1") -> Guard:
    """The application as ASGI servers and tests take it.

    Args:
        desk: what is reviewed.
        reviewers: name of the reviewer by token; the token is the first part of every address.
        host: the address that is listened on; of another than loopback, numeric addresses are answered too.

    >>> build_app.__name__
    'build_app'
    """
    read_templates()
    handlers = _Handlers(desk)
    routes = [
        Route("/{token}", handlers.row_page, methods=["GET"]),
        Route("/{token}/", handlers.row_page, methods=["GET"]),
        Route("/{token}/grid", handlers.grid_page, methods=["GET"]),
        Route("/{token}/disagreements", handlers.disagreements_page, methods=["GET"]),
        Route("/{token}/card", handlers.card, methods=["GET"]),
        Route("/{token}/panel", handlers.panel, methods=["GET"]),
        Route("/{token}/classes", handlers.classes, methods=["GET"]),
        Route("/{token}/picture/{position:int}", handlers.picture, methods=["GET"]),
        Route("/{token}/decide", handlers.decide, methods=["POST"]),
        Route("/{token}/undo", handlers.undo, methods=["POST"]),
        Route("/{token}/note", handlers.note, methods=["POST"]),
        *(Route(f"/{{token}}/{name}", _asset_of(name), methods=["GET"]) for name in ASSETS),
    ]
    refusals = {InputError: _refused, Exception: _failed}
    return Guard(Starlette(routes=routes, exception_handlers=refusals), reviewers, host)


class _Handlers:
    """What every address answers; whatever reads or writes runs on another thread than the connections."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def row_page(self, request: Request) -> Response:
        place = place_of(request.query_params)
        return await self._page(request, "row", lambda: self._desk.shown(_reviewer(request), place))

    async def grid_page(self, request: Request) -> Response:
        return await self._page(request, "grid", lambda: self._desk.tiles(_reviewer(request)))

    async def disagreements_page(self, request: Request) -> Response:
        return await self._page(request, "disagreements", self._desk.disagreements)

    async def card(self, request: Request) -> Response:
        place = place_of(request.query_params)
        return JSONResponse(await run_in_threadpool(self._row, request, place))

    async def panel(self, request: Request) -> Response:
        panel = await run_in_threadpool(self._desk.panel, _reviewer(request))
        return JSONResponse({"panel": part_html("progress.html.j2", {"panel": panel})})

    async def classes(self, request: Request) -> Response:
        found, more = await run_in_threadpool(self._desk.classes, request.query_params.get("q", "")[:LONGEST_SEARCH])
        return JSONResponse({"classes": found, "more": more})

    async def picture(self, request: Request) -> Response:
        small = "small" in request.query_params
        content, kind = await run_in_threadpool(self._desk.picture, request.path_params["position"], small=small)
        return Response(content, media_type=kind, headers=KEPT)

    async def decide(self, request: Request) -> Response:
        answer = answer_of(await _content(request))
        return await self._after(request, answer.page, lambda: (self._desk.decide(_reviewer(request), answer), None))

    async def undo(self, request: Request) -> Response:
        page = undo_page(await _content(request))
        return await self._after(request, page, lambda: self._desk.undo(_reviewer(request)))

    async def note(self, request: Request) -> Response:
        note = note_of(await _content(request))
        return await self._after(request, "row", lambda: (self._desk.note(_reviewer(request), note), note.place))

    async def _page(self, request: Request, page: str, shown: Callable[[], Mapping[str, Any]]) -> Response:
        def drawn() -> str:
            desk = self._desk
            frame = {"base": _base(request), "source": desk.source, "reviewer": _reviewer(request), "tabs": desk.tabs()}
            return page_html(page, {**shown(), **frame})

        return HTMLResponse(await run_in_threadpool(drawn))

    async def _after(self, request: Request, page: str, act: Callable[[], tuple[str, Place | None]]) -> Response:
        """Carry something out, then show what comes next on the page it was asked on."""

        def drawn() -> dict[str, Any]:
            said, place = act()
            if page == "grid":
                tiles = self._desk.tiles(_reviewer(request))
                return {"card": part_html("tiles.html.j2", {**tiles, "base": _base(request)}), "said": said}
            return self._row(request, place) | {"said": said}

        return JSONResponse(await run_in_threadpool(drawn))

    def _row(self, request: Request, place: Place | None) -> dict[str, Any]:
        """The parts of the page of one row."""
        shown = self._desk.shown(_reviewer(request), place)
        return {
            "card": part_html("row.html.j2", {**shown, "base": _base(request)}),
            "panel": part_html("progress.html.j2", shown),
            "address": shown["card"]["address"] if shown["card"] else "",
        }


def _reviewer(request: Request) -> str:
    return str(request.scope["reviewer"])


def _base(request: Request) -> str:
    """The address of the pages, up to the token."""
    return f"/{request.scope['token']}"


async def _content(request: Request) -> Any:
    """The JSON of a request; what is no JSON, or larger than its header said, is refused."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise InputError("the request is too large", got=f"more than {LARGEST_BODY:,} bytes", fix="send fewer rows")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise InputError("the request is no JSON", got=f"{len(body):,} bytes", fix="use the page itself") from None


async def _refused(request: Request, fault: Exception) -> Response:
    """An input error in words, on the page where it can be mended."""
    said = f"{'Not saved: ' if request.method == 'POST' else ''}{_on_one_line(fault)}"
    return JSONResponse({"error": said}, 400 if request.method == "POST" else 404)


async def _failed(request: Request, fault: Exception) -> Response:
    """Anything else: what the page says then is true, as an answer is written before anything else is done."""
    said = f"The server failed ({type(fault).__name__}). Load the page again: it shows what was saved."
    return JSONResponse({"error": said}, 500)


def _on_one_line(fault: Exception) -> str:
    if not isinstance(fault, InputError):
        return str(fault)
    got, fix = f" ({fault.got})" if fault.got else "", f". {fault.fix}" if fault.fix else ""
    return f"{fault.what}{got}{fix}"


def _asset_of(name: str) -> Callable[[Request], Any]:
    package, folder, kind = ASSETS[name]
    content = files(package).joinpath(folder, name).read_bytes()

    async def asset(_: Request) -> Response:
        return Response(content, media_type=kind, headers=KEPT)

    return asset


# ---- the server -----------------------------------------------------------------------------------------------------


def serve(
    desk: Desk, reviewers: Sequence[str], *, host: str = "127.0.0.1", port: int | None = None,
    open_browser: bool = True, said: Callable[[str], None] = print,
) -> None:  # fmt: skip
    """Serve a review until it is interrupted (Ctrl-C), and print an address for every reviewer.

    Args:
        desk: what is reviewed.   reviewers: their names; each has an address of their own.
        host: the address to listen on: this machine only, unless told otherwise.
        port: None for the first free one from 8123 on, 0 for any.
        open_browser: whether to open the first address in a browser.
        said: called with every line that is to be shown.

    Raises:
        InputError: the port is in use, or the host is no address of this machine.
    """
    sockets = [listening_socket(host, port)]
    bound = sockets[0].getsockname()[1]
    tokens = {secrets.token_urlsafe(TOKEN_BYTES): name for name in reviewers}
    shown_host = f"[{host}]" if ":" in host else host
    addresses = [(name, f"http://{shown_host}:{bound}/{token}/") for token, name in tokens.items()]
    config = uvicorn.Config(
        build_app(desk, tokens, host=host), log_level="warning", access_log=False, server_header=False,
        timeout_keep_alive=KEPT_ALIVE, limit_concurrency=MOST_CONNECTIONS, timeout_graceful_shutdown=3, lifespan="off",
        ws="none",
    )  # fmt: skip
    desk.shown(reviewers[0])  # what the first page needs is there before its address is printed
    for name, address in addresses:
        said(f"{name}: {address}" if len(addresses) > 1 else address)
    if host not in LOOPBACK:
        said(
            "Anyone in the network who learns an address can read and answer, and what is sent is not encrypted: "
            "an ssh tunnel to this machine is safer."
        )
    if open_browser:
        threading.Timer(0.3, webbrowser.open, [addresses[0][1]]).start()
    try:
        asyncio.run(uvicorn.Server(config).serve(sockets=sockets))
    finally:
        sockets[0].close()


def listening_socket(host: str, port: int | None) -> socket.socket:
    """A socket that listens; raises `InputError` where the port is in use, or the host is none of this machine."""
    tried = range(USUAL_PORT, USUAL_PORT + PORTS_TRIED) if port is None else (port,)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    fault: OSError | None = None
    for one in tried:
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((host.strip("[]"), one))
            opened.listen(128)
        except OSError as refused:
            opened.close()
            fault = refused
        else:
            return opened
    raise InputError(
        "the review cannot be served at this address", where=f"{host}:{tried[0]}",
        got=(fault.strerror if fault else "") or str(fault),
        fix="choose another port with --port, or 0 for any that is free; --host names an address of this machine",
    )  # fmt: skip
