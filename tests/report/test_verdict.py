"""The verdict says what to fix first, what that buys, and what is not known."""

from dataclasses import replace
from typing import Any

import pytest

from samplewise.core.findings import (
    RECORD_SCHEMA,
    AuditRecord,
    CheckResult,
    Finding,
    Outcome,
    Remedy,
)
from samplewise.core.values import Estimate
from samplewise.report import verdict
from samplewise.report.basis import INTERRUPTED


def with_findings(*severities: Any, remedies: tuple[Remedy, ...] = ()) -> AuditRecord:
    findings = tuple(Finding(f"SW{i}", f"problem {i}", s, (1, 2), "why", remedies) for i, s in enumerate(severities))
    outcomes = tuple(Outcome(f.code, "t", "found", result=CheckResult((f,))) for f in findings)
    return AuditRecord(RECORD_SCHEMA, {"rows": 9}, {}, {}, outcomes)


def test_errors_come_first_with_how_much_they_concern() -> None:
    said = verdict(with_findings("note", "error", "warning"))
    assert said.level == "error"
    assert said.sentence == "Fix 1 thing before you train on this data: problem 1 (2 rows)."


def test_warnings_alone_do_not_forbid_the_data() -> None:
    said = verdict(with_findings("warning", "warning", "note"))
    assert said.level == "warning"
    assert said.sentence.startswith(
        "This data can be used, with 2 things to look at first: problem 0 (2 rows) and problem 1"
    )


def test_clean_data_is_called_clean_with_the_number_of_checks(records: dict[str, AuditRecord]) -> None:
    said = verdict(records["clean"])
    assert said.level == "clean"
    assert said.sentence == "Nothing was found that speaks against training on this data (17 checks carried out)."


def test_the_best_remedy_that_helps_is_named_with_its_interval(rich: AuditRecord) -> None:
    assert "“Relabel the 412 likely errors as suggested” is measured to give +1.31 points" in str(verdict(rich))


def test_remedies_that_do_not_help_are_said_not_to() -> None:
    remedy = Remedy("drop", (1,), effect=Estimate("e", 0.2, -0.4, 0.8, "points"), verdict="not decided")
    sentence = verdict(with_findings("warning", remedies=(remedy,))).sentence
    assert sentence.endswith("; the one tested remedy is not shown to help.")


def test_a_failed_check_makes_a_clean_audit_incomplete(records: dict[str, AuditRecord]) -> None:
    clean = records["clean"]
    outcomes = (*clean.outcomes[:-1], replace(clean.outcomes[-1], status="failed", reason="crash"))
    said = verdict(replace(clean, outcomes=outcomes))
    assert said.level == "incomplete"
    assert said.sentence.startswith("So far nothing was found")
    assert said.sentence.endswith("1 check failed (SW601).")


def test_an_interrupted_audit_says_how_much_is_missing(records: dict[str, AuditRecord]) -> None:
    said = verdict(records["interrupted"])
    assert said.level == "incomplete"
    assert said.sentence.startswith("So far 2 things need a look")
    assert "do not drop: " in said.sentence  # what the other three advise was measured to hurt
    assert "14 checks of the plan did not run (SW104, SW105, SW106 and 11 more)" in said.sentence


def test_what_an_interrupt_left_out_makes_the_verdict_one_so_far() -> None:
    seen = Finding("SW101", "a column says nothing", "warning", ("x",), "", axis="column")
    found = Outcome("SW101", "t", "found", result=CheckResult((seen,)))
    for reason, start in ((INTERRUPTED, "So far 1 thing needs a look"), ("budget", "This data can be used")):
        record = AuditRecord(RECORD_SCHEMA, {}, {}, {}, (found, Outcome("SW301", "t", "skipped", reason)))
        assert verdict(record).sentence.startswith(start)


