"""Folders of classes and splits, flat folders with a table, and columns of file names."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from samplewise.core.errors import InputError
from samplewise.data.image_paths import column_paths, folder_images, image_columns, is_image, is_picture, most_are_there


@pytest.fixture
def made(tmp_path):
    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if is_image(name):
                Image.new("L", (4, 4)).save(path, format="png")
            else:
                path.write_text("x")
        return tmp_path

    return make


def test_a_class_is_a_sub_folder_and_hidden_files_are_none(made):
    found = folder_images(made("cat/1.JPG", "cat/old/2.png", "dog/1.png", "dog/.hidden.png", ".cache/3.png",
                               "__MACOSX/cat/1.jpg", "dog/note.txt", "loose.png"))  # fmt: skip
    assert found.rows == (("cat/1.JPG", "cat"), ("cat/old/2.png", "cat"), ("dog/1.png", "dog"))
    notes = " ".join(found.notes)
    assert "one class per sub-folder (2 classes)" in notes
    assert "files passed over because they are no images: 1" in notes
    assert "1 picture beside the sub-folders of the classes are left out: loose.png" in notes
    assert "sub-folders of cat are no classes of their own" in notes
    assert found.questions == ()


@pytest.mark.parametrize("base", ["", "unpacked/"])
def test_splits_are_understood_and_asked_about(made, base):
    names = [f"{base}{split}/{kind}/{split}.png" for split in ("train", "Val", "test") for kind in ("cat", "dog")]
    folder = made(*names)
    found = folder_images(folder)
    assert {kind for _, kind in found.rows + found.test} == {"cat", "dog"}
    assert [name.split("/")[-1] for name, _ in found.rows] == ["Val.png"] * 2 + ["train.png"] * 2
    assert [name.split("/")[-1] for name, _ in found.test] == ["test.png"] * 2
    (question,) = found.questions
    assert f"samplewise audit {folder / base / 'Val'} --test {folder / base / 'test'}" in question


def test_without_a_test_folder_the_validation_rows_are_the_test_rows(made):
    found = folder_images(made("train/a/1.png", "train/b/1.png", "valid/a/1.png", "test/1.png"))
    assert [name for name, _ in found.test] == ["valid/a/1.png"]
    assert "test is left out: it has no sub-folders of classes" in found.notes
    alone = folder_images(made("train/a/1.png").joinpath("train"))
    assert len(alone.rows) == 2


def test_splits_without_classes_are_refused(made):
    with pytest.raises(InputError, match=r"(?s)splits and not classes.*test, train.*--image COL"):
        folder_images(made("train/1.png", "test/1.png"))


def test_a_folder_in_a_folder_is_unpacked(made):
    found = folder_images(made("pets/cat/1.png", "pets/dog/1.png"))
    assert dict(found.rows) == {"pets/cat/1.png": "cat", "pets/dog/1.png": "dog"}
    assert "one class per sub-folder of pets (2 classes)" in found.notes
    one = folder_images(made().joinpath("pets", "cat"))
    assert one.rows == (("1.png", None),)


@pytest.mark.parametrize("where", ["", "images/"])
def test_a_table_beside_the_pictures_is_named_with_its_command(made, where):
    folder = made(f"{where}1.png", f"{where}2.png", "readme.txt")
    (folder / "my list.csv").write_text(f"file,kind\n{where}1.png,a\n{where}2.png,b\n")
    with pytest.raises(InputError, match=r"a table names the pictures") as caught:
        folder_images(folder)
    assert caught.value.fix == f"samplewise audit '{folder}/my list.csv' --label kind --image file"
    (folder / "my list.csv").write_text(f"file,kind,age\n{where}1.png,a,1\n{where}2.png,b,2\n")
    with pytest.raises(InputError, match=r"--label COL --image file"):
        folder_images(folder)


def test_a_flat_folder_has_no_labels(made):
    found = folder_images(made("1.png", "2.png"))
    assert found.rows == (("1.png", None), ("2.png", None))
    assert "read without labels" in found.notes[0]


def test_a_folder_without_pictures_is_refused(made):
    with pytest.raises(InputError, match=r"(?s)no images in sub-folders.*1 sub-folder, no file with"):
        folder_images(made("a/x.txt"))


def test_columns_that_name_pictures_are_found(made):
    folder = made("1.png", "2.png")
    frame = pd.DataFrame({"file": ["1.png", "2.png"], "gone": ["1.png", "9.png"], "kind": ["a", "b"], "n": [1, 2]})
    assert image_columns(frame, folder) == ["file"]
    assert image_columns(frame.assign(file=[None, "2.png"]), folder) == ["file"]
    held = pd.DataFrame({"picture": pd.Series([Image.new("L", (2, 2)), None], dtype=object), "none": [None, None]})
    assert image_columns(held, folder) == ["picture"]
    assert is_picture({"bytes": b"x"})
    assert not is_picture({"bytes": None})
    assert most_are_there(["1.png", "2.png", "9.png"], folder)
    assert not most_are_there(["1.png", "8.png", "9.png"], folder)
    missing = pd.DataFrame({"file": pd.array([pd.NA, "1.png", "2.png"], dtype="string"), "list": [[1], [2], [3]]})
    assert image_columns(missing, folder) == ["file"]


def test_linked_folders_are_followed_once(made):
    folder = made("store/a/1.png", "data/b/1.png")
    (folder / "data" / "a").symlink_to(folder / "store" / "a")
    (folder / "data" / "b" / "again").symlink_to(folder / "data")
    assert folder_images(folder / "data").rows == (("a/1.png", "a"), ("b/1.png", "b"))


def test_names_are_looked_up_beside_the_table_in_its_sub_folders_and_with_endings(made):
    folder = made("1.png", "train/7.jpg", "train/8.jpg", "other/9.jpg")
    assert column_paths(["1.png", None, "gone.png"], folder) == (
        [str(folder / "1.png"), "", str(folder / "gone.png")], ())  # fmt: skip
    paths, notes = column_paths(["7", "8"], folder)
    assert paths == [str(folder / "train/7.jpg"), str(folder / "train/8.jpg")]
    assert notes == ("pictures are looked up as train/NAME.jpg",)
    assert column_paths([str(folder / "1.png")], Path())[0] == [str(folder / "1.png")]


def test_a_column_of_which_no_file_is_there_is_refused(made):
    with pytest.raises(InputError, match=r"(?s)none of the pictures.*'x\.png'.*relative to the folder of the table"):
        column_paths(["x.png", np.nan], made("1.png"))
    with pytest.raises(InputError, match="no file names"):
        column_paths([None], made("1.png"))
