"""Counts in memory, in a temporary file and in a folder that outlives the run give the same sums."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.selection.stored_counts import CountBlock, StoredCounts, block_key


def block(*rows, values=None):
    sizes = np.array([len(row) for row in rows])
    buckets = np.array([bucket for row in rows for bucket in row], dtype=np.uint16)
    return CountBlock(buckets, values, sizes, np.arange(len(rows), dtype=np.uint64))


BLOCKS = (block([0, 1, 1], [], [2]), block([2, 2], [0]))


def filled(folder=None, in_memory=1 << 20):
    counts = StoredCounts(3, folder, in_memory=in_memory)
    for place, one in enumerate(BLOCKS):
        counts.add(one, f"k{place}" if folder else "")
    counts.close()
    return counts


@pytest.mark.parametrize("in_memory", [1 << 20, 9, 0])
def test_sums_wherever_they_are_kept(in_memory):
    counts = filled(in_memory=in_memory)
    assert len(counts) == 5
    assert counts.totals.tolist() == [2.0, 2.0, 3.0]
    assert counts.lengths.tolist() == [3.0, 0.0, 1.0, 2.0, 1.0]
    assert counts.row_sums(np.array([1.0, 10.0, 100.0])).tolist() == [21.0, 0.0, 100.0, 200.0, 1.0]
    first, second = np.array([True, True, False, False, True]), np.array([False, True, False, False, False])
    assert counts.counts_of(first, second).tolist() == [[2.0, 2.0, 0.0], [0.0, 0.0, 0.0]]


def test_values_are_counted():
    counts = StoredCounts(3)
    counts.add(block([0, 2], [1], values=np.array([0.5, 2.0, 3.0])))
    counts.close()
    assert counts.totals.tolist() == [0.5, 3.0, 2.0]
    assert counts.lengths.tolist() == [2.5, 3.0]
    assert counts.row_sums(np.array([1.0, 1.0, 10.0])).tolist() == [20.5, 3.0]
    assert counts.counts_of(np.array([True, False])).tolist() == [[0.5, 0.0, 2.0]]


def test_a_run_goes_on_with_the_blocks_of_the_last_one(tmp_path):
    filled(tmp_path)
    again = StoredCounts(3, tmp_path)
    known = again.known("k0")
    assert known.buckets.tolist() == [0, 1, 1, 2]
    assert again.known("other") is None
    (tmp_path / "k0.npz").write_bytes((tmp_path / "k1.npz").read_bytes())  # another block under this name
    assert again.known("k0") is None
    assert filled(tmp_path).totals.tolist() == [2.0, 2.0, 3.0]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["k0.npz", "k1.npz"]


def test_a_block_that_went_missing_is_said(tmp_path):
    counts = filled(tmp_path)
    (tmp_path / "k1.npz").unlink()
    with pytest.raises(InputError, match="gone or damaged"):
        counts.row_sums(np.ones(3))


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("x")
    counts = StoredCounts(3, tmp_path / "file" / "below")
    with pytest.raises(InputError, match="cannot be kept"):
        counts.add(BLOCKS[0], "k0")


def test_keys_change_with_every_text():
    keys = {block_key(["ab", "c"], 8), block_key(["a", "bc"], 8), block_key(["ab", "c"], 9), block_key(["abc"], 8)}
    assert len(keys) == 4
    assert block_key(["ab", "c"], 8) in keys
