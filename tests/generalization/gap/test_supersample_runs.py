"""Fits on pairs of rows as arrays: means by membership, and arrays that are refused."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.generalization.gap.supersample_runs import SupersampleRuns, require_losses, supersample_runs

MEMBERSHIPS = np.array([[0, 1, 0], [1, 0, 1]])  # two complementary fits on three pairs
LOSSES = np.arange(12.0).reshape(2, 3, 2) / 12
CODES = np.array([[[0, 1], [1, 1], [0, 0]], [[0, 1], [1, 0], [0, 0]]])


def test_errors_are_means_over_either_membership():
    runs = supersample_runs(MEMBERSHIPS, CODES, LOSSES)
    assert (runs.fits, runs.pairs) == (2, 3)
    trained = np.array([0, 3, 4, 7, 8, 11])  # entries whose row was trained on
    inside, outside = runs.errors()
    assert inside == pytest.approx(LOSSES.ravel()[trained].mean())
    assert outside == pytest.approx(np.delete(LOSSES.ravel(), trained).mean())
    assert runs.trained().reshape(-1).nonzero()[0].tolist() == trained.tolist()


def test_equal_answers_for_a_pair_have_equal_numbers():
    symbols = supersample_runs(MEMBERSHIPS, CODES, LOSSES).symbols[0]
    assert symbols[0, 0] == symbols[1, 0]
    assert symbols[0, 1] != symbols[1, 1]
    assert supersample_runs(MEMBERSHIPS, None, LOSSES).symbols is None


def test_single_rows_without_pairs():
    runs = SupersampleRuns(MEMBERSHIPS[None], LOSSES[None, :, :, 0])
    assert runs.trained().shape == (1, 2, 3, 1)
    assert runs.errors()[0] == pytest.approx(LOSSES[[0, 1, 1], [1, 0, 2], 0].mean())
    ((memberships, losses, symbols),) = list(runs.each())
    np.testing.assert_array_equal(memberships, MEMBERSHIPS)
    np.testing.assert_array_equal(losses, LOSSES[:, :, 0])
    assert symbols is None


def test_shuffled_memberships_keep_their_counts():
    runs = SupersampleRuns(np.tile(MEMBERSHIPS, (1, 10, 1)), np.tile(LOSSES, (1, 10, 1, 1)))
    shuffled = runs.shuffled(np.random.default_rng(0))
    np.testing.assert_array_equal(shuffled.selectors.sum(axis=1), runs.selectors.sum(axis=1))
    assert (shuffled.selectors != runs.selectors).any()
    assert shuffled.losses is runs.losses


@pytest.mark.parametrize(
    ("selectors", "predictions", "losses", "words"),
    [
        (MEMBERSHIPS, None, LOSSES[:, :2], "do not fit together"),
        (2 * MEMBERSHIPS, None, LOSSES, "not 0 or 1"),
        (np.ones((2, 3)), None, LOSSES, r"(?s)always trained on.*rows id 0, 1, 2"),
        (MEMBERSHIPS, None, LOSSES * 13, "outside"),
        (MEMBERSHIPS, None, np.where(LOSSES == 0, np.nan, LOSSES), r"(?s)hold NaN.*rows id 0"),
        (MEMBERSHIPS, CODES[:1], LOSSES, "differ in shape"),
        (MEMBERSHIPS, CODES - 0.5, LOSSES, "not class codes"),
    ],
)
def test_arrays_that_cannot_be_read_are_refused(selectors, predictions, losses, words):
    with pytest.raises(InputError, match=words):
        supersample_runs(selectors, predictions, losses)


def test_codes_stay_within_the_classes_and_losses_are_named_by_row():
    with pytest.raises(InputError, match="not class codes"):
        supersample_runs(MEMBERSHIPS, CODES, LOSSES, n_classes=1)
    require_losses(np.array([[0.0, 1.0]]), np.array(["a", "b"]))
    with pytest.raises(InputError, match=r"(?s)outside \[0, 1\].*rows id b"):
        require_losses(np.array([[0.0, 1.5]]), np.array(["a", "b"]))