def test_checks_that_all_stayed_out_say_nothing_about_the_data() -> None:
    record = AuditRecord(RECORD_SCHEMA, {}, {}, {}, (Outcome("SW1", "t", "skipped", "budget"),))
    assert verdict(record).sentence.startswith("No check could be carried out")


def test_it_is_one_sentence(any_record: AuditRecord) -> None:
    sentence = verdict(any_record).sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert ".." not in sentence


def test_the_headline_numbers(rich: AuditRecord) -> None:
    shown = {item.label: (item.text, item.detail) for item in verdict(rich).headlines}
    assert shown["rows"] == ("32,561", "11 columns, 2 classes")
    assert shown["findings"] == ("23", "1 to act on first, 7 to look at, 15 to note")
    assert shown["held-out error"] == ("12.87 %", "[12.51, 13.23]")
    assert shown["remedies that help"] == ("3", "of 9 tested")
    assert len(shown) <= 6


@pytest.mark.parametrize("axis", ["row", "column", "segment", "class", "data"])
def test_how_much_a_finding_concerns_is_counted_in_its_own_words(axis: Any) -> None:
    finding = Finding("SW1", "t", "error", (1, 2), "e", axis=axis)
    record = AuditRecord(RECORD_SCHEMA, {}, {}, {}, (Outcome("SW1", "t", "found", result=CheckResult((finding,))),))
    words = {"row": "2 rows", "column": "2 columns", "class": "2 classes"}  # of segments the worst is named
    assert (
        verdict(record).sentence
        == f"Fix 1 thing before you train on this data: t{f' ({words[axis]})' if axis in words else ''}."
    )


def test_a_long_unit_goes_into_the_small_print() -> None:
    share = Estimate("noise_rate", 0.106, 0.09, 0.116, "share of labels")
    record = AuditRecord(
        RECORD_SCHEMA, {}, {}, {}, (Outcome("SW201", "t", "clean", result=CheckResult(measured=(share,))),)
    )
    shown = verdict(record).headlines[-1]
    assert (shown.label, shown.text, shown.detail) == ("noise rate", "10.6 %", "of labels [9.0, 11.6]")


def test_a_title_that_counts_is_not_counted_again() -> None:
    finding = Finding("SW1", "2 rows are copies", "error", (1, 2), "e")
    record = AuditRecord(RECORD_SCHEMA, {}, {}, {}, (Outcome("SW1", "t", "found", result=CheckResult((finding,))),))
    assert verdict(record).sentence.endswith(": 2 rows are copies.")


def test_a_column_that_the_title_names_is_not_counted_and_a_title_goes_on_in_small_letters() -> None:
    titles = ("column 'x' gives the label away", "The random split flatters the score: ahead", "Theo and Ann are one")
    findings = tuple(
        Finding("SW1", title, "error", (name,), "e", axis="column") for title, name in zip(titles, "xxx", strict=True)
    )
    record = AuditRecord(RECORD_SCHEMA, {}, {}, {}, (Outcome("SW1", "t", "found", result=CheckResult(findings)),))
    sentence = verdict(record).sentence
    assert "column 'x' gives the label away, the random split flatters the score: ahead and" in sentence
    assert "theo and Ann are one" in sentence  # a first word may be a name: nothing tells


# ---- the sentence never contradicts a measurement -------------------------------------------------------------------


def advised(kind: Any, word: Any, value: float = -1.0, **more: Any) -> Remedy:
    return Remedy(kind, (1, 2), effect=Estimate("e", value, value - 0.5, value + 0.5, "points"), verdict=word, **more)


def found(code: str, severity: Any, *remedies: Remedy, title: str = "", **more: Any) -> Outcome:
    finding = Finding(code, title or f"matter {'ABCDEF'[int(code[2]) - 1]}", severity, (1, 2), "why", remedies, **more)
    return Outcome(code, "t", "found", result=CheckResult((finding,)))


