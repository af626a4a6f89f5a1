"""`samplewise explain` prints the page of a check."""

import pytest

from samplewise.auditing.catalog import catalog
from samplewise.cli.explain_command import explain_command, explanation
from samplewise.core.errors import InputError


@pytest.mark.parametrize("code", catalog())
def test_every_check_has_a_page_with_a_title(code):
    text = explanation(f" {code.lower()} ")
    assert text.startswith(f"# {code}")
    assert len(text.splitlines()) > 3


def test_the_command_prints_the_page(capsys):
    explain_command("SW101")
    printed = capsys.readouterr().out
    assert printed.startswith(explanation("SW101") + "\n")
    assert printed.rstrip().endswith("checks/sw101.html")


def test_an_unknown_code_is_refused_with_the_nearest():
    with pytest.raises(InputError, match=r"(?s)no check named 'SW10'.*did you mean 'SW10"):
        explanation("SW10")
