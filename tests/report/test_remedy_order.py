"""Remedies in the order of their measured effect, and their words."""

import pytest

from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.values import Estimate
from samplewise.report.remedy_order import advice_of, bare_effect_text, effect_text, helping


def effect(value):
    return Estimate("effect", value, value - 0.5, value + 0.5, "points of accuracy", 0.95)


@pytest.fixture
def record():
    remedies = (
        Remedy("relabel", (1, 2), effect=effect(0.3), verdict="not distinguishable"),
        Remedy("drop", (1,), effect=effect(2.0), verdict="helps", action="Drop the first row"),
        Remedy("review", (1, 2, 3), reason="a person decides"),
    )
    one = Finding("SW201", "labels", "warning", (1, 2), "why", remedies)
    two = Finding("SW105", "classes", "error", ("c",), "why", (Remedy("collect", ("c",)),), axis="class")
    outcomes = tuple(Outcome(f.code, f.title, "found", result=CheckResult((f,))) for f in (one, two))
    return AuditRecord(RECORD_SCHEMA, {}, {}, {}, outcomes)


def test_tested_remedies_come_by_effect_and_the_others_by_finding(record):
    tested, untested = advice_of(record)
    assert [(item.code, item.remedy.kind) for item in tested] == [("SW201", "drop"), ("SW201", "relabel")]
    assert [(item.code, item.remedy.kind) for item in untested] == [("SW105", "collect"), ("SW201", "review")]
    assert [item.remedy.kind for item in helping(tested)] == ["drop"]


def test_an_action_without_words_is_named_by_kind_and_count(record):
    tested, untested = advice_of(record)
    assert tested[0].action == "Drop the first row"
    assert tested[1].action == "Relabel 2 rows"
    assert untested[0].action == "Collect 1 class"


def test_a_verdict_without_a_number_is_not_tested(record):
    (item,) = [one for one in advice_of(record)[0] if one.remedy.kind == "drop"]
    assert item.tested
    nothing = Remedy("drop", (1,), effect=Estimate("effect", float("nan")), verdict="helps")
    assert not type(item)("SW1", "t", nothing, "Drop", "row").tested


def test_an_effect_is_written_with_its_sign():
    assert effect_text(effect(1.3)) == "+1.30 points of accuracy [+0.80, +1.80]"
    assert bare_effect_text(effect(1.3)) == "+1.30 [+0.80, +1.80]"
    assert effect_text(None) == bare_effect_text(None) == ""
