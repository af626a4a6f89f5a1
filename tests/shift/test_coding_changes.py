"""Labels that mean something else at some time or place, told from features that drift and rows that hang together."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError, NotApplicable
from samplewise.data import Dataset
from samplewise.shift import label_coding
from samplewise.shift.coding_changes import coding_in

ROWS = 600


def weather(seed=0, since=400, rows=ROWS):
    """Rain is called fog from a day on."""
    rng = np.random.default_rng(seed)
    X, day = rng.normal(size=(rows, 2)), np.arange(rows)
    return X, np.where(X[:, 0] + 0.3 * rng.normal(size=rows) < 0, "sun", np.where(day < since, "rain", "fog")), day


def test_a_class_that_is_renamed_is_dated_and_named():
    X, y, day = weather()
    found = label_coding(Dataset(X, y, time=day))
    (change,) = found.found
    assert 395 <= change.where <= 410
    assert {change.given, change.instead} == {"rain", "fog"}
    assert abs(change.effect.value) > 60
    assert change.p_value < 0.01
    before_fog = change.other_share if change.given == "fog" else change.instead_other_share
    assert before_fog < 0.1
    assert found.affected.sum() > 50
    assert found.affected[: int(change.where)].sum() == 0


def test_the_order_of_the_rows_changes_nothing():
    X, y, day = weather(since=300)
    turned = np.random.default_rng(1).permutation(ROWS)
    one = label_coding(Dataset(X, y, time=day, ids=np.arange(ROWS)))
    other = label_coding(Dataset(X[turned], y[turned], time=day[turned], ids=turned))
    assert one.changes[0].where == other.changes[0].where
    assert one.changes[0].effect.value == pytest.approx(other.changes[0].effect.value, abs=1e-6)
    assert np.array_equal(one.affected, other.affected[np.argsort(turned)])


def test_features_that_drift_are_no_finding_while_labels_follow():
    fired = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        day = np.arange(ROWS)
        X = rng.normal(size=(ROWS, 3)) + np.outer(day / ROWS, [3.0, 2.0, 0.0])
        y = np.digitize(X[:, 0] - 1.5 + X[:, 1] * X[:, 2] + rng.normal(size=ROWS), [-0.7, 0.7])
        fired += bool(label_coding(Dataset(X, y, time=day, groups=None), seed=seed).found)
    assert fired <= 1


def test_patients_with_labels_of_their_own_do_not_count_as_rows():
    """Rows of a patient share an effect and a site: as independent rows they would accuse the site."""
    fired = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        patient = np.repeat(np.arange(60), 10)
        site = (patient % 2).astype(str)
        own = 2.0 * rng.normal(size=60)[patient]
        X = rng.normal(size=(ROWS, 2))
        y = (X[:, 0] + own + 0.5 * rng.normal(size=ROWS) > 0).astype(int)
        fired += bool(label_coding(Dataset(X, y, groups=patient, segments={"site": site}), seed=seed).found)
    assert fired <= 1


def test_a_site_with_another_definition_is_named():
    X, y, _ = weather(since=ROWS)
    site = np.random.default_rng(2).choice(list("abc"), ROWS)
    y = np.where((site == "b") & (y == "rain"), "fog", y)
    (change,) = label_coding(Dataset(X, y, segments={"site": site})).found
    assert (change.kind, change.place) == ("place", "site = b")
    assert "rain" in (change.given, change.instead)
    assert "elsewhere" in change.in_words()


def test_the_column_that_names_the_site_is_not_seen_by_the_models():
    X, y, _ = weather(since=ROWS)
    site = np.random.default_rng(2).choice(["a", "b"], ROWS)
    y = np.where((site == "b") & (y == "rain"), "fog", y)
    frame = pd.DataFrame({"x": X[:, 0], "z": X[:, 1], "site": site})
    assert label_coding(Dataset(frame, y, segments=frame[["site"]])).found[0].source == "site"
    with pytest.raises(NotApplicable, match="no feature is left without site"):
        label_coding(Dataset(frame[["site"]], y, segments=frame[["site"]]))


def test_numbers_that_rise_are_found_in_their_own_unit():
    rng = np.random.default_rng(0)
    X, day = rng.normal(size=(ROWS, 2)), np.arange(ROWS)
    y = 1000.0 * (X[:, 0] + 0.3 * rng.normal(size=ROWS) + 0.8 * (day >= 300))
    (change,) = label_coding(Dataset(X, y, time=day)).found
    assert 700 < change.effect.value < 900
    assert change.effect.unit == "in the label's unit"
    assert "in the mean" in change.in_words()


def test_where_the_features_tell_the_source_nothing_is_said():
    day = np.arange(ROWS)
    y = np.where(day < 300, "rain", "fog")
    late = (day >= 300) + 0.0
    (change,) = label_coding(
        Dataset(np.c_[late, np.random.default_rng(0).normal(size=ROWS)], y, segments={"half": late})
    ).changes
    assert not change.material
    assert "features tell the source" in change.reason
    assert np.isnan(change.effect.value)


def test_labels_that_hardly_change_from_row_to_row_are_too_few():
    rng = np.random.default_rng(0)
    y = np.repeat(rng.integers(0, 2, 12), 50)
    (change,) = label_coding(Dataset(rng.normal(size=(ROWS, 2)), y, time=np.arange(ROWS))).changes
    assert "too much alike" in change.reason


def test_without_a_source_or_with_too_few_rows_nothing_is_compared():
    X, y, day = weather()
    with pytest.raises(InputError, match="nothing to compare the labels over"):
        label_coding(Dataset(X, y))
    with pytest.raises(NotApplicable, match="at least 150 rows"):
        label_coding(Dataset(X[:100], y[:100], time=day[:100]))


def test_rows_without_time_of_their_own_are_ordered_by_the_time_given():
    from samplewise.engine.refits import prepare

    X, y, day = weather()
    rows = prepare(Dataset(X, y))
    assert coding_in(rows, {"day": ("time", day)}, day).found[0].source == "day"
