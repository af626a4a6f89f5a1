import numpy as np
import pandas as pd
import pytest

from samplewise import selection
from samplewise.core.errors import InputError
from samplewise.core.findings import Decision, Remedy
from samplewise.data import Dataset
from samplewise.selection.decisions import decisions_of, large_change


@pytest.fixture
def data() -> Dataset:
    y = ["cat", "cat", "dog", "dog", "cat"]
    return Dataset(np.arange(10.0).reshape(5, 2), y, ids=["p", "q", "r", "s", "t"], groups=[1, 1, 2, 2, 3])


def test_every_kind_is_carried_out_and_logged(data):
    decisions = [
        Decision("t", "drop", by="ann"),
        Decision("q", "relabel", "dog", "ann"),
        Decision("r", "reweight", 0.5, "rule"),
        Decision("p", "keep", by="ann"),
    ]
    applied = selection.apply(data, decisions)
    assert applied.data.ids.tolist() == ["p", "q", "r", "s"]
    assert applied.data.y.tolist() == ["cat", "dog", "dog", "dog"]
    assert applied.data.weights.tolist() == [1.0, 1.0, 0.5, 1.0]
    assert applied.data.groups.tolist() == [1, 1, 2, 2]
    assert [(e.id, e.kind, e.before, e.after, e.by) for e in applied.log] == [
        ("q", "relabel", "cat", "dog", "ann"),
        ("r", "reweight", 1.0, 0.5, "rule"),
        ("t", "drop", "row", "", "ann"),
    ]
    frame = applied.to_frame()
    assert frame.columns.tolist() == ["id", "kind", "before", "after", "by", "column"]
    assert frame["after"].tolist() == ["dog", 0.5, ""]


def test_the_data_passed_in_is_left_as_it_was(data):
    before = data.fingerprint()
    selection.apply(data, [Decision("p", "relabel", "dog"), Decision("q", "drop"), Decision("r", "reweight", 2)])
    assert data.fingerprint() == before


def test_without_a_change_the_log_is_empty_and_its_frame_has_its_columns(data):
    applied = selection.apply(data, [Decision("p", "keep"), Decision("q", "relabel", "cat")])
    assert applied.log == ()
    assert applied.data.fingerprint() == data.fingerprint()
    assert applied.to_frame().columns.tolist() == ["id", "kind", "before", "after", "by", "column"]


def test_two_decisions_for_one_row_are_refused_by_id(data):
    with pytest.raises(InputError, match="more than one decision") as caught:
        selection.apply(data, [Decision("p", "drop"), Decision("q", "drop"), Decision("p", "keep")])
    assert caught.value.where == "rows id p"
    assert caught.value.got == "p: drop, keep"
    assert "one decision" in caught.value.fix


def test_unknown_ids_and_kinds_are_refused(data):
    with pytest.raises(InputError, match="not in the data") as caught:
        selection.apply(data, [Decision("z", "drop")])
    assert "z" in caught.value.where
    with pytest.raises(InputError, match="delete") as caught:
        selection.apply(data, [Decision("p", "delete")])
    assert "known: relabel, drop" in caught.value.fix


def test_an_unknown_class_names_the_row_and_the_nearest_class(data):
    with pytest.raises(InputError, match="no class named 'dgo'") as caught:
        selection.apply(data, [Decision("p", "relabel", "dgo")])
    assert caught.value.where == "rows id p"
    assert "did you mean 'dog'" in caught.value.fix


@pytest.mark.parametrize("weight", ["heavy", -1, float("nan"), None])
def test_a_weight_must_be_a_number_that_is_not_negative(data, weight):
    with pytest.raises(InputError, match="weight is not a number of at least 0") as caught:
        selection.apply(data, [Decision("s", "reweight", weight)])
    assert caught.value.where == "rows id s"
    assert "finite number" in caught.value.fix


def test_dropping_every_row_is_refused(data):
    with pytest.raises(InputError, match="no row would be left") as caught:
        selection.apply(data, [Decision(key, "drop") for key in data.ids.tolist()])
    assert "keep at least one" in caught.value.fix


