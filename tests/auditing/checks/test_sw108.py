import json
from dataclasses import replace

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

from samplewise import audit
from samplewise.auditing import tested_advice
from samplewise.auditing.checks import sw108_cells as sw108
from samplewise.auditing.run import missing_need
from samplewise.core.findings import Outcome


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
    assert "-999 in 2 rows (1.7 %): rows 3, 50;" in numbers.explanation
    assert numbers.remedies[0].action == "Set -999 to missing in weight, and audit again"
    assert (words.severity, words.keys) == ("note", ("town",))
    assert spelled.remedies[0].action == "Merge 'ulm' into 'Ulm' in town, and audit again"
    cells = result.exhibits[0].columns
    assert cells["id"].tolist() == ["3", "50", "6", "4", "5"]
    assert cells["new_value"].tolist() == ["", "", "", "Ulm", "Ulm"]


def test_the_rows_of_a_finding_show_the_odd_cell_first(evidence_of):
    frame, y = table()
    frame.loc[[3, 50], "weight"] = -999
    frame.loc[[4, 5], "town"] = "ulm"
    result = sw108.run(evidence_of(frame, y))
    shown = {exhibit.finding: exhibit for exhibit in result.exhibits if exhibit.kind == "rows"}
    assert [finding.keys for finding in result.findings] == [("weight",), ("town",)]
    for place, (name, value, rows) in enumerate([("weight", -999, [3, 50]), ("town", "ulm", [4, 5])]):
        assert shown[place].columns["id"].tolist() == rows
        assert [json.loads(cells)[0][:2] for cells in shown[place].columns["telling"]] == [[name, value]] * 2


def test_numbers_next_to_texts_are_found(evidence_of):
    frame, y = table()
    frame["code"] = pd.Series([f"w{row % 9}" if row % 4 == 0 else row % 5 for row in range(120)], dtype=object)
    (finding,) = sw108.run(evidence_of(frame, y)).findings
    assert "numbers and texts mixed" in finding.title
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


def test_a_rule_is_offered_for_every_column_and_cleaning(evidence_of):
    names = ["set to missing", "merge", "divide"]
    expected = {f"clean {column}: {do}" for column in ("weight", "age", "town") for do in names}
    assert set(sw108.rules(evidence_of(*table()))) == expected


def test_cleanings_are_tested_where_most_cells_are(evidence_of):
    frame, y = table()
    for at in range(5):
        frame[f"w{at}"] = np.where(np.arange(120) % (10 + at) == 3, -999, frame["weight"])
    frame.loc[[3, 50], "weight"] = -999
    evidence = evidence_of(frame, y)
    remedies = {finding.keys[0]: finding.remedies[0] for finding in sw108.run(evidence).findings}
    assert {remedy.kind for remedy in remedies.values()} == {"clean"}
    assert [name for name, remedy in remedies.items() if not remedy.reason] == ["w0", "w1"]  # and all together
    assert remedies["w0"].rule == "clean w0: set to missing"
    assert remedies["w0"].rule in sw108.rules(evidence)
    assert remedies["w4"].reason == "only the 3 largest cleanings are tested"
    assert remedies["weight"].reason == "2 cells are too few to test"
    assert sw108._why_not(evidence, (("weight",), "set to missing"), 1) == "1 cell is too few to test"


def test_codes_of_several_columns_are_also_set_to_missing_together(evidence_of):
    frame, _ = table(240)
    frame["size"] = frame["weight"][::-1].to_numpy() + 100.0
    y = (frame["weight"] + frame["size"] > 240).to_numpy().astype(int)
    frame.loc[::9, "weight"] = -999
    frame.loc[[3, 4, 50], "size"] = -999  # too few to be tested alone
    evidence = evidence_of(frame[["weight", "age", "size"]], y, learner="linear")
    outcome = Outcome("SW108", "cells", "found", result=sw108.run(evidence))
    (advised,) = tested_advice.test_advice(evidence, (outcome,), {})
    most, fewer = advised.result.findings
    by_columns = {remedy.keys: remedy for remedy in most.remedies}
    alone, together = by_columns["weight",], by_columns["weight", "size"]
    assert together.values == ("set to missing",) * 2
    assert together.action == "Set the codes of all 2 columns to missing, and audit again"
    assert together.verdict == "helps"
    assert together.effect.value > alone.effect.value
    assert [remedy.keys for remedy in fewer.remedies] == [("size",)]
    assert [remedy.keys for remedy in advised_alone(evidence_of)] == [("weight",)]


