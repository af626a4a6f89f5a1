import numpy as np
import pytest

from samplewise.auditing.checks import sw105_rare_classes as sw105
from samplewise.auditing.run import missing_need


def labeled(**rows: int) -> tuple[np.ndarray, np.ndarray]:
    y = np.repeat(list(rows), list(rows.values()))
    return np.random.default_rng(0).normal(size=(len(y), 3)), y


def test_fires_on_rare_classes_and_on_classes_of_one_row(evidence_of):
    findings = sw105.run(evidence_of(*labeled(cat=100, dog=90, owl=9, eel=3, emu=1))).findings
    found = {finding.title: finding for finding in findings}
    assert found["class emu has one row"].keys == ("emu",)
    assert found["2 classes have fewer than 10 rows"].keys == ("eel", "owl")
    assert all(finding.axis == "class" for finding in findings)
    assert {found[title].severity for title in found if "differ" not in title} == {"warning"}
    assert found["the classes are of very different sizes"].severity == "note"
    assert "metric='balanced_accuracy'" in found["the classes are of very different sizes"].remedies[0].action
    assert found["2 classes have fewer than 10 rows"].remedies[0].kind == "collect"


def test_fires_where_the_largest_class_is_nearly_always_right(evidence_of):
    result = sw105.run(evidence_of(*labeled(well=380, ill=20), metric="accuracy"))
    (finding,) = result.findings
    assert finding.title == "class well holds 95 % of the rows"
    assert finding.severity == "warning"
    assert finding.remedies[0].action.startswith("Evaluate with metric='auc', and collect")
    (baseline,) = result.measured
    assert baseline.value == pytest.approx(0.95)
    assert 0.92 < baseline.low < 0.95 < baseline.high < 0.98


def test_a_metric_that_compares_the_classes_answers_a_large_class(evidence_of):
    (finding,) = sw105.run(evidence_of(*labeled(well=380, ill=20))).findings
    assert finding.severity == "note"
    assert finding.remedies[0].action == "Collect rows of the smaller classes"


def test_of_one_small_class_no_more_is_said_than_its_rows_can_show(evidence_of):
    findings = sw105.run(evidence_of(*labeled(cat=50, owl=5))).findings
    (rare,) = [finding for finding in findings if finding.severity == "warning"]
    assert rare.title == "class owl has 5 rows, too few to tell how well it is learned"
    assert "It has 5 rows. Even if all 5 were predicted right, up to 52 % of the rows to come" in rare.explanation


def test_stays_silent_on_balanced_classes_and_counts_them(evidence_of):
    result = sw105.run(evidence_of(*labeled(a=50, b=60, c=70)))
    assert result.findings == ()
    assert result.measured[0].value == pytest.approx(70 / 180)
    assert result.exhibits[0].columns["name"].tolist() == ["c", "b", "a"]
    assert result.exhibits[0].columns["value"].tolist() == [70, 60, 50]


def test_is_not_applicable_to_numbers(evidence_of):
    draw = np.random.default_rng(0)
    assert "about classes" in missing_need(sw105, evidence_of(draw.normal(size=(60, 2)), draw.normal(size=60)))


def test_it_offers_no_rule(evidence_of):
    assert sw105.rules(evidence_of(*labeled(a=9, b=9))) == {}
