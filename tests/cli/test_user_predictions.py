import numpy as np
import pandas as pd
import pytest

from samplewise.cli.user_predictions import embedding, read_predictions
from samplewise.core.errors import InputError

IDS = np.array(["a", "b", "c"])
CLASSES = np.array([0, 1])
P = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]])


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module of the user's, in the directory the command is run in."""
    code = "def features(X):\n    return X * 2\ndef broken(X):\n    return X.nothing\nsize = 3\n"
    (tmp_path / "supplied_net.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "supplied_net"


# --- embeddings ------------------------------------------------------------------------------------------------------


def test_the_function_is_found_and_called(module):
    assert embedding("supplied_net:features")(P)[0, 0] == 1.8


def test_a_name_without_a_colon_is_refused():
    with pytest.raises(InputError, match=r"(?s)named module:function.*'supplied_net'.*--embed my_net:features"):
        embedding("supplied_net")


def test_a_missing_module_is_named():
    with pytest.raises(InputError, match=r"(?s)cannot be imported.*--embed no_such_net.*run from the directory"):
        embedding("no_such_net:f")


@pytest.mark.parametrize("name", ["featurs", "size"])
def test_what_is_no_function_is_refused(module, name):
    with pytest.raises(InputError, match=rf"(?s)no function in supplied_net named '{name}'.*features"):
        embedding(f"supplied_net:{name}")


def test_what_the_function_raises_is_reported(module):
    with pytest.raises(
        InputError, match=r"(?s)raised an error.*supplied_net:broken.*AttributeError.*ndarray, shape \(3, 2\)"
    ):
        embedding("supplied_net:broken")(P)


# --- predictions -----------------------------------------------------------------------------------------------------


def test_a_plain_array(tmp_path):
    np.save(tmp_path / "p.npy", P)
    assert np.array_equal(read_predictions(tmp_path / "p.npy", IDS, CLASSES), P)


def test_an_archive_with_its_own_order(tmp_path):
    path = tmp_path / "p.npz"
    np.savez(path, predictions=P[::-1, ::-1], classes=np.array(["1", "0"]), ids=IDS[::-1])
    assert np.array_equal(read_predictions(path, IDS, CLASSES), P)


def test_an_archive_without_predictions_names_what_it_has(tmp_path):
    np.savez(tmp_path / "p.npz", left=P, right=P)
    with pytest.raises(InputError, match=r"(?s)no array of predictions.*left, right.*p\.npz"):
        read_predictions(tmp_path / "p.npz", IDS, CLASSES)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_with_class_names_and_ids_in_another_order(tmp_path, kind):
    path = tmp_path / f"p.{kind}"
    frame = pd.DataFrame({"key": IDS, "1": P[:, 1], "0": P[:, 0]}).iloc[::-1]
    frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
    assert np.array_equal(read_predictions(path, IDS, CLASSES, "key"), P)


def test_a_table_of_numbers_alone_has_no_header(tmp_path):
    path = tmp_path / "p.csv"
    np.savetxt(path, P, delimiter=",")
    assert np.array_equal(read_predictions(path, IDS, CLASSES), P)


def test_numbers_for_a_regression(tmp_path):
    (tmp_path / "p.csv").write_text("id,prediction\nb,2\na,1\nc,3\n")
    assert read_predictions(tmp_path / "p.csv", IDS, None).tolist() == [[1.0], [2.0], [3.0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,0,1\na,1,0\nb,1,0\n", r"(?s)ids are not in the data.*rows id c"),
        ("id,0,1\na,1,0\na,1,0\nb,1,0\nc,1,0\n", r"(?s)ids repeat.*rows id a.*one row of predictions per row"),
        ("id,0,2\na,1,0\nb,1,0\nc,1,0\n", r"(?s)no column for: 1; no row is labeled: 2.*reading"),
        ("id,0,1\na,yes,0\nb,1,0\nc,1,0\n", r"(?s)must be numbers.*p\.csv.*one column per class"),
        ("1,0\n1,0\n", r"(?s)do not fit the data.*shape \(1, 2\).*shape \(3, 2\)"),
    ],
)
def test_faults_are_named(tmp_path, text, message):
    path = tmp_path / "p.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_predictions(path, IDS, CLASSES)


@pytest.mark.parametrize("name", ["p.npy", "p.npz", "p.parquet"])
def test_a_damaged_file_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"not at all")
    with pytest.raises(InputError, match=rf"(?s)cannot be read.*{name}.*use one of \.npy"):
        read_predictions(tmp_path / name, IDS, CLASSES)


@pytest.mark.parametrize(("name", "make", "message"), [
    ("gone.npy", False, r"(?s)no such file of predictions.*gone\.npy.*use \.npy"),
    ("p.xlsx", True, r"(?s)of this kind are not known.*p\.xlsx.*\.xlsx.*use \.npy"),
])  # fmt: skip
def test_files_that_cannot_be_it(tmp_path, name, make, message):
    if make:
        (tmp_path / name).write_text("")
    with pytest.raises(InputError, match=message):
        read_predictions(tmp_path / name, IDS, CLASSES)
