"""What a judgment of a list prints and holds."""

import numpy as np
import pytest

from samplewise.core.values import Estimate
from samplewise.labels.list_judgment import ListJudgment


def judgment(rule, severity="note"):
    listed = np.array([False, True, True])
    return ListJudgment(rule, severity, "Two rows.", listed, 2, Estimate("skill", 0.5), ids=np.array(["a", "b", "c"]))


def test_the_rows_are_named_by_id():
    assert judgment("together").to_frame().index.tolist() == ["b", "c"]


def test_it_prints_the_rule_the_severity_and_the_sentence():
    assert "Together (note).\nTwo rows." in str(judgment("together")).replace(". Two", ".\nTwo")
    assert "Nothing disputed (no finding)." in str(judgment("nothing disputed", ""))


@pytest.mark.parametrize("rule", ["wrong labels", "no trace"])
def test_only_two_rules_call_labels_wrong(rule):
    assert judgment(rule).calls_wrong
    assert not judgment("slips").calls_wrong
    assert not judgment("open outcome").calls_wrong
