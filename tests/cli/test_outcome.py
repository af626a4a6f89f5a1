from dataclasses import replace
from pathlib import Path

import pytest

from samplewise.cli.console import Exit
from samplewise.cli.outcome import exit_code, last_lines
from samplewise.core.findings import Outcome


@pytest.mark.parametrize(
    ("severities", "fail_on", "code"),
    [
        ((), "error", 0),
        (("note", "warning"), "error", 0),
        (("note", "warning"), "warning", 1),
        (("error",), "error", 1),
        (("error",), "never", 0),
        (("note",), "warning", 0),
    ],
)
def test_the_exit_code_follows_the_threshold(make, severities, fail_on, code):
    outcomes = [make.found(f"SW10{index}", severity) for index, severity in enumerate(severities)]
    assert exit_code(make.record(*outcomes), fail_on) == code


@pytest.mark.parametrize("fail_on", ["error", "never"])
def test_a_check_that_failed_is_never_a_success(make, fail_on):
    failed = Outcome("SW102", "duplicates", "failed", "ValueError: x")
    assert exit_code(make.record(make.found("SW101", "error"), failed), fail_on) == Exit.IMPOSSIBLE


def test_the_last_lines_say_verdict_effect_and_where_the_report_is(make, tmp_path):
    (tmp_path / "findings").mkdir()
    (tmp_path / "findings" / "SW201.csv").write_text("id\n")
    keys = (1, 2)
    helps, hurts = make.remedy("relabel", keys, ("no", "no")), make.remedy("drop", keys, (), "hurts", -2.0)
    text = "\n".join(
        str(line) for line in last_lines(make.record(make.found("SW201", "error", helps, hurts, keys=keys)), tmp_path)
    )
    assert "Fix 1 thing" in text
    assert "helps" in text
    assert "helps               +1.25 points [+0.55, +1.95]" in text
    assert "hurts" in text
    assert "\u22122" in text
    assert text.index("+1.25") < text.index("\u22122")
    assert f"report    {tmp_path / 'report.html'}" in text
    assert f"1 list with a column for your decisions; or samplewise review {tmp_path}" in text
    assert f"samplewise apply {tmp_path} --out clean.csv" in text


def test_where_nothing_helps_the_next_step_is_a_person_s(tmp_path, make):
    (tmp_path / "findings").mkdir()
    (tmp_path / "findings" / "SW201.csv").write_text("id\n")
    made = make.record(make.found("SW201", "error", keys=(1,)), source="digits.npz")
    text = "\n".join(str(line) for line in last_lines(made, tmp_path))
    assert f"samplewise apply {tmp_path} --decisions {tmp_path / 'findings'} --out clean.npz" in text


def test_after_a_leak_the_next_command_leaves_the_columns_out(make, tmp_path):
    made = make.record(make.found("SW106", "error", keys=("pay day", "x"), axis="column"), source="data.csv")
    command = "samplewise audit data.csv --label kind --out run --seed 3"
    lines = [str(line) for line in last_lines(replace(made, environment={"command": command}), Path("run"))]
    assert lines[-1] == (
        "next      samplewise audit data.csv --label kind --seed 3 '--drop-columns=pay day' --drop-columns=x "
        "--out run-again"
    )
    lines = [str(line) for line in last_lines(made, Path("run"))]  # audited from Python
    assert lines[-1].startswith("next      samplewise audit data.csv --label y '--drop-columns=pay day'")


def test_quiet_is_the_verdict_and_the_report_only(make):
    lines = [
        str(line) for line in last_lines(make.record(make.found("SW201", "error", keys=(1,))), Path("run"), quiet=True)
    ]
    assert len(lines) == 2
    assert lines[1] == "report: run/report.html"
