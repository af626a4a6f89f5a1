"""The first screen: the worst problems with how sure, where, what first, what it buys; what was not checked."""

from dataclasses import replace
from typing import Any

import pytest

from samplewise.core.findings import AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.values import Estimate
from samplewise.report.problems import BY_MEANING, FIND_OUT, not_checked, worst_problems
from samplewise.report.verdict import verdict


def effect(value: float) -> Estimate:
    return Estimate("effect", value, value - 0.5, value + 0.5, "points of accuracy", 0.95)


def finding(code: str = "SW201", severity: Any = "warning", *remedies: Remedy, **more: Any) -> Finding:
    return Finding(code, f"a finding of {code}", severity, more.pop("keys", (1, 2)), "", remedies, **more)


def record_of(*findings: Finding, **plan: Any) -> AuditRecord:
    outcomes = tuple(
        Outcome(item.code, f"check {item.code}", "found", result=CheckResult((item,))) for item in findings
    )
    return AuditRecord(3, {"rows": 200}, plan, {}, outcomes)


def only(item: Finding) -> Any:
    (problem,) = worst_problems(record_of(item))
    return problem


DROP = Remedy("drop", (1, 2), action="Drop them")
LOOK = Remedy("review", (1, 2), action="Look at them", reason="people look first; nothing can be tested before")


def test_errors_first_then_what_is_measured_to_help_and_notes_never() -> None:
    helps = replace(DROP, effect=effect(2.0), verdict="helps")
    record = record_of(
        finding("SW101", "note"), finding("SW102"), finding("SW104", "warning", helps), finding("SW106", "error"),
        finding("SW108"),
    )  # fmt: skip
    assert [item.code for item in worst_problems(record)] == ["SW106", "SW104", "SW102"]
    assert [list(record.findings())[item.position].code for item in worst_problems(record)] == [
        "SW106",
        "SW104",
        "SW102",
    ]
    assert len(worst_problems(record, 1)) == 1


def test_a_proven_leak_comes_before_what_else_to_act_on() -> None:
    helps = replace(DROP, effect=effect(2.0), verdict="helps")
    record = record_of(finding("SW102", "error", helps), finding("SW106", "error", axis="column", keys=("x",)))
    assert [item.code for item in worst_problems(record)] == ["SW106", "SW102"]
    doubtful = record_of(finding("SW101"), finding("SW104", "warning", helps), finding("SW106"))
    assert [item.code for item in worst_problems(doubtful)] == ["SW106", "SW104", "SW101"]
    assert "look at first: a finding of SW106" in verdict(doubtful).sentence
    assert verdict(record).sentence.startswith("Fix 2 things before you train on this data: a finding of SW106")


def test_what_rests_on_a_model_that_learned_nothing_is_no_problem_but_that_it_did_not() -> None:
    void = finding("SW501", "warning", axis="data", keys=())
    problems = worst_problems(record_of(finding("SW201", "error"), void))
    assert [(item.code, item.where) for item in problems] == [("SW501", "the data as a whole")]


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        ((), "judged by models"),
        ((Estimate("noise_rate", float("nan"), reason="cannot be told"),), "judged by models; cannot be told"),
        (
            (Estimate("noise_rate", 0.031, 0.025, 0.037, "share of labels"),),
            "measured: noise rate 3.10 % of labels [2.50, 3.70]",
        ),
        (
            (Estimate("outliers", 0.02, unit="share of rows", reason="a count on these rows"),),
            "counted: outliers 2.0 % of rows",
        ),
        (
            (Estimate("noise_rate", 0.03, unit="share"), Estimate("precision among flagged", 0.72, 0.6, 0.8, "share")),
            "measured: precision among flagged 72 % [60, 80]",
        ),
    ],
)  # fmt: skip
def test_how_sure_in_words_and_a_number(measured: tuple[Estimate, ...], said: str) -> None:
    assert only(finding(measured=measured)).sure == said


def test_a_rule_about_cells_is_no_model() -> None:
    assert only(finding("SW108")).sure == "read from the cells themselves, without a model"


def test_where_counts_rows_and_names_columns() -> None:
    assert only(finding()).where == "2 rows of 200 (1 %)"
    assert only(finding("SW101", axis="column", keys=("age", "sex", "job"))).where == "3 columns: age, sex and 1 more"


