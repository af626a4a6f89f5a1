"""What a user may hold, what is set aside, and what is refused with what, where, got and fix."""

import os
import shutil
import struct
import zlib

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image
from scipy import sparse

import samplewise as sw
from samplewise.auditing.options import AuditOptions
from samplewise.auditing.prepare_audit import require_files, take_in
from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.data.readers import read_dataset

X = np.random.default_rng(0).normal(size=(40, 3))
Y = np.where(X[:, 0] > 0, "up", "down")
FRAME = pd.DataFrame(X, columns=["a", "b", "c"]).assign(
    label=Y, who=np.arange(40) // 2, site=np.where(X[:, 1] > 0, "n", "s")
)


@pytest.mark.parametrize(
    "features",
    [
        X,
        X.tolist(),
        pd.DataFrame(X),
        pl.DataFrame(X),
        sparse.csr_matrix(X),
        np.asfortranarray(X),
        X.astype(object),
        X[:, ::-1],
    ],
)
def test_arrays_and_frames_of_every_kind(features):
    taken = take_in(features, Y, AuditOptions())
    assert len(taken.data) == 40
    assert taken.target.classes.tolist() == ["down", "up"]
    assert taken.facts["rows"] == 40


def test_columns_by_name_play_their_parts():
    taken = take_in(FRAME, None, AuditOptions(label="label", groups="who", segments=["site"]))
    assert taken.data.groups.tolist() == FRAME["who"].tolist()
    assert list(taken.data.segments.columns) == ["site"]
    assert "label" not in taken.data.X.columns
    assert taken.facts["label"] == "label"


def test_columns_by_name_together_with_y():
    taken = take_in(FRAME[["a", "b", "c", "who"]], FRAME["label"], AuditOptions(groups="who"))
    assert taken.data.groups.tolist() == FRAME["who"].tolist()
    with pytest.raises(InputError, match="no groups column named 'whom'") as caught:
        take_in(FRAME[["a", "b"]], FRAME["label"], AuditOptions(groups="whom"))
    assert "known: a, b" in caught.value.fix


@pytest.mark.parametrize("roles", [{"groups": "who"}, {"weights": "c"}, {"time": "c"}, {"segments": ["site"]}])
def test_a_column_that_plays_a_part_is_no_feature_by_any_door(roles):
    frame = FRAME.assign(c=FRAME["c"].abs())
    named = take_in(frame, None, AuditOptions(label="label", **roles))
    beside = take_in(frame.drop(columns="label"), frame["label"], AuditOptions(**roles))
    assert list(beside.data.X.columns) == list(named.data.X.columns)
    assert beside.data.fingerprint() == named.data.fingerprint()
    assert ("who" in beside.data.X.columns) == ("groups" not in roles)
    assert beside.facts["label"] == "label"


def test_labels_in_another_order_than_their_rows_are_refused_beside_a_named_column():
    keyed = FRAME.set_axis([f"r{row}" for row in range(len(FRAME))])
    with pytest.raises(InputError, match="index of X in another order"):
        take_in(keyed.drop(columns="label"), keyed["label"][::-1], AuditOptions(groups="who"))


def test_what_was_read_of_a_label_is_noted_and_asked():
    X = np.arange(120.0).reshape(60, 2)
    facts = take_in(X, np.array(["a", "b", "b "] * 20), AuditOptions()).facts
    assert "y: read as one class: spellings 'b', 'b '" in facts["notes"]
    assert facts["questions"] == []
    graded = take_in(X, np.arange(60) % 5 + 1, AuditOptions()).facts
    assert graded["task"] == "classification"
    assert "--task regression" in graded["questions"][0]
    assert take_in(X, np.arange(60) % 5 + 1, AuditOptions(task="regression")).facts["questions"] == []


def test_a_word_in_a_column_of_numbers_of_the_test_rows_is_missing_and_noted():
    data = pd.DataFrame({"a": np.arange(40.0), "b": list("xy") * 20, "y": list("pq") * 20})
    test = data.assign(a=[str(value) for value in data["a"]])
    test.loc[7, "a"] = "k.A."
    taken = take_in(data, None, AuditOptions(label="y", test=test))
    assert taken.test.X["a"].isna().to_numpy().nonzero()[0].tolist() == [7]
    assert taken.test.X["a"].dtype == float
    assert any(note.startswith("a, in the test rows: ") and "k.A." in note
               for note in taken.facts["notes"])  # fmt: skip


