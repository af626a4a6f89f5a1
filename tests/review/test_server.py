"""The review over plain requests: what is shown, what is saved, what is refused, and what a dead server leaves."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from samplewise.core.errors import InputError
from samplewise.review.desk import Desk
from samplewise.review.guard import HEADERS, LARGEST_BODY
from samplewise.review.server import listening_socket

SERVER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from conftest import table_session
from samplewise.review.desk import Desk
from samplewise.review.server import serve
desk = Desk(table_session(Path(sys.argv[1])))
serve(desk, ["r1"], port=0, open_browser=False, said=lambda line: print(line, flush=True))
"""


def about(place: int, code: str = "SW201") -> list[dict[str, object]]:
    return [{"row": place, "list": code, "column": ""}]


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "decisions/f1e2d3/decisions.jsonl").read_text().splitlines()]


def test_a_page_shows_the_likeliest_row_and_everything_on_it_is_escaped(table, sessions):
    code, headers, body = table.ask()
    page = body.decode()
    assert code == 200
    assert 'data-row="1"' in page
    assert "95 %" in page
    assert sessions.nasty not in page
    assert "&lt;script&gt;document.title" in page
    assert page.count("<script") == 1  # its own
    assert headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
    assert not re.search(r'\sstyle="|\son\w+="|javascript:', page)


def test_an_answer_is_on_the_disk_when_the_page_says_so(table, tmp_path):
    code, told = table.post("decide", {"rows": about(1), "decision": "suggestion"})
    assert (code, told["said"]) == (200, "Saved: row 1 changed to no")
    assert 'data-row="2"' in told["card"]
    (line,) = lines(tmp_path)
    assert (line["row"], line["decision"], line["value"], line["given"]) == (1, "relabel", "no", "yes")
    assert line["reviewer"] == "r1"
    code, told = table.post("decide", {"rows": about(1), "decision": "keep"})
    assert told["said"] == "Saved: row 1 kept, in place of your earlier answer (changed to no)"


def test_undo_and_notes_are_lines_too(table, tmp_path):
    table.post("decide", {"rows": about(1), "decision": "drop"})
    _, told = table.post("note", {"rows": about(2), "note": "look again <b>"})
    assert "look again &lt;b&gt;" in told["card"]
    assert 'data-row="2"' in told["card"]
    _, told = table.post("undo", {})
    assert told["said"] == "Undone: row 1, which was dropped"
    assert 'data-row="1"' in told["card"]
    assert [line["kind"] for line in lines(tmp_path)] == ["decision", "note", "undo"]
    _, told = table.post("undo", {})
    assert told["said"] == "There is nothing to undo."


def test_many_rows_at_once_are_undone_at_once(pictures, tmp_path):
    rows = [entry for place in (1, 2, 3) for entry in about(place)]
    code, told = pictures.post("decide", {"rows": rows, "decision": "suggestion", "page": "grid"})
    assert (code, told["said"]) == (200, "Saved: 3 rows, changed as suggested")
    assert 'data-row="4"' in told["card"]
    assert 'data-row="3"' not in told["card"]
    assert [line["value"] for line in lines(tmp_path)] == ["class 02", "class 03", "class 04"]
    _, told = pictures.post("undo", {"page": "grid"})
    assert told["said"] == "Undone: 3 rows"
    assert 'data-row="1"' in told["card"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"rows": [{"row": 1, "list": "SW999"}], "decision": "keep"}, "not among those"),
        ({"rows": [{"row": 10**9, "list": "SW201"}], "decision": "keep"}, "not among those"),
        ({"rows": [{"row": 1, "list": "SW201"}], "decision": "relabel", "value": "maybe"}, "no class named"),
        ({"rows": [{"row": 1, "list": "SW201"}], "decision": "explode"}, "no answer"),
        ([1, 2], "no answer"),
    ],
)
def test_what_is_no_answer_is_refused_in_words_and_nothing_is_written(table, tmp_path, content, says):
    code, told = table.post("decide", content)
    assert code == 400
    assert told["error"].startswith("Not saved: ")
    assert says in told["error"]
    assert not (tmp_path / "decisions").exists()


def test_a_hostile_page_of_the_same_browser_can_neither_read_nor_post(table, tmp_path):
    answer = {"rows": about(1), "decision": "drop"}
    for headers in (
        {"Origin": "http://evil.example"},
        {"Content_Type": "text/plain"},
        {"Sec_Fetch_Site": "cross-site"},
    ):
        assert table.post("decide", answer, **headers)[0] in (403, 415)
    assert table.ask(Host="evil.example")[0] == 421
    _, headers, _ = table.ask(Origin="http://evil.example")  # a cross-origin read: allowed by no header
    assert not [name for name in headers if name.lower().startswith("access-control")]
    assert table.post("decide", {"rows": about(1), "decision": "keep", "more": "x" * LARGEST_BODY})[0] == 413
    assert not (tmp_path / "decisions").exists()


def test_pictures_come_from_the_folder_and_nowhere_else(pictures, tmp_path):
    code, headers, body = pictures.ask("picture/3")
    assert (code, headers["content-type"]) == (200, "image/png")
    assert body == (tmp_path / "003.png").read_bytes()
    assert pictures.ask("picture/3?small")[2].startswith(b"\x89PNG")
    assert pictures.ask("picture/999")[0] == 404
    assert pictures.ask("picture/..%2f..%2fetc%2fpasswd")[0] == 404
    (tmp_path / "004.png").unlink()
    code, _, body = pictures.ask("picture/4")
    assert code == 404
    assert b"cannot be read" in body


