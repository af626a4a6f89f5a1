"""SW505: whether the random split flatters the score."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from samplewise.auditing.checks import sw505_other_splits as check
from samplewise.core.errors import NotApplicable
from samplewise.engine.models import KernelHead


def patients(alike: bool, groups: int = 50, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Four rows a patient, who have one diagnosis and look alike, or whose rows have nothing to do with each other."""
    draw = np.random.default_rng(seed)
    patient = np.repeat(np.arange(groups), 4)
    own = draw.normal(size=(groups, 4))[patient]
    X = 2.0 * own + 0.3 * draw.normal(size=(len(patient), 4)) if alike else draw.normal(size=(len(patient), 4))
    y = draw.integers(0, 2, groups)[patient] if alike else (X[:, 0] + draw.normal(size=len(X)) > 0).astype(int)
    return pd.DataFrame(X, columns=list("abcd")).assign(patient=[f"P{number}" for number in patient]), y


def days(drifting: bool, rows: int = 300, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """A row a day; the label depends on the day through a slow walk, or not at all."""
    draw = np.random.default_rng(seed)
    X = draw.normal(size=(rows, 2))
    level = np.cumsum(draw.normal(size=rows)) if drifting else np.zeros(rows)
    frame = pd.DataFrame(X, columns=["a", "b"])
    if drifting:
        frame["runtime"] = np.arange(rows) + draw.normal(size=rows)
    frame["day"] = pd.date_range("2024-01-01", periods=rows).strftime("%d.%m.%Y")
    return frame, X[:, 0] + level + 0.1 * draw.normal(size=rows)


def test_rows_of_one_patient_on_both_sides_are_a_warning_with_both_errors(evidence_of):
    (finding,) = check.run(evidence_of(*patients(True), learner="kernel")).findings
    assert (finding.severity, finding.keys) == ("warning", ("patient",))
    more, random, apart = finding.measured
    assert more.value > 20
    assert more.low > 0
    assert random.value < 0.3 < apart.value
    assert more.value == pytest.approx(100 * (apart.value - random.value))
    assert "groups='patient' (--groups patient)" in finding.remedies[0].action


def test_patients_that_make_no_difference_are_a_note(evidence_of):
    fired = []
    for seed in (0, 1, 3):
        (finding,) = check.run(evidence_of(*patients(False, seed=seed), learner="kernel")).findings
        fired.append(finding.severity)
        assert finding.measured[0].low < 0 < finding.measured[0].high
    assert set(fired) == {"note"}


def test_the_error_with_groups_apart_is_that_of_the_audit_with_groups(evidence_of):
    frame, y = patients(True)
    (finding,) = check.run(evidence_of(frame, y, learner="kernel")).findings
    given = evidence_of(frame, y, groups="patient", learner="kernel")
    right = given.held_out_outputs.argmax(axis=1) == given.target.codes
    assert finding.measured[2].value == pytest.approx(1 - right.mean())


def test_a_split_that_trains_on_the_future_is_a_warning(evidence_of):
    (finding,) = check.run(evidence_of(*days(True), learner="kernel")).findings
    assert (finding.severity, finding.keys) == ("warning", ("day",))
    assert finding.measured[0].low > 0
    assert "time='day'" in finding.remedies[0].action


def test_days_that_make_no_difference_are_a_note(evidence_of):
    (finding,) = check.run(evidence_of(*days(False), learner="kernel")).findings
    assert finding.severity == "note"
    assert "no larger error" in finding.title


def test_it_asks_nothing_where_the_user_has_said_or_no_column_raises_the_question(evidence_of):
    frame, y = patients(True)
    for evidence in (
        evidence_of(frame, y, groups="patient"), evidence_of(frame.drop(columns="patient"), y),
        evidence_of(frame[list("abcd")].to_numpy(), y), evidence_of(*days(True), time="day"),
    ):  # fmt: skip
        with pytest.raises(NotApplicable, match="no column looks like groups"):
            check.run(evidence)


def test_it_makes_no_fit_that_the_budget_has_no_room_for(evidence_of):
    evidence = evidence_of(*patients(True), learner=KernelHead())
    full = replace(evidence, plan=replace(evidence.plan, budget=evidence.plan.seconds()))
    with pytest.raises(NotApplicable, match="no room for 5 more fits"):
        check.run(full)
    assert full.store.made == 0


def test_dates_that_cannot_be_told_apart_are_said(evidence_of):
    frame, y = days(True, rows=60)
    frame["day"] = [f"{1 + row % 12:02d}/{1 + row // 12:02d}/2024" for row in range(60)]
    with pytest.raises(NotApplicable, match="which number is the day and which the month cannot be told"):
        check.run(evidence_of(frame, y))


def test_another_split_is_no_rule(evidence_of):
    assert check.rules(evidence_of(*patients(False))) == {}
