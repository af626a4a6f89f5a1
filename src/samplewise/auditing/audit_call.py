"""`samplewise.audit`: one call that says what is wrong with a data set, where, how sure, and what acting on it buys."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from samplewise.auditing.catalog import choose_checks
from samplewise.auditing.environment import environment
from samplewise.auditing.evidence import Evidence
from samplewise.auditing.files import prepare_run_folder, write_text
from samplewise.auditing.plan import Plan, make_plan
from samplewise.auditing.prepare_audit import Intake, take_in
from samplewise.auditing.progress import Event, Progress
from samplewise.auditing.run import Run
from samplewise.core.arrays import equal_but_for_rounding, fingerprint
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.execution import Executor
from samplewise.core.findings import AuditRecord, Decision, Finding
from samplewise.core.randomness import hashed_order
from samplewise.core.values import Scores
from samplewise.data.dataset import Dataset
from samplewise.data.readers import Roles
from samplewise.engine.models.default_learner import choose_learner
from samplewise.engine.models.learner import Learner
from samplewise.engine.models.metrics import Metric, choose_metric
from samplewise.engine.refits import AutoExecutor, FitStore, Prepared, with_embeddings
from samplewise.engine.refits.preparation import FITS, require_settings
from samplewise.engine.refits.processes import available_cores
from samplewise.labels.predictions import checked_predictions
from samplewise.report import (
    AuditComparison,
    compare_audits,
    summary_html,
    summary_text,
    to_html,
    to_json,
    to_junit,
    to_markdown,
)
from samplewise.selection import Applied, apply, decisions_of

PROBED = 150  # rows on which a learner's determinism is probed


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Audit:
    """What an audit found: the record, the data it is about, and the ways to hand it on."""

    record: AuditRecord
    data: Dataset  # all rows given, also those set aside

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, worst first."""
        return tuple(self.record.findings())

    @property
    def scores(self) -> dict[str, Scores]:
        """Every score by its quantity: `audit.scores["wrong_label"].top(20)`."""
        return self.record.scores()

    def apply(self, *, kinds: Iterable[str] | None = None, decisions: Iterable[Decision] | None = None) -> Applied:
        """The data after the remedies that tested "helps"; nothing is changed in place.

        Args:
            kinds: carry out all remedies of these kinds instead, whatever their verdict: "relabel", "drop", "reweight".
            decisions: carry out exactly these instead, such as those an annotator wrote into findings/*.csv.

        Returns:
            Applied: the new `data`, and the `log` of what was changed, by row id.
        """
        if decisions is not None:
            return apply(self.data, decisions)
        remedies = [
            remedy
            for finding in self.findings
            for remedy in finding.remedies
            if remedy.kind in ("relabel", "drop", "reweight")
        ]
        if kinds is None:
            wanted = [remedy for remedy in remedies if remedy.verdict == "helps"]
        else:
            chosen = set(kinds)
            for kind in chosen - {"relabel", "drop", "reweight"}:
                raise unknown_name("kind of remedy", kind, ("relabel", "drop", "reweight"))
            wanted = [remedy for remedy in remedies if remedy.kind in chosen]
        return apply(self.data, decisions_of(wanted))

    def compare(self, later: "Audit | AuditRecord") -> AuditComparison:
        """What got better, what is new and what is gone in a later audit."""
        return compare_audits(self.record, later.record if isinstance(later, Audit) else later)

    def to_html(self, path: str | Path) -> Path:
        """Write the report as one HTML file that needs no network."""
        return write_text(Path(path), to_html(self.record))

    def to_json(self, path: str | Path) -> Path:
        """Write the whole record as JSON."""
        return write_text(Path(path), to_json(self.record))

    def to_junit(self, path: str | Path) -> Path:
        """Write one JUnit test case per check, for a pipeline."""
        return write_text(Path(path), to_junit(self.record))

    def to_markdown(self) -> str:
        """The report as Markdown."""
        return to_markdown(self.record)

    def __repr__(self) -> str:
        """The verdict and a table, for a terminal."""
        return summary_text(self.record)

    def _repr_html_(self) -> str:
        """The verdict and a table, for a notebook."""
        return summary_html(self.record)


