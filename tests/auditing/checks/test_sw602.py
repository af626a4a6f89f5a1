"""SW602: whether test rows come from elsewhere, and whether it costs anything."""

import numpy as np
import pandas as pd
import pytest

from samplewise.auditing import elsewhere
from samplewise.auditing.checks import sw602_elsewhere as check
from samplewise.core.errors import NotApplicable


def rows(count, seed, moved=0.0, flipped=0.0):
    """The label is the sign of `size`, less sure where `age` is large; `moved` makes `age` larger."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.normal(size=(count, 2)), columns=["size", "age"])
    frame["age"] += moved
    unsure = draw.random(count) < np.where(frame["age"] > 0.5, 0.4, 0.02)
    positive = (frame["size"] > 0) ^ unsure ^ (draw.random(count) < flipped)
    return frame, np.where(positive, "yes", "no")


def findings(evidence_of, held, **given):
    X, y = rows(1000, 0)
    return check.run(evidence_of(X, y, test=held, learner="kernel", **given)).findings


def test_rows_of_the_same_place_are_no_finding(evidence_of):
    assert findings(evidence_of, rows(600, 1)) == ()


def test_other_rows_that_cost_points_are_a_warning_that_names_the_column(evidence_of):
    (finding,) = findings(evidence_of, rows(600, 2, moved=1.5))
    assert finding.severity == "warning"
    assert finding.keys == ("age",)
    assert finding.title.startswith("Test rows come from elsewhere, and the error rises by")
    change, covariate = finding.measured[:2]
    assert (change.quantity, covariate.quantity) == ("change_of_error", "covariate_part")
    assert change.low > elsewhere.MARGIN
    assert covariate.low > 0


def test_other_rows_that_cost_nothing_are_a_note(evidence_of):
    draw = np.random.default_rng(3)
    X, y = rows(1000, 0)
    held, labels = rows(600, 1)
    for frame, center in ((X, 0.0), (held, 2.0)):
        frame["unrelated"] = draw.normal(center, 2.0, len(frame))
    (finding,) = check.run(evidence_of(X, y, test=(held, labels), learner="kernel")).findings
    assert finding.severity == "note"
    assert finding.keys == ("unrelated",)


def test_other_labels_on_equal_rows_are_a_warning_although_the_rows_look_alike(evidence_of):
    (finding,) = findings(evidence_of, rows(600, 1, flipped=0.3))
    assert finding.severity == "warning"
    assert finding.title.startswith("Test rows look alike, but the error is")
    assert finding.axis == "data"


def test_too_few_test_rows_are_not_judged(evidence_of):
    with pytest.raises(NotApplicable, match="too few rows"):
        findings(evidence_of, rows(12, 1))


def test_the_code_is_that_of_the_page():
    assert (check.CODE, check.TITLE) == (elsewhere.CODE, elsewhere.TITLE)
