"""`samplewise compare` prints the comparison of two run folders."""

import pytest

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
