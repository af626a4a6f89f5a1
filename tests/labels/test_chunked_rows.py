"""Predictions that are too large to copy."""

import tracemalloc
from functools import partial

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.refits import prepare
from samplewise.labels import chunked_rows, confident_learning, find_label_issues, noise
from samplewise.labels.ambiguity import confusable_pairs
from samplewise.labels.chunked_rows import BlockedRows, log_probabilities, row_slices
from samplewise.labels.methods import by_confident_learning
from samplewise.labels.posterior import label_posterior

ROWS, CLASSES = 6000, 50


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(chunked_rows, "ENTRIES", 20_000)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Out-of-sample probabilities on disk, in half precision, and labels of which 8 % are wrong."""
    draw = np.random.default_rng(0)
    truth = draw.integers(0, CLASSES, ROWS)
    logits = draw.normal(size=(ROWS, CLASSES))
    logits[np.arange(ROWS), truth] += 6.0
    P = np.exp(logits)
    P /= P.sum(axis=1, keepdims=True)
    flipped = draw.random(ROWS) < 0.08
    given = np.where(flipped, (truth + draw.integers(1, CLASSES, ROWS)) % CLASSES, truth)
    file = tmp_path_factory.mktemp("large") / "P.npy"
    np.save(file, P.astype(np.float16))
    X = np.c_[np.cos(truth), np.sin(truth)] + 0.5 * draw.normal(size=(ROWS, 2))
    return X, given, flipped, file


def test_slices_cover_every_row_once():
    shape = (10_007, 333)
    rows = np.concatenate([np.arange(shape[0])[folded] for folded in row_slices(shape)])
    np.testing.assert_array_equal(rows, np.arange(shape[0]))
    assert max(folded.stop - folded.start for folded in row_slices(shape)) * 333 <= chunked_rows.ENTRIES


def test_blocked_rows_are_the_rows(small_blocks):
    P = np.random.default_rng(0).dirichlet(np.ones(40), size=2000)
    rows, whole = log_probabilities(P), np.log(P)
    assert isinstance(rows, BlockedRows)
    np.testing.assert_array_equal(rows[[5, 1999]], whole[[5, 1999]])
    np.testing.assert_array_equal(rows.argmax(axis=1), whole.argmax(axis=1))
    np.testing.assert_array_equal(rows.max(axis=1), whole.max(axis=1))
    np.testing.assert_array_equal(np.asarray(rows), whole)
    assert len(rows) == 2000


def test_on_disk_and_in_memory_say_the_same(large, small_blocks):
    X, given, flipped, file = large
    on_disk = find_label_issues((X, given), learner="linear", probabilities=np.load(file, mmap_mode="r"), n_rounds=1)
    in_memory = find_label_issues(
        (X, given), learner="linear", probabilities=np.load(file).astype(np.float64), n_rounds=1
    )
    np.testing.assert_allclose(on_disk.wrong.values, in_memory.wrong.values, atol=2e-3)  # rows are not normalized to 1
    hits = flipped[on_disk.flagged]
    assert hits.mean() > 0.9
    assert hits.sum() > 0.9 * flipped.sum()
    np.testing.assert_array_equal(
        on_disk.posterior.held_out.argmax(axis=1), in_memory.posterior.held_out.argmax(axis=1)
    )


@pytest.mark.parametrize("method", [partial(label_posterior, n_rounds=1), by_confident_learning])
def test_the_predictions_are_never_copied(tmp_path, small_blocks, monkeypatch, method):
    monkeypatch.setattr(noise, "MOST_ENTRIES", 100_000)  # rows the likelihood is taken on
    count, classes = 50_000, 200
    given = np.arange(count) % classes
    P = np.lib.format.open_memmap(tmp_path / "P.npy", mode="w+", dtype=np.float16, shape=(count, classes))
    P[:] = 0.3 / (classes - 1)
    P[np.arange(count), np.where(np.arange(count) % 20 == 0, (given + 3) % classes, given)] = 0.7
    P.flush()
    P = np.load(tmp_path / "P.npy", mmap_mode="r")  # numpy copies what may not be written to more often
    folded = prepare((np.arange(count)[:, None] / count, given), "linear").whole
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        found = method(folded, probabilities=P)
        assert len(found.reasons) == count
        confusable_pairs(found)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert 2400 < found.flagged.sum() <= 2500
    np.testing.assert_allclose(found.posterior[:50].sum(axis=1), 1.0, atol=1e-6)
    assert peak < count * classes * 2, peak  # less than one copy as it lies on disk


def test_confident_learning_takes_any_number_of_classes():
    draw = np.random.default_rng(1)
    truth = np.arange(3600) % 1200
    P = np.full((3600, 1200), 0.2 / 1199, dtype=np.float32)
    P[np.arange(3600), truth] = 0.8
    given = truth.copy()
    planted = draw.choice(3600, 40, replace=False)
    given[planted] = (given[planted] + 7) % 1200
    found = confident_learning(P, given)
    assert set(planted) <= set(np.flatnonzero(found.flagged("confident_learning")))
    assert found.P is P


def test_half_precision_is_not_taken_for_certainty():
    """The smallest probabilities are 0 in half precision; their logarithm must not be."""
    assert np.isfinite(log_probabilities(np.array([[1.0, 0.0], [0.5, 0.5]], dtype=np.float16))[:]).all()


def test_bad_rows_on_disk_are_named(large, tmp_path):
    X, given, _, file = large
    P = np.load(file)
    P[[7, 5999]] *= 0.5
    np.save(tmp_path / "bad.npy", P)
    with pytest.raises(InputError, match=r"where: +rows id 7, 5999") as raised:
        find_label_issues((X, given), probabilities=np.load(tmp_path / "bad.npy", mmap_mode="r"))
    assert "softmax" in raised.value.fix
