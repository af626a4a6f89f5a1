"""`samplewise checks` lists the whole catalog."""

from samplewise.auditing.catalog import catalog
from samplewise.cli.checks_command import NEEDS_WORDS, checks_command


def test_every_check_is_listed_with_its_title_needs_and_cost(capsys):
    checks_command()
    lines = capsys.readouterr().out.splitlines()
    for code, check in catalog().items():
        (line,) = [line for line in lines if line.split()[:1] == [code]]
        assert check.TITLE in line
        assert all(NEEDS_WORDS[need] in line for need in check.NEEDS)
        assert ("many fits" in line) == check.SLOW
    assert lines[-2].endswith("checks/index.html")
    assert "samplewise explain" in lines[-1]