def test_the_remedy_that_helps_most_comes_first_with_its_effect() -> None:
    small, large = (replace(DROP, action=f"Drop {n}", effect=effect(n), verdict="helps") for n in (1.0, 3.0))
    problem = only(finding("SW201", "error", LOOK, small, large))
    assert (problem.first, problem.buys) == ("Drop 3.0", "+3.00 points of accuracy [+2.50, +3.50]")


def test_what_was_tested_and_does_not_help_is_never_what_to_do() -> None:
    useless = replace(DROP, effect=effect(-0.1), verdict="not decided")
    assert only(finding("SW104", "warning", useless)).first == FIND_OUT
    problem = only(finding("SW104", "warning", LOOK, useless))
    assert problem.first == "Look at them"
    harmless = replace(useless, verdict="no difference")
    assert only(finding("SW104", "warning", harmless)).first == BY_MEANING
    assert problem.buys.startswith("tested, not decided: \u22120.10 points")


def test_cells_are_cleaned_unless_that_hurts() -> None:
    clean = Remedy("clean", ("age",), action="Set 999 to missing", effect=effect(0.1), verdict="not decided")
    assert only(finding("SW108", "warning", clean)).first == "Set 999 to missing"
    assert only(finding("SW108", "warning", replace(clean, verdict="hurts"))).first == FIND_OUT


def test_columns_with_the_same_problem_are_one_with_the_remedy_of_the_first() -> None:
    def of_column(name: str, *remedies: Remedy) -> Finding:
        title = f"codes for missing values in column {name!r}"
        return Finding("SW108", title, "warning", (name,), "", remedies, axis="column")

    tested = Remedy("clean", ("age",), action="Clean age", effect=effect(0.1), verdict="not decided")
    untested = Remedy("clean", ("size",), action="Clean size", reason="too few")
    (problem,) = worst_problems(record_of(of_column("age", tested), of_column("size", untested)))
    assert (problem.title, problem.where) == ("codes for missing values in 2 columns", "2 columns: age and size")
    assert (problem.position, problem.first) == (0, "Clean age; likewise in 1 other column")
    assert problem.buys.startswith("tested, not decided")


def test_an_untested_remedy_says_why_in_a_few_words() -> None:
    assert only(finding("SW104", "warning", LOOK)).buys == "not tested: people look first"
    assert only(finding("SW104")).buys == "no remedy is proposed"
    assert only(finding("SW104", "warning", DROP)).buys == "not tested"
    (problem,) = worst_problems(record_of(finding("SW104", "warning", DROP), advice=True))
    assert problem.buys == "not tested yet"


def test_what_is_said_of_several_columns_is_to_be_done_in_all() -> None:
    def odd(name: str) -> Finding:
        clean = Remedy("clean", (1,), action=f"Set 0 to missing in {name}, and audit again.")
        return Finding("SW108", f"codes in column {name!r}", "warning", (name,), "", (clean,), axis="column")

    (problem,) = worst_problems(record_of(odd("x"), odd("y"), odd("z")))
    assert problem.first == "Set 0 to missing in x, and audit again; likewise in 2 other columns"
    (alone,) = worst_problems(record_of(odd("x")))
    assert alone.first == "Set 0 to missing in x, and audit again."


def test_what_was_not_checked_and_of_how_many() -> None:
    record = record_of(finding("SW201"), checks=["SW201", "SW301"])
    lacking = Outcome("SW103", "overlap", "not_applicable", "no test set")
    assert (
        not_checked(replace(record, outcomes=(*record.outcomes, lacking)))
        == "1 of 3 checks: SW301; 1 more does not apply here"
    )
    needy = Outcome("SW504", "choosing", "not_applicable", "no test set was given (test=)")
    assert (
        not_checked(replace(record, outcomes=(*record.outcomes, needy)))
        == "2 of 3 checks: choosing (needs test=); SW301"
    )
    also = Outcome("SW103", "rows of both", "not_applicable", "no test set was given (test=)")
    timed = Outcome("SW505", "the split", "not_applicable", "nothing to order by (time=)")
    assert (
        not_checked(replace(record, outcomes=(*record.outcomes, needy, also, timed), plan={}))
        == "3 of 4 checks: choosing and rows of both (needs test=); the split (needs time=)"
    )
    assert not_checked(replace(record, outcomes=(lacking,), plan={})) == ""
    assert not_checked(record_of(finding("SW201"))) == ""
