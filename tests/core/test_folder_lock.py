"""One writer per folder: among processes, among threads, and after an owner who was killed."""

import json
import os
import platform
import subprocess
import sys
import threading

import pytest

from samplewise.core.errors import InputError
from samplewise.core.folder_lock import LOCK, FolderLock

HOLD = (
    "import sys, time; from pathlib import Path; from samplewise.core.folder_lock import FolderLock\n"
    "lock = FolderLock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
)


def hold(folder):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_released_folder_is_free_and_clean(tmp_path):
    lock = FolderLock(tmp_path)
    assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()
    assert lock.note == ""
    lock.release()
    lock.release()
    assert os.listdir(tmp_path) == []
    FolderLock(tmp_path).release()


def test_another_process_is_told_who_writes_and_follows_it_when_it_is_killed(tmp_path):
    holder = hold(tmp_path)
    try:
        with pytest.raises(InputError, match="another audit is writing") as caught:
            FolderLock(tmp_path)
        assert f"process {holder.pid} on {platform.node()}" in caught.value.got
        assert "--out DIR" in caught.value.fix
    finally:
        holder.kill()
        holder.communicate()
    lock = FolderLock(tmp_path)
    assert f"process {holder.pid}" in lock.note
    assert "was stopped while it wrote" in lock.note
    lock.release()


def test_of_three_threads_one_wins_and_the_others_are_told(tmp_path):
    won, told, start = [], [], threading.Barrier(3)

    def claim():
        start.wait()
        try:
            won.append(FolderLock(tmp_path))
        except InputError as error:
            told.append(error.got)

    threads = [threading.Thread(target=claim) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(told)) == (1, 2)
    won[0].release()


def test_another_machine_is_believed_and_what_to_do_is_said(tmp_path):
    (tmp_path / LOCK).write_text(json.dumps({"host": "elsewhere", "pid": 7}))
    with pytest.raises(InputError, match="another machine") as caught:
        FolderLock(tmp_path)
    assert "process 7 on elsewhere" in caught.value.got
    assert "remove the file run.lock" in caught.value.fix
    (tmp_path / LOCK).unlink()
    FolderLock(tmp_path).release()


@pytest.mark.parametrize("content", [b"garbage", b"[]", b"\xff", b"{}"])
def test_a_damaged_lock_is_nobodys(tmp_path, content):
    (tmp_path / LOCK).write_bytes(content)
    lock = FolderLock(tmp_path)
    assert "not named" in lock.note
    lock.release()


def test_a_full_disk_or_a_read_only_folder_is_a_plain_error(tmp_path, monkeypatch):
    def full(*given):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(InputError, match="cannot be written to") as caught:
            FolderLock(tmp_path)
        assert "No space left" in caught.value.got
    assert os.listdir(tmp_path) == []
    monkeypatch.setattr(os, "open", full)
    with pytest.raises(InputError, match="cannot be written to"):
        FolderLock(tmp_path)
