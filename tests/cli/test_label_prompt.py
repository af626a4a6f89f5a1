import numpy as np
import pytest
import typer

from samplewise.cli import label_prompt
from samplewise.cli.label_prompt import read_once
from samplewise.core.errors import InputError
from samplewise.data import readers


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("age,target,key\n1,a,007\n2,b,008\n3,a,009\n")
    return path


class Keyboard:
    def isatty(self):
        return True


def answered(monkeypatch, answer):
    monkeypatch.setattr(label_prompt.sys, "stdin", Keyboard())
    monkeypatch.setattr(typer, "prompt", lambda *args, **options: answer)


def test_a_named_label_is_taken(table):
    assert read_once(table, "age").label == "age"


def test_archives_and_folders_name_their_own(tmp_path):
    np.savez(tmp_path / "x.npz", X=np.zeros((3, 1)), y=[0, 1, 0])
    assert read_once(tmp_path / "x.npz", None).label == "y"
    with pytest.raises(InputError, match="no images"):
        read_once(tmp_path, None)


def test_where_nobody_can_answer_the_likely_columns_are_listed(table):
    with pytest.raises(
        InputError, match=r"(?s)no label was named.*t\.csv.*likely columns: target, age.*--label target"
    ):
        read_once(table, None, id="key")


@pytest.mark.parametrize(("answer", "label"), [("1", "target"), ("2", "age"), ("age", "age")])
def test_a_person_answers_with_a_number_or_a_name(table, monkeypatch, answer, label):
    answered(monkeypatch, answer)
    assert read_once(table, None, id="key").label == label


def test_an_answer_that_is_no_column_is_refused(table, monkeypatch):
    answered(monkeypatch, "7")
    with pytest.raises(InputError, match="no label column named '7'"):
        read_once(table, None)


def test_the_file_is_read_once_whoever_names_the_label(table, monkeypatch):
    reads = []
    plain = readers.read_delimited
    monkeypatch.setattr(readers, "read_delimited", lambda *given: reads.append(given) or plain(*given))
    answered(monkeypatch, "1")
    queried = read_once(table, None, id="key")
    assert len(reads) == 1
    named = read_once(table, "target", id="key")
    assert queried.data.fingerprint() == named.data.fingerprint()
    assert queried.data.ids.tolist() == ["007", "008", "009"]
    assert (queried.id_source, queried.file, queried.notes) == (named.id_source, named.file, named.notes)
