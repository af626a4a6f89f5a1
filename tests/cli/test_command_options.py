"""The options of `samplewise audit` as a shell hands them in."""

import pytest
import typer
from typer.testing import CliRunner

from samplewise.cli.command_options import Budget, FailOn, FailOnOption, Id, Quiet, TaskOption, kinds_of
from samplewise.core.errors import InputError


def parsed(*words):
    found = {}
    app = typer.Typer()

    @app.command()
    def command(
        id: Id = None,
        task: TaskOption = "auto",
        fail_on: FailOnOption = FailOn.ERROR,
        budget: Budget = None,
        quiet: Quiet = False,
    ):
        found.update(id=id, task=task, fail_on=fail_on, budget=budget, quiet=quiet)

    return CliRunner().invoke(app, list(words)), found


def test_options_are_read_under_their_names_whatever_the_case():
    ended, found = parsed("--id", "row", "--task", "Regression", "--fail-on", "NEVER", "--budget", "60s", "-q")
    assert ended.exit_code == 0
    assert found == {"id": "row", "task": "regression", "fail_on": FailOn.NEVER, "budget": "60s", "quiet": True}
    assert parsed()[1]["task"] == "auto"


def test_an_unknown_choice_is_refused_with_the_known_ones():
    ended, _ = parsed("--fail-on", "note")
    assert ended.exit_code == 2
    for choice in ("error", "warning", "never"):
        assert choice in ended.output


def test_columns_are_numbers_or_categories_and_not_both():
    assert kinds_of(["a", "b"], ["c"]) == {"a": "number", "b": "number", "c": "category"}
    assert kinds_of(None, None) == {}
    with pytest.raises(InputError, match="number or a category"):
        kinds_of(["a"], ["a"])


def test_an_order_names_a_column_and_its_values():
    read = kinds_of(None, None, ['size=small, medium,"very, very large"', "a=1,2"])
    assert read == {"size": ["small", "medium", "very, very large"], "a": ["1", "2"]}
    for word in ("size", "size=", "=a,b"):
        with pytest.raises(InputError, match="an order names a column"):
            kinds_of(None, None, [word])
    with pytest.raises(InputError, match="name it once"):
        kinds_of(None, ["size"], ["size=a,b"])
