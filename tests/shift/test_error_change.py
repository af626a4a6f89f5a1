"""Drift that costs points sets the alarm off and is named; drift that costs none does not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.shift import error_change

COUNT = 3000


def place(seed, moved=0.0, flipped=0.0, count=COUNT):
    """Rows, labels and outputs of a model that errs in 5 % of rows with `age` below 0.5 and in 35 % of the others."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(count, 3)), columns=["age", "size", "hours"])
    X["age"] += moved
    X["kind"] = rng.choice(["a", "b"], count)
    y = np.where(X["size"] > 0, "yes", "no")
    wrong = rng.random(count) < np.where(X["age"] > 0.5, 0.35, 0.05)
    said = np.where(wrong, 1 - (y == "yes"), y == "yes")
    y = np.where(rng.random(count) < flipped, np.where(y == "yes", "no", "yes"), y)
    return X, y, np.eye(2)[said]


def change(target, source=None, labeled=True, **more):
    X, y, sure = place(0) if source is None else source
    X2, y2, sure2 = target
    return error_change((X, y), (X2, y2) if labeled else X2, outputs=(sure, sure2), **more)


def total(found):
    return found.covariate.value + found.concept.value, found.label_part.value + found.label_rest.value


def test_the_parts_add_up_and_no_drift_is_no_change():
    found = change(place(1))
    assert abs(total(found)[0] - found.change.value) < 1e-9
    assert abs(total(found)[1] - found.change.value) < 1e-9
    assert found.covariate.low < 0 < found.covariate.high
    assert found.concept.low < 0 < found.concept.high
    assert found.alarm != "above margin"
    assert list(found.path.index) == []


def test_other_rows_are_the_covariate_part_and_the_column_is_named_without_labels():
    target = place(2, moved=1.0)
    found = change(target, labeled=False)
    assert found.alarm == "above margin"
    assert list(found.path.index) == ["age"]
    assert found.path["moves"]["age"] > 3.0
    assert "cannot be seen without labels" in str(found)
    assert np.isnan(found.concept.value)
    assert "no labels" in found.concept.reason
    known = change(target)
    assert known.covariate.value == found.covariate.value  # labels of the target enter the rest only
    assert known.covariate.low < known.change.value < known.covariate.high
    assert known.concept.low < 0 < known.concept.high


def test_other_labels_on_equal_rows_are_seen_with_labels_only():
    target = place(3, flipped=0.2)
    with_labels, without = change(target), change(target, labeled=False)
    assert with_labels.alarm == "above margin"
    assert with_labels.concept.low > 4.0
    assert with_labels.label_rest.low > 4.0
    assert without.alarm != "above margin"


def test_labels_of_some_rows_will_do():
    X, y, sure = place(4, flipped=0.2)
    labels = np.where(np.random.default_rng(0).random(COUNT) < 0.2, y, None)
    found = change((X, y, sure), labeled=False, labels=labels)
    assert found.n_labels == sum(label is not None for label in labels)
    assert found.concept.low < change((X, y, sure)).concept.value < found.concept.high


def test_a_drift_that_costs_nothing_is_surely_below_a_wide_margin():
    X, y, sure = place(5)
    X["hours"] += 0.5
    found = change((X, y, sure), labeled=False, margin=4.0)
    assert found.alarm == "below margin"


def test_places_that_do_not_overlap_cannot_be_told():
    X, y, sure = place(6)
    X[["age", "size", "hours"]] += 50.0
    found = change((X, y, sure), labeled=False)
    assert found.alarm == "cannot be told"
    assert set(found.left_out) == {"age", "size", "hours"}
    assert "most columns" in found.covariate.reason
    assert change((X, y, sure)).alarm == "not distinguishable"  # labels tell all the same


def test_a_column_that_gives_the_place_away_is_left_out_and_named():
    X, y, sure = place(7)
    X0, y0, sure0 = place(0)
    found = change((X.assign(site=2.0), y, sure), (X0.assign(site=1.0), y0, sure0), labeled=False)
    assert found.left_out == ("site",)
    assert found.alarm == "not distinguishable"
    assert "site" in str(found)


def test_a_new_class_is_always_missed():
    X, y, sure = place(8, count=600)
    y = y.astype(object)
    y[:60] = "maybe"
    found = change((X, y, sure))
    assert "classes that the source lacks" in found.label_part.reason
    assert found.target_error.value > 0.2


def test_numbers_are_in_the_unit_of_the_label():
    rng = np.random.default_rng(0)
    X, X2 = rng.normal(size=(800, 2)), rng.normal([1.5, 0.0], size=(800, 2))
    noise = np.abs(X[:, 0]) * rng.normal(size=800), np.abs(X2[:, 0]) * rng.normal(size=800)
    y, y2 = 10 * (X[:, 1] + noise[0]), 10 * (X2[:, 1] + noise[1])
    found = error_change((X, y), (X2, y2), outputs=(10 * X[:, 1], 10 * X2[:, 1]))
    assert found.change.unit == "in the label's unit"
    assert found.change.value > 2.0
    assert abs(total(found)[0] - found.change.value) < 1e-9
    assert found.alarm == "above margin"
    assert found.label_part.reason == "numbers have no classes"


def test_without_outputs_a_model_is_cross_fitted():
    X, y, _ = place(9, count=400)
    X2, y2, _ = place(10, count=400)
    found = error_change(X.assign(income=y), X2.assign(income=y2), label="income", learner="logistic")
    assert found.n_labels == 400
    assert found.source_error.value < 0.1


def test_order_of_rows_changes_nothing():
    from samplewise.data import Dataset

    X, y, sure = place(11, count=400)
    X2, _, sure2 = place(12, moved=1.0, count=400)
    back = np.arange(400)[::-1]
    one = error_change(Dataset(X, y), Dataset(X2), outputs=(sure, sure2))
    two = error_change(
        Dataset(X.iloc[back], y[back], ids=back), Dataset(X2.iloc[back], ids=back), outputs=(sure[back], sure2[back])
    )
    assert abs(one.covariate.value - two.covariate.value) < 1e-6


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"margin": -1.0}, "margin must be a finite number"),
        ({"labels": ["yes"]}, "every row of the target needs a label or a gap"),
        ({"outputs": np.zeros((COUNT, 2))}, "outputs are those of the source rows"),
        ({"outputs": (np.zeros(COUNT), np.zeros(COUNT))}, "one column per class"),
    ],
)
def test_what_cannot_be_used_is_refused(changed, said):
    X, y, sure = place(0)
    given = {"outputs": (sure, sure)} | changed
    with pytest.raises(InputError, match=said):
        error_change((X, y), X, **given)


def test_missing_columns_and_few_rows_are_refused():
    X, y, sure = place(0)
    with pytest.raises(InputError, match="lack columns"):
        error_change((X, y), X.drop(columns="age"), outputs=(sure, sure))
    with pytest.raises(InputError, match="too few rows"):
        error_change((X, y), X[:10], outputs=(sure, sure[:10]))


def test_what_no_single_column_explains_is_said():
    found = change(place(2, moved=1.0), labeled=False)
    assert "no single column" not in str(found)
    steps = found.path.assign(together=0.1)
    said = " ".join(str(replace(found, path=steps)).split())
    assert "together +0.1, the rest of it is of no single column" in said
