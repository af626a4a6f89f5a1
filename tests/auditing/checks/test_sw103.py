import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from samplewise.auditing.checks import sw103_test_overlap as sw103
from samplewise.auditing.run import missing_need
from samplewise.data import Dataset, Images
from samplewise.engine.models import feature_encoding

DIGITS = load_digits()
TRAIN, TEST = np.arange(1200), np.arange(1200, 1797)


def test_fires_on_shared_rows_and_names_both_sides(evidence_of):
    draw = np.random.default_rng(0)
    near = DIGITS.data[20:40] + 0.3 * draw.normal(size=(20, 64))
    X, y = np.vstack([DIGITS.data[TEST], DIGITS.data[:20], near]), np.r_[DIGITS.target[TEST], DIGITS.target[:40]]
    test = Dataset(X, y, ids=[f"t{k}" for k in range(len(y))])
    evidence = evidence_of(DIGITS.data[TRAIN], DIGITS.target[TRAIN], test=test)
    result = sw103.run(evidence)
    (finding,) = result.findings
    assert finding.severity == "error"
    assert finding.title == "40 test rows are in the training data"
    assert set(finding.keys) == set(range(40))
    table = result.exhibits[0].to_frame()
    assert table["test_id"].tolist() == [f"t{k}" for k in range(597, 637)]
    assert table["train_id"].tolist() == list(range(40))
    assert table["kind"].tolist() == ["exact"] * 20 + ["near"] * 20
    share, inflation = finding.measured
    assert share.value == pytest.approx(40 / 637)
    assert share.low < share.value < share.high
    assert inflation.value > 0
    assert "accuracy on these test rows minus on the others" in inflation.quantity
    assert sw103.rules(evidence) == {}
    assert all(remedy.kind == "review" or "not the model" in remedy.reason for remedy in finding.remedies)


def test_categories_are_compared_as_they_are_written(evidence_of):
    draw = np.random.default_rng(1)
    frame = pd.DataFrame({"size": draw.normal(size=240).round(6), "town": draw.choice(["a", "b", "c"], 240)})
    test = frame.iloc[180:].reset_index(drop=True)
    test.loc[:4] = frame.loc[:4].to_numpy()
    test.loc[5:9, "size"] = frame.loc[5:9, "size"].to_numpy()
    test.loc[5:9, "town"] = frame.loc[5:9, "town"].map({"a": "b", "b": "c", "c": "a"}).to_numpy()
    test["size"] = test["size"].astype(float)
    y = np.resize(["u", "v"], 180)
    result = sw103.run(evidence_of(frame.iloc[:180], y, test=(test, y[:60])))
    table = result.exhibits[0].to_frame()
    assert table["train_id"][table["kind"] == "exact"].tolist() == list(range(5))
    assert not set(range(5, 10)) & set(table["train_id"])
    assert result.findings[0].severity == "error"


def test_meetings_in_a_coarse_table_are_a_note(evidence_of):
    draw = np.random.default_rng(0)
    X = draw.integers(0, 4, size=(900, 6)).astype(float)
    y = draw.integers(0, 2, 900)
    (finding,) = sw103.run(evidence_of(X[:600], y[:600], test=(X[600:], y[600:]))).findings
    assert finding.severity == "note"
    assert "not far more than coincidence explains" in finding.explanation


def test_people_of_other_names_are_not_in_both_sets(evidence_of):
    draw = np.random.default_rng(5)
    frame = pd.DataFrame({"size": draw.normal(size=200).round(6), "name": [f"{row:x} Smith" for row in range(200)]})
    frame["y"] = np.resize(["u", "v"], 200)
    train, test = frame[:150], frame[150:].reset_index(drop=True)
    test.loc[:9, "size"] = train.loc[:9, "size"].to_numpy()
    given = {"label": "y", "drop_columns": ["name"]}
    assert not len(sw103.run(evidence_of(train, test=test, **given)).findings)
    test.loc[:9, "name"] = train.loc[:9, "name"].to_numpy()
    (finding,) = sw103.run(evidence_of(train, test=test, **given)).findings
    assert finding.severity == "error"
    assert set(finding.keys) == set(range(10))


