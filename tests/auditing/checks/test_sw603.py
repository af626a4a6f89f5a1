"""SW603: the model leans on a named segment."""

import numpy as np
import pandas as pd
import pytest

from samplewise.auditing.checks import sw603_leans_on_segment as check
from samplewise.core.errors import NotApplicable


def table(agree, count=1200):
    draw = np.random.default_rng(0)
    y = np.arange(count) % 2
    place = np.where(draw.random(count) < agree, y, 1 - y)
    X = pd.DataFrame({"size": y + 0.8 * draw.normal(size=count), "place": np.where(place == 1, "sea", "land")})
    return X, np.where(y == 1, "gull", "hen")


def test_a_model_that_reads_the_place_is_warned_of(evidence_of):
    X, y = table(0.92)
    (finding,) = check.run(evidence_of(X, y, segments=X[["place"]], learner="kernel")).findings
    assert finding.severity == "warning"
    assert finding.title.startswith("The model leans on place, and errs where class")
    assert finding.measured[0].quantity == "flip_rate"


def test_a_place_that_says_nothing_is_no_finding(evidence_of):
    X, y = table(0.5)
    result = check.run(evidence_of(X, y, segments=X[["place"]], learner="kernel"))
    assert result.findings == ()
    assert result.measured[0].value < 0.1


def test_without_segments_it_does_not_apply(evidence_of):
    with pytest.raises(NotApplicable, match="no segments were named"):
        check.run(evidence_of(*table(0.9), learner="kernel"))
