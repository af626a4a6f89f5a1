"""Errors become a sentence and an exit code; the text of the data is printed as it is."""

import pytest
import typer

from samplewise.cli.console import Exit, err, errors_shown, out
from samplewise.core.errors import InputError


def fails_with(fault):
    @errors_shown
    def command():
        """A command."""
        raise fault

    return command


@pytest.mark.parametrize(
    ("fault", "code", "text"),
    [
        (InputError("no such column", fix="name another"), Exit.IMPOSSIBLE, "no such column\n  fix:    name another\n"),
        (OSError("disk full"), Exit.IMPOSSIBLE, "the system refused: disk full\n"),
        (KeyError("x"), Exit.IMPOSSIBLE, "unexpected KeyError: 'x'"),
        (KeyboardInterrupt(), Exit.INTERRUPTED, "Interrupted.\n"),
    ],
)
def test_a_fault_ends_in_a_sentence_and_an_exit_code(fault, code, text, capsys, monkeypatch):
    monkeypatch.delenv("SAMPLEWISE_DEBUG", raising=False)
    with pytest.raises(typer.Exit) as ended:
        fails_with(fault)()
    assert ended.value.exit_code == code
    assert capsys.readouterr().err.startswith(text)


def test_a_developer_sees_the_fault_itself(monkeypatch):
    monkeypatch.setenv("SAMPLEWISE_DEBUG", "1")
    with pytest.raises(KeyError):
        fails_with(KeyError("x"))()


def test_an_exit_code_passes_and_so_does_success(capsys):
    with pytest.raises(typer.Exit) as ended:
        fails_with(typer.Exit(1))()
    assert ended.value.exit_code == 1
    errors_shown(print)(3)
    assert capsys.readouterr().out == "3\n"


def test_text_of_the_data_is_printed_as_it_is_and_a_pipe_is_not_wrapped(capsys):
    out().print("[red]x[/red] :smile: " + "y" * 500)
    err().print("note")
    printed = capsys.readouterr()
    assert printed.out == "[red]x[/red] :smile: " + "y" * 500 + "\n"
    assert printed.err == "note\n"
