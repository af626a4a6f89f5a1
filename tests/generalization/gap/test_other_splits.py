"""The error by other splits than the random one."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import NotApplicable
from samplewise.data import Dataset
from samplewise.engine.refits import prepare
from samplewise.engine.refits.runner import FitRunner
from samplewise.generalization.gap.other_splits import FORWARD_FITS, forward_in_time, with_groups_apart

DRAW = np.random.default_rng(0)


def prepared(rows: int = 200, duplicates: bool = False):
    X = pd.DataFrame(DRAW.normal(size=(rows, 3)), columns=list("abc"))
    if duplicates:
        X.iloc[1::2] = X.iloc[::2].to_numpy()
    frame = X.assign(site=np.arange(rows) // 4)  # pairs share a site
    return prepare(Dataset(frame, (X["a"] > 0).to_numpy()), "kernel")


def test_both_splits_are_scored_on_the_same_rows():
    rows = prepared()
    found = with_groups_apart(rows, "site", rows.whole.held_out_outputs())
    assert found.rows == 200
    assert found.more.estimate.value == pytest.approx(found.other.value - found.random.value)
    assert found.relative == pytest.approx(found.more.estimate.value)  # classes: a wrong row counts 1


def test_rows_without_a_group_are_groups_of_their_own():
    rows = prepared()
    frame = rows.data.X.assign(site=np.where(np.arange(200) < 10, np.nan, np.arange(200) // 5))
    gaps = prepare(Dataset(frame, rows.data.y), "kernel")
    assert with_groups_apart(gaps, "site", gaps.whole.held_out_outputs()).rows == 200


def test_too_few_groups_and_no_other_column_are_said():
    rows = prepared()
    few = prepare(Dataset(rows.data.X.assign(site=np.arange(200) // 40), rows.data.y), "kernel")
    with pytest.raises(NotApplicable, match="too few groups in 'site'"):
        with_groups_apart(few, "site", few.whole.held_out_outputs())
    alone = prepare(Dataset(rows.data.X[["site"]], rows.data.y), "kernel")
    with pytest.raises(NotApplicable, match="no column is left besides 'site'"):
        with_groups_apart(alone, "site", alone.whole.held_out_outputs())


def test_the_past_and_any_time_train_on_as_many_rows_and_never_on_the_rows_predicted(monkeypatch):
    rows = prepared(duplicates=True)
    made = []
    outputs = FitRunner.outputs

    def noted(self, fits, *, blocks):
        made.extend(fits)
        return outputs(self, fits, blocks=blocks)

    monkeypatch.setattr(FitRunner, "outputs", noted)
    times = np.repeat(DRAW.permutation(100), 2)
    found = forward_in_time(rows, times)
    assert len(made) == FORWARD_FITS
    forward = [fit for fit in made if times[fit.keep].max() < times[fit.query].min()]
    assert len(forward) >= 3
    sizes = sorted(int(fit.keep.sum()) for fit in made)
    assert all(sizes[3 * k + 2] - sizes[3 * k] <= 1 for k in range(3))  # pairs are drawn whole
    pair = np.arange(200) // 2
    for fit in made:
        assert not fit.keep[fit.query].any()
        assert not set(pair[fit.keep]) & set(pair[fit.query])
    assert found.rows == sum(len(fit.query) for fit in made) // 2


def test_rows_without_a_time_play_no_part():
    rows = prepared()
    times = pd.date_range("2024-01-01", periods=200).to_numpy().copy()
    times[:50] = np.datetime64("NaT")
    assert forward_in_time(rows, times).rows == 90  # three fifths of 150
    with pytest.raises(NotApplicable, match="fewer than 20 different times"):
        forward_in_time(rows, times.astype("M8[Y]"))
