"""Evidence for tests of the checks: what `audit` would hand them, without the audit around it."""

from typing import Any

import pytest

from samplewise.auditing.audit_call import _plan, _seen_by_learner
from samplewise.auditing.evidence import Evidence, gather
from samplewise.auditing.options import AuditOptions
from samplewise.auditing.prepare_audit import take_in
from samplewise.core.execution import SerialExecutor
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