def advised_alone(evidence_of):
    frame, y = table()
    frame.loc[::9, "weight"] = -999
    (finding,) = sw108.run(evidence_of(frame, y)).findings
    return finding.remedies


def test_what_cannot_be_tested_says_why(evidence_of):
    frame, y = table()
    frame.loc[::10, "weight"] = -999

    def reason(**options):
        evidence = evidence_of(frame, y, **options)
        (finding,) = sw108.run(evidence).findings
        (outcome,) = tested_advice.test_advice(
            evidence, (Outcome("SW108", "cells", "found", result=sw108.run(evidence)),), {}
        )
        assert not outcome.result.findings[0].remedies[0].verdict
        return finding.remedies[0].reason

    frame["town"] = frame["town"].map({"Ulm": 0.0, "Kiel": 1.0, "Graz": 2.0})
    assert "may refuse missing cells" in reason(learner=Ridge())
    evidence = evidence_of(frame, y)
    full = replace(evidence.plan, budget=evidence.plan.seconds(), seconds_per_fit=1.0)
    (finding,) = sw108.run(replace(evidence, plan=full)).findings
    assert finding.remedies[0].reason.startswith("the budget has no room for ")


def test_the_audit_measures_what_cleaning_does(evidence_of):
    frame, _ = table(240)
    y = (frame["weight"] > 70).to_numpy().astype(int)
    frame.loc[::8, "weight"] = -9999
    evidence = evidence_of(frame[["weight", "age"]], y, learner="linear")
    outcome = Outcome("SW108", "cells", "found", result=sw108.run(evidence))
    (advised,) = tested_advice.test_advice(evidence, (outcome,), {})
    (remedy,) = advised.result.findings[0].remedies
    assert (remedy.kind, remedy.verdict) == ("clean", "helps")
    assert remedy.effect.low > remedy.control.value
    assert "the rule changed 12.5 % of the rows" in remedy.reason
    assert list(advised.result.findings[0].to_frame()["clean"]) == ["set to missing"]


def test_rows_in_another_unit_are_to_be_divided(evidence_of):
    frame, y = table()
    frame.loc[:11, "weight"] *= 10
    (finding,) = sw108.run(evidence_of(frame, y)).findings
    assert "another unit" in finding.title
    assert finding.remedies[0].action == "Divide the listed rows by 10 in weight, and audit again"


def test_a_cell_ten_times_too_large_is_to_be_looked_up(evidence_of):
    frame, y = table()
    frame.loc[9, "weight"] *= 10
    (finding,) = sw108.run(evidence_of(frame, y)).findings
    assert (finding.severity, finding.keys) == ("note", ("weight",))
    assert finding.title == "cells that may be ten times too large in column 'weight' (1 row)"
    assert finding.remedies[0].action.startswith("Look up ")


def test_labels_that_stand_for_a_missing_one_are_named(evidence_of):
    frame, y = table()
    words = np.where(y == 1, "old", "young").astype(object)
    words[[3, 40, 77]] = "DK"
    (finding,) = sw108.run(evidence_of(frame.assign(vote=words), label="vote")).findings
    assert finding.keys == ("vote",)
    assert "'DK' in 3 rows" in finding.explanation
    numbers = frame["weight"].to_numpy(copy=True)
    numbers[[5, 6]] = -999
    (finding,) = sw108.run(evidence_of(frame[["age", "town"]], numbers)).findings
    assert (finding.keys, finding.severity) == (("y",), "warning")


