"""`samplewise review`: a real audit, a real server in a process of its own, and Ctrl-C."""

import http.client
import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import samplewise as sw
from samplewise.cli.review_command import review_command
from samplewise.core.errors import InputError

PROGRAM = [sys.executable, "-c", "from samplewise.cli import main; main()", "review"]


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """A table with copies, and its run folder."""
    folder = tmp_path_factory.mktemp("review")
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(60, 3)).round(4), columns=["a", "b", "c"])
    frame["y"] = np.where(frame["a"] > 0, "yes", "no")
    frame = pd.concat([frame, frame.head(4)])
    frame.to_csv(folder / "rows.csv", index=False)
    sw.audit(str(folder / "rows.csv"), label="y", checks=["SW102"], run_dir=folder / "run")
    return folder


def test_an_address_is_printed_answers_are_kept_and_ctrl_c_says_where(audited):
    command = [*PROGRAM, str(audited / "run"), "--no-browser", "--port", "0", "--reviewer", "r1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        port, token = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/([\w-]{32})/\n", line).groups()
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
        connection.request("GET", f"/{token}/")
        page = connection.getresponse().read().decode()
        place, code = re.search(r'data-row="(\d+)" data-list="(SW\d+)"', page).groups()
        body = json.dumps({"rows": [{"row": place, "list": code}], "decision": "drop"})
        headers = {"Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/json"}
        connection.request("POST", f"/{token}/decide", body, headers)
        assert json.loads(connection.getresponse().read())["said"].startswith("Saved")
        connection.close()
        process.send_signal(signal.SIGINT)
        said, faults = process.communicate(timeout=30)
    assert process.returncode == 0, faults
    assert said.startswith("1 row decided, in ")
    assert "samplewise apply" in said
    assert faults == ""
    (file,) = (audited / "run" / "decisions").rglob("decisions.jsonl")
    assert json.loads(file.read_text())["decision"] == "drop"


def test_a_folder_without_a_record_is_refused(tmp_path):
    with pytest.raises(InputError, match="no audit record here"):
        review_command(tmp_path, reviewer=["r1"])


def test_other_data_are_refused(audited, tmp_path):
    frame = pd.read_csv(audited / "rows.csv")
    frame.loc[0, "a"] += 1.0
    frame.to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(InputError, match="not the data that were audited"):
        review_command(audited / "run", reviewer=["r1"], source=tmp_path / "rows.csv")


def test_a_reviewer_is_named_once(audited):
    with pytest.raises(InputError, match="name"):
        review_command(audited / "run", reviewer=["r1", "r1"])
    with pytest.raises(InputError, match="name"):
        review_command(audited / "run", reviewer=["  "])


def test_answers_go_out_and_come_back_by_files(audited, tmp_path, capsys):
    shutil.copytree(audited / "run", tmp_path / "run", ignore=shutil.ignore_patterns("decisions"))
    source, run = audited / "rows.csv", tmp_path / "run"
    file = tmp_path / "tasks.json"
    review_command(run, source=source, to_file=file, form="label-studio")
    told = capsys.readouterr().out
    assert "4 rows to decide about" in told
    assert '<Text name="row" value="$samplewise_row"/>' in told.replace("\n", " ")
    tasks = json.loads(file.read_text())
    chosen = [{"from_name": "label", "to_name": "row", "type": "choices", "value": {"choices": ["drop this row"]}}]
    tasks[0]["annotations"] = [{"result": chosen, "was_cancelled": False}]
    file.write_text(json.dumps(tasks))
    review_command(run, source=source, from_file=file, form="label-studio", reviewer=["anna"])
    assert "1 row decided" in capsys.readouterr().out
    (log,) = (run / "decisions").rglob("decisions.jsonl")
    assert [json.loads(line)["reviewer"] for line in log.read_text().splitlines()] == ["anna"]
    review_command(run, source=source, to_file=tmp_path / "all.jsonl", form="jsonl")
    decided = [json.loads(line)["decision"] for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert sorted(decided) == ["", "", "", "drop"]


@pytest.mark.parametrize(
    "given",
    [
        {"to_file": Path("x")},
        {"form": "jsonl"},
        {"to_file": Path("x"), "from_file": Path("y"), "form": "jsonl"},
        {"from_file": Path("y"), "form": "jsonl", "reviewer": ["r1", "r2"]},
        {"to_file": Path("x"), "form": "jsonl", "no_values": True},
        {"price_per_answer": 0.1},
        {"to_file": Path("x"), "form": "excel"},
        {"from_file": Path("x"), "form": "cleanlab"},
    ],
)
def test_options_that_do_not_go_together_are_refused(audited, tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        review_command(audited / "run", **given)
    assert list(tmp_path.iterdir()) == []


def test_prices_end_the_queue(audited, monkeypatch):
    opened = []
    monkeypatch.setattr("samplewise.review.serve", lambda desk, *given, **more: opened.append(desk))
    review_command(audited / "run", reviewer=["r1"], price_per_answer=0.1, price_per_row=2.0)
    assert opened[0]._session.queue._least == pytest.approx(0.05)
