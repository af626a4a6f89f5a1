"""Which rows are not as they were audited, told from one fingerprint and a hash a row."""

import json

import numpy as np
import pandas as pd
import pytest

import samplewise as sw
from samplewise.auditing.audited_rows import (
    ROWS_FILES,
    AuditedRows,
    are_numbered,
    changed_rows,
    load_rows,
    read_again,
    recorded_roles,
    require_given,
    require_match,
)
from samplewise.core.errors import InputError
from samplewise.core.findings import Decision
from samplewise.data import Dataset, read_dataset

FRAME = pd.DataFrame({"key": list("abcdef"), "size": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "kind": list("xyxyxy")})


def read(frame, id=None):
    return read_dataset(frame, label="kind", id=id, drop_columns=() if id else ("key",))


def facts_of(reading):
    facts = {"fingerprint": "f", "numbered": are_numbered(reading), **reading.recorded()}
    rows = AuditedRows.of(reading.data, facts)
    return facts | {"content": rows.content()}, rows


def told(frame, changed, id):
    facts, rows = facts_of(read(frame, id))
    return rows.difference(AuditedRows.of(read(changed, id).data, facts))


def test_rows_with_names_change_come_and_go_but_do_not_move():
    changed = FRAME.drop(index=[1]).assign(size=[1.0, 3.0, 4.5, 5.0, 6.0])
    found = told(FRAME, pd.concat([changed, FRAME.iloc[:1].assign(key="new")], ignore_index=True)[::-1], "key")
    assert (found.changed, found.new, found.gone, found.moved) == (("d",), ("new",), ("b",), ())
    assert found.text() == "1 row changed: rows id d; 1 row new: rows id new; 1 row gone: rows id b"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda frame: frame.iloc[[1, 0, 2, 3, 4, 5]], {"moved": ("0", "1")}),
        (lambda frame: frame.assign(size=[1.0, 2.5, 3.0, 4.0, 5.0, 6.0]), {"changed": ("1",)}),
        (lambda frame: frame.iloc[[0, 1, 3, 4, 5]], {"moved": ("2", "3", "4"), "gone": ("2",)}),
        (lambda frame: pd.concat([frame, frame.iloc[:1].assign(size=9.0)]), {"new": ("6",)}),
    ],
)
def test_rows_that_are_numbered_move(change, found):
    difference = told(FRAME, change(FRAME).reset_index(drop=True), None)
    parts = {name: getattr(difference, name) for name in ("changed", "moved", "new", "gone")}
    assert {name: ids for name, ids in parts.items() if ids} == found


def test_other_content_is_refused_and_names_may_be_gone_by():
    facts, rows = facts_of(read(FRAME, "key"))
    same = read(FRAME.iloc[::-1], "key")
    assert changed_rows(facts, rows, same, "content", "here") == frozenset()
    other = read(FRAME.assign(size=0.0, kind=list("xyxyxx")).iloc[1:], "key")
    with pytest.raises(
        InputError, match=r"(?s)not the data that were audited.*here.*5 rows changed.*1 row gone.*--match id"
    ):
        changed_rows(facts, rows, other, "content", "here")
    assert changed_rows(facts, rows, other, "id", "here") == frozenset("abcdef")
    with pytest.raises(InputError, match="which rows cannot be told"):
        changed_rows(facts, None, other, "content", "here")
    assert changed_rows(facts, None, other, "id", "here") is None
    numbered, its_rows = facts_of(read(FRAME))
    with pytest.raises(InputError, match=r"(?s)6 rows where another row was before.*--id COL"):
        changed_rows(numbered, its_rows, read(FRAME.iloc[::-1].reset_index(drop=True)), "id", "here")
    with pytest.raises(InputError, match="content"):
        require_match("contents")


def test_a_decision_about_a_changed_row_must_say_which_label_it_had():
    require_given([Decision("a", "drop"), Decision("b", "drop", given="x")], frozenset("b"))
    with pytest.raises(InputError, match=r"list\.csv, line 3, row id b"):
        require_given([Decision("a", "drop"), Decision("b", "drop", by="list.csv", line=3)], frozenset("b"))
    with pytest.raises(InputError, match="rows id a"):
        require_given([Decision("a", "drop")], None)


def test_the_file_of_rows_belongs_to_one_record(tmp_path):
    for id in ("key", None):
        facts, rows = facts_of(read(FRAME, id))
        file = rows.save(tmp_path)
        assert load_rows(tmp_path, facts).content() == facts["content"]
        content = file.read_bytes()
        file.write_bytes(content[:-40])
        assert load_rows(tmp_path, facts) is None
        assert load_rows(tmp_path, facts | {"content": "other"}) is None


def test_rows_are_read_as_the_record_says():
    facts, _ = facts_of(read(FRAME, "key"))
    assert recorded_roles(FRAME, facts) == {"label": "kind", "id": "key"}
    assert recorded_roles((FRAME, [1]), facts) == recorded_roles(Dataset([[0.0]]), facts) == {}
    assert read_again(FRAME, json.loads(json.dumps(facts))).data.ids.tolist() == list("abcdef")
    assert read_again(FRAME[["key", "size"]], facts, FRAME["kind"].tolist()).data.y.tolist() == list("xyxyxy")
    with pytest.raises(InputError, match="does not say how"):
        read_again(FRAME, {"label": "kind"})


def test_numbers_from_0_are_places_and_any_other_ids_are_names():
    assert are_numbered(read(FRAME))
    assert not are_numbered(read(FRAME.set_axis([1, 0, 2, 3, 4, 5])))
    assert not are_numbered(read(FRAME.assign(key=range(6)), "key"))


def test_an_audit_without_values_keeps_no_hash_of_a_row(tmp_path):
    X = np.random.default_rng(0).normal(size=(40, 2))
    frame = pd.DataFrame(X, columns=["a", "b"]).assign(kind=X[:, 0] > 0, key=[f"r{row}" for row in range(40)])
    for shown in (True, False):
        folder = tmp_path / str(shown)
        audit = sw.audit(frame, label="kind", id="key", checks="SW101", run_dir=folder, show_values=shown)
        assert len(list(folder.glob(ROWS_FILES))) == shown
        assert audit.record.data["roles"] == {"label": "kind", "id": "key"}
        again = sw.load_audit(folder)
        decided = [Decision("r3", "drop", given=str(frame["kind"][3]))]
        assert len(again.apply(frame[::-1], decisions=decided).data) == 39
        with pytest.raises(InputError, match="1 row changed: rows id r5" if shown else "which rows cannot be told"):
            again.apply(frame.assign(a=frame["a"] + (frame["key"] == "r5")), decisions=decided)
