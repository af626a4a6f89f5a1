"""The audit's answers on fixed data are the committed ones; `python tools/golden.py write` renews those.

Statuses, codes, severities, words, verdicts and counts are compared exactly, numbers to a tolerance that holds on any
machine. Takes about a minute and a half on one core.
"""

import copy
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "golden.py"


def _load() -> ModuleType:
    specification = importlib.util.spec_from_file_location("golden_tool", TOOL)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module


golden = _load()


@pytest.mark.parametrize("case", golden.CASES)
def test_the_audit_answers_as_committed(case: str) -> None:
    absent = golden.missing_data(case)
    if absent:
        pytest.skip(absent)

    found = golden.records(case)

    assert sorted(found) == sorted(path.stem for path in golden.GOLDEN.glob(f"{case}*.json"))
    changed = [line for name, record in found.items() for line in golden.against_committed(name, record)]
    assert not changed, "\n".join([*changed, "if these answers are right: python tools/golden.py write"])


# --- the comparator --------------------------------------------------------------------------------------------------


def _estimate(value: float) -> dict[str, Any]:
    return {"quantity": "gap", "value": value, "low": value - 1, "high": None, "unit": "points"}


def _finding(title: str, keys: list[Any]) -> dict[str, Any]:
    remedy = {"kind": "drop", "verdict": "helps", "keys": keys, "effect": _estimate(0.25), "action": "Drop them"}
    return {
        "code": "SW201", "severity": "note", "axis": "row", "keys": keys, "title": title, "caveat": "",
        "explanation": "Far by 1,215 to -3.5 of Rosa's rows.", "measured": [_estimate(2.0)], "remedies": [remedy],
    }  # fmt: skip


@pytest.fixture
def record() -> dict[str, Any]:
    scores = {
        "quantity": "wrong_label", "unit": "probability",
        "keys": {"values": ["r1", "r2", "r3"]}, "values": {"values": [0.5, None, 0.75]},
    }  # fmt: skip
    result = {
        "findings": [_finding("3 rows of Rosa", ["r1", "r2"]), _finding("5 rows beside", ["r3"])],
        "measured": [_estimate(1.0)], "scores": [scores], "exhibits": [],
    }  # fmt: skip
    data = {
        "rows": 3, "shape": [3, 1], "task": "classification", "classes": ["Rosa", "b"], "class_counts": [1, 2],
        "columns": [{"name": "Ward", "kind": "numeric", "role": "feature"}], "label": "who", "missing_labels": 0,
        "set_aside": [], "notes": ["Ward: a note"], "test_rows": None, "fingerprint": "0",
    }  # fmt: skip
    plan = {"fits": 12, "learner": "kernel", "refits": {"folds": 5}, "learner_fingerprint": "0"}
    outcome = {"code": "SW201", "status": "found", "reason": "", "seconds": 1.0, "result": result}
    return {"data": data, "plan": plan, "environment": {"cores": 2}, "outcomes": [outcome]}


