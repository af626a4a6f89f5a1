"""Files that have no end, do not fit or lie about their size are refused before they are read."""

import bz2
import gzip
import os
import socket
import struct
import zipfile

import pytest

from samplewise.core.errors import InputError
from samplewise.data import file_sizes
from samplewise.data.file_sizes import most_bytes, require_room, unpacked, unpacked_size
from samplewise.data.readers import read_dataset

TABLE = b"a,y\n" + b"1,0\n2,1\n" * 1000


@pytest.fixture
def small_machine(monkeypatch):
    monkeypatch.setattr(file_sizes, "memory", lambda: 16_000)


def array_header(count):
    text = repr({"descr": "<f8", "fortran_order": False, "shape": (count,)}).encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def test_a_quarter_of_the_memory_may_be_taken(small_machine, tmp_path):
    assert most_bytes() == 4000
    require_room(tmp_path, 4000)
    with pytest.raises(InputError, match="more memory"):
        require_room(tmp_path, 4001)


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".csv.bz2", ".csv.zip"])
def test_a_table_is_refused_for_its_size_unpacked(small_machine, tmp_path, ending):
    path = tmp_path / f"rows{ending}"
    if ending.endswith("zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("rows.csv", TABLE)
    else:
        path.write_bytes({".csv": bytes, ".csv.gz": gzip.compress, ".csv.bz2": bz2.compress}[ending](TABLE))
    with pytest.raises(InputError, match="more memory") as refusal:
        read_dataset(path, label="y")
    assert refusal.value.got.startswith("8,004 bytes")


def test_the_size_of_an_archive_is_that_of_its_members(tmp_path):
    path = tmp_path / "rows.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", b"0" * 10_000)
    assert unpacked_size(path) == 10_000
    assert unpacked(bz2.compress(TABLE), "bzip2", path) == TABLE


def test_an_array_that_claims_a_trillion_entries_is_refused(tmp_path):
    path = tmp_path / "rows.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("X.npy", array_header(10**12) + bytes(800))
    with pytest.raises(InputError, match="cannot be read"):
        read_dataset(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_what_has_no_end_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as ear:
        ear.bind(str(tmp_path / "s.csv"))
        for name in ("pipe.csv", "zero.csv", "s.csv"):
            with pytest.raises(InputError, match="no file"):
                read_dataset(tmp_path / name, label="y")


@pytest.mark.parametrize("target", ["nowhere", "link.csv"])
def test_a_link_that_leads_nowhere_is_said_to_be_one(tmp_path, target):
    (tmp_path / "link.csv").symlink_to(target)
    with pytest.raises(InputError, match="link leads to no file") as refusal:
        read_dataset(tmp_path / "link.csv", label="y")
    assert target in refusal.value.got


def test_brackets_without_end_are_no_json(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a":' + "[" * 100_000 + "]" * 100_000 + "}")
    with pytest.raises(InputError, match="JSON lines"):
        read_dataset(path)
