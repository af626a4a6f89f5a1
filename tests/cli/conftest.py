"""Small records as an audit leaves them, for commands that read one."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.values import Estimate, Exhibit

EFFECT = Estimate("accuracy", 1.25, 0.5, 2.0, "points", 0.95)


def remedy(kind: str, keys: tuple, values: tuple = (), verdict: str = "helps", effect: float = 1.25) -> Remedy:
    measured = Estimate("accuracy", effect, effect - 0.7, effect + 0.7, "points", 0.95) if verdict else None
    return Remedy(kind, keys, values, f"{kind} {len(keys)} rows", effect=measured, verdict=verdict)


def found(code: str, severity: str, *remedies: Remedy, keys: tuple = (), axis: str = "row", **result: Any) -> Outcome:
    finding = Finding(code, f"something about {code}", severity, keys, "because", remedies, (EFFECT,), axis)
    return Outcome(code, f"title of {code}", "found", seconds=0.1, result=CheckResult((finding,), **result))


def record(*outcomes: Outcome, source: str = "in memory", rows: int = 4, **data: Any) -> AuditRecord:
    facts = {
        "rows": rows, "columns": [], "source": source, "id_source": "row number, from 0", "label": "y",
        "task": "classification", "classes": ["no", "yes"], "class_counts": [2, 2], "fingerprint": "f", "notes": [],
        "missing_labels": 0, "test_rows": None,
    }  # fmt: skip
    plan = {
        "checks": [item.code for item in outcomes],
        "learner": "kernel",
        "learner_rule": "because",
        "fits": 3,
        "seed": 0,
    }
    return AuditRecord(RECORD_SCHEMA, facts | data, plan, {"seconds": 1.0}, outcomes)


def rows_exhibit(**columns: list) -> Exhibit:
    return Exhibit("rows", "worst rows", {name: np.array(values) for name, values in columns.items()})


@pytest.fixture
def make() -> SimpleNamespace:
    return SimpleNamespace(record=record, found=found, remedy=remedy, rows_exhibit=rows_exhibit)
