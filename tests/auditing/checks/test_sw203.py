"""SW203: labels whose coding changes."""

import numpy as np
import pandas as pd
import pytest

from samplewise.auditing.checks import sw203_label_coding as check
from samplewise.core.errors import NotApplicable

ROWS = 600


def weather(since=350, seed=0):
    """Days with two measurements, on which rain is called fog from one on."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(ROWS, 2))
    y = np.where(X[:, 0] + 0.3 * rng.normal(size=ROWS) < 0, "sun", np.where(np.arange(ROWS) < since, "rain", "fog"))
    return pd.DataFrame({"wet": X[:, 0], "wind": X[:, 1]}), y


def test_fires_where_a_class_is_renamed_and_calls_no_row_wrong(evidence_of):
    frame, y = weather()
    frame["wind"] += np.arange(ROWS) / 100.0
    result = check.run(evidence_of(frame, y, time=np.datetime64("2012-01-01") + np.arange(ROWS)))
    (finding,) = result.findings
    assert finding.severity == "warning"
    assert finding.axis == "segment"
    assert "means something else from 2012-12" in finding.title
    assert "was changed from 2012-12" in finding.remedies[0].action
    assert "No single row is called wrong" in finding.explanation
    assert "drift over time, which this takes into account: wind" in finding.explanation
    (remedy,) = finding.remedies
    assert (remedy.kind, remedy.keys) == ("review", finding.keys)
    assert "definition" in remedy.action
    assert abs(finding.measured[0].value) > 60
    assert [exhibit.title for exhibit in result.exhibits] == ["Labels by source", "Columns over time"]
    assert check.rules(None) == {}


def test_a_date_column_is_a_time(evidence_of):
    frame, y = weather()
    frame["day"] = (np.datetime64("2012-01-01") + np.arange(ROWS)).astype(str)
    (finding,) = check.run(evidence_of(frame, y)).findings
    assert finding.keys[0].startswith("day >= 2012-12")


def test_stays_silent_where_labels_follow_the_features(evidence_of):
    frame, y = weather(since=ROWS)
    frame["wet"] += 0.0
    result = check.run(evidence_of(frame, y, time=np.arange(ROWS), segments={"site": np.arange(ROWS) % 2}))
    assert result.findings == ()
    assert result.measured == ()
    assert set(result.exhibits[0].columns["source"]) == {"time", "site"}


def test_a_place_is_a_note_and_an_annotator_a_warning(evidence_of):
    frame, y = weather(since=ROWS)
    who = np.random.default_rng(1).choice(["ann", "bob"], ROWS)
    y = np.where((who == "bob") & (y == "rain"), "fog", y)
    (place,) = check.run(evidence_of(frame, y, segments={"house": who})).findings
    (person,) = check.run(evidence_of(frame.assign(annotator=who), y)).findings
    assert (place.severity, person.severity) == ("note", "warning")
    assert "annotator = " in person.title


def test_numbers_that_grow_are_a_note(evidence_of):
    frame, _ = weather()
    y = 50.0 * (frame["wet"].to_numpy() + (np.arange(ROWS) > 300))
    (finding,) = check.run(evidence_of(frame, y, time=np.arange(ROWS))).findings
    assert finding.severity == "note"
    assert "the label means something else" in finding.title


def test_the_order_of_rows_is_no_source(evidence_of):
    frame, y = weather()
    order = np.argsort(y, kind="stable")
    with pytest.raises(NotApplicable, match="order of the rows is none"):
        check.run(evidence_of(frame.iloc[order].reset_index(drop=True), y[order]))
