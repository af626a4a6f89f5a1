"""The audit and the methods of `quality` give the same answer on the same table."""

import numpy as np
import pandas as pd
import pytest

import samplewise
from samplewise import quality
from samplewise.data import Dataset


@pytest.fixture(scope="module")
def table():
    """300 rows with duplicates, a far row, a leak, gaps that go with the label, and a date."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(300, 4)), columns=list("abcd"))
    y = np.where(frame["a"] + draw.normal(size=300) > 0, "ill", "well")
    frame.loc[280:289] = frame.loc[:9].to_numpy()
    frame.loc[299] = 25.0
    frame["hole"] = np.where((y == "ill") & (draw.random(300) < 0.4), np.nan, draw.normal(size=300))
    frame["code"] = np.where(y == "ill", 3, 8)
    frame.loc[[20, 30], "b"] = -999.0
    frame["seen"] = pd.date_range("2024-01-01", periods=300)
    for name in ("hole", "code", "seen"):
        frame.loc[280:289, name] = frame.loc[:9, name].to_numpy()
    y[280:290] = y[:10]
    y[280:283] = np.where(y[280:283] == "ill", "well", "ill")
    return Dataset(frame, y, ids=[f"r{row:03d}" for row in range(300)])


@pytest.fixture(scope="module")
def findings(table):
    test = table.take(np.arange(270, 300))
    checks = "SW101,SW102,SW103,SW104,SW106,SW107,SW108"
    audited = samplewise.audit(table, test=test, checks=checks, learner="kernel")
    return {
        code: [finding for finding in audited.findings if finding.code == code]
        for code in ("SW101", "SW102", "SW103", "SW104", "SW106", "SW107", "SW108")
    }


def test_duplicates(table, findings):
    found = quality.find_duplicates(table)
    keys = {key for finding in findings["SW102"] for key in finding.keys}
    assert keys == set(found.ids)
    drop = next(remedy for finding in findings["SW102"] for remedy in finding.remedies if remedy.kind == "drop")
    assert set(drop.keys) == set(found.redundant)


def test_overlap(table, findings):
    found = quality.find_test_overlap(table, test=table.take(np.arange(270, 300)))
    (finding,) = findings["SW103"]
    assert set(finding.keys) == set(found.train_ids)
    assert finding.measured[0] == found.share


def test_outliers(table, findings):
    (finding,) = findings["SW104"]
    assert finding.keys == tuple(quality.outlier_scores(table).far.tolist())


def test_leaks(table, findings):
    found = quality.column_skill(table)
    (finding,) = findings["SW106"]
    assert finding.keys == tuple(found.gives_label_away.tolist()) == ("code",)
    assert finding.measured[0] == found.estimate("code")


def test_gaps_and_dates(table, findings):
    found = quality.missing_values(table)
    (finding,) = findings["SW101"]
    assert finding.keys == tuple(found.dependent.tolist()) == ("hole",)
    assert finding.measured == found.depends_on_label
    named = quality.id_or_date_columns(table)
    assert {key for finding in findings["SW107"] for key in finding.keys} == set(named.date_like.tolist()) == {"seen"}


def test_odd_cells(table, findings):
    found = quality.suspicious_cells(table)
    assert [key for finding in findings["SW108"] for key in finding.keys] == found.columns == ["b"]
    assert found.groups[0].ids.tolist() == ["r020", "r030"]
