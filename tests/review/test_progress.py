"""What answers tell beyond the rows they are about."""

import numpy as np
import pytest

from samplewise.auditing.decision_log import Entry
from samplewise.core.values import Estimate
from samplewise.engine.refits.remedy_effects import Measured
from samplewise.review.progress import (
    agreement,
    calibration,
    calibration_fact,
    differs,
    fact,
    is_wrong,
    measured_facts,
    rate_fact,
    share_wrong,
    skill_facts,
    skills,
    votes,
)


def _entry(row: int, who: str, decision: str, value: str | None = None, given: str = "cat") -> Entry:
    return Entry(row, "SW201", decision, value, who, given=given)


def _answers(*entries: Entry) -> dict:
    found: dict = {}
    for entry in entries:
        found.setdefault(entry.key, {})[entry.reviewer] = entry
    return found


def test_what_was_promised_beside_what_was_found():
    found = calibration([0.8] * 50, [True] * 39 + [False] * 11)
    assert str(found) == "promised 0.80, found 0.78 [0.65, 0.87]"
    assert found.holds
    assert calibration_fact(found) == fact(
        "Wrong among the labels answered", "78 % [65, 87]", "promised 80 %, 50 answers"
    )
    far = calibration([0.8] * 50, [False] * 50)
    assert not far.holds
    assert "do not hold" in calibration_fact(far)["detail"]
    assert calibration([], []) is None


def test_whether_people_call_a_label_wrong():
    keep, drop = _entry(1, "a", "keep"), _entry(1, "b", "drop")
    other, same, unsure = _entry(1, "c", "relabel", "dog"), _entry(1, "d", "relabel", "cat"), _entry(1, "e", "unsure")
    assert is_wrong([keep]) is False
    assert is_wrong([drop]) is is_wrong([other]) is True
    assert is_wrong([same, keep, drop]) is False
    assert is_wrong([keep, drop]) is None
    assert is_wrong([unsure]) is None
    assert (share_wrong([keep, drop, other, unsure]), share_wrong([unsure])) == (pytest.approx(2 / 3), None)
    assert not differs({"a": keep, "d": same, "e": unsure})
    assert differs({"a": keep, "c": other})


def test_how_far_people_agree():
    said = [_entry(row, "a", "keep" if row % 3 else "drop") for row in range(30)]
    said += [_entry(row, "b", "keep" if row % 3 or row == 0 else "drop") for row in range(30)]
    (text,) = agreement(_answers(*said), ["a", "b", "c"])
    assert text.startswith("a and b agree on 29 of 30 rows that both decided: Cohen's kappa 0.92 [")
    few = _answers(*(entry for entry in said if entry.row < 5))
    assert "too few" in agreement(few, ["a", "b"])[0]
    same = _answers(*(_entry(row, who, "keep") for row in range(20) for who in "ab"))
    assert "cannot be told" in agreement(same, ["a", "b"])[0]


def test_votes_become_labels_and_skills():
    draw, said = np.random.default_rng(0), []
    for row in range(60):
        truth = "cat" if row % 2 else "dog"
        for who, error in (("a", 0.05), ("b", 0.1), ("c", 0.5)):
            label = truth if draw.random() > error else ("dog" if truth == "cat" else "cat")
            said.append(_entry(row, who, "keep") if label == "cat" else _entry(row, who, "relabel", "dog"))
    said.append(_entry(99, "a", "drop"))
    keys, table = votes(_answers(*said), ["a", "b", "c", "d"])
    assert len(keys) == 60
    assert table.shape == (60, 4)
    assert set(table[:, 3]) == {None}
    found = skills(_answers(*said), ["a", "b", "c"])
    quality = found.quality.values
    assert quality[0] > 0.8 > quality[2]
    assert [one["label"] for one in skill_facts(found)] == ["a is right", "b is right", "c is right"]
    assert skills(_answers(*said[:9]), ["a", "b", "c"]) is None
    assert skills({}, []) is None
    alike = _answers(*(_entry(row, who, "keep") for row in range(20) for who in "ab"))
    assert skills(alike, ["a", "b"]) is None


def test_figures_in_words():
    rate = Estimate("noise_rate", 0.1, 0.05, 0.2, "share of labels")
    assert rate_fact(rate, 25) == fact("Wrong among all labels", str(rate), "estimated anew after 25 answers")
    effect = Estimate("effect", 1.0, 0.5, 1.5, "points")
    (told,) = measured_facts({"drop": Measured(effect, effect, "helps", 0.01, 0.3, 0.1)}, 25)
    assert told["label"] == "Drop as decided so far"
    assert told["text"] == f"{effect} (helps)"