def test_rows_without_a_usable_label_are_set_aside_and_counted():
    labels = Y.astype(object)
    labels[3] = None
    labels[5] = "once"
    taken = take_in(X, labels, AuditOptions())
    assert len(taken.data) == 38
    assert len(taken.everything) == 40
    assert 3 not in taken.data.ids
    assert taken.facts["missing_labels"] == 2
    assert any("once" in note for note in taken.facts["notes"])
    assert taken.target.codes.max() == 1


def test_no_label_asks_for_one_by_name():
    with pytest.raises(InputError, match="label") as caught:
        take_in(FRAME, None, AuditOptions(drop_columns=("a",)))
    assert "label" in caught.value.fix


def test_test_set_may_be_a_pair_or_a_dataset_and_must_fit():
    assert len(take_in(X, Y, AuditOptions(test=(X[:5], Y[:5]))).test) == 5
    assert len(take_in(X, Y, AuditOptions(test=Dataset(X[:5], Y[:5]))).test) == 5
    with pytest.raises(InputError, match="other columns"):
        take_in(X, Y, AuditOptions(test=(X[:5, :2], Y[:5])))
    with pytest.raises(InputError, match="lack columns") as caught:
        take_in(FRAME[["a", "b"]], Y, AuditOptions(test=(FRAME[["a"]], Y)))
    assert "b" in caught.value.where


def test_embeddings_as_array_or_function():
    taken = take_in(X, Y, AuditOptions(embeddings=lambda rows: rows[:, :2] * 2, test=(X[:4], Y[:4])))
    assert taken.embeddings.shape == (40, 2)
    assert taken.test_embeddings.shape == (4, 2)
    with pytest.raises(InputError, match="one row of numbers"):
        take_in(X, Y, AuditOptions(embeddings=X[:5]))
    holes = X.copy()
    holes[7, 0] = np.nan
    with pytest.raises(InputError) as caught:
        take_in(X, Y, AuditOptions(embeddings=holes))
    assert "rows id 7" in caught.value.where


def test_predictions_that_do_not_fit(evidence_of):
    good = np.full((40, 2), 0.5)
    assert take_in(X, Y, AuditOptions(probabilities=good)).predictions.shape == (40, 2)
    with pytest.raises(InputError, match="one row per row"):
        take_in(X, Y, AuditOptions(probabilities=good[:10]))
    for bad in (good * 1.5, np.full((40, 3), 1 / 3), np.where(np.arange(40)[:, None] == 3, np.nan, good)):
        with pytest.raises(InputError) as caught:
            evidence_of(X, Y, probabilities=bad)
        assert caught.value.fix


@pytest.mark.parametrize(
    ("features", "labels"),
    [
        (X, Y[:30]),
        (X, np.full(40, "one")),
        (X[:1], Y[:1]),
        (X[:0], Y[:0]),
        (X, np.full(40, np.nan)),
        (np.where(X > 1, np.inf, X), Y),
    ],
)
def test_what_cannot_be_audited_is_refused_with_a_fix(features, labels):
    with pytest.raises(InputError) as caught:
        take_in(features, labels, AuditOptions())
    assert caught.value.fix


