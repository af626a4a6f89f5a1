"""An audit from its run folder answers as the one that was made, and acts on the rows it was made of only."""

import numpy as np
import pandas as pd
import pytest

import samplewise as sw


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    draw, folder = np.random.default_rng(0), tmp_path_factory.mktemp("run")
    y = np.arange(200) % 2
    frame = pd.DataFrame(draw.normal(size=(200, 3)) + 4.0 * y[:, None], columns=list("abc"))
    frame = pd.concat([frame, frame.iloc[:9]], ignore_index=True)
    frame["kind"], frame["note"] = np.array(["no", "yes"])[[*y, *y[:9]]], 7
    audit = sw.audit(frame, label="kind", drop_columns=["note"], checks="SW101,SW102,SW105", run_dir=folder)
    return frame, folder, audit


def test_findings_scores_and_comparison_come_back(made):
    _, folder, audit = made
    again = sw.load_audit(folder)
    assert [finding.code for finding in again.findings] == [finding.code for finding in audit.findings] != []
    assert str(again) == str(audit)
    assert not again.compare(audit).of("new")


def test_with_its_rows_it_acts(made):
    frame, folder, audit = made
    again = sw.load_audit(folder, frame, label="kind", drop_columns=["note"])
    assert len(again.apply(kinds=["drop"]).data) == len(audit.apply(kinds=["drop"]).data) == 200


def test_the_record_knows_how_its_rows_were_read(made):
    frame, folder, _ = made
    assert len(sw.load_audit(folder, frame).apply(kinds=["drop"]).data) == 200
    alone = sw.load_audit(folder)
    assert len(alone.apply(frame, kinds=["drop"]).data) == 200
    with pytest.raises(sw.InputError, match="not the data that were audited") as caught:
        alone.apply(frame.iloc[::-1].reset_index(drop=True), kinds=["drop"])
    assert "rows where another row was before" in str(caught.value)


@pytest.mark.parametrize("rows", [None, "other", "read otherwise"])
def test_without_its_rows_it_does_not(made, rows):
    frame, folder, _ = made
    if rows is None:
        with pytest.raises(sw.InputError, match="loaded without its data"):
            sw.load_audit(folder).apply()
        return
    given = frame.assign(a=frame["a"] + 1) if rows == "other" else frame
    options = {} if rows == "other" else {"drop_columns": ["a"]}
    with pytest.raises(sw.InputError, match="not the rows that were audited"):
        sw.load_audit(folder, given, label="kind", **options)
