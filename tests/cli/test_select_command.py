"""`samplewise select`: from files to ids, after a kill too, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from samplewise.cli.app import app
from samplewise.core.randomness import generator
from samplewise.selection import row_features


def select(*words):
    return CliRunner().invoke(app, ["select", *map(str, words)])


@pytest.fixture
def files(tmp_path, monkeypatch):
    """raw.jsonl: a fifth of 500 rows is prose; mine.txt: 100 rows of prose."""
    monkeypatch.chdir(tmp_path)
    draw = generator(0, "select")
    prose, code = [f"noun{number}" for number in range(30)], [f"name{number}" for number in range(30)]
    rows = [" ".join(draw.choice(prose if number % 5 == 0 else code, 40)) for number in range(500)]
    lines = [json.dumps({"body": row, "url": f"u{number}"}) for number, row in enumerate(rows)]
    (tmp_path / "raw.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "mine.txt").write_text("\n".join(" ".join(draw.choice(prose, 40)) for _ in range(100)))
    (tmp_path / "other.txt").write_text("\n".join(" ".join(draw.choice(code, 40)) for _ in range(100)))
    return tmp_path


WORDS = ("raw.jsonl", "--target", "mine.jsonl", "--n-rows", 50, "--text", "body", "--id", "url")


@pytest.fixture
def mine(files):
    rows = (files / "mine.txt").read_text().split("\n")
    (files / "mine.jsonl").write_text(
        "\n".join(json.dumps({"body": row, "url": f"t{at}"}) for at, row in enumerate(rows))
    )


def test_rows_like_the_target_are_listed(files, mine):
    result = select(*WORDS)
    assert result.exit_code == 0, result.output
    assert "50 rows of 500 selected." in result.output
    assert "Nearer to the target than as many random rows" in result.output
    found = pd.read_csv("ids.csv")
    assert list(found.columns) == ["id", "log_weight"]
    assert np.mean([int(one[1:]) % 5 == 0 for one in found.id]) > 0.9
    assert len(set(found.id)) == 50
    assert not (files / "ids.csv.counts").exists()


def test_a_target_without_columns_beside_a_pool_with_some(files):
    result = select("raw.jsonl", "--target", "mine.txt", "--n-rows", 20, "--text", "body", "--id", "url")
    assert result.exit_code == 0, result.output
    assert pd.read_csv("ids.csv").id.str.startswith("u").all()


def test_positions_and_plain_texts(files):
    rows = [json.loads(line)["body"] for line in (files / "raw.jsonl").read_text().splitlines()]
    (files / "raw.txt").write_text("\n".join(rows))
    result = select("raw.txt", "--target", "mine.txt", "--n-rows", 40, "--out", "some.csv", "--quiet")
    assert result.exit_code == 0, result.output
    assert "Temperature" not in result.output
    assert (pd.read_csv("some.csv").id % 5 == 0).mean() > 0.9


def test_several_targets_share_the_rows(files):
    (files / "raw.txt").write_text("\n".join((files / name).read_text() for name in ("mine.txt", "other.txt")))
    words = ("raw.txt", "--target", "mine.txt", "--target", "other.txt", "--n-rows", 60)
    result = select(*words)
    assert result.exit_code == 0, result.output
    assert "raw rows are also rows of mine" in result.output
    assert (pd.read_csv("ids.csv").id < 100).sum() == 30
    (files / "sub").mkdir()
    (files / "sub" / "mine.txt").write_text("noun1")
    assert "same name" in select("raw.txt", "--target", "mine.txt", "--target", "sub/mine.txt", "--n-rows", 5).output


def test_a_killed_run_goes_on_and_ends_with_the_same_rows(files, mine, monkeypatch):
    assert select(*WORDS, "--out", "whole.csv").exit_code == 0
    from samplewise.data import text_streams

    monkeypatch.setattr(text_streams, "BATCH_ROWS", 100)
    real, calls = row_features.hashed_ngrams, []

    def dies(texts, n_features):
        calls.append(len(texts))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(texts, n_features)

    monkeypatch.setattr(row_features, "hashed_ngrams", dies)
    assert select(*WORDS).exit_code != 0
    assert len(list((files / "ids.csv.counts").iterdir())) == 3
    calls[:] = [0] * 10
    assert select(*WORDS).exit_code == 0
    assert calls[10:] == [100, 100, 100]  # two of the five blocks, and the target
    assert (files / "ids.csv").read_bytes() == (files / "whole.csv").read_bytes()
    assert not (files / "ids.csv.counts").exists()


def test_what_cannot_be_done_is_said(files, mine):
    assert "fewer rows" in select(*WORDS[:4], 501, *WORDS[5:]).output
    assert "would replace" in select(*WORDS, "--out", "raw.jsonl").output
    assert "no such file" in select("none.txt", "--target", "mine.txt", "--n-rows", 5).output
    assert "cannot be told" in select("raw.jsonl", "--target", "mine.txt", "--n-rows", 5).output
    for result in (select(*WORDS[:4], 501, *WORDS[5:]), select("raw.jsonl", "--n-rows", 5)):
        assert result.exit_code == 2