def test_an_id_may_be_given_as_its_text_and_still_conflicts():
    data = Dataset(np.zeros((3, 1)), ["a", "a", "b"], ids=[10, 11, 12])
    applied = selection.apply(data, [Decision("11", "drop")])
    assert applied.data.ids.tolist() == [10, 12]
    assert applied.log[0].id == 11
    with pytest.raises(InputError, match="more than one decision"):
        selection.apply(data, [Decision("11", "drop"), Decision(11, "keep")])


def test_classes_written_as_numbers_are_found_by_their_text():
    data = Dataset(np.zeros((4, 1)), np.array([0, 1, 0, 1]))
    assert selection.apply(data, [Decision(0, "relabel", "1")]).data.y.tolist() == [1, 1, 0, 1]
    with pytest.raises(InputError, match="no class named '2'"):
        selection.apply(data, [Decision(0, "relabel", 2)])


def test_in_a_regression_any_number_is_a_label_and_whole_numbers_may_become_fractions():
    data = Dataset(np.zeros((300, 1)), np.arange(300))
    applied = selection.apply(data, [Decision(3, "relabel", "7.5")])
    assert applied.data.y[:5].tolist() == [0.0, 1.0, 2.0, 7.5, 4.0]
    with pytest.raises(InputError, match="label is not a number") as caught:
        selection.apply(data, [Decision(3, "relabel", "many")])
    assert caught.value.where == "rows id 3"
    with pytest.raises(InputError, match="no class named"):
        selection.apply(data, [Decision(3, "relabel", 7.5)], task="classification")


def test_relabeling_needs_one_label_per_row():
    with pytest.raises(InputError, match="no single label") as caught:
        selection.apply(Dataset(np.zeros((2, 1))), [Decision(0, "relabel", 1)])
    assert "shape (n,)" in caught.value.fix


def test_a_longer_class_name_is_not_cut():
    data = Dataset(np.zeros((3, 1)), np.array(["a", "a", "elephant"])[:3])
    assert selection.apply(data, [Decision(0, "relabel", "elephant")]).data.y[0] == "elephant"


def test_row_order_changes_nothing_but_the_order(data):
    decisions = [Decision("p", "relabel", "dog"), Decision("q", "drop"), Decision("r", "reweight", 3.0)]
    turned = data.take(np.array([4, 2, 0, 1, 3]))
    one, other = (selection.apply(rows, decisions) for rows in (data, turned))
    assert one.data.fingerprint() == other.data.fingerprint()
    assert set(one.log) == set(other.log)


def test_remedies_become_decisions_and_the_first_wins():
    remedies = [Remedy("reweight", (1, 2), (0.1, 0.2)), Remedy("drop", (2, 3)), Remedy("review", (9,))]
    remedies.append(Remedy("clean", ("weight",), ("set to missing",)))  # by a person: decisions are about rows
    assert [(d.id, d.kind, d.value, d.by) for d in decisions_of(remedies)] == [
        (1, "reweight", 0.1, "samplewise"),
        (2, "reweight", 0.2, "samplewise"),
        (3, "drop", None, "samplewise"),
    ]
    with pytest.raises(InputError, match="one value per row") as caught:
        decisions_of([Remedy("relabel", (1, 2), ("a",))])
    assert caught.value.where == "rows id 1, 2"
    assert "new label or weight" in caught.value.fix


def test_ids_in_the_place_of_decisions_are_refused_with_both_ways(data):
    with pytest.raises(InputError, match=r"selection\.Decision.*data\.drop\(ids\)"):
        selection.apply(data, [3])
    assert selection.Decision is Decision