def audit(  # noqa: PLR0913  # the main job: one keyword per thing a user may know about their data
    X: Any, y: Any = None, *, label: str | None = None, learner: Any = None, predictions: Any = None,
    embeddings: Any = None, groups: Any = None, segments: Any = None, time: Any = None, test: Any = None,
    task: str = "auto", checks: str | list[str] = "default", accepted: Any = None, budget: str | float | None = None,
    seed: int = 0, run_dir: str | Path | None = None, executor: Executor | None = None,
    progress: Progress | None = None, metric: str | None = None,
    positive: Any = None, id: str | None = None, drop_columns: Iterable[str] = (),
    image: str | None = None, text: str | None = None, prices: Mapping[str, float] | None = None,
    show_values: bool = True, test_looks: int = 1,
) -> Audit:  # fmt: skip
    """Ask a data set what is wrong with it, where, how sure, and what acting on it would buy on held-out rows.

    Args:
        X: features: array, pandas or polars frame, scipy sparse matrix, torch tensor, images, texts; or (X, y); or a
            `Dataset`; or the path of a .csv, .parquet, .npz or image folder, or what `read_dataset` made of one; or a
            Hugging Face dataset.
        y: (n,) labels; or name their column with `label`.
        label, id, drop_columns, image, text: column names, where X is a table or a path.
        learner: None (default by the shape of the data), "kernel", "linear", "boosting", "logistic", "forest", a
            scikit-learn estimator or pipeline, or a `Learner` such as `engine.models.TorchLearner(make_module)`.
        predictions: (n, c) out-of-sample probabilities you already have; columns in the sorted order of the classes.
        embeddings: (n, d) features of your own network, or a function that makes them from X; for a torch module
            `engine.models.embeddings_of(module, X)`.
        groups: (n,) or column name; rows of a group stay together in every split.
        segments: frame, array or column names whose values are compared.
        time: (n,) or column name; splits never train on the future.
        test: rows nothing was trained on: a `Dataset`, (X, y) or a path.
        task: "auto", "classification" or "regression".
        checks: "default", "fast", or codes such as "SW201,SW1".
        accepted: findings accepted before: codes, or a mapping code -> ids.
        budget: time the fits may take: "60s", "2min"; buys a smaller plan from a fixed cost table.
        seed: same seed and plan, same record.
        run_dir: folder for record, report and resume; the same call goes on where a killed one stopped.
        executor: how fits are carried out; default: short ones in this process, long ones on all cores.
        progress: called with every `Event`.
        metric: what remedies are judged by: "accuracy", "balanced_accuracy", "auc", "mae", "r2".
        positive: the class `auc` and the report call positive.
        prices: price per row by kind of remedy, such as {"review": 0.1}.
        show_values: False keeps cells and thumbnails out of record and report.
        test_looks: how often any model was scored on the test rows so far, this audit included; it decides what may
            still be claimed.

    Returns:
        Audit: `findings`, `scores`, `record`, `apply()`, `compare()`, `to_html()`, ...

    Raises:
        InputError: anything given that cannot be used; the message says what, where, got and fix.

    Cost: the fits of the plan, which stands in the record before they are made.
    Source: docs/tested-advice.md.

    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> audit(X, X[:, 0] > 0, checks="SW101,SW105").findings
    ()
    """
    require_settings(seed, executor)
    roles = Roles(label, id, groups, segments, time, tuple(drop_columns), image, text)
    taken = take_in(
        X, y, roles, test=test, task=task, positive=positive, predictions=predictions, embeddings=embeddings
    )
    seen = _seen_by_learner(taken)
    chosen, rule = choose_learner(learner, seen, taken.target)
    measured_by = choose_metric(metric, taken.target.task)
    classes = 0 if taken.target.classes is None else len(taken.target.classes)
    plan = make_plan(
        choose_checks(checks),
        rows=len(taken.data),
        columns=_width(taken),
        classes=classes,
        learner=chosen,
        budget=budget,
    )
    if not isinstance(learner, str | None):
        _probe(chosen, seen, taken, seed)
    facts = taken.facts | {
        "test": None if taken.test is None else taken.test.fingerprint(),
        "brought": fingerprint(taken.predictions, taken.embeddings),
    }
    settings = _settings(plan, chosen, rule, measured_by, seed, accepted) | {"test_looks": _looks(test_looks, test)}
    folder = None if run_dir is None else prepare_run_folder(run_dir, fingerprint(facts["fingerprint"], facts["test"]))
    report = progress or (lambda event: None)
    report(
        Event("understood", "", total=plan.fits(), seconds_left=plan.seconds(), facts={"data": facts, "plan": settings})
    )
    store = FitStore(None if folder is None else folder / FITS)
    given = (plan.folds, seed, executor or AutoExecutor(plan.seconds()), store, None, _counter(store, plan, report))
    evidence = _evidence(taken, Prepared(seen, taken.target, chosen, *given), measured_by, plan, test_looks)
    run = Run(
        evidence, facts, settings, environment(), folder, _as_accepted(accepted), prices or {}, report, show_values
    )
    return Audit(run.carry_out(), taken.everything)


