import pytest

from samplewise.auditing.progress import Event
from samplewise.cli import live
from samplewise.cli.live import Live, outcome_lines
from samplewise.core.findings import Outcome


def shown(capsys, *events, quiet=False):
    with Live(quiet) as display:
        for event in events:
            display(event)
    return capsys.readouterr()


def test_what_was_understood_comes_first_and_findings_go_to_standard_output(make, capsys):
    made = make.record()
    understood = Event("understood", "", facts={"data": made.data, "plan": made.plan})
    printed = shown(capsys, understood, Event("check", "t", outcome=make.found("SW201", "error", keys=(1, 2))))
    assert printed.out.index("4 rows") < printed.out.index("SW201")
    assert "error  SW201  something about SW201  (2 rows; 1.25 points [0.50, 2.00])" in printed.out
    assert printed.err == ""


def test_quiet_says_nothing(make, capsys):
    made = make.record()
    understood = Event("understood", "", facts={"data": made.data, "plan": made.plan})
    assert shown(capsys, understood, Event("fit", "", 1, 2, 30.0, 0.5), quiet=True) == ("", "")


def test_a_log_gets_a_line_with_the_time_left_now_and_then(make, capsys, monkeypatch):
    now = iter([0.0, 1.0, 11.0, 11.0, 12.0])
    monkeypatch.setattr(live.time, "monotonic", lambda: next(now))
    fits = (Event("fit", "", done, 80, 30.0, done / 10) for done in (1, 2, 3))
    printed = shown(capsys, Event("begin", "SW201 labels the model disputes"), *fits)
    assert printed.err == "SW201 labels the model disputes: 20 % done, about 30 s left\n"


@pytest.mark.parametrize(
    ("seconds", "words"), [(3.0, "a few seconds"), (47.0, "about 50 s, as"), (400.0, "about 7 min, as")]
)
def test_the_whole_time_is_told_once_a_fit_was_timed(capsys, seconds, words):
    assert f"time     {words}" in shown(capsys, Event("expected", "", seconds_left=seconds)).out


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("clean", "clean  SW103  overlap"),
        ("not_applicable", "n/a  SW103  overlap: why"),
        ("failed", "FAILED  SW103  overlap: why"),
    ],
)
def test_a_check_without_findings_says_how_it_ended(make, status, words):
    outcome = Outcome("SW103", "overlap", status, "" if status == "clean" else "why")
    assert [str(line).strip() for line in outcome_lines(outcome)] == [words]


def test_markup_and_control_characters_from_the_data_are_shown_not_obeyed(make, capsys):
    outcome = Outcome("SW103", "overlap", "failed", "[red]x[/red] \x1b[31m")
    printed = shown(capsys, Event("check", "", outcome=outcome))
    assert "[red]x[/red]" in printed.out
    assert "\x1b" not in printed.out
