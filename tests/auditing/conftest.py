"""Evidence for tests of the checks: what `audit` would hand them, without the audit around it."""

from typing import Any

import pytest

from samplewise.auditing.audit_call import _evidence, _seen_by_learner
from samplewise.auditing.evidence import Evidence
from samplewise.auditing.plan import make_plan
from samplewise.auditing.prepare_audit import take_in
from samplewise.core.execution import SerialExecutor
from samplewise.data.readers import Roles
from samplewise.engine.models.default_learner import choose_learner
from samplewise.engine.models.metrics import choose_metric
from samplewise.engine.refits import Prepared

FEATURES = ("test", "task", "positive", "predictions", "embeddings")
ROLES = ("groups", "segments", "time")


def build_evidence(
    X: Any, y: Any = None, *, learner: Any = None, checks: tuple[str, ...] = (), seed: int = 0, **options: Any
) -> Evidence:
    """Evidence on X (or a `Dataset`) and y; `options` as in `audit`: groups, segments, time, test, predictions, ..."""
    roles = Roles(**{name: options.pop(name) for name in ROLES if name in options})
    taken = take_in(X, y, roles, **{name: options.pop(name) for name in FEATURES if name in options})
    if options:
        raise TypeError(f"evidence_of knows no {', '.join(options)}")
    chosen, _ = choose_learner(learner, taken.data, taken.target)
    classes = 0 if taken.target.classes is None else len(taken.target.classes)
    plan = make_plan(
        checks, rows=len(taken.data), columns=max(1, len(taken.columns)), classes=classes, learner=chosen, budget=None
    )
    metric = choose_metric(None, taken.target.task)
    prepared = Prepared(_seen_by_learner(taken), taken.target, chosen, plan.folds, seed, SerialExecutor())
    return _evidence(taken, prepared, metric, plan, test_looks=1)


@pytest.fixture(scope="session")
def evidence_of() -> Any:
    """`evidence_of(X, y, **options) -> Evidence`."""
    return build_evidence