@pytest.fixture
def committed(record: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(golden, "GOLDEN", tmp_path)
    golden.golden_path("made").write_text(golden.golden_text(golden.golden(record)), "utf-8")
    return copy.deepcopy(record)


def test_the_same_record_is_no_difference(committed: dict[str, Any]) -> None:
    assert golden.against_committed("made", committed) == []


def test_a_moved_number_is_named_with_its_place(committed: dict[str, Any]) -> None:
    committed["outcomes"][0]["result"]["findings"][1]["remedies"][0]["effect"]["value"] = 0.26

    (line,) = golden.against_committed("made", committed)

    assert line == "made, SW201, findings[1], remedies[0], effect, value: expected 0.25, got 0.26"


def test_a_number_moved_by_rounding_is_none(committed: dict[str, Any]) -> None:
    committed["outcomes"][0]["result"]["measured"][0]["value"] += golden.TOLERANCE / 2

    assert golden.against_committed("made", committed) == []


def test_a_count_is_compared_exactly() -> None:
    assert list(golden.differences({"rows": 3}, {"rows": 4}, golden.within(10.0))) == ["rows: expected 3, got 4"]
    assert list(golden.differences({"on": 1}, {"on": True}, golden.within(10.0))) == ["on: expected 1, got True"]


def test_a_missing_and_a_new_finding_are_named(committed: dict[str, Any]) -> None:
    findings = committed["outcomes"][0]["result"]["findings"]
    gone = findings.pop(0)

    (line,) = golden.against_committed("made", committed)

    assert line.startswith("made, SW201, findings[0]: expected {")
    assert line.endswith("got none")
    findings += [gone, _finding("7 things that nobody saw", [])]
    assert any("expected none, got {" in line for line in golden.against_committed("made", committed))


def test_a_changed_word_is_shown_in_full(committed: dict[str, Any]) -> None:
    committed["outcomes"][0]["result"]["findings"][0]["caveat"] = "Rare rows count."

    (line,) = golden.against_committed("made", committed)

    assert "made, SW201, findings[0], words: expected '" in line
    assert "Rare rows count." in line


def test_a_changed_number_in_the_words_is_shown(committed: dict[str, Any]) -> None:
    committed["outcomes"][0]["result"]["findings"][0]["explanation"] = "Far by 1,216 to -3.5 of Rosa's rows."

    (line,) = golden.against_committed("made", committed)

    assert line == "made, SW201, findings[0], numbers: expected '3 1215 -3.5', got '3 1216 -3.5'"


def test_other_keys_of_the_same_count_are_seen(committed: dict[str, Any]) -> None:
    committed["outcomes"][0]["result"]["findings"][1]["keys"] = ["r2"]

    (line,) = golden.against_committed("made", committed)

    assert line.startswith("made, SW201, findings[1], keys_digest: expected '")


def test_a_check_that_ends_otherwise_and_one_that_is_gone_are_named(committed: dict[str, Any]) -> None:
    committed["outcomes"][0]["status"] = "clean"
    assert golden.against_committed("made", committed) == ["made, SW201, status: expected 'found', got 'clean'"]

    committed["outcomes"].clear()
    (line,) = golden.against_committed("made", committed)
    assert line.startswith("made, SW201: expected {")
    assert line.endswith("got nothing of that name")


def test_a_score_that_moved_is_seen(committed: dict[str, Any]) -> None:
    committed["outcomes"][0]["result"]["scores"][0]["values"]["values"][1] = 0.1

    lines = golden.against_committed("made", committed)

    assert "made, SW201, scores, wrong_label, not_known: expected 1, got 0" in lines
    assert any(", rows, " in line and line.endswith("expected None, got 0.1") for line in lines)


def test_whole_records_are_compared_word_by_word_but_not_by_clock(record: dict[str, Any]) -> None:
    later = copy.deepcopy(record)
    later["environment"]["cores"] = 8
    later["outcomes"][0]["seconds"] = 2.0
    later["data"]["fingerprint"] = later["plan"]["learner_fingerprint"] = "1"
    assert list(golden.compared("made", {"made": record}, {"made": later}, 1e-12)) == []

    later["outcomes"][0]["result"]["findings"][0]["title"] = "3 rows of Rosalind"
    later["outcomes"][0]["result"]["scores"][0]["values"]["values"][2] = 0.8
    title, score = golden.compared("made", {"made": record}, {"made": later}, 1e-12)
    assert title == "made, SW201, findings[0], title: expected '3 rows of Rosa', got '3 rows of Rosalind'"
    assert "made, SW201, scores, wrong_label, values, values: 1 of 3 entries differ, the largest step 0.05" in score


def test_a_record_that_one_side_lacks_is_named(record: dict[str, Any]) -> None:
    assert list(golden.compared("made", {"made": record}, {}, 0.0)) == ["made: only the old checkout makes this record"]


def test_no_word_of_the_data_is_kept(record: dict[str, Any]) -> None:
    record["outcomes"][0]["result"]["measured"][0]["quantity"] = "gaps in Ward: class Rosa minus the others"

    text = json.dumps(golden.golden(record))

    assert "Rosa" not in text
    assert "Ward" not in text
    assert "r1" not in json.loads(text)["SW201"]["scores"]["wrong_label"]["rows"]