def test_without_values_there_are_no_cells_texts_or_pictures(serve, sessions, tmp_path):
    page = serve(Desk(sessions.table(tmp_path), values=False)).ask()[2].decode()
    assert "row <bdi>1</bdi>" in page
    assert "a text of row" not in page
    assert "story" not in page
    (tmp_path / "pictures").mkdir()
    hidden = serve(Desk(sessions.pictures(tmp_path / "pictures"), values=False))
    assert "picture/" not in hidden.ask()[2].decode()
    assert hidden.ask("picture/3")[0] == 404
    assert hidden.ask("grid")[0] == 404
    (tmp_path / "numbers").mkdir()
    page = serve(Desk(sessions.table(tmp_path / "numbers", task="regression"), values=False)).ask()[2].decode()
    assert "(hidden)" in page
    assert "11.5" not in page  # the number that is suggested


def test_classes_are_searched_on_the_server(pictures):
    told = json.loads(pictures.ask("classes?q=1")[2])
    assert told["classes"] == ["class 10", "class 11", "class 01"]
    assert told["more"] == 0
    code, told = pictures.post("decide", {"rows": about(1), "decision": "relabel", "value": "class 07"})
    assert (code, told["said"]) == (200, "Saved: row r001 changed to class 07")


def test_a_regression_takes_a_number(serve, sessions, tmp_path):
    served = serve(Desk(sessions.table(tmp_path, task="regression")))
    assert 'data-choice="number"' in served.ask()[2].decode()
    code, told = served.post("decide", {"rows": about(1), "decision": "relabel", "value": "1,5 apples"})
    assert code == 400
    assert "a number" in told["error"]
    served.post("decide", {"rows": about(1), "decision": "relabel", "value": "33.25"})
    assert lines(tmp_path)[-1]["value"] == 33.25


def test_a_full_disk_is_said_and_the_row_stays(table, monkeypatch, tmp_path):
    def full(*_):
        raise OSError(28, "No space left on device")

    table.post("decide", {"rows": about(1), "decision": "keep"})
    monkeypatch.setattr("samplewise.auditing.decision_log.os.write", full)
    code, told = table.post("decide", {"rows": about(2), "decision": "keep"})
    assert code == 400
    assert told["error"].startswith("Not saved: ")
    assert "No space left" in told["error"]
    monkeypatch.undo()
    assert 'data-row="2"' in table.ask()[2].decode()
    assert len(lines(tmp_path)) == 1


def test_a_fault_of_the_server_says_where_to_look(table, monkeypatch):
    monkeypatch.setattr(table.desk, "_card", lambda *_: 1 / 0)
    code, _, body = table.ask("card")
    assert code == 500
    assert "ZeroDivisionError" in json.loads(body)["error"]
    assert "Traceback" not in body.decode()


def test_two_servers_on_one_folder_see_each_others_answers(serve, sessions, tmp_path):
    one, other = serve(Desk(sessions.table(tmp_path))), serve(Desk(sessions.table(tmp_path)), reviewer="r2")
    one.post("decide", {"rows": about(1), "decision": "keep"})
    assert 'data-row="2"' in other.ask()[2].decode()  # somebody answered row 1
    other.post("decide", {"rows": about(1), "decision": "drop"})
    page = one.ask("disagreements")[2].decode()
    assert "kept" in page
    assert "dropped" in page
    assert len(lines(tmp_path)) == 2


def test_a_port_in_use_and_a_foreign_host_are_refused():
    taken = listening_socket("127.0.0.1", 0)
    port = taken.getsockname()[1]
    with pytest.raises(InputError, match="cannot be served") as refused:
        listening_socket("127.0.0.1", port)
    assert "--port" in refused.value.fix
    assert str(port) in refused.value.where
    taken.close()
    with pytest.raises(InputError, match="cannot be served"):
        listening_socket("203.0.113.7", 0)
    usual = [listening_socket("127.0.0.1", None) for _ in range(2)]  # the next free one is taken
    assert len({one.getsockname()[1] for one in usual}) == 2
    for one in usual:
        one.close()


def test_nothing_is_lost_when_the_server_is_killed(tmp_path):
    """Killed at random moments between and within answers; everything that was confirmed is there afterwards."""
    import http.client

    confirmed = set()
    for turn in range(3):
        words = [sys.executable, "-c", SERVER, str(tmp_path), str(Path(__file__).parent)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            address = process.stdout.readline().strip()
            port, token = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/([\w-]+)/", address).groups()
            until = time.monotonic() + 0.4 + 0.13 * turn
            place = 1 + turn * 12
            while place < 13 + turn * 12:
                connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
                body = json.dumps({"rows": about(place), "decision": "keep"})
                headers = {"Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/json"}
                connection.request("POST", f"/{token}/decide", body, headers)
                if time.monotonic() > until:
                    os.kill(process.pid, signal.SIGKILL)
                try:
                    answer = connection.getresponse()
                    if answer.status == 200:
                        confirmed.add(place)
                    answer.read()
                except (OSError, http.client.HTTPException):
                    break
                place += 1
            process.kill()
    assert confirmed
    assert confirmed <= {line["row"] for line in lines(tmp_path)}
