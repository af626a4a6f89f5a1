import numpy as np
import pandas as pd
import pytest
from PIL import Image

from samplewise.auditing.checks import sw101_missing_or_constant as sw101
from samplewise.data.images import Images


def table(rows: int = 400, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    draw = np.random.default_rng(seed)
    y = np.where(draw.random(rows) < 0.5, "yes", "no")
    names = ["age", "pay", "town"]
    frame = pd.DataFrame(draw.normal(size=(rows, 2)), columns=names[:2])
    frame["town"] = draw.choice(["a", "b", "c"], rows)
    return frame, y


def test_fires_on_empty_constant_and_mostly_missing_columns(evidence_of):
    frame, y = table(2000)
    frame["empty"] = np.nan
    frame["same"] = 7
    frame["rare"] = np.where(np.arange(2000) == 5, 1.0, 0.0)
    frame["hollow"] = np.where(np.arange(2000) % 5 == 0, frame["age"], np.nan)
    result = sw101.run(evidence_of(frame, y))
    found = {finding.title: finding for finding in result.findings}
    assert found["2 columns without variation"].keys == ("empty", "same")
    assert found["2 columns without variation"].severity == "warning"
    assert found["one column nearly constant: rare"].severity == "note"
    assert found["one column mostly without a value: hollow"].keys == ("hollow",)
    hollow = found["one column mostly without a value: hollow"]
    assert hollow.explanation == "hollow has no value in 80 % of the rows."
    assert hollow.remedies[0].action.startswith("Audit again without it")  # never dropped unmeasured
    assert all(finding.axis == "column" and finding.remedies[0].action for finding in result.findings)
    shares = dict(zip(result.scores[0].keys.tolist(), result.scores[0].values.tolist(), strict=True))
    assert shares["hollow"] == pytest.approx(0.8)
    assert result.exhibits[0].columns["name"].tolist() == ["empty", "hollow"]


def test_of_constant_columns_without_gaps_it_says_no_more(evidence_of):
    frame = pd.DataFrame({"a": np.arange(60.0) % 7, "b": 1.0, "c": "x"})
    (finding,) = sw101.run(evidence_of(frame, np.arange(60) % 2)).findings
    assert finding.keys == ("b", "c")
    assert finding.explanation == "Every row has the same value there."


def test_fires_where_gaps_go_with_the_label_and_measures_by_how_much(evidence_of):
    frame, y = table()
    gone = np.random.default_rng(1).random(400) < np.where(y == "yes", 0.4, 0.05)
    frame.loc[gone, "pay"] = np.nan
    (finding,) = sw101.run(evidence_of(frame, y)).findings
    assert finding.title == "missing values depend on the label in 1 column"
    assert (finding.keys, finding.severity) == (("pay",), "warning")
    (measured,) = finding.measured
    assert abs(measured.value) == pytest.approx(100 * (gone[y == "yes"].mean() - gone[y == "no"].mean()))
    assert measured.low < measured.value < measured.high
    assert measured.low * measured.high > 0


def test_fires_where_gaps_go_with_a_number(evidence_of):
    frame, _ = table()
    y = np.random.default_rng(2).normal(size=400)
    frame.loc[y > 0.8, "age"] = np.nan
    (finding,) = sw101.run(evidence_of(frame, y, task="regression")).findings
    assert finding.keys == ("age",)
    assert finding.measured[0].low > 1
    assert finding.measured[0].unit == "in the label's unit"
    assert finding.severity == "warning"


def test_rows_without_a_label_are_listed(evidence_of):
    frame, y = table()
    labels = y.astype(object)
    labels[[3, 8, 9]] = None
    (finding,) = sw101.run(evidence_of(frame, labels)).findings
    assert finding.title == "3 rows have no label"
    assert (finding.keys, finding.severity, finding.axis) == ((3, 8, 9), "note", "row")
    assert finding.measured[0].low < 0.0075 < finding.measured[0].high


def test_rows_without_a_label_are_a_note_where_the_check_of_the_label_warns(evidence_of):
    frame, y = table()
    for absent, checks, severity in ((240, ("SW101", "SW109"), "note"), (240, ("SW101",), "warning"),
                                     (100, ("SW101", "SW109"), "warning")):  # fmt: skip
        labels = y.astype(object)
        labels[:absent] = None
        finding = sw101.run(evidence_of(frame, labels, checks=checks)).findings[0]
        assert finding.title == f"{absent} rows have no label"
        assert finding.severity == severity
        assert ("SW109" in finding.explanation) == (severity == "note")


def test_stays_silent_on_complete_columns_and_on_gaps_at_random(evidence_of):
    frame, y = table()
    assert sw101.run(evidence_of(frame, y)).findings == ()
    for seed in range(10):
        holed, y = table(seed=seed)
        holed = holed.mask(np.random.default_rng(seed).random(holed.shape) < 0.2)
        assert sw101.run(evidence_of(holed, y)).findings == ()


def test_stays_silent_on_pictures_that_show_something(evidence_of):
    pictures = np.random.default_rng(0).integers(0, 255, (24, 8, 8), dtype=np.uint8)
    assert sw101.run(evidence_of(pictures, np.arange(24) % 2)).findings == ()


def test_fires_on_blank_pictures_and_says_which_values_are_shown(evidence_of):
    pictures = np.random.default_rng(0).integers(0, 30, (24, 8, 8)).astype(np.uint16)
    pictures[[3, 5]] = 7
    (finding,) = sw101.run(evidence_of(pictures, np.arange(24) % 2)).findings
    assert (finding.title, finding.severity, finding.keys) == ("2 pictures of one color", "warning", (3, 5))
    assert finding.measured[0].value == pytest.approx(2 / 24)
    pictures[0, 0, 0] = 65535  # one outlying pixel, and no other picture shows anything
    (finding,) = sw101.run(evidence_of(pictures, np.arange(24) % 2)).findings
    assert finding.title == "23 pictures of one color"
    assert "65535 as white" in finding.explanation
    assert "cannot be told" in finding.caveat


def test_fires_on_pictures_that_cannot_be_read_and_audits_the_others(evidence_of, tmp_path):
    draw = np.random.default_rng(0).integers(0, 255, (24, 8, 8), dtype=np.uint8)
    for place, picture in enumerate(draw):
        Image.fromarray(picture).save(tmp_path / f"{place}.png")
    (tmp_path / "4.png").write_bytes(b"")
    (tmp_path / "7.png").write_bytes(b"no picture")
    images = Images.from_files([tmp_path / f"{place}.png" for place in range(24)])
    evidence = evidence_of(images, np.arange(24) % 2)
    assert len(evidence.data) == 22
    result = sw101.run(evidence)
    (finding,) = result.findings
    assert (finding.title, finding.severity, finding.keys) == ("2 pictures cannot be read", "warning", (4, 7))
    assert "4: the file is empty, 7: no picture of a known kind" in finding.explanation
    assert result.exhibits[0].columns["file"][0] == str(tmp_path / "4.png")


def test_it_offers_no_rule(evidence_of):
    assert sw101.rules(evidence_of(*table())) == {}
