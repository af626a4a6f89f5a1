"""Remedies in the order of their measured effect, and their words."""

import pytest

from samplewise.core.findings import (
    RECORD_SCHEMA,
    AuditRecord,
    CheckResult,
    Finding,
    Outcome,
    Remedy,
)
from samplewise.core.texts import MINUS
from samplewise.core.values import Estimate
from samplewise.report.remedy_order import (
    advice_of,
    bare_effect_text,
    change_text,
    effect_text,
    helping,
    mending,
    refuted,
)


def effect(value):
    return Estimate("effect", value, value - 0.5, value + 0.5, "points of accuracy", 0.95)


@pytest.fixture
def record():
    remedies = (
        Remedy("relabel", (1, 2), effect=effect(0.3), verdict="not decided"),
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


def with_also(record, *findings):
    more = tuple(Outcome(f.code, f.title, "found", result=CheckResult((f,))) for f in findings)
    return AuditRecord(RECORD_SCHEMA, {}, {}, {}, (*record.outcomes, *more))


def test_what_rests_on_a_model_that_learned_nothing_is_no_advice(record):
    void = Finding("SW501", "The model does no better than guessing", "error", (), "why")
    tested, untested = advice_of(with_also(record, void))
    assert tested == []
    assert [item.code for item in untested] == ["SW105"]


def test_after_a_leak_a_remedy_without_any_effect_is_no_advice(record):
    still = Remedy("drop", (1,), effect=Estimate("effect", 0.0, 0.0, 0.0, "points"), verdict="not decided")
    idle = Finding("SW303", "rows", "note", (1,), "why", (still,))
    leak = Finding("SW106", "a column gives the label away", "error", ("x",), "why", axis="column")
    assert "SW303" in {item.code for item in advice_of(with_also(record, idle))[0]}
    tested, _ = advice_of(with_also(record, idle, leak))
    assert [item.code for item in tested] == ["SW201", "SW201"]


def test_fewer_rows_mend_nothing(record):
    fewer = Remedy("drop", (1,), effect=effect(3.0), verdict="no loss", saves_rows=True)
    tested, _ = advice_of(with_also(record, Finding("SW301", "rows", "note", (1,), "why", (fewer,))))
    assert tested[0].remedy is fewer
    assert fewer not in [item.remedy for item in mending(tested)]
    assert fewer not in [item.remedy for item in helping(tested)]
    assert not refuted(Finding("SW301", "rows", "note", (1,), "why", (fewer,)))


def test_a_word_says_whether_an_error_falls_or_rises():
    saved = Estimate("effect", 0.07, 0.02, 0.12, "lower error, in the label's unit", 0.95)
    beside, before = Estimate("effect", 0.012, 0.003, 0.021, "R²", 0.95), Estimate("error", 2.31, 2.1, 2.5)
    assert effect_text(saved) == "error lower by 0.070 [0.020, 0.120] in the label's unit"
    assert effect_text(saved, interval=False) == "error lower by 0.070 in the label's unit"
    lost = Estimate("effect", -0.07, -0.12, 0.01, "lower error, in the label's unit", 0.95)
    assert effect_text(lost) == f"error higher by 0.070 [{MINUS}0.010, 0.120] in the label's unit"
    assert bare_effect_text(saved) == "+0.070 [+0.020, +0.120]"
    remedy = Remedy("drop", (1,), effect=saved, before=before, beside=beside)
    change = "(lower by 0.070 [0.020, 0.120])"
    told = f"error 2.3100 → 2.2400 in the label's unit {change}, R² +0.0120 [+0.0030, +0.0210]"
    assert change_text(remedy) == told
    other = Remedy("drop", (1,), effect=beside, before=before, beside=saved)
    assert change_text(other) == told
    assert change_text(Remedy("drop", (1,), effect=effect(2.0))) == effect_text(effect(2.0))
    assert change_text(Remedy("drop", (1,))) == ""