def test_near_duplicates_alone_are_a_note(evidence_of):
    near = DIGITS.data[:20] + 0.3 * np.random.default_rng(0).normal(size=(20, 64))
    test = (np.vstack([DIGITS.data[TEST], near]), np.r_[DIGITS.target[TEST], DIGITS.target[:20]])
    (finding,) = sw103.run(evidence_of(DIGITS.data[TRAIN], DIGITS.target[TRAIN], test=test)).findings
    assert finding.severity == "note"
    assert set(finding.keys) == set(range(20))


def test_with_own_features_only_equal_rows_are_found(evidence_of):
    X = DIGITS.data[:600].copy()
    near = DIGITS.data[:50] + 0.01
    embeddings = np.random.default_rng(0).normal(size=(600, 5))
    test = (np.vstack([near, DIGITS.data[50:55]]), DIGITS.target[:55])
    (finding,) = sw103.run(evidence_of(X, DIGITS.target[:600], test=test, embeddings=embeddings)).findings
    assert set(finding.keys) == set(range(50, 55))
    assert len(finding.measured) == 1  # what it does to the score needs outputs for the test rows


def test_stays_silent_on_a_split_of_different_rows(evidence_of):
    evidence = evidence_of(DIGITS.data[TRAIN], DIGITS.target[TRAIN], test=(DIGITS.data[TEST], DIGITS.target[TEST]))
    assert sw103.run(evidence).findings == ()
    errors = 0
    for seed in range(10):
        draw = np.random.default_rng(seed)
        X = draw.normal(size=(600, (2, 6, 20)[seed % 3]))
        y = (X[:, 0] > 0).astype(int)
        findings = sw103.run(evidence_of(X[:400], y[:400], test=(X[400:], y[400:]))).findings
        errors += any(finding.severity == "error" for finding in findings)
    assert errors == 0


def test_is_not_applicable_without_a_test_set(evidence_of):
    assert "no test set" in missing_need(sw103, evidence_of(DIGITS.data[:100], DIGITS.target[:100]))


def pictures_in_files(folder, pixels, side):
    folder.mkdir()
    paths = [folder / f"{number:03d}.png" for number in range(len(pixels))]
    for path, picture in zip(paths, pixels, strict=True):
        Image.fromarray(np.kron(picture, np.ones((side // 8, side // 8), dtype=np.uint8))).save(path)
    return Images.from_files(paths)


def test_pictures_are_compared_by_their_pixels(evidence_of, tmp_path):
    pixels = (DIGITS.images * 15).astype(np.uint8)
    train = pictures_in_files(tmp_path / "train", pixels[:300], 16)
    chosen = [*range(300, 360), *range(12)]
    test = pictures_in_files(tmp_path / "test", pixels[chosen], 32)  # of another size than those learned from
    evidence = evidence_of(train, DIGITS.target[:300], test=Dataset(test, DIGITS.target[chosen]))
    overlap = sw103.find_overlap(evidence, evidence.test)
    assert overlap.tested[overlap.exact].tolist() == list(range(60, 72))
    assert overlap.trained[overlap.exact].tolist() == list(range(12))
    assert overlap.pairs == 12


def test_an_exact_duplicate_is_no_near_one_however_its_features_round(evidence_of, monkeypatch):
    pixels = (DIGITS.images * 15).astype(np.uint8)
    chosen = [*range(300, 400), *range(40)]
    test = Dataset(pixels[chosen], DIGITS.target[chosen])
    overlaps = []
    for noise in (0.0, 1e-7):
        described = feature_encoding.image_features
        shaken = lambda images, noise=noise, described=described: described(images) + np.float32(noise)  # noqa: E731
        evidence = evidence_of(pixels[:300], DIGITS.target[:300], test=test)
        assert evidence.space.shape == (300, 960)
        monkeypatch.setattr(feature_encoding, "image_features", shaken)
        overlaps.append(sw103.find_overlap(evidence, evidence.test))
        monkeypatch.undo()
    assert overlaps[0].tested.tolist() == overlaps[1].tested.tolist()
    assert overlaps[0].trained.tolist() == overlaps[1].trained.tolist()
    assert overlaps[1].exact.sum() == 40
