import csv
import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samplewise import selection
from samplewise.auditing.row_lists import fresh_lists
from samplewise.auditing.run_folder import make_folder, read_decisions, write_text
from samplewise.core.errors import InputError
from samplewise.core.findings import AuditRecord
from samplewise.data import Dataset

IDS = ["=HYPERLINK(1)", "b", "-3", "'=x", "ünï\ncode", "+1+1", "g"]


@pytest.fixture
def data() -> Dataset:
    return Dataset(np.zeros((7, 1)), ["cat", "dog", "cat", "cow", "@dog", "cat", "dog"], ids=IDS)


def write_findings(record: AuditRecord, data: Dataset, folder: Path) -> tuple[Path, ...]:
    """The lists, as a new run folder holds them."""
    (folder / "findings").mkdir(exist_ok=True)
    texts = fresh_lists(record, data)
    return tuple(write_text(folder / "findings" / name, text) for name, text in texts.items() if name.endswith(".csv"))


def cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def fill(path: Path, words: dict[str, str]) -> None:
    """Write decisions as an annotator would, cells otherwise as they are."""
    rows = cells(path)
    place = rows[0].index("decision")
    for row in rows[1:]:
        row[place] = words.get(row[0], row[place])
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)


# ---- lists of rows --------------------------------------------------------------------------------------------------


def test_decisions_come_back_and_are_carried_out(data, tmp_path, record_of, disputed):
    (path,) = write_findings(record_of(disputed(IDS, IDS)), data, tmp_path)
    words = ["drop", "keep", "relabel", "cow", "weight:0.25", "relabel:'new", ""]
    fill(path, dict(zip([row[0] for row in cells(path)[1:]], words, strict=True)))
    found = read_decisions(tmp_path)
    assert [(d.id, d.kind, d.value, d.by) for d in found] == [
        ("=HYPERLINK(1)", "drop", None, "SW201.csv"),
        ("b", "keep", None, "SW201.csv"),
        ("-3", "relabel", "dog", "SW201.csv"),
        ("'=x", "relabel", "cow", "SW201.csv"),
        ("ünï\ncode", "reweight", 0.25, "SW201.csv"),
        ("+1+1", "relabel", "'new", "SW201.csv"),
    ]
    assert read_decisions(path) == found
    applied = selection.apply(data, found[:5])
    assert applied.data.ids.tolist() == IDS[1:]
    assert applied.data.y.tolist() == ["dog", "dog", "cow", "@dog", "cat", "dog"]


def test_with_the_data_ids_and_classes_are_its_own(tmp_path):
    data = Dataset(np.zeros((4, 1)), [3, 5, 5, 3], ids=[10, 11, 12, 13])
    file = tmp_path / "d.csv"
    file.write_text("id;decision\n11;3\n12;keep\n\n13;\n", encoding="utf-8-sig")
    assert [(d.id, d.kind, d.value) for d in read_decisions(file, data)] == [(11, "relabel", "3"), (12, "keep", None)]
    assert selection.apply(data, read_decisions(file)).data.y.tolist() == [3, 3, 5, 3]


@pytest.mark.parametrize(
    ("word", "fix"),
    [
        ("dorp", "did you mean 'drop'"),
        ("cww", "did you mean 'cow'"),
        ("zzz", "relabel:NAME"),
        ("weight:much", "weight:NUMBER"),
    ],
)
def test_a_word_that_is_not_understood_names_file_line_and_nearest_match(
    data, tmp_path, word, fix, record_of, disputed
):
    (path,) = write_findings(record_of(disputed(IDS, IDS)), data, tmp_path)
    fill(path, {"b": word})
    with pytest.raises(InputError, match="decision named") as caught:
        read_decisions(path)
    assert caught.value.where == f"{path}, line 3, row id b"
    assert fix in caught.value.fix


def test_relabel_alone_needs_a_suggestion(tmp_path):
    file = tmp_path / "d.csv"
    file.write_text("id,given,decision\n1,cat,relabel\n")
    with pytest.raises(InputError, match="no suggested label") as caught:
        read_decisions(file)
    assert caught.value.fix == "write the label: relabel:NAME"
    assert "line 2, row id 1" in caught.value.where


