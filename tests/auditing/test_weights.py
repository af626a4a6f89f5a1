"""Row weights: equal ones change nothing, weight 0 is absence, and who does not use them says so."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier
from typer.testing import CliRunner

import samplewise as sw
from samplewise.auditing.run import UNWEIGHTED
from samplewise.cli import app
from samplewise.core.codec import load_record, to_dict
from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.models.row_losses import row_losses
from samplewise.engine.refits.folded_rows import RowEdit, outer_folds
from samplewise.engine.refits.remedy_effects import measure_remedies

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(240, 3))
Y = np.where(X[:, 0] + 0.8 * DRAW.normal(size=240) > 0, "up", "down")
LEARNERS = (None, "boosting", "logistic")


def answers(record, drop=()):
    """A record without clocks, environment and the given parts of the data's description."""
    outcomes = tuple(replace(outcome, seconds=0.0, reason="") for outcome in record.outcomes)
    content = to_dict(replace(record, outcomes=outcomes, environment={}))
    return json.dumps(
        [{name: folded for name, folded in content["data"].items() if name not in drop}, content["outcomes"]]
    )


def measured(record, quantity="held_out_error"):
    return next(one for one in record.outcome("SW501").result.measured if one.quantity == quantity)


@pytest.mark.parametrize("size", [1.0, 7.0])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_equal_weights_are_no_weights_bit_for_bit(size, task):
    y = Y if task == "classification" else X[:, 0] + X[:, 1]
    plain, weighted = (sw.audit(X, y, weights=given, budget="5s").record for given in (None, np.full(240, size)))
    assert answers(plain) == answers(weighted)
    assert not any(outcome.reason == UNWEIGHTED for outcome in weighted.outcomes)


@pytest.mark.parametrize("learner", LEARNERS)
def test_rows_of_weight_0_are_absent(learner):
    away = np.arange(240) % 6 == 0
    settings = {"learner": learner, "checks": "SW1,SW2,SW5", "budget": "20s"}
    ids = np.arange(240)
    without = sw.audit(Dataset(X[~away], Y[~away], ids=ids[~away]), **settings).record
    zero = sw.audit(Dataset(X, Y, ids=ids), weights=np.where(away, 0.0, 1.0), **settings).record
    notes = ("notes", "set_aside", "zero_weights", "fingerprint", "content", "numbered", "roles")
    assert answers(without, notes) == answers(zero, notes)
    assert zero.data["zero_weights"] == 40
    assert zero.data["missing_labels"] == 0
    assert "40 rows of weight 0 are set aside" in zero.data["notes"]


@pytest.mark.parametrize(("learner", "share"), [("kernel", 0.25), ("boosting", 0.8), ("logistic", 0.5)])
def test_rows_that_weigh_next_to_nothing_are_nearly_absent_from_every_fit(evidence_of, learner, share):
    """Folds are the same, so the held-out outputs of the other rows must be those of fits without the light rows."""
    light = np.arange(240) % 6 == 0
    given = {"learner": learner, "embeddings": X}  # embeddings, so that no encoding sees which rows are there
    evidence = evidence_of(X, Y, weights=np.where(light, 1e-9, 1.0), **given)
    without = evidence_of(X, Y, **given)
    ours = evidence.whole.held_out_outputs()
    theirs = without.whole.held_out_outputs(keep=~light)
    plain = without.whole.held_out_outputs()
    apart, before = np.abs(ours - theirs).mean(), np.abs(plain - theirs).mean()
    assert apart < share * before  # what counts rows is not the same: bins and leaves of trees, the choice of a ridge


def test_the_held_out_error_is_the_weighted_one(evidence_of):
    weights = DRAW.uniform(0.2, 5.0, size=240)
    evidence = evidence_of(X, Y, weights=weights)
    wrong = row_losses(evidence.held_out_outputs, evidence.target)
    record = sw.audit(X, Y, weights=weights, checks="SW501").record
    error = measured(record)
    assert error.value == pytest.approx(np.average(wrong, weights=weights))
    assert error.low < error.value < error.high
    assert error.reason.endswith("rows count as they weigh")
    said = record.outcome("SW501").result.exhibits[0].note
    assert f"about {100 * error.value:.3g} % wrong" in said


def test_who_does_not_use_weights_says_so():
    weights = DRAW.uniform(0.2, 5.0, size=240)
    settings = {"weights": weights, "learner": KNeighborsClassifier(), "metric": "balanced_accuracy"}
    record = sw.audit(X, Y, checks="SW101,SW501,SW502", **settings).record
    assert record.outcome("SW101").reason == record.outcome("SW502").reason == UNWEIGHTED
    assert record.outcome("SW501").reason == ""
    notes = " ".join(record.data["notes"])
    assert "KNeighborsClassifier) takes no row weights: its fits are unweighted" in notes
    assert "tested by balanced accuracy, in which row weights do not count" in notes
    plain = sw.audit(X, Y, checks="SW101", weights=weights).record
    assert not any("weights" in note for note in plain.data["notes"])


def test_tested_advice_weighs_the_rows(evidence_of):
    evidence = evidence_of(X, Y, weights=DRAW.uniform(0.2, 5.0, size=240))
    runner, folds, metric = evidence.runner, evidence.folds[0], evidence.metric

    def every_third(folded):
        return RowEdit("drop", np.flatnonzero(folded.positions % 3 == 0))

    (found,) = measure_remedies(runner, {"drop": every_third}, [folds], metric=metric).values()
    change = np.empty(240)
    for folded in outer_folds(runner, folds):
        queried = np.flatnonzero(folds == folded.left_out)
        fits = [folded.changed_fit(queried, None), folded.changed_fit(queried, every_third(folded))]
        before, after = runner.outputs(fits, blocks=folds)
        codes = evidence.target.codes[queried]
        change[queried] = metric.contributions(after, codes) - metric.contributions(before, codes)
    assert found.effect.value == pytest.approx(np.average(change, weights=evidence.data.weights))
    assert found.effect.value != pytest.approx(change.mean())


def test_the_command_takes_a_column_of_weights(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(kind=Y, weight=np.where(np.arange(240) < 40, 0, 2))
    frame.to_csv("t.csv", index=False)
    frame.drop(columns="weight").iloc[:50].to_csv("test.csv", index=False)
    words = ["audit", "t.csv", "--label", "kind", "--weights", "weight", "--checks", "SW101", "--out", "run"]
    done = CliRunner().invoke(app, [*words, "--test", "test.csv"])
    assert done.exit_code == 0, done.output
    record = load_record("run")
    assert (record.data["rows"], record.data["zero_weights"], record.data["test_rows"]) == (200, 40, 50)
    assert [column["name"] for column in record.data["columns"]] == ["a", "b", "c"]


@pytest.mark.parametrize("weights", [np.zeros(240), -np.ones(240), np.ones(10), "heavy"])
def test_weights_that_cannot_be_used_are_refused(weights):
    with pytest.raises(InputError) as caught:
        sw.audit(pd.DataFrame(X), Y, weights=weights, checks="SW101")
    assert caught.value.fix
