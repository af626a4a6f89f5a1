"""Sketches on disk: the same numbers as in memory, and runs that go on where they stopped."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gradient_cases import case  # noqa: E402 (needs torch)

from samplewise.core.errors import InputError  # noqa: E402
from samplewise.engine.gradients import row_gradients, stream_sketches  # noqa: E402
from samplewise.engine.gradients import torch_rows as engine  # noqa: E402


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(engine, "PROBED", 4)
    monkeypatch.setattr(engine, "MOST_ROWS", 5)


def streamed(module, X, y, folder, seed=3):
    return stream_sketches(module, (X, y), folder, size=16, seed=seed)


def test_as_in_memory(tmp_path):
    module, X, y = case("convolutional")
    found, rows = streamed(module, X, y, tmp_path / "new" / "folder"), row_gradients(module, (X, y))
    np.testing.assert_allclose(found.sketch, rows.sketch(16, seed=3), atol=1e-12)
    np.testing.assert_allclose(found.norms, rows.norms())
    np.testing.assert_allclose(found.values, rows.values)
    np.testing.assert_array_equal(found.labels, rows.labels)
    np.testing.assert_array_equal(found.ids, np.arange(len(X)))
    assert isinstance(found.sketch, np.memmap)


def test_single_precision_modules_take_half_the_disk(tmp_path):
    module, X, y = case("perceptron", torch.float32)
    assert streamed(module, X, y, tmp_path).sketch.dtype == np.float32


class Interrupted(Exception):
    pass


def test_an_interrupted_run_goes_on_with_the_same_bits(tmp_path, monkeypatch):
    module, X, y = case("perceptron")
    whole = streamed(module, X, y, tmp_path / "whole")
    made, calls = engine.Engine.gradients, []

    def failing(self, batch):
        calls.append(len(batch))
        if len(calls) == 4:
            raise Interrupted
        return made(self, batch)

    monkeypatch.setattr(engine.Engine, "gradients", failing)
    with pytest.raises(Interrupted):
        streamed(module, X, y, tmp_path / "part")
    again = streamed(module, X, y, tmp_path / "part")
    assert calls == [4, 5, 5, 5, 4, 5, 2], "the first batch is made again to compare, finished ones are not"
    np.testing.assert_array_equal(again.sketch, whole.sketch)
    np.testing.assert_array_equal(again.outputs, whole.outputs)


def test_a_finished_run_is_read(tmp_path):
    module, X, y = case("perceptron")
    first = np.array(streamed(module, X, y, tmp_path).sketch)
    np.testing.assert_array_equal(streamed(module, X, y, tmp_path).sketch, first)


def test_another_run_is_not_continued(tmp_path):
    module, X, y = case("perceptron")
    streamed(module, X, y, tmp_path)
    with pytest.raises(InputError, match=r"another seed[\s\S]*use an empty folder"):
        streamed(module, X, y, tmp_path, seed=4)
    with pytest.raises(InputError, match="other values in the first rows"):
        streamed(module, X + 1.0, y, tmp_path)
    with torch.no_grad():
        module[0].weight.add_(0.1)
    with pytest.raises(InputError, match="another module"):
        streamed(module, X, y, tmp_path)


def test_a_sketch_has_numbers(tmp_path):
    module, X, y = case("perceptron")
    with pytest.raises(InputError, match=r"at least one number[\s\S]*size=512"):
        stream_sketches(module, (X, y), tmp_path, size=0, seed=0)
