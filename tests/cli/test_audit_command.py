"""Every option of `samplewise audit` on small data, through the program itself."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from samplewise.cli.app import app
from samplewise.cli.audit_command import default_folder
from samplewise.core.codec import load_record

FAST = ("--checks", "SW101,SW102,SW105")


@pytest.fixture(scope="module")
def rows():
    draw = np.random.default_rng(0)
    size, weight = draw.normal(size=(2, 120))
    kind = np.where(size + 0.3 * draw.normal(size=120) > 0, "yes", "no")
    frame = pd.DataFrame(
        {"key": [f"k{row:03d}" for row in range(120)], "size": size.round(6), "weight": weight.round(6)}
    )
    frame["sex"] = np.where(np.arange(120) % 3, "f", "m")
    frame["site"] = [f"site{row % 11}" for row in range(120)]
    frame["day"] = pd.date_range("2024-01-01", periods=120).astype(str)
    frame["constant"] = 7
    return frame.assign(kind=kind)


@pytest.fixture
def here(tmp_path, monkeypatch, rows):
    """A directory with the table, to run in."""
    monkeypatch.chdir(tmp_path)
    rows.to_csv("t.csv", index=False)
    return tmp_path


def audit(*words):
    return CliRunner().invoke(app, ["audit", *map(str, words)])


def roles(folder):
    return {column["name"]: column["role"] for column in load_record(folder, partial=True).data["columns"]}


def test_first_what_was_understood_then_findings_then_the_verdict_and_the_report(here):
    result = audit("t.csv", "--label", "kind", *FAST)
    assert result.exit_code == 0, result.output
    parts = ("120 rows", "kind: 2 classes", "SW101", "report    t-audit/report.html")
    places = [result.output.find(part) for part in parts]
    assert -1 not in places, result.output
    assert places == sorted(places)
    assert (here / "t-audit" / "report.html").read_text().startswith("<!")
    assert (here / "t-audit" / "junit.xml").read_text().count("<testcase") == 3


def test_columns_take_the_roles_they_are_given(here):
    words = (
        "--id",
        "key",
        "--groups",
        "site",
        "--time",
        "day",
        "--segments",
        "sex",
        "--drop-columns",
        "constant",
        "weight",
    )
    result = audit("t.csv", "--label", "kind", *words, "--checks", "SW101", "--out", "run")
    assert result.exit_code == 0, result.output
    assert roles("run") == {"size": "feature"}
    assert load_record("run").data["id_source"] == "column 'key'"


def test_the_same_command_goes_on_in_its_folder_and_other_data_is_refused(here, rows):
    assert audit("t.csv", "--label", "kind", *FAST, "--out", "run").exit_code == 0
    assert audit("t.csv", "--label", "kind", *FAST, "--out", "run").exit_code == 0
    rows.iloc[:90].to_csv("other.csv", index=False)
    refused = audit("other.csv", "--label", "kind", *FAST, "--out", "run")
    assert refused.exit_code == 2
    assert "belongs to other data" in refused.output
    assert "--out DIR" in refused.output


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("error", 0), ("warning", 1)])
def test_the_exit_code_follows_fail_on(here, rows, fail_on, code):
    rows.assign(hole=[None] * 70 + [1.5] * 20 + [2.5] * 30).to_csv("t.csv", index=False)
    result = audit("t.csv", "--label", "kind", "--checks", "SW101", "--fail-on", fail_on, "--out", "run")
    worst = {finding.severity for finding in load_record("run").findings()}
    assert result.exit_code == (code if "warning" in worst else 0), result.output
    assert "warning" in worst


def test_accepted_findings_do_not_count(here, rows):
    rows.assign(hole=[None] * 70 + [1.5] * 20 + [2.5] * 30).to_csv("t.csv", index=False)
    (here / "accepted.csv").write_text("SW101\n")
    words = ("--label", "kind", "--checks", "SW101", "--fail-on", "warning", "--accepted", "accepted.csv")
    assert audit("t.csv", *words).exit_code == 0
    (here / "accepted.csv").write_text("SW999\n")
    refused = audit("t.csv", *words)
    assert refused.exit_code == 2
    assert "no check named 'SW999'" in refused.output


def test_quiet_is_two_lines(here):
    result = audit("t.csv", "--label", "kind", *FAST, "--quiet")
    assert len(result.output.splitlines()) == 2
    assert result.output.splitlines()[1] == "report: t-audit/report.html"


@pytest.mark.parametrize("task", ["regression", "auto"])
def test_task_metric_learner_seed_and_budget_reach_the_plan(here, task):
    words = (
        "--task",
        task,
        "--metric",
        "r2",
        "--learner",
        "linear",
        "--seed",
        "5",
        "--budget",
        "10min",
        *FAST[:1],
        "SW101",
    )
    result = audit("t.csv", "--label", "size", *words, "--out", "run")
    assert result.exit_code == 0, result.output
    plan = load_record("run").plan
    assert (plan["metric"], plan["learner"], plan["seed"], plan["budget"]) == ("r2", "linear ridge head", 5, 600.0)
    assert load_record("run").data["task"] == "regression"


def test_the_positive_class_comes_last(here):
    assert audit("t.csv", "--label", "kind", "--positive", "no", *FAST, "--out", "run").exit_code == 0
    assert load_record("run").data["classes"] == ["yes", "no"]
    refused = audit("t.csv", "--label", "kind", "--positive", "nope", *FAST)
    assert refused.exit_code == 2
    assert "did you mean 'no'" in refused.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--drop-columns", "kind"), "label and drop_columns"),
        (("--id", "kind"), "label and id"),
        (("--time", "day", "--groups", "day"), "groups and time"),
        (("--number", "size", "--category", "size"), "name it once"),
        (("--number", "site", "--groups", "site"), "a column that no model sees"),
        (("--test", "./t.csv"), "the data themselves"),
        (("--checks", "SW101,SW999"), "no check named 'SW999'"),
        (("--task", "regression", "--positive", "yes"), "task and positive"),
        (("--task", "regression", "--metric", "accuracy"), "for classification"),
        (("--labels-are", "outcomes", "--reviewed", "SW201.csv"), "labels_are and reviewed"),
        (("--max-size", "100 B"), "allow more where there is room"),
        (("--max-size", "100 apples"), "where:  max_size"),
        (("--budget", "soon"), "2min"),
    ],
)
def test_options_that_cannot_be_meant_are_refused_and_nothing_is_written(here, words, said):
    result = audit("t.csv", "--label", "kind", *words, "--out", "run")
    assert result.exit_code == 2, result.output
    assert said in result.output
    assert len(result.output.splitlines()) <= 4
    assert sorted(item.name for item in here.iterdir()) == ["t.csv"]


def test_the_data_are_no_run_folder(here):
    result = audit("t.csv", "--label", "kind", "--out", "t.csv")
    assert result.exit_code == 2
    assert "the run folder is a file" in result.output


def test_a_test_file_is_read_with_the_same_roles(here, rows):
    rows.iloc[:30].to_csv("test.csv", index=False)
    result = audit("t.csv", "--label", "kind", "--id", "key", "--test", "test.csv", "--checks", "SW103", "--out", "run")
    data = load_record("run").data
    assert data["test_rows"] == 30
    assert not [note for note in data["notes"] if "left out of the test rows" in note]
    assert result.exit_code == 1, result.output  # all 30 rows are in the data


def test_evaluations_on_the_test_file_reach_the_plan(here, rows):
    rows.iloc[:30].to_csv("test.csv", index=False)
    options = ("--label", "kind", "--id", "key", "--checks", "SW101", "--out", "run", "--n-test-evaluations", "7")
    assert audit("t.csv", *options, "--test", "test.csv").exit_code == 0
    assert load_record("run").plan["n_test_evaluations"] == 7
    assert "need test rows" in audit("t.csv", *options).output


def test_options_are_read_by_their_former_names_too(here, rows):
    rows.iloc[:30].to_csv("test.csv", index=False)
    words = ("t.csv", "--label", "kind", "--id", "key", "--checks", "SW101", "--out", "run", "--test", "test.csv")
    assert audit(*words, "--test-looks", "7").exit_code == 0
    assert load_record("run").plan["n_test_evaluations"] == 7
    refused = audit(*words, "--test-looks", "7", "--n-test-evaluations", "8")
    assert refused.exit_code == 2
    assert "n_test_evaluations was called test_looks before, and both are given" in refused.output


def test_embeddings_of_a_function_here(here):
    (here / "own_net.py").write_text("def features(X):\n    return X[['size', 'weight']].to_numpy()\n")
    result = audit("t.csv", "--label", "kind", "--embed", "own_net:features", *FAST)
    assert result.exit_code == 0, result.output
    (here / "own_bad.py").write_text("def features(X):\n    return 3\n")
    refused = audit("t.csv", "--label", "kind", "--embed", "own_bad:features", *FAST)
    assert refused.exit_code == 2
    assert "embeddings must be numbers of shape (n, c)" in refused.output


def test_predictions_are_put_into_the_order_of_rows_and_classes(here, rows):
    yes = np.clip(0.5 + 0.3 * rows["size"], 0.02, 0.98)
    table = pd.DataFrame({"key": rows["key"], "yes": yes, "no": 1 - yes}).iloc[::-1]
    table.to_csv("p.csv", index=False)
    words = ("t.csv", "--label", "kind", "--id", "key", "--probabilities")
    assert audit(*words, "p.csv", *FAST).exit_code == 0
    table.assign(yes=yes + 0.5).to_csv("bad.csv", index=False)
    refused = audit(*words, "bad.csv", *FAST, "--out", "bad")
    assert refused.exit_code == 2
    assert "sum" in refused.output


def files_with(folder, secret):
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes())


def test_no_values_leaves_no_cell_of_a_row_in_any_file(here):
    draw = np.random.default_rng(0)
    size = draw.normal(size=300)
    given = np.where((size > 0) ^ (draw.random(300) < 0.1), "yes", "no")
    secret = "Mrs Miller of Baker Street"
    frame = pd.DataFrame(
        {"key": [f"k{row}" for row in range(300)], "size": size, "twice": 2 * size, "thrice": 3 * size}
    )
    frame["note"] = [f"{secret} {row} came in and went out again" for row in range(300)]
    frame.assign(kind=given).to_csv("t.csv", index=False)
    words = (
        "t.csv",
        "--label",
        "kind",
        "--id",
        "key",
        "--checks",
        "SW102,SW201",
        "--learner",
        "kernel",
        "--budget",
        "5s",
    )
    assert audit(*words, "--out", "with").exit_code == 1
    assert "report.html" in files_with(here / "with", secret)  # else nothing is left out below
    assert audit(*words, "--no-values", "--out", "without").exit_code == 1
    assert files_with(here / "without", secret) == []
    assert files_with(here / "without", "k1") != []


def test_archives_need_no_label(here, rows):
    np.savez("t.npz", X=rows[["size", "weight"]].to_numpy(), y=(rows["kind"] == "yes").to_numpy())
    assert audit("t.npz", *FAST, "--out", "run").exit_code == 0
    assert load_record("run").data["rows"] == 120


@pytest.mark.skipif(os.name != "posix", reason="signals as a terminal sends them are POSIX")
def test_ctrl_c_leaves_a_valid_report_and_says_so(here):
    draw = np.random.default_rng(1)
    frame = pd.DataFrame(draw.normal(size=(3000, 20)))
    frame.assign(kind=draw.integers(0, 5, 3000)).to_csv("big.csv", index=False)
    command = [sys.executable, "-c", "from samplewise.cli import main; main()", "audit", "big.csv", "--label", "kind"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not (here / "big-audit" / "report.html").exists() and running.poll() is None:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130, errors
    assert "Interrupted: what was found so far is in big-audit/report.html; the same command goes on" in errors
    content = json.loads((here / "big-audit" / "audit.json").read_text())
    statuses = {outcome["status"] for outcome in content["outcomes"]}
    assert "skipped" in statuses
    assert (here / "big-audit" / "report.html").read_text().rstrip().endswith("</html>")


@pytest.mark.parametrize(
    ("path", "folder"),
    [("data/adult.csv.gz", "adult-audit"), ("my.data.parquet", "my.data-audit"), ("x.npz", "x-audit")],
)
def test_the_folder_is_named_for_the_data(path, folder):
    assert str(default_folder(Path(path))) == folder


def test_columns_and_the_decimal_sign_are_read_as_a_person_says(here, rows):
    cells = rows.assign(size=[f"{row + 1}.{row % 1000:03d}" for row in range(120)], site=np.arange(120) % 7)
    cells.to_csv("t.csv", index=False)
    result = audit("t.csv", "--label", "kind", *FAST, "--category", "site", "sex", "--decimal", ",", "--out", "out")
    assert result.exit_code in (0, 1), result.output
    kinds = {column["name"]: column["kind"] for column in load_record(Path("out"), partial=True).data["columns"]}
    assert (kinds["site"], kinds["sex"], kinds["weight"]) == ("category", "category", "numeric")
    refused = audit("t.csv", "--label", "kind", *FAST, "--number", "sex", "--out", "other")
    assert refused.exit_code != 0


def test_pictures_named_in_a_column(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0).integers(0, 256, (30, 8, 8), dtype=np.uint8)
    Path("scans").mkdir()
    for place, picture in enumerate(draw):
        Image.fromarray(picture).save(f"scans/{place}.png")
    Path("scans/9.png").write_bytes(b"")
    table = pd.DataFrame({"scan": [f"{place}.png" for place in range(30)], "age": range(30)})
    table.assign(kind=np.arange(30) % 2).to_csv("list.csv", index=False)
    result = audit("list.csv", "--label", "kind", "--image", "scan", *FAST)
    assert result.exit_code == 0, result.output
    assert "1 picture cannot be read" in result.output
    data = load_record(Path("list-audit"), partial=True).data
    assert data["shape"] == [29, 8, 8, 1]
    assert "pictures are looked up as scans/NAME" in data["notes"]
    asked = audit("list.csv", "--label", "kind", "--out", "asked", *FAST)
    assert "image='scan' (--image)" in asked.output


def test_labels_of_pictures_are_facts_and_answers_in_the_list_are_read_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    kinds = np.arange(240) % 4
    patterns = draw.integers(0, 256, size=(4, 8, 8))
    X = np.clip(patterns[kinds] + 130.0 * draw.normal(size=(240, 8, 8)), 0, 255).astype(np.uint8)
    np.savez("p.npz", X=X, y=np.array(["ant", "bee", "cat", "dog"])[kinds])
    words = ("p.npz", "--checks", "SW201", "--out", "run")
    first = audit(*words)
    assert first.exit_code == 0, first.output
    assert "read as facts (pictures show what they are labeled as)" in " ".join(first.output.split())
    findings = pd.read_csv("run/findings/SW201.csv")
    findings["decision"] = findings["decision"].astype(object)
    findings.loc[:9, "decision"] = "keep"
    findings.to_csv("run/findings/SW201.csv", index=False)
    assert audit(*words, "--reviewed", "run/findings/SW201.csv").exit_code == 0
    record = load_record("run")
    answered = int(findings["decision"].notna().sum())
    assert record.plan["answers"] == answered > 0
    assert record.scores()["wrong_label"][findings["id"].tolist()[:answered]].values.tolist() == [0.0] * answered
    assert audit(*words, "--labels-are", "outcomes", "--reviewed", "run").exit_code == 2
