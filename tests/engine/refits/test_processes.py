"""Tasks in worker processes: in order, with their seeds, and none of the workers outlives its parent."""

import contextlib
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from samplewise.engine.refits.processes import ProcessExecutor, available_cores


def identify(item, seed):
    return item, seed, os.getpid()


def fails(item, seed):
    raise ValueError(f"item {item}")


def test_cores_are_those_this_process_may_use():
    assert 1 <= available_cores() <= os.cpu_count()
    assert ProcessExecutor().count == available_cores()


def test_results_come_in_order_from_other_processes():
    found = list(ProcessExecutor(2).map(identify, [3, 1, 2], seeds=[7, 8, 9]))
    assert [(item, seed) for item, seed, _ in found] == [(3, 7), (1, 8), (2, 9)]
    assert os.getpid() not in {process for _, _, process in found}


def test_one_process_or_one_task_stays_here():
    assert list(ProcessExecutor(1).map(identify, [3, 1], seeds=[0, 0])) == [(3, 0, os.getpid()), (1, 0, os.getpid())]
    assert list(ProcessExecutor(2).map(identify, [3], seeds=[0])) == [(3, 0, os.getpid())]


def test_an_error_of_a_task_reaches_the_caller():
    with pytest.raises(ValueError, match=r"item [12]"):  # whichever ends first
        list(ProcessExecutor(2).map(fails, [1, 2], seeds=[0, 0]))


PARENT = """
import os, sys, time
from samplewise.engine.refits.processes import ProcessExecutor
def say(item, seed):
    with open(sys.argv[1], "a") as file:
        file.write(f"{os.getpid()}\\n")
    if item:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            sum(range(1000))
if __name__ == "__main__":
    list(ProcessExecutor(2).map(say, [1, 1], seeds=[0, 0]))
"""


def alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(met, seconds=60.0):
    end = time.monotonic() + seconds
    while not met() and time.monotonic() < end:
        time.sleep(0.02)
    return met()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_busy_workers_end_with_a_parent_that_is_killed(tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    said = tmp_path / "said"
    said.write_text("")
    parent = subprocess.Popen([sys.executable, tmp_path / "parent.py", said])
    assert wait_until(lambda: len(said.read_text().split()) == 2)
    workers = said.read_text().split()
    assert all(map(alive, workers))
    parent.kill()
    parent.wait()
    assert wait_until(lambda: not any(map(alive, workers)), 3.0)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("seconds", [0.0, 0.1])
def test_workers_that_are_just_starting_end_with_a_parent_that_is_killed(tmp_path, seconds):
    (tmp_path / "parent.py").write_text(PARENT)
    (tmp_path / "said").write_text("")
    parent = subprocess.Popen([sys.executable, tmp_path / "parent.py", tmp_path / "said"], start_new_session=True)
    mine = lambda: [  # noqa: E731
        entry.name
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and entry.name != str(parent.pid) and group_of(entry.name) == parent.pid
    ]
    assert wait_until(mine)
    time.sleep(seconds)
    parent.kill()
    parent.wait()
    assert wait_until(lambda: not any(map(alive, mine())))


def group_of(process):
    with contextlib.suppress(OSError, IndexError, ValueError):
        return os.getpgid(int(process))
    return None


def of_a_worker(parent, by_main_thread):
    """What the first moment of a worker does in a process whose parent is `parent`."""
    script = "import sys; from samplewise.engine.refits.processes import end_with_parent\n"
    script += f"end_with_parent({parent}, {by_main_thread}); print('lives')"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)


@pytest.mark.parametrize("by_main_thread", [True, False])
def test_a_worker_whose_parent_is_gone_does_not_begin(by_main_thread):
    assert of_a_worker(os.getpid(), by_main_thread).stdout == "lives\n"
    assert of_a_worker(1 if os.getpid() != 1 else 2, by_main_thread).stdout == ""


def work_in_a_fork(queue):
    queue.put(sum(1 for _ in ProcessExecutor(2).map(identify, [1, 2], seeds=[0, 0])))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_copy_starts_workers_of_its_own():
    list(ProcessExecutor(2).map(identify, [1, 2], seeds=[0, 0]))
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=work_in_a_fork, args=(queue,))
    child.start()
    try:
        assert queue.get(timeout=120) == 2
    finally:
        child.kill()
        child.join()
