"""Test rows that duplicate training rows, by id: exact, near, and no more than coincidence."""

import numpy as np
import pandas as pd
import pytest

from samplewise import quality
from samplewise.core.errors import InputError
from samplewise.data import Dataset

DRAW = np.random.default_rng(0)
TRAIN = DRAW.normal(size=(150, 5))
TEST = np.vstack([DRAW.normal(size=(40, 5)), TRAIN[:6], TRAIN[20:24] + 1e-4])
TEST_IDS = [f"t{row}" for row in range(50)]


def test_exact_and_near_duplicates_are_named_on_both_sides():
    found = quality.find_test_overlap(Dataset(TRAIN, ids=np.arange(150) + 500), test=Dataset(TEST, ids=TEST_IDS))
    table = found.to_frame()
    assert table.index.tolist() == TEST_IDS[40:]
    assert table["train_id"].tolist() == [500, 501, 502, 503, 504, 505, 520, 521, 522, 523]
    assert table["kind"].tolist() == ["exact"] * 6 + ["near"] * 4
    assert found.share.value == 0.2
    assert found.share.low < 0.2 < found.share.high
    assert found.beyond_chance
    assert str(found).startswith("Of 50 test rows, 6 are exact and 4 near duplicates of training rows: 20 % [10")


def test_test_rows_come_in_every_form_with_and_without_labels(tmp_path):
    frame = pd.DataFrame(TRAIN, columns=list("abcde")).assign(kind=np.arange(150) % 2)
    other = pd.DataFrame(TEST, columns=list("abcde"))
    labeled = other.assign(kind=np.arange(50) % 2)
    labeled.to_csv(tmp_path / "test.csv", index=False)
    for test in (other, labeled, tmp_path / "test.csv", (other, np.arange(50)), Dataset(other)):
        assert len(quality.find_test_overlap(frame, label="kind", test=test).test_ids) == 10
    for test in (TEST, (TEST, np.arange(50) % 2), Dataset(TEST)):
        assert len(quality.find_test_overlap(TRAIN, np.arange(150) % 2, test=test).test_ids) == 10


def test_meetings_in_a_coarse_table_are_coincidence():
    X = np.random.default_rng(0).integers(0, 4, size=(900, 6)).astype(float)
    found = quality.find_test_overlap(X[:600], test=X[600:])
    assert len(found.test_ids)
    assert not found.beyond_chance
    assert "not far more than coincidence explains" in str(found)


def test_different_rows_do_not_overlap():
    found = quality.find_test_overlap(TRAIN, test=TEST[:40])
    assert (str(found), found.share.value) == ("No test row is among the training rows.", 0.0)


def test_pictures_are_compared_by_their_pixels():
    pixels = np.random.default_rng(0).integers(0, 255, (60, 8, 8), dtype=np.uint8)
    found = quality.find_test_overlap(pixels[:50], test=pixels[45:])
    assert found.test_ids[found.exact].tolist() == list(range(5))
    assert found.train_ids[found.exact].tolist() == list(range(45, 50))


def test_what_a_model_gains_on_rows_it_has_seen_is_the_difference_of_the_means():
    found = quality.find_test_overlap(TRAIN, test=TEST)
    right = np.r_[np.tile([1.0, 0.0], 20), np.ones(10)]
    gain = found.advantage(right, unit="share of rows")
    assert gain.value == pytest.approx(0.5)
    assert 0.2 < gain.low < 0.5 < gain.high
    narrow = found.advantage(right, confidence=0.5)
    assert gain.low < narrow.low
    with pytest.raises(InputError, match="every test row needs one score"):
        found.advantage(right[:20])
    with pytest.raises(InputError, match="two scored rows on either side"):
        found.advantage(np.where(np.arange(50) < 41, right, np.nan))


@pytest.mark.parametrize("test", [TEST[:, :3], pd.DataFrame(TEST, columns=list("abcde")), None, 3])
def test_rows_of_another_kind_are_refused(test):
    with pytest.raises(InputError, match="the test rows"):
        quality.find_test_overlap(TRAIN, test=test)


def test_row_order_changes_nothing():
    train, test = Dataset(TRAIN, ids=np.arange(150) + 500), Dataset(TEST, ids=TEST_IDS)
    order = np.random.default_rng(3)
    turned = [rows.take(order.permutation(len(rows))) for rows in (train, test)]
    one, two = quality.find_test_overlap(train, test=test), quality.find_test_overlap(turned[0], test=turned[1])
    pairs = [set(zip(found.test_ids, found.train_ids, strict=True)) for found in (one, two)]
    assert pairs[0] == pairs[1]
