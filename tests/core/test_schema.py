"""The published schema says what the codec writes, and says it for every field."""

import json
from typing import Any

import jsonschema
import numpy as np
import pytest

from samplewise.core import codec, schema
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.values import Estimate, Exhibit, Scores


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Any:
    scores = Scores("surprise", np.arange(10_001.0), np.arange(10_001), "nat", "less expected", spread=np.ones(10_001))
    effect = Estimate("effect", 1.0)
    finding = Finding("SW201", "t", "error", (1, "a", ("s", 2)), "e", (Remedy("drop", (1,), effect=effect),), (effect,))
    exhibit = Exhibit("curve", "c", {"rows": np.array([1, 2]), "status": np.array(["here", "forecast"])})
    outcome = Outcome(
        "SW201", "t", "found", result=CheckResult((finding,), (scores, scores.top(3)), (exhibit,), (effect,))
    )
    folder = tmp_path_factory.mktemp("run")
    return json.loads(codec.save_record(AuditRecord(RECORD_SCHEMA, {}, {}, {}, (outcome,)), folder).read_text())


VALIDATOR = jsonschema.Draft202012Validator(codec.JSON_SCHEMA)


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(codec.JSON_SCHEMA)


def test_what_is_written_validates(content: Any) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(content)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), 1),
        (("outcomes", 0, "status"), "fine"),
        (("outcomes", 0, "extra"), 1),
        (("outcomes", 0, "result", "findings", 0, "remedies", 0, "effect", "value"), "much"),
        (("outcomes", 0, "result", "scores", 0, "values"), [1, 2]),
        (("outcomes", 0, "result", "exhibits", 0, "columns"), {"rows": [1]}),
    ],
)
def test_what_is_not_a_record_does_not(content: Any, path: tuple[Any, ...], value: Any) -> None:
    broken = json.loads(json.dumps(content))
    place = broken
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not VALIDATOR.is_valid(broken)


def test_every_described_field_exists_and_every_field_is_described() -> None:
    nouns = {"AuditRecord": codec.JSON_SCHEMA} | {
        noun.__name__: codec.JSON_SCHEMA["$defs"][noun.__name__] for noun in schema.NOUNS
    }
    listed = {f"{name}.{field}" for name, noun in nouns.items() for field in noun["properties"]} - {
        "Scores.stored",
        "AuditRecord.checksum",
    }
    assert listed | set(nouns) == set(schema.DESCRIPTIONS)
