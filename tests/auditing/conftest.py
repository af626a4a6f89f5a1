"""Evidence for tests of the checks: what `audit` would hand them, without the audit around it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from samplewise.auditing.audit_call import _plan, _seen_by_learner
from samplewise.auditing.evidence import Evidence, gather
from samplewise.auditing.options import AuditOptions
from samplewise.auditing.prepare_audit import take_in
from samplewise.core.execution import SerialExecutor
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.values import Exhibit, Scores
from samplewise.engine.models.default_learner import choose_learner
from samplewise.engine.models.metrics import choose_metric
from samplewise.engine.refits import Prepared


def build_evidence(X: Any, y: Any = None, **given: Any) -> Evidence:
    """Evidence on X (or a `Dataset`) and y; options as in `audit`: groups, segments, time, test, probabilities, ..."""
    options = AuditOptions(**given)
    taken = take_in(X, y, options)
    seen = _seen_by_learner(taken)
    learner, _ = choose_learner(options.learner, seen, taken.target)
    plan = _plan(taken, learner, options)
    prepared = Prepared(seen, taken.target, learner, plan.folds, options.seed, SerialExecutor())
    metric = choose_metric(options.metric, taken.target.task, taken.target.codes)
    return gather(taken, prepared, metric, plan, options.n_test_evaluations)


@pytest.fixture(scope="session")
def evidence_of() -> Any:
    """`evidence_of(X, y, **options) -> Evidence`."""
    return build_evidence


@pytest.fixture(scope="session")
def record_of() -> Callable[..., AuditRecord]:
    """`record_of(*outcomes, **facts)`: the record of seven rows with classes."""

    def record(*outcomes: Outcome, **facts: object) -> AuditRecord:
        return AuditRecord(RECORD_SCHEMA, {"rows": 7, "task": "classification", **facts}, {}, {}, outcomes)

    return record


@pytest.fixture(scope="session")
def disputed() -> Callable[[list[str], list[str]], Outcome]:
    """`disputed(keys, ids)`: labels of some of seven rows are disputed, with scores and reasons; a class is vague."""

    def outcome(keys: list[str], ids: list[str]) -> Outcome:
        remedy, title = Remedy("relabel", tuple(keys), ("dog",) * len(keys)), f"{len(keys)} labels the model disputes"
        findings = (
            Finding("SW201", title, "error", tuple(keys), "It saw others.", (remedy,)),
            Finding("SW201", "a class is vague", "note", ("cat",), "Two classes.", axis="class"),
        )
        scores = Scores("wrong_label", np.linspace(0.9, 0.3, 7), np.array(ids), "probability", "more likely wrong")
        shown = {"id": np.array(keys[:1]), "reason": np.array(["-0.1 of its neighbors agree"])}
        worst = Exhibit("table", "worst", shown | {"keep": np.array(["keep"])})
        return Outcome("SW201", "labels", "found", result=CheckResult(findings, (scores,), (worst,)))

    return outcome