def record_of(*outcomes: Outcome, **facts: Any) -> AuditRecord:
    return AuditRecord(RECORD_SCHEMA, {"rows": 9, **facts}, {}, {}, outcomes)


def test_what_every_remedy_harms_is_not_called_a_thing_to_fix() -> None:
    said = verdict(record_of(found("SW201", "error", advised("relabel", "hurts"), advised("drop", "hurts"))))
    assert said.level == "error"
    assert said.sentence == (
        "Do not relabel or drop: matter B (2 rows), but every tested remedy hurts, so find out why first."
    )


def test_what_no_remedy_helps_is_to_be_understood_before_anything_is_changed() -> None:
    unclear = advised("relabel", "not decided", 0.1)
    said = verdict(record_of(found("SW201", "error", unclear, advised("drop", "hurts")), found("SW101", "error")))
    assert said.sentence.startswith("Fix 1 thing before you train on this data: matter A (2 rows); do not ")
    assert "none of the 2 tested remedies helps and 1 of them hurts, so find out why first" in said.sentence
    said = verdict(record_of(found("SW201", "error", unclear)))
    assert said.sentence == (
        "Find out why before you change any row: matter B (2 rows), but the one tested remedy is not shown to help."
    )


def test_one_remedy_that_helps_is_enough_to_call_for_mending() -> None:
    remedies = (advised("relabel", "helps", 1.0, action="Relabel them"), advised("drop", "hurts"))
    sentence = verdict(record_of(found("SW201", "error", *remedies))).sentence
    assert sentence.startswith("Fix 1 thing")
    assert "do not" not in sentence


def test_advice_on_a_note_that_hurts_is_advised_against() -> None:
    sentence = verdict(record_of(found("SW303", "note", advised("drop", "hurts")))).sentence
    assert sentence.endswith("; do not drop: the one tested remedy hurts, so find out why first.")


def test_fewer_rows_are_neither_help_nor_failed_help() -> None:
    fewer = advised("drop", "no loss", 0.1, saves_rows=True)
    said = verdict(record_of(found("SW301", "note", fewer)))
    assert "help" not in said.sentence
    shown = {item.label: (item.text, item.detail) for item in said.headlines}
    assert shown["remedies that help"] == ("0", "1 of 1 for fewer rows without loss")


def test_where_nothing_was_learned_nothing_that_rests_on_the_model_is_listed() -> None:
    rate = Estimate("noise_rate", 0.2, 0.1, 0.3, "share of labels")
    labels = found("SW201", "error", advised("relabel", "not decided"), measured=(rate,))
    said = verdict(
        record_of(
            found("SW501", "error", title="The model does no better than guessing"), labels, found("SW105", "warning")
        )
    )
    assert said.sentence.startswith(
        "The model does no better than guessing, so nothing that rests on this model counts yet"
    )
    assert said.sentence.endswith("; 1 finding apart from that: matter A (2 rows).")
    assert "SW201" not in said.sentence
    shown = {item.label: item.detail for item in said.headlines}
    assert shown["findings"] == "1 to act on first, 1 to look at, 1 from a model that learned nothing"
    assert "noise rate" not in shown


def test_what_the_check_advises_comes_first_where_nothing_was_learned() -> None:
    better = Remedy("review", (), action='Audit again with learner="boosting".')
    sentence = verdict(record_of(found("SW501", "warning", better, title="Another learner errs less"))).sentence
    assert sentence.startswith("Another learner errs less, so nothing that rests on this model counts yet")
    assert sentence.endswith('; first of all audit again with learner="boosting".')


def test_an_accepted_finding_that_nothing_was_learned_voids_nothing() -> None:
    record = record_of(found("SW501", "note", title="The model does no better than guessing"), found("SW201", "error"))
    assert verdict(record).sentence.startswith("Fix 1 thing before you train on this data: matter B")


