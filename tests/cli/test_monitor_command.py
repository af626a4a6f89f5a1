"""`samplewise monitor`: from a folder of files to a page, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from samplewise import auditing
from samplewise.cli.app import app


def monitor(*words):
    return CliRunner().invoke(app, ["monitor", *map(str, words)])


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "months").mkdir()
    for seed, (name, count, wrong) in enumerate(
        [("train.csv", 600, 0.05), ("months/1.csv", 300, 0.05), ("months/2.csv", 300, 0.4)]
    ):
        draw = np.random.default_rng(seed)
        frame = pd.DataFrame(draw.normal(size=(count, 2)).round(3), columns=["size", "age"])
        frame["answer"] = np.where((frame["size"] > 0) ^ (draw.random(count) < wrong), "yes", "no")
        frame.to_csv(name, index=False)
    return tmp_path


def test_a_folder_becomes_a_page_with_the_batch_that_matters(files):
    result = monitor("train.csv", "months", "--label", "answer", "--learner", "linear")
    assert result.exit_code == 0, result.output
    assert "2.csv: the error is " in result.output
    assert "2 batches compared with the reference." in result.output
    assert "Does it still hold" in (files / "monitor.html").read_text()
    unseen = monitor("train.csv", "months", "--label", "answer", "--learner", "linear", "--unlabeled", "--quiet")
    assert "In no batch is the error shown to be larger by more than 2 points (2 batches compared)" in unseen.output


def test_the_page_of_what_was_compared_is_written_when_it_is_interrupted(files, monkeypatch):
    whole = auditing.monitored.batches_in

    def interrupted(*args, **options):
        yield next(whole(*args, **options))
        raise KeyboardInterrupt

    monkeypatch.setattr(auditing.monitored, "batches_in", interrupted)
    result = monitor("train.csv", "months", "--label", "answer", "--learner", "linear", "--out", "part.html")
    assert result.exit_code == 130
    assert "1 batch compared with the reference." in result.output
    assert (files / "part.html").exists()


@pytest.mark.parametrize("out", ["train.csv", "months/1.csv"])
def test_the_page_never_replaces_the_data(files, out):
    before = (files / out).read_bytes()
    result = monitor("train.csv", "months", "--label", "answer", "--out", out)
    assert result.exit_code != 0
    assert "would replace the data" in result.output
    assert (files / out).read_bytes() == before


def test_a_folder_that_is_not_there_is_named(files):
    result = monitor("train.csv", "weeks", "--label", "answer")
    assert result.exit_code != 0
    assert "weeks" in result.output
