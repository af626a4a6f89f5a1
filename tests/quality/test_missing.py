"""Missing values, labels and variation by name; gaps that go with the label, and none of those at random."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from samplewise import quality
from samplewise.core.errors import InputError
from samplewise.data import Dataset


def table(rows=400, seed=0):
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.normal(size=(rows, 2)), columns=["age", "pay"])
    frame["town"] = draw.choice(["a", "b", "c"], rows)
    return frame, np.where(draw.random(rows) < 0.5, "yes", "no")


def test_shares_and_columns_that_do_not_vary_are_named():
    frame, y = table(2000)
    frame["empty"], frame["same"] = np.nan, 7
    frame["rare"] = np.where(np.arange(2000) == 5, 1.0, 0.0)
    frame["hollow"] = np.where(np.arange(2000) % 5 == 0, frame["age"], np.nan)
    found = quality.missing_values(frame, y)
    shares = dict(zip(found.share.keys.tolist(), found.share.values.tolist(), strict=True))
    assert (shares["empty"], shares["age"], shares["hollow"]) == (1.0, 0.0, pytest.approx(0.8))
    assert set(found.constant) == {"empty", "same"}
    assert found.nearly_constant.tolist() == ["rare"]
    lines = found.to_frame()
    assert lines.index[:2].tolist() == ["empty", "hollow"]
    assert lines["constant"].to_dict() == {
        "empty": "yes", "hollow": "", "age": "", "pay": "", "town": "", "same": "yes", "rare": "nearly",
    }  # fmt: skip
    assert str(found).startswith(
        "2 of 7 columns lack values, up to 100 % of the rows. Columns with one value or none: 2"
    )


def test_gaps_that_go_with_a_class_are_measured_in_points():
    frame, y = table()
    gone = np.random.default_rng(1).random(400) < np.where(y == "yes", 0.4, 0.05)
    frame.loc[gone, "pay"] = np.nan
    found = quality.missing_values(frame, y)
    assert found.dependent.tolist() == ["pay"]
    (difference,) = found.depends_on_label
    assert abs(difference.value) == pytest.approx(100 * (gone[y == "yes"].mean() - gone[y == "no"].mean()))
    assert difference.low * difference.high > 0
    wider = quality.missing_values(frame, y, confidence=0.999).depends_on_label[0]
    assert wider.low < difference.low
    assert found.to_frame()["label_difference"].notna().sum() == 1
    assert "Missing values depend on the label in pay." in str(found)


def test_gaps_that_go_with_a_number_are_measured_in_its_unit():
    frame, _ = table()
    y = np.random.default_rng(2).normal(size=400)
    frame.loc[y > 0.8, "age"] = np.nan
    found = quality.missing_values(frame, y)
    assert found.dependent.tolist() == ["age"]
    assert found.depends_on_label[0].low > 1


@pytest.mark.parametrize("seed", range(10))
def test_gaps_at_random_do_not_depend_on_the_label(seed):
    frame, y = table(seed=seed)
    holed = frame.mask(np.random.default_rng(seed).random(frame.shape) < 0.2)
    assert not len(quality.missing_values(holed, y).dependent)


def test_rows_without_a_label_are_listed_and_left_out_of_the_test():
    frame, y = table()
    frame.loc[:40, "pay"] = np.nan
    labels = y.astype(object)
    labels[:41] = None
    found = quality.missing_values(Dataset(frame, labels, ids=np.arange(400) + 50))
    assert found.unlabeled.tolist() == list(range(50, 91))
    assert found.unlabeled_share.value == pytest.approx(41 / 400)
    assert not len(found.dependent)
    assert quality.missing_values(frame).unlabeled_share is None


def test_sparse_rows_and_one_class_are_no_fault():
    rows = sparse.random(50, 6, density=0.4, random_state=0, format="csr")
    assert quality.missing_values(rows, np.arange(50) % 2).share.values.tolist() == [0.0] * 6
    X = np.where(np.random.default_rng(0).random((50, 2)) < 0.3, np.nan, 1.0 * np.arange(50)[:, None])
    assert quality.missing_values(X, np.zeros(50)).depends_on_label == ()


def test_images_are_refused():
    with pytest.raises(InputError, match="images have no columns"):
        quality.missing_values(np.zeros((5, 8, 8), dtype=np.uint8))
