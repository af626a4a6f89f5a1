"""What a record says about the machine and the versions it was made with."""

import json
import sys
from datetime import UTC, datetime

import numpy as np

from samplewise import __version__
from samplewise.auditing.environment import environment


def test_versions_machine_and_start_are_those_of_this_process(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/samplewise", "audit", "data.csv"])
    found = environment()
    assert found["samplewise"] == __version__
    assert found["numpy"] == np.__version__
    assert found["cores"] >= 1
    assert found["command"] == "samplewise audit data.csv"  # without the folder, which names the user
    assert abs((datetime.now(UTC) - datetime.fromisoformat(found["started"])).total_seconds()) < 60
    json.dumps(found)


def test_the_command_can_be_pasted_into_a_shell(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["samplewise", "audit", "my data.csv", "--positive", ">50K"])
    assert environment()["command"] == "samplewise audit 'my data.csv' --positive '>50K'"
