"""Files that have no end, do not fit or lie about their size are refused before they are read."""

import bz2
import gzip
import os
import socket
import struct
import zipfile

import numpy as np
import pandas as pd
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
    with pytest.raises(InputError, match="larger than may be read"):
        require_room(tmp_path, 4001)


def test_the_user_may_say_how_much_is_read(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(TABLE)
    with pytest.raises(InputError, match="larger than may be read") as refusal:
        read_dataset(path, label="y", max_size="8kB")
    assert refusal.value.got == "8,004 bytes or more, unpacked; max_size='8kB' allows 8,000"
    assert 'max_size="32 kB" (--max-size)' in refusal.value.fix
    assert len(read_dataset(path, label="y", max_size="9 kB").data) == 2000
    assert len(read_dataset(path, label="y", max_size=8004).data) == 2000
    for wrong in (0, -1, "much", "4 apples", float("nan"), True):
        with pytest.raises(InputError) as refusal:
            read_dataset(path, label="y", max_size=wrong)
        assert refusal.value.where == "max_size"


@pytest.mark.parametrize("kind", ["parquet", "xlsx", "jsonl.gz", "npz"])
def test_every_kind_of_file_is_measured_unpacked(tmp_path, kind):
    frame, path = pd.DataFrame({"a": np.zeros(20_000), "y": np.arange(20_000) % 2}), tmp_path / f"rows.{kind}"
    if kind == "parquet":
        pytest.importorskip("pyarrow")
        frame.to_parquet(path)
    elif kind == "xlsx":
        frame[:2000].to_excel(path, index=False)
    elif kind == "npz":
        np.savez_compressed(path, X=frame[["a"]].to_numpy(), y=frame["y"])
    else:
        path.write_bytes(gzip.compress(frame.to_json(orient="records", lines=True).encode()))
    with pytest.raises(InputError, match="larger than may be read") as refusal:
        read_dataset(path, label="y", max_size=path.stat().st_size)
    assert "max_size" in refusal.value.fix
    assert read_dataset(path, label="y", max_size="100 MB").label == "y"


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".csv.bz2", ".csv.zip"])
def test_a_table_is_refused_for_its_size_unpacked(small_machine, tmp_path, ending):
    path = tmp_path / f"rows{ending}"
    if ending.endswith("zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("rows.csv", TABLE)
    else:
        path.write_bytes({".csv": bytes, ".csv.gz": gzip.compress, ".csv.bz2": bz2.compress}[ending](TABLE))
    with pytest.raises(InputError, match="larger than may be read") as refusal:
        read_dataset(path, label="y")
    assert refusal.value.got.startswith("8,004 bytes")


def test_the_size_of_an_archive_is_that_of_its_members(tmp_path):
    path = tmp_path / "rows.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sheet.xml", b"0" * 10_000)
    assert unpacked_size(path) == 10_000
    assert unpacked(bz2.compress(TABLE), "bzip2", path) == TABLE


def test_an_array_that_claims_a_trillion_entries_is_refused(tmp_path):
    path = tmp_path / "rows.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("X.npy", array_header(10**12) + bytes(800))
    with pytest.raises(InputError, match="larger than may be read") as refusal:
        read_dataset(path)
    assert refusal.value.got.startswith("8,000,000,000,000 bytes")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("X.npy", b"no array")
    with pytest.raises(InputError, match=r"cannot be read as \.npz"):
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
