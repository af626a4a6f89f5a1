import re

import pytest
from typer.testing import CliRunner

from samplewise.cli import demo_command
from samplewise.cli.app import app

FAULTS = {
    "column 'reader_code' gives the label away": "1",
    "column 'scan_number' only counts rows": "1",
    "exact duplicates": "30",
    "of these, with another label": "10",
    "near duplicates, one pixel off": "30",
    "rows shared with the test data": "25",
}


@pytest.fixture
def without_fits(monkeypatch):
    """The same audits, of the checks that are scored, without testing advice: the whole takes half a minute."""
    whole = demo_command.sw.audit

    def scored(*args, **options):
        return whole(*args, **({"checks": "SW102,SW103,SW201"} | options))

    monkeypatch.setattr(demo_command.sw, "audit", scored)
    monkeypatch.setattr("samplewise.auditing.run.test_advice", lambda evidence, outcomes, *rest: outcomes)


def test_the_demo_finds_what_was_planted_and_says_so(tmp_path, without_fits):
    result = CliRunner().invoke(app, ["demo", "--out", str(tmp_path / "demo")])
    assert result.exit_code == 0, result.output
    notes = {}
    for line in result.output.splitlines():
        cells = re.split(r"\s{2,}", line.strip())
        notes[cells[0]] = cells[1:]
    for fault, planted in FAULTS.items():
        assert notes[fault][:2] == [planted, f"{planted} (100 %)"], result.output
    _, found, unplanted, precision = notes["wrong labels"]
    assert float(precision) >= 0.98
    assert int(re.search(r"\((\d+) %\)", found)[1]) >= 95
    assert int(unplanted) <= 5
    assert f"report    {tmp_path / 'demo' / 'rows-0' / 'report.html'}" in result.output
    assert (tmp_path / "demo" / "rows-0" / "report.html").exists()
