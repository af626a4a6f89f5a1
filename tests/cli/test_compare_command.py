"""`samplewise compare` prints the comparison of two run folders."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import samplewise as sw
from samplewise.cli.app import app
from samplewise.cli.compare_command import compare_command
from samplewise.core.codec import save_record
from samplewise.core.errors import InputError
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome
from samplewise.report import compare_audits


def test_two_run_folders_are_compared_the_earlier_one_first(tmp_path, capsys):
    def record(*keys):
        found = (Finding("SW101", "empty cells", "warning", keys, "why"),) if keys else ()
        outcome = Outcome("SW101", "cells", "found" if found else "clean", result=CheckResult(found))
        return AuditRecord(RECORD_SCHEMA, {"rows": 3}, {}, {}, (outcome,))

    before, after = record("a", "b"), record("b")
    save_record(before, tmp_path / "one")
    save_record(after, tmp_path / "two")
    compare_command(tmp_path / "one", tmp_path / "two")
    assert capsys.readouterr().out.rstrip("\n") == compare_audits(before, after).to_text().rstrip("\n")


def test_a_folder_without_a_record_is_refused(tmp_path):
    with pytest.raises(InputError, match="no audit record here"):
        compare_command(tmp_path, tmp_path)


def test_the_page_links_to_both_reports_and_rows_are_followed_by_their_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, rows, seed in (("one", range(40), 0), ("two", range(1, 41), 1)):
        frame = pd.DataFrame({"key": [f"r{row}" for row in rows], "a": np.arange(40.0), "y": np.arange(40) % 2})
        sw.audit(frame, label="y", id="key", checks=["SW101"], run_dir=tmp_path / name, seed=seed)
    result = CliRunner().invoke(app, ["compare", "one", "two", "--out", "page.html"])
    assert result.exit_code == 0, result.output
    page = (tmp_path / "page.html").read_text()
    assert 'href="one/report.html"' in page
    for words in ("1 row gone: r0", "1 row new: r40", "seed: 0 before, 1 now"):
        assert words in result.output
        assert words in page
    assert "Other data and options; the same versions." in page
    assert "The same in both." in page
