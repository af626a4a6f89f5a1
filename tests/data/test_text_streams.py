"""The same texts from every kind of file, in batches; what is wrong is named with its line."""

import gzip
import json

import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data import text_streams
from samplewise.data.text_streams import stream_texts

TEXTS = ["one, two", "", 'three "four"', "fünf\tsechs"]


def read(*given, **named):
    batches = list(stream_texts(*given, **named))
    return [one for batch in batches for one in batch.ids], [one for batch in batches for one in batch.texts]


@pytest.fixture
def files(tmp_path):
    lines = [json.dumps({"text": text, "key": f"k{row}"}) + "\n" for row, text in enumerate(TEXTS)]
    (tmp_path / "a.jsonl").write_text("".join(lines), "utf-8")
    with gzip.open(tmp_path / "a.jsonl.gz", "wt", encoding="utf-8") as packed:
        packed.writelines(lines)
    frame = pd.DataFrame({"key": [f"k{row}" for row in range(4)], "text": TEXTS})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "a.tsv", index=False, sep="\t")
    (tmp_path / "a.txt").write_text("\n".join(TEXTS) + "\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.csv", "a.tsv", "a.txt"])
def test_every_kind_gives_the_same_texts(files, name):
    assert read(files / name) == ([0, 1, 2, 3], TEXTS)
    assert read(str(files / name))[1] == TEXTS


def test_parquet(files):
    pytest.importorskip("pyarrow")
    pd.DataFrame({"key": list("abcd"), "text": TEXTS}).to_parquet(files / "a.parquet")
    assert read(files / "a.parquet", id="key") == (list("abcd"), TEXTS)


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_ids_from_a_column(files, name):
    assert read(files / name, text="text", id="key")[0] == ["k0", "k1", "k2", "k3"]


def test_several_files_are_counted_on_and_watched(files):
    seen = []
    ids, texts = read([files / "a.txt", files / "a.csv"], watch=seen.append)
    assert ids == list(range(8))
    assert texts == TEXTS * 2
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_batches_are_bounded(monkeypatch):
    monkeypatch.setattr(text_streams, "BATCH_CHARACTERS", 10)
    assert [len(batch.texts) for batch in stream_texts("abcdef" for _ in range(5))] == [2, 2, 1]
    monkeypatch.setattr(text_streams, "BATCH_ROWS", 1)
    assert [batch.ids for batch in stream_texts(["a", None])] == [[0], [1]]


def refused(*given, **named):
    with pytest.raises(InputError) as caught:
        read(*given, **named)
    return str(caught.value)


def test_what_cannot_be_read_is_named(files):
    assert "no such file" in refused(files / "none.txt")
    (files / "b.jsonl").write_text('{"text": "a"}\n{"text": \n', "utf-8")
    assert "line 2" in refused(files / "b.jsonl")
    (files / "c.jsonl").write_text('{"text": "a"}\n{"other": "a"}\n', "utf-8")
    assert "line 2" in refused(files / "c.jsonl")
    assert "cannot be told" in refused(_written(files / "d.csv", b"first,second\n1,2\n"))
    assert "'texts'" in refused(files / "a.csv", text="texts")
    assert "another number of cells" in refused(_written(files / "e.csv", b"text,b\na,b,c\n"))
    assert "UTF-8" in refused(_written(files / "f.txt", "ü".encode("latin1")))
    assert "no columns" in refused(files / "a.txt", text="text")
    assert "kind of file" in refused(_written(files / "g.docx", b""))
    assert "no text" in refused(["a", 5])
    assert "damaged" in refused(_written(files / "h.txt.gz", b"\x1f\x8b broken"))


def _written(file, content):
    file.write_bytes(content)
    return file
