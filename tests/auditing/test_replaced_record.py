"""The marker of a run folder is believed only whole, and only a complete record takes the place of another."""

import json
import shutil

import numpy as np
import pytest

import samplewise as sw
from samplewise.auditing.replaced_record import (
    MARKER,
    NEW,
    finish_replacing,
    read_marker,
    remove_new,
    write_files,
    write_marker,
)
from samplewise.core.codec import RECORD_FILE
from samplewise.core.errors import InputError

X = np.random.default_rng(0).normal(size=(60, 3))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two finished runs, of other data each."""
    path = tmp_path_factory.mktemp("runs")
    for name, data in (("old", X), ("newer", X + 1.0)):
        sw.audit(data, np.arange(60) % 2, checks=["SW102"], run_dir=path / name)
    return path


@pytest.fixture
def folder(runs, tmp_path):
    """The old run with the newer one in its `new/`, complete."""
    shutil.copytree(runs / "old", tmp_path / "run")
    shutil.copytree(runs / "newer", tmp_path / "run" / NEW)
    write_marker(tmp_path / "run" / NEW, read_marker(runs / "newer" / MARKER)["settings"], {}, complete=True)
    return tmp_path / "run"


def test_a_marker_is_read_as_it_was_written_or_not_at_all(tmp_path):
    assert read_marker(tmp_path / MARKER) is None
    write_marker(tmp_path, {"data": "a"}, {"SW102.csv": []})
    held = read_marker(tmp_path / MARKER)
    assert (held["settings"], held["lists"], held["complete"]) == ({"data": "a"}, {"SW102.csv": []}, False)
    content = json.loads((tmp_path / MARKER).read_text())
    (tmp_path / MARKER).write_text(json.dumps(content | {"complete": True}))
    assert read_marker(tmp_path / MARKER) is None


def test_files_that_cannot_be_written_are_named(tmp_path):
    write_files({tmp_path / "a": b"1"})
    assert (tmp_path / "a").read_bytes() == b"1"
    with pytest.raises(InputError, match="cannot be written") as caught:
        write_files({tmp_path / "none" / "a": b"1"})
    assert caught.value.where == str(tmp_path / "none" / "a")


def test_a_complete_record_takes_the_place_of_the_old_one(folder, runs):
    assert finish_replacing(folder)[1] == []
    assert (folder / RECORD_FILE).read_bytes() == (runs / "newer" / RECORD_FILE).read_bytes()
    assert read_marker(folder / MARKER)["settings"] == read_marker(runs / "newer" / MARKER)["settings"]
    assert not (folder / NEW).exists()


def test_an_incomplete_one_does_not(folder, runs):
    write_marker(folder / NEW, read_marker(folder / NEW / MARKER)["settings"], {})
    assert finish_replacing(folder) == ({}, [])
    assert (folder / RECORD_FILE).read_bytes() == (runs / "old" / RECORD_FILE).read_bytes()
    assert (folder / NEW).exists()


def test_a_damaged_one_is_left_out(folder, runs):
    (folder / NEW / RECORD_FILE).write_text("{}")
    assert "was damaged" in finish_replacing(folder)[1][0]
    assert (folder / RECORD_FILE).read_bytes() == (runs / "old" / RECORD_FILE).read_bytes()
    assert not (folder / NEW).exists()


def test_what_is_new_can_be_removed_twice(folder):
    remove_new(folder)
    remove_new(folder)
    assert not (folder / NEW).exists()
