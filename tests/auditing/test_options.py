"""An option is described once; the signature and the text of `audit`, the command and the record follow."""

import inspect
import re
import subprocess
import sys
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
import typer

import samplewise as sw
from samplewise.auditing.options import FORMER, OPTIONS, AuditOptions
from samplewise.cli import app
from samplewise.cli.command_options import SPELLED, SWITCHES, flag_name
from samplewise.core.errors import InputError
from samplewise.data.roles import Roles

SIGNATURE = inspect.signature(sw.audit).parameters
COMMAND = {one.name: one for one in typer.main.get_command(app).commands["audit"].params}
X, Y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2


def described() -> dict[str, str]:
    """What the text of `audit` says of every argument."""
    text = inspect.getdoc(sw.audit).split("Args:\n")[1].split("Returns:")[0]
    entries = re.findall(r"^    ([\w, ]+): (.*?)(?=^    \w|\Z)", text, re.MULTILINE | re.DOTALL)
    return {name: " ".join(words.split()) for names, words in entries for name in names.split(", ")}


def test_audit_takes_every_option_in_its_order_with_its_type_and_default():
    taken = {name: one for name, one in SIGNATURE.items() if name not in ("data", "y", *FORMER)}
    assert list(taken) == list(OPTIONS)
    for name, one in taken.items():
        assert one.kind is inspect.Parameter.KEYWORD_ONLY
        assert (name, one.annotation, one.default) == (name, OPTIONS[name].type, OPTIONS[name].default)
    assert [SIGNATURE[former].default for former in FORMER] == [None, None]


@pytest.mark.parametrize("name", OPTIONS)
def test_audit_and_the_command_say_the_same_of_an_option(name):
    words = OPTIONS[name].metadata["help"]
    assert words.endswith(".")
    assert described()[name].lower().startswith(words.lower().rstrip("."))
    if name in SPELLED:
        assert COMMAND[name].help.startswith(words)


@pytest.mark.parametrize("name", SPELLED)
def test_the_command_has_every_spelled_option_with_its_default(name):
    assert COMMAND[name].opts == [flag_name(name)]
    default = OPTIONS[name].default
    assert COMMAND[name].default == (not default if name in SWITCHES else default or (0 if default == 0 else None))


def test_former_names_are_taken_and_shown_nowhere():
    assert all(COMMAND[former].hidden for former in FORMER)
    assert set(FORMER) <= set(described())
    given = {name: one.default for name, one in OPTIONS.items()}
    assert AuditOptions.of_call(given | {"predictions": X}).probabilities is X
    assert AuditOptions.of_call(given | {"test": (X, Y), "test_looks": 3}).n_test_evaluations == 3
    with pytest.raises(InputError, match="both are given") as caught:
        sw.audit(X, Y, predictions=X, probabilities=X)
    assert caught.value.where == "predictions"


def test_every_role_is_an_option():
    assert {role.name for role in fields(Roles)} <= set(OPTIONS)


def test_the_record_holds_what_is_said_to_be_recorded():
    options = AuditOptions(seed=4, test=(X, Y), n_test_evaluations=2)
    plan = sw.audit(X, Y, seed=4, test=(X, Y), n_test_evaluations=2, checks="SW105", accepted="SW105").record.plan
    assert options.recorded() == {"seed": 4, "n_test_evaluations": 2}
    assert {key: plan[key] for key in options.recorded()} == options.recorded()
    assert plan["accepted"] == ["SW105"]


@pytest.mark.parametrize("prices", [{"nokind": 3.0}, {"review": -1.0}, {"review": 0.1, "drops": 1.0}])
def test_a_price_of_no_remedy_or_below_zero_is_refused(prices):
    with pytest.raises(InputError, match=r"(?s)where: +prices.*fix:"):
        AuditOptions(prices=prices)
    assert AuditOptions(prices={"review": 0.0, "collect": 2}).prices == {"review": 0.0, "collect": 2}


def test_options_load_nothing_heavy():
    code = (
        "import sys, samplewise.auditing.options\n"
        "print(sorted({'torch', 'sklearn', 'scipy', 'altair', 'pandas.core', 'typer'} & set(sys.modules)))"
    )
    loaded: Any = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
