import pytest
import typer

from samplewise.cli import question
from samplewise.cli.question import label_of
from samplewise.core.errors import InputError


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("age,target\n1,a\n2,b\n3,a\n")
    return path


class Keyboard:
    def isatty(self):
        return True


def test_a_named_label_is_taken(table):
    assert label_of(table, "age") == "age"


def test_archives_and_folders_name_their_own(tmp_path):
    assert label_of(tmp_path, None) is None
    assert label_of(tmp_path / "x.npz", None) is None


def test_where_nobody_can_answer_the_likely_columns_are_listed(table):
    with pytest.raises(
        InputError, match=r"(?s)no label was named.*t\.csv.*likely columns: target, age.*--label 'target'"
    ):
        label_of(table, None)


@pytest.mark.parametrize(("answer", "label"), [("1", "target"), ("2", "age"), ("age", "age"), ("7", "7")])
def test_a_person_answers_with_a_number_or_a_name(table, monkeypatch, answer, label):
    monkeypatch.setattr(question.sys, "stdin", Keyboard())
    monkeypatch.setattr(typer, "prompt", lambda *args, **options: answer)
    assert label_of(table, None) == label