def test_a_change_is_large_from_a_tenth_of_the_rows_or_a_point_of_a_class_share():
    rows = Dataset(np.arange(1000.0)[:, None], np.repeat(["a", "b"], 500), weights=np.ones(1000))
    spread = np.argsort(np.tile(np.arange(500), 2), kind="stable")  # the classes in turn
    assert large_change(rows, rows.take(np.sort(spread[100:]))) == ""
    assert large_change(rows, rows.take(np.sort(spread[102:]))) == "removes 10 % of the rows"
    moved = rows.y.copy()
    moved[:10] = "b"
    assert large_change(rows, rows.with_labels(moved)) == ""
    moved[:11] = "b"
    assert large_change(rows, rows.with_labels(moved)) == "moves the share of class 'a' by 1.1 points"
    weightless = np.ones(1000)
    weightless[:11] = 0.0
    assert large_change(rows, rows.with_weights(weightless)) == ""
    weightless[:200] = 0.0
    assert "removes 20 % of the rows and moves the share of class 'a'" in large_change(
        rows, rows.with_weights(weightless)
    )


def test_labels_that_are_numbers_have_no_shares():
    rows = Dataset(np.arange(100.0)[:, None], np.linspace(0.0, 1.0, 100))
    assert large_change(rows, rows.with_labels(np.linspace(5.0, 6.0, 100))) == ""
    assert large_change(rows, rows.take(np.arange(80))) == "removes 20 % of the rows"


def people() -> Dataset:
    frame = pd.DataFrame({"age": [30, -9, 50, 41], "town": ["Ulm", "ulm", "Kiel", "Ulm"]})
    return Dataset(frame, ["a", "b", "a", "b"], ids=["p", "q", "r", "s"])


def test_cells_are_changed_and_logged_by_column():
    rows = people()
    decisions = [
        Decision("q", "clean", None, "me", column="age"),
        Decision("q", "clean", "Ulm", "me", column="town"),
        Decision("r", "clean", "49.5", "me", column="age"),
        Decision("p", "clean", 30, "me", column="age"),
        Decision("q", "relabel", "a", "me"),
    ]
    applied = selection.apply(rows, decisions)
    assert applied.data.X["age"].tolist()[2:] == [49.5, 41.0]
    assert np.isnan(applied.data.X["age"].iloc[1])
    assert applied.data.X["town"].tolist() == ["Ulm", "Ulm", "Kiel", "Ulm"]
    assert [(e.id, e.kind, e.column, e.before, e.after) for e in applied.log] == [
        ("q", "clean", "age", -9, None),
        ("q", "clean", "town", "ulm", "Ulm"),
        ("q", "relabel", "", "b", "a"),
        ("r", "clean", "age", 50, 49.5),
    ]
    assert rows.X["age"].tolist() == [30, -9, 50, 41]
    assert applied.data.columns == rows.columns


def test_cells_of_an_array_are_changed():
    rows = Dataset(np.array([[1, 2], [3, 4]]), [0, 1])
    applied = selection.apply(rows, [Decision(1, "clean", None, column="x0"), Decision(0, "clean", 7, column="x1")])
    assert np.array_equal(applied.data.X, [[1, 7], [np.nan, 4]], equal_nan=True)


def test_cells_of_dropped_rows_are_not_changed():
    applied = selection.apply(people(), [Decision("q", "clean", None, column="age"), Decision("q", "drop")])
    assert [(e.id, e.kind) for e in applied.log] == [("q", "drop")]


@pytest.mark.parametrize(
    ("decisions", "words"),
    [
        ([Decision("q", "clean", 1, column="height")], "no column of cells named 'height'"),
        ([Decision("q", "clean", "old", column="age")], "this cell is not a number"),
        ([Decision("q", "clean", ["x"], column="town")], "can only be set to missing"),
        ([Decision("q", "clean", value, column="age") for value in (1, 2)], "cells have more than one"),
    ],
)
def test_cells_that_cannot_be_changed_are_refused(decisions, words):
    with pytest.raises(InputError, match=words):
        selection.apply(people(), decisions)


def test_a_set_of_labels_may_be_new_and_its_labels_may_not():
    rows = Dataset(np.arange(20.0)[:, None], np.array(["a;b", "a", "b;c", "c"] * 5, dtype=object))
    applied = selection.apply(rows, [Decision(0, "relabel", "c;a"), Decision(1, "relabel", "a;b")])
    assert applied.data.y.tolist()[:2] == ["a;c", "a;b"]
    with pytest.raises(InputError, match="'d'"):
        selection.apply(rows, [Decision(0, "relabel", "a;d")])
