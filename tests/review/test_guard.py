"""What a stranger, another page of the same browser and too many requests are answered."""

import asyncio
from typing import Any

import pytest

from samplewise.review.guard import HEADERS, LARGEST_BODY, READS, STRANGERS, WRITES, Allowance, Guard, known_hosts

TOKEN = "a-token"
HOST = "127.0.0.1:8123"


async def _inner(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": scope["reviewer"].encode()})


def asked(guard: Guard, path: str = f"/{TOKEN}/", method: str = "GET", **headers: str) -> tuple[int, dict[str, str]]:
    """Status and headers of the answer to one request; header names are written with underscores."""
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    given = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "http", "path": path, "method": method,
        "headers": [(name.encode(), value.encode()) for name, value in given.items() if value],
    }  # fmt: skip
    asyncio.run(guard(scope, receive, send))
    answered = {name.decode(): value.decode() for name, value in told[0]["headers"]}
    return told[0]["status"], answered


def guard(host: str = "127.0.0.1", clock: Any = lambda: 0.0) -> Guard:
    return Guard(_inner, {TOKEN: "r1", "of-another": "r2"}, host, clock=clock)


POST = {"method": "POST", "origin": f"http://{HOST}", "content_type": "application/json", "content_length": "2"}


def test_a_reviewer_is_let_in_with_every_protecting_header():
    code, headers = asked(guard())
    assert code == 200
    assert {name: headers[name.lower()] for name in HEADERS} == HEADERS
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers
    assert asked(guard(), **POST)[0] == 200


@pytest.mark.parametrize("path", ["/", "/wrong/", "", "/a-toke", "/a-token2/", "//a-token/", "/A-TOKEN/"])
def test_another_token_opens_nothing(path):
    code, headers = asked(guard(), path)
    assert code == 404
    assert "content-security-policy" in headers


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8123", "127.0.0.1.evil.example", "192.168.1.5", "", "[::"]
)
def test_a_name_that_an_attacker_points_here_is_refused(host):
    assert asked(guard(), host=host)[0] == 421


@pytest.mark.parametrize("host", ["localhost:9000", "LOCALHOST", "[::1]:8123", "127.0.0.1"])
def test_a_tunnel_may_have_another_port(host):
    assert asked(guard(), host=host)[0] == 200


def test_a_server_for_others_answers_addresses_and_its_own_name_and_no_other():
    open_to_all = guard("0.0.0.0")
    assert asked(open_to_all, host="192.168.1.5:8123")[0] == 200
    assert asked(open_to_all, host="evil.example")[0] == 421
    assert asked(guard("box.example"), host="BOX.example:8123")[0] == 200
    assert known_hosts("127.0.0.1") == {"127.0.0.1", "localhost", "::1"}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),  # another program of this machine
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"content_type": "text/plain"}, 415),  # what a form can send to another site
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
        ({"content_length": ""}, 411),
        ({"content_length": "-5"}, 411),
        ({"content_length": str(LARGEST_BODY + 1)}, 413),
        ({"content_length": "9" * 500}, 413),
        ({"method": "DELETE"}, 405),
        ({"method": "OPTIONS"}, 405),  # what a browser asks before a request to another site
    ],
)
def test_what_another_page_could_send_is_refused(changed, code):
    assert asked(guard(), **(POST | changed))[0] == code


def test_another_site_may_link_here_and_not_embed():
    opened = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert asked(guard(), **opened)[0] == 200
    assert asked(guard(), **(opened | {"sec_fetch_dest": "iframe"}))[0] == 403
    assert asked(guard(), sec_fetch_site="cross-site", sec_fetch_mode="no-cors", sec_fetch_dest="image")[0] == 403
    assert asked(guard(), sec_fetch_site="same-site", sec_fetch_mode="cors", sec_fetch_dest="empty")[0] == 403


def test_too_many_requests_wait_and_strangers_stop_no_reviewer():
    now = [0.0]
    watched = guard(clock=lambda: now[0])
    assert [asked(watched, "/wrong")[0] for _ in range(STRANGERS[1] + 1)][-2:] == [404, 429]
    assert [asked(watched, **POST)[0] for _ in range(WRITES[1] + 1)][-2:] == [200, 429]
    assert asked(watched)[0] == 200
    assert asked(watched, "/of-another/", **POST)[0] == 200
    now[0] = 1.0 / WRITES[0]
    assert [asked(watched, **POST)[0] for _ in range(2)] == [200, 429]


def test_an_allowance_is_never_more_than_its_burst():
    now = [0.0]
    allowance = Allowance(*READS, clock=lambda: now[0])
    now[0] = 1e6
    assert sum(allowance.takes_one() for _ in range(READS[1] + 50)) == READS[1]


def test_other_protocols_are_closed():
    told = []

    async def send(message: Any) -> None:
        told.append(message)

    asyncio.run(guard()({"type": "websocket", "path": f"/{TOKEN}/", "headers": []}, None, send))
    assert told == [{"type": "websocket.close", "code": 1008}]
