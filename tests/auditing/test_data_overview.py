"""The overview in the record of an audit."""

import json

import numpy as np
import pandas as pd

from samplewise import audit
from samplewise.auditing import data_overview as module
from samplewise.auditing.data_overview import role_words

ROWS = 60


def table():
    draw = np.random.default_rng(0)
    return pd.DataFrame(
        {"age": draw.integers(18, 90, ROWS), "town": draw.choice(["Ulm", "Kiel"], ROWS), "site": ["s1", "s2"] * 30,
         "sick": draw.choice(["no", "yes"], ROWS)}
    )  # fmt: skip


def overview(**options):
    return audit(table(), label="sick", groups="site", checks="SW101", **options).record.data["overview"]


def test_the_record_holds_every_column_with_its_role():
    found = overview()
    assert [(column["name"], column["role"]) for column in found["columns"]] == [
        ("age", "feature"), ("town", "feature"), ("site", "groups"),
    ]  # fmt: skip
    assert found["label"]["name"] == "sick"
    assert found["sample"]["ids"] == overview()["sample"]["ids"] != overview(seed=3)["sample"]["ids"]


def test_without_values_the_record_holds_no_cell():
    text = json.dumps(overview(show_values=False))
    assert "Ulm" in json.dumps(overview())
    assert "Ulm" not in text
    assert "yes" in text


def test_an_overview_that_cannot_be_made_says_why_and_costs_no_audit(monkeypatch):
    def broken(*given, **options):
        raise ValueError("no such thing")

    monkeypatch.setattr(module, "overview_of", broken)
    assert overview() == {"failed": "ValueError: no such thing"}
    assert overview(show_values=False) == {"failed": "ValueError"}  # a message may quote a cell


def test_roles_are_words():
    named = {"label": "y", "groups": "g", "segments": ["a", "b"], "weights": "w"}
    assert role_words(named) == {"g": "groups", "a": "segment", "b": "segment", "w": "weights"}
