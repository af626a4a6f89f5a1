"""A request to end is as Ctrl-C, and a reader that went away is no error."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from samplewise.cli.signals import CLOSED_PIPE, end_as_by_ctrl_c, leave_quietly

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
