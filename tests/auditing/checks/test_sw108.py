import numpy as np
import pandas as pd

from samplewise.auditing.checks import sw108_cells as sw108
from samplewise.auditing.run import missing_need


def table(rows: int = 120) -> tuple[pd.DataFrame, np.ndarray]:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"weight": np.round(draw.normal(70, 9, rows), 1), "age": draw.integers(18, 80, rows)})
    frame["town"] = draw.choice(["Ulm", "Kiel", "Graz"], rows)
    return frame, (frame["age"] > 50).to_numpy().astype(int)


def test_odd_cells_are_named_by_column_with_rows_and_remedy(evidence_of):
    frame, y = table()
    frame.loc[[3, 50], "weight"] = -999
    frame.loc[[4, 5], "town"] = "ulm"
    frame.loc[6, "town"] = "unknown"
    result = sw108.run(evidence_of(frame, y))
    numbers, words, spelled = result.findings
    assert (numbers.severity, numbers.keys, numbers.axis) == ("warning", ("weight",), "column")
    assert "-999 in 2 rows (1.67 %): 3, 50;" in numbers.explanation
    assert numbers.remedies[0].action == "Set -999 to missing in weight, and audit again"
    assert (words.severity, words.keys) == ("note", ("town",))
    assert spelled.remedies[0].action == "Merge 'ulm' into 'Ulm' in town, and audit again"
    cells = result.exhibits[0].columns
    assert cells["id"].tolist() == ["3", "50", "6", "4", "5"]
    assert cells["new_value"].tolist() == ["", "", "", "Ulm", "Ulm"]


def test_numbers_next_to_texts_are_found(evidence_of):
    frame, y = table()
    frame["code"] = pd.Series([f"w{row % 9}" if row % 4 == 0 else row % 5 for row in range(120)], dtype=object)
    (finding,) = sw108.run(evidence_of(frame, y)).findings
    assert "mixed types" in finding.title
    assert "90 cells with a number and 30 with a text" in finding.explanation


def test_columns_beyond_the_first_share_a_finding(evidence_of):
    frame, y = table()
    many = pd.DataFrame({f"w{at:02d}": np.where(np.arange(120) % 40 == 7, -999, frame["weight"]) for at in range(30)})
    findings = sw108.run(evidence_of(many, y)).findings
    assert len(findings) == sw108.MOST_FINDINGS + 1
    assert findings[-1].keys == tuple(f"w{at:02d}" for at in range(25, 30))


def test_stays_silent_on_measurements_and_categories(evidence_of):
    frame, y = table()
    assert sw108.run(evidence_of(frame, y)).findings == ()
    assert sw108.run(evidence_of(frame[["weight", "age"]].to_numpy(), y)).findings == ()


def test_is_not_applicable_to_pictures(evidence_of):
    pictures = np.random.default_rng(0).integers(0, 255, (24, 8, 8), dtype=np.uint8)
    assert "pictures and embeddings" in missing_need(sw108, evidence_of(pictures, np.arange(24) % 2))


def test_it_offers_no_rule(evidence_of):
    assert sw108.rules(evidence_of(*table())) == {}


def test_rows_in_another_unit_are_to_be_divided(evidence_of):
    frame, y = table()
    frame.loc[:11, "weight"] *= 10
    (finding,) = sw108.run(evidence_of(frame, y)).findings
    assert "another unit" in finding.title
    assert finding.remedies[0].action == "Divide the listed rows by 10 in weight, and audit again"
