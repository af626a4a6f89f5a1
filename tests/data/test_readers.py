"""Files, folders and frames: parts taken by name, ids that survive, and every wrong file refused with a way out."""

import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image

from samplewise.core.errors import InputError
from samplewise.data.readers import likely_labels, read_dataset

FRAME = pd.DataFrame(
    {
        "patient": ["p", "p", "q", "q"],
        "when": ["2024-01-31", "2024-01-02", "2024-03-01", "2024-02-01"],
        "sex": ["f", "m", "f", "m"],
        "age": [31, 40, 52, 28],
        "note": ["some words here", "and some more", "they go on", "to the end"],
        "code": ["007", "010", "011", "012"],
        "ill": ["yes", "no", "no", "yes"],
    }
)


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "patients.csv"
    FRAME.to_csv(path, index=False)
    return path


class HuggingFace:
    """What a Hugging Face data set offers, without the package."""

    class ClassLabel:
        names = ("cat", "dog")

    def __init__(self, **columns):
        self.columns, self.column_names, self.split = columns, list(columns), "train"
        self.features = {name: self.ClassLabel() if name == "label" else None for name in columns}

    def __len__(self):
        return len(self.columns[self.column_names[0]])

    def __getitem__(self, name):
        return self.columns[name]


@pytest.mark.parametrize("kind", ["csv", "parquet", "pandas", "polars"])
def test_every_part_is_taken_by_name(kind, csv, tmp_path):
    sources = {"csv": lambda: csv, "pandas": lambda: FRAME, "polars": lambda: pl.DataFrame(FRAME.to_dict("list"))}
    FRAME.to_parquet(tmp_path / "patients.parquet")
    source = tmp_path / "patients.parquet" if kind == "parquet" else sources[kind]()
    reading = read_dataset(
        source, label="ill", id="code", groups="patient", segments="sex", time="when", drop_columns=["note"]
    )
    data = reading.data
    assert data.ids.tolist() == ["007", "010", "011", "012"]
    assert data.y.tolist() == ["yes", "no", "no", "yes"]
    assert data.groups.tolist() == ["p", "p", "q", "q"]
    assert data.segments["sex"].tolist() == ["f", "m", "f", "m"]
    assert np.argsort(data.time).tolist() == [1, 0, 3, 2]
    assert data.X.columns.tolist() == ["age"]
    assert [column.name for column in reading.columns] == ["age"]
    assert "sex" in reading.other_columns
    assert reading.label == "ill"
    assert reading.id_source == "column 'code'"
    assert list(reading.frame.columns) == list(FRAME.columns)


def test_without_ids_rows_are_numbered_and_tied_to_lines(csv):
    reading = read_dataset(csv, label="ill")
    assert reading.data.ids.tolist() == [0, 1, 2, 3]
    assert reading.id_source == "row number, from 0"
    assert "row r is line r + 2 of patients.csv" in reading.notes
    assert reading.file == csv


def test_the_index_of_a_frame_names_its_rows(tmp_path):
    named = FRAME.set_index(pd.Index([9, 8, 7, 6]))
    named.to_parquet(tmp_path / "named.parquet")
    for source in (named, tmp_path / "named.parquet"):
        reading = read_dataset(source, label="ill")
        assert reading.data.ids.tolist() == [9, 8, 7, 6]
        assert reading.id_source == "the frame's index"


