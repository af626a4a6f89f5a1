"""`samplewise shift`: from two files to a page, with and without labels, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from samplewise.cli.app import app


def shift(*words):
    return CliRunner().invoke(app, ["shift", *map(str, words)])


@pytest.fixture
def files(tmp_path, monkeypatch):
    """train.csv, and new.csv with larger `age`, where the label is less sure."""
    monkeypatch.chdir(tmp_path)
    for seed, (name, count, moved) in enumerate([("train.csv", 800, 0.0), ("new.csv", 400, 1.5)]):
        draw = np.random.default_rng(seed)
        frame = pd.DataFrame(draw.normal(size=(count, 2)).round(3), columns=["size", "age"])
        frame["age"] += moved
        unsure = draw.random(count) < np.where(frame["age"] > 0.5, 0.4, 0.02)
        frame["answer"] = np.where((frame["size"] > 0) ^ unsure, "yes", "no")
        frame.to_csv(name, index=False)
    return tmp_path


def test_labeled_rows_give_the_change_of_the_error_and_a_page(files):
    result = shift("train.csv", "new.csv", "--label", "answer", "--learner", "kernel", "--out", "page.html")
    assert result.exit_code == 0, result.output
    assert "Test rows come from elsewhere, and the error rises by" in result.output
    page = (files / "page.html").read_text()
    for words in ("Will it hold elsewhere", "What the change of the error is made of", "From 400 labels"):
        assert words in page


def test_without_labels_rows_are_named_and_their_labels_change_the_answer(files):
    words = ("train.csv", "new.csv", "--label", "answer", "--learner", "kernel", "--n-labels", 40)
    result = shift(*words, "--unlabeled")
    assert result.exit_code == 0, result.output
    assert "Labels of 40 test rows drawn at random would give the error there" in result.output
    assert "cannot be seen without labels" in result.output
    asked = pd.read_csv("shift.rows.csv")
    assert list(asked.columns) == ["test_id", "predicted"]
    assert asked["test_id"].nunique() == 40
    frame = pd.read_csv("new.csv")
    frame.drop(columns="answer").to_csv("new.csv", index=False)
    assert shift(*words).output == result.output


@pytest.mark.parametrize(("held", "page"), [("new.csv", "new.csv"), ("new.rows.csv", "new.html")])
def test_neither_the_page_nor_the_list_of_rows_replaces_the_data(files, held, page):
    (files / "new.csv").rename(held)
    before = (files / held).read_bytes()
    result = shift("train.csv", held, "--label", "answer", "--out", page)
    assert result.exit_code != 0
    assert "would replace the data" in result.output
    assert (files / held).read_bytes() == before


def test_rows_without_the_columns_of_the_training_rows_are_refused(files):
    pd.DataFrame({"size": np.arange(40.0)}).to_csv("less.csv", index=False)
    result = shift("train.csv", "less.csv", "--label", "answer")
    assert result.exit_code != 0
    assert "age" in result.output