def test_what_the_name_forbids_is_named(evidence_of):
    frame, y = table()
    frame.loc[9, "age"] = -31
    (finding,) = sw108.run(evidence_of(frame, y)).findings
    assert finding.title == "impossible values in column 'age' (1 row)"
    assert finding.remedies[0].action == "Set -31 to missing in age, and audit again"


def test_ordered_categories_are_no_spellings_of_one_another(evidence_of):
    frame, y = table()
    draw = np.random.default_rng(3)
    frame["size"] = draw.choice(["small", "medium", "large"], 120)
    frame["grade"] = draw.choice(["A", "A-", "A+", "B"], 120)
    frame["years"] = draw.choice(["<5", "5", "5-10", "10-19", ">19"], 120)
    assert sw108.run(evidence_of(frame, y)).findings == ()


def test_two_blanks_are_shown_as_two(evidence_of):
    frame, y = table()
    frame["town"] = frame["town"].replace("Ulm", "Bad Ems")
    frame.loc[[4, 5], "town"] = "Bad  Ems"
    (spelled,) = sw108.run(evidence_of(frame, y)).findings
    assert spelled.remedies[0].action == "Merge 'Bad␣␣Ems' into 'Bad Ems' in town, and audit again"
    assert "'Bad Ems' but for case, blanks (␣) or punctuation" in spelled.explanation


def test_shifted_rows_are_shown_with_their_lines_also_where_they_have_no_label(tmp_path):
    frame, y = table()
    frame = frame.assign(sick=np.where(y == 1, "yes", "no"))[["weight", "town", "age", "sick"]].astype(object)
    frame.iloc[5] = ["", *frame.iloc[5].tolist()[:-1]]
    frame.iloc[9] = [*frame.iloc[9].tolist()[1:], ""]
    frame.to_csv(tmp_path / "a.csv", index=False)
    record = audit(tmp_path / "a.csv", label="sick", checks="SW108").record
    finding = next(one for one in record.findings() if "one column" in one.title)
    assert finding.title == "2 rows with cells one column to the left or right"
    assert finding.keys == (5, 9)
    assert "row 5 (line 7), one to the right from weight on: " in finding.explanation
    assert "row 9 (line 11), one to the left from weight on: " in finding.explanation
    exhibits = record.outcome("SW108").result.exhibits
    shown = next(exhibit.columns for exhibit in exhibits if exhibit.title == "shifted rows")
    assert shown["line"].tolist() == [7] * 4 + [11] * 4
    assert any(note.startswith("the cells of 2 rows seem to stand one column") for note in record.data["notes"])
    again = audit(frame, label="sick", checks="SW108").record
    assert next(one for one in again.findings() if "one column" in one.title).keys == (5, 9)


def test_dates_that_cannot_be_are_named_and_can_be_set_to_missing(tmp_path):
    frame, y = table()
    days = [f"201{row % 8}-0{row % 9 + 1}-1{row % 10}" for row in range(120)]
    days[7], days[30] = "2201-05-01", "2016-02-30"
    frame = frame.assign(seen=days, sick=y)
    frame.to_csv(tmp_path / "a.csv", index=False)
    done = audit(tmp_path / "a.csv", label="sick", checks="SW108")
    (finding,) = done.findings
    assert finding.title == "impossible values in column 'seen' (2 rows)"
    assert "there is no such day" in finding.explanation
    assert "the other dates are of 2010 to 2017" in finding.explanation
    assert [(one.id, one.before, one.after) for one in done.apply(do="SW108").log] == [
        (7, "2201-05-01", None), (30, "2016-02-30", None),
    ]  # fmt: skip
    stamped = frame.assign(seen=pd.to_datetime(frame["seen"], errors="coerce"))
    assert [one.id for one in audit(stamped, label="sick", checks="SW108").apply(do="SW108").log] == [7]
