"""The accounts of a change of error: exact interval of the change, classes counted, groups as one."""

import numpy as np

from samplewise.data import Dataset
from samplewise.data.targets import describe_target
from samplewise.engine.statistics.intervals import share_interval
from samplewise.shift.compared_rows import compared_rows
from samplewise.shift.error_accounts import accounts_of


def accounts(groups=None):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 2)), np.arange(300) % 2
    y2 = (np.arange(200) % 4 == 0).astype(int)
    said = np.eye(2)[np.where(np.arange(300) < 30, 1 - y, y)]
    said2 = np.eye(2)[np.where(np.arange(200) < 40, 1 - y2, y2)]
    both = compared_rows(Dataset(X, y), Dataset(rng.normal(size=(200, 2)), y2, groups=groups))
    return accounts_of(both, describe_target(y), said, said2)


def test_the_interval_of_the_change_holds_with_both_exact_intervals():
    here, there, change = accounts().errors()
    assert (here.value, there.value, change.value) == (0.1, 0.2, 10.0)
    low, high = share_interval(40, 200, 0.975)
    below, above = share_interval(30, 300, 0.975)
    assert np.allclose([change.low, change.high], [100 * (low - above), 100 * (high - below)])


def test_groups_count_as_one_observation():
    wide = accounts(np.arange(200) // 4).errors()[1]
    assert wide.high - wide.low > 1.2 * (accounts().errors()[1].high - accounts().errors()[1].low)


def test_other_shares_of_the_classes_are_the_label_part():
    found = accounts()
    codes, losses = found.target.codes, found.losses
    by_class = [losses[codes == code].mean() for code in (0, 1)]
    label_part, rest = found.by_classes()
    assert abs(label_part.value - 100 * (0.75 * by_class[0] + 0.25 * by_class[1] - losses.mean())) < 1e-9
    assert abs(label_part.value + rest.value - 10.0) < 1e-9
