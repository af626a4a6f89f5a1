"""Paths and tags of pictures."""

from importlib import util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from samplewise.auditing.decision_log import Entry
from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.data.images import Images
from samplewise.review.exchange.path_tags import from_path_tags, to_path_tags
from samplewise.review.queue import Queue

SPECIFICATION = util.spec_from_file_location("review_examples", Path(__file__).parents[1] / "examples.py")
examples = util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(examples)


def test_there_and_back(tmp_path):
    files = []
    for number in range(12):
        files.append(tmp_path / f"{number}.png")
        Image.fromarray(np.full((4, 4), 20 * number, dtype=np.uint8)).save(files[-1])
    held = examples.record(examples.labels_outcome(examples.CHANCES), examples.outliers_outcome("r1", "r9"))
    data = Dataset(Images.from_files(files), examples.GIVEN, ids=list(examples.KEYS))
    tasks = list(Queue(held, data).tasks())
    said = {tasks[0].key: {"r1": Entry("r1", "SW201", "relabel", "cat", "r1", given="dog")}}
    told = to_path_tags(tasks, data, said)
    first = told["samples"][0]
    assert first["filepath"] == str(files[1])
    assert first["tags"] == [
        "samplewise:SW201",
        "relabel:cat",
        "samplewise:SW104",
    ]
    assert first["probability"] == 0.9
    assert len(told["samples"]) == 6
    told["samples"][1]["tags"].append("keep")
    told["samples"][2]["tags"] += ["keep", "drop"]
    told["samples"][3]["tags"].append("relabel:cow")
    told["samples"] += [{"filepath": "elsewhere.png", "tags": ["drop"]}, {"filepath": "x.png", "tags": ["mine"]}, 7]
    back = from_path_tags(told, tasks, data, ["cat", "dog"], "r2")
    found = {entry.row: (entry.list, entry.decision, entry.value) for entry in back.entries}
    assert found == {"r1": ("SW201", "relabel", "cat"), "r2": ("SW201", "keep", None)}
    assert len(back.notes) == 3
    assert "several answers" in back.notes[0]
    assert "'cow'" in back.notes[1]


def test_only_pictures_from_files_have_paths():
    with pytest.raises(InputError, match="pictures from files"):
        to_path_tags([], examples.rows())
    with pytest.raises(InputError, match="no list of paths"):
        from_path_tags([1], [], examples.rows(), None, "r1")
