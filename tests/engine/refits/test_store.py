"""Outputs by key, in memory and in a folder."""

import numpy as np

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
    assert FitStore(tmp_path).get("torn") is None
    (tmp_path / "file").write_text("no folder")
    store = FitStore(tmp_path / "file")
    store.put("a", np.arange(2.0))
    np.testing.assert_array_equal(store.get("a"), [0, 1])


def test_outputs_far_from_zero_keep_their_differences():
    near, far = np.linspace(-1.0, 1.0, 50)[:, None], 1e9 + np.linspace(-1.0, 1.0, 50)[:, None]
    store = FitStore()
    assert store.put("near", near).dtype == np.float32
    assert store.put("far", far).tolist() == far.tolist()
    assert np.isfinite(store.put("large", 1e40 * near)).all()