def _looks(count: int, test: Any) -> int:
    """A number of looks at a test set that is there."""
    if count < 1 or (count > 1 and test is None):
        raise InputError(
            "looks at the test rows are counted from one, and need test rows",
            where="test_looks",
            got=f"test_looks={count}, {'no test set' if test is None else 'a test set'}",
            fix="pass the rows that were looked at as test=, and how often any model was scored on them",
        )
    return count


def _seen_by_learner(taken: Intake) -> Dataset:
    """What the learner sees: the data, with the user's own features in place of X where they brought some."""
    return taken.data if taken.embeddings is None else with_embeddings(taken.data, taken.embeddings)


def _width(taken: Intake) -> int:
    """Columns a fit is priced by."""
    if taken.embeddings is not None:
        return int(taken.embeddings.shape[1])
    return len([column for column in taken.columns if column.role == "feature"]) or int(np.prod(taken.data.X.shape[1:]))


def _evidence(taken: Intake, prepared: Prepared, metric: Metric, plan: Plan, test_looks: int) -> Evidence:
    """Everything the checks look at; predictions are refused here where they look in-sample."""
    predictions = taken.predictions
    if predictions is not None:
        predictions = np.asarray(checked_predictions(prepared.unsplit, predictions), dtype=np.float64)
    unlabeled = tuple(taken.everything.ids[taken.everything.unlabeled()].tolist())
    return Evidence(
        prepared, taken.data, taken.columns, metric, plan, taken.test, predictions, taken.embeddings,
        taken.test_embeddings, unlabeled, test_looks,
    )  # fmt: skip


def _counter(store: FitStore, plan: Plan, report: Progress) -> Callable[[], None]:
    """Tells how many fits are made and how long the rest should take at the pace so far."""

    def count() -> None:
        done, total = store.made + store.reused, max(plan.fits(), store.made + store.reused)
        report(
            Event(
                "fit",
                "",
                done=done,
                total=total,
                seconds_left=(total - done) * plan.seconds_per_fit / available_cores(),
            )
        )

    return count


def _settings(plan: Plan, learner: Learner, rule: str, metric: Metric, seed: int, accepted: Any) -> dict[str, Any]:
    """The record's plan: with the data and the seed, it fixes every number."""
    return plan.to_dict() | {
        "checks": list(plan.checks),
        "learner": learner.name,
        "learner_fingerprint": learner.fingerprint(),
        "learner_rule": rule,
        "metric": metric.name,
        "metric_unit": metric.unit,
        "seed": seed,
        "refits": {"folds": plan.folds, "halves": 2 * plan.halves, "nested": plan.curve_sizes * plan.curve_repeats},
        "accepted": sorted(_as_accepted(accepted)),
    }


def _as_accepted(accepted: Any) -> dict[str, frozenset[str] | None]:
    """Codes, or a mapping code -> ids (None for all)."""
    if accepted is None:
        return {}
    if isinstance(accepted, Mapping):
        return {code: None if ids is None else frozenset(map(str, ids)) for code, ids in accepted.items()}
    return {code.strip(): None for code in (accepted.split(",") if isinstance(accepted, str) else accepted)}


def _probe(learner: Learner, data: Dataset, taken: Intake, seed: int) -> None:
    """Fit the user's learner twice on a few rows: errors show at once, and one that ignores its seed is noted.

    It is asked about other rows than it was taught: on its own rows a grown tree answers the same whatever its seed.
    """
    drawn = hashed_order(0, data.ids, "probe")
    rows = np.sort(drawn[:PROBED])
    codes = taken.target.codes[rows]
    if taken.target.classes is not None and len(np.unique(codes)) < len(taken.target.classes):
        rows = np.arange(len(data))
    small, target = data.take(rows), replace(taken.target, codes=taken.target.codes[rows])
    queried = data.take(np.sort(drawn[-PROBED:])).X
    try:
        first, second = (learner.fit(small, seed=seed, target=target).outputs(queried) for _ in range(2))
    except InputError as fact:
        raise fact.during("probing the learner on a few rows") from None
    if not equal_but_for_rounding(first, second):
        taken.facts["notes"].append(
            f"the learner ({learner.name}) ignores its seed: two fits on the same rows differ by up to "
            f"{np.abs(first - second).max():.2g}, so another run of this audit will differ too"
        )