def test_whole_number_ids_are_numbers_and_padded_ones_text(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("k,x,y\n12,1,a\n3,2,b\n")
    assert read_dataset(path, id="k", label="y").data.ids.tolist() == [12, 3]
    path.write_text("k,x,y\n12,1,a\n03,2,b\n")
    assert read_dataset(path, id="k", label="y").data.ids.tolist() == ["12", "03"]


def test_columns_with_something_to_say_are_in_the_notes(csv):
    notes = " ".join(read_dataset(csv, label="ill").notes)
    assert "when: a model must not learn today's date" in notes


def test_texts_alone_can_be_the_features(csv):
    data = read_dataset(csv, label="ill", text="note").data
    assert data.X.columns.tolist() == ["note"]


def test_images_named_in_a_column_are_found_next_to_the_file(tmp_path):
    for name in ("a.png", "b.png"):
        Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(tmp_path / name)
    (tmp_path / "list.csv").write_text("file,kind\na.png,x\nb.png,y\n")
    data = read_dataset(tmp_path / "list.csv", label="kind", image="file").data
    assert data.X.shape == (2, 8, 8, 1)
    assert sum(len(block) for block in data.X.blocks()) == 2


def test_without_a_label_there_is_no_y(csv):
    assert read_dataset(csv).data.y is None


def test_hugging_face_labels_are_names_and_ids_name_the_split():
    source = HuggingFace(text=["a good film", "a bad film", "so so"], label=[0, 1, -1])
    reading = read_dataset(source, label="label", text="text")
    assert reading.data.y.tolist() == ["cat", "dog", None]
    assert reading.data.ids.tolist() == ["train:0", "train:1", "train:2"]
    assert reading.data.X["text"].tolist()[0] == "a good film"


def test_hugging_face_images_are_decoded():
    pictures = [Image.fromarray(np.full((6, 6), shade, dtype=np.uint8)) for shade in (1, 2)]
    data = read_dataset(HuggingFace(image=pictures, label=[0, 1]), label="label", image="image").data
    assert data.X.pixels[:, 0, 0, 0].tolist() == [1, 2]


def test_arrays_in_an_archive_take_part_by_name(tmp_path):
    path = tmp_path / "arrays.npz"
    parts = {"y": [0, 1, 1, 0], "class_names": ["cat", "dog"], "key": [5, 6, 7, 8], "site": ["u", "v", "u", "v"]}
    np.savez(path, X=np.eye(4), **{name: np.array(values) for name, values in parts.items()})
    reading = read_dataset(path, id="key", groups="site", segments=["site"])
    assert reading.data.y.tolist() == ["cat", "dog", "dog", "cat"]
    assert reading.data.ids.tolist() == [5, 6, 7, 8]
    assert reading.data.groups.tolist() == reading.data.segments["site"].tolist() == ["u", "v", "u", "v"]
    assert reading.label == "y"
    assert "label codes are shown by their class_names" in reading.notes


def test_numbers_that_are_no_codes_stay_numbers(tmp_path):
    path = tmp_path / "arrays.npz"
    np.savez(path, features=np.eye(2), labels=np.array([5, 6]), class_names=np.array(["cat", "dog"]))
    assert read_dataset(path).data.y.tolist() == [5, 6]


@pytest.fixture
def folder(tmp_path):
    for name in ("cats/1.png", "cats/old/2.PNG", "dogs/1.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(path, format="png")
    (tmp_path / "dogs" / "read.me").write_text("no picture")
    (tmp_path / "dogs" / "empty.png").write_bytes(b"")
    (tmp_path / ".cache").mkdir()
    return tmp_path


def test_a_folder_of_images_is_labeled_by_its_sub_folders(folder):
    reading = read_dataset(folder)
    assert reading.data.ids.tolist() == ["cats/1.png", "cats/old/2.PNG", "dogs/1.png", "dogs/empty.png"]
    assert reading.data.y.tolist() == ["cats", "cats", "dogs", "dogs"]
    assert reading.data.X.shape == (4, 8, 8, 1)
    assert reading.data.complete_ids().tolist() == ["cats/1.png", "cats/old/2.PNG", "dogs/1.png"]
    assert reading.columns == ()
    notes = " ".join(reading.notes)
    assert "1 picture cannot be read: dogs/empty.png (the file is empty)" in notes
    assert "files passed over because they are no images: 1" in notes


def test_a_folder_of_splits_has_test_rows(tmp_path):
    for name in ("train/cat/1.png", "train/dog/1.png", "test/cat/1.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8)).save(tmp_path / name)
    reading = read_dataset(tmp_path)
    assert reading.data.ids.tolist() == ["train/cat/1.png", "train/dog/1.png"]
    assert reading.data.y.tolist() == ["cat", "dog"]
    assert reading.test.ids.tolist() == ["test/cat/1.png"]
    assert "are read as splits" in reading.questions[0]


def test_the_only_feature_is_read_as_pictures_where_it_names_them(tmp_path):
    for name in ("a.png", "b.png"):
        Image.new("L", (8, 8)).save(tmp_path / name)
    table = pd.DataFrame({"file": ["a.png", "b.png"], "kind": ["x", "y"], "age": [1, 2]})
    table[["file", "kind"]].to_csv(tmp_path / "list.csv", index=False)
    table.to_csv(tmp_path / "more.csv", index=False)
    reading = read_dataset(tmp_path / "list.csv", label="kind")
    assert reading.data.X.shape == (2, 8, 8, 1)
    assert "column 'file' holds pictures: Images(2 of 8 x 8, 1 channels, in files)" in reading.notes
    assert read_dataset(tmp_path / "list.csv", label="kind", text="file").data.X.columns.tolist() == ["file"]
    asked = read_dataset(tmp_path / "more.csv", label="kind")
    assert asked.data.X.columns.tolist() == ["file", "age"]
    assert "`file` names pictures and is read as text: image='file' (--image)" in asked.questions[0]
    assert read_dataset(asked, label="kind", image="file").data.X.shape == (2, 8, 8, 1)


def test_likely_labels_come_first_by_name_then_by_few_values():
    frame = pd.DataFrame(
        {"age": np.arange(30) * 1.5, "target": np.arange(30) % 3, "sex": ["f", "m"] * 15, "id": range(30)}
    )
    assert likely_labels(frame) == ["target", "sex", "age"]
    assert likely_labels(frame, most=1) == ["target"]
    frame.loc[:9, "sex"] = None
    assert likely_labels(frame) == ["target", "age", "sex"]  # a label has few gaps


def test_adult_is_read(shared_data):
    reading = read_dataset(shared_data / "groups" / "adult.csv.gz", label="income", segments=["sex", "race"])
    assert repr(reading.data) == "Dataset(32561 rows, X (32561, 12), y, segments)"
    assert reading.data.X.isna().sum().sum() == 1836 + 1843 + 583
    assert likely_labels(reading.frame)[0] == "income"


def refused(match, source, **options):
    with pytest.raises(InputError, match=f"(?s){match}"):
        read_dataset(source, **options)


def test_a_missing_file_gets_the_nearest_name(csv):
    refused(r"no such file.*patient\.csv.*did you mean 'patients\.csv'", csv.with_name("patient.csv"))
    refused(r"no such file.*use \.csv", "/nowhere/at/all.bin")


def test_an_unknown_kind_of_file_is_refused(tmp_path):
    (tmp_path / "book.what").write_bytes(b"x")
    refused(r"not known.*book\.what.*got: +\.what.*fix: +use \.csv", tmp_path / "book.what")


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"label": "il"}, "no label column named 'il'.*did you mean 'ill'"),
        ({"id": "codes"}, "no id column.*did you mean 'code'"),
        ({"segments": ["gender", "sex"]}, "no segments column named 'gender'.*known: patient"),
        ({"drop_columns": "notes"}, "no drop column.*did you mean 'note'"),
        ({"text": "noet"}, "no text column.*did you mean 'note'"),
        ({"id": "patient"}, "ids repeat.*rows id p, q.*own id"),
        ({"time": "sex"}, "sex must hold numbers or dates.*column 'sex'.*year-month-day"),
        ({"label": "ill", "drop_columns": list(FRAME)[:-1]}, "no column is left.*keep at least one"),
    ],
)  # fmt: skip
def test_columns_that_cannot_play_their_part_are_refused(csv, options, what):
    refused(what, csv, **options)


