"""Answers move the probabilities of other labels, and decisions are tested on rows that had no part in them."""

from pathlib import Path

import numpy as np
import pytest

from samplewise.core.arrays import fingerprint
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, Decision
from samplewise.data import Dataset
from samplewise.engine.refits.preparation import prepare
from samplewise.review.live_labels import LiveLabels, decided_rules

ROWS = 150


def _data() -> tuple[Dataset, np.ndarray]:
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 2, ROWS)
    X = truth[:, None] * 3.0 + draw.normal(size=(ROWS, 3))
    given = np.where(np.arange(ROWS) < 15, 1 - truth, truth)
    labels = np.array(["cat", "dog"])[given].astype(object)
    labels[-1] = None  # set aside before an audit
    return Dataset(X, labels, ids=[f"r{number}" for number in range(ROWS)]), np.array(["cat", "dog"])[truth]


def _live(run_dir: Path | None = None, **more: object) -> tuple[LiveLabels, np.ndarray]:
    data, truth = _data()
    learner = prepare((data.X[:-1], data.y[:-1]), "kernel").learner.fingerprint()
    plan = {"labels_are": "facts", "learner_fingerprint": learner, "folds": 5, "seed": 0, "metric": "accuracy"} | more
    facts = {"supplied": fingerprint(None, None), "task": "classification"}
    return LiveLabels(AuditRecord(RECORD_SCHEMA, facts, plan, {}, ()), data, run_dir), truth


@pytest.fixture(scope="module")
def live() -> tuple[LiveLabels, np.ndarray]:
    return _live()


def test_answers_move_the_others(live):
    labels, truth = live
    assert len(labels.rows) == ROWS - 1
    before = labels.probabilities(labels.facts)
    assert np.isnan(before[-1])
    assert before[:15].mean() > before[15:-1].mean() + 0.1
    wrong = {int(row): float(truth[row] != labels.data.y[row]) for row in labels.rows[labels.facts.to_review(20)]}
    after = labels.after(wrong, {row: truth[row] for row in wrong})
    found = labels.probabilities(after)
    assert [found[row] for row in wrong] == list(wrong.values())
    others = np.setdiff1d(labels.rows[labels.facts.found.against], list(wrong))
    assert (found[others] != before[others]).all()
    assert len(after.answers) == len(wrong)
    assert after.noise_rate.high - after.noise_rate.low < labels.facts.noise_rate.high - labels.facts.noise_rate.low
    assert len(labels.after({ROWS - 1: 1.0}, {}).answers) == 0  # set aside


def test_decisions_are_tested(live):
    labels, truth = live
    decisions = [Decision(f"r{row}", "relabel", truth[row]) for row in range(15)] + [Decision("r20", "keep")]
    found = labels.measured(decisions)
    assert list(found) == ["relabel"]
    assert found["relabel"].share == pytest.approx(15 / (ROWS - 1), abs=0.02)
    assert found["relabel"].effect.value == found["relabel"].effect.value
    assert labels.measured([Decision("r20", "keep")]) == {}


def test_rules_do_what_was_decided_about_the_rows_they_see(live):
    labels, _ = live
    whole = labels.prepared.whole
    rules = decided_rules([Decision("r0", "relabel", "dog"), Decision("r3", "drop")], labels.prepared)
    assert rules["drop"](whole).rows.tolist() == [3]
    assert (rules["relabel"](whole).rows.tolist(), rules["relabel"](whole).values.tolist()) == ([0], [1])
    assert decided_rules([Decision("r0", "relabel", "cow")], labels.prepared) == {}


def test_nothing_is_said_where_the_learner_cannot_be_known():
    for more in ({"learner_fingerprint": "another"}, {"labels_are": "outcomes"}):
        labels, _ = _live(**more)
        assert labels.facts is None
        assert labels.after({0: 1.0}, {}) is None
    labels, _ = _live(learner_fingerprint="another")
    assert labels.prepared is None
    assert labels.measured([Decision("r0", "drop")]) == {}
    other = AuditRecord(RECORD_SCHEMA, labels.record.data | {"supplied": "theirs"}, labels.record.plan, {}, ())
    assert LiveLabels(other, labels.data, None).prepared is None
