import numpy as np
import pytest

from samplewise.auditing.answers import label_answers
from samplewise.auditing.decision_log import DecisionLog, Entry
from samplewise.core.codec import save_record
from samplewise.core.errors import InputError
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, Decision
from samplewise.data import Dataset
from samplewise.data.targets import describe_target
from samplewise.labels.facts import Answer
from samplewise.labels.facts_or_outcomes import OUTCOMES, LabelMeaning

FACTS = LabelMeaning("facts", "you")
DATA = Dataset(np.arange(6.0)[:, None], ["cat", "dog", "fox"] * 2, ids=[10, 11, 12, 13, 14, 15])
TARGET = describe_target(DATA.y)
HEAD = "id,given,suggested,probability,reason,decision\n"


def answers(reviewed):
    return label_answers(reviewed, DATA, TARGET, FACTS)


def test_nothing_given_is_no_answer():
    assert answers(None) == {}
    assert label_answers(None, DATA, TARGET, OUTCOMES) == {}


def test_a_list_of_findings_is_read_by_id(tmp_path):
    file = tmp_path / "SW201.csv"
    lines = ["10,cat,dog,.6,,keep", "11,dog,fox,.5,,relabel", "12,fox,cat,.5,,", "13,cat,,.5,,dog", "14,dog,,,,drop"]
    lines += ["15,fox,,.4,,weight:0.5", "99,cat,,.4,,drop"]  # a weight is no answer; 99 is no longer there
    file.write_text(HEAD + "\n".join(lines) + "\n")
    assert answers(file) == {10: Answer(0.0), 11: Answer(1.0, 2), 13: Answer(1.0, 1), 14: Answer(1.0)}


def test_of_a_run_folder_only_the_list_of_labels_is_read(tmp_path):
    (tmp_path / "findings").mkdir()
    (tmp_path / "findings" / "SW201.csv").write_text(HEAD + "10,cat,,,,keep\n")
    (tmp_path / "findings" / "SW102.csv").write_text(HEAD + "11,dog,,,,drop\n")
    assert answers(tmp_path) == answers(tmp_path / "findings") == {10: Answer(0.0)}
    with pytest.raises(InputError, match="no such file"):
        answers(tmp_path / "elsewhere.csv")


def test_of_a_run_folder_the_answers_of_its_review_come_before_the_list(tmp_path):
    save_record(AuditRecord(RECORD_SCHEMA, {"fingerprint": "f1"}, {}, {}, ()), tmp_path)
    log = DecisionLog(tmp_path, "f1")
    log.append(Entry(10, "SW201", "keep", reviewer="r1", given="cat"))
    log.append(Entry(11, "SW201", "relabel", "fox", "r1", given="dog"))
    log.append(Entry(12, "SW104", "keep", reviewer="r1", given="fox"))  # an outlier that stays: its label was not asked
    log.append(Entry(13, "SW201", "unsure", reviewer="r1", given="cat"))
    assert answers(tmp_path) == {10: Answer(0.0), 11: Answer(1.0, 2)}  # a review needs no list beside it
    (tmp_path / "findings").mkdir()
    (tmp_path / "findings" / "SW201.csv").write_text(HEAD + "10,cat,,,,drop\n14,dog,,,,drop\n")
    assert answers(tmp_path) == {10: Answer(0.0), 11: Answer(1.0, 2), 14: Answer(1.0)}


def test_a_label_that_was_changed_since_is_right_now():
    assert answers([Decision(10, "relabel", "cat"), Decision("11", "keep")]) == {10: Answer(0.0), 11: Answer(0.0)}


def test_a_mapping_holds_answers_in_any_form():
    assert answers({10: 1, 11: "keep", 12: 0.4}) == {10: Answer(1.0), 11: Answer(0.0), 12: Answer(0.4)}
    with pytest.raises(InputError, match="99"):
        answers({99: 1})


def test_outcomes_are_not_settled_by_answers():
    with pytest.raises(InputError, match=r'(?s)read as outcomes.*pass labels_are="facts"'):
        label_answers({10: 1}, DATA, TARGET, OUTCOMES)