@pytest.mark.parametrize("option", [{"id": "b"}, {"columns": {"b": "number"}}, {"decimal": ","}, {"max_size": "1GB"}])
def test_a_folder_of_pictures_has_no_columns(folder, option):
    with pytest.raises(InputError, match="means nothing for a folder of pictures") as caught:
        read_dataset(folder, **option)
    assert caught.value.where == next(iter(option))


def test_options_that_would_be_ignored_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.zeros((4, 2)), y=[0, 1, 0, 1])
    for option in ({"columns": {"X": "number"}}, {"decimal": ","}, {"drop_columns": ["y"]}):
        with pytest.raises(InputError, match="means nothing for a file of arrays"):
            read_dataset(tmp_path / "a.npz", **option)
    frame = pd.DataFrame({"a": [1.0, 2.0], "y": [0, 1]})
    with pytest.raises(InputError, match="means nothing for a table that is read already"):
        read_dataset(frame, label="y", max_size="1GB")
    with pytest.raises(InputError, match="rules out the other"):
        read_dataset("nowhere.csv", label="y", id="y")


def test_missing_ids_are_refused_by_row():
    refused("ids are missing.*column 'k', rows 1.*fill them", pd.DataFrame({"k": ["a", None], "x": [1, 2]}), id="k")


def test_groups_with_gaps_are_refused_by_id():
    frame = pd.DataFrame({"k": ["a", "b"], "g": [1.0, np.nan], "x": [1, 2]})
    refused("groups has missing values.*rows id b", frame, id="k", groups="g")


