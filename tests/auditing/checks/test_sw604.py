"""SW604: columns that could be a shortcut."""

import numpy as np
import pandas as pd
import pytest

from samplewise.auditing.checks import sw604_shortcut_candidates as check
from samplewise.core.errors import NotApplicable


def table(count=1200):
    draw = np.random.default_rng(0)
    y = np.arange(count) % 2
    mark = np.where(draw.random(count) < 0.95, y, 1 - y)
    columns = {"core": y + 0.6 * draw.normal(size=count), "core too": y + 0.6 * draw.normal(size=count)}
    return pd.DataFrame(columns | {"mark": np.where(mark == 1, "red", "blue")}), y


def test_a_planted_shortcut_is_a_note_that_says_could_be(evidence_of):
    (finding,) = check.run(evidence_of(*table(), learner="kernel")).findings
    assert finding.severity == "note"
    assert finding.keys == ("mark",)
    assert "could be a shortcut" in finding.title
    assert "a model without it loses" in finding.explanation


def test_honest_columns_are_not_named(evidence_of):
    X, y = table()
    result = check.run(evidence_of(X[["core", "core too"]], y, learner="kernel"))
    assert result.findings == ()
    assert len(result.exhibits[0].columns["name"]) == 2


def test_few_rows_are_not_scanned(evidence_of):
    X, y = table()
    with pytest.raises(NotApplicable, match="too few rows"):
        check.run(evidence_of(X[:60], y[:60], learner="kernel"))
