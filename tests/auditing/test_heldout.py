"""What models that did not see a row say of it, or the predictions the user gave."""

import numpy as np
import pandas as pd
import pytest

from samplewise.auditing.heldout import (
    at_rows,
    errors_with_and_without,
    evaluated_losses,
    evaluated_outputs,
    ids_of,
    listed_rows,
    prediction_source,
    require_enough_rows,
)
from samplewise.core.errors import NotApplicable
from samplewise.data.dataset import Dataset


@pytest.fixture
def rows():
    draw = np.random.default_rng(0)
    X = draw.normal(size=(80, 2))
    return X, np.where(X[:, 0] > 0, "yes", "no")


def test_outputs_are_those_of_the_cross_fitted_learner(evidence_of, rows):
    evidence = evidence_of(*rows)
    assert evaluated_outputs(evidence) is evidence.held_out_outputs
    wrong = evidence.held_out_outputs.argmax(axis=1) != evidence.target.codes
    np.testing.assert_array_equal(evaluated_losses(evidence), wrong)
    assert prediction_source(evidence) == f"Models (kernel ridge head) cross-fitted in {evidence.plan.folds} folds"


def test_given_predictions_take_their_stead(evidence_of, rows):
    X, y = rows
    yes = np.where(y == "yes", 0.8, 0.3)
    yes[:5] = 1 - yes[:5]  # five rows wrong
    evidence = evidence_of(X, y, probabilities=np.column_stack([1 - yes, yes]))
    np.testing.assert_allclose(evaluated_outputs(evidence)[:, 1], yes)
    assert np.flatnonzero(evaluated_losses(evidence)).tolist() == [0, 1, 2, 3, 4]
    assert prediction_source(evidence).startswith("The predictions")


def test_too_few_rows_are_no_question(evidence_of, rows):
    evidence = evidence_of(*rows)
    require_enough_rows(evidence, 80, "a search")
    with pytest.raises(NotApplicable, match="a search needs at least 81 rows, there are 80"):
        require_enough_rows(evidence, 81, "a search")


def test_rows_are_listed_by_id_and_the_list_is_cut(evidence_of, rows):
    X, y = rows
    evidence = evidence_of(Dataset(X, y, ids=[f"r{i}" for i in range(80)]))
    shown = listed_rows(evidence, "all", np.arange(80)[::-1], "share", loss=np.arange(80.0))
    assert shown.columns["id"][:2].tolist() == ["r79", "r78"]
    assert shown.columns["given"][0] == y[79]
    assert shown.columns["loss"].tolist() == list(np.arange(79.0, 19.0, -1))
    assert shown.note == "The first 60 of 80 rows."
    assert listed_rows(evidence, "few", np.array([1])).note == ""
    assert ids_of(evidence, np.array([3, 1])) == ("r3", "r1")


def test_the_error_is_that_of_models_that_did_not_see_the_column(evidence_of):
    draw = np.random.default_rng(1)
    frame = pd.DataFrame(draw.normal(size=(120, 3)), columns=["a", "b", "c"])
    y = frame["a"].to_numpy() + 0.5 * frame["b"].to_numpy()
    evidence = evidence_of(frame, y, columns={"a": "number"})
    given, left = errors_with_and_without(evidence, ["a"])
    assert (given.quantity, left.quantity) == ("held_out_error with a", "held_out_error without a")
    assert given.unit == left.unit == "in the label's unit"
    assert given.value < 0.5 * left.value
    assert errors_with_and_without(evidence, ["a", "b", "c"]) == ()
    assert errors_with_and_without(evidence, ["z"]) == ()


def test_what_belongs_to_rows_is_taken_by_mask_or_position_and_nothing_stays_nothing():
    values = np.array(["a", "b", "c"])
    assert at_rows(values, np.array([True, False, True])).tolist() == at_rows(values, np.array([0, 2])).tolist()
    assert at_rows(None, np.array([0])) is None
