import errno
from pathlib import Path

import pytest

from samplewise.cli import write_back
from samplewise.cli.write_back import contents, require_same_kind, write_all
from samplewise.core.errors import InputError
from samplewise.data import read_dataset


def test_a_full_disk_changes_no_file(tmp_path, monkeypatch):
    (tmp_path / "log.csv").write_text("old")

    def full(files):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(write_back, "write_together", full)
    files = {tmp_path / "clean.csv": b"new", tmp_path / "log.csv": b"new"}
    with pytest.raises(InputError, match=r"(?s)none was changed.*clean\.csv.*No space left.*check the disk"):
        write_all(files)
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]
    assert (tmp_path / "log.csv").read_text() == "old"


def test_folders_on_the_way_are_made(tmp_path):
    write_all({tmp_path / "a" / "b" / "clean.csv": b"x"})
    assert (tmp_path / "a" / "b" / "clean.csv").read_bytes() == b"x"


def test_data_from_memory_has_no_original():
    import pandas as pd

    reading = read_dataset(pd.DataFrame({"a": [1.0, 2.0], "kind": ["x", "y"]}), label="kind")
    with pytest.raises(InputError, match=r"(?s)did not come from a file.*audit\.apply\(\)"):
        contents(reading, [0], {}, Path("clean.csv"))


@pytest.mark.parametrize(
    ("source", "target"),
    [("a.csv", "b.csv.gz"), ("a.tsv", "b.tsv"), ("photos", "b.csv"), ("a.npz", "b.npz"), ("a.xlsx", "b.csv")],
)
def test_the_same_kind_is_fine(tmp_path, source, target):
    require_same_kind(tmp_path / source, tmp_path / target)


def test_a_class_read_as_a_number_is_written_as_the_file_writes_it(tmp_path):
    (tmp_path / "d.csv").write_text("a;y\n0,5;01\n1,5;02\n2,5;01\n3,5;02\n")
    reading = read_dataset(tmp_path / "d.csv", label="y")
    written = contents(reading, [0, 1, 3], {3: reading.data.y[0]}, Path("clean.csv"))
    assert written == b"a;y\n0,5;01\n1,5;02\n3,5;01\n"


def test_a_file_of_another_kind_or_compression_is_refused(tmp_path):
    for source, target in (("a.csv", "b.tsv"), ("a.jsonl", "b.jsonl"), ("a.zip", "b.zip"), ("a.csv", "b.csv.bz2")):
        with pytest.raises(InputError, match="same kind of file"):
            require_same_kind(tmp_path / source, tmp_path / target)


def test_lines_around_the_table_are_not_written_again(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("sep=;\n# by office\na;kind\n07;x\n8;y\n9;x\nTotal;\n")
    reading = read_dataset(path, label="kind")
    assert contents(reading, [0, 2], {2: "y"}, tmp_path / "b.csv").decode() == "a;kind\n07;x\n9;y\n"


def test_other_tables_are_written_as_csv(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": "07", "kind": "x"}\n{"a": null, "kind": "y"}\n')
    reading = read_dataset(path, label="kind")
    assert contents(reading, [0, 1], {0: "y"}, tmp_path / "b.csv").decode() == "a,kind\n07,y\n,y\n"
