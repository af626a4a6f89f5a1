"""What a report of a split says."""

import numpy as np

from samplewise.shift.split_report import SplitReport, probes


def test_coordinates_are_named_by_what_they_tell():
    report = SplitReport(1, 1, 4, 0.2, 0.1, 0.01, np.array([[0.5, 0.5], [0.5, 0.0], [0.0, 0.5], [0.0, 0.0]]))
    assert report.kinds.tolist() == ["both", "segment", "class", "neither"]
    assert len(report.to_frame()) == 4


def test_few_rows_of_a_cell_cannot_be_probed():
    X = np.zeros((40, 2))
    found = probes(X, X, np.arange(40) % 2, np.arange(40) // 2 % 2, 0)
    assert all(np.isnan(one.value) and "fewer than" in one.reason for one in found)