def test_a_constant_prediction_that_is_as_good_stands_in_the_verdict() -> None:
    sentence = verdict(
        record_of(found("SW501", "note", title="Always predicting 'no' would be right as often"))
    ).sentence
    assert sentence.endswith("; always predicting 'no' would be right as often.")


def test_nothing_can_be_said_where_most_checks_could_not_look_and_it_says_why() -> None:
    blind = [Outcome(f"SW50{n}", "t", "not_applicable", "all rows are equal") for n in (1, 2, 3)]
    said = verdict(record_of(*blind, Outcome("SW105", "t", "clean")))
    assert said.level == "incomplete"
    assert said.sentence == (
        "Nothing can be said about this data, because all rows are equal "
        "(3 of 4 checks could not look for this reason)."
    )
    looked = [Outcome(f"SW10{n}", "t", "clean") for n in range(4)]
    assert verdict(record_of(blind[0], *looked)).sentence.startswith("Nothing was found")


def test_after_a_leak_both_scores_and_the_next_option_are_named() -> None:
    numbers = ((0.02, "held_out_error with pay day"), (0.31, "held_out_error without pay day"))
    scores = tuple(Estimate(name, value, value - 0.01, value + 0.01, "share of rows") for value, name in numbers)
    leak = Finding("SW106", "a column gives the label away", "error", ("pay day", "x"), "why", (), scores, "column")
    still = Remedy("drop", (1,), effect=Estimate("e", 0.0, 0.0, 0.0, "points"), verdict="not decided")
    outcomes = (
        Outcome("SW106", "t", "found", result=CheckResult((leak,))),
        found("SW201", "note", still),
    )
    said = verdict(record_of(*outcomes))
    assert (
        "; the held-out error is 2.0 % of rows [1.0, 3.0] with them and 31.0 % of rows [30.0, 32.0] without; "
        "audit again without them: --drop-columns 'pay day' x." in said.sentence
    )
    assert "tested remedy" not in said.sentence
    bare = replace(outcomes[0], result=CheckResult((replace(leak, measured=()),)))
    assert "held-out error" not in verdict(record_of(bare)).sentence


def test_open_questions_are_counted_and_the_first_is_named() -> None:
    first = "`price` reads as 8442 because other columns use decimal commas; `--decimal .` reads 8.442"
    clean = Outcome("SW101", "t", "clean")
    sentence = verdict(record_of(clean, questions=[first, "second?"])).sentence
    assert sentence.endswith(f"; and 2 questions about how columns were read, the first: {first}.")
    assert verdict(record_of(clean, questions=[f"{first}."])).sentence.endswith(
        f"; and 1 question about how columns were read: {first}."
    )


def test_an_error_that_was_never_seen_is_a_bound_in_the_headline() -> None:
    error = Estimate("held_out_error", 0.0, 0.0, 0.0092, "share of rows")
    clean = Outcome("SW501", "t", "clean", result=CheckResult(measured=(error,)))
    shown = verdict(record_of(clean)).headlines[-1]
    assert (shown.label, shown.text, shown.detail) == ("held-out error", "at most 0.92 %", "of rows")


def test_a_share_of_wrong_labels_within_chance_is_none_seen() -> None:
    rate = Estimate("noise_rate", 0.00017, unit="share of labels", reason="heavy tails explain every large residual")
    check = Outcome("SW201", "labels", "clean", result=CheckResult(measured=(rate,)))
    told = {item.label: item for item in verdict(AuditRecord(3, {"rows": 9}, {}, {}, (check,))).headlines}
    assert told["noise rate"].text == "none seen"
    assert told["noise rate"].detail == "(heavy tails explain every large residual)"
    lacking = replace(check, result=CheckResult(measured=(replace(rate, value=float("nan"), reason="cannot be told"),)))
    (*_, last) = verdict(AuditRecord(3, {"rows": 9}, {}, {}, (lacking,))).headlines
    assert (last.label, last.text, last.detail) == ("noise rate", "not known", "(cannot be told)")
