import numpy as np
import pandas as pd

from samplewise.auditing.checks import sw107_id_or_date as sw107
from samplewise.auditing.run import missing_need


def table(rows: int = 120) -> tuple[pd.DataFrame, np.ndarray]:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(rows, 3)), columns=["a", "b", "c"])
    return frame, (frame["a"] > 0).to_numpy().astype(int)


def test_ids_and_dates_of_a_table_are_left_out_and_said(evidence_of):
    frame, y = table()
    frame["customer_id"] = np.random.default_rng(1).permutation(10_000)[:120]
    frame["visited"] = pd.date_range("2024-01-01", periods=120)
    (finding,) = sw107.run(evidence_of(frame, y)).findings
    assert finding.severity == "note"
    assert set(finding.keys) == {"customer_id", "visited"}
    assert "visited is a date" in finding.explanation
    assert "time=" in finding.remedies[0].action


def test_a_counter_in_an_array_is_still_learned_from(evidence_of):
    frame, y = table()
    order = np.argsort(y, kind="stable")
    X = np.column_stack([frame.to_numpy()[order], np.arange(120) + 7])
    (finding,) = sw107.run(evidence_of(X, y[order])).findings
    assert (finding.severity, finding.keys) == ("warning", ("x3",))
    assert "counts rows" in finding.title
    assert finding.measured[0].value > 0.9  # the file is sorted by class, so the counter predicts the label


def test_a_counter_with_gaps_in_a_table_is_found(evidence_of):
    frame, y = table()
    kept = np.sort(np.random.default_rng(2).permutation(200)[:120])
    frame["running"] = np.random.default_rng(3).permutation(kept)
    (finding,) = sw107.run(evidence_of(frame, y)).findings
    assert (finding.severity, finding.keys) == ("warning", ("running",))


def test_stays_silent_on_measurements_and_counts(evidence_of):
    frame, y = table()
    frame["visits"] = np.random.default_rng(4).poisson(40, 120)
    frame["pay"] = np.random.default_rng(5).integers(1000, 90_000, 120)
    assert sw107.run(evidence_of(frame, y)).findings == ()
    assert sw107.run(evidence_of(frame.to_numpy(), y)).findings == ()


def test_is_not_applicable_to_pictures(evidence_of):
    pictures = np.random.default_rng(0).integers(0, 255, (24, 8, 8), dtype=np.uint8)
    assert "pictures and embeddings" in missing_need(sw107, evidence_of(pictures, np.arange(24) % 2))


def test_it_offers_no_rule(evidence_of):
    assert sw107.rules(evidence_of(*table())) == {}
