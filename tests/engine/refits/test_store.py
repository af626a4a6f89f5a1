"""Outputs by key, in memory and in a folder."""

import numpy as np
import pytest

from samplewise.engine.refits.store import FitStore


def test_what_is_put_comes_back_in_single_precision():
    store = FitStore()
    assert store.get("a") is None
    kept = store.put("a", np.array([[1 / 3]]))
    assert kept.dtype == np.float32
    assert store.get("a") is kept
    assert (store.made, store.reused) == (1, 0)


def test_a_folder_is_read_by_the_next_store(tmp_path):
    FitStore(tmp_path / "fits").put("a", np.arange(3.0))
    assert [path.name for path in (tmp_path / "fits").iterdir()] == ["a.npy"]  # nothing half written is left
    later = FitStore(tmp_path / "fits")
    np.testing.assert_array_equal(later.get("a"), [0, 1, 2])
    later.get("a")
    assert (later.made, later.reused) == (0, 1)
    assert later.get("b") is None


def test_a_torn_file_and_a_folder_that_cannot_be_written_cost_nothing(tmp_path):
    (tmp_path / "torn.npy").write_bytes(b"\x93NUMPY")
    torn = FitStore(tmp_path)
    assert torn.get("torn") is None
    assert torn.damaged == 1
    (tmp_path / "file").write_text("no folder")
    store = FitStore(tmp_path / "file")
    store.put("a", np.arange(2.0))
    np.testing.assert_array_equal(store.get("a"), [0, 1])


def flipped(content):
    return content[:140] + bytes([content[140] ^ 0x40]) + content[141:]


@pytest.mark.parametrize(
    "damage",
    [flipped, lambda content: content[: len(content) // 2], lambda content: b"", lambda content: content[:-1] + b"0"],
)
def test_a_damaged_fit_is_not_believed_and_is_made_again(tmp_path, damage):
    FitStore(tmp_path).put("a", np.arange(8.0))
    file = tmp_path / "a.npy"
    file.write_bytes(damage(file.read_bytes()))
    store = FitStore(tmp_path)
    assert store.get("a") is None
    assert store.damaged == 1
    store.put("a", np.arange(8.0))
    np.testing.assert_array_equal(FitStore(tmp_path).get("a"), np.arange(8.0))


def test_the_file_of_another_fit_is_not_believed(tmp_path):
    store = FitStore(tmp_path)
    store.put("a", np.arange(3.0))
    store.put("b", np.arange(3.0) + 1)
    (tmp_path / "b.npy").replace(tmp_path / "a.npy")
    assert FitStore(tmp_path).get("a") is None


def test_a_folder_in_the_place_of_a_fit_costs_the_resume_only(tmp_path):
    (tmp_path / "a.npy").mkdir()
    store = FitStore(tmp_path)
    assert store.get("a") is None
    store.put("a", np.arange(3.0))
    np.testing.assert_array_equal(store.get("a"), np.arange(3.0))


def test_outputs_far_from_zero_keep_their_differences():
    near, far = np.linspace(-1.0, 1.0, 50)[:, None], 1e9 + np.linspace(-1.0, 1.0, 50)[:, None]
    store = FitStore()
    assert store.put("near", near).dtype == np.float32
    assert store.put("far", far).tolist() == far.tolist()
    assert np.isfinite(store.put("large", 1e40 * near)).all()
