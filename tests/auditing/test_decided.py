"""What is carried out is what people decided, and nothing they left open."""

import pytest

from samplewise import selection
from samplewise.auditing.decided import decided, decided_in, other_data
from samplewise.auditing.decision_log import DecisionLog, Entry
from samplewise.core.codec import save_record
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, Decision
from samplewise.data import Dataset


def _answers(*entries: Entry) -> dict:
    found: dict = {}
    for entry in entries:
        found.setdefault(entry.key, {})[entry.reviewer] = entry
    return found


def _label(row: str, value: str, who: str = "r1", code: str = "SW201", **more: object) -> Entry:
    return Entry(row, code, "relabel", value, who, given="cat", **more)  # type: ignore[arg-type]


def test_every_kind_of_answer():
    found = decided(
        _answers(
            _label("a", "dog"),
            Entry("b", "SW201", "keep", reviewer="r1", given="cat"),
            Entry("c", "SW102", "drop", reviewer="r1", given="dog"),
            Entry("d", "SW108", "relabel", None, "r1", given="-999", column="age"),
            Entry("e", "SW108", "keep", reviewer="r1", given="-1", column="age"),
            Entry("f", "SW201", "unsure", reviewer="r1"),
        )
    )
    assert found.decisions == (
        Decision("a", "relabel", "dog", "r1", "cat"), Decision("b", "keep", None, "r1", "cat"),
        Decision("c", "drop", None, "r1", "dog"), Decision("d", "clean", None, "r1", column="age"),
    )  # fmt: skip
    assert len(found.left_out) == 1
    assert "nobody was sure" in found.left_out[0]
    assert "f" in found.left_out[0]


def test_more_than_half_decide_and_others_are_left_out():
    three = [_label("a", "dog", "r1"), _label("a", "dog", "r2"), _label("a", "cow", "r3")]
    found = decided(_answers(*three))
    assert [(one.value, one.by) for one in found.decisions] == [("dog", "r1, r2")]
    found = decided(_answers(*three[1:]))
    assert found.decisions == ()
    assert "differently" in found.left_out[0]
    unsure = Entry("a", "SW201", "unsure", reviewer="r2")
    assert len(decided(_answers(three[0], unsure)).decisions) == 1
    same = Entry("a", "SW201", "keep", reviewer="r2", given="cat")  # as good as the label it has
    assert len(decided(_answers(_label("a", "cat"), same)).decisions) == 1


def test_one_decision_a_row_however_many_lists_ask():
    row = [_label("a", "dog", time=2.0), Entry("a", "SW102", "keep", reviewer="r1", given="cat", time=3.0)]
    assert [one.kind for one in decided(_answers(*row)).decisions] == ["relabel"]
    dropped = Entry("a", "SW104", "drop", reviewer="r1", given="cat", time=1.0)
    cell = Entry("a", "SW108", "relabel", 3, "r1", column="age")
    assert [one.kind for one in decided(_answers(*row, dropped, cell)).decisions] == ["drop"]
    newer = _label("a", "cow", code="SW203", time=9.0)
    assert [one.value for one in decided(_answers(row[0], newer)).decisions] == ["cow"]


def test_rows_that_are_not_in_the_data_are_named():
    found = decided(_answers(_label("a", "dog"), _label("z", "dog")), ["a", "b"])
    assert [one.id for one in found.decisions] == ["a"]
    assert "not among the rows" in found.left_out[0]


def test_decisions_of_a_run_folder_can_be_applied(tmp_path):
    data = Dataset([[1.0], [2.0], [3.0]], ["cat", "cat", "dog"], ids=[7, 8, 9])
    save_record(AuditRecord(RECORD_SCHEMA, {"fingerprint": "abc1"}, {}, {}, ()), tmp_path)
    assert decided_in(tmp_path) == decided({})
    log = DecisionLog(tmp_path, "abc1")
    log.append(_label(7, "dog"))
    log.append(Entry(8, "SW102", "drop", reviewer="r1", given="cat"))
    log.append(Entry(8, "SW102", reviewer="r1", kind="undo"))
    with log.file.open("a") as stream:
        stream.write("nonsense\n")
    DecisionLog(tmp_path, "0ther").append(_label(9, "cow"))
    found = decided_in(tmp_path, data.ids.tolist())
    assert selection.apply(data, found.decisions).data.y.tolist() == ["dog", "cat", "dog"]
    assert "line 4" in found.left_out[0]
    assert "decisions/0ther/" in found.left_out[1]
    assert other_data(tmp_path, log) == [found.left_out[1]]


def test_a_label_that_changed_since_is_refused(tmp_path):
    data = Dataset([[1.0], [2.0]], ["dog", "cat"], ids=["a", "b"])
    with pytest.raises(ValueError, match="another label"):
        selection.apply(data, decided(_answers(_label("a", "cat"))).decisions)
