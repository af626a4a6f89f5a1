"""A request to end is as Ctrl-C, and a reader that went away is no error."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest

from samplewise.cli.signals import CLOSED_PIPE, end_as_by_ctrl_c, leave_quietly
from samplewise.core.codec import load_record

WAIT = (
    "import time; from samplewise.cli.signals import end_as_by_ctrl_c; end_as_by_ctrl_c()\n"
    "try:\n    print('ready', flush=True)\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('interrupted')\n"
)
posix = pytest.mark.skipif(os.name != "posix", reason="signals as a terminal sends them are POSIX")


@posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_request_to_end_is_as_ctrl_c(name):
    running = subprocess.Popen([sys.executable, "-c", WAIT], stdout=subprocess.PIPE, text=True)
    assert running.stdout.readline() == "ready\n"
    running.send_signal(getattr(signal, name))
    assert running.communicate(timeout=60)[0] == "interrupted\n"


@posix
def test_what_is_ignored_stays_ignored_and_other_threads_change_nothing(monkeypatch):
    set_to = []
    monkeypatch.setattr(signal, "signal", lambda number, handler: set_to.append(number))
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.SIG_IGN)
    end_as_by_ctrl_c()
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.SIG_DFL)
    thread = threading.Thread(target=end_as_by_ctrl_c)
    thread.start()
    thread.join()
    assert set_to == []
    end_as_by_ctrl_c()
    assert set_to == [signal.SIGTERM, signal.SIGHUP]


@posix
def test_a_reader_that_is_gone_ends_the_program_quietly():
    script = "from samplewise.cli.console import out\nfor _ in range(100_000):\n    out().print('x' * 100)\n"
    running = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stdout.read(10)
    running.stdout.close()
    assert running.stderr.read() == b""
    assert running.wait(timeout=60) == CLOSED_PIPE


def test_open_readers_are_left_alone(capsys):
    print("before")
    assert leave_quietly() == CLOSED_PIPE
    print("after")
    assert capsys.readouterr().out == "before\nafter\n"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A table, and the folder of a finished run on it."""
    here = tmp_path_factory.mktemp("killed")
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(80, 2)), columns=["a", "b"]).assign(kind=np.arange(80) % 2)
    pd.concat([frame, frame.iloc[:5]]).to_csv(here / "t.csv", index=False)
    assert start(here, "finished").wait(timeout=600) in (0, 1)
    return here


def start(here, folder, **streams):
    command = [sys.executable, "-m", "samplewise", "audit", "t.csv", "--label", "kind", "--learner", "kernel"]
    command += ["--checks", "SW101,SW102,SW105", "--quiet", "--out", folder]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    return subprocess.Popen(command, cwd=here, **(quiet | streams))


def answer(folder):
    """The record without seconds, environment and the checksum over both."""
    content = json.loads((folder / "audit.json").read_bytes())
    outcomes = [{**outcome, "seconds": 0} for outcome in content["outcomes"]]
    return content["data"], content["plan"], outcomes


@posix
@pytest.mark.parametrize(
    ("name", "sign"),
    [("SIGTERM", "run.lock"), ("SIGKILL", "new"), ("SIGKILL", "fresh")],
)
def test_a_run_that_is_killed_loses_nothing_and_goes_on(finished, name, sign):
    """Killed when the folder shows a sign of how far it is; a finished record stays, and the next run ends the same."""
    folder = finished / f"{name}-{sign}"
    if sign != "fresh":
        shutil.copytree(finished / "finished", folder)
    shows = folder / ("audit.json" if sign == "fresh" else sign)
    running = start(finished, folder.name)
    while running.poll() is None and not shows.exists():
        time.sleep(0.005)
    running.send_signal(getattr(signal, name))
    running.wait(timeout=600)
    if sign == "fresh":
        load_record(folder)
    else:
        assert answer(folder) == answer(finished / "finished")
    assert start(finished, folder.name).wait(timeout=600) in (0, 1)
    assert answer(folder) == answer(finished / "finished")
    assert not (folder / "new").exists()
    assert not list(folder.rglob("*.tmp"))


@posix
def test_of_two_programs_in_one_folder_one_writes_and_the_other_is_told(finished):
    folder = finished / "shared"
    first = start(finished, folder.name)
    while first.poll() is None and not ((folder / "run.lock").exists() and (folder / "run.lock").read_bytes()):
        time.sleep(0.005)
    first.send_signal(signal.SIGSTOP)  # it holds the folder, and is in no hurry
    second = start(finished, folder.name, stderr=subprocess.PIPE)
    said = second.communicate(timeout=600)[1].decode()
    assert second.returncode == 2
    assert "another audit is writing into this run folder" in said
    assert f"process {first.pid}" in said
    first.send_signal(signal.SIGCONT)
    assert first.wait(timeout=600) in (0, 1)
    assert answer(folder) == answer(finished / "finished")
    assert start(finished, folder.name).wait(timeout=600) in (0, 1)
