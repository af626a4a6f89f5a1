"""One job, one answer by every door: a path, a frame, features with labels, a pair, the command, find_label_issues."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import samplewise as sw
from samplewise.auditing.options import AuditOptions
from samplewise.auditing.prepare_audit import take_in
from samplewise.cli.app import app
from samplewise.core.codec import load_record
from samplewise.core.errors import InputError
from samplewise.labels import find_label_issues

CHECKS = "SW101,SW105,SW106,SW107,SW108,SW109,SW201,SW501,SW505"
OF_FILES = ("row r is line", "read as missing", "every line", "comment lines")  # notes on lines that only a file has
BY_FILE = {"total_line", "trailing_comma_rows", "trailing_comma_all", "comment_lines"}  # pandas reads other rows


def shared_tables(shared_data):
    """(name, path, label) of the tables beside the shared data."""
    folder = shared_data.parent / "tables"
    if not folder.is_dir():
        pytest.skip(f"no tables at {folder}")
    found = [(e["table"], e["file"], e["label"]["column"]) for e in json.loads((folder / "readings.json").read_text())]
    found += [(e["variant"], e["file"], e["label"]) for e in json.loads((folder / "planted.json").read_text())]
    return [(name, folder / file, label.strip()) for name, file, label in found if name not in BY_FILE]


def understood(*data, **given):
    """What the record says of the data, without where they came from."""
    facts = take_in(*data, AuditOptions(**given)).facts
    notes = [note for note in facts["notes"] if not note.startswith(OF_FILES)]
    columns = [(one["name"], one["kind"], one["role"]) for one in facts["columns"]]
    kept = ("rows", "shape", "label", "task", "classes", "class_counts", "questions", "missing_labels", "set_aside")
    return {name: facts[name] for name in kept} | {"columns": columns, "notes": sorted(notes)}


def doors(path, frame, label, **given):
    """The same table by every door of the library."""
    X, y = frame.drop(columns=[label]), frame[label]
    return {
        "path": understood(str(path), None, label=label, **given),
        "frame": understood(frame, None, label=label, **given),
        "features and labels": understood(X, y, **given),
        "pair": understood((X, y), None, **given),
        "the whole frame and its label": understood(frame, y, **given),
    }


def test_the_shared_tables_are_read_the_same_by_every_door(shared_data):
    different = []
    for name, path, label in shared_tables(shared_data):
        frame = pd.read_csv(path, skipinitialspace=True)
        frame.columns = [column.strip() for column in frame.columns]
        read = doors(path, frame, label)
        for door, answer in read.items():
            parts = [part for part in answer if part != "notes" and answer[part] != read["path"][part]]
            different += [(name, door, parts)] if parts else []
    assert not different


def visits(rows=160, seed=0):
    """A table with everything that a door may get wrong: groups, dates, weights, gaps, numbers in disguise."""
    draw = np.random.default_rng(seed)
    size, price = draw.normal(size=rows).round(4), draw.integers(1000, 9000, rows)
    frame = pd.DataFrame(
        {
            "size": size,
            "price": [f"${value:,}.50" for value in price],
            "sex": np.where(np.arange(rows) % 3, "f", "m"),
            "town": np.where(draw.random(rows) < 0.2, "?", draw.choice(["Ulm", "Kiel"], rows)),
            "paid": draw.choice(["yes", "no"], rows),
            "patient": [f"P{row // 4:03d}" for row in range(rows)],
            "trust": draw.choice([1.0, 2.0], rows),
            "day": pd.date_range("2024-01-01", periods=rows).strftime("%Y-%m-%d"),
        }
    )
    return frame.assign(sick=np.where(size + 0.4 * draw.normal(size=rows) > 0, "Yes", "No"))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("doors") / "visits.csv"
    frame = visits()
    frame.to_csv(path, index=False)
    return path, frame


def timeless(record):
    """Findings and scores as text, without what a door adds."""
    return [
        (outcome.code, outcome.status, [repr(finding) for finding in outcome.result.findings],
         [scores.values.tolist() for scores in outcome.result.scores])
        for outcome in record.outcomes
    ]  # fmt: skip


def test_a_table_of_ones_own_is_read_the_same_and_the_notes_are_too(table):
    path, frame = table
    read = doors(path, frame, "sick")
    for door, answer in read.items():
        parts = {part for part in answer if answer[part] != read["path"][part]}
        assert parts <= {"notes"}, door
    assert read["path"]["classes"] == ["No", "Yes"]
    assert ("price", "numeric", "feature") in read["path"]["columns"]
    assert [question.split("`")[1] for question in read["path"]["questions"]] == ["day", "patient"]
    for door in ("frame", "features and labels", "pair"):
        assert "town: read as missing: '?'" in " ".join(read[door]["notes"])


def test_the_command_a_path_a_frame_and_arrays_of_columns_find_the_same(table, tmp_path):
    path, frame = table
    words = ["audit", str(path), "--label", "sick", "--learner", "kernel", "--checks", CHECKS, "--out", str(tmp_path)]
    ran = CliRunner().invoke(app, [*words, "--quiet"])
    assert ran.exit_code in (0, 1), ran.output
    given = {"learner": "kernel", "checks": CHECKS}
    X, y = frame.drop(columns=["sick"]), frame["sick"]
    audits = [
        sw.audit(str(path), label="sick", **given),
        sw.audit(frame, label="sick", **given),
        sw.audit(X, y, **given),
    ]
    command = timeless(load_record(tmp_path))
    assert any(findings for _, _, findings, _ in command)
    for done in audits:
        assert timeless(done.record) == command


def test_find_label_issues_gives_the_probabilities_of_the_audit_by_every_door(table):
    path, frame = table
    X, y = frame.drop(columns=["sick"]), frame["sick"]
    audited = sw.audit(frame, label="sick", learner="kernel", checks="SW201").scores["wrong_label"].values
    for issues in (
        find_label_issues(str(path), label="sick", learner="kernel"),
        find_label_issues(frame, label="sick", learner="kernel"),
        find_label_issues(X, y, learner="kernel"),
        find_label_issues((X, y), learner="kernel"),
    ):
        np.testing.assert_array_equal(issues.wrong.values, audited)


def test_groups_time_and_weights_are_left_out_of_the_features_by_every_door(table):
    path, frame = table
    X, y = frame.drop(columns=["sick"]), frame["sick"]
    roles = {"groups": "patient", "time": "day", "weights": "trust"}
    series = {part: frame[name] for part, name in roles.items()}
    alone = X.drop(columns=list(roles.values()))
    values = {part: frame[name].to_numpy() for part, name in roles.items()}
    answers = [
        understood(str(path), None, label="sick", **roles), understood(frame, None, label="sick", **roles),
        understood(X, y, **roles), understood(X, y, **series), understood((X, y), None, **series),
        understood(alone, y, groups=values["groups"], time=values["time"], weights=values["weights"]),
    ]  # fmt: skip
    for answer in answers:
        assert [name for name, _, _ in answer["columns"]] == ["size", "price", "sex", "town", "paid"]
        assert answer["questions"] == answers[0]["questions"]


def test_segments_are_no_features_by_any_door(table):
    path, frame = table
    X, y = frame.drop(columns=["sick"]), frame["sick"]
    answers = [
        understood(str(path), None, label="sick", segments=["sex"]), understood(X, y, segments=["sex"]),
        understood(X.drop(columns="sex"), y, segments=frame[["sex"]]),
    ]  # fmt: skip
    assert all(answer["columns"] == answers[0]["columns"] for answer in answers)
    assert "sex" not in [name for name, _, _ in answers[0]["columns"]]


def test_probabilities_are_matched_by_the_name_of_the_class_and_a_mismatch_is_an_error(table, tmp_path):
    path, frame = table
    draw = np.random.default_rng(1)
    sure = np.where(frame["sick"] == "Yes", 0.7, 0.3) + 0.2 * draw.random(len(frame)) - 0.1
    by_name = pd.DataFrame({"Yes": sure, "No": 1 - sure})  # not in the sorted order
    given = {"checks": "SW201", "learner": "kernel"}
    named = sw.audit(frame, label="sick", probabilities=by_name, **given)
    sorted_ = sw.audit(frame, label="sick", probabilities=by_name[["No", "Yes"]].to_numpy(), **given)
    issues = find_label_issues(frame, label="sick", probabilities=by_name)
    file = tmp_path / "probabilities.csv"
    by_name.to_csv(file, index=False)
    words = ["audit", str(path), "--label", "sick", "--learner", "kernel", "--checks", "SW201", "--quiet"]
    ran = CliRunner().invoke(app, [*words, "--probabilities", str(file), "--out", str(tmp_path / "run")])
    assert ran.exit_code in (0, 1), ran.output
    answers = [done.scores["wrong_label"].values for done in (named, sorted_)] + [issues.wrong.values]
    answers.append(load_record(tmp_path / "run").scores()["wrong_label"].values)
    for values in answers:
        np.testing.assert_allclose(values, answers[0], atol=1e-12)
    wrong = by_name.rename(columns={"Yes": "Maybe"})
    with pytest.raises(InputError, match=r"(?s)different classes.*no column for: Yes.*no row is labeled: Maybe"):
        sw.audit(frame, label="sick", probabilities=wrong, **given)
    for strange in (wrong, by_name.assign(Maybe=0.0)):
        strange.to_csv(file, index=False)
        ran = CliRunner().invoke(app, [*words, "--probabilities", str(file), "--out", str(tmp_path / "other")])
        assert ran.exit_code == 2
        assert "Maybe" in ran.output


def test_test_rows_are_read_as_the_data_by_every_door(table, tmp_path):
    path, frame = table
    other = visits(seed=1)[["sick", "town", "price", "size", "sex", "paid", "patient", "trust", "day"]]
    other.loc[0, "size"] = np.nan
    held = tmp_path / "test.csv"
    other.astype({"size": object}).fillna({"size": "n.d."}).assign(extra=1).to_csv(held, index=False)
    given = {"label": "sick", "test": str(held)}
    for data in (str(path), frame):
        facts = take_in(data, None, AuditOptions(**given)).facts
        assert facts["test_rows"] == len(other)
        notes = " ".join(facts["notes"])
        assert "extra: left out of the test rows" in notes
        assert "n.d." in notes
    other.assign(size="large").to_csv(held, index=False)
    with pytest.raises(InputError, match=r"(?s)words where the data hold numbers.*column 'size', rows id 0.*fix"):
        take_in(frame, None, AuditOptions(**given))
    other.drop(columns="size").to_csv(held, index=False)
    with pytest.raises(InputError, match=r"(?s)lack columns of the data.*columns size.*fix"):
        take_in(str(path), None, AuditOptions(**given))
