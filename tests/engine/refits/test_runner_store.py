"""No fit is made twice, in one run or the next; a disk that fails costs the resume, never the result."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from samplewise.core.execution import SerialExecutor
from samplewise.engine.refits import FitStore, ProcessExecutor, ThreadExecutor, fit_design, prepare


@pytest.fixture
def stored_part(two_moons):
    def build(folder):
        folded = prepare(two_moons()[0]).whole
        folded.runner.store = FitStore(folder)
        return folded

    return build


def test_a_second_run_reads_what_the_first_wrote(tmp_path, stored_part):
    first = stored_part(tmp_path / "fits")
    outputs = first.held_out_outputs()
    assert first.runner.store.made == 5
    second = stored_part(tmp_path / "fits")
    np.testing.assert_array_equal(second.held_out_outputs(), outputs)
    assert (second.runner.store.made, second.runner.store.reused) == (0, 5)


def test_a_torn_file_is_made_again(tmp_path, stored_part):
    stored_part(tmp_path).held_out_outputs()
    torn = sorted(tmp_path.glob("*.npy"))[0]
    torn.write_bytes(torn.read_bytes()[:50])
    again = stored_part(tmp_path)
    assert np.isfinite(again.held_out_outputs()).all()
    assert again.runner.store.made == 1


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path, stored_part):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert np.isfinite(stored_part(blocked).held_out_outputs()).all()


def test_other_labels_or_seed_are_other_fits(tmp_path, two_moons, stored_part):
    folded = stored_part(tmp_path)
    folded.held_out_outputs()
    other = prepare(two_moons(flipped=0.3)[0]).whole
    other.runner.store = FitStore(tmp_path)
    other.held_out_outputs()
    assert other.runner.store.reused == 0


@pytest.mark.parametrize(("design", "models"), [("folds", 5), ("pairs", 10), ("halves", 6), ("nested", 6)])
def test_designs(folded, design, models):
    refits = fit_design(folded.runner, design, folded.all_folds, count=3, sizes=[20, 100])
    assert len(refits) == models
    assert refits.outputs.shape == (models, len(folded), 2)
    assert refits.outputs.dtype == np.float32
    if design == "halves":
        np.testing.assert_array_equal(refits.inside[0], ~refits.inside[1])
    if design == "nested":
        assert refits.sizes().tolist() == [20, 100] * 3


def test_executors_agree():
    def triple(item, *, seed):
        return 3 * item + seed

    items, seeds = list(range(7)), list(range(7))
    expected = [4 * item for item in items]
    for executor in (SerialExecutor(), ThreadExecutor(2), ProcessExecutor(2)):
        assert list(executor.map(triple, items, seeds=seeds)) == expected


def test_a_fault_in_a_task_reaches_the_caller():
    def fail_on_three(item, *, seed):
        if item == 3:
            raise ValueError("three")
        return item

    for executor in (ThreadExecutor(2), ProcessExecutor(2)):
        with pytest.raises(ValueError, match="three"):
            list(executor.map(fail_on_three, range(6), seeds=[0] * 6))


def test_no_worker_survives_a_killed_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent("""
        import os, sys, time
        from samplewise.engine.refits import ProcessExecutor
        def linger(item, *, seed):
            with open(os.path.join(sys.argv[1], f"worker-{os.getpid()}"), "w") as file:
                file.write("here")
            time.sleep(60)
        list(ProcessExecutor(2).map(linger, range(4), seeds=[0] * 4))
        """)
    )
    parent = subprocess.Popen([sys.executable, str(script), str(tmp_path)])
    deadline = time.monotonic() + 60
    while len(workers := list(tmp_path.glob("worker-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(workers) == 2
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    pids = [int(file.name.split("-")[1]) for file in workers]
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not any(alive(pid) for pid in pids)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().split(")")[1].split()[0] != "Z"