def test_repeated_column_names_in_a_frame_are_refused():
    refused("column names repeat.*'a'.*rename", pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_archives_that_cannot_be_used_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(b"no archive")
    refused(r"cannot be read as \.npz.*a\.npz.*numpy\.savez", path)
    np.savez(path, X=np.array([{"a": 1}], dtype=object))
    refused(r"cannot be read as \.npz.*pickle", path)
    np.savez(path, scores=np.eye(2))
    refused(r"no features.*scores \(2, 2\).*name the features X", path)
    np.savez(path, X=np.eye(2), lable=np.arange(2))
    refused("no label array named 'label'.*did you mean 'lable'", path, label="label")
    np.savez(path, X=np.eye(2), y=np.arange(3))
    refused("y and X have different numbers of rows.*X 2 rows, y 3", path)


def test_damaged_parquet_is_refused(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"PAR0")
    refused(r"cannot be read as Parquet.*t\.parquet.*write it again", tmp_path / "t.parquet")


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    FRAME.to_parquet(tmp_path / "t.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refused(r"needs pyarrow.*pip install .samplewise\[parquet\]", tmp_path / "t.parquet")


def test_a_folder_without_images_is_refused(tmp_path):
    (tmp_path / "cats").mkdir()
    refused("no images in sub-folders.*1 sub-folder, .*sub-folder named for the class", tmp_path)


def test_what_is_no_table_is_refused():
    refused(r"set of splits.*train, test.*data\['train'\]", {"train": HuggingFace(a=[1]), "test": HuggingFace(a=[1])})
    refused("not a table.*ndarray.*pandas or polars", np.eye(3))


def test_a_column_of_weights_is_no_feature(tmp_path):
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "w": [0, 1, 2], "kind": ["x", "y", "x"]})
    frame.to_csv(tmp_path / "t.csv", index=False)
    np.savez(tmp_path / "t.npz", X=np.eye(3), y=[0, 1, 0], w=[0.0, 1.0, 2.0])
    for source in (frame, tmp_path / "t.csv", tmp_path / "t.npz"):
        read = read_dataset(source, label="y" if str(source).endswith("npz") else "kind", weights="w").data
        assert read.weights.tolist() == [0.0, 1.0, 2.0]
    assert read_dataset(frame, label="kind", weights="w").data.X.columns.tolist() == ["a"]
    with pytest.raises(InputError, match="no weights column named 'v'"):
        read_dataset(frame, label="kind", weights="v")


GERMAN = "preis;flaeche;klasse\n8.442;70,3;a\n85;12,9;b\n1.666;33,0;a\n"


def test_numbers_in_disguise_are_numbers_and_the_other_reading_is_asked_about(tmp_path):
    path = tmp_path / "de.csv"
    path.write_text(GERMAN)
    reading = read_dataset(path, label="klasse")
    assert reading.data.X["preis"].tolist() == [8442, 85, 1666]
    assert "preis: text read as numbers: thousands marks ('.')" in reading.notes
    assert any("`preis` reads as 1666" in question for question in reading.questions)
    assert "--decimal . (decimal='.') reads 1.666" in str(reading)
    pointed = read_dataset(path, label="klasse", decimal=".")
    assert pointed.data.X.to_dict("list") == {"preis": [8.442, 85, 1.666], "flaeche": [70.3, 12.9, 33.0]}


def test_columns_are_read_as_the_user_says():
    frame = pd.DataFrame({"size": ["1", "2", "3", "4"], "zip": [1, 2, 1, 2], "y": ["a", "b", "a", "b"]})
    said = {"size": "category", "zip": "category"}
    assert [column.kind for column in read_dataset(frame, label="y", columns=said).columns] == ["category", "category"]
    with pytest.raises(InputError, match="column"):
        read_dataset(frame, label="y", columns={"absent": "number"})
    with pytest.raises(InputError, match="kind of column"):
        read_dataset(frame, label="y", columns={"size": "float"})


def test_columns_that_are_neither_features_nor_the_label_are_kept_beside():
    frame = pd.DataFrame({"key": [7, 8], "name": ["Ann", "Bo"], "size": [1.0, 2.0], "kind": ["u", "v"]})
    reading = read_dataset(frame, label="kind", id="key", drop_columns=["name"])
    assert reading.other_columns.to_dict("list") == {"key": [7, 8], "name": ["Ann", "Bo"]}
    assert read_dataset(frame, label="kind").other_columns is None