def test_two_different_decisions_for_one_row_are_refused_and_equal_ones_are_one(tmp_path):
    (tmp_path / "SW102.csv").write_text("id,decision\na,drop\nb,keep\n")
    (tmp_path / "SW201.csv").write_text("id,decision\nb,keep\n")
    assert [d.id for d in read_decisions(tmp_path)] == ["a", "b"]
    (tmp_path / "SW301.csv").write_text("id,decision\na,keep\n")
    with pytest.raises(InputError, match="two different decisions") as caught:
        read_decisions(tmp_path)
    assert "SW301.csv, line 2, row id a" in caught.value.where
    assert caught.value.got == "drop in SW102.csv, keep here"


@pytest.mark.parametrize(
    ("content", "what", "where"),
    [
        (None, "no such file", "d.csv"),
        (b"id,decision\n\xff\xfe,drop\n", "cannot be read", "d.csv"),
        (b"", "no column id and no column decision", "d.csv"),
        (b"row,decision\n1,drop\n", "no column id", "d.csv"),
    ],
)
def test_files_without_decisions_are_refused(tmp_path, content, what, where):
    file = tmp_path / "d.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=what) as caught:
        read_decisions(file)
    assert where in caught.value.where
    assert caught.value.fix


@pytest.mark.parametrize("named", ["the workbook", "its folder"])
def test_a_list_saved_as_a_workbook_is_refused_with_the_line_that_converts_it(tmp_path, monkeypatch, named):
    pytest.importorskip("openpyxl")
    monkeypatch.chdir(tmp_path)
    Path("findings").mkdir()
    lines = pd.DataFrame({"id": ["007", "8"], "given": ["a", "b"], "decision": ["", "drop"]})
    lines.to_csv("findings/SW102.csv", index=False)
    lines.to_excel("findings/SW102.xlsx", index=False)
    with pytest.raises(InputError, match="is a workbook") as caught:
        read_decisions("findings/SW102.xlsx" if named == "the workbook" else "findings")
    assert caught.value.where == "findings/SW102.xlsx"
    monkeypatch.chdir("findings")
    exec(caught.value.fix.partition("convert it: ")[2])
    (decision,) = read_decisions("SW102.csv")
    assert (decision.id, decision.kind) == ("8", "drop")


def test_a_folder_without_lists_is_refused(tmp_path):
    with pytest.raises(InputError, match="no decisions to read") as caught:
        read_decisions(tmp_path)
    assert "findings file or a run" in caught.value.fix


def test_a_folder_that_cannot_be_made_is_an_error_that_says_so(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(InputError, match="cannot be made") as caught:
        make_folder(tmp_path / "run" / "deeper")
    assert "may write to" in caught.value.fix


# ---- a full disk ----------------------------------------------------------------------------------------------------


def test_a_text_replaces_the_old_one_whole(tmp_path):
    assert write_text(tmp_path / "a.txt", "one") == tmp_path / "a.txt"
    write_text(tmp_path / "a.txt", "zwölf")
    assert (tmp_path / "a.txt").read_text("utf-8") == "zwölf"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_full_disk_leaves_the_old_file_and_names_it(tmp_path, monkeypatch):
    write_text(tmp_path / "a.txt", "old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="cannot be written") as caught:
        write_text(tmp_path / "a.txt", "new")
    assert caught.value.where == str(tmp_path / "a.txt")
    assert "No space left" in caught.value.got
    assert "unchanged" in caught.value.fix
    assert (tmp_path / "a.txt").read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_real_limit_on_file_size_leaves_the_old_file(tmp_path):
    write_text(tmp_path / "a.txt", "old")
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from samplewise.auditing.run_folder import write_text\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n    write_text(sys.argv[1], 'x' * 100_000)\nexcept Exception as e:\n    print(type(e).__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "a.txt")], capture_output=True, text=True)
    assert done.stdout.strip() == "InputError", done.stderr
    assert (tmp_path / "a.txt").read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]
