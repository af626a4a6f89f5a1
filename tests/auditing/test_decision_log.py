"""Answers are on the disk before they count, whoever else writes, and whatever happens on the way."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from samplewise.auditing.decision_log import DecisionLog, Entry
from samplewise.core.errors import InputError

PRINT = "f1e2d3"
WRITER = """
import sys
from pathlib import Path
from samplewise.auditing.decision_log import DecisionLog, Entry
log = DecisionLog(Path(sys.argv[1]), "f1e2d3")
for number in range(int(sys.argv[3])):
    log.append(Entry(number, "SW201", "keep", reviewer=sys.argv[2], note="ü" * 200))
    print(number, flush=True)
"""


def _writer(folder: Path, reviewer: str, count: int) -> "subprocess.Popen[str]":
    words = [sys.executable, "-c", WRITER, str(folder), reviewer, str(count)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def _keep(row: object, reviewer: str = "r1", **more: object) -> Entry:
    return Entry(row, "SW201", "keep", reviewer=reviewer, **more)  # type: ignore[arg-type]


def test_answers_come_back(tmp_path):
    log = DecisionLog(tmp_path, PRINT)
    log.append(Entry("a", "SW201", "relabel", "dog", "r1", time=1.5, given="cat"))
    log.append(Entry("a", "SW108", "relabel", None, "r1", given="-999", column="age"))
    log.append(Entry("a", "SW201", kind="note", note="is it?", reviewer="r1"))
    again = DecisionLog(tmp_path, PRINT)
    assert again.entries() == log.entries()
    assert len(again.entries()) == 3
    assert again.current()["a", "SW201", ""]["r1"].value == "dog"
    assert again.answer(("a", "SW108", "age"), "r1").given == "-999"
    assert again.remark(("a", "SW201", ""), "r1") == "is it?"
    assert again.notes == []
    assert DecisionLog(tmp_path, "0ther").entries() == []  # answers about other data


def test_undo_takes_the_last_answer_back(tmp_path):
    log = DecisionLog(tmp_path, PRINT)
    log.append(_keep("a"))
    log.append(Entry("a", "SW201", "drop", reviewer="r1"))
    log.append(_keep("b"))
    log.append(_keep("b", "r2"))
    for expected in ("b", "a", "a"):
        last = log.last("r1")
        assert last.row == expected
        log.append(Entry(last.row, last.list, reviewer="r1", kind="undo"))
    assert log.last("r1") is None
    assert log.current() == {("b", "SW201", ""): {"r2": log.last("r2")}}
    log.append(Entry("b", "SW201", reviewer="r1", kind="undo"))  # of nothing
    assert log.current("r1") == {}
    assert len(log.file.read_text("utf-8").splitlines()) == 8  # nothing is ever removed


def test_a_line_that_was_cut_off_is_told_and_disturbs_nothing(tmp_path):
    log = DecisionLog(tmp_path, PRINT)
    log.append(_keep("a"))
    with log.file.open("ab") as stream:
        stream.write(b'{"row": "b", "list": "SW2')
    again = DecisionLog(tmp_path, PRINT)
    assert [entry.row for entry in again.entries()] == ["a"]
    assert len(again.notes) == 1
    assert "line 2" in again.notes[0]
    assert "cut off" in again.notes[0]
    again.append(_keep("c"))
    for each in (again, DecisionLog(tmp_path, PRINT)):
        assert [entry.row for entry in each.entries()] == ["a", "c"]
        assert len(each.notes) == 1
        assert "line 2" in each.notes[0]
    assert log.refresh() == 1
    assert [entry.row for entry in log.entries()] == ["a", "c"]


def test_lines_written_by_hand(tmp_path):
    log = DecisionLog(tmp_path, PRINT)
    log.file.parent.mkdir(parents=True)
    lines = [
        '\ufeff{"row": 1, "list": "SW201", "decision": "keep"}', "", "keep row 2",
        '{"row": 3, "list": "SW201", "decision": "maybe"}', '{"row": 4, "decision": "keep"}', "[1, 2]",
        '{"row": 5, "list": "SW201", "decision": "relabel"}', '{"row": 6, "list": "SW201", "decision": "drop"}',
        '{"row": 7, "list": "SW201", "decision": "relabel", "value": NaN}',
        '{"row": 8, "list": 1, "decision": "keep"}', "[" * 100_000,
        '{"row": 9, "list": "SW201", "decision": "keep", "time": "now"}',
        '{"row": "ten", "list": "SW201", "decision": "relabel", "value": "dog", "color": "red"}',
    ]  # fmt: skip
    log.file.write_text("\r\n".join(lines), "utf-8")  # and no line break at the end
    log.refresh()
    assert [entry.row for entry in log.entries()] == [1, 6, "ten"]
    named = [int(note.split("line ")[1].split(" ")[0]) for note in log.notes]
    assert named == [3, 4, 5, 6, 7, 9, 10, 11, 12]
    log.append(_keep(11))
    assert [entry.row for entry in DecisionLog(tmp_path, PRINT).entries()] == [1, 6, "ten", 11]
    with log.file.open("ab") as stream:
        stream.write(b"nonsense\n")
    log.refresh()
    assert "line 15" in log.notes[-1]


def test_another_file_in_its_place_is_read_from_its_start(tmp_path):
    log = DecisionLog(tmp_path, PRINT)
    log.append(_keep("a", note="long" * 20))
    line = log.file.read_bytes().replace(b'"a"', b'"b"').replace(b"long", b"l")
    log.file.write_bytes(line)
    assert log.refresh() == 1
    assert [entry.row for entry in log.entries()] == ["b"]
    assert "replaced" in log.notes[0]


def test_a_fingerprint_is_no_path(tmp_path):
    for name in ("../elsewhere", "", "a/b"):
        with pytest.raises(InputError, match="which data"):
            DecisionLog(tmp_path, name)


def test_several_processes_write_into_one_file(tmp_path):
    names = ["r1", "r2", "r3"]
    writers = [_writer(tmp_path, name, 60) for name in names]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    for writer in writers:
        writer.stdout.close()
    log = DecisionLog(tmp_path, PRINT)
    assert log.notes == []
    for name in names:
        assert [entry.row for entry in log.entries() if entry.reviewer == name] == list(range(60))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
def test_no_answer_that_was_called_saved_is_lost_when_its_writer_is_killed(tmp_path):
    draw, told = random.Random(0), dict[str, int]()
    for number in range(6):
        writer = _writer(tmp_path, f"r{number}", 100_000)
        first = writer.stdout.readline()
        time.sleep(draw.uniform(0.0, 0.2))
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read()
        writer.wait(20)
        writer.stdout.close()
        told[f"r{number}"] = (first + rest).count("\n")
    log = DecisionLog(tmp_path, PRINT)
    for name, count in told.items():
        rows = [entry.row for entry in log.entries() if entry.reviewer == name]
        assert count > 0
        assert rows == list(range(len(rows)))
        assert len(rows) in (count, count + 1)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are those of POSIX")
def test_a_full_disk_is_said_and_leaves_whole_lines(tmp_path):
    script = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
"""
    words = [sys.executable, "-c", script + WRITER, str(tmp_path), "r1", "1000"]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode != 0
    assert "the answer cannot be written" in ended.stderr
    log = DecisionLog(tmp_path, PRINT)
    assert [entry.row for entry in log.entries()] == [int(line) for line in ended.stdout.split()] != []
    assert log.notes == []
    assert log.file.read_bytes().endswith(b"\n")
    log.append(_keep("after"))
    assert log.entries()[-1].row == "after"


def test_what_is_not_on_the_disk_is_not_called_saved(tmp_path, monkeypatch):
    log = DecisionLog(tmp_path, PRINT)
    log.append(_keep("a"))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("samplewise.auditing.decision_log.os.fsync", full)
        with pytest.raises(InputError, match="No space left") as caught:
            log.append(_keep("b"))
    assert caught.value.where == str(log.file)
    assert "make room" in caught.value.fix
    assert [json.loads(line)["row"] for line in log.file.read_text().splitlines()] == ["a"]
    log.append(_keep("c"))
    assert [entry.row for entry in log.entries()] == ["a", "c"]


def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch):
    log = DecisionLog(tmp_path, PRINT)

    def read_only(*_: object, **__: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("samplewise.auditing.decision_log.os.open", read_only)
    with pytest.raises(InputError, match="Read-only file system"):
        log.append(_keep("a"))
    assert log.entries() == []