def test_questions_stand_in_the_record_and_test_rows_are_read_alike():
    rows = 60
    frame = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=rows), "price": ["1.234", "2.5"] * (rows // 2)})
    frame["price"] = frame["price"].where(np.arange(rows) % 2 == 0, "85")
    y = np.arange(rows) % 2
    taken = take_in(frame, y, AuditOptions(decimal=",", test=(frame, y)))
    assert any("time='day'" in question for question in taken.facts["questions"])
    assert taken.data.X["price"].max() == taken.test.X["price"].max() == 1234


# ---- pictures ------------------------------------------------------------------------------------------------------


@pytest.fixture
def pictures(tmp_path):
    """(folder of class folders, table of the same files, their pixels, labels); one of 13 files is broken."""
    draw = np.random.default_rng(0).integers(0, 256, (12, 8, 8), dtype=np.uint8)
    labels = np.array(["cat", "dog"])[np.arange(12) // 6]
    names = [f"{label}/{place:02}.png" for place, label in enumerate(labels)]
    for name, picture in zip(names, draw, strict=True):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(picture).save(tmp_path / name)
    (tmp_path / "cat" / "99.png").write_bytes(b"no picture")
    names, labels = [*names, "cat/99.png"], [*labels, "cat"]
    table = pd.DataFrame({"file": names, "kind": labels})
    table.to_csv(tmp_path / "list.csv", index=False)
    return tmp_path, table, draw


def test_pictures_are_the_same_by_every_door(pictures, monkeypatch):
    folder, table, draw = pictures
    monkeypatch.chdir(folder)
    doors = {
        "folder": take_in(folder, None, AuditOptions()),
        "table": take_in(folder / "list.csv", None, AuditOptions(label="kind", image="file")),
        "table alone": take_in(folder / "list.csv", None, AuditOptions(label="kind")),
        "frame": take_in(table, None, AuditOptions(label="kind", image="file")),
        "frame alone": take_in(table, None, AuditOptions(label="kind")),
        "frame and y": take_in(table[["file"]], table["kind"], AuditOptions()),
        "array": take_in(draw, table["kind"][:12].tolist(), AuditOptions()),
    }
    for door, taken in doors.items():
        order = np.argsort(taken.data.y, kind="stable")
        assert taken.facts["rows"] == 12, door
        assert taken.facts["class_counts"] == [6, 6], door
        assert taken.facts.get("unreadable", 0) == (door != "array"), door
        assert taken.facts["missing_labels"] == 0, door
        np.testing.assert_array_equal(taken.data.X[order].pixels[..., 0], draw, err_msg=door)
        lost = [note for note in taken.facts["notes"] if "1 picture cannot be read" in note]
        assert len(lost) == (door != "array"), door
    assert doors["folder"].data.ids[0] == "cat/00.png"
    assert doors["frame"].data.ids.tolist() == doors["table"].data.ids.tolist() == list(range(12))


def test_rows_of_weight_zero_and_broken_pictures_are_counted_apart(pictures):
    folder, *_ = pictures
    weights = np.where(np.arange(13) % 6 == 0, 0.0, 1.0)  # 0, 6 and 12, which is broken
    taken = take_in(folder / "list.csv", None, AuditOptions(label="kind", image="file", weights=weights))
    facts = taken.facts
    assert [facts[name] for name in ("rows", "zero_weights", "unreadable", "missing_labels")] == [10, 2, 1, 0]


def header_of_png(width, height):
    """A picture that says how large it is, and holds no pixel."""
    about = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in (about, b"IDAT")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_pictures_that_cannot_be_read_are_a_finding_and_the_others_are_audited(pictures):
    folder, *_ = pictures
    (folder / "dog" / "huge.png").write_bytes(header_of_png(100_000, 100_000))
    (folder / "dog" / "link.png").symlink_to("nowhere.png")
    os.mkfifo(folder / "dog" / "pipe.png")
    done = sw.audit(folder, checks="SW101")
    assert done.record.data["rows"] == 12
    (finding,) = [finding for finding in done.findings if "cannot be read" in finding.title]
    assert set(finding.keys) == {"cat/99.png", "dog/huge.png", "dog/link.png", "dog/pipe.png"}
    (table,) = [
        exhibit
        for exhibit in done.record.outcome("SW101").result.exhibits
        if exhibit.kind == "table" and "reason" in exhibit.columns
    ]
    said = " ".join(map(str, table.columns["reason"]))
    for reason in ("pixels, as no picture of a data set has", "the link leads to no file", "no file, but a pipe"):
        assert reason in said


def test_test_rows_have_the_roles_of_a_table_that_was_read_before(tmp_path):
    rows = pd.DataFrame({"key": [f"k{row}" for row in range(24)], "a": np.arange(24.0), "kind": ["x", "y"] * 12})
    rows[:16].to_csv(tmp_path / "t.csv", index=False)
    rows[16:].to_csv(tmp_path / "test.csv", index=False)
    reading = read_dataset(tmp_path / "t.csv", label="kind", id="key")
    taken = take_in(reading, None, AuditOptions(test=str(tmp_path / "test.csv")))
    assert taken.test.ids.tolist() == rows["key"][16:].tolist()
    assert np.asarray(taken.test.y).tolist() == rows["kind"][16:].tolist()
    assert list(taken.test.X.columns) == ["a"]


def test_test_rows_that_are_the_data_and_a_size_of_no_file_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    FRAME.to_csv("t.csv", index=False)
    os.symlink("t.csv", "same.csv")
    reading = read_dataset("t.csv", label="label")
    for data, test in (("t.csv", "t.csv"), ("t.csv", tmp_path / "same.csv"), (reading, "t.csv"), (FRAME, FRAME)):
        with pytest.raises(InputError, match="are the data themselves"):
            require_files(data, AuditOptions(label="y", test=test))
    with pytest.raises(InputError, match="about files, and none is read"):
        require_files(FRAME, AuditOptions(label="y", max_size="1GB"))
    require_files("t.csv", AuditOptions(label="y", test=FRAME, max_size="1GB"))
    require_files(FRAME, AuditOptions(label="y", test="t.csv", max_size="1GB"))


def test_the_largest_size_holds_for_the_data_and_the_test_rows_and_is_recorded(tmp_path):
    frame = pd.DataFrame({"a": np.arange(40.0), "y": ["u", "v"] * 20})
    frame.to_csv(tmp_path / "t.csv", index=False)
    pd.concat([frame] * 9).to_csv(tmp_path / "test.csv", index=False)
    taken = take_in(tmp_path / "t.csv", None, AuditOptions(label="y", max_size="1kB"))
    assert taken.facts["reading"]["max_size"] == "1kB"
    with pytest.raises(InputError, match="larger than may be read") as caught:
        take_in(tmp_path / "t.csv", None, AuditOptions(label="y", test=tmp_path / "test.csv", max_size="1kB"))
    assert caught.value.where.endswith("test.csv")


def test_the_splits_of_a_folder_are_data_and_test_rows(pictures):
    folder, *_ = pictures
    for split in ("train", "test"):
        shutil.copytree(folder / "cat", folder / "root" / split / "cat")
        shutil.copytree(folder / "dog", folder / "root" / split / "dog")
    taken = take_in(folder / "root", None, AuditOptions())
    assert len(taken.data) == len(taken.test) == 12  # one test picture is broken as well
    left_out = "test rows, left out: 1 picture cannot be read: test/cat/99.png (no picture of a known kind)"
    assert left_out in taken.facts["notes"]
    assert np.array_equal(taken.test.X.content_keys(), taken.data.X.content_keys())
    other = take_in(folder / "root", None, AuditOptions(test=(taken.data.X[:3], ["cat", "cat", "dog"])))
    assert len(other.test) == 3


def test_folders_that_tell_no_classes_are_refused_with_the_way_out(pictures):
    folder, *_ = pictures
    with pytest.raises(InputError, match=r"(?s)in one sub-folder.*7 pictures of 'cat'.*sub-folder of its own"):
        take_in(_only(folder, "cat"), None, AuditOptions())
    with pytest.raises(InputError, match=r"(?s)pictures have no labels.*--image COL"):
        take_in(folder / "cat", None, AuditOptions())


def _only(folder, name):
    (folder / "one").mkdir()
    shutil.copytree(folder / name, folder / "one" / name)
    return folder / "one"


def test_left_out_columns_stay_beside_the_rows_that_are_audited():
    frame = pd.DataFrame({"a": np.arange(12.0) ** 2, "name": list("abcdefghijkl"), "y": [None, *"uv" * 5, "u"]})
    test = frame[4:8].reset_index(drop=True)
    taken = take_in(frame, None, AuditOptions(label="y", drop_columns=["name"], test=test))
    assert taken.other_columns["name"].tolist() == list("bcdefghijkl")
    assert taken.test_other_columns["name"].tolist() == list("efgh")
    assert take_in(frame[["a", "y"]], None, AuditOptions(label="y")).other_columns is None
