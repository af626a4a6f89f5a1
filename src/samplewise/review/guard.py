"""Who may ask the review server, and how much: address, origin, size and rate are checked before anything is read."""

import hmac
import ipaddress
import json
import re
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY = 256 * 1024  # bytes of one request: two hundred rows with long ids and a note
METHODS = ("GET", "HEAD", "POST")
READS = (60.0, 400)  # requests a second of one reviewer in the long run, and at once: a page of many pictures
WRITES = (20.0, 60)
STRANGERS = (5.0, 50)  # requests with another address, all together
NAME_AND_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:/@]+))(?::[0-9]{1,5})?")  # of a Host header
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}  # fmt: skip
UNKNOWN_ADDRESS = "No review is served at this address. The one to open is what `samplewise review` printed last."


class Allowance:
    """How many requests are still allowed: `burst` at once, refilled with `rate` a second.

    Args:
        rate: requests a second in the long run.   burst: requests at once.
        clock: seconds, increasing.

    >>> allowance = Allowance(1.0, 2, clock=lambda: 0.0)
    >>> [allowance.takes_one() for _ in range(3)]
    [True, True, False]
    """

    def __init__(self, rate: float, burst: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, float(burst), clock
        self._left, self._then = self._burst, clock()
        self._lock = threading.Lock()

    def takes_one(self) -> bool:
        """Whether one more request is allowed, which is then counted."""
        with self._lock:
            now = self._clock()
            self._left = min(self._burst, self._left + self._rate * (now - self._then))
            self._then = now
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True


class Guard:
    """An ASGI application in front of another, which sees only requests of a reviewer's own page.

    A request must carry a reviewer's token as the first part of its path, name a host that is meant, come from no
    other site, and be neither large nor one of too many. Answers forbid foreign scripts, frames and readers. There
    are no cookies: a page that does not know the token can have nothing done in the name of someone who does.

    Args:
        application: what is guarded; it finds the reviewer in `scope["reviewer"]`.
        reviewers: name of the reviewer by token.
        host: the address the server listens on.
        clock: seconds, increasing.
    """

    def __init__(
        self, application: Application, reviewers: Mapping[str, str], host: str = "127.0.0.1", *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._application, self._reviewers, self._hosts = application, dict(reviewers), known_hosts(host)
        self._any_address = host.strip("[]") not in LOOPBACK
        self._reads = {token: Allowance(*READS, clock=clock) for token in reviewers}
        self._writes = {token: Allowance(*WRITES, clock=clock) for token in reviewers}
        self._strangers = Allowance(*STRANGERS, clock=clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the headers that protect its answer, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self._application(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        token = self._token(scope["path"])
        refusal = self._refusal(scope["method"], headers, token)
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        scope["reviewer"], scope["token"] = self._reviewers[token], token
        await self._application(scope, receive, _protected(send))

    def _token(self, path: str) -> str:
        """The token of a path; every known one is compared, in the same time for any other."""
        given = path.split("/", 2)[1].encode() if path.startswith("/") else b""
        return max((token for token in self._reviewers if hmac.compare_digest(token.encode(), given)), default="")

    def _refusal(self, method: str, headers: Mapping[str, str], token: str) -> tuple[int, str] | None:
        """Status and sentence of a refusal; what concerns no reviewer is counted apart, so that it stops no one."""
        host = headers.get("host", "")
        if not self._is_meant(host) or not token:
            if not self._strangers.takes_one():
                return 429, "Too many requests with a wrong address."
            return (404, UNKNOWN_ADDRESS) if self._is_meant(host) else (421, "This server has another name.")
        if method not in METHODS:
            return 405, "Only GET and POST are answered."
        if _is_foreign(headers) or (method == "POST" and not _same_origin(headers.get("origin", ""), host)):
            return 403, "This request came from another page."
        if not (self._writes if method == "POST" else self._reads)[token].takes_one():
            return 429, "Too many requests at once: wait a second and try again. This one was not carried out."
        return _body_refusal(headers) if method == "POST" else None

    def _is_meant(self, host: str) -> bool:
        """Whether the Host header names this server: a name an attacker's DNS may point here is none of them."""
        name = _host_name(host)
        if name in self._hosts:
            return True
        return self._any_address and _is_address(name)


def known_hosts(host: str) -> frozenset[str]:
    """The names under which a server that listens on `host` is asked, in lower case.

    >>> sorted(known_hosts("127.0.0.1"))
    ['127.0.0.1', '::1', 'localhost']
    """
    name = host.strip("[]").lower()
    if name in LOOPBACK:
        return LOOPBACK
    return LOOPBACK | {name, socket.gethostname().lower(), socket.getfqdn().lower()}


def _host_name(host: str) -> str:
    """The name in a Host header, without its port: an ssh tunnel may have another one."""
    parts = NAME_AND_PORT.fullmatch(host)
    return (parts[1] or parts[2] or "").lower() if parts else ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_foreign(headers: Mapping[str, str]) -> bool:
    """Whether the browser says that another site asks; opening the printed address from elsewhere is allowed."""
    if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return False
    return not (headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document")


def _same_origin(origin: str, host: str) -> bool:
    scheme, _, named = origin.partition("://")
    return scheme in ("http", "https") and named.lower() == host.lower()


def _body_refusal(headers: Mapping[str, str]) -> tuple[int, str] | None:
    if headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        return 415, "Only JSON is read."
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        return 411, "The length of the request is not said."
    return (413, "The request is too large.") if int(length[:12]) > LARGEST_BODY else None


def _header_pairs(items: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in items]


async def _refuse(send: Send, code: int, sentence: str) -> None:
    body = json.dumps({"error": sentence}).encode()
    own = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Cache-Control": "no-store"}
    pairs = _header_pairs([*HEADERS.items(), *own.items(), ("Connection", "close")])
    await send({"type": "http.response.start", "status": code, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


def _protected(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            held = {name.lower() for name, _ in message["headers"]}
            more = HEADERS if b"cache-control" in held else HEADERS | {"Cache-Control": "no-store"}
            message = {**message, "headers": [*message["headers"], *_header_pairs(more.items())]}
        await send(message)

    return sent
