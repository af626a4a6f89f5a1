"""The page of monitored batches: alarms first, then what differs, then what could not be compared."""

import numpy as np

from samplewise.auditing.monitored import monitor_record
from samplewise.report import to_html, verdict
from samplewise.shift import monitor


def rows(seed, wrong, count=300):
    draw = np.random.default_rng(seed)
    X = draw.normal(size=(count, 2))
    return X, np.where((X[:, 0] > 0) ^ (draw.random(count) < wrong), "yes", "no")


def record(**batches):
    found = monitor(rows(0, 0.05), batches, learner="linear")
    facts = {"rows": 300, "task": "classification", "source": "here"}
    return monitor_record(found, facts, {"seed": 0})


def test_an_alarm_leads_and_a_batch_that_was_not_compared_is_a_finding():
    made = record(May=rows(1, 0.05), June=rows(2, 0.4), July=rows(3, 0.05, 8))
    titles = [finding.title for finding in made.findings()]
    assert titles[0].startswith("June: the error is ")
    assert titles[-1] == "1 batch could not be compared"
    assert verdict(made).sentence.startswith("June: the error is ")
    page = to_html(made)
    for words in ("Does it still hold", "What was measured", "Change of the error in every batch", "What to do"):
        assert words in page
    assert "Remedies, tested" not in page


def test_without_an_alarm_it_says_so_and_without_a_comparison_too():
    titles = [finding.title for finding in record(May=rows(1, 0.05)).findings()]
    assert titles == ["In no batch is the error shown to be larger by more than 2 points (1 batch compared)"]
    titles = [finding.title for finding in record(May=rows(1, 0.05, 8)).findings()]
    assert titles == ["1 batch could not be compared", "No batch could be compared"]
